"""Associations in the simulator: numeric ids, a type id for each direction, and errors that are none."""

from __future__ import annotations

import warnings
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.errors import ConfigError
from leadbridge_hubspot.simulator import HubSpotSimulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hubspot import HubSpot as SdkHubSpot
    from hubspot.crm.associations import v4

PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}
GENERATIONS = [
    ("/crm/v4/objects", "/crm/v4/associations", 207),
    ("/crm/objects/2026-03", "/crm/associations/2026-03", 207),
    ("/crm/objects/2026-09", "/crm/associations/2026-09", 200),
]


def pair(simulator: HubSpotSimulator) -> tuple[Ref, Ref]:
    contact = simulator.crm.seed("contact", [{"firstname": "Ada"}])[0]
    return contact, simulator.crm.seed("company", [{"name": "Acme"}])[0]


@pytest.mark.parametrize(("objects", "associations", "partly"), GENERATIONS)
def test_both_sides_see_an_association_with_their_own_type_ids(
    simulator: HubSpotSimulator, http: httpx.Client, objects: str, associations: str, partly: int
) -> None:
    contact, company = pair(simulator)
    lonely = simulator.crm.seed("contact", [{}])[0]
    path = f"{objects}/contacts/{contact.id}/associations"
    for _ in range(2):
        assert http.put(f"{path}/default/companies/{company.id}").status_code == 200
    labelled = http.put(
        f"{path}/0-2/{company.id}", json=[{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    )
    assert labelled.status_code == 201
    assert labelled.json()["toObjectId"] == int(company.id)
    listed = http.get(f"{path}/COMPANY").json()["results"]
    assert listed == [{"toObjectId": int(company.id), "associationTypes": [PLAIN, PRIMARY]}]
    body = {"inputs": [{"id": contact.id}, {"id": lonely.id}]}
    read = http.post(f"{associations}/contacts/companies/batch/read", json=body)
    assert read.status_code == partly
    assert read.json()["results"][0]["to"] == listed
    assert read.json()["numErrors"] == 1
    (error,) = read.json()["errors"]
    assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert error["context"]["fromObjectId"] == [lonely.id]
    back = http.get(f"{objects}/companies/{company.id}/associations/contacts").json()["results"]
    assert [each["typeId"] for each in back[0]["associationTypes"]] == [280, 2]
    assert http.delete(f"{path}/companies/{company.id}").status_code == 204
    assert http.get(f"{path}/companies").json() == {"results": []}


def test_batches_make_and_take_pairs(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact, company = pair(simulator)
    base = "/crm/associations/2026-09/contact/company/batch"
    ends = {"from": {"id": contact.id}, "to": {"id": company.id}}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    strange = {"from": {"id": contact.id}, "to": {"id": "77"}, "types": types}
    made = http.post(f"{base}/create", json={"inputs": [{**ends, "types": types}, strange]}).json()
    assert made["results"][0]["fromObjectId"] == int(contact.id)
    assert made["errors"][0]["context"] == {"ids": ["77"]}
    taken = {"inputs": [{"from": {"id": contact.id}, "to": [{"id": company.id}]}]}
    assert http.post(f"{base}/archive", json=taken).status_code == 204
    assert http.post(f"{base}/read", json={"inputs": [{"id": contact.id}]}).json()["results"] == []
    again = http.post(f"{base}/associate/default", json={"inputs": [ends]}).json()
    assert len(again["results"]) == 2
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    http.post(f"{base}/create", json={"inputs": [{**ends, "types": primary}]})
    unlabelled = http.post(f"{base}/labels/archive", json={"inputs": [{**ends, "types": primary}]})
    assert unlabelled.status_code == 204
    (kept,) = http.post(f"{base}/read", json={"inputs": [{"id": contact.id}]}).json()["results"]
    assert kept["to"][0]["associationTypes"] == [PLAIN]


@pytest.mark.parametrize(
    "types",
    [
        [],
        [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 280}],
        [{"associationCategory": "USER_DEFINED", "associationTypeId": 279}],
    ],
)
def test_types_of_another_direction_are_refused(
    simulator: HubSpotSimulator, http: httpx.Client, types: list[dict[str, object]]
) -> None:
    contact, company = pair(simulator)
    path = f"/crm/v4/objects/contacts/{contact.id}/associations/companies/{company.id}"
    assert http.put(path, json=types).status_code == 400


def test_batches_have_limits_and_long_lists_have_pages(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    company = simulator.crm.seed("company", [{"name": "Acme"}])[0]
    people = simulator.crm.seed("contact", [{}] * 501)
    ends = [{"from": {"id": company.id}, "to": {"id": each.id}} for each in people]
    base = "/crm/v4/associations/companies/contacts/batch"
    assert http.post(f"{base}/associate/default", json={"inputs": ends}).status_code == 200
    (first,) = http.post(f"{base}/read", json={"inputs": [{"id": company.id}]}).json()["results"]
    after = first["paging"]["next"]["after"]
    (rest,) = http.post(f"{base}/read", json={"inputs": [{"id": company.id, "after": after}]}).json()["results"]
    ids = [each["toObjectId"] for page in (first, rest) for each in page["to"]]
    assert ids == [int(each.id) for each in people]
    assert "paging" not in rest
    many = {"inputs": [{"id": str(number)} for number in range(1001)]}
    assert http.post(f"{base}/read", json=many).status_code == 400


def test_a_record_has_one_primary_company(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact, first = pair(simulator)
    second = simulator.crm.seed("company", [{"name": "Other"}])[0]
    simulator.crm.associate(contact, first, label="Primary")
    simulator.crm.associate(second, contact, label="Primary")
    listed = http.get(f"/crm/v4/objects/contacts/{contact.id}/associations/companies").json()["results"]
    labels = {each["toObjectId"]: [one["label"] for one in each["associationTypes"]] for each in listed}
    assert labels == {int(first.id): [None], int(second.id): [None, "Primary"]}


def test_labels_of_the_account_have_their_own_ids(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    forth, back = simulator.crm.add_label("contact", "company", "Works for", "Employs")
    found = http.get("/crm/associations/2026-09/contacts/companies/labels").json()["results"]
    assert {"category": "USER_DEFINED", "typeId": forth, "label": "Works for"} in found
    found = http.get("/crm/v4/associations/companies/contacts/labels").json()["results"]
    assert {"category": "USER_DEFINED", "typeId": back, "label": "Employs"} in found


def test_records_show_their_associations_when_asked(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact, company = pair(simulator)
    simulator.crm.associate(contact, company)
    body = http.get(f"/crm/v3/objects/contacts/{contact.id}?associations=companies,deals").json()
    assert body["associations"] == {"companies": {"results": [{"id": company.id, "type": "contact_to_company"}]}}
    (listed,) = http.get("/crm/v3/objects/companies?associations=contact").json()["results"]
    assert listed["associations"]["contacts"]["results"][0]["id"] == contact.id
    simulator.crm.dissociate(contact, company)
    assert "associations" not in http.get(f"/crm/v3/objects/contacts/{contact.id}?associations=companies").json()


def test_a_merged_record_keeps_its_associations(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact, company = pair(simulator)
    other = simulator.crm.seed("contact", [{"firstname": "Ada again"}])[0]
    simulator.crm.associate(contact, company)
    survivor = simulator.crm.merge(other, contact)
    listed = http.get(f"/crm/v4/objects/companies/{company.id}/associations/contacts").json()["results"]
    assert [each["toObjectId"] for each in listed] == [int(survivor.id)]


def test_the_sdk_associates_and_reads(simulator: HubSpotSimulator) -> None:
    contact, company = pair(simulator)
    client = SdkHubSpot(access_token=simulator.token, host=simulator.base_url)
    basic, batch = client.crm.associations.v4.basic_api, client.crm.associations.v4.batch_api
    basic.create_default("contacts", contact.id, "companies", company.id)
    page = basic.get_page("contacts", contact.id, "companies")
    assert page.results[0].to_object_id == company.id, "the SDK makes a text of the number"
    request: Any = v4.BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[v4.PublicFetchAssociationsBatchRequest(id=contact.id)]
    )
    read = batch.get_page("contacts", "companies", request)
    assert [each.type_id for each in read.results[0].to[0].association_types] == [279]
    basic.archive("contacts", contact.id, "companies", company.id)
    assert basic.get_page("contacts", contact.id, "companies").results == []
    for api in (basic, batch):
        api.api_client.rest_client.pool_manager.clear()


def test_what_cannot_belong_together_is_refused(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact, company = pair(simulator)
    note = simulator.crm.seed("note", [{"hs_note_body": "Hello"}])[0]
    call = simulator.crm.seed("call", [{"hs_call_title": "Hello"}])[0]
    with pytest.raises(ConfigError, match="cannot be associated"):
        simulator.crm.associate(note, call)
    with pytest.raises(ConfigError, match="cannot be associated"):
        simulator.crm.associate(contact, company, label="Rival")
    path = f"/crm/v4/objects/notes/{note.id}/associations/default"
    assert http.put(f"{path}/calls/{call.id}").status_code == 400
    assert http.put(f"{path}/contacts/77").status_code == 404
    assert http.get("/crm/v4/objects/notes/77/associations/contacts").status_code == 404
    assert http.get(f"/crm/v4/objects/notes/{note.id}/associations/butterflies").status_code == 400


def test_people_who_come_with_their_company_are_associated_from_the_start(
    simulator: HubSpotSimulator, http: httpx.Client
) -> None:
    company = simulator.crm.seed("company", [{"name": "Acme"}])[0]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    body = {
        "properties": {"firstname": "Ada"},
        "associations": [{"to": {"id": company.id}, "types": types}],
        "objectWriteTraceId": "a",
    }
    path = "/crm/objects/2026-09/contacts"
    made = [
        http.post(path, json=body).json()["id"],
        http.post(f"{path}/batch/create", json={"inputs": [body]}).json()["results"][0]["id"],
        http.post(f"{path}/batch/upsert", json={"inputs": [{**body, "id": "k", "idProperty": "leadbridge_id"}]}).json()[
            "results"
        ][0]["id"],
    ]
    listed = http.get(f"/crm/v4/objects/companies/{company.id}/associations/contacts").json()["results"]
    assert [str(each["toObjectId"]) for each in listed] == made
    wrong = {**body, "associations": [{"to": {"id": company.id}, "types": []}]}
    assert http.post(path, json=wrong).status_code == 400


@pytest.mark.parametrize("item", [{}, {"from": "1", "to": {"id": "2"}}, {"from": {"id": "1"}, "to": {}}])
@pytest.mark.parametrize("what", ["create", "archive", "associate/default", "labels/archive"])
def test_an_association_without_two_ends_is_refused(http: httpx.Client, item: dict[str, object], what: str) -> None:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]
    body = {"inputs": [{**item, "types": types}]}
    assert http.post(f"/crm/v4/associations/contacts/companies/batch/{what}", json=body).status_code == 400
    new = {"properties": {"firstname": "Ada"}, "associations": [item]}
    assert http.post("/crm/v3/objects/contacts", json=new).status_code == 400
