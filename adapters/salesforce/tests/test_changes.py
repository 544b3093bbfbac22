"""The stream of changes: nothing is lost to ties, late commits, short pages, restarts or edits within one second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from leadbridge.adapter import Record, Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import CursorExpired
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.cursor import KEPT, Place
from leadbridge_salesforce.simulator import SalesforceSimulator

FIELDS = ("LastName", "Email", "Title")


def rows(count: int, start: int = 0) -> list[dict[str, str]]:
    return [
        {"LastName": f"Person {n}", "Company": "Acme", "Email": f"p{n}@acme.example"}
        for n in range(start, start + count)
    ]


def walk(
    sf: Salesforce, cursor: str | None, *, fields: Sequence[str] = FIELDS, limit: int = 200, kind: str = "Lead"
) -> tuple[list[Record | Ref], str]:
    items: list[Record | Ref] = []
    while True:
        page = sf.changes(kind, cursor, fields=fields, limit=limit)
        assert len(page.items) <= limit
        items.extend(page.items)
        cursor = page.cursor
        if not page.more:
            return items, cursor


def ids(items: Sequence[Record | Ref]) -> set[str]:
    return {item.ref.id if isinstance(item, Record) else item.id for item in items}


def test_a_thousand_records_of_one_second_come_through_pages_of_any_size(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    refs = sim.crm.seed("Lead", rows(1000))
    for limit in (7, 200, 999, 2000):
        items, _ = walk(sf, None, limit=limit)
        assert len(items) == 1000
        assert ids(items) == {ref.id for ref in refs}


def test_any_page_can_be_resumed_by_another_process(sim: SalesforceSimulator) -> None:
    refs = sim.crm.seed("Lead", rows(450))
    seen: set[str] = set()
    cursor: str | None = None
    more = True
    while more:
        adapter = sim.connect()
        page = adapter.changes("Lead", cursor, fields=FIELDS, limit=200)
        cursor = orjson.loads(orjson.dumps(page.cursor))
        seen |= ids(page.items)
        more = page.more
        adapter.close()
    assert seen == {ref.id for ref in refs}


def test_a_quiet_stream_is_empty_and_its_cursor_stands_still(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.crm.seed("Lead", rows(300))
    _, cursor = walk(sf, None)
    items, again = walk(sf, cursor)
    assert items == []
    assert again == cursor
    clock.advance(timedelta(minutes=1))
    items, later = walk(sf, again)
    assert items == []
    assert len(later) <= len(cursor)


def test_an_edit_within_the_second_of_the_reading_is_not_taken_for_a_repetition(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    ref = sim.crm.seed("Lead", rows(1))[0]
    first, cursor = walk(sf, None)
    sim.crm.edit(ref, {"Title": "Buyer"})
    second, cursor = walk(sf, cursor)
    assert [item.fields["Title"] for item in second if isinstance(item, Record)] == ["Buyer"]
    assert isinstance(first[0], Record)
    assert isinstance(second[0], Record)
    assert first[0].version != second[0].version
    assert walk(sf, cursor)[0] == []


def test_without_fields_a_fresh_record_is_repeated_rather_than_lost(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    ref = sim.crm.seed("Lead", rows(1))[0]
    items, cursor = walk(sf, None, fields=())
    assert items == [ref]
    sim.crm.edit(ref, {"Title": "Buyer"})
    items, cursor = walk(sf, cursor, fields=())
    assert items == [ref]
    clock.advance(timedelta(seconds=10))
    _, cursor = walk(sf, cursor, fields=())
    assert walk(sf, cursor, fields=())[0] == []


def test_what_is_committed_late_is_found_although_its_stamp_lies_below_what_was_seen(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.switches.late = timedelta(minutes=5)
    late = sim.crm.seed("Lead", rows(1))[0]
    sim.switches.late = timedelta(0)
    clock.advance(timedelta(minutes=1))
    early = sim.crm.seed("Lead", rows(1, 1))[0]
    items, cursor = walk(sf, None)
    assert ids(items) == {early.id}
    clock.advance(timedelta(minutes=5))
    items, _ = walk(sf, cursor)
    assert ids(items) == {late.id}


def test_a_record_edited_while_pages_are_walked_appears_with_its_last_state(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    refs = sim.crm.seed("Lead", rows(30))
    page = sf.changes("Lead", None, fields=FIELDS, limit=10)
    clock.advance(timedelta(seconds=3))
    sim.crm.edit(refs[0], {"Title": "Moved"})
    sim.crm.edit(refs[20], {"Title": "Moved"})
    rest, cursor = walk(sf, page.cursor, limit=10)
    after, _ = walk(sf, cursor, limit=10)
    last = {item.ref: item for item in [*page.items, *rest, *after] if isinstance(item, Record)}
    assert len(last) == 30
    assert {ref for ref, item in last.items() if item.fields["Title"] == "Moved"} == {refs[0], refs[20]}


def test_deleted_merged_and_converted_leads_say_so(sim: SalesforceSimulator, sf: Salesforce) -> None:
    gone, winner, loser, lead = sim.crm.seed("Lead", rows(4))
    _, cursor = walk(sf, None)
    sim.crm.delete(gone)
    sim.crm.merge(winner, loser)
    contact = sim.crm.convert(lead, opportunity="Deal")
    items, _ = walk(sf, cursor)
    states = {item.ref: (item.state, item.successor) for item in items if isinstance(item, Record)}
    assert states[gone] == ("deleted", None)
    assert states[loser] == ("merged", winner)
    assert states[lead] == ("converted", contact)
    fetched = sf.fetch([gone, loser, lead, contact], fields=FIELDS)
    assert [record.state for record in fetched if isinstance(record, Record)] == [
        "deleted",
        "live",
        "converted",
        "live",
    ]
    found = sf.find("Lead", "Email", ["P0@ACME.example", "p3@acme.example"], fields=())
    assert [[record.state for record in group] for group in found] == [["deleted"], ["converted"]]


def test_a_conversion_carries_our_fields_to_the_contact_and_names_the_opportunity(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    receipt = sf.apply([Write("op1", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])[0]
    assert receipt.ref is not None
    contact = sim.crm.convert(receipt.ref, opportunity="Acme deal", amount=1200.0)
    sim.crm.win(contact)
    lead, person = sf.fetch([receipt.ref, contact], fields=["ConvertedOpportunityId", "LeadBridge_Id__c"])
    assert isinstance(lead, Record)
    assert isinstance(person, Record)
    assert person.fields["LeadBridge_Id__c"] == "lb-1"
    deal = lead.fields["ConvertedOpportunityId"]
    assert isinstance(deal, Ref)
    opportunity = sf.fetch([deal], fields=["IsWon", "IsClosed", "Amount", "CloseDate", "ContactId"])[0]
    assert isinstance(opportunity, Record)
    assert opportunity.fields == {
        "IsWon": True,
        "IsClosed": True,
        "Amount": 1200.0,
        "CloseDate": "2026-03-02",
        "ContactId": contact,
    }


def test_coverage_is_said_at_the_end_only_and_by_the_servers_clock(
    sim: SalesforceSimulator, sf: Salesforce, clock: ManualClock
) -> None:
    sim.crm.seed("Lead", rows(30))
    page = sf.changes("Lead", None, fields=FIELDS, limit=20)
    assert (page.more, page.covered_until) == (True, None)
    page = sf.changes("Lead", page.cursor, fields=FIELDS, limit=20)
    assert not page.more
    assert page.covered_until == clock.now()


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '{"v":1,"kind":"Contact"}', '{"v":1,"kind":"Lead","known":"AA"}'])
def test_a_cursor_of_something_else_is_refused(sf: Salesforce, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        sf.changes("Lead", cursor, fields=FIELDS, limit=10)


def test_without_a_date_in_the_answers_the_stamps_stand_in_for_the_time() -> None:
    first, last = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert Place("Lead").opened(None, None, None) == Place("Lead")
    place = Place("Lead", mark=first).opened(None, None, last)
    assert (place.next_mark, place.until) == (last, None)
    assert Place("Lead", mark=last).opened(first, first, None).next_mark == last


def test_a_cursor_does_not_grow_without_end() -> None:
    place = Place("Lead", found=b"".join(number.to_bytes(8, "big") for number in range(3 * KEPT)))
    assert len(place.dump()) < 250_000
    assert len(place.closed().known) == KEPT


def test_sweeps_show_live_ids_or_archived_ones(sim: SalesforceSimulator, sf: Salesforce) -> None:
    refs = sim.crm.seed("Lead", rows(25))
    sim.crm.delete(refs[3])
    sim.crm.convert(refs[4])
    live: list[Record | Ref] = []
    cursor: str | None = None
    more = True
    while more:
        page = sf.ids("Lead", cursor, archived=False, limit=10)
        live.extend(page.items)
        cursor, more = page.cursor, page.more
    assert live == [ref for ref in refs if ref not in (refs[3], refs[4])]
    assert sf.ids("Lead", None, archived=True, limit=10).items == (refs[3],)


def test_short_pages_are_no_end(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sim.switches.page_size = 210
    sim.crm.seed("Lead", rows(900))
    assert len(ids(walk(sf, None, limit=2000)[0])) == 900
    found = sf.find("Lead", "Company", ["acme"], fields=())
    assert len(found[0]) == 900


def test_tasks_point_to_leads_and_contacts(sim: SalesforceSimulator, sf: Salesforce) -> None:
    lead = sim.crm.seed("Lead", rows(1))[0]
    sim.crm.seed("Task", [{"Subject": "Call", "WhoId": lead, "TaskSubtype": "Call", "CallType": "Outbound"}])
    items, cursor = walk(sf, None, kind="Task", fields=("WhoId", "CreatedDate"))
    assert isinstance(items[0], Record)
    assert items[0].fields == {"WhoId": lead, "CreatedDate": "2026-03-02T09:00:00.000Z"}
    contact = sim.crm.convert(lead)
    items, _ = walk(sf, cursor, kind="Task", fields=("WhoId",))
    assert [item.fields["WhoId"] for item in items if isinstance(item, Record)] == [contact]


def test_ten_thousand_changes_are_walked_through(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sim.crm.seed("Lead", rows(10_500))
    items, cursor = walk(sf, None, limit=2000)
    assert len(ids(items)) == 10_500
    assert walk(sf, cursor, limit=2000)[0] == []
