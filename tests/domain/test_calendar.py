"""Business time against a reference that looks at a clock on the wall minute by minute."""

from __future__ import annotations

import copy
import pickle
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.errors import ConfigError
from tests.domain.wall_clock import WallClock, at, calendars, moments

MICROSECOND = timedelta(microseconds=1)
OFFICE = BusinessCalendar(zone="Europe/London", hours={"mon-fri": ("09:00-17:30",)}, holidays="GB-ENG")


@given(calendars(may_end=True), st.data())
@settings(max_examples=25)
def test_elapsed_and_due_agree_with_a_clock_on_the_wall(
    made: tuple[BusinessCalendar, datetime], data: st.DataObject
) -> None:
    calendar, first = made
    reference = WallClock(calendar, first, first + timedelta(days=8))
    for _ in range(8):
        start, end = sorted((data.draw(moments(first, 8)), data.draw(moments(first, 8))))
        expected = reference.elapsed(start, end)
        assert calendar.elapsed(start, end) == expected
        assert calendar.elapsed(end, start) == -expected
        assert calendar.is_open(start) == (reference.elapsed(start, start + MICROSECOND) == MICROSECOND)
        if expected:
            due = calendar.due(start, expected)
            assert due <= end
            assert reference.elapsed(start, due) == expected
            assert reference.elapsed(due - MICROSECOND, due) == MICROSECOND, "due is the earliest such instant"
            opening = calendar.next_open(start)
            assert reference.elapsed(start, opening) == timedelta(0)
            assert calendar.is_open(opening)


@given(calendars(), st.lists(st.integers(min_value=0, max_value=40 * 86_400_000_000), min_size=3, max_size=3))
@settings(max_examples=60)
def test_elapsed_adds_up_and_due_turns_it_around(made: tuple[BusinessCalendar, datetime], offsets: list[int]) -> None:
    calendar, first = made
    a, b, c = (first + timedelta(microseconds=offset) for offset in offsets)
    assert calendar.elapsed(a, b) + calendar.elapsed(b, c) == calendar.elapsed(a, c)
    assert calendar.elapsed(a, b) == -calendar.elapsed(b, a)
    assert timedelta(0) <= calendar.elapsed(min(a, b), max(a, b)) <= abs(b - a)
    wanted = timedelta(microseconds=offsets[1] % 200_000_000_000)
    assert calendar.elapsed(a, calendar.due(a, wanted)) == wanted
    days = Fraction(offsets[2] % 1000, 250)
    gap = calendar.business_days(a, calendar.due_days(a, days)) - days
    assert 0 <= gap < Fraction(1, 1_000_000), "rounded up to a microsecond"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02T09:00", "2026-03-02T17:30", 8.5),
        ("2026-03-02T08:00", "2026-03-02T18:00", 8.5),
        ("2026-03-06T17:00", "2026-03-09T09:30", 1.0),
        ("2026-03-07T10:00", "2026-03-08T20:00", 0.0),
        ("2026-03-02T12:00", "2026-03-02T12:00", 0.0),
        ("2026-12-24T17:00", "2026-12-29T09:15", 0.75),  # Boxing Day is a Saturday: Monday 28 December is closed
    ],
)
def test_an_office_in_london_counts_open_hours(start: str, end: str, expected: float) -> None:
    assert OFFICE.elapsed(at(start, "Europe/London"), at(end, "Europe/London")) == timedelta(hours=expected)


def test_a_clock_that_starts_at_closing_time_is_due_the_next_morning() -> None:
    friday = at("2026-03-06T17:30")
    assert not OFFICE.is_open(friday)
    assert OFFICE.next_open(friday) == at("2026-03-09T09:00")
    assert OFFICE.due(friday, timedelta(hours=2)) == at("2026-03-09T11:00")
    assert OFFICE.due(friday, timedelta(0)) == friday
    assert OFFICE.due(at("2026-03-06T09:00"), timedelta(hours=8.5)) == friday, (
        "the earliest instant, not the next opening"
    )


def test_a_business_day_is_the_open_time_of_each_day() -> None:
    calendar = BusinessCalendar(hours={"mon-thu": ("08:00-18:00",), "fri": ("08:00-13:00",)})
    monday, friday = at("2026-03-02T15:00"), at("2026-03-06T10:30")
    assert calendar.due_days(monday, 1) == at("2026-03-03T15:00")
    assert calendar.due_days(friday, 1) == at("2026-03-09T13:00"), "half of Friday, then half of Monday"
    assert calendar.due_days(at("2026-03-02T08:00"), 1) == at("2026-03-02T18:00")
    assert calendar.due_days(at("2026-03-01T12:00"), 1) == at("2026-03-02T18:00")
    assert calendar.due_days(monday, 0) == monday
    assert calendar.business_days(monday, friday) == Fraction(38, 10)


def test_a_lunch_break_and_a_night_shift_are_seen() -> None:
    lunch = BusinessCalendar(hours={"daily": ("09:00-12:30", "13:30-17:00")})
    assert lunch.elapsed(at("2026-03-02T12:00"), at("2026-03-02T14:00")) == timedelta(hours=1)
    night = BusinessCalendar(hours={"fri": ("22:00-06:00",)})
    assert night.elapsed(at("2026-03-06T00:00"), at("2026-03-09T00:00")) == timedelta(hours=8)
    assert night.is_open(at("2026-03-07T05:59"))
    without = BusinessCalendar(hours={"fri": ("22:00-06:00",)}, days_off=(date(2026, 3, 7),))
    assert without.is_open(at("2026-03-07T05:59")), "the shift belongs to the Friday on which it opens"


