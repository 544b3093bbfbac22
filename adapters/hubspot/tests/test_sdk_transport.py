"""A configured SDK client as our transport: its token, hosts and connections, and none of its retries."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from leadbridge.adapter import Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import AuthExpired, ConfigError, Unavailable
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator, start

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hubspot import HubSpot as SdkHubSpot


def test_a_renewed_token_of_the_client_is_used(simulator: HubSpotSimulator, sdk_client: Any) -> None:
    hubspot = HubSpot.from_sdk(sdk_client, connection="hs")
    pool: Any = hubspot._http._transport
    simulator.portal.tokens = {"renewed"}
    with pytest.raises(AuthExpired):
        hubspot.ids("contact", None, archived=False, limit=1)
    sdk_client.access_token = "renewed"
    assert hubspot.ids("contact", None, archived=False, limit=1).items == ()
    sdk_client.access_token = None
    with pytest.raises(ConfigError, match="access_token"):
        hubspot.ids("contact", None, archived=False, limit=1)
    hubspot.close()
    pool._pool.clear()


def test_the_clients_retries_are_put_aside(simulator: HubSpotSimulator) -> None:
    from urllib3.util.retry import Retry

    retry = Retry(total=3, status_forcelist=[500], allowed_methods=None, backoff_factor=0)
    client = SdkHubSpot(access_token=simulator.token, host=simulator.base_url, retry=retry)
    hubspot = HubSpot.from_sdk(client)
    pool: Any = hubspot._http._transport
    hubspot.describe()
    simulator.log.clear()
    for effect in ("status", "drop_after"):
        simulator.faults.add(Fault(effect=effect, path="batch/upsert"))
        receipt = hubspot.apply([Write("op", "upsert", Ref("contact", "k"), {"firstname": "A"})])[0]
        assert receipt.outcome == "unknown"
    assert simulator.log.total == 2
    pool._pool.clear()


def test_a_host_that_is_not_there_is_known_not_to_have_been_asked(clock: ManualClock) -> None:
    simulator = start(clock)
    client = SdkHubSpot(access_token=simulator.token, host=simulator.base_url)
    simulator.stop()
    hubspot = HubSpot.from_sdk(client)
    with pytest.raises(Unavailable) as caught:
        hubspot.describe()
    assert not caught.value.sent


@pytest.mark.parametrize("client", [object(), None, "token"])
def test_what_is_no_client_is_refused_with_a_sentence(client: Any) -> None:
    with pytest.raises(ConfigError, match=r"hubspot\.HubSpot"):
        HubSpot.from_sdk(client)


def test_a_client_that_points_elsewhere_is_refused() -> None:
    with pytest.raises(ConfigError, match="base_url"):
        HubSpot.from_sdk(SdkHubSpot(access_token="t", host="https://evil.example"))
