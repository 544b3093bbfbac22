"""Promises in the agreement: by segment, with people, checked, shown, compared, and judged without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import leadbridge as lb
from leadbridge.agreement import Agreement, diff
from leadbridge.agreement.promises import holding
from leadbridge.agreement.versions import governed
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import Person
from leadbridge.errors import AgreementError

HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"
SEGMENTS = """
calendars: {office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}}
people: {ann: {zone: Asia/Kolkata, manager: mia, away: [{from: 2026-03-03, to: 2026-03-03}]}}
slas:
  - id: large
    group: response
    when: company.employees >= 1000
    targets: [{id: t, starts: offered, stops: touched, within: 1 hour}]
  - id: partner
    group: response
    when: lead.source = 'partner'
    targets: [{id: t, starts: offered, stops: touched, within: 2 hours}]
  - id: others
    group: response
    targets: [{id: t, starts: offered, stops: touched, within: 8 hours}]
  - id: extra
    when: lead.country = 'DE'
    calendar: office
    zone_of: assignee
    targets: [{id: u, starts: assigned, stops: touched, within: 4 business hours, paused_while: owner_away}]
"""
SEGMENTED = Agreement.loads(HEAD + SEGMENTS)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def story(lead: str = "L1", source: str | None = "web") -> list[f.Fact]:
    at: dict[str, Any] = {"lead": lead, "occurred_at": NOW, "recorded_at": NOW}
    return [
        f.LeadCaptured(source=source, **at),
        f.HandoffOffered(handoff=f"{lead}:1", **at),
        f.HandoffAssigned(handoff=f"{lead}:1", owner="ann", **at),
    ]


def ids(fields: dict[str, object], source: str | None = "web") -> list[str]:
    return [policy.id for policy in holding(SEGMENTED, LeadHistory.fold(story(source=source)), fields)]


def test_the_first_policy_of_a_group_that_surely_fits_holds() -> None:
    assert ids({"employees": 5000}) == ["large"]
    assert ids({"employees": 5000}, "partner") == ["large"]
    assert ids({"employees": 50}, "partner") == ["partner"], "the history knows the source"
    assert ids({"employees": 50}) == ["others"]
    assert ids({}) == ["others"], "what is unknown fits nobody"
    assert ids({"country": "DE"}) == ["others", "extra"]


def test_clocks_follow_the_fields_of_each_lead() -> None:
    facts = [*story("L1"), *story("L2")]
    later = NOW + timedelta(minutes=1)
    found = lb.clocks(facts, agreement=SEGMENTED, at=later, fields={"L1": {"employees": 1000}})
    assert {(clock.lead, clock.policy) for clock in found} == {("L1", "large"), ("L2", "others")}


def test_people_of_the_agreement_and_of_the_moment_set_the_zone() -> None:
    fields = {"L1": {"country": "DE"}}
    facts, later = story(), NOW + timedelta(minutes=1)
    (clock,) = lb.clocks(facts, agreement=SEGMENTED, at=later, fields=fields).of_function("sales")[1:]
    # 14:30 in Kolkata; the third of March is off.
    assert clock.due_at == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
    people = {"ann": Person()}
    (clock,) = lb.clocks(facts, agreement=SEGMENTED, at=later, fields=fields, people=people)[:1]
    assert clock.due_at == NOW + timedelta(hours=4)


def test_where_people_are_is_no_part_of_what_was_signed() -> None:
    assert "people" not in governed(SEGMENTED)
    assert Agreement.loads(SEGMENTED.to_yaml()) == SEGMENTED


POLICY = "slas:\n  - id: a\n    targets:\n      - {id: t, starts: offered, stops: touched, within: 4 hours"

NEVER = """slas:
  - {id: a, group: g, targets: [{id: t, starts: offered, stops: touched, within: 1h}]}
  - {id: b, group: g, when: lead.source = 'x', targets: [{id: t, starts: offered, stops: won, within: 1h}]}"""


@pytest.mark.parametrize(
    ("text", "line", "words", "remedy"),
    [
        (POLICY + ", resets: 'stage:wonn'}", 7, "unknown stage wonn", "did you mean won?"),
        (POLICY + ", cancels: ['stage:gone']}", 7, "unknown stage gone", "use one of"),
        (POLICY + ", paused_while: 'stage:lostt'}", 7, "unknown stage lostt", "did you mean lost?"),
        (POLICY + ", paused_while: [owner_awy]}", 7, "unknown lead status owner_awy", "did you mean owner_away?"),
        (POLICY + ", escalate: [{at: due, to: a}, {at: due, to: a}]}", 7, "due to a is listed twice", "remove one"),
        (POLICY + ", escalate: [{at: later, to: a}]}", 7, "'later' is no moment", "+2 hours"),
        (POLICY + ", grace: soon}", 7, "'soon' is not a duration", "4 business hours"),
        (POLICY + "}\n    zone_of: assignee", 8, "no calendar is named", "add calendar"),
        (POLICY + "}\n    when: lead.stage = 'won'", 8, "lead.stage changes while the clock runs", "source, company"),
        (POLICY + "}\n    when: last_30d.content > 2", 8, "last_30d.content changes", "source, company"),
        (POLICY + "}\n    when: lead.nothing = 2", 8, "lead.nothing", "did you mean"),
        (POLICY.replace("touched", "informed") + "}", 7, "to inform is the duty of marketing", "duty_of: marketing"),
        (
            NEVER,
            6,
            "no lead ever has b",
            "move b before it",
        ),
        ("people: {ann: {zone: Europe/Londn}}", 4, "unknown time zone 'Europe/Londn'", "Europe/London"),
        ("people: {ann: {away: [{from: 2026-02-02, to: 2026-02-01}]}}", 4, "before it begins", "first day"),
        (
            "lead_statuses: [new, owner_away]\n" + POLICY + ", paused_while: owner_away}",
            8,
            "a lead status is called so",
            "rename the lead status",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_line_and_the_way_out(
    text: str, line: int, words: str, remedy: str
) -> None:
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(HEAD + text + "\n")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert remedy in problem.remedy
    assert problem.line == line


RICH = """
slas:
  - id: a
    targets:
      - id: t
        starts: offered
        stops: decided
        within: 4 hours
        grace: 1 hour
        warn_before: 30m
        resets: touched
        cancels: "stage:disqualified"
        paused_while: [bad_timing, owner_away]
        escalate: [{at: due, to: manager}]
      - {id: c, starts: offered, within: 2 days, cadence: {touches: 6, channels: 2}}
