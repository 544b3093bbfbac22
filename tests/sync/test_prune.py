"""Pruning removes what nothing needs any more, says how much, and never changes what is done next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.adapter import Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge.memory import MemoryAdapter
from leadbridge.settings import RetentionSettings
from leadbridge.sync.upkeep import Upkeep
from tests.sync.conftest import START, Bench, make_bench, person

KEEP = RetentionSettings.model_validate({"records": "90 days", "writes": "30 days", "audit": "30 days"})
LONG = timedelta(days=120)


def prune(bench: Bench, keep: RetentionSettings = KEEP, *, yes: bool = True) -> dict[str, int]:
    return Upkeep(bench.engine).prune(keep, yes=yes)


def email(number: int) -> str:
    return f"person{number}@buyer{number}.example"


def test_nothing_is_removed_without_a_retention_or_before_its_time(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    assert prune(bench, RetentionSettings()) == {}
    assert set(prune(bench).values()) == {0}


def test_what_would_be_removed_is_said_first_and_stays(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.clock.advance(LONG)
    told = prune(bench, yes=False)
    assert told["intent"] > 0
    assert told["round"] > 0
    before = bench.store.count("intent")
    assert prune(bench) == told
    assert bench.store.count("intent") == before - told["intent"]


def test_a_record_that_is_gone_is_forgotten_with_what_was_agreed_on_it_and_its_lead_stays_gone(bench: Bench) -> None:
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.left.crm.delete(ref)
    bench.right.crm.delete(Ref("person", str(bench.by_email(bench.right, email(1))["id"])))
    bench.sync()
    facts = bench.store.count("fact")
    bench.clock.advance(LONG)
    assert prune(bench)["observation"] == 2
    assert bench.store.count("base") == bench.store.count("handle") == 0
    assert bench.store.count("fact") == facts
    assert {link.status for link in bench.store.links()} == {"gone"}
    assert bench.sync().writes == {}


def test_a_live_record_and_what_is_open_undecided_or_asked_is_kept_whatever_its_age(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    (ref,) = bench.left.crm.seed("person", [person(3)])
    bench.sync()
    bench.left.crm.remove(ref)
    with bench.store.transaction() as tx:
        tx.hint("left", [ref], bench.clock.now())
    bench.sync()
    assert bench.store.quarantined(), "a record that vanished is asked about"
    bench.clock.advance(LONG)
    assert prune(bench)["observation"] == 0
    assert len(bench.store.quarantined()) == 1


def test_an_applied_plan_is_forgotten_whole_and_can_then_not_be_taken_back(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1), person(2)])
    bench.sync()
    bench.clock.advance(LONG)
    bench.edit(bench.left, email(1), {"title": "CTO"})
    bench.sync()
    plans = [name for name, _, _ in bench.store.applied_plans()]
    assert prune(bench)["intent"] > 0
    left = [name for name, _, _ in bench.store.applied_plans()]
    assert left == plans[: len(left)]
    assert len(left) == 1
    assert bench.engine.undo(left[0]).writes
    with pytest.raises(ConfigError, match="nothing was written"):
        bench.engine.undo(plans[-1])


@pytest.mark.parametrize("keep", [{"records": "89 days"}, {"writes": "23 hours"}, {"audit": "1 day"}])
def test_what_is_needed_in_any_case_cannot_be_given_up(keep: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="greater than or equal"):
        RetentionSettings.model_validate(keep)


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["title", "phone", "opt_out", "delete", "merge", "new", "stage", "clear"]),
        st.integers(0, 1),
        st.integers(0, 4),
    ),
    max_size=9,
)


def play(steps: list[Step], upkeep: Callable[[Bench], object]) -> tuple[object, ...]:
    """What two CRMs hold after a history, with something done to the database after each step."""
    clock = ManualClock(START)
    bench = make_bench(clock, left=MemoryAdapter("left", clock=clock), right=MemoryAdapter("right", clock=clock))
    bench.left.crm.seed("person", [person(number, title="CEO") for number in range(4)])
    bench.sync()
    written = []
    for number, (what, where, whom) in enumerate(steps):
        side = (bench.left, bench.right)[where]
        clock.advance(LONG)
        live = [row for row in side.crm.rows("person") if row.state == "live"]
        if what == "new":
            side.crm.seed("person", [person(100 + number)])
        elif live:
            ref, other = live[whom % len(live)].ref, live[(whom + 1) % len(live)].ref
            if what == "delete":
                side.crm.delete(ref)
            elif what == "merge":
                if ref != other:
                    side.crm.merge(ref, other)
            else:
                edits: dict[str, dict[str, Value]] = {
                    "title": {"title": f"Title {number}"},
                    "phone": {"phone": f"+1 555 01{number:02}"},
                    "clear": {"phone": None},
                    "opt_out": {"opted_out": True},
                    "stage": {"stage": "sales_accepted"},
                }
                side.crm.edit(ref, edits[what])
        clock.advance(timedelta(minutes=1))
        written.append(bench.engine.sync().writes)
        upkeep(bench)
    clock.advance(LONG)
    written.append(bench.engine.sync().writes)
    keys = ("id", "leadbridge_op")
    held = [
        sorted(str({k: v for k, v in row.items() if k not in keys}) for row in side.crm.dump("person"))
        for side in (bench.left, bench.right)
    ]
    facts = sorted((fact.lead, type(fact).__name__, fact.occurred_at) for _, fact in bench.store.facts())
    waiting = sorted(item.fingerprint for item in bench.store.quarantined())
    bench.store.close()
    return written, held, facts, waiting


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_a_prune_never_changes_what_is_done_next(steps: list[Step]) -> None:
    def pruned(bench: Bench) -> None:
        bench.clock.advance(LONG)
        prune(bench)

    def waited(bench: Bench) -> None:
        bench.clock.advance(LONG)

    assert play(steps, pruned) == play(steps, waited)
