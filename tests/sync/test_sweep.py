"""The sweep: what vanished without a trace, what nobody ever read, and lists that are not to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from leadbridge.adapter import Page, Record, Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import CursorExpired, Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.sync.sweep import Swept
from leadbridge.sync.upkeep import Upkeep
from tests.sync.conftest import Bench, make_bench, person


class Hiding(MemoryAdapter):
    """A CRM of which some records are hidden from us, as by a permission, and that pages short."""

    def __init__(self, account: str, clock: ManualClock) -> None:
        super().__init__(account, clock=clock)
        self.hidden: set[Ref] = set()
        self.pages = 0

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        page = super().changes(kind, since, fields=fields, limit=limit)
        kept = tuple(item for item in page.items if isinstance(item, Record) and item.ref not in self.hidden)
        return Page(kept, page.cursor, page.more, page.covered_until)

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        self.pages += 1
        page = super().ids(kind, cursor, archived=archived, limit=min(limit, 3))
        return Page(tuple(item for item in page.items if item not in self.hidden), page.cursor, page.more)


@pytest.fixture
def left(clock: ManualClock) -> Hiding:
    return Hiding("left", clock)


@pytest.fixture
def ten(clock: ManualClock, left: Hiding) -> tuple[Bench, list[Ref]]:
    """Ten people whom both CRMs know."""
    bench = make_bench(clock, left=left)
    refs = left.crm.seed("person", [person(number) for number in range(10)])
    bench.sync()
    bench.clock.advance(timedelta(hours=1))
    return bench, refs


def swept(bench: Bench, connection: str, approve: str | None = None) -> Swept:
    result = Upkeep(bench.engine).sweep(approve=approve)
    assert not result.failed
    return next(each for each in result.swept if (each.connection, each.kind) == (connection, "person"))


def status(bench: Bench, ref: Ref) -> str:
    return next(link.status for link in bench.store.links() if link.ref == ref)


def test_records_that_vanished_without_a_trace_are_noticed_and_their_leads_left_alone(
    ten: tuple[Bench, list[Ref]], left: Hiding
) -> None:
    bench, refs = ten
    for ref in refs[:2]:
        left.crm.remove(ref)
    assert bench.sync().writes == {}
    assert status(bench, refs[0]) == "live", "no stream of changes tells of them"
    found = swept(bench, "left")
    assert (found.met, found.known, found.missing, found.gone, found.refused) == (8, 10, 2, 2, "")
    assert bench.sync().writes == {}
    assert [status(bench, ref) for ref in refs[:3]] == ["gone", "gone", "live"]
    assert len(bench.right.crm.dump("person")) == 10, "nobody is deleted elsewhere, and nobody is made again"
    assert swept(bench, "left").missing == 0


def test_records_that_nobody_ever_read_are_read(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, _ = ten
    (new,) = left.crm.seed("person", [person(77)])
    left.hidden = {new}
    bench.sync()
    left.hidden = set()
    bench.clock.advance(timedelta(days=1))
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 10, "the stream has passed it by"
    assert swept(bench, "left").unseen == 1
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 11


def test_records_that_are_read_while_the_sweep_that_met_them_goes_on_are_not_missed_at_its_end(
    ten: tuple[Bench, list[Ref]], left: Hiding
) -> None:
    bench, _ = ten
    left.hidden = set(left.crm.seed("person", [person(number) for number in range(20, 30)]))
    bench.sync()
    left.hidden = set()
    bench.clock.advance(timedelta(days=1))
    bench.sync()
    bench.clock.advance(timedelta(minutes=1))
    upkeep, told = Upkeep(bench.engine), Swept("left", "person")
    while not told.ended:
        result = upkeep.sweep(every=timedelta(days=7), pages=1)
        told = next(each for each in result.swept if (each.connection, each.kind) == ("left", "person"))
    assert (told.met, told.unseen, told.missing, told.refused) == (20, 10, 0, "")
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 20


def test_a_list_that_lacks_too_many_known_records_is_not_believed(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, refs = ten
    left.hidden = set(refs[:3])
    found = swept(bench, "left")
    assert "only 7 of 10" in found.refused
    assert "permission" in found.refused
    assert found.approval in found.refused
    assert bench.store.hints("left") == {}
    (item,) = bench.store.quarantined()
    assert (item.subject, item.connection, item.ref.kind) == ("sweep", "left", "person")
    assert bench.sync().writes == {}
    assert {status(bench, ref) for ref in refs} == {"live"}
    left.hidden = set()
    assert swept(bench, "left").refused == ""
    assert bench.store.quarantined() == []


def test_a_person_who_says_so_has_exactly_those_records_asked_about(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, refs = ten
    for ref in refs[:5]:
        left.crm.remove(ref)
    approval = swept(bench, "left").approval
    assert swept(bench, "left", "0" * 12).refused, "another approval is none"
    found = swept(bench, "left", approval)
    assert (found.refused, found.gone) == ("", 5)
    bench.sync()
    assert sum(status(bench, ref) == "gone" for ref in refs) == 5


def test_what_is_only_hidden_from_the_list_is_not_taken_for_gone(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, refs = ten
    left.hidden = set(refs[:2])
    found = swept(bench, "left")
    assert (found.missing, found.gone) == (2, 0), "asked about each, the CRM still knows them"
    assert bench.sync().writes == {}
    assert {status(bench, ref) for ref in refs} == {"live"}


def test_an_empty_list_is_never_believed(bench: Bench) -> None:
    (only,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.clock.advance(timedelta(hours=1))
    bench.left.crm.remove(only)
    assert swept(bench, "left").refused


def test_a_sweep_goes_on_where_it_was_stopped(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, refs = ten
    left.crm.remove(refs[9])
    upkeep = Upkeep(bench.engine)
    every = timedelta(days=7)
    left.pages = 0
    first = upkeep.sweep(every=every, pages=1)
    assert [each.met for each in first.swept if (each.connection, each.kind) == ("left", "person")] == [3]
    left.crm.fail(Unavailable("down"), operation="ids", times=3)
    assert set(upkeep.sweep(every=every, pages=1).failed) == {"left"}
    again = upkeep.sweep(every=every)
    (ended,) = (each for each in again.swept if (each.connection, each.kind) == ("left", "person"))
    assert (ended.met, ended.gone, ended.ended) == (9, 1, True)
    assert upkeep.sweep(every=every).swept == [], "a week has not passed"
    bench.clock.advance(every)
    assert {(each.connection, each.kind) for each in upkeep.sweep(every=every).swept} >= {("left", "person")}


def test_a_place_that_the_crm_forgot_makes_the_sweep_begin_again(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, _ = ten
    upkeep = Upkeep(bench.engine)
    upkeep.sweep(every=timedelta(days=7), pages=1)
    left.crm.fail(CursorExpired("forgotten"), operation="ids")
    found = next(
        e for e in upkeep.sweep(every=timedelta(days=7)).swept if e.connection == "left" and e.kind == "person"
    )
    assert (found.met, found.missing) == (10, 0)


def test_who_comes_into_being_meanwhile_is_not_missed(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, _ = ten
    upkeep = Upkeep(bench.engine)
    upkeep.sweep(every=timedelta(days=7), pages=2)
    left.crm.seed("person", [person(number) for number in range(100, 120)])
    bench.sync()
    found = next(
        e for e in upkeep.sweep(every=timedelta(days=7)).swept if e.connection == "left" and e.kind == "person"
    )
    assert found.refused == ""


def test_a_record_that_was_hidden_and_is_back_is_asked_about(ten: tuple[Bench, list[Ref]], left: Hiding) -> None:
    bench, refs = ten
    fields = dict(left.crm.rows("person")[0].fields)
    left.crm.remove(refs[0])
    swept(bench, "left")
    bench.sync()
    back = left.crm.insert("person", fields)
    assert swept(bench, "left").missing == 0
    assert bench.sync().writes == {}
    assert any(item.subject == "identity" and item.ref == back.ref for item in bench.store.quarantined())


def test_a_sweep_costs_calls_for_pages_and_not_for_records(clock: ManualClock) -> None:
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(number) for number in range(60)])
    bench.sync()
    bench.clock.advance(timedelta(hours=1))
    before = bench.left.crm.requests.copy()
    swept(bench, "left")
    spent = bench.left.crm.requests - before
    assert spent["ids"] == len(bench.engine.mappings()["left"].pulled)
    assert spent["fetch"] == 0
