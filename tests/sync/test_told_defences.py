"""Defences of a sync that random histories hardly ever miss: each has a story that goes wrong without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.adapter import Missing, Receipt, Record, Ref, Value, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Intent, Store
from leadbridge.sync.deliver import deliver
from leadbridge.sync.settle import Settlement
from tests.sync.conftest import START, Bench, make_bench, person

ADA = str(person(1)["email"])
GRACE = timedelta(minutes=1)


class Busy(MemoryAdapter):
    """A CRM in which people work between our requests, and that may answer after we have given up waiting.

    Attributes:
        meanwhile: done once, right before records are looked at.
        late: whether the next write lands only when somebody says so.
    """

    meanwhile: Callable[[], object] | None = None
    late = False
    underway: Sequence[Write] = ()

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        work, self.meanwhile = self.meanwhile, None
        if work is not None:
            work()
        return super().fetch(refs, fields=fields)

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        if self.late:
            self.late, self.underway = False, writes
            return [Receipt(write.key, "unknown") for write in writes]
        return super().apply(writes)

    def land(self) -> None:
        """What was sent arrives."""
        super().apply(self.underway)


def busy(*, grace: timedelta = timedelta(0), known: bool = True) -> tuple[Bench, Busy]:
    """Ada, an engineer in both CRMs, or in the left one only; the other cannot refuse what somebody was faster with."""
    clock = ManualClock(START)
    right = Busy("right", clock=clock, conditional_writes=False)
    bench = make_bench(clock, right=right, grace=grace)
    bench.left.crm.seed("person", [person(1, title="Engineer")])
    if known:
        bench.sync()
    return bench, right


def somebody_is_faster(patch: pytest.MonkeyPatch) -> object:
    """A title is on its way to a CRM in which somebody changes it at that very moment."""
    bench, right = busy()
    bench.edit(bench.left, ADA, {"title": "CFO"})
    right.meanwhile = lambda: bench.edit(right, ADA, {"title": "COO"})
    bench.sync()
    return bench.by_email(bench.left, ADA)["title"]


def a_write_lands_late(patch: pytest.MonkeyPatch) -> object:
    """A write arrives after we have given up waiting for it; meanwhile its author has changed the same field again."""
    bench, right = busy(grace=GRACE)
    bench.edit(bench.left, ADA, {"title": "CFO"})
    right.late = True
    bench.engine.sync(rounds=1)
    assert right.underway
    bench.engine.sync(rounds=2)
    bench.left.crm.edit(Ref("person", str(bench.by_email(bench.left, ADA)["id"])), {"title": "CTO"})
    bench.engine.sync(rounds=2)
    bench.clock.advance(GRACE / 2)
    right.land()
    bench.clock.advance(GRACE)
    bench.sync()
    return bench.by_email(bench.left, ADA)["title"]


def a_creation_is_lost(patch: pytest.MonkeyPatch) -> object:
    """Our record is made, the answer is lost; somebody works on it before we know that it is there."""
    bench, right = busy(known=False)
    right.crm.fail(Unavailable("lost", sent=True), operation="apply", when="after")
    bench.engine.sync(rounds=1)
    bench.edit(right, ADA, {"title": "COO"})
    bench.sync()
    return bench.by_email(bench.left, ADA)["title"]


def an_answer_is_lost(patch: pytest.MonkeyPatch) -> object:
    """Our write lands, its answer is lost; somebody changes the same field there, somebody else another one here.

    In CRMs that keep no history of a field, which would tell in another way who was last.
    """
    patch.setattr("leadbridge.sync.engine.dated", lambda _rules, cases, *_: cases)
    bench, right = busy()
    bench.edit(bench.left, ADA, {"title": "CFO"})
    right.crm.fail(Unavailable("lost", sent=True), operation="apply", when="after")
    bench.engine.sync(rounds=1)
    bench.edit(right, ADA, {"title": "COO"})
    bench.edit(bench.left, ADA, {"phone": "+44 20 7946 0000"})
    bench.sync()
    return bench.by_email(bench.left, ADA)["title"]


def a_title_is_cut(patch: pytest.MonkeyPatch) -> object:
    """A title is longer than one CRM can keep; it is changed where it is whole, and something else where it is cut.

    In CRMs that keep no history of a field, as above.
    """
    patch.setattr("leadbridge.sync.engine.dated", lambda _rules, cases, *_: cases)
    clock = ManualClock(START)
    right = MemoryAdapter("right", clock=clock)
    person_there = right.crm.schema["person"]
    person_there["title"] = replace(person_there["title"], max_length=8)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, title="Engineer of bridges")])
    bench.sync()
    bench.edit(bench.left, ADA, {"title": "CFO"})
    bench.edit(right, ADA, {"phone": "+44 20 7946 0000"})
    bench.sync()
    return bench.by_email(bench.left, ADA)["title"]


def without_a_base_for_each_side(patch: pytest.MonkeyPatch) -> None:
    real = Store.bases

    def common(self: Store, leads: Iterable[str] | None = None) -> dict[tuple[str, str], dict[str, Value]]:
        found = real(self, leads)
        return {(lead, side): found.get((lead, "left"), base) for (lead, side), base in found.items()}

    patch.setattr(Store, "bases", common)


def without_looking_before_writing(patch: pytest.MonkeyPatch) -> None:
    real = Settlement.precondition

    def hasty(self: Settlement, intent: Intent, answer: Record | Missing) -> bool:
        return isinstance(answer, Record) or real(self, intent, answer)

    patch.setattr(Settlement, "precondition", hasty)


def without_grace(patch: pytest.MonkeyPatch) -> None:
    def at_once(*args: Any, grace: timedelta, **more: Any) -> Any:
        return deliver(*args, grace=timedelta(0), **more)

    patch.setattr("leadbridge.sync.engine.deliver", at_once)


def without_the_op_marker(patch: pytest.MonkeyPatch) -> None:
    real = Settlement.precondition

    def blind(self: Settlement, intent: Intent, answer: Record | Missing) -> bool:
        return real(self, replace(intent, attempts=0), answer)

    patch.setattr(Settlement, "precondition", blind)


def with_values_for_a_marker(patch: pytest.MonkeyPatch) -> None:
    real = Settlement.precondition

    def guessing(self: Settlement, intent: Intent, answer: Record | Missing) -> bool:
        if intent.attempts and isinstance(answer, Record):
            ours = all(answer.fields.get(name) == value for name, value in intent.fields.items())
            marker = {self.kind.own["op"]: intent.key if ours else None}
            return real(self, intent, replace(answer, fields={**answer.fields, **marker}))
        return real(self, intent, answer)

    patch.setattr(Settlement, "precondition", guessing)


def without_looking_up_a_lost_creation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settlement, "made_before", lambda *_: None)


@dataclass(frozen=True)
class Told:
    """A defence, how it is taken away, the story that it is for, and how that one ends with it and without it."""

    take_away: Callable[[pytest.MonkeyPatch], None]
    story: Callable[[pytest.MonkeyPatch], object]
    with_it: str
    without: str


TOLD = {
    "F": Told(without_a_base_for_each_side, a_title_is_cut, "CFO", "Engineer"),
    "H": Told(without_looking_before_writing, somebody_is_faster, "COO", "CFO"),
    "I": Told(with_values_for_a_marker, an_answer_is_lost, "COO", "CFO"),
    "J": Told(without_the_op_marker, an_answer_is_lost, "COO", "CFO"),
    "K": Told(without_grace, a_write_lands_late, "CTO", "CFO"),
    "L": Told(without_looking_up_a_lost_creation, a_creation_is_lost, "COO", "Engineer"),
}
"""By the letter of the defence."""


@pytest.mark.parametrize("name", TOLD)
def test_a_story_that_needs_a_defence_ends_well(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TOLD[name].story(monkeypatch) == TOLD[name].with_it


@pytest.mark.parametrize("name", TOLD)
def test_without_its_defence_the_story_ends_badly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    TOLD[name].take_away(monkeypatch)
    assert TOLD[name].story(monkeypatch) == TOLD[name].without
