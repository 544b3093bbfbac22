"""A large database is asked by index, with as many ids as there are, and gives each row once."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from leadbridge.adapter import Record, Ref
from leadbridge.domain.facts import LeadCaptured, WriteApplied
from leadbridge.store import Link, Store
from leadbridge.store.schema import metadata

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LEADS = [f"lead-{number}" for number in range(2500)]
ODD = ["", "it's", 'say "so"', "[1]", "{}", "Zoë", "a,b", "null", "%s"]


def place(lead: str) -> tuple[str, Ref]:
    return "left", Ref("person", lead)


def fill(store: Store, leads: list[str]) -> None:
    with store.transaction() as tx:
        tx.observe("left", [Record(place(lead)[1], "1", NOON, {"email": lead}) for lead in leads])
        tx.save_links(Link(*place(lead), lead) for lead in leads)
        tx.save_bases({(lead, "left"): {"email": lead} for lead in leads})
        tx.append(LeadCaptured(lead=lead, occurred_at=NOON, recorded_at=NOON) for lead in leads)


def wrote(lead: str, at: datetime) -> WriteApplied:
    return WriteApplied(lead=lead, occurred_at=at, recorded_at=at, intent="i", written=("title",))


def test_any_number_of_ids_can_be_asked_for_at_once(store: Store) -> None:
    fill(store, LEADS)
    asked = [*LEADS[1:], "nobody"]
    assert {o.ref.id for o in store.seen(map(place, asked))} == set(LEADS[1:])
    assert {link.lead for link in store.links(asked)} == set(LEADS[1:])
    assert [len(store.links_of(map(place, asked))), len(store.bases(asked)), len(store.facts(asked))] == [2499] * 3
    assert not store.links([])
    assert not store.seen([])
    assert not store.bases([])


def test_ids_may_hold_whatever_text_holds(store: Store) -> None:
    fill(store, ODD)
    assert {o.ref.id for o in store.seen(map(place, ODD))} == set(ODD)
    assert [link.lead for link in store.links(["it's"])] == ["it's"]
    assert set(store.bases(ODD)) == {(lead, "left") for lead in ODD}


@pytest.mark.parametrize("question", ["seen", "links", "links_of", "bases", "facts", "intents", "written_since"])
def test_no_question_about_some_leads_reads_all_of_them(store: Store, question: str) -> None:
    asked: list[str] = []
    with closing(store._engine.raw_connection()) as raw:
        raw.driver_connection.set_trace_callback(asked.append)  # type: ignore[union-attr]  # it is open
    ask = {
        "seen": lambda: store.seen(map(place, LEADS)),
        "links": lambda: store.links(LEADS),
        "links_of": lambda: store.links_of(map(place, LEADS)),
        "bases": lambda: store.bases(LEADS),
        "facts": lambda: store.facts(LEADS, but=["WriteApplied"]),
        "intents": lambda: store.intents(leads=LEADS),
        "written_since": lambda: store.written_since(NOON, LEADS, least=3),
    }
    ask[question]()  # type: ignore[no-untyped-call]  # lambdas have no types
    selects = [words for words in asked if words.startswith("SELECT")]
    assert selects
    with closing(store._engine.raw_connection()) as raw:
        for words in selects:
            steps = [step for *_, step in raw.cursor().execute(f"explain query plan {words}").fetchall()]
            tables = [step for step in steps if step.split()[:2] in [["SCAN", name] for name in metadata.tables]]
            assert not tables, steps
            assert not [step for step in steps if step.endswith(("(connection=?)", "(connection=? AND kind=?)"))], steps


def test_facts_come_in_the_order_of_recording_and_without_those_that_are_not_wanted(store: Store) -> None:
    fill(store, LEADS)
    with store.transaction() as tx:
        tx.append([wrote("lead-7", NOON), wrote("lead-3", NOON)])
    found = store.facts(reversed(LEADS))
    assert [position for position, _ in found] == sorted(position for position, _ in found)
    assert [fact.lead for _, fact in found[-2:]] == ["lead-7", "lead-3"]
    assert {type(fact) for _, fact in store.facts(LEADS, but=["WriteApplied"])} == {LeadCaptured}


def test_leads_that_were_written_often_lately_are_known(store: Store) -> None:
    later = NOON + timedelta(minutes=5)
    with store.transaction() as tx:
        tx.append([*(wrote("busy", later) for _ in range(3)), *(wrote("calm", later) for _ in range(2))])
        tx.append(wrote("once", NOON) for _ in range(9))
    assert store.written_since(NOON, ["busy", "calm", "once"], least=3) == {"busy"}
    assert store.written_since(NOON, ["calm"], least=2) == {"calm"}


def test_what_is_stored_again_takes_the_place_of_what_was_stored(store: Store) -> None:
    fill(store, LEADS[:3])
    with store.transaction() as tx:
        tx.save_bases({("lead-1", "left"): {"email": "other"}})
    assert store.bases(LEADS)["lead-1", "left"] == {"email": "other"}
    assert store.count("base") == 3
