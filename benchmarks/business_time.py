"""How fast business time is, beside the same question written by hand and beside published packages, in one run.

A million intervals over three years (60 % hours, 30 % days, 10 % up to 60 days long) for offices in London and New
York, then the same with one of fifty calendars a row; single questions; compilation; and SQL on DuckDB. Every rival is
first compared with leadbridge's answers. Times are processor time (wall time for DuckDB), the best of some rounds in
turns.

Usage: ``python benchmarks/business_time.py [--rows 1000000] [--rounds 5]``. A row says which package is missing.
"""

from __future__ import annotations

import argparse
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from leadbridge.analytics.business_time import BusinessTimeSQL
from leadbridge.analytics.engine import connect
from leadbridge.domain.calendar import BusinessCalendar, due_many, elapsed_many
from leadbridge.domain.calendar.public_holidays import public_holidays

Int64s = npt.NDArray[np.int64]
FIRST, LAST, END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2023, 2026, 2027))
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
QUARTER, HOUR, DAY = 900_000_000, 3_600_000_000, 86_400_000_000
OFFICES = {"London": ("Europe/London", "GB-ENG"), "New York": ("America/New_York", "US")}
ZONES = ("Europe/London", "America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney")


def us(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def office(zone: str, holidays: str | None, hours: str = "09:00-17:30") -> BusinessCalendar:
    return BusinessCalendar(zone=zone, hours={"mon-fri": (hours,)}, holidays=holidays)


def intervals(rows: int) -> tuple[Int64s, Int64s]:
    random = np.random.default_rng(20240501)
    starts = random.integers(us(FIRST), us(LAST), rows)
    kind = random.random(rows)
    lengths = [random.integers(0, longest, rows) for longest in (12 * HOUR, 10 * DAY, 60 * DAY)]
    return starts, starts + np.select([kind < 0.6, kind < 0.9], lengths[:2], lengths[2])


def contest(rounds: int, *cases: Callable[[], object], clock: Callable[[], float] = process_time) -> list[float]:
    """The best time of each case; the cases take turns, so that noise meets all of them."""
    best = [float("inf")] * len(cases)
    for _ in range(rounds):
        for number, case in enumerate(cases):
            before = clock()
            case()
            best[number] = min(best[number], clock() - before)
    return best


def line(name: str, value: str, ratio: float, goal: str) -> None:
    print(f"  {name:<58}{value:>14}   {ratio:8.2f} x   (goal {goal})")


def missing(name: str) -> None:
    print(f"  {name:<58}workclock is missing: pip install workclock")


def by_hand(calendar: BusinessCalendar) -> Callable[[Int64s, Int64s], Int64s]:
    """A table of quarters of an hour, as one would write it in an hour."""
    table = calendar.timetable(FIRST, END)
    low = table.low // QUARTER
    quarters = np.arange(low, us(END) // QUARTER + 1) * QUARTER
    at = np.searchsorted(np.array(table.opens), quarters, "right") - 1
    opened = (at >= 0) & (quarters < np.array((*table.closes, 0))[at])
    is_open = opened.astype(np.int64)
    base = np.concatenate(([0], np.cumsum(is_open * QUARTER)))[:-1] - is_open * quarters

    def elapsed(starts: Int64s, ends: Int64s) -> Int64s:
        first, last = starts // QUARTER - low, ends // QUARTER - low
        found: Int64s = (base[last] + is_open[last] * ends) - (base[first] + is_open[first] * starts)
        return found

    return elapsed


def schedule(calendar: BusinessCalendar) -> Any:
    """The same calendar in workclock, or ``None`` where that is not installed."""
    if find_spec("workclock") is None:
        return None
    workclock = import_module("workclock")
    assert not isinstance(calendar.hours, str)
    opens, closes = (time.fromisoformat(text) for text in calendar.hours["mon-fri"][0].split("-"))
    closed = sorted(calendar.timetable(FIRST, END).holidays)
    rules = [workclock.WorkDay(opens, closes), workclock.Holidays(closed)]
    return workclock.Schedule(rules, time_zone=ZoneInfo(calendar.zone))


def instants(values: Int64s) -> Any:
    return values.view("datetime64[us]")


def same(ours: Int64s, theirs: Any, what: str) -> None:
    different = int((ours != np.asarray(theirs).view(np.int64)).sum())
    assert not different, f"{what}: {different} answers differ"


def one_calendar(name: str, rows: int, rounds: int) -> None:
    calendar = office(*OFFICES[name])
    starts, ends = intervals(rows)
    lasting = np.random.default_rng(2).integers(1, 40 * HOUR, rows)
    hand = by_hand(calendar)
    same(calendar.elapsed_many(starts, ends), hand(starts, ends), "by hand")
    ours, bare, due = contest(
        rounds,
        lambda: calendar.elapsed_many(starts, ends),
        lambda: hand(starts, ends),
        lambda: calendar.due_many(starts, lasting),
    )
    print(f"{name}, {rows:,} rows")
    line("elapsed_many : bare numpy table of quarter-hours", f"{rows / ours / 1e6:.1f} M/s", bare / ours, ">= 0.7")
    peer = schedule(calendar)
    if peer is None:
        missing("elapsed_many, due_many : workclock")
        return
    same(calendar.elapsed_many(starts, ends), peer.between_many(instants(starts), instants(ends)), "workclock")
    same(calendar.due_many(starts, lasting), peer.add_many(instants(starts), lasting.view("timedelta64[us]")), "due")
    between, add = contest(
        2,
        lambda: peer.between_many(instants(starts), instants(ends)),
        lambda: peer.add_many(instants(starts), lasting.view("timedelta64[us]")),
    )
    line("elapsed_many : workclock's between_many", f"{rows / between / 1e6:.2f} M/s", between / ours, ">= 60")
    line("due_many : workclock's add_many", f"{rows / add / 1e6:.2f} M/s", add / due, ">= 80")


def fifty_calendars(rows: int, rounds: int) -> None:
    hours = [f"{7 + number % 4:02}:{number % 2 * 30:02}-{16 + number % 5:02}:00" for number in range(10)]
    calendars = [office(zone, None, window) for zone in ZONES for window in hours]
    starts, ends = intervals(rows)
    lasting = np.random.default_rng(2).integers(1, 40 * HOUR, rows)
    which = np.random.default_rng(3).integers(0, len(calendars), rows)
    ours, due = contest(
        rounds,
        lambda: elapsed_many(calendars, which, starts, ends),
        lambda: due_many(calendars, which, starts, lasting),
    )
    print(f"{len(calendars)} calendars, one a row, {rows:,} rows")
    print(f"  {'elapsed_many, due_many':<58}{rows / ours / 1e6:>8.1f} M/s, {rows / due / 1e6:.1f} M/s")
    peers = [schedule(calendar) for calendar in calendars]
    if None in peers:
        missing("elapsed_many, due_many : workclock by calendar")
        return

    def grouped(ask: Callable[[Any, Int64s], Any]) -> Int64s:
        out = np.empty(rows, np.int64)
        for number, peer in enumerate(peers):
            mine = np.flatnonzero(which == number)
            out[mine] = ask(peer, mine).view(np.int64)
        return out

    def between() -> Int64s:
        return grouped(lambda peer, mine: peer.between_many(instants(starts[mine]), instants(ends[mine])))

    def add() -> Int64s:
        return grouped(lambda peer, mine: peer.add_many(instants(starts[mine]), lasting[mine].view("timedelta64[us]")))

    same(elapsed_many(calendars, which, starts, ends), between(), "workclock by calendar")
    same(due_many(calendars, which, starts, lasting), add(), "workclock by calendar, due")
    theirs, added = contest(2, between, add)
    line("elapsed_many : workclock by calendar", f"{rows / theirs / 1e6:.2f} M/s", theirs / ours, ">= 40")
    line("due_many : workclock by calendar", f"{rows / added / 1e6:.2f} M/s", added / due, ">= 40")


def single(rounds: int) -> None:
    calendar = office(*OFFICES["London"])
    table = calendar.timetable(FIRST - timedelta(days=3_650), END)
    opens, closes, before = list(table.opens[:-1]), list(table.closes), list(table.before)

    def elapsed(start: datetime, end: datetime) -> timedelta:
        a, b = (start - EPOCH) // MICROSECOND, (end - EPOCH) // MICROSECOND
        i, j = bisect_right(opens, a) - 1, bisect_right(opens, b) - 1
        done = before[j] + min(b, closes[j]) - opens[j]
        return timedelta(microseconds=done - before[i] - min(a, closes[i]) + opens[i])

    def due(start: datetime, lasting: timedelta) -> datetime:
        a = (start - EPOCH) // MICROSECOND
        i = bisect_right(opens, a) - 1
        position = before[i] + min(a, closes[i]) - opens[i] + lasting // MICROSECOND
        j = bisect_right(before, position - 1) - 1
        return EPOCH + timedelta(microseconds=opens[j] + position - before[j])

    def often(ask: Callable[[datetime, Any], object], start: datetime, other: Any) -> Callable[[], None]:
        def run() -> None:
            for _ in range(20_000):
                ask(start, other)

        return run

    print("One question, UTC-aware datetimes")
    end = datetime(2025, 6, 3, 15, 20, tzinfo=UTC)
    for name, span in (("5 hours", timedelta(hours=5)), ("1 year", timedelta(365)), ("10 years", timedelta(3_650))):
        assert elapsed(end - span, end) == calendar.elapsed(end - span, end)
        ours, bare = contest(2 * rounds, often(calendar.elapsed, end - span, end), often(elapsed, end - span, end))
        line(f"elapsed over {name} : bare bisect", f"{ours / 20_000 * 1e6:.2f} us", ours / bare, "<= 1.4")
    for name, lasting in (("8 hours", timedelta(hours=8)), ("2,000 hours", timedelta(hours=2_000))):
        start = end - timedelta(3_650)
        assert due(start, lasting) == calendar.due(start, lasting)
        ours, bare = contest(2 * rounds, often(calendar.due, start, lasting), often(due, start, lasting))
        line(f"due after {name} : bare bisect", f"{ours / 20_000 * 1e6:.2f} us", ours / bare, "<= 1.4")


def compilation(rounds: int) -> None:
    first, last = FIRST - timedelta(3 * 365), LAST - timedelta(1)
    public_holidays("GB-ENG", 2000, 2000)  # the import of the package is not counted

    def compiled() -> None:
        public_holidays.cache_clear()
        office(*OFFICES["London"]).timetable(first, last)

    (took,) = contest(2 * rounds, compiled)
    print("Compilation")
    line("6 years with public holidays : 20 ms", f"{took * 1_000:.1f} ms", took * 50, "<= 1")


def sql(rows: int, rounds: int) -> None:
    calendar = office(*OFFICES["London"])
    starts, ends = intervals(rows)
    business_time = BusinessTimeSQL.of({"office": calendar}, FIRST - timedelta(7), END)
    with connect() as duck:
        business_time.load(duck)
        duck.register("raw", {"start_us": starts, "end_us": ends})
        duck.execute("create table cases as select * from raw")
        duck.execute("create table spans as select distinct opens_us, closes_us, offset_us from calendar_slots")
        open_time = "least(greatest({0}, {1}.opens_us), {1}.closes_us) + {1}.offset_us"
        asof = (
            f"select sum({open_time.format('end_us', 'e')} - ({open_time.format('start_us', 's')})) from cases "
            "asof join spans s on start_us >= s.opens_us asof join spans e on end_us >= e.opens_us"
        )
        join = f"select sum(elapsed_us) from ({business_time.elapsed('cases', calendar='office')}) q"
        expected = [(int(calendar.elapsed_many(starts, ends).sum()),)]
        assert duck.execute(join).fetchall() == duck.execute(asof).fetchall() == expected
        ours, theirs = contest(
            rounds,
            lambda: duck.execute(join).fetchall(),
            lambda: duck.execute(asof).fetchall(),
            clock=perf_counter,
        )
    print(f"SQL on DuckDB, {rows:,} rows")
    line("elapsed : ASOF join", f"{rows / ours / 1e6:.1f} M/s", theirs / ours, ">= 3")


def main() -> None:
    """Measures and prints everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    for name in OFFICES:
        one_calendar(name, chosen.rows, chosen.rounds)
    fifty_calendars(chosen.rows, chosen.rounds)
    single(chosen.rounds)
    compilation(chosen.rounds)
    sql(chosen.rows, chosen.rounds)


if __name__ == "__main__":
    main()