"""


def test_the_page_says_what_the_promises_come_to() -> None:
    text = Agreement.loads(HEAD + RICH).markdown()
    for words in (
        "6 touches over 2 channels within 2 days of offered",
        "stands still while bad_timing, the owner is away",
        "grace of 1 hour; warns 30m before; begins anew with touched; ends with stage:disqualified;",
        "manager is told at due",
    ):
        assert words in text
    page = SEGMENTED.markdown()
    assert "The promises of large hold for leads with" in page
    assert "The promises of others hold for all leads for which no policy before it does." in page
    assert "count in the time zone of whoever holds the lead" in page


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("grace: 1 hour", "grace: 2 hours", "t is counted as broken after a grace of 2 hours, before 1 hour"),
        ("warn_before: 30m", "warn_before: 1h", "the warning of t comes 1h, before 30m ahead"),
        ("resets: touched", "resets: connected", "the promise t begins anew with connected, before touched"),
        ("touches: 6", "touches: 8", "c takes 8, before 6 touches"),
        ("at: due, to: manager}", "at: due, to: manager}, {at: +1 h, to: vp}", "of t, vp is told at +1 h"),
        ("to: manager", "to: vp", "of t, vp is told at due, before manager"),
    ],
)
def test_what_changed_is_said_in_a_sentence(old: str, new: str, sentence: str) -> None:
    changes = diff(Agreement.loads(HEAD + RICH), Agreement.loads(HEAD + RICH.replace(old, new)))
    assert [str(change) for change in changes] == [sentence]


def test_the_schema_for_editors_knows_the_new_keys() -> None:
    definitions = Agreement.json_schema()["$defs"]
    assert {"grace", "cadence", "escalate", "resets", "cancels", "warn_before"} <= set(
        definitions["Target"]["properties"]
    )
    assert {"id", "starts"} == set(definitions["Target"]["required"])
    assert {"zone", "away", "manager"} == set(definitions["Person"]["properties"])
