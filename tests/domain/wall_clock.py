"""A reference for business time that looks at a clock on the wall minute by minute, and calendars to ask it about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from leadbridge.domain.calendar import BusinessCalendar

__all__ = ["MINUTE", "WEEKS", "WallClock", "at", "calendars", "moments"]

MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


class WallClock:
    """The reference: walks through UTC minutes and reads the highest time that a wall clock has shown so far."""

    def __init__(self, calendar: BusinessCalendar, first: datetime, last: datetime) -> None:
        zone = ZoneInfo(calendar.zone)
        self.first = first
        self.open: list[bool] = []
        self.totals = [0]
        now = first - timedelta(days=3)
        shown = now.replace(tzinfo=None) - timedelta(days=3)
        while now < last:
            shown = max(shown, now.astimezone(zone).replace(tzinfo=None))
            if now >= first:
                self.open.append(self._open(calendar, shown))
                self.totals.append(self.totals[-1] + self.open[-1])
            now += MINUTE

    def _open(self, calendar: BusinessCalendar, shown: datetime) -> bool:
        for back in (0, 1):
            minute = shown.hour * 60 + shown.minute + back * 1440
            for text in self._texts(calendar, (shown - timedelta(days=back)).date()):
                opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
                if opens <= minute < (closes if closes > opens else closes + 1440):
                    return True
        return False

    @staticmethod
    def _texts(calendar: BusinessCalendar, day: date) -> tuple[str, ...]:
        hours = calendar.hours
        for version in calendar.versions:
            if version.from_ <= day and version.hours is not None:
                hours = version.hours
        usual = ("00:00-24:00",) if isinstance(hours, str) else hours.get(NAMES[day.weekday()], ())
        if day in calendar.half_days:
            return calendar.half_days[day]
        if day in calendar.exceptions:
            windows = calendar.exceptions[day]
            return usual if isinstance(windows, str) else windows
        return () if day in calendar.days_off else usual

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        return self._until(end) - self._until(start)

    def _until(self, instant: datetime) -> timedelta:
        minute, rest = divmod(instant - self.first, MINUTE)
        inside = minute < len(self.open) and self.open[minute]
        return self.totals[minute] * MINUTE + (rest if inside else timedelta(0))


# Weeks around daylight-saving changes both ways, half-hour and 45-minute zones, a half-hour change, and a skipped day.
WEEKS = [
    ("Europe/London", "2026-03-25"),
    ("Europe/London", "2026-10-21"),
    ("America/New_York", "2026-03-05"),
    ("America/New_York", "2026-10-29"),
    ("Asia/Kolkata", "2026-06-01"),
    ("Asia/Kathmandu", "2026-06-01"),
    ("Australia/Lord_Howe", "2026-04-02"),
    ("Australia/Lord_Howe", "2026-10-01"),
    ("Pacific/Chatham", "2026-04-02"),
    ("Pacific/Chatham", "2026-09-24"),
    ("America/Sao_Paulo", "2018-11-01"),
    ("America/Sao_Paulo", "2019-02-14"),
    ("Pacific/Apia", "2011-12-27"),
    ("Africa/Casablanca", "2026-02-12"),
]


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, ...]:
    grid = st.integers(min_value=0, max_value=1439) if draw(st.booleans()) else st.sampled_from(range(0, 1440, 15))
    marks = sorted(draw(st.lists(grid, min_size=2, max_size=6, unique=True)))
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    if draw(st.booleans()) and len(marks) == 2:
        pairs = [(marks[1], marks[0])]
    return tuple(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs)


def hours() -> st.SearchStrategy[object]:
    return st.one_of(
        st.just("always"), st.dictionaries(st.sampled_from(NAMES), windows(), min_size=1, max_size=7), st.just(WEEKDAYS)
    )


WEEKDAYS = dict.fromkeys(NAMES[:5], ("09:00-12:30", "13:30-17:30"))


@st.composite
def calendars(draw: st.DrawFn, *, may_end: bool = False) -> tuple[BusinessCalendar, datetime]:
    """A calendar and a week to look at; when it ``may_end``, perhaps one that closes for good."""
    zone, day = draw(st.sampled_from(WEEKS))
    start = at(day)
    days = st.integers(min_value=0, max_value=6).map(lambda number: start.date() + timedelta(days=number))
    half_days = draw(st.dictionaries(days, windows(), max_size=1))
    special = st.one_of(st.just("usual"), windows())
    exceptions = draw(st.dictionaries(days.filter(lambda day: day not in half_days), special, max_size=1))
    changes = sorted(draw(st.lists(days, max_size=2, unique=True)))
    later = st.one_of(hours(), st.just({})) if may_end else hours()
    calendar = BusinessCalendar.model_validate(
        {
            "zone": zone,
            "hours": draw(hours()),
            "days_off": draw(st.lists(days, max_size=1)),
            "half_days": half_days,
            "exceptions": exceptions,
            "versions": [{"from": day, "hours": draw(later)} for day in changes],
        }
    )
    return calendar, start


def moments(first: datetime, days: int) -> st.SearchStrategy[datetime]:
    """Instants to the microsecond, often on a whole minute, where things open and close."""
    minutes = st.integers(min_value=0, max_value=days * 1440 - 1).map(lambda minute: first + minute * MINUTE)
    micros = st.integers(min_value=0, max_value=days * 86_400_000_000 - 1)
    return st.one_of(minutes, micros.map(lambda us: first + timedelta(microseconds=us)))
