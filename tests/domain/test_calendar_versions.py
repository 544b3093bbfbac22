"""Days unlike others, hours that change from a day on, and the zone of the person who has to act."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.errors import ConfigError
from tests.domain.wall_clock import at

HOUR = timedelta(hours=1)


def office(**values: Any) -> BusinessCalendar:
    return BusinessCalendar.model_validate({"zone": "Europe/London", "hours": {"mon-fri": ["09:00-17:00"]}} | values)


def open_on(calendar: BusinessCalendar, day: str) -> timedelta:
    return calendar.elapsed(at(day, calendar.zone), at(day, calendar.zone) + timedelta(days=1))


def test_an_exception_opens_a_day_that_would_be_closed() -> None:
    calendar = office(
        holidays="GB-ENG",
        days_off=["2026-03-04"],
        exceptions={"2026-03-07": ["10:00-14:00"], "2026-04-03": "usual", "2026-03-04": ["09:00-10:00"]},
    )
    assert open_on(calendar, "2026-03-07") == 4 * HOUR, "a Saturday"
    assert open_on(calendar, "2026-03-14") == timedelta(0), "another Saturday"
    assert open_on(calendar, "2026-04-03") == 8 * HOUR, "Good Friday, on which this team works"
    assert open_on(calendar, "2026-04-06") == timedelta(0), "Easter Monday"
    assert open_on(calendar, "2026-03-04") == HOUR, "an exception wins over a day off"


def test_usual_hours_of_an_exception_on_a_weekend_are_none() -> None:
    assert open_on(office(exceptions={"2026-03-07": "usual"}), "2026-03-07") == timedelta(0)


def test_hours_change_from_a_day_on_and_the_past_stays_as_it_was() -> None:
    before = office()
    changed = office(versions=[{"from": "2026-03-04", "hours": {"mon-fri": ["10:00-12:00"]}}])
    monday, wednesday, friday = (at(f"2026-03-{day:02}T00:00") for day in (2, 4, 6))
    assert changed.elapsed(monday, wednesday) == before.elapsed(monday, wednesday) == 16 * HOUR
    assert changed.elapsed(wednesday, friday) == 4 * HOUR
    assert changed.elapsed(monday, friday) == 20 * HOUR, "a span over the change takes each day as it was then"
    assert changed.due(monday, 17 * HOUR) == at("2026-03-04T11:00")
    assert changed.business_days(monday, friday) == 4


def test_a_night_shift_belongs_to_the_version_of_the_day_on_which_it_opens() -> None:
    calendar = office(
        hours={"daily": ["22:00-06:00"]}, versions=[{"from": "2026-03-04", "hours": {"daily": ["09:00-10:00"]}}]
    )
    assert calendar.elapsed(at("2026-03-04T00:00"), at("2026-03-05T00:00")) == 7 * HOUR


def test_public_holidays_change_from_a_day_on() -> None:
    calendar = office(
        holidays="GB-ENG",
        versions=[{"from": "2027-01-01", "holidays": "US"}, {"from": "2028-01-01", "holidays": "none"}],
    )
    assert open_on(calendar, "2026-12-28") == timedelta(0), "Boxing Day, on the Monday after"
    assert open_on(calendar, "2026-11-26") == 8 * HOUR, "Thanksgiving is not kept in England"
    assert open_on(calendar, "2027-11-25") == timedelta(0)
    assert open_on(calendar, "2028-12-25") == 8 * HOUR


def test_versions_may_stand_in_any_order_and_a_later_one_builds_on_the_earlier() -> None:
    first, second = {"from": "2026-03-03", "hours": {"mon-fri": ["09:00-10:00"]}}, {"from": "2026-03-05"}
    assert open_on(office(versions=[second, first]), "2026-03-06") == HOUR
    assert hash(office(versions=[second, first])) == hash(office(versions=[first, second]))


def test_the_version_in_force_is_that_of_the_local_day() -> None:
    calendar = office(zone="Asia/Kolkata", versions=[{"from": "2026-03-04"}, {"from": "2026-05-01"}])
    assert calendar.version_at(at("2026-03-03T18:29")) is None
    assert calendar.version_at(at("2026-03-03T18:30")) == date(2026, 3, 4), "midnight in India"
    assert calendar.version_at(at("2027-01-01")) == date(2026, 5, 1)


def test_a_team_that_closes_for_good_has_no_due_time_after_that_and_says_so() -> None:
    calendar = office(versions=[{"from": "2026-03-05", "hours": {}}])
    monday = at("2026-03-02T00:00")
    assert calendar.elapsed(monday, at("2056-03-02")) == 24 * HOUR
    assert calendar.due(monday, 24 * HOUR) == at("2026-03-04T17:00")
    assert calendar.due_days(monday, 3) == at("2026-03-04T17:00")
    assert calendar.business_days(monday, at("2040-01-01")) == 3
    assert not calendar.is_open(at("2026-03-05T10:00"))
    late: list[Any] = [
        lambda: calendar.due(monday, 25 * HOUR),
        lambda: calendar.due_days(monday, 4),
        lambda: calendar.next_open(at("2026-03-05")),
        lambda: calendar.due_many([0], [10**15]),
    ]
    for ask in late:
        with pytest.raises(ConfigError, match="never opens again: give it hours"):
            ask()


def test_a_calendar_may_open_on_named_days_only() -> None:
    fair = BusinessCalendar.model_validate({"hours": {}, "exceptions": {"2031-05-08": ["10:00-12:00"]}})
    assert fair.next_open(at("2026-01-01")) == at("2031-05-08T10:00")
    assert fair.elapsed(at("1990-01-01"), at("2040-01-01")) == 2 * HOUR
    assert fair.business_days(at("2026-01-01"), at("2026-02-01")) == 0
    with pytest.raises(ConfigError, match="never opens again"):
        fair.due(at("2026-01-01"), 3 * HOUR)


def test_a_promise_longer_than_all_time_is_a_sentence_and_not_an_endless_search() -> None:
    with pytest.raises(ConfigError, match="no answer before the year 9990"):
        office().due(at("2026-01-01"), timedelta(days=3_000_000))


def test_the_same_hours_in_the_zone_of_the_person_who_has_to_act() -> None:
    calendar = office(days_off=["2026-03-03"])
    india = calendar.in_zone("Asia/Kolkata")
    assert india.next_open(at("2026-03-02T00:00")) == at("2026-03-02T03:30")
    assert india.days_off == calendar.days_off
    assert calendar.in_zone("Asia/Kolkata") is india, "compiled once"
    assert calendar.in_zone("Europe/London") is calendar
    with pytest.raises(ValidationError, match="unknown time zone"):
        calendar.in_zone("Asia/Kolkatta")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"versions": [{"from": "2026-03-04"}, {"from": "2026-03-04"}]}, "two begin on 2026-03-04"),
        ({"versions": [{"from": "2026-03-04", "hours": {"mon": ["9-5"]}}]}, "versions.2026-03-04.hours.mon"),
        ({"versions": [{"from": "2026-03-04", "holidays": "England"}]}, "GB-ENG"),
        ({"versions": [{"hours": {}}]}, "from"),
        ({"exceptions": {"2026-03-04": ["noon"]}}, "exceptions.2026-03-04"),
        ({"exceptions": {"2026-03-04": []}, "half_days": {"2026-03-04": []}}, "also one of the half_days"),
        ({"hours": {}, "exceptions": {"2026-03-04": []}}, "never opens"),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused_with_the_way_out(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        office(**change)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("GB-EN", "did you mean GB-ENG"),
        ("US-ZZ", "did you mean US-"),
        ("XX", "use one of"),
        ("SG-A", "write SG, no parts of it are known"),
    ],
)
def test_public_holidays_that_nobody_knows_are_found_before_the_first_question(code: str, hint: str) -> None:
    for calendar in (office(holidays=code), office(versions=[{"from": "2026-03-04", "holidays": code}])):
        with pytest.raises(ConfigError, match=f"no public holidays are known for '{code}': .*{hint}"):
            calendar.check_holidays()
    office(holidays="GB-SCT", versions=[{"from": "2026-03-04", "holidays": "none"}]).check_holidays()


def test_a_calendar_with_versions_is_a_value_too() -> None:
    calendar = office(
        exceptions={"2026-03-07": ["10:00-14:00"], "2026-04-03": "usual"},
        versions=[{"from": "2026-03-04", "hours": "always", "holidays": "none"}],
    )
    again = BusinessCalendar.model_validate(calendar.model_dump(mode="json"))
    assert again == calendar
    assert hash(again) == hash(calendar)
    calendar.is_open(at("2026-01-01"))
    copied = pickle.loads(pickle.dumps(calendar))
    assert copied == calendar
    assert copied.is_open(at("2026-03-08T03:00"))
    assert hash(office(exceptions={"2026-03-07": "usual"})) != hash(office())
