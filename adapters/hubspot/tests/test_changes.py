"""The stream of changes: nothing is lost, and a quiet stream is quiet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.adapter import Page, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import CursorExpired, Unavailable
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
Drain = Callable[..., tuple[list[Any], str]]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")


def ids(items: list[Any]) -> list[str]:
    return [item.id if isinstance(item, Ref) else item.ref.id for item in items]


@pytest.mark.parametrize("way", WAYS)
def test_the_first_reading_sees_everybody_once_and_the_next_one_nobody(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(230))
    hubspot = connect(way)
    items, cursor = drain(hubspot, limit=60)
    assert sorted(ids(items)) == sorted(ref.id for ref in refs)
    assert items[0].fields["email"] == "person0@acme.example"
    again, cursor = drain(hubspot, cursor)
    assert again == []
    still, same = drain(hubspot, cursor)
    assert still == []
    assert same == cursor


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_many_records_with_one_stamp_are_all_seen_across_page_borders(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock, limit: int
) -> None:
    count = 60 if limit == 1 else 500
    refs = simulator.crm.seed("contact", people(count))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(hours=1))
    for ref in refs:
        simulator.crm.edit(ref, {"firstname": "Changed"})
    items, _ = drain(hubspot, cursor, limit=limit, pages=2000)
    assert sorted(ids(items)) == sorted(ref.id for ref in refs)
    assert {item.fields["firstname"] for item in items} == {"Changed"}


@pytest.mark.parametrize("way", ["2026-09", "v3"])
def test_every_page_can_be_the_last_one_of_a_process(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(90))
    seen: set[str] = set()
    cursor: str | None = None
    for turn in range(2):
        for _ in range(100):
            page = connect(way).changes("contact", cursor, fields=("email",), limit=20)
            seen.update(ids(list(page.items)))
            cursor = page.cursor
            if not page.more:
                break
        assert seen == {ref.id for ref in refs}
        if turn == 0:
            seen.clear()
            clock.advance(timedelta(minutes=30))
            for ref in refs:
                simulator.crm.edit(ref, {"company": "Other"})


def test_what_the_index_shows_late_is_found_within_the_look_back(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", people(5))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(hours=1))
    _, cursor = drain(hubspot, cursor)
    simulator.switches.lag = timedelta(minutes=8)
    simulator.crm.edit(refs[2], {"firstname": "Late"})
    clock.advance(timedelta(minutes=1))
    items, cursor = drain(hubspot, cursor)
    assert items == []
    clock.advance(timedelta(minutes=8))
    items, cursor = drain(hubspot, cursor)
    assert ids(items) == [refs[2].id]
    assert items[0].fields["firstname"] == "Late"


def test_values_come_from_the_live_store_even_when_the_index_is_behind(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", people(3))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(hours=1))
    simulator.crm.edit(refs[0], {"firstname": "First"})
    simulator.switches.lag = timedelta(minutes=5)
    simulator.crm.edit(refs[0], {"firstname": "Second"})
    items, cursor = drain(hubspot, cursor)
    assert [item.fields["firstname"] for item in items] == ["Second"]
    clock.advance(timedelta(minutes=6))
    assert drain(hubspot, cursor)[0] == []


def test_a_page_of_ghosts_is_not_the_end(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", people(450))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(hours=1))
    for ref in refs:
        simulator.crm.edit(ref, {"firstname": "Changed"})
    simulator.switches.lag = timedelta(hours=1)
    for ref in refs[:405]:
        simulator.crm.delete(ref)
    items, _ = drain(hubspot, cursor)
    live = [item for item in items if item.state == "live"]
    assert ids(live) == [ref.id for ref in refs[405:]]
    assert sum(item.state == "deleted" for item in items) == 405


def test_an_index_full_of_ghosts_asks_to_come_back_later(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", [{"firstname": "A"}] * 10_300)
    hubspot = connect()
    _, cursor = drain(hubspot, fields=())
    clock.advance(timedelta(hours=1))
    simulator.crm.edit(refs[-1], {"firstname": "B"})
    for ref in refs[:-1]:
        simulator.crm.edit(ref, {"firstname": "C"})
    simulator.switches.lag = timedelta(minutes=1)
    for ref in refs[:-1]:
        simulator.crm.delete(ref)
    with pytest.raises(Unavailable, match="not caught up"):
        drain(hubspot, cursor, fields=())
    clock.advance(timedelta(minutes=1))
    items, _ = drain(hubspot, cursor, fields=())
    assert refs[-1] in items


def test_more_than_ten_thousand_changes_are_walked_through(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", [{"firstname": "A"}] * 10_450)
    hubspot = connect()
    first, cursor = drain(hubspot, fields=())
    assert len(first) == len(refs)
    clock.advance(timedelta(hours=1))
    for ref in refs:
        simulator.crm.edit(ref, {"firstname": "B"})
    items, _ = drain(hubspot, cursor, fields=())
    assert items == refs


def test_a_record_that_changes_while_pages_are_walked_is_seen_in_its_last_state(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", people(300))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(hours=1))
    for ref in refs:
        simulator.crm.edit(ref, {"firstname": "One"})
    turns = iter(range(1000))

    def interfere(page: Page) -> None:
        turn = next(turns)
        if turn < 5:
            clock.advance(timedelta(seconds=2))
            simulator.crm.edit(refs[10], {"firstname": f"Edit {turn}"})
            simulator.crm.edit(refs[290 - turn], {"firstname": f"Edit {turn}"})

    items, cursor = drain(hubspot, cursor, limit=50, each=interfere)
    clock.advance(timedelta(seconds=5))
    more, _ = drain(hubspot, cursor)
    last = {item.ref.id: item.fields["firstname"] for item in [*items, *more]}
    assert len(last) == 300
    assert last == {row["id"]: row["firstname"] for row in simulator.crm.dump("contact")}


@pytest.mark.parametrize("keeps", [False, True], ids=["new id", "primary id kept"])
def test_deleted_merged_and_restored_records_show(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock, keeps: bool
) -> None:
    simulator.switches.merge_keeps_primary_id = keeps
    refs = simulator.crm.seed("contact", people(6))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(minutes=1))
    simulator.crm.delete(refs[0])
    survivor = simulator.crm.merge(refs[1], refs[2])
    items, cursor = drain(hubspot, cursor, limit=1)
    by_id = {item.ref.id: item for item in items}
    assert by_id[refs[0].id].state == "deleted"
    assert by_id[refs[0].id].fields["email"] == "person0@acme.example"
    gone = [refs[2]] if keeps else [refs[1], refs[2]]
    for ref in gone:
        assert (by_id[ref.id].state, by_id[ref.id].successor) == ("merged", survivor)
    assert by_id[survivor.id].state == "live"
    assert drain(hubspot, cursor)[0] == []
    clock.advance(timedelta(minutes=1))
    simulator.crm.restore(refs[0])
    items, cursor = drain(hubspot, cursor)
    assert [(item.ref, item.state) for item in items] == [(refs[0], "live")]
    simulator.crm.delete(refs[0])
    items, _ = drain(hubspot, cursor)
    assert [(item.ref, item.state) for item in items] == [(refs[0], "deleted")]


def test_the_recycle_bin_is_walked_with_care(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", people(450))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(minutes=30))
    for ref in refs[:401]:
        simulator.crm.delete(ref)
    items, cursor = drain(hubspot, cursor, limit=30)
    assert len(items) == 401
    simulator.log.clear()
    simulator.crm.delete(refs[-1])
    assert drain(hubspot, cursor)[0] == []
    assert simulator.log.count("archived=true") == 0
    clock.advance(timedelta(seconds=24))
    items, _ = drain(hubspot, cursor)
    assert ids(items) == [refs[-1].id]


def test_refs_alone_cost_no_reading_of_values(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", people(40))
    hubspot = connect()
    items, cursor = drain(hubspot, fields=())
    assert items == refs
    clock.advance(timedelta(hours=1))
    simulator.crm.edit(refs[3], {"firstname": "Changed"})
    survivor = simulator.crm.merge(refs[5], refs[6])
    simulator.log.clear()
    items, _ = drain(hubspot, cursor, fields=())
    assert items == [refs[3], survivor, refs[5], refs[6]]
    assert simulator.log.count("batch/read|properties") == simulator.log.count("archived=true")


def test_looking_back_reads_no_values_again(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People, clock: ManualClock
) -> None:
    simulator.crm.seed("contact", people(350))
    hubspot = connect()
    _, cursor = drain(hubspot)
    clock.advance(timedelta(minutes=5))
    simulator.log.clear()
    items, _ = drain(hubspot, cursor)
    assert items == []
    assert simulator.log.count("/search") == 2
    assert simulator.log.count("batch/read") == 0


def test_the_stream_says_what_it_covers(
    simulator: HubSpotSimulator, connect: Connect, people: People, clock: ManualClock
) -> None:
    simulator.crm.seed("contact", people(3))
    hubspot = connect(settle=timedelta(minutes=4))
    page = hubspot.changes("contact", None, fields=("email",), limit=2)
    assert (page.more, page.covered_until) == (True, None)
    while page.more:
        page = hubspot.changes("contact", page.cursor, fields=("email",), limit=2)
    assert page.covered_until == clock.now().replace(microsecond=0) - timedelta(minutes=4)


def test_a_long_list_of_properties_is_read_without_a_long_address(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, people: People
) -> None:
    names = [f"a_property_with_a_long_name_{number}" for number in range(150)]
    for name in names:
        simulator.crm.add_property("contact", name)
    simulator.crm.seed("contact", [{**row, names[7]: "seven"} for row in people(120)])
    items, _ = drain(connect(), fields=tuple(names))
    assert [item.fields[names[7]] for item in items] == ["seven"] * 120
    assert all(item.fields[names[8]] is None for item in items)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"form":9}', '{"form":1,"seen":"?"}', "nonsense"])
def test_a_cursor_that_is_not_ours_expires(connect: Connect, text: str) -> None:
    with pytest.raises(CursorExpired):
        connect().changes("contact", text, fields=(), limit=10)


def test_companies_and_deals_and_calls_have_streams_of_their_own(
    simulator: HubSpotSimulator, connect: Connect, drain: Drain, clock: ManualClock
) -> None:
    hubspot = connect()
    company = simulator.crm.seed("company", [{"name": "Acme", "numberofemployees": 12}])[0]
    call = simulator.crm.seed("call", [{"hs_call_title": "Hello", "hs_call_direction": "INBOUND"}])[0]
    items, cursor = drain(hubspot, kind="company", fields=("name", "numberofemployees"))
    assert [(item.ref, dict(item.fields)) for item in items] == [(company, {"name": "Acme", "numberofemployees": 12})]
    clock.advance(timedelta(hours=1))
    simulator.crm.edit(company, {"name": "Other"})
    assert [item.fields["name"] for item in drain(hubspot, cursor, kind="company", fields=("name",))[0]] == ["Other"]
    calls, _ = drain(hubspot, kind="call", fields=("hs_call_title", "hs_call_direction"))
    assert [item.ref for item in calls] == [call]
