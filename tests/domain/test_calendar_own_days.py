"""Days of a team's own: half days, and days that come back every year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.domain.calendar import BusinessCalendar
from tests.domain.wall_clock import at

HOUR = timedelta(hours=1)


def office(**values: Any) -> BusinessCalendar:
    return BusinessCalendar.model_validate({"zone": "Europe/London", "hours": {"mon-fri": ["09:00-17:00"]}} | values)


def hours_on(calendar: BusinessCalendar, day: str) -> float:
    start = at(day, calendar.zone)
    return calendar.elapsed(start, start + timedelta(days=1)) / HOUR


def test_a_half_day_ends_early_or_begins_late_and_keeps_its_breaks() -> None:
    calendar = office(
        hours={"daily": ["09:00-12:30", "13:30-17:00"]},
        half_days={"2026-12-24": "until 15:00", "2026-12-25": "until 13:00", "2026-12-31": "from 12:00"},
    )
    days = ("2026-12-23", "2026-12-24", "2026-12-25", "2026-12-31")
    assert [hours_on(calendar, day) for day in days] == [7, 5, 3.5, 4]


def test_a_half_day_of_every_year_opens_no_weekend_and_no_public_holiday() -> None:
    calendar = office(holidays="GB-ENG", half_days={"12-24": "until 13:00", "12-25": "until 13:00"}, days_off=["12-31"])
    assert [hours_on(calendar, f"{year}-12-24") for year in (2026, 2027, 2028)] == [4, 4, 0], "in 2028 on a Sunday"
    assert hours_on(calendar, "2026-12-25") == 0
    assert [hours_on(calendar, f"{year}-12-31") for year in (2025, 2026, 2027)] == [0, 0, 0]
    assert hours_on(calendar, "2026-12-30") == 8


def test_a_date_wins_over_a_day_of_every_year() -> None:
    calendar = office(
        days_off=["12-24", "2027-12-31"],
        half_days={"12-31": "until 12:00", "2029-12-31": ["10:00-11:00"]},
        exceptions={"2026-12-24": "usual", "2026-12-31": ["09:00-10:00"]},
    )
    assert [hours_on(calendar, f"{year}-12-24") for year in (2025, 2026, 2027)] == [0, 8, 0]
    assert [hours_on(calendar, f"{year}-12-31") for year in (2025, 2026, 2027, 2029)] == [3, 1, 0, 1]


def test_a_night_shift_is_cut_where_the_day_on_which_it_opens_says() -> None:
    calendar = office(
        hours={"daily": ["22:00-06:00"]}, half_days={"2026-12-24": "until 23:00", "2026-12-31": "from 23:00"}
    )
    start = at("2026-12-24T12:00")
    assert calendar.elapsed(start, start + timedelta(days=1)) == HOUR
    start = at("2026-12-31T12:00")
    assert calendar.elapsed(start, start + timedelta(days=1)) == 7 * HOUR


def test_the_29th_of_february_comes_in_leap_years() -> None:
    calendar = office(hours="always", days_off=["02-29"])
    assert [hours_on(calendar, day) for day in ("2027-02-28", "2027-03-01", "2028-02-29", "2028-03-01")] == [
        24,
        24,
        0,
        24,
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days_off": ["12-32"]}, "'12-32' is no day: write a date such as 2026-12-24, or month and day such as 12-24"),
        ({"days_off": ["02-30"]}, "'02-30' is no day"),
        ({"days_off": ["1-6"]}, "'1-6' is no day"),
        ({"days_off": ["20261224"]}, "is no day"),
        ({"days_off": [1224]}, "this is no day"),
        ({"days_off": [at("2026-12-24")]}, "this is no day"),
        ({"half_days": {"12-24": ["09:00-13:00"]}}, "a day of every year falls on weekends too: write until 13:00"),
        ({"half_days": {"12-24": "until noon"}}, "'until noon' is no part of a day: write until 13:00, from 13:00"),
        ({"half_days": {"12-24": "until 13:60"}}, "is no part of a day"),
        ({"half_days": {"2026-12-24": "until 24:00"}}, "is no part of a day"),
        ({"half_days": {"2026-12-24": "13:00"}}, "is no part of a day"),
        ({"half_days": {"2026-12-24": "until 13:00"}, "days_off": ["2026-12-24"]}, "also one of the days_off"),
        ({"half_days": {"12-24": "until 13:00"}, "days_off": ["12-24"]}, "also one of the days_off: name it once"),
        ({"exceptions": {"12-24": "usual"}}, "exceptions"),
        ({"exceptions": {"2026-12-24": "usual"}, "half_days": {"2026-12-24": "until 13:00"}}, "one of the half_days"),
    ],
)
def test_days_that_cannot_be_meant_are_refused_with_the_way_out(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        office(**change)


def test_own_days_survive_being_written_down() -> None:
    calendar = office(
        days_off=[date(2026, 5, 5), "12-26"], half_days={"12-24": "until 13:00", "2026-12-31": "from 10:00"}
    )
    written = calendar.model_dump(mode="json", exclude_defaults=True)
    assert written["days_off"] == ["2026-05-05", "12-26"]
    assert written["half_days"] == {"12-24": "until 13:00", "2026-12-31": "from 10:00"}
    again = BusinessCalendar.model_validate(written)
    assert again == calendar
    assert hash(again) == hash(calendar)
    assert hash(office(days_off=["12-26"])) != hash(office())
