from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Record, Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import CursorExpired
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.crm import Row
from leadbridge.memory.stream import Place, next_rows

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["seed", "edit", "delete", "merge", "page", "page", "wait"]),
            st.integers(0, 20),
            st.integers(0, 40),
        ),
        max_size=40,
    ),
    limit=st.integers(1, 5),
    lag=st.integers(0, 10),
)
def test_whoever_reads_on_ends_up_knowing_everything(steps: list[tuple[str, int, int]], limit: int, lag: int) -> None:
    """Reading page by page between edits, with ties, lag and a new adapter for every page, loses no last state."""
    clock = ManualClock(START)
    first = MemoryAdapter("a", clock=clock, settle=timedelta(seconds=10))
    crm = first.crm
    crm.lag = timedelta(seconds=lag)
    refs: list[Ref] = []
    known: dict[Ref, Record] = {}
    cursor: str | None = None

    def read() -> bool:
        nonlocal cursor
        page = MemoryAdapter(crm=crm, settle=timedelta(seconds=10)).changes(
            "person", cursor, fields=["title"], limit=limit
        )
        cursor = page.cursor
        known.update({item.ref: item for item in page.items if isinstance(item, Record)})
        return page.more

    for what, which, number in steps:
        live = [ref for ref in refs if (row := crm.row(ref)) is not None and row.state == "live"]
        if what == "page":
            read()
        elif what == "wait":
            clock.advance(timedelta(seconds=which / 4))
        elif what == "seed" or len(live) < 2:
            refs += crm.seed("person", [{"title": str(number)}] * (which % 4))
        elif what == "edit":
            crm.edit(live[which % len(live)], {"title": str(number)})
        elif what == "delete":
            crm.delete(live[which % len(live)])
        else:
            crm.merge(live[which % len(live)], live[(which + 1) % len(live)])
    clock.advance(timedelta(seconds=11))
    while read():
        pass
    while read():
        pass
    assert set(known) == set(refs)
    for ref, record in known.items():
        row = crm.row(ref)
        assert row is not None
        assert (record.version, record.state, record.successor) == (str(row.version), row.state, row.successor)
        assert record.fields["title"] == row.fields["title"]


def test_a_look_back_does_not_repeat_what_was_shown() -> None:
    clock = ManualClock(START)
    adapter = MemoryAdapter(clock=clock, settle=timedelta(seconds=30))
    adapter.crm.seed("person", [{}] * 7)
    page = adapter.changes("person", None, fields=["title"], limit=10)
    for _ in range(5):
        clock.advance(timedelta(seconds=7))
        page = adapter.changes("person", page.cursor, fields=["title"], limit=10)
        assert page.items == ()
        assert page.covered_until == clock.now() - timedelta(seconds=30)


def test_too_much_in_the_look_back_is_rather_repeated_than_remembered() -> None:
    clock = ManualClock(START)
    adapter = MemoryAdapter(clock=clock, settle=timedelta(seconds=30))
    adapter.crm.seed("person", [{}] * 2500)
    page = adapter.changes("person", None, fields=["title"], limit=3000)
    assert len(page.cursor) < 200
    assert len(adapter.changes("person", page.cursor, fields=["title"], limit=3000).items) == 2500
    clock.advance(timedelta(seconds=31))
    again = adapter.changes("person", page.cursor, fields=["title"], limit=3000)
    assert adapter.changes("person", again.cursor, fields=["title"], limit=3000).items == ()


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", "{}", '["deal",0,null,[-1,""],[]]', '["person",0,null,3,[]]'])
def test_a_foreign_cursor_is_expired(cursor: str) -> None:
    with pytest.raises(CursorExpired):
        MemoryAdapter().changes("person", cursor, fields=["title"], limit=10)
    with pytest.raises(CursorExpired):
        MemoryAdapter().ids("person", '[true,"x"]', archived=False, limit=10)


# -- to the instant ----------------------------------------------------------------------------------------------------

SETTLE = timedelta(seconds=10)


def row(number: int, *, at: int = 0, shown: int = 0) -> Row:
    """A record that was changed, and shows, so many seconds after the start."""
    return Row(Ref("person", f"p-{number}"), {}, START + timedelta(seconds=at), START + timedelta(seconds=shown))


def read(rows: list[Row], place: Place, *, after: int, limit: int = 5) -> tuple[list[str], Place, bool]:
    found, behind, more = next_rows(rows, place, now=START + timedelta(seconds=after), settle=SETTLE, limit=limit)
    return [each.ref.id for each in found], behind, more


def test_what_was_changed_just_as_long_ago_as_is_looked_back_is_shown_once() -> None:
    rows = [row(1), row(2, shown=11)]
    first, place, more = read(rows, Place("person"), after=10)
    assert (first, more) == (["p-1"], False)
    second, place, _ = read(rows, place, after=12)
    assert second == ["p-2"], "the one that shows late, and not the other one again"
    assert read(rows, place, after=13)[0] == []


def test_what_an_earlier_page_of_a_window_has_shown_does_not_come_again() -> None:
    rows = [row(1, at=8), row(2, at=9)]
    first, place, more = read(rows, Place("person"), after=10, limit=1)
    assert (first, more) == (["p-1"], True)
    last, place, more = read(rows, place, after=10, limit=1)
    assert (last, more) == (["p-2"], False), "a page that holds all there is is the last one"
    assert read(rows, place, after=11)[0] == []


def test_as_much_as_may_be_remembered_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadbridge.memory.stream._MOST_REMEMBERED", 2)
    rows = [row(1, at=8), row(2, at=9)]
    _, place, _ = read(rows, Place("person"), after=10)
    assert read(rows, place, after=11)[0] == []
    rows.append(row(3, at=9))
    _, place, _ = read(rows, Place("person"), after=10)
    assert read(rows, place, after=11)[0] == ["p-1", "p-2", "p-3"], "rather repeated than remembered without end"
