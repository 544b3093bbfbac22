"""A version of the agreement keeps the public holidays it was first used with, whatever is published afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadbridge.agreement import Agreement, Agreements, lint
from leadbridge.agreement.holidays import kept_holidays
from leadbridge.agreement.versions import digest
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.calendar.public_holidays import check_code, public_holidays
from leadbridge.errors import ConfigError
from leadbridge.ledger import Ledger
from leadbridge.store import Store

CALENDARS = """
calendars:
  office: {zone: Europe/London, hours: {mon-fri: ["09:00-17:00"]}, holidays: GB-ENG%s}
  always: {hours: always}
slas:
  - {id: answer, calendar: office, targets: [{id: a, starts: offered, stops: decided, within: 4 business hours}]}
"""
SIGNED = "signatures: [{role: cro, name: S. Example, on: 2025-12-16}]\n"
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
FRIDAY = datetime(2026, 4, 30, 23, tzinfo=UTC)
"""Before Friday, 1 May 2026, which nobody keeps in England; Monday, 4 May, is the Early May bank holiday."""
DAY = timedelta(days=1)


def version(number: int, effective: str, body: str = "", own: str = "") -> Agreement:
    return Agreement.loads(
        f"agreement: Test\nversion: {number}\neffective: {effective}\n{CALENDARS % own}{body}", source=f"v{number}"
    )


def moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new release of the package: the holiday of Monday, 4 May 2026, is kept on the Friday before."""
    import holidays

    told = holidays.country_holidays

    def other(*args: Any, **values: Any) -> set[date]:
        return {date(2026, 5, 1) if day == date(2026, 5, 4) else day for day in told(*args, **values)}

    monkeypatch.setattr(holidays, "country_holidays", other)
    public_holidays.cache_clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield store
    store.close()
    public_holidays.cache_clear()
    check_code.cache_clear()


def open_on_friday(agreement: Agreement) -> bool:
    office = agreement.calendars["office"]
    hours = office.elapsed(FRIDAY, FRIDAY + DAY), office.elapsed(FRIDAY + 3 * DAY, FRIDAY + 4 * DAY)
    assert sorted(hours) == [timedelta(0), timedelta(hours=8)], "one of both days is a holiday"
    return hours[0] > hours[1]


@pytest.mark.parametrize("body", [SIGNED, ""], ids=["signed", "draft"])
def test_a_version_that_was_used_keeps_its_holidays(store: Store, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    ledger, given = Ledger(store), version(1, "2026-01-01", body)
    kept = ledger.keep(given, NOW)
    assert open_on_friday(kept.latest)
    assert not lint_of_holidays(kept.latest)
    basis = [digest(each) for each in kept]
    moved(monkeypatch)
    again = version(1, "2026-01-01", body)
    assert not open_on_friday(again), "an agreement that no database was used with follows the package"
    for series in (ledger.agreements(again), ledger.keep(again, NOW), ledger.agreements(kept), ledger.keep(kept, NOW)):
        assert open_on_friday(series.latest)
        assert [digest(each) for each in series] == basis, "open promises need not be folded again"
    assert store.agreements()[0].first_used_at == NOW
    assert ledger.kept() == [again], "the document stays as it was written"


def test_the_next_version_takes_over_what_is_known_by_then(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(store)
    ledger.keep(version(1, "2026-01-01", SIGNED), NOW)
    moved(monkeypatch)
    both = ledger.keep(version(2, "2026-04-01", SIGNED), NOW)
    assert [open_on_friday(each) for each in both] == [True, False]


def test_a_difference_is_noticed_and_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Ledger(store).keep(version(1, "2026-01-01", SIGNED), NOW).latest
    moved(monkeypatch)
    (said,) = lint_of_holidays(kept)
    assert "other public holidays of GB-ENG than when this version was first used" in said
    assert "(new: 2026-05-01; gone: 2026-05-04), and its clocks keep to the old ones" in said
    assert "count the version up" in said


def test_what_changes_without_a_new_version_changes_no_holiday(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(store)
    ledger.keep(version(1, "2026-01-01", SIGNED), NOW)
    moved(monkeypatch)
    people = "people: {u1: {zone: Asia/Kolkata}}\n"
    assert open_on_friday(ledger.keep(version(1, "2026-01-01", SIGNED + people), NOW).latest)
    assert open_on_friday(ledger.agreements(version(1, "2026-01-01", SIGNED)).latest)


def test_a_draft_that_names_another_country_keeps_both(store: Store) -> None:
    ledger = Ledger(store)
    ledger.keep(version(1, "2026-01-01"), NOW)
    ledger.keep(version(1, "2026-01-01", own=", versions: [{from: 2027-01-01, holidays: US}]"), NOW)
    (kept,) = store.agreements()
    assert set(kept.holidays) == {"GB-ENG", "US"}
    assert date(2026, 7, 3) in kept.holidays["US"][2026], "Independence Day is kept on the Friday"
    assert min(kept.holidays["US"]) == 2006
    assert max(kept.holidays["US"]) == 2041


def test_a_version_of_a_database_from_before_is_looked_up_when_it_is_used_again(store: Store, tmp_path: Path) -> None:
    ledger, given = Ledger(store), version(1, "2026-01-01", SIGNED)
    ledger.keep(given, NOW)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as old:
        old.execute("update agreement set holidays = '{}'")
        old.commit()
    assert store.agreements()[0].holidays == {}
    ledger.keep(version(2, "2026-04-01", SIGNED), NOW)
    assert all(each.holidays for each in store.agreements())


def test_dates_in_the_document_win_over_the_package_and_may_not_change_later(store: Store) -> None:
    own = ", known_holidays: {GB-ENG: {2026: [2026-05-01]}}"
    ledger, given = Ledger(store), version(1, "2026-01-01", SIGNED, own)
    assert not given.calendars["office"].is_open(datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert ledger.keep(given, NOW).latest.calendars["office"].known_holidays["GB-ENG"][2026] == (date(2026, 5, 1),)
    with pytest.raises(ConfigError, match="used with other holidays of GB-ENG in 2026: count the version up"):
        ledger.keep(version(1, "2026-01-01", SIGNED, ", known_holidays: {GB-ENG: {2026: [2026-05-08]}}"), NOW)
    assert ledger.agreements(version(1, "2026-01-01", SIGNED)).latest == ledger.agreements(given).latest


def test_two_calendars_may_not_tell_two_dates_for_one_country() -> None:
    given = version(1, "2026-01-01", own=", known_holidays: {GB-ENG: {2026: [2026-05-01]}}")
    other = given.calendars["office"].model_copy(update={"known_holidays": {"GB-ENG": {2026: ()}}})
    both = given.model_copy(update={"calendars": {**given.calendars, "other": other}})
    with pytest.raises(ConfigError, match="two calendars of version 1 hold other public holidays of GB-ENG for 2026"):
        kept_holidays(both)


def test_a_date_in_another_year_is_refused() -> None:
    with pytest.raises(ValueError, match=r"known_holidays.GB-ENG.2026: a day is of another year"):
        BusinessCalendar.model_validate({"known_holidays": {"GB-ENG": {2026: ["2027-05-01"]}}})


def test_an_agreement_without_public_holidays_is_left_as_it_is(store: Store) -> None:
    plain = Agreement.loads("agreement: Test\nversion: 1\neffective: 2026-01-01\n")
    series = Ledger(store).keep(Agreements([plain]), NOW)
    assert series.latest is plain
    assert store.agreements()[0].holidays == {}


def lint_of_holidays(agreement: Agreement) -> list[str]:
    return [str(problem) for problem in lint(agreement) if problem.path == "calendars"]
