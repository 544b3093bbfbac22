"""What a CRM refused waits, is tried again when that makes sense, and holds nobody else up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from leadbridge.adapter import Description, Missing, Receipt, Record, Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge.memory import MemoryAdapter
from leadbridge.store import Quarantined
from leadbridge.sync.refusals import CLASSES, class_of, tried_again
from leadbridge.sync.release import found, of_class, release
from tests.sync.conftest import START, Bench, make_bench, person

POISON = "person1@buyer1.example"


class Picky(MemoryAdapter):
    """A CRM that refuses one title, for a reason of its own."""

    reason = "VALIDATION: title"
    asked = 0
    longest = 0

    def describe(self) -> Description:
        about = super().describe()
        person = about.kinds["person"]
        title = replace(person.fields["title"], max_length=self.longest)
        kind = replace(person, fields={**person.fields, "title": title})
        return replace(about, kinds={**about.kinds, "person": kind})

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        bad = [write for write in writes if write.fields.get("title") == "Poison"]
        self.asked += len(bad)
        good = {receipt.key: receipt for receipt in super().apply([write for write in writes if write not in bad])}
        return [good.get(write.key) or Receipt(write.key, "rejected", reason=self.reason) for write in writes]


@pytest.fixture
def right(clock: ManualClock) -> Picky:
    return Picky("right", clock=clock)


@pytest.fixture
def picky(clock: ManualClock, right: Picky) -> Bench:
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(n) for n in range(3)])
    bench.sync()
    bench.edit(bench.left, POISON, {"title": "Poison"})
    return bench


def waiting(bench: Bench) -> list[Quarantined]:
    return [item for item in bench.store.quarantined() if item.subject == "title"]


def test_one_poison_record_delays_nobody(picky: Bench, right: Picky) -> None:
    for number in (0, 2):
        picky.edit(picky.left, f"person{number}@buyer{number}.example", {"title": "CFO"})
    picky.clock.advance(timedelta(minutes=1))
    first = picky.engine.sync(rounds=1)
    assert first.rounds[0].delivered.applied["right"] == 2, "in the same round as without it"
    assert first.refused == 1
    assert [row.get("title") for row in right.crm.dump("person")] == ["CFO", None, "CFO"]
    (item,) = waiting(picky)
    assert (item.subject, class_of(item), item.ref.kind) == ("title", "data", "person")
    assert "VALIDATION" in item.reason
    assert "another value is tried again" in item.remedy


def test_what_was_refused_is_not_tried_again_while_nothing_changes(picky: Bench, right: Picky) -> None:
    for _ in range(4):
        picky.sync()
    assert right.asked == 1


def test_it_is_tried_again_when_its_record_changes(picky: Bench, right: Picky) -> None:
    picky.sync()
    picky.edit(right, POISON, {"phone": "0123"})
    picky.sync()
    assert right.asked == 2
    picky.sync()
    assert right.asked == 2, "refused again, it waits again"


def test_it_is_tried_again_when_the_rules_of_its_field_change(picky: Bench, right: Picky) -> None:
    picky.sync()
    right.longest = 80
    picky.sync()
    assert right.asked == 2
    picky.sync()
    assert right.asked == 2


def test_another_value_settles_it(picky: Bench, right: Picky) -> None:
    picky.sync()
    picky.edit(picky.left, POISON, {"title": "CFO"})
    picky.sync()
    assert waiting(picky) == []
    assert picky.by_email(right, POISON)["title"] == "CFO"


def test_a_passing_reason_is_tried_six_times_within_a_day_or_so(picky: Bench, right: Picky) -> None:
    right.reason = "UNABLE_TO_LOCK: title"
    for _ in range(200):
        picky.engine.sync()
        picky.clock.advance(timedelta(minutes=15))
    assert right.asked == 7
    (item,) = waiting(picky)
    assert (class_of(item), item.tries) == ("transient", 7)


def test_a_reason_that_passes_settles_itself(picky: Bench, right: Picky) -> None:
    right.reason = "UNABLE_TO_LOCK: title"
    picky.sync()
    right.apply = super(Picky, right).apply  # type: ignore[method-assign]  # the lock is gone
    picky.clock.advance(timedelta(minutes=6))
    picky.sync()
    assert waiting(picky) == []
    assert picky.by_email(right, POISON)["title"] == "Poison"


def test_what_is_released_is_tried_once_more(picky: Bench, right: Picky) -> None:
    picky.sync()
    (item,) = waiting(picky)
    assert found(picky.store, item.fingerprint[:8]) == item
    assert release(picky.store, [item], picky.clock.now()) == 1
    assert waiting(picky) == []
    picky.sync()
    assert right.asked == 2
    assert [each.fingerprint for each in waiting(picky)] == [item.fingerprint]
    assert release(picky.store, of_class(picky.store, "data"), picky.clock.now()) == 1
    assert of_class(picky.store, "permission") == []


def test_what_is_released_has_to_be_named_clearly(picky: Bench) -> None:
    for name in ("", "zzzzzzzz", "a"):
        with pytest.raises(ConfigError, match="leadbridge quarantine lists"):
            found(picky.store, name)
    with pytest.raises(ConfigError, match="transient, data, permission"):
        of_class(picky.store, "frobs")


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("UNABLE_TO_LOCK_ROW", "transient"),
        ("REQUEST_LIMIT_EXCEEDED", "transient"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "permission"),
        ("FIELD_NOT_WRITABLE", "permission"),
        ("MISSING_SCOPES", "permission"),
        ("DUPLICATES_DETECTED", "conflict"),
        ("STALE_VERSION", "conflict"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "data"),
        ("INVALID_OPTION", "data"),
        ("SILENTLY_KEPT", "data"),
        ("REQUIRED_FIELD_MISSING", "data"),
        ("STRING_TOO_LONG", "data"),
        ("SOMETHING_ELSE", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_reason_has_a_class(reason: str, name: str) -> None:
    item = Quarantined("f", "right", Ref("person", "1"), "lead-1", "title", f"refused by the CRM: {reason}", "")
    assert class_of(item) == name
    assert name in CLASSES


@pytest.mark.parametrize(("origin", "name"), [("identity", "conflict"), ("decision", "data"), ("person", "undone")])
def test_what_no_crm_refused_has_a_class_by_who_stopped_it(origin: str, name: str) -> None:
    item = Quarantined("f", "right", Ref("person", "1"), "lead-1", "title", "why", "", origin)  # type: ignore[arg-type]
    assert class_of(item) == name
    assert not tried_again(item, START, "another stamp")


class Vanishing(MemoryAdapter):
    """A CRM without versions in which somebody deletes what we are about to write."""

    armed = False

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        found = super().fetch(refs, fields=fields)
        return [replace(each, version="1") if isinstance(each, Record) else each for each in found]

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        if not self.armed:
            return super().apply(writes)
        for write in writes:
            self.crm.delete(write.target)
        return [Receipt(write.key, "conflict", reason="ENTITY_IS_DELETED") for write in writes]


def test_what_went_since_we_looked_is_not_in_the_way_and_waits_for_nobody(clock: ManualClock) -> None:
    right = Vanishing("right", clock=clock)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, POISON, {"title": "CFO"})
    right.armed = True
    bench.sync()
    assert right.crm.dump("person") == []
    assert bench.store.quarantined() == []
