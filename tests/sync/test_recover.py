"""A database that was restored from a backup: noticed before anything is written, and brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import ApprovalNeeded, StoreBehind
from leadbridge.store import RECOVERED, Line, Store
from leadbridge.sync import Selection
from leadbridge.sync.record import record
from leadbridge.sync.upkeep import Upkeep
from tests.sync.conftest import Bench, make_bench, person

ADA, BOB, CAY = (f"person{number}@buyer{number}.example" for number in (1, 2, 3))


class Backups:
    """A bench on a file that can be saved and put back."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.file, self.saved = folder / "lead.db", folder / "saved.db"
        self.bench = make_bench(clock, store=self._open())

    def _open(self) -> Store:
        return Store(f"sqlite:///{self.file}")

    def save(self) -> None:
        with sqlite3.connect(self.file) as now, sqlite3.connect(self.saved) as copy:
            now.backup(copy)
        now.close()
        copy.close()

    def restore(self) -> Bench:
        self.bench.store.close()
        for name in (f"{self.file}-wal", f"{self.file}-shm"):
            Path(name).unlink(missing_ok=True)
        self.file.write_bytes(self.saved.read_bytes())
        old = self.bench
        self.bench = make_bench(old.clock, left=old.left, right=old.right, store=self._open())
        return self.bench


@pytest.fixture
def backups(tmp_path: Path, clock: ManualClock) -> Iterator[Backups]:
    found = Backups(tmp_path, clock)
    found.bench.left.crm.seed("person", [person(number, title="CEO") for number in (1, 2, 3)])
    found.bench.sync()
    found.save()
    yield found
    found.bench.store.close()


def forget(backups: Backups) -> Bench:
    """After the backup Ada's new title is carried over; then the backup is put back."""
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    return backups.restore()


def approved(bench: Bench) -> None:
    """A person looks at the first plan and approves it; then everything goes on."""
    plan = bench.engine.plan()
    bench.engine.apply(plan, approve=plan.hash)
    bench.sync()


def titles(bench: Bench, email: str = ADA) -> tuple[object, object]:
    return tuple(bench.by_email(side, email)["title"] for side in (bench.left, bench.right))  # type: ignore[return-value]


def test_a_restored_database_is_refused_before_anything_is_written(backups: Backups) -> None:
    bench = forget(backups)
    before = bench.right.crm.requests["apply"] + bench.left.crm.requests["apply"]
    for attempt in (bench.engine.sync, bench.engine.plan, lambda: bench.engine.sync(yes=True, approve="x")):
        with pytest.raises(StoreBehind, match="leadbridge recover") as caught:
            attempt()
        assert "1 in right" in str(caught.value)
        assert ADA not in str(caught.value)
    assert bench.right.crm.requests["apply"] + bench.left.crm.requests["apply"] == before


def test_nothing_is_taken_back_by_a_database_that_does_not_know_what_it_wrote_since(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, BOB, {"title": "CFO"})
    bench.clock.advance(timedelta(minutes=1))
    plan = bench.engine.plan()
    bench.engine.apply(plan)
    back = bench.engine.undo(plan.hash)
    backups.save()
    bench = forget(backups)
    for attempt in (lambda: bench.engine.undo(plan.hash), lambda: bench.engine.apply(back)):
        with pytest.raises(StoreBehind, match="leadbridge recover"):
            attempt()
    assert titles(bench, BOB) == ("CFO", "CFO")
    Upkeep(bench.engine).recover(yes=True)
    approved(bench)
    again = bench.engine.undo(plan.hash)
    bench.engine.apply(again, approve=again.hash)
    assert titles(bench, BOB) == ("CFO", "CEO"), "a recovered one takes back what it knows"


def test_a_database_that_went_on_all_the_time_is_not_refused(backups: Backups) -> None:
    bench = backups.bench
    for title in ("CTO", "CFO", "COO"):
        bench.edit(bench.left, ADA, {"title": title})
        bench.sync()
    bench = backups.bench
    bench.store.close()
    again = make_bench(bench.clock, left=bench.left, right=bench.right, store=backups._open())
    assert again.engine.sync().writes == {}
    again.store.close()


