"""Business time beside three published libraries that answer the same question.

Each is asked what it can express, over random offices, zones and intervals, and has to agree to the microsecond. Where
it cannot, the reason is written down here and shown to be so:

* ``workclock`` moves an opening time that the clocks skip by the length of the gap; here it falls on the change itself.
* ``workclock`` ends a night shift when a day off begins; here the shift belongs to the day on which it opened.
* ``bizdurr`` and ``worktimecalc`` subtract wall-clock times, and are wrong by the change where it lies inside a window.
* ``bizdurr`` and ``worktimecalc`` count a day that a zone left out, and do not count backwards: from a later to an
  earlier instant one says none, the other says some of it, and forwards.
* ``bizdurr`` and ``worktimecalc`` refuse windows over midnight, and are not asked about them. ``worktimecalc`` counts
  whole seconds, and wants its days off in order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.domain.calendar import BusinessCalendar
from tests.domain.wall_clock import NAMES, at

ZONES = (
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)
LONG = {"mon": "monday", "tue": "tuesday", "wed": "wednesday", "thu": "thursday", "fri": "friday"}
LONG |= {"sat": "saturday", "sun": "sunday"}
Ask = Callable[[datetime, datetime], timedelta]


def minutes(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def days_off(calendar: BusinessCalendar) -> list[date]:
    return [day for day in calendar.days_off if isinstance(day, date)]


def workclock(calendar: BusinessCalendar) -> Ask:
    package = pytest.importorskip("workclock", reason="workclock is missing: pip install workclock")
    assert not isinstance(calendar.hours, str)
    rules: list[Any] = [package.Holidays(days_off(calendar))]
    for name, windows in calendar.hours.items():
        for window in windows:
            opens, closes = window.split("-")
            rules.append(package.WorkDay(minutes(opens), minutes(closes), days=[NAMES.index(name)]))
    schedule = package.Schedule(rules, time_zone=ZoneInfo(calendar.zone))
    return lambda start, end: timedelta(microseconds=round(schedule.between(start, end) / timedelta(microseconds=1)))


def bizdurr(calendar: BusinessCalendar) -> Ask:
    package = pytest.importorskip("bizdurr", reason="bizdurr is missing: pip install bizdurr")
    assert not isinstance(calendar.hours, str)
    hours = {
        LONG[name]: dict(zip(("start", "end"), w[0].split("-"), strict=True)) for name, w in calendar.hours.items()
    }
    asked = package.BusinessDuration(business_hours=hours, business_timezone=calendar.zone, holidays=days_off(calendar))
    return lambda start, end: timedelta(0) + asked.calculate(start=start, end=end)


def worktimecalc(calendar: BusinessCalendar) -> Ask:
    package = pytest.importorskip("worktimecalc.calc", reason="worktimecalc is missing: pip install worktimecalc")
    assert not isinstance(calendar.hours, str)
    texts = calendar.hours
    detail = [tuple(map(minutes, texts[name][0].split("-"))) if name in texts else None for name in NAMES]
    asked = package.WorkTimeCalculator(detail=detail, holidays=sorted(days_off(calendar)))
    zone = ZoneInfo(calendar.zone)

    def ask(start: datetime, end: datetime) -> timedelta:
        local = (instant.astimezone(zone).replace(tzinfo=None) for instant in (start, end))
        return timedelta(seconds=asked(*local).total_seconds())

    return ask


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@st.composite
def offices(draw: st.DrawFn, *, breaks: bool, nights: bool) -> BusinessCalendar:
    """Offices that open after the hours in which clocks are changed."""
    quarters = st.integers(min_value=16, max_value=95)
    hours: dict[str, tuple[str, ...]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        marks = sorted(draw(st.lists(quarters, min_size=4 if breaks else 2, max_size=4 if breaks else 2, unique=True)))
        windows = tuple(f"{clock(a)}-{clock(b)}" for a, b in zip(marks[::2], marks[1::2], strict=True))
        # From one evening over the change of clocks to the morning of the next day.
        over_night = nights and draw(st.booleans())
        hours[name] = (f"{clock(marks[-1])}-{clock(15)}",) if over_night else windows
    days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
    off = [] if nights else draw(st.lists(days, max_size=8, unique=True))
    return BusinessCalendar(zone=draw(st.sampled_from(ZONES)), hours=hours, days_off=tuple(off))


SPANS = st.tuples(
    st.integers(min_value=0, max_value=600 * 86_400), st.one_of(st.integers(0, 200_000), st.integers(0, 10_000_000))
)


@pytest.mark.parametrize(
    ("peer", "breaks", "nights"),
    [(workclock, True, False), (workclock, False, True), (bizdurr, False, False), (worktimecalc, False, False)],
)
@given(data=st.data())
@settings(max_examples=40)
def test_published_libraries_agree_on_what_they_can_express(
    peer: Callable[[BusinessCalendar], Ask], breaks: bool, nights: bool, data: st.DataObject
) -> None:
    calendar = data.draw(offices(breaks=breaks, nights=nights))
    ask = peer(calendar)
    for offset, length in data.draw(st.lists(SPANS, min_size=5, max_size=10)):
        start = at("2025-01-01") + timedelta(seconds=offset)
        end = start + timedelta(seconds=length)
        assert ask(start, end) == calendar.elapsed(start, end)


@pytest.mark.parametrize("peer", [bizdurr, worktimecalc])
def test_libraries_that_subtract_wall_clock_times_miss_the_change_of_clocks(
    peer: Callable[[BusinessCalendar], Ask],
) -> None:
    calendar = BusinessCalendar(zone="Europe/London", hours={"sun": ("00:00-06:00",)})
    start, end = at("2026-03-28T12:00"), at("2026-03-30T12:00")
    assert calendar.elapsed(start, end) == timedelta(hours=5), "the clocks went forward at one"
    assert peer(calendar)(start, end) == timedelta(hours=6)


def test_a_skipped_opening_time_is_read_in_two_ways() -> None:
    calendar = BusinessCalendar(zone="Europe/London", hours={"sun": ("01:30-06:00",)})
    start, end = at("2026-03-28T12:00"), at("2026-03-30T12:00")
    assert calendar.elapsed(start, end) == timedelta(hours=4), "from the change at one, which is two o'clock, to six"
    assert workclock(calendar)(start, end) == timedelta(hours=3.5), "from half past two"


# Christmas of 2026 with Boxing Day on a Saturday, a day that was left out in Samoa, and thirty years.
LONG_SPANS = [
    ("2026-12-24T00:00", "2026-12-30T00:00"),
    ("2011-12-28T00:00", "2012-01-03T00:00"),
    ("1996-01-01T00:00", "2026-01-01T00:00"),
]
ON_THE_BORDER = [
    ("2026-03-02T09:00", "2026-03-02T17:30"),
    ("2026-03-02T17:30", "2026-03-06T08:00"),
    ("2026-03-06T12:00", "2026-03-07T08:00"),
    ("2026-03-02T09:00", "2026-03-02T09:00"),
    ("2026-03-07T12:00", "2026-03-07T12:00"),
]


def shop(zone: str) -> BusinessCalendar:
    hours = {"mon": ("09:00-17:30",), "fri": ("08:00-12:00",), "sat": ("08:00-12:00",)}
    return BusinessCalendar(zone=zone, hours=hours, days_off=(date(2026, 12, 26), date(2026, 12, 28)))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("peer", [workclock, bizdurr, worktimecalc])
def test_published_libraries_agree_on_borders_holidays_and_decades(
    peer: Callable[[BusinessCalendar], Ask], zone: str
) -> None:
    calendar = shop(zone)
    ask = peer(calendar)
    skipped = zone == "Pacific/Apia" and peer is not workclock
    for first, last in ON_THE_BORDER + LONG_SPANS[: 1 if skipped else 3]:
        start, end = at(first, zone), at(last, zone)
        assert ask(start, end) == calendar.elapsed(start, end)


@pytest.mark.parametrize("peer", [bizdurr, worktimecalc])
def test_libraries_that_subtract_wall_clock_times_count_a_day_that_never_was(
    peer: Callable[[BusinessCalendar], Ask],
) -> None:
    calendar = shop("Pacific/Apia")
    for first, last in LONG_SPANS[1:]:
        start, end = at(first, calendar.zone), at(last, calendar.zone)
        assert peer(calendar)(start, end) - calendar.elapsed(start, end) == timedelta(hours=4), "a Friday morning"


def test_time_from_a_later_to_an_earlier_instant_is_negative_in_one_of_three() -> None:
    calendar = shop("Europe/London")
    start, end = at("2026-03-02T12:00"), at("2026-03-01T09:00")
    assert calendar.elapsed(start, end) == timedelta(hours=-3)
    answers = [peer(calendar)(start, end) / timedelta(hours=1) for peer in (workclock, bizdurr, worktimecalc)]
    assert answers == [-3, 0, 3]
