"""Arrays and single questions have the same answers, for every calendar, zone and span."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar, due_many, elapsed_many
from leadbridge.domain.calendar.slots import BLOCK
from leadbridge.errors import AdapterMissing, ConfigError
from tests.domain.wall_clock import WallClock, at, calendars, moments

NAT = -(2**63)
MICROSECOND = timedelta(microseconds=1)
OFFICE = BusinessCalendar(zone="Europe/London", hours={"mon-fri": ("09:00-17:30",)}, holidays="GB-ENG")
ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
)
WEEKS: tuple[object, ...] = (
    {"mon-fri": ["09:00-17:30"]},
    {"mon-fri": ["08:30-12:00", "12:01-17:10"]},
    {"daily": ["22:00-06:00"]},
    {"sat-sun": ["00:00-24:00"], "wed": ["01:15-02:45"]},
    "always",
)
MIXED = [BusinessCalendar.model_validate({"zone": zone, "hours": week}) for zone in ZONES for week in WEEKS]

Int64s = npt.NDArray[np.int64]


def micros(first: str, last: str, count: int, seed: int = 1) -> Int64s:
    """Instants between two days; every third is on a whole quarter of an hour, where things open and close."""
    found = np.random.default_rng(seed).integers(to_us(at(first)), to_us(at(last)), count)
    found[::3] -= found[::3] % 900_000_000
    return found


def elapsed_one_by_one(calendar: BusinessCalendar, starts: Int64s, ends: Int64s) -> list[int]:
    pairs = zip(starts.tolist(), ends.tolist(), strict=True)
    return [calendar.elapsed(from_us(start), from_us(end)) // MICROSECOND for start, end in pairs]


def due_one_by_one(calendar: BusinessCalendar, starts: Int64s, durations: Int64s) -> list[int]:
    pairs = zip(starts.tolist(), durations.tolist(), strict=True)
    return [to_us(calendar.due(from_us(start), lasting * MICROSECOND)) for start, lasting in pairs]


@given(calendars(may_end=True), st.data())
@settings(max_examples=25)
def test_arrays_agree_with_a_clock_on_the_wall(made: tuple[BusinessCalendar, datetime], data: st.DataObject) -> None:
    calendar, first = made
    reference = WallClock(calendar, first, first + timedelta(days=8))
    pairs = data.draw(st.lists(st.tuples(moments(first, 8), moments(first, 8)), min_size=1, max_size=20))
    starts, ends = ([to_us(pair[side]) for pair in pairs] for side in (0, 1))
    expected = [reference.elapsed(*pair) // MICROSECOND for pair in pairs]
    assert calendar.elapsed_many(starts, ends).tolist() == expected
    durations = [max(amount, 0) for amount in expected]
    due = [
        to_us(calendar.due(start, lasting * MICROSECOND)) for (start, _), lasting in zip(pairs, durations, strict=True)
    ]
    assert calendar.due_many(starts, durations).tolist() == due


@pytest.mark.parametrize("number", range(len(MIXED)))
def test_arrays_agree_with_single_questions_over_thirty_years(number: int) -> None:
    calendar = MIXED[number]
    starts, ends = (micros("1996-01-01", "2026-01-01", 400, seed) for seed in (1, 2))
    assert calendar.elapsed_many(starts, ends).tolist() == elapsed_one_by_one(calendar, starts, ends)
    durations = np.abs(ends - starts) // 50
    assert calendar.due_many(starts, durations).tolist() == due_one_by_one(calendar, starts, durations)


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Australia/Lord_Howe", "2026-04-03", "2026-04-07"),
        ("Australia/Lord_Howe", "2026-10-02", "2026-10-06"),
        ("Pacific/Apia", "2011-12-28", "2012-01-02"),
        ("Pacific/Chatham", "2026-09-25", "2026-09-29"),
        ("Europe/London", "2026-03-28", "2026-03-31"),
    ],
)
def test_arrays_agree_with_single_questions_where_clocks_change(zone: str, first: str, last: str) -> None:
    starts, ends = (micros(first, last, 300, seed) for seed in (1, 2))
    for calendar in MIXED:
        if calendar.zone == zone:
            assert calendar.elapsed_many(starts, ends).tolist() == elapsed_one_by_one(calendar, starts, ends)


def test_each_row_may_have_its_own_calendar() -> None:
    count = 3 * BLOCK + 7
    starts, ends = (micros("2020-01-01", "2026-01-01", count, seed) for seed in (1, 2))
    which = np.random.default_rng(3).integers(0, len(MIXED), count)
    durations = np.abs(ends - starts) // 20
    elapsed, due = elapsed_many(MIXED, which, starts, ends), due_many(MIXED, which, starts, durations)
    for number, calendar in enumerate(MIXED):
        rows = which == number
        assert (elapsed[rows] == calendar.elapsed_many(starts[rows], ends[rows])).all()
        assert (due[rows] == calendar.due_many(starts[rows], durations[rows])).all()


def test_calendars_that_closed_for_good_stand_beside_others() -> None:
    closed = BusinessCalendar.model_validate({"versions": [{"from": "2020-06-01", "hours": {}}]})
    pair = [closed, OFFICE]
    starts, ends = (micros("2019-01-01", "2026-01-01", 1_000, seed) for seed in (1, 2))
    which = np.arange(1_000) % 2
    elapsed = elapsed_many(pair, which, starts, ends)
    assert elapsed[::2].tolist() == elapsed_one_by_one(closed, starts[::2], ends[::2])
    assert elapsed[1::2].tolist() == elapsed_one_by_one(OFFICE, starts[1::2], ends[1::2])


def test_a_span_too_long_for_slots_is_searched_with_the_same_answers() -> None:
    old = BusinessCalendar(zone="Europe/Amsterdam")
    starts, ends = (micros("1850-01-01", "2026-01-01", 300, seed) for seed in (1, 2))
    expected = elapsed_one_by_one(old, starts, ends)
    assert old.elapsed_many(starts, ends).tolist() == expected
    assert elapsed_many([OFFICE, old], np.ones(300, np.int64), starts, ends).tolist() == expected
    durations = np.abs(ends - starts) // 10
    assert old.due_many(starts, durations).tolist() == due_one_by_one(old, starts, durations)


def test_due_is_the_inverse_of_elapsed_in_arrays() -> None:
    starts = micros("2023-01-01", "2026-01-01", 5_000)
    durations = np.random.default_rng(4).integers(1, 200 * 3_600_000_000, 5_000)
    due = OFFICE.due_many(starts, durations)
    assert (OFFICE.elapsed_many(starts, due) == durations).all()
    assert (OFFICE.elapsed_many(due - 1, due) == 1).all(), "the earliest such instant"
    assert (OFFICE.elapsed_many(due, starts) == -durations).all()


def test_due_looks_as_far_ahead_as_it_has_to() -> None:
    fresh = BusinessCalendar(zone="Europe/London")
    start = to_us(at("2026-03-02T09:00"))
    century = 100 * 261 * 17 * 1_800_000_000
    due = fresh.due_many([start, start], [century, 3_600_000_000])
    assert due.tolist() == [to_us(fresh.due(at("2026-03-02T09:00"), century * MICROSECOND)), start + 3_600_000_000]
    both = due_many([fresh.in_zone("UTC"), OFFICE], [0, 1], start, [century, 0])
    assert both[1] == start, "after no time, the start itself is due"


def test_what_is_missing_stays_missing() -> None:
    start, end = to_us(at("2026-03-02T09:00")), to_us(at("2026-03-02T10:00"))
    assert OFFICE.elapsed_many([start, NAT, start, NAT], [end, end, NAT, NAT]).tolist() == [
        3_600_000_000,
        NAT,
        NAT,
        NAT,
    ]
    assert OFFICE.due_many([NAT, start], [1, NAT]).tolist() == [NAT, NAT]
    assert elapsed_many([OFFICE], [0, 0], [NAT, start], end).tolist() == [NAT, 3_600_000_000]
    assert elapsed_many([OFFICE, OFFICE], [[0], [1]], [start, NAT], end).tolist() == [[3_600_000_000, NAT]] * 2
    assert OFFICE.elapsed_many([NAT], [NAT]).tolist() == [NAT]
    assert OFFICE.elapsed_many([], []).tolist() == []
    assert OFFICE.due_many([], []).tolist() == []


def test_numpy_instants_of_any_unit_and_shape_are_understood() -> None:
    starts = np.array([["2026-03-02T09:00", "NaT"]], "datetime64[m]")
    ends = np.array(["2026-03-02T10:00"], "datetime64[s]")
    elapsed = OFFICE.elapsed_many(starts, ends)
    assert elapsed.tolist() == [[3_600_000_000, NAT]]
    due = OFFICE.due_many(starts, np.timedelta64(1, "h"))
    assert due.view("datetime64[us]")[0, 0] == np.datetime64("2026-03-02T10:00")


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="starts are float64: give whole microseconds"):
        OFFICE.elapsed_many([1.5], [2])
    with pytest.raises(ValueError, match="negative"):
        OFFICE.due_many([0, NAT], [-1, 5])
    with pytest.raises(ConfigError, match="that much open time"):
        OFFICE.due_many([0], [2**62])
    with pytest.raises(ConfigError, match="no answer before the year 9990"):
        OFFICE.due_many([0], [2**58])
    with pytest.raises(ValueError, match="number them from 0 to 0"):
        elapsed_many([OFFICE], [1], [0], [0])
    with pytest.raises(ValueError, match="from the year 3 to"):
        OFFICE.elapsed_many([0], [2**60])


def test_without_numpy_there_is_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(AdapterMissing, match="pip install"):
        OFFICE.elapsed_many([0], [0])
