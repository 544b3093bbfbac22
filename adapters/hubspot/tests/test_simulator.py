"""The simulator's own rules: what HubSpot does with values, stages, indexes and switches."""

from __future__ import annotations

from datetime import date, timedelta

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, Unsupported
from leadbridge.simulator import Simulator
from leadbridge_hubspot.simulator import HubSpotSimulator


def test_it_is_a_simulator(simulator: HubSpotSimulator) -> None:
    running: Simulator = simulator
    assert running.name == "hubspot"


@pytest.mark.parametrize(
    "base", ["/crm/v3/objects/contacts", "/crm/objects/2026-03/0-1", "/crm/objects/2026-09/contact"]
)
def test_both_generations_of_paths_and_all_forms_of_lists_are_understood(
    simulator: HubSpotSimulator, http: httpx.Client, base: str
) -> None:
    ref = simulator.crm.seed("contact", [{"email": "a@acme.example", "firstname": "A", "company": "Acme"}])[0]
    for query in ("properties=firstname&properties=company", "properties=firstname,company"):
        body = http.get(f"{base}/{ref.id}?{query}&archived=False").json()
        assert body["properties"] == {
            "company": "Acme",
            "createdate": "2026-03-02T09:00:00.500Z",
            "firstname": "A",
            "hs_object_id": ref.id,
            "lastmodifieddate": "2026-03-02T09:00:00.500Z",
        }
    simulator.crm.delete(ref)
    for flag in ("true", "True"):
        listed = http.get(f"{base}?archived={flag}").json()["results"]
        assert [(each["id"], each["archived"]) for each in listed] == [(ref.id, True)]
    assert http.get(base).json() == {"results": []}


def test_what_nobody_asks_for_is_shown_by_default(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    simulator.crm.seed("deal", [{"dealname": "Big", "amount": 10}])
    (deal,) = http.get("/crm/v3/objects/deals").json()["results"]
    assert set(deal["properties"]) == {
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    }
    assert deal["properties"]["amount"] == "10"


def test_answers_carry_the_time_and_the_limits_of_the_account(
    simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock
) -> None:
    clock.advance(timedelta(days=1))
    answer = http.get("/account-info/2026-09/details")
    assert answer.headers["date"] == "Tue, 03 Mar 2026 09:00:00 GMT"
    assert answer.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    assert answer.headers["x-hubspot-correlation-id"]
    found = http.post("/crm/v3/objects/contacts/search", json={})
    assert found.status_code == 200
    assert "x-hubspot-ratelimit-max" not in found.headers


def test_search_counts_ghosts_and_shows_live_values(
    simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock
) -> None:
    refs = simulator.crm.seed("contact", [{"firstname": f"P{n}"} for n in range(3)])
    http.post("/crm/v3/objects/contacts/search", json={})
    simulator.switches.lag = timedelta(minutes=1)
    simulator.crm.delete(refs[0])
    simulator.crm.edit(refs[1], {"firstname": "New"})
    new = simulator.crm.seed("contact", [{"firstname": "Later"}])[0]
    body = {"properties": ["firstname"], "filterGroups": []}
    found = http.post("/crm/v3/objects/contacts/search", json=body).json()
    assert found["total"] == 3
    assert [each["properties"]["firstname"] for each in found["results"]] == ["New", "P2"]
    clock.advance(timedelta(minutes=1))
    found = http.post("/crm/v3/objects/contacts/search", json=body).json()
    assert (found["total"], found["results"][-1]["id"]) == (3, new.id)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"after": "9995", "limit": 10}, "10000"),
        ({"sorts": ["a", "b"]}, "one sort"),
        ({"filterGroups": [{"filters": [{"propertyName": "nope", "operator": "EQ", "value": "1"}]}]}, "nope"),
        ({"filterGroups": [{"filters": []}] * 6}, "too many"),
    ],
)
def test_search_refuses_what_hubspot_refuses(http: httpx.Client, query: dict[str, object], problem: str) -> None:
    answer = http.post("/crm/v3/objects/contacts/search", json=query)
    assert answer.status_code == 400
    assert problem in answer.json()["message"]


def test_ids_are_sorted_as_numbers(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    refs = simulator.crm.seed("contact", [{}] * 60)
    assert len({len(ref.id) for ref in refs}) == 2
    filters = [{"propertyName": "hs_object_id", "operator": "GT", "value": refs[45].id}]
    query = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": 100,
    }
    found = http.post("/crm/v3/objects/contacts/search", json=query).json()
    assert [each["id"] for each in found["results"]] == [ref.id for ref in refs[46:]]


