"""A team that moves to another zone on a day: the version begins at midnight there."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.analytics.business_time import BusinessTimeSQL
from leadbridge.analytics.engine import connect
from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar import BusinessCalendar
from tests.domain.wall_clock import at, moments

HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)


def moving(zone: str, to: str, hours: object = None, **values: Any) -> BusinessCalendar:
    """A team that moves on Wednesday, 1 July 2026."""
    week = hours or {"mon-fri": ["09:00-17:00"]}
    return BusinessCalendar.model_validate(
        {"zone": zone, "hours": week, "versions": [{"from": "2026-07-01", "zone": to, **values}]}
    )


WEST, EAST = moving("Europe/London", "America/New_York"), moving("America/New_York", "Europe/London")
FAR = moving("America/New_York", "Pacific/Auckland")


def test_a_team_that_moves_is_open_by_its_old_clock_before_and_by_its_new_one_after() -> None:
    assert WEST.next_open(at("2026-06-30T00:00")) == at("2026-06-30T09:00", "Europe/London")
    assert WEST.next_open(at("2026-06-30T20:00")) == at("2026-07-01T09:00", "America/New_York")
    assert WEST.elapsed(at("2026-06-29T00:00"), at("2026-07-04T00:00")) == 40 * HOUR, "each day once"
    assert WEST.business_days(at("2026-06-29T00:00"), at("2026-07-04T00:00")) == 5
    assert EAST.elapsed(at("2026-06-29T00:00"), at("2026-07-04T00:00")) == 40 * HOUR
    assert WEST.due(at("2026-06-30T14:00"), 4 * HOUR) == at("2026-07-01T11:00", "America/New_York")


def test_the_version_begins_at_midnight_in_the_new_zone() -> None:
    for calendar, midnight in ((WEST, at("2026-07-01", "America/New_York")), (EAST, at("2026-07-01", "Europe/London"))):
        assert calendar.version_at(midnight - MICROSECOND) is None
        assert calendar.version_at(midnight) == date(2026, 7, 1)
        assert calendar.zone_at(midnight - MICROSECOND) == calendar.zone
        assert calendar.zone_at(midnight) == calendar.versions[0].zone


def test_a_team_that_is_always_there_is_there_while_it_moves() -> None:
    first, last = at("2026-06-01"), at("2026-08-01")
    for zone, to in (("Europe/London", "America/New_York"), ("Etc/GMT+12", "Pacific/Kiritimati")):
        for calendar in (moving(zone, to, "always"), moving(to, zone, "always")):
            assert calendar.elapsed(first, last) == last - first


def test_what_the_old_clock_would_open_after_that_midnight_is_not_opened() -> None:
    # Midnight in Auckland is eight in the morning of the day before in New York.
    assert (
        FAR.elapsed(at("2026-06-30T00:00", "America/New_York"), at("2026-06-30T17:00", "America/New_York")) == HOUR * 0
    )
    assert FAR.next_open(at("2026-06-30T00:00", "America/New_York")) == at("2026-07-01T09:00", "Pacific/Auckland")
    early = moving("America/New_York", "Pacific/Auckland", {"mon-fri": ["06:00-17:00"]})
    start = at("2026-06-30T00:00", "America/New_York")
    assert early.elapsed(start, start + 15 * HOUR) == 9 * HOUR, "a shift that had begun runs to its end"


def test_days_that_the_old_zone_began_before_that_midnight_end_there() -> None:
    night = moving("Europe/London", "America/New_York", {"daily": ["02:00-20:00"]})
    midnight = at("2026-07-01", "America/New_York")
    assert night.elapsed(at("2026-07-01T02:00", "Europe/London"), midnight) == 3 * HOUR
    assert night.elapsed(midnight, midnight + 2 * HOUR) == timedelta(0)
    shift = moving("Europe/London", "America/New_York", {"tue": ["20:00-08:00"], "wed": ["09:00-17:00"]})
    assert shift.is_open(at("2026-07-01T07:59", "Europe/London")), "it opened on the day before"


def test_holidays_and_own_days_are_those_of_the_day_where_the_team_is() -> None:
    calendar = BusinessCalendar.model_validate(
        {
            "zone": "Europe/London",
            "holidays": "GB-ENG",
            "days_off": ["07-06"],
            "versions": [{"from": "2026-07-01", "zone": "America/New_York", "holidays": "US"}],
        }
    )
    closed = at("2026-07-03", "America/New_York")
    assert calendar.elapsed(closed, closed + 24 * HOUR) == timedelta(0), "Independence Day is kept on the Friday"
    own = at("2026-07-06", "America/New_York")
    assert calendar.elapsed(own, own + 24 * HOUR) == timedelta(0)
    may = at("2026-05-25", "Europe/London")
    assert calendar.elapsed(may, may + 24 * HOUR) == timedelta(0), "the Spring bank holiday"


def test_a_move_at_the_turn_of_the_year_is_compiled_whole_from_either_side() -> None:
    for zone, to in (("Europe/London", "America/New_York"), ("America/New_York", "Pacific/Kiritimati")):
        values = {"zone": zone, "hours": {"daily": ["22:00-21:00"]}, "versions": [{"from": "2026-01-01", "zone": to}]}
        known = BusinessCalendar.model_validate(values)
        known.elapsed(at("2020-01-01"), at("2030-01-01"))
        for first, last in (("2025-12-30", "2026-01-03"), ("2026-01-03", "2025-12-30"), ("2027-01-02", "2025-06-01")):
            fresh = BusinessCalendar.model_validate(values)
            assert fresh.next_open(at(first)) == known.next_open(at(first))
            assert fresh.elapsed(at(first), at(last)) == known.elapsed(at(first), at(last))


def test_the_assignees_zone_replaces_every_zone_of_the_team() -> None:
    india = WEST.in_zone("Asia/Kolkata")
    assert {india.zone_at(at(day)) for day in ("2026-01-01", "2026-12-01")} == {"Asia/Kolkata"}
    assert WEST.in_zone("Europe/London") is not WEST
    assert WEST.in_zone("Europe/London").zone_at(at("2026-12-01")) == "Europe/London"
    assert pickle.loads(pickle.dumps(WEST)).elapsed(at("2026-06-30"), at("2026-07-02")) == 16 * HOUR


def test_an_unknown_zone_of_a_version_is_refused() -> None:
    with pytest.raises(ValidationError, match="did you mean America/New_York"):
        moving("Europe/London", "America/New_Yrok")


@given(st.lists(moments(at("2026-06-20"), 20), min_size=3, max_size=3))
def test_time_adds_up_and_due_turns_it_around_over_a_move(instants: list[datetime]) -> None:
    a, b, c = instants
    for calendar in (WEST, EAST, FAR):
        assert calendar.elapsed(a, b) + calendar.elapsed(b, c) == calendar.elapsed(a, c)
        spent = abs(calendar.elapsed(b, c))
        assert calendar.elapsed(a, calendar.due(a, spent)) == spent


def test_single_questions_arrays_and_sql_agree_over_a_move() -> None:
    calendars = {"west": WEST, "east": EAST, "far": FAR}
    random = np.random.default_rng(7)
    low, high = to_us(at("2026-06-25")), to_us(at("2026-07-08"))
    starts, ends = random.integers(low, high, (2, 300))
    lasting = random.integers(1, 20 * 3_600_000_000, 300)
    business_time = BusinessTimeSQL.of(calendars, at("2026-06-01"), at("2026-09-01"))
    with connect() as duck:
        business_time.load(duck)
        columns = {"id": np.arange(300), "start_us": starts, "end_us": ends, "duration_us": lasting}
        duck.register("raw", columns)
        duck.execute("create table cases as select * from raw")
        for name, calendar in calendars.items():
            pairs = list(zip(starts.tolist(), ends.tolist(), lasting.tolist(), strict=True))
            elapsed = [calendar.elapsed(from_us(start), from_us(end)) // MICROSECOND for start, end, _ in pairs]
            due = [to_us(calendar.due(from_us(start), amount * MICROSECOND)) for start, _, amount in pairs]
            assert calendar.elapsed_many(starts, ends).tolist() == elapsed
            assert calendar.due_many(starts, lasting).tolist() == due
            for query, expected in (
                (f"select elapsed_us from ({business_time.elapsed('cases', calendar=name)}) q order by id", elapsed),
                (f"select due_us from ({business_time.due('cases', calendar=name)}) q order by id", due),
            ):
                assert [row[0] for row in duck.execute(query).fetchall()] == expected
