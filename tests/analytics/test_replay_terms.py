"""Every term of a promise can be replayed from tables: segments, cadences, questions, feedback, zones, days off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import NotComputable, Snapshot
from leadbridge.analytics.flatten import histories
from leadbridge.analytics.replay import Replay, replay
from leadbridge.domain import facts as f
from leadbridge.domain.feedback import NO_LEAD
from leadbridge.errors import DataError
from tests.analytics import stories
from tests.analytics.replaying import standing
from tests.analytics.stories import NOW, START, Story, fact, lead, small_funnel

CALL = {"nature": "person_to_person", "function": "sales", "direction": "outbound", "channel": "phone"}
ASKED = {"nature": "person_to_person", "function": "sales", "direction": "inbound", "asked": ("price",)}


def agreed(policy: str, more: str = "") -> Agreement:
    return Agreement.loads(
        "agreement: Small\nversion: 1\neffective: 2026-01-01\n"
        'calendars: {office: {hours: {mon-fri: ["09:00-17:00"]}}}\n' + more + f"slas:\n{policy}"
    )


def states(past: Replay) -> dict[tuple[str, str | None], str]:
    return {(row["lead_id"], row["subject"]): row["state"] for row in past.clocks()}


def both(story: Story, terms: Agreement, **fields: dict[str, object]) -> dict[tuple[str, str | None], str]:
    """How the clocks stand by both ways, which agree."""
    known = list(histories(story, NOW))
    with (
        Snapshot.from_histories(known, agreement=terms, profiles=fields, now=NOW) as snapshot,
        snapshot.replay(terms) as quickly,
        replay(known, agreements=terms, at=NOW, fields=fields) as slowly,
    ):
        assert standing(quickly) == standing(slowly)
        assert quickly.silent == slowly.silent == frozenset()
        return states(quickly)


def test_attempts_keep_a_promise_without_any_stop_and_are_heard() -> None:
    terms = agreed(
        "  - {id: s, calendar: office, targets: [{id: try, starts: offered, within: 2 days, cadence: {touches: 2}}]}"
    )
    calls = [fact(f.Interacted, "a", hours, interaction=f"call-{hours}", **CALL) for hours in (2, 3)]
    one = fact(f.Interacted, "b", 2, interaction="call-b", **CALL)
    story = [*lead("a", "web", offered=1), *calls, *lead("b", "web", offered=1), one]
    assert both(story, terms) == {("a", None): "met", ("b", None): "breached"}


def test_a_cadence_of_which_no_attempt_was_ever_recorded_has_no_attainment() -> None:
    terms = agreed("  - {id: s, targets: [{id: try, starts: offered, within: 2 days, cadence: {touches: 2}}]}")
    story = lead("a", "web", offered=1)
    with (
        replay(histories(story, NOW), agreements=terms, at=NOW) as past,
        stories.take(story) as snapshot,
        snapshot.replay(terms) as bulk,
    ):
        assert bulk.silent == past.silent == {"s.try"}
        assert isinstance(bulk.attainment(), NotComputable)


def test_each_question_and_each_piece_of_feedback_has_its_own_clock() -> None:
    terms = agreed(
        "  - id: s\n    targets:\n"
        "      - {id: answer, starts: asked, stops: answered, within: 1h}\n"
        "  - id: m\n    duty_of: marketing\n    targets:\n"
        "      - {id: read, starts: raised, stops: acknowledged, within: 1h}\n"
    )
    story = [
        fact(f.LeadCaptured, "a", 0),
        fact(f.Interacted, "a", 1, interaction="q1", **ASKED),
        fact(f.Interacted, "a", 1.5, interaction="reply", **CALL),
        fact(f.Interacted, "a", 5, interaction="q2", **ASKED),
        fact(f.FeedbackRaised, "a", 6, feedback="f1", subject="lead", to_function="marketing"),
        fact(f.FeedbackAcknowledged, "a", 8, feedback="f1"),
        fact(f.FeedbackRaised, NO_LEAD, 6, feedback="f2", subject="message", to_function="marketing"),
    ]
    assert both(story, terms) == {("a", "q1"): "met", ("a", "q2"): "breached", ("a", "f1"): "met_late"}


def test_giving_information_is_the_duty_of_who_hands_over() -> None:
    terms = agreed(
        "  - {id: m, duty_of: marketing, targets: [{id: tell, starts: offered, stops: informed, within: 2h}]}"
    )
    story: Story = []
    for name, hours in (("a", 1), ("b", 9), ("c", None)):
        story += [fact(f.LeadCaptured, name, 0)]
        story += [fact(f.HandoffOffered, name, 0, handoff=f"{name}-1", promised=2, missing=("phone or email",))]
        if hours is not None:
            story += [fact(f.LeadEnriched, name, hours, enriched=("phone",), provider="books")]
    assert both(story, terms) == {("a", None): "met", ("b", None): "met_late", ("c", None): "breached"}


def test_a_lead_has_the_promise_of_its_segment() -> None:
    terms = agreed(
        "  - {id: large, group: size, when: company.employees > 100, targets: "
        "[{id: t, starts: offered, stops: touched, within: 1h}]}\n"
        "  - {id: other, group: size, targets: [{id: t, starts: offered, stops: touched, within: 9h}]}\n"
    )
    story = [one for name in ("a", "b", "c") for one in lead(name, "web", offered=1, touched=4)]
    known: dict[str, dict[str, object]] = {"a": {"employees": 500}, "b": {"employees": 5}}
    assert both(story, terms, **known) == {("a", None): "met_late", ("b", None): "met", ("c", None): "met"}


def test_a_condition_on_what_the_snapshot_does_not_hold_is_named() -> None:
    terms = agreed(
        "  - {id: vip, when: tier = 'gold', targets: [{id: t, starts: offered, stops: touched, within: 1h}]}\n"
        "  - {id: us, when: lead.email = 'a@x.us', targets: [{id: t, starts: offered, stops: touched, within: 1h}]}\n"
        "  - {id: all, targets: [{id: t, starts: offered, stops: touched, within: 1h}]}\n",
        "attributes: {tier: text}\n",
    )
    known = histories(lead("a", "web", offered=1, touched=4), NOW)
    with (
        Snapshot.from_histories(known, profiles={"a": {"email": "a@x.us"}}, now=NOW) as snapshot,
        snapshot.replay(terms) as past,
    ):
        assert [row["policy"] for row in past.clocks()] == ["all"]
        first, second = past.notes
        assert "the condition of vip looks at lead.tier, which this snapshot does not hold" in first
        assert "the condition of us looks at lead.email" in second
        assert first in str(past)
        assert first in past.attainment().parameters["notes"]  # type: ignore[union-attr]


def test_clocks_that_are_followed_one_by_one_are_counted_and_the_rest_is_not() -> None:
    terms = agreed(
        "  - {id: s, calendar: office, zone_of: assignee, targets: "
        "[{id: t, starts: assigned, stops: touched, within: 4 business hours, paused_while: owner_away}]}",
        "people: {ann: {zone: Asia/Tokyo, away: [{from: 2026-03-02, to: 2026-03-03}]}}\n",
    )
    story = [*lead("a", "web", offered=1, touched=9), *lead("b", "web", offered=1, owner="bob", touched=9)]
    assert both(story, terms) == {("a", None): "met", ("b", None): "met_late"}
    seen: list[tuple[str, str, int]] = []
    with stories.take(story) as snapshot, snapshot.replay(terms, progress=lambda *told: seen.append(told)) as past:
        assert past.ways == {"s.t": "in bulk, 1 of 2 clocks one by one"}
        assert "s.t: in bulk, 1 of 2 clocks one by one" in str(past)
    assert seen == [("replay", "s.t", 1)]
    seen.clear()
    with replay(histories(story, NOW), agreements=terms, at=NOW, progress=lambda *told: seen.append(told)) as past:
        assert past.ways == {"s.t": "lead by lead"}
    assert seen == [("replay", "", 1), ("replay", "", 1)]


def test_what_came_to_hold_a_lead_later_counts_before_what_held_it_at_the_start() -> None:
    terms = agreed("  - {id: s, targets: [{id: t, starts: 'stage:engaged', stops: touched, within: 9h}]}")
    story = [
        fact(f.LeadCaptured, "a", 0),
        fact(f.HandoffRouted, "a", 1, handoff="first", queue="q"),
        fact(f.HandoffAssigned, "a", 2, handoff="second", owner="bob"),
        fact(f.StageEntered, "a", 3, stage="engaged"),
        fact(f.HandoffAssigned, "a", 4, handoff="first", owner="ann"),
        fact(f.Interacted, "a", 5, interaction="call", **CALL),
    ]
    known = list(histories(story, NOW))
    with (
        stories.take(story) as snapshot,
        snapshot.replay(terms) as bulk,
        replay(known, agreements=terms, at=NOW) as past,
    ):
        assert [row["owner"] for row in past.clocks()] == ["ann"]
        assert standing(bulk) == standing(past)


def test_what_happened_after_the_instant_of_a_snapshot_is_not_known_yet() -> None:
    terms = agreed("  - {id: s, targets: [{id: t, starts: assigned, stops: touched, within: 9h}]}")
    story = [*lead("a", "web", offered=1, touched=4), *lead("b", "web", offered=30, touched=31)]
    known = list(histories(story, NOW))
    at = START + timedelta(hours=3)
    with (
        Snapshot.from_histories(known, now=at) as snapshot,
        snapshot.replay(terms) as bulk,
        replay(known, agreements=terms, at=at) as past,
    ):
        assert states(bulk) == {("a", None): "running"}
        assert standing(bulk) == standing(past)


def test_a_snapshot_of_before_says_that_a_new_one_is_needed(tmp_path: Path) -> None:
    terms = agreed("  - {id: s, targets: [{id: t, starts: offered, stops: touched, within: 9h}]}")
    with stories.take(small_funnel()) as made:
        old = made.save(tmp_path / "old")
    file = tmp_path / "old" / "handoffs.parquet"
    with old:
        old.sql(
            f"copy (select * exclude (informed_us) from handoffs) to '{tmp_path / 'less.parquet'}' (format parquet)"
        )
        (tmp_path / "less.parquet").replace(file)
        with pytest.raises(DataError, match=r"no handoffs\.informed_us.*take a new snapshot"):
            old.replay(terms)
