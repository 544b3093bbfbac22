"""The share of the daily allowance, and the headers that every write carries, also when it is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
import respx

from leadbridge.adapter import Ref, Write
from leadbridge.errors import RateLimited
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.allowance import Allowance
from leadbridge_salesforce.simulator import SalesforceSimulator

ORG = "https://acme.my.salesforce.com"


def test_before_the_first_answer_and_below_the_share_calls_are_made() -> None:
    allowance = Allowance(0.5)
    allowance.check(operation="x", connection="")
    allowance.learn("api-bursts=900/750; api-usage=49/100; per-app-api-usage=99/100(appName=x)")
    allowance.check(operation="x", connection="")
    allowance.learn("no number")
    assert allowance.usage is not None
    assert (allowance.usage.used, allowance.usage.allowed) == (49, 100)


def test_from_the_share_on_calls_are_refused_until_it_may_have_rolled_on() -> None:
    now = [0.0]
    allowance = Allowance(0.5, monotonic=lambda: now[0])
    allowance.learn("api-usage=50/100")
    with pytest.raises(RateLimited, match="daily_share") as caught:
        allowance.check(operation="changes", connection="sf")
    assert (caught.value.retry_after, caught.value.connection, caught.value.operation) == (3600, "sf", "changes")
    now[0] = 901.0
    allowance.check(operation="changes", connection="sf")
    with pytest.raises(RateLimited):
        allowance.check(operation="changes", connection="sf")
    allowance.learn("api-usage=10/100")
    allowance.check(operation="changes", connection="sf")


def test_with_the_whole_allowance_salesforce_itself_says_when_it_is_used() -> None:
    allowance = Allowance()
    allowance.learn("api-usage=101/100")
    allowance.check(operation="x", connection="")


def test_an_org_that_others_have_used_is_left_alone_before_the_call(sim: SalesforceSimulator) -> None:
    adapter = Salesforce(access_token=sim.token, instance_url=sim.base_url, connection="sf", daily_share=0.5)
    adapter.describe()
    sim.switches.calls_allowed = 20
    adapter.ids("Lead", None, archived=False, limit=10)
    sim.log.clear()
    with pytest.raises(RateLimited, match=r"sf\.apply"):
        adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "x", "Company": "Acme"})])
    with pytest.raises(RateLimited):
        adapter.convert(Ref("Lead", "00QHs0000000Zzz"), owner=None)
    assert sim.log.total == 0
    adapter.close()


# -- headers -------------------------------------------------------------------------------------------------------


class Token:
    """A session that can be renewed once."""

    def __init__(self) -> None:
        self.number = 1

    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer token-{self.number}"}

    def renew(self, refused: object) -> bool:
        self.number += 1
        return True

    def close(self) -> None:
        return None


@pytest.fixture(params=["http", "sdk"])
def recorded(
    sim: SalesforceSimulator, request: pytest.FixtureRequest
) -> Iterator[tuple[Salesforce, list[httpx.Headers], Callable[[], None]]]:
    """An adapter, the headers of what leaves it, and what ends its session; over both ways out."""
    seen: list[httpx.Headers] = []
    with ExitStack() as opened:
        if request.param == "http":
            adapter = sim.connect()
            inner: Any = adapter._wire.http._transport
            token = Token()
            token.header = lambda: {"Authorization": f"Bearer {sim.token}"}  # type: ignore[method-assign]
            adapter._wire._token = token
        else:
            client = sim.sdk()
            opened.callback(client.session.close)
            client._salesforce_login_partial = lambda: (sim.token, client.sf_instance)
            adapter = Salesforce.from_sdk(client)
            inner = adapter._wire.http._transport
        opened.callback(adapter.close)
        real = inner.handle_request

        def watching(asked: httpx.Request) -> httpx.Response:
            if asked.method != "GET" and asked.url.path[-24:] != "/composite/sobjects/Lead":
                seen.append(asked.headers)
            answer: httpx.Response = real(asked)
            return answer

        inner.handle_request = watching
        yield adapter, seen, sim.expire_tokens


def test_every_write_says_who_we_are_and_keeps_assignment_rules_away_even_when_sent_again(
    sim: SalesforceSimulator, recorded: tuple[Salesforce, list[httpx.Headers], Callable[[], None]]
) -> None:
    adapter, seen, _ = recorded
    lead = sim.crm.seed("Lead", [{"LastName": "x", "Company": "Acme"}])[0]
    adapter.describe()
    seen.clear()
    fields = {"LastName": "y", "Company": "Acme"}
    adapter.apply([Write("op-1", "upsert", Ref("Lead", "lb-1"), fields)])
    adapter.apply([Write("op-2", "update", lead, {"Title": "x"})])
    adapter.apply([Write("op-3", "archive", lead)])
    assert len(seen) == 3
    for headers in seen:
        assert headers["Sforce-Auto-Assign"] == "FALSE"
        assert headers["Sforce-Call-Options"] == "client=leadbridge"
        assert "allowSave=false" in headers["Sforce-Duplicate-Rule-Header"]


def test_a_write_that_is_sent_again_after_the_session_ended_carries_the_same_headers(
    sim: SalesforceSimulator, recorded: tuple[Salesforce, list[httpx.Headers], Callable[[], None]]
) -> None:
    adapter, seen, expire = recorded
    adapter.describe()
    sim.switches.assignment_owner = sim.users[2]
    stale = sim.token
    expire()
    current = adapter._wire._token.header
    answers = iter([{"Authorization": f"Bearer {stale}"}])
    adapter._wire._token.header = lambda: next(answers, None) or current()  # type: ignore[method-assign]
    seen.clear()
    receipt = adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "x", "Company": "Acme"})])[0]
    assert receipt.outcome == "applied"
    assert len(seen) == 2
    names = ("Sforce-Auto-Assign", "Sforce-Call-Options", "Sforce-Duplicate-Rule-Header")
    assert [seen[0][name] for name in names] == [seen[1][name] for name in names]
    assert seen[0]["Authorization"] != seen[1]["Authorization"]
    assert sim.crm.dump("Lead")[0]["OwnerId"] == sim.users[0]


def test_allowing_duplicates_is_said_in_the_header() -> None:
    adapter = Salesforce(access_token="t", instance_url=ORG, allow_duplicates=True)
    with respx.mock(base_url=ORG) as mock:
        route = mock.delete().mock(return_value=httpx.Response(200, json=[{"success": True, "id": "00QHs0000000001"}]))
        adapter._wire.delete(["00QHs0000000001"], operation="apply")
    assert "allowSave=true" in route.calls.last.request.headers["Sforce-Duplicate-Rule-Header"]
    adapter.close()