def test_a_database_to_which_nothing_happened_since_it_was_saved_goes_on(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench = backups.restore()
    bench.sync()
    assert titles(bench) == ("CTO", "CTO")


def test_recovering_is_shown_first_and_changes_nothing(backups: Backups) -> None:
    bench = forget(backups)
    found = Upkeep(bench.engine).recover()
    assert (dict(found.records), found.forgotten, len(found.leads), found.done) == ({"right": 1}, 1, 1, False)
    assert "nobody knows what was agreed on last: 1" in found.summary()
    with pytest.raises(StoreBehind):
        bench.engine.plan()


def test_what_both_crms_say_alike_is_agreed_again_without_a_write(backups: Backups) -> None:
    bench = forget(backups)
    assert Upkeep(bench.engine).recover(yes=True).done
    assert bench.engine.plan().writes == []
    bench.sync()
    assert titles(bench) == ("CTO", "CTO")
    bench.edit(bench.left, ADA, {"title": "CDO"})
    bench.sync()
    assert titles(bench) == ("CDO", "CDO"), "from here on everything is as ever"


def test_an_edit_that_was_made_after_the_last_sync_waits_for_a_person_and_then_goes_over(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    bench.edit(bench.right, ADA, {"title": "CDO"})
    bench = backups.restore()
    Upkeep(bench.engine).recover(yes=True)
    with pytest.raises(ApprovalNeeded, match="restored database"):
        bench.engine.sync()
    assert titles(bench) == ("CTO", "CDO"), "nobody is written over before a person has looked"
    plan = bench.engine.plan()
    assert any("restored" in reason for reason in plan.over)
    with pytest.raises(ApprovalNeeded):
        bench.engine.apply(plan)
    bench.engine.apply(plan, approve=plan.hash)
    assert bench.store.basis(RECOVERED) == ""
    bench.sync()
    assert titles(bench) == ("CDO", "CDO")


def test_an_opt_out_does_not_wait_until_somebody_has_looked_at_the_first_plan(backups: Backups) -> None:
    bench = forget(backups)
    Upkeep(bench.engine).recover(yes=True)
    bench.edit(bench.left, BOB, {"opted_out": True, "title": "CDO"})
    with pytest.raises(ApprovalNeeded, match="restored database"):
        bench.engine.sync()
    there = bench.by_email(bench.right, BOB)
    assert (there["opted_out"], there["title"]) == (True, "CEO")
    assert bench.store.basis(RECOVERED), "the rest still needs a person"
    approved(bench)
    assert titles(bench, BOB) == ("CDO", "CDO")


def test_a_lead_that_was_not_written_meanwhile_keeps_what_was_agreed(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    bench.edit(bench.left, BOB, {"title": None, "phone": "+1 555 0100"})
    bench.edit(bench.right, CAY, {"phone": ""})
    bench = backups.restore()
    found = Upkeep(bench.engine).recover(yes=True)
    assert len(found.leads) == 1
    approved(bench)
    assert bench.by_email(bench.right, BOB)["phone"] == "+1 555 0100"


def test_approving_a_part_of_the_plan_is_not_approving_it(backups: Backups) -> None:
    bench = backups.bench
    for email in (ADA, BOB):
        bench.edit(bench.left, email, {"title": "CTO"})
    bench.sync()
    for email in (ADA, BOB):
        bench.edit(bench.left, email, {"title": "CDO"})
    bench = backups.restore()
    Upkeep(bench.engine).recover(yes=True)
    part = bench.engine.plan(selection=Selection(limit=1))
    bench.engine.apply(part, approve=part.hash)
    with pytest.raises(ApprovalNeeded):
        bench.engine.sync()
    whole = bench.engine.plan()
    bench.engine.apply(whole, approve=whole.hash)
    bench.sync()
    assert titles(bench, ADA) == titles(bench, BOB) == ("CDO", "CDO")


def test_who_was_made_after_the_backup_is_recognised_and_not_made_again(backups: Backups) -> None:
    bench = backups.bench
    bench.left.crm.seed("person", [person(4)])
    bench.sync()
    bench = backups.restore()
    found = Upkeep(bench.engine).recover(yes=True)
    assert found.records == {"left": 1, "right": 1}
    approved(bench)
    assert len(bench.right.crm.dump("person")) == len(bench.left.crm.dump("person")) == 4


def test_writes_that_were_still_to_come_at_the_backup_are_planned_anew(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    plan = bench.engine.plan()
    record(bench.store, plan.outcomes, plan.gathered, off=(), now=bench.clock.now(), plan=plan.hash)
    assert len(bench.store.intents()) == 1
    backups.save()
    bench.sync()
    bench.edit(bench.left, ADA, {"title": "CDO"})
    bench.sync()
    bench = backups.restore()
    with pytest.raises(StoreBehind):
        bench.engine.sync()
    assert Upkeep(bench.engine).recover(yes=True).dropped == 1
    bench.sync()
    assert titles(bench) == ("CDO", "CDO")


def test_an_opt_out_and_a_decision_of_the_forgotten_time_are_told_again(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"opted_out": True})
    bench.edit(bench.right, ADA, {"status": "rejected", "reason": "bad_timing"})
    bench.sync()
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    told = sorted(type(fact).__name__ for _, fact in bench.store.facts())
    bench = backups.restore()
    Upkeep(bench.engine).recover(yes=True)
    approved(bench)
    again = sorted(type(fact).__name__ for _, fact in bench.store.facts())
    assert "ConsentWithdrawn" in again
    wanted = {name for name in told if name in ("ConsentWithdrawn", "HandoffDecided", "StageEntered")}
    assert wanted <= set(again)
    assert bench.by_email(bench.right, ADA)["opted_out"] is True


def test_who_was_deleted_for_good_meanwhile_is_not_made_again(backups: Backups) -> None:
    bench = backups.bench
    ref = Ref("person", str(bench.by_email(bench.left, BOB)["id"]))
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    bench.left.crm.remove(ref)
    bench.clock.advance(timedelta(hours=1))
    bench = backups.restore()
    found = Upkeep(bench.engine).recover(yes=True)
    assert any(each.connection == "left" and each.missing == 1 for each in found.swept.swept)
    approved(bench)
    assert len(bench.left.crm.dump("person")) == 2


def test_where_an_account_has_no_field_for_our_marker_a_person_says_that_it_was_restored(backups: Backups) -> None:
    bench = backups.bench
    assert not Upkeep(bench.engine).recover(yes=True), "nothing says that anything is amiss"
    found = Upkeep(bench.engine).recover(yes=True, everything=True)
    assert found.done
    assert len(found.leads) == 3
    bench.edit(bench.left, ADA, {"title": "CTO"})
    with pytest.raises(ApprovalNeeded):
        bench.engine.sync()
    approved(bench)
    assert titles(bench) == ("CTO", "CTO")


def test_a_value_that_was_filled_in_since_is_not_cleared_by_the_blank_of_the_other_side(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    bench.edit(bench.left, ADA, {"phone": "+1 555 0100"})
    bench.edit(bench.right, ADA, {"last_name": "Lovelace"})
    bench = backups.restore()
    Upkeep(bench.engine).recover(yes=True)
    approved(bench)
    assert bench.by_email(bench.right, ADA)["phone"] == bench.by_email(bench.left, ADA)["phone"] == "+1 555 0100"
    assert bench.by_email(bench.left, ADA)["last_name"] == "Lovelace"


def test_an_old_title_that_somebody_put_back_is_no_older_than_the_forgotten_one(backups: Backups) -> None:
    bench = backups.bench
    bench.edit(bench.left, ADA, {"title": "CTO"})
    bench.sync()
    bench.edit(bench.left, ADA, {"title": "CEO"})
    bench = backups.restore()
    Upkeep(bench.engine).recover(yes=True)
    approved(bench)
    assert titles(bench) == ("CEO", "CEO"), "the backup says CEO on both sides, and nobody may believe that"


def test_a_marker_says_whose_it_is_and_when_it_was_given_out() -> None:
    store = Store("sqlite://")
    with store.transaction() as tx:
        assert tx.lineage.marks(0) == []
        first, second = tx.lineage.marks(2)
    with store.transaction() as tx:
        (third,) = tx.lineage.marks(1)
    line = store.line()
    assert [line.number(mark) for mark in (first, second, third)] == [1, 2, 3]
    assert len({first, second, third}) == 3
    assert {len(mark) for mark in (first, second, third)} == {24}
    later = f"{line.name}{4:08x}{'0' * 8}"
    assert [line.ahead(mark) for mark in (first, third, later)] == [False, False, True]
    for strange in (None, "", 7, "0" * 24, f"{line.name}nonsense{'0' * 8}", f"{line.name}ff"):
        assert line.number(strange) is None
        assert not line.ahead(strange)
    assert not Line().ahead(later)
    store.close()