def test_half_days_win_over_holidays_and_days_off() -> None:
    calendar = BusinessCalendar.model_validate(
        {
            "zone": "Europe/London",
            "holidays": "GB-ENG",
            "days_off": ["2026-03-03"],
            "half_days": {"2026-12-25": ["10:00-12:00"], "2026-03-03": ["09:00-10:00"], "2026-03-04": []},
        }
    )
    day = timedelta(days=1)
    assert calendar.elapsed(at("2026-12-25T00:00"), at("2026-12-25T00:00") + day) == timedelta(hours=2)
    assert calendar.elapsed(at("2026-03-03T00:00"), at("2026-03-03T00:00") + day) == timedelta(hours=1)
    assert calendar.elapsed(at("2026-03-04T00:00"), at("2026-03-04T00:00") + day) == timedelta(0)


def test_always_open_is_plain_time_even_over_a_day_that_never_was() -> None:
    samoa = BusinessCalendar(zone="Pacific/Apia", hours="always")
    first, last = at("2011-12-01T00:00"), at("2012-01-31T12:00")
    assert samoa.elapsed(first, last) == last - first
    weekdays = BusinessCalendar(zone="Pacific/Apia", hours={"thu-sat": ("09:00-17:00",)})
    assert weekdays.elapsed(
        at("2011-12-29T00:00", "Pacific/Apia"), at("2012-01-01T00:00", "Pacific/Apia")
    ) == timedelta(hours=16), "Friday 30 December 2011 was skipped in Samoa"


def test_the_table_grows_as_far_as_is_asked_and_answers_stay_the_same() -> None:
    calendar = BusinessCalendar()
    early, late = at("1996-01-01T00:00"), at("2026-01-01T00:00")
    before = calendar.elapsed(late, late + timedelta(days=100))
    assert calendar.elapsed(early, late) == BusinessCalendar().elapsed(early, late)
    assert calendar.elapsed(late, late + timedelta(days=100)) == before
    far = calendar.due(late, timedelta(hours=8.5) * 261 * 100)
    assert calendar.elapsed(late, far) == timedelta(hours=8.5) * 261 * 100


def test_the_compiled_table_keeps_the_holidays_it_was_made_with() -> None:
    table = OFFICE.timetable(at("2026-01-01T00:00"), at("2026-12-31T00:00"))
    assert {date(2026, 4, 3), date(2026, 12, 25), date(2026, 12, 28)} <= table.holidays


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zone": "Europe/Lodnon"}, "did you mean Europe/London"),
        ({"hours": {"mon-fry": ["09:00-17:00"]}}, "names no days"),
        ({"hours": {"mon": ["9 to 5"]}}, "write it like 09:00-17:30"),
        ({"hours": {"mon": ["09:00-25:00"]}}, "use 00:00 to 24:00"),
        ({"hours": {"mon": ["09:00-09:00"]}}, "00:00-24:00 for a whole day"),
        ({"hours": {"mon": ["09:00-12:00", "11:00-17:00"]}}, "overlap"),
        ({"hours": {"mon-fri": ["09:00-17:00"], "fri": ["09:00-12:00"]}}, "fri is given twice"),
        ({"hours": {}}, "never opens"),
        ({"hours": {"mon": []}}, "never opens"),
        ({"holidays": "England"}, "GB-ENG"),
        ({"half_days": {"2026-12-24": ["noon"]}}, "half_days.2026-12-24"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused_with_the_way_out(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BusinessCalendar.model_validate(change)


def test_unknown_holidays_are_a_sentence_when_the_calendar_is_compiled() -> None:
    with pytest.raises(ConfigError, match="no public holidays are known for 'XX'"):
        BusinessCalendar(holidays="XX").is_open(at("2026-01-01T00:00"))


def test_naive_datetimes_and_negative_durations_are_refused() -> None:
    naive = at("2026-01-01T00:00").replace(tzinfo=None)
    with pytest.raises(ValueError, match="add a time zone"):
        OFFICE.elapsed(naive, naive)
    with pytest.raises(ValueError, match="negative"):
        OFFICE.due(at("2026-01-01T00:00"), timedelta(-1))
    with pytest.raises(ValueError, match="negative"):
        OFFICE.due_days(at("2026-01-01T00:00"), -1)


def test_a_calendar_is_a_value() -> None:
    same = BusinessCalendar.model_validate(OFFICE.model_dump(mode="json"))
    OFFICE.is_open(at("2026-01-01T00:00"))
    assert same == OFFICE
    assert hash(same) == hash(OFFICE)
    moved = OFFICE.model_copy(update={"zone": "America/New_York"})
    assert moved.is_open(at("2026-03-02T21:00"))
    assert not OFFICE.is_open(at("2026-03-02T21:00"))
    assert copy.deepcopy(OFFICE).is_open(at("2026-03-02T10:00"))
    assert pickle.loads(pickle.dumps(OFFICE)) == OFFICE
