"""Two counts and the bridge between them: it adds up exactly, and every record on it has the right cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import leadbridge as lb
from leadbridge.adapter import Ref
from leadbridge.agreement import Agreement
from leadbridge.analytics import Reconciliation, Snapshot
from leadbridge.analytics.bridged import Asked, bridged
from leadbridge.analytics.reconciliation import CAUSES
from leadbridge.clock import to_us
from leadbridge.errors import ConfigError, DataError
from leadbridge.retry import Retry
from tests.analytics.two_crms import BEGIN, TERMS, Market


def adds_up(found: Reconciliation) -> None:
    """The law of every reconciliation."""
    assert found.left_count + sum(row.delta for row in found.rows) == found.right_count
    assert found.left_count - found.agreed == sum(1 for row in found.rows if row.side == found.left)
    assert found.right_count - found.agreed == sum(1 for row in found.rows if row.side == found.right)
    steps = found.steps
    if steps:
        assert steps[-1].count == found.right_count
    assert sum(step.delta for step in steps) == found.right_count - found.left_count


def causes(found: Reconciliation) -> dict[str, str]:
    """The causes with the side on which the record counts."""
    adds_up(found)
    return {row.cause: row.side for row in found.rows}


HOUR, DAY = 3_600_000_000, 86_400_000_000
Change = Callable[[Market, Ref, Ref], object]


def one_cause(change: Change, what: str = "disqualified", **options: Any) -> tuple[str, str]:
    """The one cause by which two CRMs differ that both know Ada, after a change."""
    market = Market()
    hs = market.person(market.hs, "ada@buyer.example", stage="marketing_qualified")
    sf = market.person(market.sf, "ada@buyer.example", stage="marketing_qualified", status="new")
    market.later(days=1)
    change(market, hs, sf)
    with market.snapshot() as snapshot:
        found = snapshot.reconcile(what, "hs", "sf", **options)
        ((cause, side),) = causes(found).items()
        return cause, side


def test_what_both_say_is_agreed_and_needs_no_bridge() -> None:
    market = Market()
    for crm in (market.hs, market.sf):
        market.person(crm, "ada@buyer.example", stage="marketing_qualified")
    with market.snapshot() as snapshot:
        found = snapshot.reconcile("marketing_qualified")
        assert (found.left_count, found.right_count, found.agreed, found.rows) == (1, 1, 1, ())
        adds_up(found)


def test_a_stranger_to_the_other_crm_is_not_linked() -> None:
    def gone(market: Market, hs: Ref, sf: Ref) -> None:
        market.person(market.sf, "new@buyer.example", status="disqualified")

    assert one_cause(gone) == ("not_linked", "sf")


def test_a_deleted_record_is_no_stranger() -> None:
    def deleted(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"status": "disqualified"})
        market.hs.crm.delete(hs)

    assert one_cause(deleted) == ("deleted", "sf")


def test_a_merged_record_counts_with_its_winner_and_the_lead_that_it_was_is_named() -> None:
    def merged(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"status": "disqualified"})
        market.hs.crm.merge(market.person(market.hs, "eve@buyer.example", stage="engaged"), hs)

    assert one_cause(merged) == ("merged", "sf")


def test_one_person_twice_is_counted_twice_and_said_to_be() -> None:
    def twice(market: Market, hs: Ref, sf: Ref) -> None:
        market.person(market.sf, "ada@buyer.example", stage="marketing_qualified")

    assert one_cause(twice, "marketing_qualified") == ("duplicate", "sf")


def test_what_happened_just_now_is_on_its_way() -> None:
    def now(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"status": "disqualified"})
        market.later(minutes=5)

    assert one_cause(now) == ("on_its_way", "sf")


def test_after_the_lag_the_two_simply_differ_or_one_is_silent() -> None:
    def long_ago(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"status": "disqualified"})
        market.later(days=1)

    assert one_cause(long_ago, "decision:disqualify") == ("differs", "sf")

    def why(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"status": "disqualified", "reason": "wrong_industry"})
        market.later(days=1)

    assert one_cause(why, "wrong_industry") == ("blank", "sf")

    def stages(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"stage": "sales_qualified"})
        market.later(days=1)

    assert one_cause(stages, "sales_qualified") == ("differs", "sf")


def test_a_lead_that_moved_on_in_one_crm_is_behind_in_the_other() -> None:
    def on(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.edit(sf, {"stage": "sales_qualified"})
        market.later(days=1)

    assert one_cause(on, "marketing_qualified") == ("moved_on", "hs")


def test_a_report_that_leaves_a_country_out_says_so() -> None:
    def abroad(market: Market, hs: Ref, sf: Ref) -> None:
        market.hs.crm.edit(hs, {"country": "Norway"})

    kept = {"hs": {"country": ["Germany", "Austria"]}}
    assert one_cause(abroad, "marketing_qualified", filters=kept) == ("filter", "sf")


def test_a_value_without_a_meaning_is_shown_in_quotation_marks() -> None:
    market = Market()
    terms = TERMS + "crosswalks: {hs: {person: {values: {country: {Elsewhere: {decision: disqualify}}}}}}\n"
    market.agreement = Agreement.loads(terms)
    market.person(market.hs, "ada@buyer.example", country="Zombie land")
    market.person(market.sf, "ada@buyer.example", status="disqualified")
    market.later(days=1)
    with market.snapshot() as snapshot:
        found = snapshot.reconcile("disqualified")
        (row,) = found.of("unmapped")
        assert (row.side, row.other_says) == ("sf", '"Zombie land"')
        adds_up(found)


def test_where_the_agreement_lets_one_crm_decide_the_other_has_to_follow() -> None:
    agreement = Agreement.loads(TERMS.replace("sf}}", "sf}, fields: {stage: {policy: owner, owner: sales}}}"))

    def disagree(market: Market, hs: Ref, sf: Ref) -> None:
        market.hs.crm.edit(hs, {"stage": "sales_qualified"})
        market.later(days=1)

    assert one_cause(disagree, "sales_qualified", agreement=agreement) == ("policy", "hs")
    assert one_cause(disagree, "sales_qualified") == ("differs", "hs")


def test_a_month_ends_at_another_hour_in_another_office() -> None:
    def at_the_edge(market: Market, hs: Ref, sf: Ref) -> None:
        market.clock.set(datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
        market.hs.crm.edit(hs, {"stage": "sales_qualified"})
        market.sf.crm.edit(sf, {"stage": "sales_qualified"})
        market.later(days=3)

    zones = {"hs": "UTC", "sf": "Europe/Berlin"}
    period = {"since": date(2026, 3, 1), "until": date(2026, 4, 1)}
    assert one_cause(at_the_edge, "sales_qualified", zones=zones, **period) == ("time_zone", "hs")


def test_in_a_period_what_came_earlier_or_later_there_is_told_apart() -> None:
    def apart(market: Market, hs: Ref, sf: Ref) -> None:
        market.hs.crm.edit(hs, {"stage": "sales_qualified"})
        market.later(days=2)
        market.sf.crm.edit(sf, {"stage": "sales_qualified"})
        market.later(days=3)

    first, second = BEGIN + timedelta(hours=12), BEGIN + timedelta(days=2)
    assert one_cause(apart, "sales_qualified", since=first, until=second) == ("late", "hs")
    assert one_cause(apart, "sales_qualified", since=second, until=second + timedelta(days=3)) == ("early", "sf")


def test_what_nobody_can_date_is_undated_in_a_period() -> None:
    rows = [said("sf", "1", since=BEGIN), said("hs", "1", since=None)]
    with made([record("hs", "1"), record("sf", "1")], rows) as snapshot:
        found = snapshot.reconcile("won", since=BEGIN.date())
        assert causes(found) == {"undated": "sf"}


def test_deals_count_as_won_and_converted_leads_are_one_with_their_contacts() -> None:
    def won(market: Market, hs: Ref, sf: Ref) -> None:
        market.sf.crm.win(sf, amount=10)
        market.later(days=2)

    assert one_cause(won, "won") == ("differs", "sf")


def test_it_works_from_live_connections() -> None:
    market = Market()
    market.person(market.hs, "ada@buyer.example", stage="marketing_qualified")
    found = lb.reconcile(
        market.hs,
        market.sf,
        names=("hs", "sf"),
        what="marketing_qualified",
        agreement=market.agreement,
        clock=market.clock,
        retry=Retry(attempts=1),
    )
    assert (found.left_count, found.right_count) == (1, 0)
    with pytest.raises(ConfigError, match="two names"):
        lb.reconcile(market.hs, market.sf, names=("a", "a"), what="won", agreement=market.agreement)


def test_a_reconciliation_shows_itself_to_people_frames_and_programs() -> None:
    market = Market()
    market.person(market.hs, "ada@buyer.example", stage="marketing_qualified")
    with market.snapshot() as snapshot:
        found = snapshot.reconcile("marketing_qualified", "hs", "sf")
    assert str(found).splitlines()[1:] == [
        "       1  marketing_qualified in hs",
        "      -1  not linked (only in hs): the other CRM has nobody who is recognised as this person",
        "       0  marketing_qualified in sf",
    ]
    assert "what to do" in found._repr_html_()
    assert found.to_dict()["steps"][0]["remedy"].startswith("create or link")
    assert found.to_pandas()["cause"].tolist() == found.to_polars()["cause"].to_list() == ["not_linked"]
    assert found.to_arrow().num_rows == 1
    assert "buyer.example" not in str(found.to_dict())
    with pytest.raises(DataError, match="no cause 'not_linkd'"):
        found.of("not_linkd")


@pytest.mark.parametrize(
    ("what", "options", "said_"),
    [
        ("wonn", {}, "nothing in the CRMs is called 'wonn'"),
        ("mood:won", {}, "nothing is counted by 'mood'"),
        ("won", {"left": "xx"}, "no connection 'xx'"),
        ("won", {"left": "hs", "right": "hs"}, "cannot be reconciled with itself"),
        ("won", {"filters": {"hs": {"email": "x"}}}, "cannot be filtered by 'email'"),
        ("won", {"filters": {"xx": {}}}, "filters names the connection 'xx'"),
        ("won", {"zones": "Nowhere/X"}, "no time zone 'Nowhere/X'"),
        ("won", {"since": date(2026, 1, 2), "until": date(2026, 1, 1)}, "ends before it begins"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(what: str, options: dict[str, Any], said_: str) -> None:
    with made([record("hs", "1"), record("sf", "1")], []) as snapshot, pytest.raises(DataError, match=said_):
        snapshot.reconcile(what, **options)


def test_an_export_does_not_know_what_each_crm_says(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,made\n1,2026-01-01\n", encoding="utf-8")
    columns = {"lead": "id", "captured": "made"}
    with Snapshot.from_csv(tmp_path / "x.csv", columns=columns) as snapshot, pytest.raises(DataError, match="from_crm"):
        snapshot.reconcile("won")


# -- the law ---------------------------------------------------------------------------------------------------------


def record(connection: str, lead: str, name: str = "", **more: Any) -> dict[str, Any]:
    """A row of ``records``."""
    own = {"lead_id": lead, "connection": connection, "record": name or f"{connection}-{lead}", "kind": "person"}
    return {**own, "function": "sales", "state": "live", "how": "key", "country": None, **more}


def said(connection: str, lead: str, name: str = "", *, since: datetime | None, **more: Any) -> dict[str, Any]:
    """A row of ``said``."""
    own = {"lead_id": lead, "connection": connection, "record": name or f"{connection}-{lead}", "precision": "instant"}
    return {**own, "axis": "stage", "value": "won", "since_us": to_us(since) if since else None, **more}


def made(records: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Snapshot:
    """A snapshot with these views and nothing else."""
    views = {"records": records, "said": rows}
    return Snapshot.from_histories((), views=views, connections=("hs", "sf"), now=BEGIN + timedelta(days=30))


def both(records: list[Any], rows: list[Any], asked: Asked, sides: tuple[str, str]) -> Reconciliation:
    """Two sides and the bridge between them."""
    counts, agreed, differences = bridged(records, rows, asked, sides)
    left, right = sides
    own: dict[str, Any] = {"what": "won", "basis": "now", "left": left, "right": right, "agreed": agreed}
    return Reconciliation(**own, left_count=counts[0], right_count=counts[1], rows=tuple(differences))


people = st.lists(
    st.tuples(
        st.sampled_from(["hs", "sf"]),
        st.integers(0, 5),
        st.sampled_from(["live", "live", "live", "deleted", "merged"]),
        st.sampled_from(["key", "email", "ambiguous"]),
        st.sampled_from(["Germany", "Norway", None]),
        st.lists(
            st.tuples(
                st.sampled_from(["stage", "decision", "deal", "status"]),
                st.sampled_from(["won", "disqualify", "engaged", None]),
                st.one_of(st.none(), st.integers(0, 40)),
                st.booleans(),
            ),
            max_size=3,
        ),
    ),
    min_size=1,
    max_size=12,
)


@given(everybody=people, period=st.booleans(), filtered=st.booleans(), east=st.booleans())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_bridge_adds_up_whatever_the_crms_say(
    everybody: list[Any], period: bool, filtered: bool, east: bool
) -> None:
    records, rows = [record("hs", "x"), record("sf", "x")], []
    for number, (connection, lead, state, how, country, sayings) in enumerate(everybody):
        name = f"{connection}-{number}"
        records.append(record(connection, str(lead), name, state=state, how=how, country=country))
        for axis, value, day, over in sayings:
            since = BEGIN + timedelta(days=day) if day is not None else None
            until = to_us(BEGIN + timedelta(days=50)) if over else None
            more = {"axis": axis, "value": value, "raw": None if value else "Zombie", "until_us": until}
            rows.append(said(connection, str(lead), name, since=since, **more))
    day = to_us(BEGIN)
    windows = {"hs": (day - HOUR, day + 20 * DAY), "sf": (day - (9 * HOUR if east else HOUR), day + 20 * DAY)}
    asked = Asked(
        wanted=frozenset({("stage", "won"), ("deal", "won")}),
        windows=windows,
        period=period,
        settled_us=day + 30 * DAY,
        filters={"hs": {"country": "Germany"}} if filtered else {},
        agreement=None,
    )
    found, turned = (both(records, rows, asked, sides) for sides in (("hs", "sf"), ("sf", "hs")))
    adds_up(found)
    adds_up(turned)
    assert (turned.left_count, turned.right_count, turned.agreed) == (found.right_count, found.left_count, found.agreed)
    assert {row.cause for row in found.rows} <= set(CAUSES)
    assert len({(row.side, row.record) for row in found.rows}) == len(found.rows)
    if not (period or filtered):
        for name, count in (("hs", found.left_count), ("sf", found.right_count)):
            live = {row["record"] for row in records if row["connection"] == name and row["state"] == "live"}
            saying = {
                row["record"]
                for row in rows
                if row["value"] == "won" and row["axis"] in ("stage", "deal") and row["until_us"] is None
            }
            assert count == len(live & saying)
