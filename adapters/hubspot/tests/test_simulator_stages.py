"""Stages in the simulator: pipelines, what HubSpot computes about them, what it moves, and what it remembers."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge_hubspot.simulator import HubSpotSimulator

CONTACTS = "/crm/objects/2026-09/contacts"


def test_a_record_remembers_its_values_newest_first(
    simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock
) -> None:
    ref = simulator.crm.seed("contact", [{"lifecyclestage": "lead"}])[0]
    clock.advance(timedelta(days=1))
    http.patch(f"{CONTACTS}/{ref.id}", json={"properties": {"lifecyclestage": "marketingqualifiedlead"}})
    clock.advance(timedelta(days=1))
    simulator.crm.edit(ref, {"lifecyclestage": None})
    asked = "propertiesWithHistory=lifecyclestage,nope,city"
    single = http.get(f"{CONTACTS}/{ref.id}?{asked}").json()["propertiesWithHistory"]
    assert set(single) == {"lifecyclestage", "city"}
    assert single["city"] == []
    assert [(each["value"], each["sourceType"]) for each in single["lifecyclestage"]] == [
        ("", "CRM_UI"),
        ("marketingqualifiedlead", "INTEGRATION"),
        ("lead", "IMPORT"),
    ]
    stamps = [each["timestamp"] for each in single["lifecyclestage"]]
    assert stamps[1:] == ["2026-03-03T09:00:00.500Z", "2026-03-02T09:00:00.500Z"]
    (listed,) = http.get(f"{CONTACTS}?{asked}").json()["results"]
    body = {"inputs": [{"id": ref.id}], "propertiesWithHistory": ["lifecyclestage", "city"]}
    (read,) = http.post(f"{CONTACTS}/batch/read", json=body).json()["results"]
    assert listed["propertiesWithHistory"] == read["propertiesWithHistory"] == single


def test_pages_with_history_hold_fifty(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    refs = simulator.crm.seed("contact", [{}] * 51)
    asked = "propertiesWithHistory=lifecyclestage"
    assert http.get(f"{CONTACTS}?limit=50&{asked}").status_code == 200
    assert http.get(f"{CONTACTS}?limit=51&{asked}").status_code == 400
    body = {"inputs": [{"id": ref.id} for ref in refs], "propertiesWithHistory": ["lifecyclestage"]}
    assert http.post(f"{CONTACTS}/batch/read", json=body).status_code == 400


def test_an_account_keeps_only_so_many_earlier_values(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    ref = simulator.crm.seed("contact", [{}])[0]
    for number in range(50):
        simulator.crm.edit(ref, {"city": f"City {number}"})
    for most in (45, 3):
        simulator.switches.history = most
        found = http.get(f"{CONTACTS}/{ref.id}?propertiesWithHistory=city").json()["propertiesWithHistory"]["city"]
        assert [each["value"] for each in found] == [f"City {number}" for number in range(49, 49 - most, -1)]


def test_hubspot_computes_when_a_stage_was_entered_and_left(
    simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock
) -> None:
    made = http.post(CONTACTS, json={"properties": {"firstname": "Ada", "lifecyclestage": "lead"}}).json()
    assert made["properties"]["hs_v2_date_entered_lead"] == "1772442000500", "computed values are raw milliseconds"
    assert made["properties"]["createdate"] == "2026-03-02T09:00:00.500Z"
    path = f"{CONTACTS}/{made['id']}"
    clock.advance(timedelta(hours=1))
    http.patch(path, json={"properties": {"lifecyclestage": "opportunity"}})
    names = (
        "hs_v2_date_entered_lead",
        "hs_v2_date_exited_lead",
        "hs_v2_latest_time_in_lead",
        "hs_v2_cumulative_time_in_lead",
        "hs_v2_date_entered_opportunity",
        "hs_v2_date_entered_current_stage",
        "hs_lifecyclestage_opportunity_date",
        "hs_v2_date_exited_opportunity",
    )
    seen = http.get(f"{path}?properties={','.join(names)}").json()["properties"]
    assert [seen[name] for name in names] == [
        "2026-03-02T09:00:00.500Z",
        "2026-03-02T10:00:00.500Z",
        "3600000",
        "3600000",
        *["2026-03-02T10:00:00.500Z"] * 3,
        None,
    ]
    assert http.patch(path, json={"properties": {"hs_v2_date_entered_lead": "1"}}).status_code == 400


def test_stages_of_the_account_are_numbers_with_properties_of_their_own(
    simulator: HubSpotSimulator, http: httpx.Client
) -> None:
    nurture = simulator.crm.add_stage("contact", "Nurture", place=1)
    demo = simulator.crm.add_stage("deal", "Demo", place=0, probability="0.1")
    working = simulator.crm.add_stage("lead", "Working")
    assert all(id.isdigit() for id in (nurture, demo, working))
    (lifecycle,) = http.get("/crm/pipelines/2026-09/contacts").json()["results"]
    assert [stage["id"] for stage in lifecycle["stages"]][:3] == ["subscriber", nurture, "lead"]
    (sales,) = http.get("/crm/v3/pipelines/0-3").json()["results"]
    assert (sales["id"], sales["stages"][0]["metadata"]) == ("default", {"probability": "0.1", "isClosed": "false"})
    (leads,) = http.get("/crm/pipelines/2026-03/leads").json()["results"]
    assert [stage["id"] for stage in leads["stages"]][-2:] == ["unqualified-stage-id", working]
    names = {each["name"] for each in http.get("/crm/v3/properties/contacts").json()["results"]}
    assert {f"hs_v2_date_entered_{nurture}", f"hs_v2_date_exited_{nurture}"} <= names


def test_pipelines_are_changed_through_the_api(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    base = "/crm/pipelines/2026-09/deals"
    stage = {"label": "Won", "displayOrder": 0, "metadata": {"probability": 1.0, "isClosed": True}}
    made = http.post(base, json={"label": "Renewals", "displayOrder": 1, "stages": [stage]}).json()
    won = made["stages"][0]["id"]
    assert made["id"].isdigit()
    opened = http.post(f"{base}/{made['id']}/stages", json={"label": "Open", "displayOrder": 0, "metadata": {}}).json()
    renamed = http.patch(f"{base}/{made['id']}/stages/{opened['id']}", json={"label": "New", "displayOrder": 1})
    assert (renamed.json()["label"], renamed.json()["displayOrder"]) == ("New", 1)
    ids = [each["id"] for each in http.get(f"{base}/{made['id']}/stages").json()["results"]]
    assert ids == [won, opened["id"]]
    simulator.crm.seed("deal", [{"dealname": "Big", "pipeline": made["id"], "dealstage": won}])
    assert http.get(f"{base}/{made['id']}/stages/{won}").json()["label"] == "Won"
    assert http.delete(f"{base}/{made['id']}/stages/{won}").status_code == 400
    assert http.delete(f"{base}/{made['id']}").status_code == 400
    assert http.delete(f"/crm/v3/pipelines/deals/{made['id']}/stages/{won}").status_code == 204
    assert http.delete(f"{base}/{made['id']}").status_code == 204
    assert http.get(f"{base}/{made['id']}").status_code == 404
    assert http.post("/crm/v3/pipelines/contacts", json={"label": "No"}).status_code == 400


def test_a_deal_makes_an_opportunity_and_a_won_one_a_customer(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact, regular = simulator.crm.seed("contact", [{"lifecyclestage": "lead"}, {"lifecyclestage": "customer"}])
    company = simulator.crm.seed("company", [{"name": "Acme", "lifecyclestage": "lead"}])[0]
    deal = simulator.crm.seed("deal", [{"dealname": "Big", "dealstage": "qualifiedtobuy"}])[0]

    def stages() -> list[object]:
        rows = [*simulator.crm.dump("contact"), *simulator.crm.dump("company")]
        return [row["lifecyclestage"] for row in rows]

    for other in (contact, regular, company):
        http.put(f"/crm/v4/objects/deals/{deal.id}/associations/default/{other.kind}/{other.id}")
    assert stages() == ["opportunity", "customer", "opportunity"]
    assert simulator.crm.dump("contact")[0]["num_associated_deals"] == 1
    http.patch(f"/crm/v3/objects/deals/{deal.id}", json={"properties": {"dealstage": "closedwon"}})
    assert stages() == ["customer", "customer", "customer"]
    history = http.get(f"{CONTACTS}/{contact.id}?propertiesWithHistory=lifecyclestage").json()
    assert history["propertiesWithHistory"]["lifecyclestage"][0]["sourceType"] == "CALCULATED"


def test_accounts_can_leave_stages_alone(simulator: HubSpotSimulator) -> None:
    simulator.switches.moves = False
    contact = simulator.crm.seed("contact", [{"lifecyclestage": "lead"}])[0]
    simulator.crm.win(contact)
    assert simulator.crm.dump("contact")[0]["lifecyclestage"] == "lead"


@pytest.mark.parametrize("ratchet", [True, False])
def test_a_stage_goes_back_only_where_the_account_lets_it(
    simulator: HubSpotSimulator, http: httpx.Client, ratchet: bool
) -> None:
    simulator.switches.ratchet = ratchet
    ref = simulator.crm.seed("contact", [{"lifecyclestage": "opportunity"}])[0]
    answer = http.patch(f"{CONTACTS}/{ref.id}", json={"properties": {"lifecyclestage": "lead"}})
    assert answer.status_code == 200
    assert simulator.crm.dump("contact")[0]["lifecyclestage"] == ("opportunity" if ratchet else "lead")


def test_people_add_pipelines_and_their_stages(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    renewals = simulator.crm.add_pipeline("deal", "Renewals")
    won = simulator.crm.add_stage("deal", "Renewed", pipeline=renewals, probability="1.0")
    simulator.crm.seed("deal", [{"dealname": "Again", "pipeline": renewals, "dealstage": won}])
    assert simulator.crm.dump("deal")[0]["hs_is_closed_won"] is True
    found = http.get(f"/crm/pipelines/2026-09/deals/{renewals}/stages").json()["results"]
    assert [stage["id"] for stage in found] == [won]
    assert http.get(f"/crm/pipelines/2026-09/deals/{renewals}/stages/nope").status_code == 404
    assert http.post(f"/crm/pipelines/2026-09/deals/{renewals}/stages", json={}).status_code == 400
    with pytest.raises(ConfigError, match="no such pipeline"):
        simulator.crm.add_stage("deal", "Lost", pipeline="nope")
    with pytest.raises(ConfigError, match="no such pipeline"):
        simulator.crm.add_stage("note", "Read")
    with pytest.raises(ConfigError, match="only deals and leads"):
        simulator.crm.add_pipeline("contact", "Other")
