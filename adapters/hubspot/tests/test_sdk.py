"""HubSpot's own SDK, and nothing of ours, against the simulator: records, batches, search, pages, exceptions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from leadbridge.simulator import Fault
from leadbridge_hubspot.simulator import HubSpotSimulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hubspot import HubSpot as SdkHubSpot
    from hubspot.crm import companies, contacts, deals, owners, properties


@pytest.fixture
def apis(simulator: HubSpotSimulator) -> Iterator[dict[str, Any]]:
    """The SDK's API objects for contacts, and others, on one client; their connections are closed afterwards."""
    client = SdkHubSpot(access_token=simulator.token, host=simulator.base_url)
    made = {
        "basic": client.crm.contacts.basic_api,
        "batch": client.crm.contacts.batch_api,
        "search": client.crm.contacts.search_api,
        "companies": client.crm.companies.basic_api,
        "deals": client.crm.deals.basic_api,
        "properties": client.crm.properties.core_api,
        "owners": client.crm.owners.owners_api,
        "objects": client.crm.objects.basic_api,
    }
    yield made
    for api in made.values():
        api.api_client.rest_client.pool_manager.clear()


def contact_input(**fields: str) -> Any:
    return contacts.SimplePublicObjectInputForCreate(properties=fields, associations=[])


def batch_input(**fields: str) -> Any:
    return contacts.SimplePublicObjectBatchInputForCreate(properties=fields, associations=[])


