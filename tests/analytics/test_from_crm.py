"""A snapshot straight from CRMs: no bridge, no writes, the past as far as it is remembered, and nobody's name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.result import Answer
from leadbridge.clock import to_us
from leadbridge.errors import AuthExpired, ConfigError, Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from tests.analytics.two_crms import BEGIN, Market


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


@pytest.fixture
def market() -> Market:
    """One lead that went all the way to won, and one that sales rejected."""
    market = Market()
    ada = market.person(market.hs, "ada@buyer.example", source="web", stage="captured")
    bob = market.person(market.hs, "bob@other.example", source="fair", stage="captured")
    market.later(hours=1)
    market.hs.crm.edit(ada, {"stage": "marketing_qualified"})
    market.hs.crm.edit(bob, {"stage": "marketing_qualified"})
    market.later(hours=1)
    ada_sf = market.person(market.sf, "ADA@buyer.example ", status="new", stage="marketing_qualified")
    bob_sf = market.person(market.sf, "bob@other.example", status="new", stage="marketing_qualified")
    market.sf.crm.assign(ada_sf, "u-dana")
    market.later(hours=10)
    market.sf.crm.seed("touch", [{"at": "2026-03-02T21:00:00Z", "person": ada_sf, "channel": "Phone"}])
    market.sf.crm.edit(ada_sf, {"status": "accepted"})
    market.sf.crm.edit(bob_sf, {"status": "rejected", "reason": "wrong_industry"})
    market.later(days=3)
    market.sf.crm.win(ada_sf, amount=5000)
    market.later(days=1)
    return market


def test_two_crms_become_one_history_with_the_times_at_which_things_happened(market: Market) -> None:
    with market.snapshot() as snapshot:
        assert snapshot.count("leads") == 2
        rows = snapshot.sql(
            "select stage, entered_us, inferred from entries e join leads l using (lead_id) "
            "where l.source = 'web' order by entered_us, stage"
        )
        at = {row["stage"]: row["entered_us"] for row in rows if not row["inferred"]}
        assert at["captured"] == to_us(BEGIN)
        assert at["marketing_qualified"] == to_us(BEGIN + timedelta(hours=1))
        assert at["sales_accepted"] == to_us(BEGIN + timedelta(hours=12))
        assert {"opportunity", "won"} <= set(at)
        assert computed(snapshot.metrics.acceptance_rate()).value == 0.5
        (reason,) = computed(snapshot.metrics.reason_mix()).rows
        assert (reason["decision"], reason["reason"], reason["share"]) == ("reject", "wrong_industry", 1.0)
        assert computed(snapshot.metrics.sla_attainment()).value == 1.0
        assert snapshot.sql("select channel, happened_us from interactions")[0]["channel"] == "phone"
        assert snapshot.sql("select owner from handoffs where owner is not null") == [{"owner": "u-dana"}]


def test_nobody_can_be_recognised_in_what_is_kept(market: Market, tmp_path: Path) -> None:
    with market.snapshot(directory=tmp_path / "kept") as snapshot:
        text = " ".join(
            str(snapshot.sql(f'select * from "{path.stem}"')) for path in (tmp_path / "kept").glob("*.parquet")
        )
        assert "web" in text
        for secret in ("ada@", "bob", "buyer.example", "Secretname", "dana.reyes"):
            assert secret.lower() not in text.lower(), secret
        assert "buyer.example" not in (tmp_path / "kept" / "meta.json").read_text(encoding="utf-8")


def test_nothing_is_written_to_any_crm(market: Market) -> None:
    with market.snapshot():
        assert market.hs.crm.requests["apply"] == market.sf.crm.requests["apply"] == 0


def test_a_call_that_fails_once_is_made_again_and_one_that_keeps_failing_names_the_connection(market: Market) -> None:
    market.hs.crm.fail(Unavailable("busy"), operation="history")
    with market.snapshot() as snapshot:
        assert snapshot.count("leads") == 2
    market.sf.crm.fail(AuthExpired("signed out"), operation="changes")
    with pytest.raises(AuthExpired, match="sf"):
        market.snapshot()


def test_long_work_is_reported_step_by_step(market: Market) -> None:
    seen: list[tuple[str, str, int]] = []
    with market.snapshot(progress=lambda *step: seen.append(step)):
        assert {(step, name) for step, name, _ in seen} == {
            ("pull", "hs"),
            ("pull", "sf"),
            ("history", "hs"),
            ("history", "sf"),
        }
        assert sum(amount for step, name, amount in seen if (step, name) == ("pull", "sf")) == 4


class Forgetful(MemoryAdapter):
    """A CRM whose administrator switched tracking on late, or never: nothing before ``since`` is remembered."""

    forgets = ("status", "stage", "reason", "owner")

    def history(self, refs, *, field):  # type: ignore[no-untyped-def]  # as in the class above
        return [() for _ in refs] if field in self.forgets else super().history(refs, field=field)


def test_where_nothing_is_remembered_the_report_says_so_and_no_stage_gets_a_time(market: Market) -> None:
    forgetful = Forgetful(crm=market.sf.crm)
    with Snapshot.from_crm({"sf": forgetful}, agreement=market.agreement, clock=market.clock) as snapshot:
        findings = {str(finding) for finding in snapshot.quality.of("history")}
        assert "sf person.status has no history: of 2 records only the present is known" in findings
        assert all(finding.remedy for finding in snapshot.quality)
        assert snapshot.quality.of("undated")[0].count == 2
        qualified = snapshot.sql("select inferred from entries where stage = 'marketing_qualified'")
        assert [row["inferred"] for row in qualified] == [True, True]


def test_a_past_that_begins_late_says_from_which_day(market: Market) -> None:
    class Late(MemoryAdapter):
        def history(self, refs, *, field):  # type: ignore[no-untyped-def]  # as in the class above
            since = BEGIN + timedelta(hours=5)
            return [tuple(each for each in past if each[0] > since) for past in super().history(refs, field=field)]

    late = Late(crm=market.sf.crm)
    with Snapshot.from_crm([late], agreement=Agreement.loads(_only("memory")), clock=market.clock) as snapshot:
        assert "memory person.status: history from 2026-03-02; 2 of 2 records were made before, or have none" in str(
            snapshot.quality
        )


def test_a_reason_that_is_not_tracked_belongs_to_the_decision_beside_which_it_stands(market: Market) -> None:
    class NoReasons(MemoryAdapter):
        def history(self, refs, *, field):  # type: ignore[no-untyped-def]  # as in the class above
            return [() for _ in refs] if field == "reason" else super().history(refs, field=field)

    told = NoReasons(crm=market.sf.crm)
    with Snapshot.from_crm({"sf": told}, agreement=market.agreement, clock=market.clock) as snapshot:
        (refused,) = snapshot.sql("select reason, decided_us from handoffs where decision = 'reject'")
        assert refused == {"reason": "wrong_industry", "decided_us": to_us(BEGIN + timedelta(hours=12))}
        assert snapshot.quality.of("undated") == ()


def test_one_connection_is_enough_and_it_is_called_like_its_system(market: Market) -> None:
    with Snapshot.from_crm([market.hs], agreement=Agreement.loads(_only("memory")), clock=market.clock) as snapshot:
        assert snapshot.sql("select distinct connection from records") == [{"connection": "memory"}]
        assert computed(snapshot.metrics.funnel()).rows[0]["entered"] == 2
        assert isinstance(snapshot.metrics.acceptance_rate(), NotComputable)


def test_two_connections_of_one_system_need_names_and_none_is_refused(market: Market) -> None:
    with pytest.raises(ConfigError, match="two connections are called memory"):
        Snapshot.from_crm([market.hs, market.sf], agreement=Agreement.loads(_only("memory")))
    with pytest.raises(ConfigError, match="no connection to read"):
        Snapshot.from_crm([], agreement=market.agreement, retry=Retry(attempts=1))


def test_our_key_joins_records_whose_addresses_differ_and_two_keys_keep_one_address_apart() -> None:
    market = Market()
    market.person(market.hs, "old@buyer.example", leadbridge_id="L-1")
    market.person(market.sf, "new@buyer.example", leadbridge_id="L-1")
    market.person(market.hs, "shared@buyer.example", leadbridge_id="L-2")
    market.person(market.sf, "shared@buyer.example", leadbridge_id="L-3")
    lone = market.person(market.sf, "shared@buyer.example")
    with market.snapshot() as snapshot:
        assert {row["lead_id"] for row in snapshot.sql("select lead_id from leads")} >= {"L-1", "L-2", "L-3"}
        assert snapshot.count("leads") == 4
        (finding,) = snapshot.quality.of("ambiguous")
        assert finding.count == 1
        (row,) = snapshot.sql("select how, record from records where how = 'ambiguous'")
        assert row["record"] == lone.id


def test_a_person_twice_in_one_crm_counts_once_and_a_deleted_one_not_at_all() -> None:
    market = Market()
    market.person(market.hs, "twice@buyer.example")
    market.person(market.hs, "Twice@buyer.example")
    market.hs.crm.delete(market.person(market.hs, "gone@buyer.example"))
    with market.snapshot() as snapshot:
        assert snapshot.count("leads") == 1
        (finding,) = snapshot.quality.of("duplicate")
        assert (finding.count, finding.remedy) == (1, "merge them in the CRM")
        assert snapshot.quality.of("deleted")[0].count == 1


def test_a_converted_record_and_its_successor_are_one_lead_with_one_past() -> None:
    market = Market()
    market.sf = MemoryAdapter("sf", clock=market.clock, converts=True)
    ref = market.person(market.sf, "ada@buyer.example", stage="marketing_qualified", status="new")
    market.later(hours=2)
    market.sf.crm.edit(ref, {"status": "accepted"})
    market.later(hours=1)
    market.sf.crm.convert(ref, opportunity="Deal", amount=10)
    market.later(days=1)
    with market.snapshot() as snapshot:
        assert snapshot.count("leads") == 1
        (record,) = snapshot.sql("select kind, state from records")
        assert record == {"kind": "contact", "state": "live"}
        (handoff,) = snapshot.sql("select decision, decided_us from handoffs")
        assert handoff == {"decision": "accept", "decided_us": to_us(BEGIN + timedelta(hours=2))}
        assert snapshot.sql("select count(*) as n from outcomes")[0]["n"] == 1


def test_a_stage_that_goes_back_without_a_reason_is_reported_and_the_furthest_stands() -> None:
    market = Market()
    ref = market.person(market.hs, "ada@buyer.example", stage="captured")
    market.later(hours=1)
    market.hs.crm.edit(ref, {"stage": "sales_qualified"})
    market.later(hours=1)
    market.hs.crm.edit(ref, {"stage": "engaged"})
    market.later(hours=1)
    with market.snapshot() as snapshot:
        (finding,) = snapshot.quality.of("backward")
        assert finding.count == 1
        assert snapshot.sql("select stage from entries where left_us is null") == [{"stage": "sales_qualified"}]


def _only(system: str) -> str:
    from tests.analytics.two_crms import TERMS

    return TERMS.replace("{marketing: hs, sales: sf}", f"{{sales: {system}}}")
