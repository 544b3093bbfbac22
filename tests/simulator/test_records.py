from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.clock import ManualClock
from leadbridge.simulator import RecordTable

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


def table(clock: ManualClock, *, resolution: timedelta = timedelta(milliseconds=1)) -> RecordTable:
    numbers: Iterator[int] = count(1)
    return RecordTable(
        "contact", clock, new_id=lambda: f"{next(numbers):03d}", resolution=resolution, indexed=("email",)
    )


def test_rows_carry_stamps_and_versions(clock: ManualClock) -> None:
    rows = table(clock)
    row = rows.insert({"email": "a@acme.example"})
    clock.advance(timedelta(seconds=5))
    rows.update(row.id, {"email": "b@acme.example"})
    assert (row.id, row.version, row.created_at, row.modified_at) == ("001", 2, START, clock.now())
    assert "acme" not in repr(row)


def test_coarse_stamps_tie(clock: ManualClock) -> None:
    rows = table(clock, resolution=timedelta(seconds=1))
    clock.advance(timedelta(milliseconds=1700))
    first = rows.insert({})
    clock.advance(timedelta(milliseconds=200))
    second = rows.insert({})
    assert first.modified_at == second.modified_at == START + timedelta(seconds=1)


def test_an_index_finds_texts_without_case_and_follows_changes(clock: ManualClock) -> None:
    rows = table(clock)
    row = rows.insert({"email": "Ada@acme.example", "city": "Oslo"})
    assert [found.id for found in rows.by("email", "ADA@ACME.EXAMPLE")] == [row.id]
    assert [found.id for found in rows.by("city", "oslo")] == [row.id]
    rows.update(row.id, {"email": None})
    assert rows.by("email", "ada@acme.example") == []
    rows.archive(row.id)
    assert rows.by("city", "Oslo") == []
    assert [found.id for found in rows.by("city", "Oslo", archived=True)] == [row.id]
    rows.delete(row.id)
    assert rows.by("email", None, archived=True) == []


def test_merged_records_lead_to_the_one_they_became(clock: ManualClock) -> None:
    rows = table(clock)
    a, b, c = (rows.insert({}) for _ in range(3))
    rows.archive(a.id, became=b.id)
    rows.archive(b.id, became=c.id)
    assert rows.resolve(a.id) is c
    assert rows.resolve("nobody") is None
    assert rows.get(a.id) is a
    assert (len(rows), a.id in rows) == (1, True)


def test_an_id_is_given_once(clock: ManualClock) -> None:
    rows = table(clock)
    rows.insert({}, id="x")
    with pytest.raises(ValueError, match="exists already"):
        rows.insert({}, id="x")
    with pytest.raises(KeyError):
        rows.update("y", {})


def test_clearing_and_ids(clock: ManualClock) -> None:
    rows = table(clock)
    for _ in range(3):
        rows.insert({"email": "a@acme.example"})
    rows.archive("002")
    assert rows.ids() == ["001", "003"]
    assert rows.ids(after="001") == ["003"]
    assert rows.ids(archived=True) == ["002"]
    rows.clear()
    assert (rows.ids(), rows.by("email", "a@acme.example"), list(rows.scan())) == ([], [], [])


@given(
    steps=st.lists(st.tuples(st.sampled_from(["insert", "update", "archive"]), st.integers(0, 9), st.integers(0, 3))),
    size=st.integers(1, 4),
)
def test_a_scan_is_in_order_and_complete_however_it_is_cut(steps: list[tuple[str, int, int]], size: int) -> None:
    clock = ManualClock(START)
    rows = table(clock)
    for what, which, pause in steps:
        clock.advance(timedelta(milliseconds=pause))
        ids = [row.id for row in rows.scan(archived=None)]
        if what == "insert" or not ids:
            rows.insert({})
        elif what == "update":
            rows.update(ids[which % len(ids)], {"n": which})
        else:
            rows.archive(ids[which % len(ids)])
    whole = [(row.modified_at, row.id) for row in rows.scan(archived=None)]
    assert whole == sorted(whole)
    walked: list[tuple[datetime, str]] = []
    while True:
        part = list(rows.scan(after=walked[-1] if walked else None, archived=None))[:size]
        if not part:
            break
        walked += [(row.modified_at, row.id) for row in part]
    assert walked == whole
    middle = START + timedelta(milliseconds=5)
    before = [row.id for row in rows.scan(until=middle, archived=None)]
    behind = [row.id for row in rows.scan(since=middle, archived=None)]
    assert before + behind == [id for _, id in whole]
    live = {row.id for row in rows.scan()}
    gone = {row.id for row in rows.scan(archived=True)}
    assert live | gone == {id for _, id in whole}
    assert not live & gone
