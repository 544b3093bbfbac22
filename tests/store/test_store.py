"""What the store promises: all or nothing, one live record for a lead, nothing about a person in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import Record, Ref, Value
from leadbridge.domain.facts import Fact, HandoffDecided, LeadCaptured, StageEntered
from leadbridge.errors import ConfigError, StoreError
from leadbridge.store import Conflict, Intent, Link, Observation, Quarantined, Store

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = "ada@buyer.example"


def ref(number: int) -> Ref:
    return Ref("person", f"p-{number}")


def record(number: int, fields: Mapping[str, Value] | None = None, *, version: str = "1", **more: Any) -> Record:
    return Record(ref(number), version, NOON, {"email": SECRET} if fields is None else fields, **more)


def captured(lead: str, *, at: datetime = NOON) -> LeadCaptured:
    return LeadCaptured(lead=lead, occurred_at=at, recorded_at=at, source="webinar")


def intent(key: str, lead: str = "lead-1", **more: Any) -> Intent:
    return Intent(
        key=key,
        lead=lead,
        connection="right",
        action="update",
        target=ref(1),
        fields={"title": SECRET, "deal": Ref("deal", "d-1")},
        expect={"title": None},
        agreed={"right": {"title": SECRET}, "left": {"title": SECRET}},
        because={"title": "changed in left only"},
        **more,
    )


def waiting(fingerprint: str = "f", **more: Any) -> Quarantined:
    return Quarantined(fingerprint, "right", ref(1), "lead-1", "title", "refused by the CRM", "change it", **more)


# -- all or nothing ----------------------------------------------------------------------------------------------------


def test_what_fails_in_the_middle_leaves_nothing_behind(store: Store) -> None:
    def half_a_step() -> None:
        with store.transaction() as tx:
            tx.pin("left", "memory", "a")
            tx.save_cursor("left", "person", "7", "h")
            tx.observe("left", [record(1)])
            tx.append([captured("lead-1")])
            tx.save_links([Link("left", ref(1), "lead-1")])
            tx.relate([("left", Ref("deal", "d"), "lead-1")])
            tx.save_bases({("lead-1", "left"): {"title": "CFO"}})
            tx.enqueue([intent("k")])
            tx.set_timers({"lead-1": NOON})
            tx.keep([Conflict("lead-1", "title", {"left": "a", "right": "b"})], NOON)
            tx.quarantine([waiting()], NOON)
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError, match="killed here"):
        half_a_step()
    tables = ("connection", "cursor", "observation", "fact", "link", "relation", "base", "intent", "timer")
    assert {name: store.count(name) for name in (*tables, "conflict", "quarantine")} == dict.fromkeys(
        (*tables, "conflict", "quarantine"), 0
    )


def test_what_the_database_refuses_leaves_nothing_behind_and_shows_nothing(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_links([Link("left", ref(1), "lead-1")])

    def second_record() -> None:
        with store.transaction() as tx:
            tx.append([captured("lead-1")])
            tx.save_links([Link("left", Ref("person", SECRET), "lead-1")])

    with pytest.raises(StoreError) as caught:
        second_record()
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__
    assert store.facts() == []


# -- accounts and cursors ----------------------------------------------------------------------------------------------


def test_a_connection_stays_with_the_account_that_it_was_made_for(store: Store) -> None:
    with store.transaction() as tx:
        tx.pin("left", "memory", "a")
    with store.transaction() as tx:
        tx.pin("left", "memory", "a")
    for system, account in (("memory", "b"), ("other", "a")):
        with pytest.raises(ConfigError, match="this database was made for memory account a"), store.transaction() as tx:
            tx.pin("left", system, account)
    assert store.accounts() == {"left": ("memory", "a")}


def test_a_cursor_counts_only_for_the_fields_that_it_was_made_with(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_cursor("left", "person", "7", "these fields")
    assert store.cursor("left", "person", "these fields") == "7"
    assert store.cursor("left", "person", "other fields") is None
    assert store.cursor("right", "person", "these fields") is None


# -- observations ------------------------------------------------------------------------------------------------------


def seen(store: Store) -> Observation:
    (observation,) = store.observations()
    return observation


def observe(store: Store, *records: Record, dirty: bool = True) -> int:
    with store.transaction() as tx:
        return tx.observe("left", records, dirty=dirty)


def test_a_record_comes_back_as_it_was_seen(store: Store) -> None:
    fields: dict[str, Value] = {
        "email": SECRET,
        "size": 250,
        "deal": Ref("deal", "d-1"),
        "topics": ("a", "b"),
        "x": None,
    }
    merged = record(1, fields, state="merged", successor=ref(2))
    assert observe(store, merged) == 1
    assert seen(store) == Observation("left", merged)


def test_what_is_known_already_only_gets_its_new_version(store: Store) -> None:
    observe(store, record(1))
    with store.transaction() as tx:
        tx.mark([("left", ref(1))], dirty=False)
    later = replace(record(1, version="2"), modified_at=NOON + timedelta(hours=1))
    assert observe(store, later) == 0
    assert seen(store) == Observation("left", later, dirty=False)


def test_new_content_is_undecided(store: Store) -> None:
    observe(store, record(1))
    with store.transaction() as tx:
        tx.mark([("left", ref(1))], dirty=False)
    assert observe(store, record(1, {"email": "new@buyer.example"})) == 1
    assert seen(store).dirty


@pytest.mark.parametrize(
    "change", [{"state": "deleted"}, {"state": "merged", "successor": Ref("person", "p-2")}], ids=["deleted", "merged"]
)
def test_a_record_that_ended_is_undecided_even_with_the_same_fields(store: Store, change: dict[str, Any]) -> None:
    observe(store, record(1))
    with store.transaction() as tx:
        tx.mark([("left", ref(1))], dirty=False)
    assert observe(store, replace(record(1), **change)) == 1
    assert seen(store).dirty


def test_our_own_write_coming_back_decides_nothing_and_forgets_nothing(store: Store) -> None:
    observe(store, record(1), dirty=False)
    assert not seen(store).dirty
    observe(store, record(1, {"title": "edited by a person"}))
    observe(store, record(1, {"title": "ours"}), dirty=False)
    assert seen(store).dirty, "what a person did before has not been decided about yet"


def test_of_two_sightings_in_one_page_the_last_one_counts(store: Store) -> None:
    assert observe(store, record(1, {"title": "old"}), record(1, {"title": "new"}, version="2")) == 1
    assert seen(store).record.fields == {"title": "new"}


def test_observations_can_be_asked_for_by_connection_by_record_and_by_what_is_undecided(store: Store) -> None:
    observe(store, *(record(number) for number in range(1200)))
    with store.transaction() as tx:
        tx.observe("right", [record(1)])
        tx.mark((("left", ref(number)) for number in range(1199)), dirty=False)
    assert len(store.observations("left")) == 1200
    assert [o.ref for o in store.observations("left", dirty=True)] == [ref(1199)]
    asked = [("left", ref(1)), ("right", ref(1)), ("right", ref(2)), ("left", ref(5000))]
    assert {(o.connection, o.ref) for o in store.seen(asked)} == {("left", ref(1)), ("right", ref(1))}
    assert len(store.seen((name, ref(number)) for number in range(1200) for name in ("left", "right"))) == 1201
    assert store.seen([]) == []


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_lead_has_one_live_record_in_a_connection(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_links([Link("left", ref(1), "lead-1"), Link("right", ref(1), "lead-1"), Link("left", ref(2), "lead-2")])
    with pytest.raises(StoreError), store.transaction() as tx:
        tx.save_links([Link("left", ref(3), "lead-1")])


def test_a_link_moves_on_in_one_step_whatever_the_order(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_links([Link("left", ref(1), "lead-1")])
    with store.transaction() as tx:
        tx.save_links([Link("left", ref(2), "lead-1"), Link("left", ref(1), "lead-1", "moved")])
    assert {(link.ref, link.status) for link in store.links(["lead-1"])} == {(ref(1), "moved"), (ref(2), "live")}
    assert store.links(["lead-2"]) == []


# -- facts -------------------------------------------------------------------------------------------------------------


def test_facts_come_back_as_they_were_in_the_order_of_recording(store: Store) -> None:
    story: list[Fact] = [
        captured("lead-2"),
        captured("lead-1", at=NOON - timedelta(days=1)),
        StageEntered(
            lead="lead-1", occurred_at=NOON, recorded_at=NOON, stage="engaged", inferred=True, precision="day"
        ),
        HandoffDecided(
            lead="lead-1",
            occurred_at=NOON,
            recorded_at=NOON + timedelta(microseconds=1),
            handoff="h",
            decision="recycle",
            reason="no_budget",
            due_at=NOON + timedelta(days=90),
            actor="u-dana",
            system="right",
            cause="version 2",
            agreement=3,
        ),
    ]
    for fact in story:
        with store.transaction() as tx:
            tx.append([fact])
    assert [fact for _, fact in store.facts()] == story
    assert [fact for _, fact in store.facts(["lead-1"])] == story[1:]
    position = store.facts()[1][0]
    assert [fact for _, fact in store.facts(after=position)] == story[2:]
    assert store.facts(["nobody"]) == []


# -- the outbox --------------------------------------------------------------------------------------------------------


def test_an_intent_comes_back_as_it_was_planned(store: Store) -> None:
    planned = intent("k-2", after="k-1", attempts=2, sent_at=NOON, sequence=4, state="unknown")
    with store.transaction() as tx:
        tx.enqueue([planned])
    assert store.intents() == [planned]


def test_only_what_may_still_happen_is_open(store: Store) -> None:
    states = ("pending", "inflight", "unknown", "done", "refused", "dropped")
    with store.transaction() as tx:
        tx.enqueue(intent(state, lead=f"lead-{state}", state=state, sequence=9 - n) for n, state in enumerate(states))
    assert [found.key for found in store.intents()] == ["unknown", "inflight", "pending"]
    assert [found.key for found in store.intents(leads=["lead-pending", "lead-done"])] == ["pending"]
    assert [found.key for found in store.intents(states=states, keys=["done"])] == ["done"]
    assert store.intents(connection="left") == []


def test_an_intent_that_moves_on_is_still_one_intent(store: Store) -> None:
    with store.transaction() as tx:
        tx.enqueue([intent("k")])
    with store.transaction() as tx:
        tx.enqueue([replace(intent("k"), state="done")])
    assert store.count("intent") == 1
    assert store.intents() == []


# -- timers, bases, relations, conflicts -------------------------------------------------------------------------------


def test_a_timer_is_due_until_it_is_removed(store: Store) -> None:
    with store.transaction() as tx:
        tx.set_timers({"lead-1": NOON, "lead-2": NOON + timedelta(hours=1), "lead-3": None})
    assert store.due(NOON - timedelta(microseconds=1)) == []
    assert store.due(NOON) == ["lead-1"]
    with store.transaction() as tx:
        tx.set_timers({"lead-1": None, "lead-2": NOON})
    assert store.due(NOON) == ["lead-2"]


def test_bases_are_kept_a_lead_and_connection(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_bases({("lead-1", "left"): {"title": "CFO"}, ("lead-1", "right"): {"title": None}})
    with store.transaction() as tx:
        tx.save_bases({("lead-1", "left"): {"title": "CEO", "deal": Ref("deal", "d")}})
    assert store.bases(["lead-1", "lead-2"]) == {
        ("lead-1", "left"): {"title": "CEO", "deal": Ref("deal", "d")},
        ("lead-1", "right"): {"title": None},
    }


def test_a_record_can_belong_to_several_leads(store: Store) -> None:
    deal = Ref("deal", "d-1")
    for lead in ("lead-1", "lead-2", "lead-1"):
        with store.transaction() as tx:
            tx.relate([("right", deal, lead)])
    assert store.relations() == {("right", deal): {"lead-1", "lead-2"}}


def test_both_values_of_a_conflict_are_kept(store: Store) -> None:
    kept = Conflict("lead-1", "title", {"left": "Engineer", "right": None}, "right", "the later record wins")
    with store.transaction() as tx:
        tx.keep([kept], NOON)
    assert store.conflicts() == [kept]
    assert store.conflicts(["lead-2"]) == []


# -- quarantine --------------------------------------------------------------------------------------------------------


def test_what_waits_for_a_person_is_kept_once_and_in_the_order_of_waiting(store: Store) -> None:
    for days, name in ((2, "young"), (0, "old"), (5, "old")):
        with store.transaction() as tx:
            tx.quarantine([waiting(name)], NOON + timedelta(days=days))
    assert [item.fingerprint for item in store.quarantined()] == ["old", "young"]


def test_what_was_settled_can_come_back(store: Store) -> None:
    with store.transaction() as tx:
        tx.quarantine([waiting()], NOON)
        tx.resolve(["f", "never heard of"], NOON)
    assert store.quarantined() == []
    assert store.quarantined(resolved=True) == [waiting()]
    with store.transaction() as tx:
        tx.quarantine([waiting()], NOON)
    assert store.quarantined() == [waiting()]


# -- privacy -----------------------------------------------------------------------------------------------------------


@given(st.sampled_from(["ada@buyer.example", "+44 20 7946 0000", "Winter"]))
def test_no_row_shows_what_a_record_says(secret: str) -> None:
    shown = [
        Observation("left", record(1, {"email": secret})),
        replace(intent("k"), fields={"email": secret}, expect={"email": secret}, agreed={"left": {"email": secret}}),
        Conflict("lead-1", "email", {"left": secret, "right": secret}),
    ]
    for row in shown:
        assert secret not in repr(row)
        assert secret not in str(row)
