"""Replay in bulk gives the clocks that folding gives; what-if shows the difference and who is affected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement, Agreements
from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.flatten import histories
from leadbridge.analytics.replay import Replay, replay
from leadbridge.domain import facts as f
from leadbridge.errors import AgreementError, ConfigError, DataError
from tests.analytics import stories
from tests.analytics.replaying import NOW as THEN
from tests.analytics.replaying import fields, of_leads, random_story, series, standing
from tests.analytics.stories import NOW, START, Story, fact, lead, small_funnel

TERMS = """
agreement: Small
version: 1
effective: 2026-01-01
calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}
slas:
  - id: sales
    calendar: office
    targets:
      - {id: touch, starts: assigned, stops: touched, within: 4 business hours}
      - {id: answer, starts: offered, stops: decided, within: 1 business day}
"""
AGREED = Agreement.loads(TERMS)
QUICK = AGREED.with_target("sales.touch", within="1h")

patient = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.fixture
def funnel() -> Iterator[Snapshot]:
    with stories.take(small_funnel()) as made:
        yield made


def folded(story: Story, agreements: Agreement | Agreements = AGREED, **more: Any) -> Replay:
    return replay(histories(story, NOW), agreements=agreements, at=NOW, **more)


@patient
@given(st.data(), series())
def test_clocks_from_tables_are_the_clocks_that_are_folded(data: st.DataObject, versions: Agreements) -> None:
    known = list(histories(of_leads(data.draw(random_story(name, (0, 1, 2))) for name in ("a", "b", "c")), THEN))
    profiles = {name: data.draw(fields()) for name in ("a", "b")}
    with (
        Snapshot.from_histories(known, profiles=profiles, now=THEN) as snapshot,
        replay(known, agreements=versions, at=THEN, fields=profiles) as slowly,
        snapshot.replay(versions) as quickly,
    ):
        assert standing(quickly) == standing(slowly)
        assert quickly.silent == slowly.silent


def test_attainment_counts_by_promise_owner_month_and_version(funnel: Snapshot) -> None:
    with funnel.replay(AGREED) as past:
        answer = past.attainment()
        assert isinstance(answer, Result)
        shares = {row["target"]: (row["met"], row["met_late"], row["breached"]) for row in answer.rows}
        # By hand: a, b, d, e were called within four hours, c after a night, f never; f was not answered, c late.
        assert shares == {"touch": (4, 1, 1), "answer": (4, 1, 1)}
        assert (answer.value, answer.n) == (8 / 12, 12)
        assert "not signed" in answer.agreement
        by_owner = {(row["owner"], row["target"]): row["attainment"] for row in past.attainment("owner").rows}  # type: ignore[union-attr]
        assert by_owner[("ann", "touch")] == 1
        assert by_owner[("bob", "touch")] == 2 / 4
        months = past.attainment("month")
        assert isinstance(months, Result)
        assert {row["month"] for row in months.rows} == {"2026-03"}
        assert "66.7% of 6" in str(past)
        assert "<table" in past._repr_html_()
        with pytest.raises(DataError, match="cannot be broken down by 'ovner'"):
            past.attainment("ovner")  # type: ignore[arg-type]


def test_each_promise_is_judged_by_the_version_in_which_it_was_made() -> None:
    later = Agreement.loads(
        TERMS.replace("version: 1", "version: 2").replace("2026-01-01", "2026-03-04").replace("4 business hours", "1h")
    )
    story = [*lead("old", "web", offered=1, touched=4), *lead("new", "web", offered=49, touched=52)]
    with folded(story, Agreements([AGREED, later])) as past, stories.take(story) as snapshot:
        states = {row["lead_id"]: (row["state"], row["agreement"]) for row in past.clocks("sales.touch")}
        assert states == {"old": ("met", 1), "new": ("met_late", 2)}
        with snapshot.replay(Agreements([AGREED, later])) as bulk:
            assert standing(bulk) == standing(past)
        versions = past.attainment("version")
        assert isinstance(versions, Result)
        touch = {row["version"]: row["attainment"] for row in versions.rows if row["target"] == "touch"}
        assert touch == {"1": 1, "2": 0}


def test_a_hand_off_of_which_no_offer_is_known_stays_with_the_version_of_the_first_that_is_known() -> None:
    inherit = TERMS.replace("calendar: office\n", "calendar: office\n    on_transfer: inherit\n", 1)
    later = inherit.replace("version: 1", "version: 2").replace("2026-01-01", "2026-03-04")
    both = Agreements([Agreement.loads(inherit), Agreement.loads(later)])
    never_offered = [
        fact(f.LeadCaptured, "a", 0),
        fact(f.HandoffAssigned, "a", 1, handoff="a-1", owner="ann"),
        fact(f.HandoffAssigned, "a", 49, handoff="a-1", owner="bob"),
    ]
    with folded(never_offered, both) as past, stories.take(never_offered) as snapshot, snapshot.replay(both) as bulk:
        assert [row["agreement"] for row in bulk.clocks("sales.touch")] == [1, 1]
        assert standing(bulk) == standing(past)


def test_a_promise_that_nothing_recorded_ever_kept_has_no_attainment() -> None:
    story = [*lead("a", "web", offered=1, answer=(2, "accept", None)), *lead("b", "web", offered=1)]
    with folded(story) as past:
        assert past.silent == {"sales.touch"}
        answer = past.attainment()
        assert isinstance(answer, Result)
        assert {row["target"]: row["attainment"] for row in answer.rows} == {"answer": 1 / 2, "touch": None}
        assert answer.excluded["clocks of promises that nothing recorded ever kept"] == 2
    with folded(story, only=["sales.touch"]) as past:
        why = past.attainment()
        assert isinstance(why, NotComputable)
        assert "cannot be told from a missing record" in str(why)
    with folded(lead("c", "web")) as nothing:
        assert "nothing started a clock" in str(nothing.attainment())


def test_only_the_promises_that_are_asked_for_are_replayed(funnel: Snapshot) -> None:
    with funnel.replay(AGREED, only=["sales.answer"]) as past:
        assert len(past) == 6
        assert past.ways == {"sales.answer": "in bulk"}
    with pytest.raises(ConfigError, match=r"did you mean sales\.answer"):
        funnel.replay(AGREED, only=["sales.answers"])


def test_what_if_shows_the_difference_and_who_is_affected(funnel: Snapshot) -> None:
    compared = funnel.what_if(AGREED, QUICK)
    answer, touch = compared.rows
    assert (answer["difference"], answer["affected"]) == (0, 0)
    assert (touch["before"], touch["after"]) == (4 / 6, 3 / 6)
    assert (touch["affected"], touch["gained"], touch["lost"], touch["leads"]) == (1, 0, 1, 1)
    assert compared.leads == ("b",)
    (row,) = compared.affected("sales.touch")
    assert (row["lead_id"], row["owner"], row["before"], row["after"]) == ("b", "ann", "met", "met_late")
    assert compared.owners() == {"ann": {"affected": 1, "gained": 0, "lost": 1}}
    assert "sales.touch: 66.7% of 6 -> 50.0% of 6 (-16.7 points); 1 clock of 1 lead affected" in str(compared)
    assert "sales.answer: 66.7% of 6 -> 66.7% of 6 (+0.0 points); nobody is affected" in str(compared)
    assert "no replay can know" in compared._repr_html_()
    assert compared.to_dict()["leads"] == ["b"]
    assert "clocks affected" in str(compared.plot().to_dict())
    with pytest.raises(ConfigError, match="no promise is called"):
        compared.affected("sales.tuch")


def test_what_if_knows_other_calendars_rules_and_promises_of_one_side(funnel: Snapshot) -> None:
    short = AGREED.calendars["office"].model_copy(update={"hours": {"mon-fri": ["09:00-11:00"]}})
    by_target = {row["target"]: row for row in funnel.what_if(AGREED, AGREED.with_calendar("office", short)).rows}
    assert (by_target["touch"]["gained"], by_target["touch"]["lost"]) == (1, 0), "four hours, two a day"
    assert by_target["answer"]["affected"] == 0
    other = AGREED.with_target("sales.touch", starts="offered", stops=["touched", "decided"], on_transfer="continue")
    assert {row["target"]: row["affected"] for row in funnel.what_if(AGREED, other).rows}["touch"] == 0
    with funnel.replay(AGREED) as one, funnel.replay(AGREED, only=["sales.touch"]) as few:
        lost = {row["target"]: row for row in one.compare(few).rows}["answer"]
        assert (lost["after"], lost["difference"]) == (None, None)
        assert lost["why"] == "after: not promised to anybody"
        assert "not computable" in str(one.compare(few))
    early = NOW - timedelta(days=1)
    with replay([], agreements=AGREED, at=early) as sooner, folded(small_funnel()) as past:
        with pytest.raises(DataError, match="different instants"):
            past.compare(sooner)
        with replay([], agreements=AGREED, at=early) as same, pytest.raises(DataError, match="cannot be drawn"):
            sooner.compare(same).plot()


def test_a_draft_is_checked_and_leaves_the_agreement_as_it_is() -> None:
    assert (QUICK.version, QUICK.slas[0].targets[0].within, QUICK.signed) == (2, "1h", False)
    assert AGREED.slas[0].targets[0].within == "4 business hours"
    with pytest.raises(ConfigError, match=r"did you mean sales\.touch"):
        AGREED.with_target("sales.tuch", within="1h")
    with pytest.raises(AgreementError, match="not a duration"):
        AGREED.with_target("sales.touch", within="soon")
    with pytest.raises(ConfigError, match="no calendar is called"):
        AGREED.with_calendar("shop", AGREED.calendars["office"])


def test_a_replay_is_a_file_that_goes_away_or_is_kept(tmp_path: Any) -> None:
    story = [*small_funnel(), fact(f.HandoffAssigned, "a", 5, handoff="a-1", owner="bob")]
    with folded(story) as past:
        kept = past.save(tmp_path / "clocks.parquet")
        place = past.directory
        transferred = past.sql("select owner, ended_by from clocks where lead_id = 'a' and target = 'touch'")
        assert transferred == [{"owner": "ann", "ended_by": "touched"}], "it was kept before"
        assert (past.by_state["met"], len(past), past.now) == (8, 12, NOW)
        assert len(past.clocks(limit=3)) == 3
    assert kept.is_file()
    assert not place.exists()
    assert START < NOW