def test_partial_failures_look_as_the_version_has_them(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    ref = simulator.crm.seed("contact", [{"firstname": "A"}])[0]
    body = {"inputs": [{"id": ref.id, "properties": {"firstname": "B"}}, {"id": "77", "properties": {}}]}
    for base, status in (("/crm/v3/objects", 207), ("/crm/objects/2026-03", 207), ("/crm/objects/2026-09", 200)):
        answer = http.post(f"{base}/contacts/batch/update", json=body)
        assert answer.status_code == status
        assert answer.json()["numErrors"] == 1
        assert answer.json()["errors"][0]["context"] == {"ids": ["77"]}


def test_a_batch_names_no_record_twice(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    body = {"inputs": [{"id": "1", "properties": {}}] * 2}
    answer = http.post("/crm/v3/objects/contacts/batch/update", json=body)
    assert answer.status_code == 400
    assert answer.json()["context"] == {"ids": ["1"]}
    many = {"inputs": [{"id": str(n), "properties": {}} for n in range(101)]}
    assert http.post("/crm/v3/objects/contacts/batch/update", json=many).status_code == 400


def test_lifecycle_stages_have_an_order_that_the_account_can_change(
    simulator: HubSpotSimulator, http: httpx.Client
) -> None:
    (pipeline,) = http.get("/crm/pipelines/2026-03/contacts").json()["results"]
    assert pipeline["id"] == "contacts-lifecycle-pipeline"
    assert [stage["id"] for stage in pipeline["stages"]][:3] == ["subscriber", "lead", "marketingqualifiedlead"]
    simulator.crm.set_options("contact", "lifecyclestage", [("918273", "Nurture"), ("lead", "Lead")])
    ref = simulator.crm.seed("contact", [{"lifecyclestage": "lead"}])[0]
    path = f"/crm/v3/objects/contacts/{ref.id}"

    def put(stage: str) -> str | None:
        http.patch(path, json={"properties": {"lifecyclestage": stage}})
        answer = http.get(f"{path}?properties=lifecyclestage").json()
        value: str | None = answer["properties"]["lifecyclestage"]
        return value

    assert put("918273") == "lead"
    assert put("") is None
    assert put("918273") == "918273"


def test_a_checkbox_value_can_be_added_without_naming_the_others(
    simulator: HubSpotSimulator, http: httpx.Client
) -> None:
    simulator.crm.add_property("contact", "topics", type="enumeration", look="checkbox", options=("a", "b", "c"))
    ref = simulator.crm.seed("contact", [{"topics": ("a",)}])[0]
    http.patch(f"/crm/v3/objects/contacts/{ref.id}", json={"properties": {"topics": ";c"}})
    assert simulator.crm.dump("contact")[0]["topics"] == ("a", "c")


def test_some_accounts_demand_a_name_or_an_address(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    body: dict[str, object] = {"properties": {"company": "Acme"}}
    assert http.post("/crm/v3/objects/contacts", json=body).status_code == 201
    simulator.switches.require_name_or_email = True
    assert http.post("/crm/v3/objects/contacts", json=body).status_code == 400


def test_an_erased_person_is_gone_everywhere(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    ref = simulator.crm.seed("contact", [{"email": "a@acme.example"}])[0]
    body = {"objectId": "a@acme.example", "idProperty": "email"}
    assert http.post("/crm/v3/objects/contacts/gdpr-delete", json=body).status_code == 204
    for archived in ("true", "false"):
        assert http.get(f"/crm/v3/objects/contacts/{ref.id}?archived={archived}").status_code == 404


def test_a_won_deal_makes_a_customer(simulator: HubSpotSimulator) -> None:
    ref = simulator.crm.seed("contact", [{"firstname": "A", "lifecyclestage": "opportunity"}])[0]
    simulator.crm.win(ref, on=date(2026, 2, 27), amount=1200.5)
    simulator.crm.win(ref, on=date(2026, 2, 28))
    (deal,) = simulator.crm.dump("deal")
    assert (deal["dealstage"], deal["amount"], deal["hs_is_closed_won"]) == ("closedwon", 1200.5, True)
    assert deal["closedate"] == "2026-02-28T00:00:00.000Z"
    (contact,) = simulator.crm.dump("contact")
    assert (contact["lifecyclestage"], contact["num_associated_deals"]) == ("customer", 1)
    with pytest.raises(Unsupported):
        simulator.crm.convert(ref)


def test_the_back_door_refuses_nonsense_with_a_sentence(simulator: HubSpotSimulator) -> None:
    ref = simulator.crm.seed("contact", [{"email": "a@acme.example"}])[0]
    with pytest.raises(ConfigError, match="nope"):
        simulator.crm.seed("contact", [{"nope": "x"}])
    with pytest.raises(ConfigError, match="same email"):
        simulator.crm.seed("contact", [{"email": "A@acme.example"}])
    with pytest.raises(ConfigError, match="butterfly"):
        simulator.crm.dump("butterfly")
    with pytest.raises(ConfigError, match="there is no contact 1"):
        simulator.crm.delete(Ref("contact", "1"))
    with pytest.raises(ConfigError):
        simulator.crm.merge(ref, ref)


def test_imports_may_set_the_past(simulator: HubSpotSimulator) -> None:
    simulator.crm.seed(
        "contact",
        [
            {
                "createdate": "2017-10-01",
                "lifecyclestage": "lead",
                "hs_lifecyclestage_lead_date": "2017-10-02T08:00:00Z",
                "recent_conversion_date": "2017-10-01T07:00:00Z",
            }
        ],
    )
    (row,) = simulator.crm.dump("contact")
    assert row["createdate"] == "2017-10-01T00:00:00.000Z"
    assert row["hs_lifecyclestage_lead_date"] == "2017-10-02T08:00:00.000Z"
    assert row["lastmodifieddate"] == "2026-03-02T09:00:00.500Z"


def test_the_control_api_reaches_the_back_door(simulator: HubSpotSimulator) -> None:
    with httpx.Client(base_url=f"{simulator.base_url}/_control") as control:
        seeded = control.post("/seed", json={"kind": "contact", "rows": [{"firstname": "A", "numemployees": 3}]}).json()
        control.post("/edit", json={"ref": seeded[0], "fields": {"firstname": "B"}})
        (row,) = control.get("/dump/contact").json()
        assert (row["firstname"], row["numemployees"]) == ("B", 3)
        control.post("/reset")
        assert control.get("/dump/contact").json() == []


def test_only_known_tokens_open_the_account(simulator: HubSpotSimulator) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        answer = httpx.get(f"{simulator.base_url}/crm/v3/owners/", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["category"] == "INVALID_AUTHENTICATION"
