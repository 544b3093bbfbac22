"""HubSpot's own SDK, and nothing of ours, against the simulator: associations, pipelines, history, erasure, sign-in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.clock import ManualClock
from leadbridge.simulator import Fault
from leadbridge_hubspot.simulator import HubSpotSimulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hubspot import HubSpot as SdkHubSpot
    from hubspot import oauth
    from hubspot.crm import contacts, pipelines
    from hubspot.crm.associations import v4

CONTACT_TO_COMPANY, PRIMARY, DEAL_TO_CONTACT = 279, 1, 3


class Apis:
    """The SDK's API objects on one client, kept so that their connections can be closed."""

    def __init__(self, simulator: HubSpotSimulator) -> None:
        client = SdkHubSpot(access_token=simulator.token, host=simulator.base_url)
        self.contacts = client.crm.contacts.basic_api
        self.batch = client.crm.contacts.batch_api
        self.associations = client.crm.associations.v4.basic_api
        self.pairs = client.crm.associations.v4.batch_api
        self.pipelines = client.crm.pipelines.pipelines_api
        self.stages = client.crm.pipelines.pipeline_stages_api
        self.tokens = client.oauth.tokens_api

    def close(self) -> None:
        for api in vars(self).values():
            api.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def apis(simulator: HubSpotSimulator) -> Iterator[Apis]:
    made = Apis(simulator)
    yield made
    made.close()


@pytest.fixture
def people(simulator: HubSpotSimulator) -> list[str]:
    return [ref.id for ref in simulator.crm.seed("contact", [{"firstname": f"P{n}"} for n in range(4)])]


@pytest.fixture
def companies(simulator: HubSpotSimulator) -> list[str]:
    return [ref.id for ref in simulator.crm.seed("company", [{"name": f"C{n}"} for n in range(3)])]


def pairs(*inputs: dict[str, Any]) -> Any:
    return v4.BatchInputPublicAssociationMultiPost(inputs=list(inputs))


def read(*ids: str) -> Any:
    return v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": each} for each in ids])


def test_the_sdk_associates_and_takes_apart(apis: Apis, people: list[str], companies: list[str]) -> None:
    apis.associations.create_default("contacts", people[0], "companies", companies[0])
    apis.associations.create_default("contact", people[0], "company", companies[0])
    (found,) = apis.associations.get_page("contacts", people[0], "companies").results
    assert str(found.to_object_id) == companies[0]
    assert CONTACT_TO_COMPANY in [kind.type_id for kind in found.association_types]
    (back,) = apis.associations.get_page("companies", companies[0], "contacts").results
    assert str(back.to_object_id) == people[0]
    apis.associations.archive("contacts", people[0], "companies", companies[0])
    assert apis.associations.get_page("contacts", people[0], "companies").results == []
    assert apis.associations.get_page("companies", companies[0], "contacts").results == []


def test_the_sdk_makes_a_company_the_primary_one(apis: Apis, people: list[str], companies: list[str]) -> None:
    spec = [v4.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=PRIMARY)]
    apis.associations.create("contacts", people[0], "companies", companies[1], spec)
    (found,) = apis.associations.get_page("contacts", people[0], "companies").results
    assert {kind.type_id for kind in found.association_types} == {PRIMARY, CONTACT_TO_COMPANY}


def test_the_sdk_associates_in_batches_and_nobody_is_no_failure(
    apis: Apis, people: list[str], companies: list[str]
) -> None:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": CONTACT_TO_COMPANY}]
    made = apis.pairs.create(
        "contacts",
        "companies",
        pairs(
            *(
                {"from": {"id": person}, "to": {"id": company}, "types": types}
                for person in people[:2]
                for company in companies
            )
        ),
    )
    assert len(made.results) == 6
    answer = apis.pairs.get_page("contacts", "companies", read(*people))
    found = {str(each._from.id): {str(to.to_object_id) for to in each.to} for each in answer.results}
    assert found == {person: set(companies) for person in people[:2]}
    assert answer.num_errors >= 1
    codes = {error.sub_category for error in answer.errors}
    assert codes == {"crm.associations.NO_ASSOCIATIONS_FOUND"}
    apis.pairs.archive(
        "contacts",
        "companies",
        v4.BatchInputPublicAssociationMultiArchive(
            inputs=[{"from": {"id": people[0]}, "to": [{"id": companies[0]}, {"id": companies[1]}]}]
        ),
    )
    left = apis.associations.get_page("contacts", people[0], "companies").results
    assert [str(each.to_object_id) for each in left] == companies[2:]


