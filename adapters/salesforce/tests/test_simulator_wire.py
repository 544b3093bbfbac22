"""The simulated org as a server: signing in, limits, versions, and what goes wrong on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from leadbridge.clock import ManualClock
from leadbridge.simulator import Fault, Simulator
from leadbridge_salesforce.simulator import SalesforceSimulator, start
from leadbridge_salesforce.simulator.session import CLIENT, REFRESH, SECRET

API = "/services/data/v68.0"
TOKEN = "/services/oauth2/token"
APP = {"client_id": CLIENT, "client_secret": SECRET}


@pytest.fixture
def anybody(sim: SalesforceSimulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sim.base_url, trust_env=False) as client:
        yield client


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


# -- signing in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "client_credentials", **APP},
        {"grant_type": "refresh_token", "refresh_token": REFRESH, **APP},
        {
            "grant_type": "password",
            "username": "anybody",
            "password": "anything",
            "client_id": "x",
            "client_secret": SECRET,
        },
    ],
)
def test_replies_to_a_sign_in_are_signed(anybody: httpx.Client, sim: SalesforceSimulator, form: dict[str, str]) -> None:
    reply = anybody.post(TOKEN, data=form).json()
    digest = hmac.new(SECRET.encode(), (reply["id"] + reply["issued_at"]).encode(), hashlib.sha256).digest()
    assert reply["signature"] == base64.b64encode(digest).decode()
    assert (reply["instance_url"], reply["token_type"]) == (sim.base_url, "Bearer")
    who = anybody.get(urlsplit(reply["id"]).path, headers={"Authorization": f"Bearer {reply['access_token']}"}).json()
    assert who["user_id"] == sim.users[0]


def test_a_person_agrees_in_the_browser_and_the_code_is_good_once(
    anybody: httpx.Client, sim: SalesforceSimulator
) -> None:
    sim.switches.strict_auth = True
    wish = {"response_type": "code", "client_id": CLIENT, "redirect_uri": "http://127.0.0.1/back", "state": "s"}
    sent = anybody.get("/services/oauth2/authorize", params=wish)
    back = parse_qs(urlsplit(sent.headers["location"]).query)
    assert (sent.status_code, back["state"]) == (302, ["s"])
    form = {"grant_type": "authorization_code", "code": back["code"][0], **APP}
    reply = anybody.post(TOKEN, data=form).json()
    assert reply["refresh_token"] == REFRESH
    again = anybody.post(TOKEN, data=form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert anybody.get("/services/oauth2/authorize", params={**wish, "client_id": "x"}).status_code == 400
    assert anybody.get("/services/oauth2/authorize", params={**wish, "response_type": "token"}).status_code == 400


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": SECRET}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x", **APP}, "invalid_grant"),
        ({"grant_type": "password", "username": "x", "password": "y", **APP}, "invalid_grant"),
        ({"grant_type": "device", **APP}, "unsupported_grant_type"),
    ],
)
def test_a_strict_org_refuses_with_oauths_own_errors(clock: ManualClock, form: dict[str, str], expected: str) -> None:
    with start(clock, strict_auth=True) as strict, httpx.Client(base_url=strict.base_url, trust_env=False) as client:
        answer = client.post(TOKEN, data=form)
        assert (answer.status_code, answer.json()["error"]) == (400, expected)
        client.headers["Authorization"] = "Bearer anything"
        assert code(client.get(f"{API}/limits")) == (401, "INVALID_SESSION_ID")


def test_tokens_expire_by_the_clock_and_can_be_revoked(
    anybody: httpx.Client, sim: SalesforceSimulator, clock: ManualClock
) -> None:
    sim.switches.token_life = timedelta(hours=2)

    def sign_in() -> str:
        token: str = anybody.post(TOKEN, data={"grant_type": "client_credentials", **APP}).json()["access_token"]
        anybody.headers["Authorization"] = f"Bearer {token}"
        return token

    sign_in()
    clock.advance(timedelta(minutes=119))
    assert anybody.get(f"{API}/limits").status_code == 200
    clock.advance(timedelta(minutes=1))
    assert code(anybody.get(f"{API}/limits")) == (401, "INVALID_SESSION_ID")
    token = sign_in()
    assert anybody.get(f"{API}/limits").status_code == 200
    assert anybody.post("/services/oauth2/revoke", data={"token": token}).status_code == 200
    assert code(anybody.get(f"{API}/limits")) == (401, "INVALID_SESSION_ID")
    assert anybody.post("/services/oauth2/revoke", data={"token": token}).json()["error"] == "unsupported_token_type"


# -- limits and versions -------------------------------------------------------------------------------------------


def test_one_code_has_two_meanings(http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock) -> None:
    sim.switches.crowded = 1
    crowded = http.get(f"{API}/limits")
    assert code(crowded) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert crowded.json()[0]["message"].startswith("ConcurrentPerOrgLongTxn")
    sim.switches.calls_allowed = 2
    assert http.get(f"{API}/limits").json()["DailyApiRequests"] == {"Max": 2, "Remaining": 0}
    used = http.get(f"{API}/limits")
    assert code(used) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert (used.json()[0]["message"], "retry-after" in used.headers) == ("TotalRequests Limit exceeded.", False)
    assert used.headers["Sforce-Limit-Info"] == "api-usage=3/2; api-bursts=1/750"
    clock.advance(timedelta(hours=25))
    assert http.get(f"{API}/limits").headers["Sforce-Limit-Info"].startswith("api-usage=1/2;")


def test_resources_name_who_asks_and_where_jobs_are(http: httpx.Client) -> None:
    body = http.get(API).json()
    assert body["jobs/query"] == f"{API}/jobs/query"
    assert "/id/00D" in body["identity"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/services/data/v99.0/limits", (404, "NOT_FOUND")),
        ("GET", "/services/data/v20.0/limits", (410, "UNSUPPORTED_API_VERSION")),
        ("GET", f"{API}/nonsense", (404, "NOT_FOUND")),
        ("PUT", f"{API}/limits", (405, "METHOD_NOT_ALLOWED")),
        ("GET", "/services/nonsense", (404, "NOT_FOUND")),
    ],
)
def test_what_is_not_there_is_said(http: httpx.Client, method: str, path: str, expected: tuple[int, str]) -> None:
    assert code(http.request(method, path)) == expected


def test_the_org_and_its_people_can_be_queried(http: httpx.Client, sim: SalesforceSimulator) -> None:
    soql = "SELECT Id, Name, IsSandbox, InstanceName FROM Organization"
    (org,) = http.get(f"{API}/query", params={"q": soql}).json()["records"]
    assert (org["IsSandbox"], org["InstanceName"]) == (True, "SIM1")
    people = http.get(f"{API}/query", params={"q": "SELECT Id FROM User WHERE IsActive = true"}).json()
    assert [row["Id"] for row in people["records"]] == sim.users
    tooling = http.get(f"{API}/tooling/query", params={"q": "SELECT Id FROM SandboxProcess"})
    assert code(tooling) == (400, "INVALID_TYPE")


# -- what goes wrong on the way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault(effect="html", status=503), 503, "text/html"),
        (Fault(effect="empty", status=420), 420, ""),
        (Fault(effect="empty", status=406), 406, ""),
        (Fault(effect="html", status=200), 200, "text/html"),
        (Fault(effect="status", status=410, body=[{"errorCode": "GONE", "message": "x"}]), 410, "application/json"),
    ],
)
def test_answers_may_be_no_json_at_all(
    http: httpx.Client, sim: SalesforceSimulator, fault: Fault, status: int, kind: str
) -> None:
    sim.faults.add(fault)
    answer = http.get(f"{API}/limits")
    assert (answer.status_code, answer.headers.get("content-type", "").partition(";")[0]) == (status, kind)
    assert http.get(f"{API}/limits").status_code == 200


def test_an_answer_may_be_lost_after_the_record_was_stored(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.faults.add(Fault(effect="drop_after", method="POST"))
    with pytest.raises(httpx.TransportError):
        http.post(f"{API}/sobjects/Lead", json={"LastName": "Ada", "Company": "Acme"})
    assert len(sim.crm.dump("Lead")) == 1


def test_a_session_may_end_in_the_middle_of_a_read(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.page_size = 3
    sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(7)])
    page = http.get(f"{API}/query", params={"q": "SELECT Id FROM Lead"}).json()
    sim.expire_tokens()
    assert code(http.get(page["nextRecordsUrl"])) == (401, "INVALID_SESSION_ID")
    http.headers["Authorization"] = f"Bearer {sim.token}"
    assert len(http.get(page["nextRecordsUrl"]).json()["records"]) == 3


def test_bodies_may_come_in_chunks(http: httpx.Client, sim: SalesforceSimulator) -> None:
    parts: Any = (part for part in (b'{"LastName": "Ada",', b' "Company": "Acme"}'))
    made = http.post(f"{API}/sobjects/Lead", content=parts, headers={"Content-Type": "application/json"})
    assert (made.status_code, made.request.headers["transfer-encoding"]) == (201, "chunked")
    assert len(sim.crm.dump("Lead")) == 1


def test_the_pytest_plug_in_has_a_running_org(salesforce_simulator: Simulator) -> None:
    assert salesforce_simulator.name == "salesforce"
    assert salesforce_simulator.crm.dump("Lead") == []
