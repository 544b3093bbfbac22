from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Record, Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import CursorExpired
from leadbridge.memory import MemoryAdapter

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
