"""Versions of an agreement: which one holds when, and that a new one changes nothing about the past."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

import leadbridge as lb
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError
from leadbridge.ledger import Ledger
from leadbridge.memory import MemoryAdapter
from leadbridge.settings import Settings
from leadbridge.store import Store
from tests.sync.conftest import AGREEMENT, person

SIGNED = "signatures: [{role: cro, name: S. Example, on: 2025-12-16}]\n"
SLAS = """
calendars: {office: {zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}}
slas:
  - id: answer
    calendar: office
    targets:
      - {id: accept, starts: offered, stops: decided, within: %s}
      - {id: qualify, starts: "stage:marketing_qualified", stops: "stage:sales_qualified", within: 2 business days}
"""
CHANGE = date(2026, 4, 1)
BEFORE, AFTER = datetime(2026, 3, 30, 10, tzinfo=UTC), datetime(2026, 4, 6, 10, tzinfo=UTC)
ADA = "person1@buyer1.example"


def version(number: int, effective: str, body: str = "", name: str = "Test") -> Agreement:
    return Agreement.loads(f"agreement: {name}\nversion: {number}\neffective: {effective}\n{body}")


FOUR = version(1, "2026-01-01", SLAS % "4 business hours")
TWO = version(2, "2026-04-01", SLAS % "2 business hours")
BOTH = Agreements([TWO, FOUR])


def story(lead: str, offered: datetime, answered: datetime, agreement: int = 0) -> list[f.Fact]:
    """An offer and its answer, told as they happened."""

    def at(when: datetime) -> dict[str, Any]:
        return {"lead": lead, "occurred_at": when, "recorded_at": when, "agreement": agreement}

    name = f"{lead}:1"
    return [
        f.LeadCaptured(**at(offered - timedelta(days=1))),
        f.StageEntered(stage="marketing_qualified", **at(offered)),
        f.HandoffOffered(
            handoff=name, from_function="marketing", to_function="sales", package=(), missing=(), **at(offered)
        ),
        f.HandoffDecided(handoff=name, decision="accept", **at(answered)),
    ]


# -- the series --------------------------------------------------------------------------------------------------------


def test_the_latest_version_that_has_begun_is_in_force() -> None:
    assert [BOTH.judging(day).version for day in (date(2025, 1, 1), date(2026, 3, 31), CHANGE)] == [1, 1, 2]
    assert BOTH.in_force(date(2025, 12, 31)) is None
    assert (BOTH.latest.version, BOTH.version(1), len(BOTH), 2 in BOTH, 3 in BOTH) == (2, FOUR, 2, True, False)
    assert "v1 from 2026-01-01, v2 from 2026-04-01" in repr(BOTH)


def test_an_instant_counts_as_its_day_in_utc() -> None:
    evening_in_new_york = datetime.fromisoformat("2026-03-31T20:30:00-04:00")
    assert BOTH.judging(evening_in_new_york).version == 2


def test_a_version_that_ended_early_gives_way_to_the_one_that_still_runs() -> None:
    series = Agreements([version(1, "2026-01-01"), version(2, "2026-04-01", "until: 2026-05-01")])
    days = [date(2026, 4, 30), date(2026, 5, 1)]
    assert [each.version for day in days if (each := series.in_force(day))] == [2, 1]


def test_after_the_end_the_last_version_goes_on_judging_and_is_said_to_have_expired() -> None:
    series = Agreements.of(version(1, "2026-01-01", "until: 2026-02-01"))
    assert series.in_force(date(2026, 3, 1)) is None
    assert "expired on 2026-02-01" in series.judging(date(2026, 3, 1)).standing(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ([], "there is no agreement"),
        ([version(1, "2026-01-01"), version(1, "2026-02-01")], "version 1 stands there twice"),
        ([version(1, "2026-01-01"), version(2, "2026-02-01", name="Other")], "of different agreements"),
        ([version(1, "2026-02-01"), version(2, "2026-01-01")], "a later version begins on a later day"),
        ([version(1, "2026-02-01"), version(2, "2026-02-01")], "a later version begins on a later day"),
    ],
)
def test_versions_that_form_no_series_are_refused(versions: list[Agreement], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Agreements(versions)


def test_a_version_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"Test has no version 7 \(there are: 1, 2\)"):
        BOTH.version(7)


def test_a_directory_holds_a_file_for_each_version(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no agreement"):
        Agreements.load(tmp_path)
    for each in BOTH:
        (tmp_path / f"v{each.version}.yaml").write_text(each.to_yaml(), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not one of them", encoding="utf-8")
    assert list(Agreements.load(tmp_path)) == list(BOTH)
    assert list(Agreements.load(tmp_path / "v2.yaml")) == [TWO]


@given(st.dates(date(2025, 6, 1), date(2027, 6, 1)))
def test_every_day_is_judged_by_one_version_and_never_by_one_that_begins_later(day: date) -> None:
    found = BOTH.judging(day)
    assert found.version == (2 if day >= CHANGE else 1)
    assert BOTH.judging(datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)) == found


# -- the past stays as it was ------------------------------------------------------------------------------------------


def test_old_offers_are_judged_by_the_old_promise_and_new_ones_by_the_new() -> None:
    three = timedelta(hours=3)
    facts = [*story("old", BEFORE, BEFORE + three), *story("new", AFTER, AFTER + three)]
    now = AFTER + timedelta(hours=4)
    board = lb.clocks(facts, agreement=BOTH, at=now)
    said = {(c.lead, c.target): (c.state, c.within, c.agreement) for c in board if c.target == "accept"}
    assert said == {
        ("old", "accept"): ("met", "4 business hours", 1),
        ("new", "accept"): ("met_late", "2 business hours", 2),
    }
    assert lb.clocks(facts, agreement=BOTH, at=now).to_dicts() == board.to_dicts()
    assert board.agreement == "Test v2, in force, not signed"
    assert board.breached().agreement == board.agreement
    assert "not signed" in repr(board)
    assert "not signed" in board._repr_html_()


def test_a_promise_about_a_passage_stays_with_the_version_in_which_it_began() -> None:
    late = datetime(2026, 3, 31, 16, tzinfo=UTC)
    (clock,) = [c for c in lb.clocks(story("x", late, AFTER), agreement=BOTH, at=AFTER) if c.target == "qualify"]
    assert (clock.agreement, clock.within) == (1, "2 business days")


def test_an_offer_made_under_a_version_stays_under_it_even_when_a_later_version_is_dated_back() -> None:
    dated_back = version(2, "2026-02-01", SLAS % "2 business hours")
    facts = story("old", BEFORE, BEFORE + timedelta(hours=3), agreement=1)
    (clock,) = [c for c in lb.clocks(facts, agreement=Agreements([FOUR, dated_back]), at=AFTER) if c.target == "accept"]
    assert (clock.agreement, clock.state) == (1, "met")


def test_an_offer_is_made_under_the_version_in_force() -> None:
    lead = lb.Lead.from_fields("x", {"email": ADA})
    assert [lb.offer(lead, agreement=BOTH, at=when).agreement for when in (BEFORE, AFTER)] == [1, 2]


def test_a_single_agreement_is_a_series_of_one() -> None:
    facts = story("old", BEFORE, BEFORE + timedelta(hours=3))
    alone, series = (lb.clocks(facts, agreement=each, at=AFTER) for each in (FOUR, Agreements([FOUR])))
    assert alone.to_dicts() == series.to_dicts()
    assert {clock.agreement for clock in alone} == {1}


# -- bridges -----------------------------------------------------------------------------------------------------------

Open = Callable[..., lb.Bridge]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 30, 10, tzinfo=UTC))


@pytest.fixture
def opening(clock: ManualClock, tmp_path: Path) -> Iterator[Open]:
    adapters = {name: MemoryAdapter(name, clock=clock) for name in ("left", "right")}
    opened: list[lb.Bridge] = []

    def make(agreement: Agreement | Agreements) -> lb.Bridge:
        for each in opened:
            each.store.close()
        store = f"sqlite:///{tmp_path / 'bridge.db'}"
        bridge = lb.Bridge(agreement, adapters, store, writes="on", clock=clock, grace=timedelta(0))
        opened.append(bridge)
        return bridge

    yield make
    for bridge in opened:
        bridge.close()


def agreed(number: int = 1, effective: str = "2026-01-01", hours: int = 4, more: str = "") -> Agreement:
    text = AGREEMENT.replace("version: 1", f"version: {number}").replace("2026-01-01", effective)
    return Agreement.loads(text.replace("within: 4 hours", f"within: {hours} hours") + more)


def seeded(bridge: lb.Bridge, number: int) -> None:
    left = bridge.connections["left"]
    assert isinstance(left, MemoryAdapter)
    left.crm.seed("person", [person(number)])


def test_facts_carry_the_version_that_was_in_force_when_they_happened(opening: Open, clock: ManualClock) -> None:
    bridge = opening(Agreements([agreed(), agreed(2, "2026-04-01", 2)]))
    seeded(bridge, 1)
    bridge.sync()
    assert bridge.agreement.version == 1
    clock.set(AFTER)
    seeded(bridge, 2)
    bridge.sync()
    assert bridge.agreement.version == 2
    expected = {fact: 2 if fact.occurred_at.date() >= CHANGE else 1 for fact in bridge.ledger.facts()}
    assert {fact.agreement for fact in expected} == {1, 2}
    assert all(fact.agreement == number for fact, number in expected.items())


def test_what_a_tool_records_stands_under_the_version_of_its_day(opening: Open, clock: ManualClock) -> None:
    bridge = opening(Agreements([agreed(), agreed(2, "2026-04-01", 2)]))
    seeded(bridge, 1)
    bridge.sync()
    clock.set(AFTER)
    answer = bridge.handoff(ADA).accept(at=datetime(2026, 3, 31, 12, tzinfo=UTC))
    bridge.record(answer)
    (decided,) = [fact for fact in bridge.ledger.facts(ADA) if isinstance(fact, f.HandoffDecided)]
    assert decided.agreement == 1
    assert bridge.record(answer) == 0


def test_with_only_the_newest_file_the_past_is_still_judged_by_what_was_used(
    opening: Open, clock: ManualClock, tmp_path: Path
) -> None:
    bridge = opening(agreed())
    seeded(bridge, 1)
    bridge.sync()
    clock.set(AFTER)
    later = opening(agreed(2, "2026-04-01", 2))
    assert [each.version for each in later.agreements] == [1, 2]
    assert {(c.agreement, c.within) for c in later.clocks()} == {(1, "4 hours")}
    again = opening(agreed(2, "2026-04-01", 2))
    assert again.clocks().to_dicts() == later.clocks().to_dicts()
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as database:
        kept = database.execute("select version, effective, document from agreement order by version").fetchall()
    assert [row[:2] for row in kept] == [(1, "2026-01-01"), (2, "2026-04-01")]
    assert Agreement.loads(kept[0][2]) == agreed()


def test_a_reason_that_a_later_version_removes_still_reads_in_old_facts(opening: Open, clock: ManualClock) -> None:
    bridge = opening(agreed())
    seeded(bridge, 1)
    bridge.sync()
    bridge.record(bridge.handoff(ADA).reject("wrong_industry"))
    told = bridge.ledger.explain(ADA)
    clock.set(AFTER)
    later = opening(agreed(2, "2026-04-01", more="reasons: {remove: [wrong_industry]}\n"))
    assert "wrong_industry" not in later.agreement.reasons
    assert later.ledger.explain(ADA) == told
    assert "wrong_industry" in told
    assert later.lead(ADA).reason == "wrong_industry"


def test_a_signed_version_that_comes_back_with_other_words_is_refused(opening: Open) -> None:
    opening(agreed(more=SIGNED))
    with pytest.raises(ConfigError, match=r"version 1 of Two CRMs was signed and used.*count the version up"):
        opening(agreed(hours=2, more=SIGNED))


def test_signatures_systems_and_crosswalks_may_change_within_a_signed_version(
    opening: Open, clock: ManualClock
) -> None:
    opening(agreed(more=SIGNED))
    clock.advance(timedelta(days=1))
    text = agreed(more=SIGNED).to_yaml().replace("stage <> 'captured'", "true or stage <> 'captured'")
    text = text.replace("S. Example", "Somebody Else")
    bridge = opening(Agreement.loads(text))
    (kept,) = bridge.store.agreements()
    assert "Somebody Else" in kept.document
    assert kept.first_used_at == datetime(2026, 3, 30, 10, tzinfo=UTC)
    assert "Somebody" not in repr(kept)


def test_a_draft_may_be_changed_without_counting_up(opening: Open) -> None:
    opening(agreed())
    bridge = opening(agreed(hours=2))
    assert bridge.agreement.slas[0].targets[0].within == "2 hours"
    assert [Agreement.loads(kept.document) for kept in bridge.store.agreements()] == [agreed(hours=2)]


def test_a_version_older_than_a_signed_one_that_was_used_is_refused(opening: Open) -> None:
    opening(agreed(2, "2026-04-01", more=SIGNED))
    with pytest.raises(ConfigError, match=r"version 2 of Two CRMs.*was used already, and version 1 is older"):
        opening(agreed())


def test_a_newer_draft_that_was_only_tried_out_is_left_out(opening: Open) -> None:
    opening(agreed(2, "2026-02-01", 2))
    assert [each.version for each in opening(agreed()).agreements] == [1]


def test_a_version_that_this_release_cannot_read_any_more_is_named(opening: Open, tmp_path: Path) -> None:
    opening(agreed())
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as database:
        database.execute("update agreement set document = 'agreement: Two CRMs\nvresion: 1', digest = ''")
        database.commit()
    with pytest.raises(ConfigError, match=r"version 1 of Two CRMs.*cannot be read by this release"):
        opening(agreed(2, "2026-04-01"))


def test_the_agreement_of_the_settings_may_be_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "agreements"
    folder.mkdir()
    for number, day in ((1, "2026-01-01"), (2, "2026-04-01")):
        (folder / f"{number}.yml").write_text(version(number, day).to_yaml(), encoding="utf-8")
    (tmp_path / "leadbridge.toml").write_text('agreement = "agreements"\n', encoding="utf-8")
    settings = Settings.load(tmp_path / "leadbridge.toml", environment={})
    assert [each.version for each in Agreements.load(settings.agreement)] == [1, 2]


def test_a_ledger_reads_without_remembering() -> None:
    store = Store("sqlite://")
    assert list(Ledger(store).agreements(FOUR)) == [FOUR]
    assert Ledger(store).kept() == []
    store.close()


def test_a_database_of_the_release_before_gets_the_new_table_and_keeps_its_facts(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store = Store(f"sqlite:///{path}")
    with store.transaction() as tx:
        tx.append(story("lead-1", BEFORE, AFTER))
    store.close()
    config = Config()
    config.set_main_option("script_location", str(files("leadbridge.store") / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
    store = Store(f"sqlite:///{path}")
    assert store.agreements() == []
    assert store.count("fact") == 4
    store.close()