def test_the_sdk_walks_many_associations_page_by_page(simulator: HubSpotSimulator, apis: Apis) -> None:
    (company,) = simulator.crm.seed("company", [{"name": "Large"}])
    people = simulator.crm.seed("contact", [{"firstname": f"P{n}"} for n in range(23)])
    for ref in people:
        simulator.crm.associate(ref, company)
    found: list[str] = []
    after = None
    while True:
        page = apis.associations.get_page("companies", company.id, "contacts", limit=10, after=after)
        found += [str(each.to_object_id) for each in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert sorted(found) == sorted(ref.id for ref in people)


def test_the_sdk_gets_an_exception_for_an_association_with_nobody(apis: Apis, people: list[str]) -> None:
    with pytest.raises(v4.exceptions.ApiException) as caught:
        apis.associations.create_default("contacts", people[0], "companies", "999999")
    assert caught.value.status in (400, 404)
    with pytest.raises(v4.exceptions.ApiException):
        apis.associations.get_page("contacts", people[0], "butterflies")


def test_a_new_record_can_come_with_its_associations(apis: Apis, companies: list[str]) -> None:
    made = apis.contacts.create(
        contacts.SimplePublicObjectInputForCreate(
            properties={"email": "ada@acme.example"},
            associations=[
                {
                    "to": {"id": companies[0]},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": CONTACT_TO_COMPANY}],
                }
            ],
        )
    )
    (found,) = apis.associations.get_page("contacts", made.id, "companies").results
    assert str(found.to_object_id) == companies[0]


def test_the_sdk_reads_pipelines_with_the_order_of_their_stages(apis: Apis) -> None:
    (deals,) = apis.pipelines.get_all("deals").results
    stages = sorted(deals.stages, key=lambda stage: stage.display_order)
    assert (deals.id, stages[0].id, stages[-1].id) == ("default", "appointmentscheduled", "closedlost")
    assert stages[-2].metadata["probability"] == "1.0"
    (lifecycle,) = apis.pipelines.get_all("contacts").results
    assert lifecycle.id == "contacts-lifecycle-pipeline"
    assert [stage.id for stage in apis.stages.get_all("deals", "default").results] == [stage.id for stage in stages]
    assert apis.pipelines.get_by_id("deals", "default").id == "default"
    with pytest.raises(pipelines.exceptions.NotFoundException):
        apis.pipelines.get_by_id("deals", "nowhere")


def test_the_sdk_reads_history_newest_first(simulator: HubSpotSimulator, apis: Apis, clock: ManualClock) -> None:
    (ref,) = simulator.crm.seed("contact", [{"jobtitle": "Assistant"}])
    for title in ("Manager", "Director"):
        clock.advance(timedelta(days=1))
        simulator.crm.edit(ref, {"jobtitle": title})
    told = apis.contacts.get_by_id(ref.id, properties_with_history=["jobtitle"]).properties_with_history["jobtitle"]
    assert [version.value for version in told] == ["Director", "Manager", "Assistant"]
    assert [version.timestamp for version in told] == sorted((each.timestamp for each in told), reverse=True)
    body = contacts.BatchReadInputSimplePublicObjectId(
        inputs=[{"id": ref.id}], properties=["jobtitle"], properties_with_history=["jobtitle"]
    )
    (one,) = apis.batch.read(body).results
    assert len(one.properties_with_history["jobtitle"]) == 3
    with pytest.raises(contacts.exceptions.ApiException) as caught:
        apis.contacts.get_page(limit=51, properties_with_history=["jobtitle"])
    assert caught.value.status == 400


def test_the_sdk_erases_a_person(simulator: HubSpotSimulator, apis: Apis) -> None:
    simulator.crm.seed("contact", [{"email": "ada@acme.example"}, {"email": "bob@acme.example"}])
    first, second = (row["id"] for row in simulator.crm.dump("contact"))
    apis.contacts.purge(contacts.PublicGdprDeleteInput(object_id=first))
    apis.contacts.purge(contacts.PublicGdprDeleteInput(object_id="bob@acme.example", id_property="email"))
    assert simulator.crm.dump("contact") == []
    assert apis.contacts.get_page(archived=True).results == []
    with pytest.raises(contacts.exceptions.NotFoundException):
        apis.contacts.get_by_id(second)


def test_the_sdk_merges_archives_and_finds_the_survivor_in_a_batch(apis: Apis, people: list[str]) -> None:
    body = contacts.PublicMergeInput(primary_object_id=people[0], object_id_to_merge=people[1])
    survivor = apis.contacts.merge(body)
    apis.batch.archive(contacts.BatchInputSimplePublicObjectId(inputs=[{"id": people[2]}]))
    inputs = [{"id": id} for id in (survivor.id, people[2], people[3])]
    read = contacts.BatchReadInputSimplePublicObjectId(inputs=inputs, properties=[], properties_with_history=[])
    assert sorted(each.id for each in apis.batch.read(read).results) == sorted((survivor.id, people[3]))
    with pytest.raises(contacts.exceptions.ApiException) as caught:
        apis.contacts.merge(contacts.PublicMergeInput(primary_object_id=people[3], object_id_to_merge="999999"))
    assert caught.value.status in (400, 404)


def test_the_sdk_signs_in_with_a_refresh_token(simulator: HubSpotSimulator, apis: Apis) -> None:
    app = simulator.app
    refresh = next(iter(app.refresh_tokens))
    given = apis.tokens.create(
        grant_type="refresh_token",
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=refresh,
    )
    assert given.expires_in == 1800
    client = SdkHubSpot(access_token=given.access_token, host=simulator.base_url)
    api = client.crm.contacts.basic_api
    assert api.get_page().results == []
    api.api_client.rest_client.pool_manager.clear()
    with pytest.raises(oauth.exceptions.ApiException) as caught:
        apis.tokens.create(
            grant_type="refresh_token",
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token="revoked",
        )
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, contacts.exceptions.ApiException),
        (401, contacts.exceptions.UnauthorizedException),
        (403, contacts.exceptions.ForbiddenException),
        (404, contacts.exceptions.NotFoundException),
        (423, contacts.exceptions.ApiException),
        (429, contacts.exceptions.ApiException),
        (477, contacts.exceptions.ApiException),
        (500, contacts.exceptions.ServiceException),
        (503, contacts.exceptions.ServiceException),
    ],
)
def test_every_trouble_reaches_the_sdk_as_its_own_exception(
    simulator: HubSpotSimulator, apis: Apis, status: int, kind: type[Exception]
) -> None:
    simulator.faults.add(Fault(effect="status", status=status))
    with pytest.raises(kind) as caught:
        apis.contacts.get_page()
    assert getattr(caught.value, "status", None) == status
