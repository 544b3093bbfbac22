"""What a plan says of the writes to come, and when a person has to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import pytest

from leadbridge.adapter import Ref, Value
from leadbridge.errors import ConfigError
from leadbridge.store import Conflict, Intent, Quarantined
from leadbridge.sync.case import Outcome
from leadbridge.sync.gather import Gathered
from leadbridge.sync.plan import Plan, counted, plan_hash


def write(
    lead: str,
    fields: Mapping[str, Value],
    expect: Mapping[str, Value] | None = None,
    *,
    connection: str = "right",
    action: Literal["upsert", "update"] = "update",
) -> Intent:
    return Intent(
        key="",
        lead=lead,
        connection=connection,
        action=action,
        target=Ref("person", f"record-of-{lead}"),
        fields=fields,
        expect=expect or {},
        agreed={},
        because=dict.fromkeys(fields, "changed in left only"),
    )


def outcome(lead: str, *steps: Intent, **more: object) -> Outcome:
    return Outcome(lead, intents=[(step,) for step in steps], **more)  # type: ignore[arg-type]  # fields of an outcome


def plan(*outcomes: Outcome, gathered: Gathered | None = None, **more: object) -> Plan:
    names = {each.lead: each.lead for each in outcomes}
    return Plan(plan_hash(outcomes), outcomes, gathered or Gathered(), "agreement v1", names=names, **more)  # type: ignore[arg-type]  # fields of a plan


ONE = outcome("lead-1", write("lead-1", {"title": "CFO"}, {"title": "CTO"}))
TWO = outcome("lead-2", write("lead-2", {"email": "ada@buyer.example"}, action="upsert"))


def test_the_same_writes_have_the_same_hash_in_any_order() -> None:
    assert plan_hash([ONE, TWO]) == plan_hash([TWO, ONE])
    assert plan_hash([ONE, TWO, outcome("lead-3")]) == plan_hash([ONE, TWO])


@pytest.mark.parametrize(
    "other",
    [
        write("lead-1", {"title": "CEO"}, {"title": "CTO"}),
        write("lead-1", {"title": "CFO"}, {"title": "COO"}),
        write("lead-1", {"title": None}, {"title": "CTO"}),
        write("lead-1", {"title": "CFO"}, {"title": "CTO"}, connection="left"),
        write("lead-1", {"title": "CFO"}, {"title": "CTO"}, action="upsert"),
        replace(write("lead-1", {"title": "CFO"}, {"title": "CTO"}), target=Ref("person", "another")),
    ],
    ids=["value", "what it rests on", "clear", "connection", "action", "record"],
)
def test_another_write_has_another_hash(other: Intent) -> None:
    assert plan_hash([outcome("lead-1", other)]) != plan_hash([ONE])


def test_a_plan_counts_its_writes_by_connection_and_action() -> None:
    made = plan(ONE, TWO, outcome("lead-3", left_out="the agreement's sync.include keeps it where it is"))
    assert made.counts == {"right": {"update": 1, "create": 1}}
    assert (len(made), bool(made), made.left_out) == (2, True, 1)
    assert not plan()


def test_the_summary_says_what_where_and_what_needs_a_person() -> None:
    waiting = Quarantined("f", "right", Ref("person", "x"), None, "identity", "two look alike", "merge them")
    conflict = Conflict("lead-1", "title", {"left": "CFO", "right": "CTO"}, "left", "the later record wins")
    made = plan(
        outcome("lead-1", write("lead-1", {"title": "CFO"}), conflicts=[conflict]),
        gathered=Gathered(unclear=[waiting], keyless=2, held=1),
        off=frozenset({"right"}),
        over=("3 emptied fields (sync.guards.max_clears), agreed are 2",),
    )
    assert str(made).splitlines() == [
        f"plan {made.hash} under agreement v1: 1 write",
        "  right: 1 update (writes are off for this connection)",
        "  1 conflict settled by the agreement's rules, the losing values kept",
        "  2 records without any key, not carried over",
        "  1 question for a person to decide",
        "  1 lead with writes still under way",
        "  over the agreed limits: 3 emptied fields (sync.guards.max_clears), agreed are 2",
    ]


def test_a_plan_explains_each_field_with_both_values_and_the_rule() -> None:
    conflict = Conflict("lead-1", "title", {"left": "CFO", "right": None}, "left", "the later record wins")
    made = plan(outcome("lead-1", write("lead-1", {"title": "CFO"}, {"title": None}), conflicts=[conflict]))
    assert made.explain("lead-1").splitlines() == [
        "lead lead-1:",
        "  in right: update person record-of-lead-1",
        "    title: (blank) → 'CFO'  (changed in left only)",
        "  conflict on title: left said 'CFO', right said (blank); left wins: the later record wins",
    ]


def test_a_plan_says_when_a_lead_needs_nothing_or_stays_where_it_is() -> None:
    made = plan(outcome("lead-1"), outcome("lead-2", left_out="the agreement's sync.include keeps it where it is"))
    assert "nothing to write" in made.explain("lead-1")
    assert "sync.include" in made.explain("lead-2")
    with pytest.raises(ConfigError):
        made.explain("lead-3")


def test_a_plan_shows_values_only_when_a_lead_is_asked_for() -> None:
    made = plan(ONE, TWO)
    for shown in (repr(made), str(made), str(made.to_dict()), made._repr_html_()):
        assert "ada@buyer.example" not in shown
        assert "CFO" not in shown


@pytest.mark.parametrize(("number", "text"), [(0, "0 writes"), (1, "1 write"), (2000, "2,000 writes")])
def test_numbers_are_told_in_words_that_fit(number: int, text: str) -> None:
    assert counted(number, "write") == text
