"""Our adapter over the session of ``simple_salesforce``, against the simulator over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce import exceptions as sdk

from leadbridge.adapter import Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import AuthExpired, ConfigError, Unavailable
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator, start


@pytest.fixture
def tls(clock: ManualClock) -> Iterator[SalesforceSimulator]:
    with start(clock, tls=True) as running:
        yield running


@pytest.fixture
def client(tls: SalesforceSimulator) -> Iterator[Any]:
    connected = tls.sdk()
    yield connected
    connected.session.close()


def test_the_adapter_works_over_the_sdks_session(tls: SalesforceSimulator, client: Any) -> None:
    adapter = Salesforce.from_sdk(client, connection="crm")
    assert adapter.describe().system == "salesforce"
    receipt = adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])[0]
    assert receipt.outcome == "applied"
    adapter.close()
    adapter.close()
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 1


def test_a_session_that_the_sdk_can_renew_is_renewed_with_every_header_kept(
    tls: SalesforceSimulator, client: Any
) -> None:
    adapter = Salesforce.from_sdk(client)
    adapter.describe()
    tls.switches.assignment_owner = tls.users[2]
    client._salesforce_login_partial = lambda: (tls.token, client.sf_instance)
    tls.expire_tokens()
    adapter.apply([Write("op", "upsert", Ref("Lead", "lb-1"), {"LastName": "Ada", "Company": "Acme"})])
    assert tls.crm.dump("Lead")[0]["OwnerId"] == tls.users[0]
    assert client.session_id == tls.token


def test_a_sign_in_that_fails_inside_the_sdk_needs_a_person(tls: SalesforceSimulator, client: Any) -> None:
    def refuse() -> None:
        raise sdk.SalesforceAuthenticationFailed("INVALID_LOGIN", "canary@secret.example")

    def unreachable() -> None:
        raise requests.exceptions.ConnectionError("canary@secret.example")

    adapter = Salesforce.from_sdk(client)
    tls.expire_tokens()
    for login, expected in ((refuse, AuthExpired), (unreachable, Unavailable)):
        client._salesforce_login_partial = login
        with pytest.raises(expected) as caught:
            adapter.describe()
        assert "canary" not in f"{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(("effect", "sent"), [("drop_before", True), ("cut", True)])
def test_a_lost_connection_looks_the_same_over_both_transports(
    tls: SalesforceSimulator, client: Any, effect: str, sent: bool
) -> None:
    adapter = Salesforce.from_sdk(client)
    tls.faults.add(Fault(effect=effect))  # type: ignore[arg-type]  # one of the effects
    with pytest.raises(Unavailable) as caught:
        adapter.describe()
    assert caught.value.sent is sent
    assert tls.log.total == 1


def test_nobody_listening_means_surely_not_sent(tls: SalesforceSimulator, client: Any) -> None:
    adapter = Salesforce.from_sdk(client)
    tls.stop()
    with pytest.raises(Unavailable) as caught:
        adapter.describe()
    assert caught.value.sent is False


def test_a_client_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Salesforce.from_sdk(object())
