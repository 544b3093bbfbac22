"""Which records belong together: fields whose values are refs, read in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
import respx

from leadbridge.adapter import Missing, Record, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import SchemaDrift, Unavailable, Unsupported
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
Drain = Callable[..., tuple[list[Record | Ref], str]]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")
CONTACTS, COMPANIES, DEALS = "associations.contacts", "associations.companies", "associations.deals"


def value(record: Record | Missing | Ref, field: str) -> object:
    assert isinstance(record, Record)
    return record.fields[field]


@pytest.mark.parametrize("way", WAYS)
def test_a_record_names_all_that_belong_to_it_by_id(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    crm = simulator.crm
    ada, bob, eve = crm.seed("contact", people(3))
    acme = crm.seed("company", [{"name": "Acme"}])[0]
    deal, lonely = crm.seed("deal", [{"dealname": "One"}, {"dealname": "Two"}])
    for contact in (eve, ada):
        crm.associate(deal, contact)
    crm.associate(ada, acme, label="Primary")
    hubspot = connect(way)
    first, second = hubspot.fetch([deal, lonely], fields=["dealname", CONTACTS])
    assert value(first, CONTACTS) == tuple(sorted((ada, eve), key=lambda ref: int(ref.id)))
    assert value(second, CONTACTS) is None
    who, nobody = hubspot.fetch([ada, bob], fields=[COMPANIES, DEALS])
    # A primary association brings the one without a label with it; the company is one company all the same.
    assert (value(who, COMPANIES), value(who, DEALS)) == ((acme,), (deal,))
    assert (value(nobody, COMPANIES), value(nobody, DEALS)) == (None, None)
    assert value(hubspot.fetch([acme], fields=[CONTACTS])[0], CONTACTS) == (ada,)


@pytest.mark.parametrize("kind", ["call", "meeting", "email", "note", "task", "lead", "deal"])
def test_every_kind_of_work_names_its_contacts_in_its_stream(
    simulator: HubSpotSimulator, connect: Connect, people: People, drain: Drain, kind: str
) -> None:
    ada, bob = simulator.crm.seed("contact", people(2))
    held, unheld = simulator.crm.seed(kind, [{}, {}])
    simulator.crm.associate(held, ada)
    hubspot = connect()
    info = hubspot.describe().kinds[kind].fields[CONTACTS]
    assert (info.type, info.unique) == ("ref", False)
    items, cursor = drain(hubspot, kind=kind, fields=(CONTACTS,))
    assert {item.ref: item.fields[CONTACTS] for item in items if isinstance(item, Record)} == {
        held: (ada,),
        unheld: None,
    }
    simulator.crm.edit(unheld, {"hubspot_owner_id": simulator.crm.add_owner("rep@acme.example")})
    simulator.crm.associate(unheld, bob)
    again, _ = drain(hubspot, cursor, kind=kind, fields=(CONTACTS,))
    assert {item.ref: item.fields[CONTACTS] for item in again if isinstance(item, Record)}[unheld] == (bob,)


def test_associations_cost_calls_only_where_somebody_asks_for_them(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    contacts = simulator.crm.seed("contact", people(250))
    deals = simulator.crm.seed("deal", [{"dealname": f"Deal {number}"} for number in range(250)])
    for deal, contact in zip(deals, contacts, strict=True):
        simulator.crm.associate(deal, contact)
    hubspot = connect()
    hubspot.describe()
    before = hubspot.calls
    hubspot.fetch(deals, fields=["dealname"])
    assert hubspot.calls - before == 3
    before = hubspot.calls
    found = hubspot.fetch(deals, fields=["dealname", CONTACTS])
    assert hubspot.calls - before == 4
    assert [value(record, CONTACTS) for record in found] == [(contact,) for contact in contacts]


def test_more_than_a_thousand_records_and_more_than_a_page_of_associations_are_all_read(
    simulator: HubSpotSimulator, connect: Connect
) -> None:
    contacts = simulator.crm.seed("contact", [{"firstname": "one of many"} for _ in range(1_203)])
    acme = simulator.crm.seed("company", [{"name": "Acme"}])[0]
    for contact in contacts:
        simulator.crm.associate(contact, acme)
    hubspot = connect()
    hubspot.describe()
    assert value(hubspot.fetch([acme], fields=[CONTACTS])[0], CONTACTS) == tuple(contacts)
    before = hubspot.calls
    found = hubspot.fetch(contacts, fields=[COMPANIES])
    assert {value(record, COMPANIES) for record in found} == {(acme,)}
    assert hubspot.calls - before == 13 + 2


def test_archived_records_have_no_associations_to_tell_and_merged_ones_tell_the_survivors(
    simulator: HubSpotSimulator, connect: Connect, people: People, clock: ManualClock
) -> None:
    ada, bob = simulator.crm.seed("contact", people(2))
    first, second = simulator.crm.seed("deal", [{"dealname": "One"}, {"dealname": "Two"}])
    simulator.crm.associate(first, ada)
    simulator.crm.associate(second, bob)
    survivor = simulator.crm.merge(ada, bob)
    simulator.crm.delete(second)
    clock.advance(timedelta(minutes=1))
    gone, live = connect().fetch([second, first], fields=["dealname", CONTACTS])
    assert isinstance(gone, Record)
    assert (gone.state, CONTACTS in gone.fields) == ("deleted", False)
    assert value(live, CONTACTS) == (survivor,)
    merged = value(connect().fetch([bob], fields=[DEALS])[0], DEALS)
    assert isinstance(merged, tuple)
    assert first in merged


def test_an_association_is_nothing_to_look_up_or_to_have_a_past(connect: Connect) -> None:
    hubspot = connect()
    with pytest.raises(Unsupported, match="finding"):
        hubspot.find("deal", CONTACTS, ["1"], fields=["dealname"])
    with pytest.raises(Unsupported, match="past"):
        hubspot.history([Ref("deal", "1")], field=CONTACTS)
    with pytest.raises(SchemaDrift) as caught:
        hubspot.fetch([Ref("deal", "1")], fields=["associations.tickets"])
    assert caught.value.field == "deal.associations.tickets"


def test_a_call_that_fails_is_no_record_without_associations(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    ada = simulator.crm.seed("contact", people(1))[0]
    simulator.faults.add(Fault(effect="status", status=503, path="/crm/associations"))
    with pytest.raises(Unavailable):
        connect().fetch([ada], fields=[COMPANIES])


@pytest.fixture
def canned() -> Iterator[tuple[HubSpot, respx.Route]]:
    """An account whose one deal exists; what it says of associations is up to the test."""
    hubspot = HubSpot(token="invented", base_url="https://api.hubapi.com")
    properties = {"results": [{"name": "dealname", "type": "string", "fieldType": "text"}]}
    deal = {"id": "7", "properties": {"dealname": "One"}, "createdAt": "2026-01-01T00:00:00.000Z"}
    with respx.mock(base_url="https://api.hubapi.com") as mock:
        mock.get("/crm/properties/2026-09/deals").respond(json=properties)
        mock.post("/crm/objects/2026-09/deals/batch/read").respond(json={"results": [deal]})
        yield hubspot, mock.post("/crm/associations/2026-09/deals/contacts/batch/read")
    hubspot.close()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"category": "OBJECT_NOT_FOUND", "message": "none of them"}),
        httpx.Response(
            200, json={"results": [], "errors": [{"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}]}
        ),
        httpx.Response(207, json={"results": [], "errors": [{"category": "OBJECT_NOT_FOUND"}], "numErrors": 1}),
        httpx.Response(200, json={"results": [{"from": {"id": 7}, "to": []}]}),
    ],
)
def test_however_hubspot_says_that_there_are_none_it_is_no_error(
    canned: tuple[HubSpot, respx.Route], answer: httpx.Response
) -> None:
    hubspot, route = canned
    route.mock(return_value=answer)
    assert value(hubspot.fetch([Ref("deal", "7")], fields=[CONTACTS])[0], CONTACTS) is None


def test_ids_come_as_numbers_or_as_text_and_pages_follow_each_other(canned: tuple[HubSpot, respx.Route]) -> None:
    hubspot, route = canned
    following = {"next": {"after": "9"}}
    route.side_effect = [
        httpx.Response(
            200, json={"results": [{"from": {"id": 7}, "to": [{"toObjectId": 211762804612}], "paging": following}]}
        ),
        httpx.Response(200, json={"results": [{"from": {"id": "7"}, "to": [{"toObjectId": "9"}, {"id": "10"}]}]}),
    ]
    found = hubspot.fetch([Ref("deal", "7")], fields=[CONTACTS])[0]
    assert value(found, CONTACTS) == (Ref("contact", "9"), Ref("contact", "10"), Ref("contact", "211762804612"))
    assert b'"after":"9"' in route.calls[1].request.content


def test_an_error_about_something_else_does_not_pass_for_no_associations(canned: tuple[HubSpot, respx.Route]) -> None:
    hubspot, route = canned
    route.respond(207, json={"results": [], "errors": [{"category": "INTERNAL_ERROR"}]})
    with pytest.raises(Unavailable, match="associations"):
        hubspot.fetch([Ref("deal", "7")], fields=[CONTACTS])


def test_a_list_without_an_end_is_given_up(canned: tuple[HubSpot, respx.Route]) -> None:
    hubspot, route = canned
    endless = {"from": {"id": 7}, "to": [{"toObjectId": 9}], "paging": {"next": {"after": "9"}}}
    route.respond(json={"results": [endless]})
    with pytest.raises(Unavailable, match="end"):
        hubspot.fetch([Ref("deal", "7")], fields=[CONTACTS])
