"""An account in the simulator: signing in, limits, what a write must bring, and people who were erased."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge_hubspot.simulator import HubSpotSimulator, Rule

CONTACTS = "/crm/objects/2026-09/contacts"


def form(simulator: HubSpotSimulator, **more: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token",
        "client_id": simulator.app.client_id,
        "client_secret": simulator.app.client_secret,
        "refresh_token": next(iter(simulator.app.refresh_tokens), ""),
        **more,
    }


@pytest.mark.parametrize("path", ["/oauth/v1/token", "/oauth/2026-03/token", "/oauth/2026-09/token"])
def test_access_tokens_expire_and_are_renewed(simulator: HubSpotSimulator, clock: ManualClock, path: str) -> None:
    with httpx.Client(base_url=simulator.base_url) as http:
        given = http.post(path, data=form(simulator)).json()
        assert (given["expires_in"], given["token_type"]) == (1800, "bearer")
        assert (given["hub_id"], given["token_use"]) == (simulator.portal.portal_id, "access")
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        assert http.get(CONTACTS, headers=headers).status_code == 200
        clock.advance(timedelta(minutes=30))
        expired = http.get(CONTACTS, headers=headers)
        assert (expired.status_code, expired.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
        again = http.post(path, data=form(simulator)).json()
        assert again["access_token"] != given["access_token"]
        assert again["refresh_token"] == given["refresh_token"]


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"refresh_token": "old"}, "BAD_REFRESH_TOKEN", "invalid_grant"),
        ({"client_id": "x"}, "BAD_CLIENT_ID", "invalid_client"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET", "invalid_client"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE", "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "BAD_AUTH_CODE", "invalid_grant"),
    ],
)
def test_who_cannot_prove_itself_gets_no_token(
    simulator: HubSpotSimulator, wrong: dict[str, str], status: str, error: str
) -> None:
    answer = httpx.post(f"{simulator.base_url}/oauth/2026-09/token", data=form(simulator, **wrong))
    assert (answer.status_code, answer.json()["status"], answer.json()["error"]) == (400, status, error)


def test_an_app_is_installed_and_taken_out(simulator: HubSpotSimulator, clock: ManualClock) -> None:
    with httpx.Client(base_url=f"{simulator.base_url}/oauth/2026-09") as http:
        code = form(simulator, grant_type="authorization_code", code=simulator.app.code)
        given = http.post("/token", data=code).json()
        known = http.post("/token/introspect", data={"token": given["access_token"]}).json()
        assert (known["hub_id"], known["expires_in"]) == (simulator.portal.portal_id, 1800)
        assert http.post("/token/revoke", data={"token": given["refresh_token"]}).status_code == 204
        assert http.post("/token", data=form(simulator)).json()["status"] == "BAD_REFRESH_TOKEN"
        itself = http.post("/token", data=form(simulator, grant_type="client_credentials")).json()
        assert "refresh_token" not in itself
        clock.advance(timedelta(hours=1))
        assert http.post("/token/introspect", data={"token": given["access_token"]}).status_code == 404


def test_limits_are_counted_by_the_accounts_clock(
    simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock
) -> None:
    switches = simulator.switches
    switches.enforce_limits = switches.limits_by_clock = True
    switches.calls, switches.searches = 3, 2
    left = [http.get(CONTACTS).headers["x-hubspot-ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = http.get(CONTACTS)
    assert (refused.status_code, refused.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert refused.headers["x-hubspot-ratelimit-remaining"] == "0"
    assert refused.json()["errorType"] == "RATE_LIMIT"
    statuses = [http.post(f"{CONTACTS}/search", json={}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    clock.advance(timedelta(seconds=1))
    assert http.post(f"{CONTACTS}/search", json={}).status_code == 200
    assert http.get(CONTACTS).status_code == 429
    clock.advance(timedelta(seconds=9))
    assert http.get(CONTACTS).status_code == 200


def test_a_day_has_its_own_limit(simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock) -> None:
    simulator.switches.enforce_limits = True
    simulator.switches.daily = 2
    statuses = [http.get(CONTACTS).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert http.get(CONTACTS).json()["policyName"] == "DAILY"
    clock.advance(timedelta(days=1))
    assert http.get(CONTACTS).headers["x-hubspot-ratelimit-daily-remaining"] == "1"


def test_what_an_administrator_demands_is_kept_since_the_newest_version(
    simulator: HubSpotSimulator, http: httpx.Client
) -> None:
    simulator.switches.rules = [
        Rule("contact", ("company",)),
        Rule("contact", ("jobtitle", "city"), when="hs_lead_status", value="CONNECTED"),
    ]
    new: dict[str, object] = {"properties": {"firstname": "Ada"}}
    assert http.post("/crm/objects/2026-03/contacts", json=new).status_code == 201
    refused = http.post(CONTACTS, json=new)
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")
    assert [each["context"]["propertyName"] for each in refused.json()["errors"]] == [["company"]]
    whole = {"inputs": [{"properties": {"company": "Acme"}}, new]}
    assert http.post(f"{CONTACTS}/batch/create", json=whole).status_code == 400
    made = http.post(CONTACTS, json={"properties": {"company": "Acme", "city": "Oslo"}}).json()
    path = f"{CONTACTS}/{made['id']}"
    assert http.patch(path, json={"properties": {"hs_lead_status": "OPEN"}}).status_code == 200
    half = http.patch(path, json={"properties": {"hs_lead_status": "CONNECTED"}})
    assert [each["context"]["propertyName"] for each in half.json()["errors"]] == [["jobtitle"]]
    both = {"properties": {"hs_lead_status": "CONNECTED", "jobtitle": "CTO"}}
    assert http.patch(path, json=both).status_code == 200
    assert http.patch(path, json={"properties": {"jobtitle": ""}}).status_code == 400
    assert http.patch(path, json={"properties": {"firstname": "A"}}).status_code == 200


def test_a_lead_needs_a_name_and_a_person(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    contact = simulator.crm.seed("contact", [{"firstname": "Ada"}])[0]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]
    to = [{"to": {"id": contact.id}, "types": types}]
    named = {"hs_lead_name": "Ada at Acme", "hs_lead_label": "HOT"}
    made = httpx.Response(500)
    for base in ("/crm/v3/objects/leads", "/crm/objects/2026-09/0-136"):
        assert http.post(base, json={"properties": {}, "associations": to}).status_code == 400
        assert http.post(base, json={"properties": named}).status_code == 400
        made = http.post(base, json={"properties": named, "associations": to})
        assert made.status_code == 201
        assert made.json()["properties"]["hs_pipeline_stage"] == "new-stage-id"
    batch = {"inputs": [{"properties": named, "associations": to}]}
    assert http.post("/crm/v3/objects/LEAD/batch/create", json=batch).status_code == 201
    linked = http.get(f"/crm/v4/objects/contacts/{contact.id}/associations/leads").json()["results"]
    assert len(linked) == 3
    moved = http.patch(
        f"/crm/v3/objects/leads/{made.json()['id']}", json={"properties": {"hs_pipeline_stage": "qualified-stage-id"}}
    )
    assert moved.status_code == 200
    (gone,) = [{"to": {"id": "1"}, "types": types}]
    assert http.post("/crm/v3/objects/leads", json={"properties": named, "associations": [gone]}).status_code == 404
    assert http.post("/crm/v3/objects/leads/merge", json={"primaryObjectId": "1", "objectIdToMerge": "2"}).is_error


@pytest.mark.parametrize("kind", ["tasks", "calls", "meetings", "emails", "notes"])
def test_an_activity_needs_its_time(simulator: HubSpotSimulator, http: httpx.Client, kind: str) -> None:
    contact = simulator.crm.seed("contact", [{"firstname": "Ada"}])[0]
    ids = {"calls": 194, "emails": 198, "meetings": 200, "notes": 202, "tasks": 204}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": ids[kind]}]
    body = {"properties": {}, "associations": [{"to": {"id": contact.id}, "types": types}]}
    assert http.post(f"/crm/objects/2026-09/{kind}", json=body).status_code == 400
    made = http.post(f"/crm/objects/2026-09/{kind}", json={**body, "properties": {"hs_timestamp": "1772442000500"}})
    assert made.status_code == 201
    path = f"/crm/objects/2026-09/{kind}/{made.json()['id']}?associations=contacts"
    assert http.get(path).json()["associations"]["contacts"]["results"][0]["id"] == contact.id


def test_an_address_that_nobody_had_is_blocked_for_ever(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    body = {"objectId": "Gone@acme.example", "idProperty": "email"}
    assert http.post(f"{CONTACTS}/gdpr-delete", json=body).status_code == 204
    answer = http.post(CONTACTS, json={"properties": {"email": "gone@acme.example"}})
    assert answer.status_code == 400


def test_what_is_erased_leaves_no_history_and_no_association(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    ref = simulator.crm.seed("contact", [{"email": "a@acme.example"}])[0]
    company = simulator.crm.seed("company", [{"name": "Acme"}])[0]
    simulator.crm.associate(ref, company)
    simulator.crm.delete(ref)
    body = {"objectId": "a@acme.example", "idProperty": "email"}
    assert http.post("/crm/v3/objects/contacts/gdpr-delete", json=body).status_code == 204
    assert http.get(f"{CONTACTS}/{ref.id}?archived=true").status_code == 404
    assert http.get(f"/crm/v4/objects/companies/{company.id}/associations/contacts").json() == {"results": []}
    assert simulator.crm.seed("contact", [{"email": "a@acme.example"}])[0] != ref


@pytest.mark.parametrize("keeps", [False, True])
def test_a_merge_makes_a_new_id_or_keeps_the_first(
    simulator: HubSpotSimulator, http: httpx.Client, keeps: bool
) -> None:
    simulator.switches.merge_keeps_primary_id = keeps
    first, second = simulator.crm.seed("contact", [{"email": "a@acme.example"}, {"email": "b@acme.example"}])
    body = {"primaryObjectId": first.id, "objectIdToMerge": second.id}
    survivor = http.post(f"{CONTACTS}/merge", json=body).json()["id"]
    assert (survivor == first.id) is keeps
    for old in (first.id, second.id):
        assert http.get(f"{CONTACTS}/{old}").json()["id"] == survivor
    taken = http.post(CONTACTS, json={"properties": {"email": "a@acme.example"}})
    assert (taken.status_code, taken.json()["category"]) == (409, "CONFLICT")
    assert survivor in taken.json()["message"]
    history = http.get(f"{CONTACTS}/{survivor}?propertiesWithHistory=email").json()["propertiesWithHistory"]["email"]
    assert [each["value"] for each in history] == ["a@acme.example"]


def test_what_is_too_long_is_refused(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    names = ",".join(f"property_{number}" for number in range(800))
    assert http.get(f"{CONTACTS}?properties={names}").status_code == 414
    answer = http.post(f"{CONTACTS}/search", json={"properties": names.split(",")})
    assert (answer.status_code, "3000" in answer.json()["message"]) == (400, True)
    assert http.post(f"{CONTACTS}/batch/read", json={"inputs": [], "properties": names.split(",")}).status_code == 200


def test_answers_are_packed_for_who_asks(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    simulator.crm.seed("contact", [{"firstname": f"Person {number}"} for number in range(100)])
    packed = http.get(f"{CONTACTS}?limit=100")
    plain = http.get(f"{CONTACTS}?limit=100", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])


def test_an_upsert_by_address_is_all_or_nothing(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    simulator.crm.seed("contact", [{"email": "a@acme.example", "leadbridge_id": "one"}])

    def inputs(name: str, ids: list[str]) -> dict[str, object]:
        return {
            "inputs": [
                {"id": id, "idProperty": name, "properties": {"leadbridge_id": "one"}, "objectWriteTraceId": id}
                for id in ids
            ]
        }

    both = ["b@acme.example", "a@acme.example"]
    assert http.post(f"{CONTACTS}/batch/upsert", json=inputs("email", both)).status_code == 409
    assert len(simulator.crm.dump("contact")) == 1


def test_a_list_of_texts_is_searched_in_lower_case(simulator: HubSpotSimulator, http: httpx.Client) -> None:
    simulator.crm.seed("contact", [{"city": "Oslo"}])

    def found(value: str) -> int:
        filters = [{"propertyName": "city", "operator": "IN", "values": [value]}]
        total: int = http.post(f"{CONTACTS}/search", json={"filterGroups": [{"filters": filters}]}).json()["total"]
        return total

    assert (found("oslo"), found("Oslo")) == (1, 0)


def test_the_recycle_bin_is_emptied_after_ninety_days(
    simulator: HubSpotSimulator, http: httpx.Client, clock: ManualClock
) -> None:
    early, late = simulator.crm.seed("contact", [{}, {}])
    simulator.crm.delete(early)
    clock.advance(timedelta(days=1))
    simulator.crm.delete(late)
    clock.advance(timedelta(days=89, seconds=1))
    assert [each["id"] for each in http.get(f"{CONTACTS}?archived=true").json()["results"]] == [late.id]
    assert http.get(f"{CONTACTS}/{early.id}?archived=true").status_code == 404
    with pytest.raises(ConfigError, match="recycle bin"):
        simulator.crm.restore(early)
    simulator.crm.restore(late)
    assert http.get(f"{CONTACTS}/{late.id}").status_code == 200
