"""A reference for business time that looks at clocks on the wall, step by step, and calendars to ask it about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from leadbridge.domain.calendar import BusinessCalendar, CalendarVersion

__all__ = ["MINUTE", "NAMES", "SECOND", "WEEKS", "WallClock", "at", "calendars", "moments"]

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def seconds(text: str) -> int:
    return (int(text[:2]) * 60 + int(text[3:5])) * 60


class Wall:
    """A clock on the wall of a team, as one version of its calendar says: the highest time it has shown so far."""

    def __init__(self, calendar: BusinessCalendar, number: int, holidays: Mapping[str, Collection[date]]) -> None:
        versions = sorted(calendar.versions, key=lambda version: version.from_)
        said: list[BusinessCalendar | CalendarVersion] = [calendar, *versions[:number]]
        zone = [each.zone for each in said if each.zone is not None][-1]
        code = [each.holidays for each in said if each.holidays is not None or each is calendar][-1]
        self.calendar = calendar
        self.zone = ZoneInfo(zone)
        self.hours = [each.hours for each in said if each.hours is not None][-1]
        self.holidays = holidays.get(code or "", ())
        self.first = versions[number - 1].from_ if number else date.min
        self.until = versions[number].from_ if number < len(versions) else date.max
        self.moves = any(each.zone not in (None, calendar.zone) for each in versions)
        self.shown = datetime.fromisoformat("0001-01-01")
        self.known: dict[date, list[tuple[int, int]]] = {}
        self.began: dict[tuple[date, int], bool] = {}

    def look(self, now: datetime) -> bool:
        """Reads the clock; true when the first day of the version has come."""
        self.shown = max(self.shown, now.astimezone(self.zone).replace(tzinfo=None))
        return self.shown.date() >= self.first

    def open(self, *, in_force: bool) -> bool:
        found = False
        second = (self.shown.hour * 60 + self.shown.minute) * 60 + self.shown.second
        for back in (0, 1):
            day = self.shown.date() - back * DAY
            for opens, closes in self.windows(day):
                if opens <= second + back * 86_400 < closes:
                    began = self.began.setdefault((day, opens), in_force) or not self.moves
                    found = found or (began and (in_force or day < self.until))
        return found

    def windows(self, day: date) -> list[tuple[int, int]]:
        if day not in self.known:
            texts, part = self.texts(day) if day >= self.first else ((), "")
            pairs = [(seconds(text[:5]), seconds(text[6:])) for text in texts]
            pairs = [(opens, closes if closes > opens else closes + 86_400) for opens, closes in pairs]
            if part.startswith("until"):
                pairs = [(opens, min(closes, seconds(part[-5:]))) for opens, closes in pairs]
            if part.startswith("from"):
                pairs = [(max(opens, seconds(part[-5:])), closes) for opens, closes in pairs]
            self.known[day] = pairs
        return self.known[day]

    def texts(self, day: date) -> tuple[tuple[str, ...], str]:
        """The windows of a day, and which part of them is left."""
        calendar, each_year = self.calendar, f"{day:%m-%d}"
        usual = ("00:00-24:00",) if isinstance(self.hours, str) else self.hours.get(NAMES[day.weekday()], ())
        if day in calendar.exceptions:
            own = calendar.exceptions[day]
            return (usual if isinstance(own, str) else own), ""
        half = calendar.half_days.get(day, calendar.half_days.get(each_year, ""))
        if not isinstance(half, str):
            return half, ""
        if day in calendar.days_off or each_year in calendar.days_off or day in self.holidays:
            return (), ""
        return usual, half


class WallClock:
    """The reference: walks through time in UTC and reads, at each step, the clock of every version.

    Args:
        calendar: all that it says is read here once more, in another way.
        first: where it begins to note what is open.
        last: where it ends.
        step: how far each step goes.
        holidays: the public holidays of each code.
    """

    def __init__(
        self,
        calendar: BusinessCalendar,
        first: datetime,
        last: datetime,
        *,
        step: timedelta = MINUTE,
        holidays: Mapping[str, Collection[date]] | None = None,
    ) -> None:
        self.first, self.step = first, step
        self.open: list[bool] = []
        self.totals = [0]
        walls = [Wall(calendar, number, holidays or {}) for number in range(len(calendar.versions) + 1)]
        now = first - 3 * DAY
        while now < last:
            begun = [number for number, wall in enumerate(walls) if wall.look(now)]
            # Every clock is looked at: each has to see when its windows begin.
            is_open = sum(wall.open(in_force=number == begun[-1]) for number, wall in enumerate(walls)) > 0
            if now >= first:
                self.open.append(is_open)
                self.totals.append(self.totals[-1] + is_open)
            # What lies ahead matters only for what had begun by then: minutes are enough.
            now += step if now >= first else MINUTE

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        return self._until(end) - self._until(start)

    def _until(self, instant: datetime) -> timedelta:
        number, rest = divmod(instant - self.first, self.step)
        inside = number < len(self.open) and self.open[number]
        return self.totals[number] * self.step + (rest if inside else timedelta(0))


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
PARTS = st.builds(
    lambda word, minute: f"{word} {minute // 60:02}:{minute % 60:02}",
    st.sampled_from(("until", "from")),
    st.integers(min_value=1, max_value=1439),
)
ZONES = st.sampled_from([None, None, None, *sorted({zone for zone, _ in WEEKS}), "Etc/GMT+12", "Pacific/Kiritimati"])


@st.composite
def calendars(
    draw: st.DrawFn,
    *,
    may_end: bool = False,
    may_move: bool = True,
    weeks: list[tuple[str, str]] = WEEKS,
    holidays: str | None = None,
) -> tuple[BusinessCalendar, datetime]:
    """A calendar and a week to look at; when it ``may_end`` or ``may_move``, perhaps one that does."""
    zone, day = draw(st.sampled_from(weeks))
    start = at(day)
    days = [start.date() + number * DAY for number in range(7)]
    one_day = st.sampled_from(days)
    half_days: dict[object, object] = dict(
        draw(st.dictionaries(one_day, st.one_of(windows(), PARTS), max_size=1)),
    )
    off: list[object] = draw(st.lists(one_day.filter(lambda day: day not in half_days), max_size=1))
    each_year = f"{draw(one_day):%m-%d}"
    if draw(st.booleans()):
        half_days[each_year] = draw(PARTS)
    elif draw(st.booleans()):
        off = [*off, each_year]
    special = st.one_of(st.just("usual"), windows())
    exceptions = draw(st.dictionaries(one_day.filter(lambda day: day not in half_days), special, max_size=1))
    changes = sorted(draw(st.lists(one_day, max_size=2, unique=True)))
    later = st.one_of(hours(), st.just({})) if may_end else hours()
    versions = [{"from": day, "hours": draw(later), "zone": draw(ZONES) if may_move else None} for day in changes]
    calendar = BusinessCalendar.model_validate(
        {
            "zone": zone,
            "hours": draw(hours()),
            "holidays": holidays,
            "days_off": off,
            "half_days": half_days,
            "exceptions": exceptions,
            "versions": versions,
        }
    )
    return calendar, start


def moments(first: datetime, days: int) -> st.SearchStrategy[datetime]:
    """Instants to the microsecond, often on a whole minute, where things open and close, or on a whole second."""
    minutes = st.integers(min_value=0, max_value=days * 1440 - 1).map(lambda minute: first + minute * MINUTE)
    whole = st.integers(min_value=0, max_value=days * 86_400 - 1).map(lambda second: first + second * SECOND)
    micros = st.integers(min_value=0, max_value=days * 86_400_000_000 - 1)
    return st.one_of(minutes, whole, micros.map(lambda us: first + timedelta(microseconds=us)))