def test_the_sdk_creates_reads_changes_and_archives(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    basic = apis["basic"]
    made = basic.create(contact_input(email="Ada@acme.example", firstname="Ada"))
    assert made.properties["email"] == "ada@acme.example"
    assert made.properties["lifecyclestage"] == "lead"
    assert made.properties["hs_lifecyclestage_lead_date"] == "1772442000500"
    read = basic.get_by_id(made.id, properties=["firstname", "company", "no_such_property"])
    assert (read.properties["firstname"], read.properties["company"]) == ("Ada", None)
    assert "no_such_property" not in read.properties
    assert basic.get_by_id("ada@acme.example", id_property="email").id == made.id
    echoed = basic.update(made.id, contacts.SimplePublicObjectInput(properties={"firstname": "", "company": "Acme"}))
    assert (echoed.properties["firstname"], echoed.properties["company"]) == ("", "Acme")
    assert basic.get_by_id(made.id, properties=["firstname"]).properties["firstname"] is None
    basic.archive(made.id)
    assert [each.id for each in basic.get_page(archived=True).results] == [made.id]
    with pytest.raises(contacts.exceptions.NotFoundException):
        basic.get_by_id(made.id)
    assert basic.get_by_id(made.id, archived=True).archived


def test_the_sdk_walks_pages(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    refs = simulator.crm.seed("contact", [{"firstname": f"P{n}"} for n in range(230)])
    found, after = [], None
    while True:
        page = apis["basic"].get_page(limit=100, after=after, properties=["firstname", "lastname"])
        found += [each.id for each in page.results]
        if page.paging is None:
            break
        assert page.paging.next.link.startswith(simulator.base_url)
        after = page.paging.next.after
    assert found == [ref.id for ref in refs]
    with pytest.raises(contacts.exceptions.ApiException):
        apis["basic"].get_page(limit=101)


def test_the_sdk_searches(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    rows = [{"firstname": f"P{n}", "numemployees": n, "company": "Acme" if n % 2 else "Other"} for n in range(30)]
    refs = simulator.crm.seed("contact", rows)

    def search(filters: list[dict[str, object]], **more: Any) -> Any:
        groups = [{"filters": filters}]
        return apis["search"].do_search(contacts.PublicObjectSearchRequest(filter_groups=groups, **more))

    big: dict[str, object] = {"propertyName": "numemployees", "operator": "GTE", "value": "9"}
    odd: dict[str, object] = {"propertyName": "company", "operator": "EQ", "value": "acme"}
    found = search([big, odd], sorts=["-numemployees"], limit=4, properties=["numemployees"])
    assert (found.total, found.paging.next.after) == (11, "4")
    assert [each.properties["numemployees"] for each in found.results] == ["29", "27", "25", "23"]
    few = search([{"propertyName": "firstname", "operator": "IN", "values": ["p3", "p5"]}])
    assert [each.id for each in few.results] == [refs[3].id, refs[5].id]
    token = search([{"propertyName": "firstname", "operator": "CONTAINS_TOKEN", "value": "P1*"}], limit=50)
    assert token.total == 11
    blank = search([{"propertyName": "lastname", "operator": "NOT_HAS_PROPERTY"}], limit=1)
    assert blank.total == 30
    with pytest.raises(contacts.exceptions.ApiException) as caught:
        search([big], after="9990", limit=100)
    assert caught.value.status == 400


def test_the_sdk_works_in_batches(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    batch = apis["batch"]
    created = batch.create(
        contacts.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[batch_input(email=f"p{n}@acme.example") for n in range(20)]
        )
    )
    ids = [each.id for each in created.results]
    assert sorted(ids, key=int) != ids, "answers come in any order"
    read = batch.read(
        contacts.BatchReadInputSimplePublicObjectId(
            id_property="email",
            inputs=[{"id": "P3@acme.example"}, {"id": "nobody@acme.example"}],
            properties=["email"],
            properties_with_history=[],
        )
    )
    assert [each.properties["email"] for each in read.results] == ["p3@acme.example"]
    assert read.num_errors == 1
    upserted = batch.upsert(
        contacts.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                {"id": "k1", "idProperty": "leadbridge_id", "properties": {"firstname": "K"}},
                {"id": "k2", "idProperty": "leadbridge_id", "properties": {"firstname": "L"}},
            ]
        )
    )
    assert [each.new for each in upserted.results] == [True, True]
    batch.archive(contacts.BatchInputSimplePublicObjectId(inputs=[{"id": id} for id in ids[:3]]))
    assert len(simulator.crm.dump("contact")) == 19


def test_one_bad_input_sinks_a_batch_unless_each_has_a_trace_id(
    simulator: HubSpotSimulator, apis: dict[str, Any]
) -> None:
    simulator.crm.seed("contact", [{"email": "ada@acme.example"}])
    inputs = [batch_input(email="ada@acme.example"), batch_input(email="bob@acme.example")]
    with pytest.raises(contacts.exceptions.ApiException) as caught:
        apis["batch"].create(contacts.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert caught.value.status == 409
    assert len(simulator.crm.dump("contact")) == 1
    for place, each in enumerate(inputs):
        each.object_write_trace_id = str(place)
    answer = apis["batch"].create(contacts.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert answer.num_errors == 1
    assert answer.errors[0].context["objectWriteTraceId"] == ["0"]
    assert [each.properties["email"] for each in answer.results] == ["bob@acme.example"]
    unknown = contacts.BatchInputSimplePublicObjectBatchInput(
        inputs=[{"id": answer.results[0].id, "properties": {"nope": "x"}}]
    )
    with pytest.raises(contacts.exceptions.ApiException, match="PROPERTY_DOESNT_EXIST"):
        apis["batch"].update(unknown)


def test_the_sdk_merges_and_old_ids_lead_on(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    first, second = simulator.crm.seed("contact", [{"firstname": "A"}, {"firstname": "B", "company": "Acme"}])
    body = contacts.PublicMergeInput(primary_object_id=first.id, object_id_to_merge=second.id)
    survivor = apis["basic"].merge(body)
    assert survivor.id not in (first.id, second.id)
    for old in (first, second):
        read = apis["basic"].get_by_id(old.id, properties=["firstname", "company", "hs_merged_object_ids"])
        assert read.id == survivor.id
        assert read.properties["hs_merged_object_ids"] == f"{first.id};{second.id}"
        assert (read.properties["firstname"], read.properties["company"]) == ("A", "Acme")


def test_the_sdk_reads_the_directory(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    owner = simulator.crm.add_owner("ada@acme.example", first_name="Ada")
    assert [each.id for each in apis["owners"].get_page(email="ada@acme.example").results] == [owner]
    assert apis["owners"].get_by_id(int(owner)).first_name == "Ada"
    with pytest.raises(owners.exceptions.NotFoundException):
        apis["owners"].get_by_id(1)
    names = [each.name for each in apis["properties"].get_all("contacts").results]
    assert {"email", "lifecyclestage", "leadbridge_id"} <= set(names)
    made = apis["properties"].create(
        "0-1",
        properties.PropertyCreate(
            name="colour", label="Colour", type="string", field_type="text", group_name="contactinformation"
        ),
    )
    assert not made.hubspot_defined
    with pytest.raises(properties.exceptions.ApiException) as caught:
        apis["properties"].create(
            "contact",
            properties.PropertyCreate(
                name="colour", label="Colour", type="string", field_type="text", group_name="contactinformation"
            ),
        )
    assert caught.value.status == 409


def test_every_spelling_of_an_object_type_will_do(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    company = apis["companies"].create(
        companies.SimplePublicObjectInputForCreate(properties={"name": "Acme"}, associations=[])
    )
    deal = apis["deals"].create(
        deals.SimplePublicObjectInputForCreate(
            properties={"dealname": "Big", "dealstage": "closedwon"}, associations=[]
        )
    )
    for spelling in ("companies", "company", "0-2", "COMPANY"):
        assert apis["objects"].get_by_id(spelling, company.id).id == company.id
    won = apis["objects"].get_by_id("0-3", deal.id, properties=["hs_is_closed_won", "hs_deal_stage_probability"])
    assert (won.properties["hs_is_closed_won"], won.properties["hs_deal_stage_probability"]) == ("true", "1.0")
    with pytest.raises(Exception, match="Unable to infer object type from: butterflies"):
        apis["objects"].get_page("butterflies")


def test_the_sdk_gets_its_own_exceptions(simulator: HubSpotSimulator, apis: dict[str, Any]) -> None:
    basic = apis["basic"]
    simulator.portal.tokens.clear()
    with pytest.raises(contacts.exceptions.UnauthorizedException):
        basic.get_page()
    simulator.portal.tokens.add(simulator.token)
    simulator.portal.scopes_missing = {"crm.objects.contacts.read"}
    with pytest.raises(contacts.exceptions.ForbiddenException, match="requiredGranularScopes"):
        basic.get_page()
    simulator.portal.scopes_missing = set()
    simulator.faults.add(Fault(effect="status", status=502, body="bad gateway"))
    with pytest.raises(contacts.exceptions.ServiceException):
        basic.get_page()
    simulator.switches.enforce_limits = True
    simulator.switches.searches = 2
    request = contacts.PublicObjectSearchRequest()
    for _ in range(simulator.switches.searches):
        apis["search"].do_search(request)
    with pytest.raises(contacts.exceptions.ApiException) as caught:
        apis["search"].do_search(request)
    assert caught.value.status == 429
    assert "policyName" not in caught.value.body
    simulator.switches.calls = 1
    with pytest.raises(contacts.exceptions.ApiException, match="TEN_SECONDLY_ROLLING"):
        basic.get_page()
