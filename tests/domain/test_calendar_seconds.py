"""Business time second by second: every second of the days on which most can go wrong, and thirty years by the day.

The seconds are walked by :class:`tests.domain.wall_clock.WallClock`, which shares no code with the calendars; the
public holidays are written down here as the governments published them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar
from tests.domain.wall_clock import MINUTE, NAMES, SECOND, WallClock, at, calendars

MICROSECOND = timedelta(microseconds=1)
HOLIDAYS = {
    "GB-ENG": (date(2026, 12, 25), date(2026, 12, 26), date(2026, 12, 28)),  # Boxing Day is a Saturday
    "US": (date(2026, 7, 3), date(2026, 7, 4)),  # Independence Day is a Saturday
}
# Zone, the first second that is looked at, how many hours, and the public holidays that are kept.
SPANS = [
    ("Europe/London", "2026-03-28T22:00", 6, None),
    ("Europe/London", "2026-10-24T22:00", 6, None),
    ("America/New_York", "2026-11-01T04:00", 5, None),
    ("Asia/Kolkata", "2026-06-02T17:00", 4, None),
    ("Asia/Kathmandu", "2026-06-02T17:00", 4, None),
    ("Australia/Lord_Howe", "2026-04-04T13:00", 4, None),
    ("Australia/Lord_Howe", "2026-10-03T14:00", 4, None),
    ("Pacific/Chatham", "2026-04-04T12:00", 4, None),
    ("Pacific/Chatham", "2026-09-26T12:00", 4, None),
    ("Pacific/Apia", "2011-12-30T08:00", 5, None),
    ("Europe/London", "2026-12-25T22:00", 5, "GB-ENG"),
    ("Europe/London", "2026-12-27T22:00", 5, "GB-ENG"),
    ("America/New_York", "2026-07-03T02:00", 5, "US"),
    ("Europe/Amsterdam", "1937-06-30T22:00", 4, None),  # by 28 seconds
    ("Africa/Monrovia", "1972-01-06T23:00", 3, None),  # from 44 minutes and 30 seconds behind UTC to none
]


@pytest.mark.parametrize(("zone", "first", "hours", "code"), SPANS)
@given(st.data())
@settings(max_examples=5, phases=[Phase.generate])
def test_every_second_is_open_or_closed_as_clocks_on_the_wall_say(
    zone: str, first: str, hours: int, code: str | None, data: st.DataObject
) -> None:
    start = at(first)
    week = [(zone, f"{start - timedelta(days=2):%Y-%m-%d}")]
    calendar, _ = data.draw(calendars(may_end=True, may_move=start.year > 2000, weeks=week, holidays=code))
    reference = WallClock(calendar, start, start + timedelta(hours=hours), step=SECOND, holidays=HOLIDAYS)
    seconds = to_us(start) + 1_000_000 * np.arange(len(reference.totals))
    totals = np.array(reference.totals) * 1_000_000
    assert (calendar.elapsed_many(to_us(start), seconds) == totals).all()
    assert (calendar.elapsed_many(seconds, to_us(start)) == -totals).all()
    assert (calendar.elapsed_many(seconds, seconds) == 0).all()
    for second, is_open in enumerate(reference.open):
        if second % 61 == 0 or second % 3_600 in {0, 1, 3_599}:
            assert calendar.is_open(start + second * SECOND) == is_open
    micros = st.integers(min_value=0, max_value=hours * 3_600_000_000 - 1)
    for a, b in data.draw(st.lists(st.tuples(micros, micros), min_size=20, max_size=20)):
        begin, end = start + a * MICROSECOND, start + b * MICROSECOND
        assert calendar.elapsed(begin, end) == reference.elapsed(begin, end), "also backwards"
    earliest = [start + second * SECOND for second, is_open in enumerate(reference.open) if is_open]
    for number in range(0, len(earliest), 97):
        due = calendar.due(start, (number + 1) * SECOND)
        assert due == earliest[number] + SECOND, "the end of the second in which it is used up"


THIRTY_YEARS = [
    ("Europe/London", "GB-ENG", {"mon-fri": ("09:00-12:30", "13:30-17:30")}),
    ("America/New_York", "US", {"mon-thu": ("08:15-17:45",), "fri": ("08:15-12:00",)}),
    ("Asia/Kolkata", "IN-TN", {"mon-sat": ("10:00-18:00",)}),
    ("Pacific/Chatham", None, {"daily": ("22:00-06:00",)}),
    ("Australia/Lord_Howe", "AU-NSW", {"sun-fri": ("20:30-04:45",)}),
    ("Pacific/Apia", None, {"thu-sat": ("09:00-17:00",)}),
]


@pytest.mark.filterwarnings("ignore:Requested Holidays are available only")
@pytest.mark.parametrize(("zone", "code", "hours"), THIRTY_YEARS)
def test_thirty_years_are_the_sum_of_their_days(zone: str, code: str | None, hours: dict[str, tuple[str, ...]]) -> None:
    import holidays

    calendar = BusinessCalendar(zone=zone, holidays=code, hours=hours)
    country, _, part = (code or "").partition("-")
    closed = holidays.country_holidays(country, part or None, years=range(1994, 2029)) if code else {}
    week = {NAMES[day]: texts for key, texts in hours.items() for day in days_of(key)}
    opens, closes = [], []
    day = date(1995, 12, 1)
    while day < date(2026, 2, 1):
        for text in week.get(NAMES[day.weekday()], ()) if day not in closed else ():
            opens.append(moment(day, text[:5], zone))
            closes.append(moment(day if text[6:] > text[:5] else day + timedelta(days=1), text[6:], zone))
        day += timedelta(days=1)
    # Samoa left out 30 December 2011: both ends of its windows fall on the same instant, and no time lies between.
    opened, closed_at = np.array(opens), np.array(closes)
    random = np.random.default_rng(20)
    low, high = to_us(at("1996-01-01")), to_us(at("2026-01-01"))
    for start, end in random.integers(low, high, (150, 2)).tolist():
        first, last = sorted((start, end))
        expected = int(np.maximum(np.minimum(closed_at, last) - np.maximum(opened, first), 0).sum())
        assert calendar.elapsed(from_us(start), from_us(end)) == (1 if start == first else -1) * expected * MICROSECOND
    whole = int(np.maximum(np.minimum(closed_at, high) - np.maximum(opened, low), 0).sum())
    assert calendar.elapsed(from_us(low), from_us(high)) == whole * MICROSECOND
    assert calendar.elapsed(from_us(low), calendar.due(from_us(low), whole * MICROSECOND)) == whole * MICROSECOND


def days_of(key: str) -> range:
    first, _, last = {"daily": "mon-sun", "sun-fri": "sun-fri"}.get(key, key).partition("-")
    begin = NAMES.index(first)
    end = NAMES.index(last or first)
    return range(begin, end + 1) if end >= begin else range(-1, end + 1)


def moment(day: date, text: str, zone: str) -> int:
    """An instant; no window here begins or ends while clocks are changed, but on a day that never was."""
    if zone == "Pacific/Apia" and day == date(2011, 12, 30):
        text, day = "00:00", date(2011, 12, 31)
    local = datetime.combine(day, time.fromisoformat(text), ZoneInfo(zone))
    return to_us(local.astimezone(UTC))


def test_the_reference_itself_sees_a_change_of_clocks() -> None:
    calendar = BusinessCalendar(zone="Europe/London", hours={"sun": ("00:30-03:00",)})
    start = at("2026-03-29T00:00")
    by_minute = WallClock(calendar, start, start + timedelta(hours=4), step=MINUTE)
    by_second = WallClock(calendar, start, start + timedelta(hours=4), step=SECOND)
    end = at("2026-03-29T04:00") - SECOND
    assert by_minute.elapsed(start, end) == by_second.elapsed(start, end) == timedelta(hours=1.5)
