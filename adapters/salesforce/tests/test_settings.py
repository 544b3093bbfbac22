"""Settings, addresses and signing in: tokens go to Salesforce only, and are renewed once."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import TypeAlias

import httpx
import pytest
import respx

from leadbridge.errors import AuthExpired, ConfigError
from leadbridge.http import MemoryTokenStore, TokenStore
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.settings import instance, options, version
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.simulator.session import CLIENT, REFRESH, SECRET

Opener: TypeAlias = Callable[..., Salesforce]


@pytest.fixture
def opened() -> Iterator[Opener]:
    with ExitStack() as stack:

        def make(settings: dict[str, str], tokens: TokenStore | None = None) -> Salesforce:
            return stack.enter_context(closing(Salesforce.from_settings(settings, tokens=tokens)))

        yield make


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.my.salesforce.com",
        "https://ACME.my.salesforce.com/",
        "http://127.0.0.1:8080",
        "https://localhost:1",
    ],
)
def test_hosts_of_salesforce_and_this_computer_are_taken(url: str) -> None:
    assert not instance(url).endswith("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://user:pw@acme.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com/x?y",
        "https://10.0.0.1",
        "ftp://127.0.0.1",
        "https://acme.my.salesforce.com:port",
    ],
)
def test_no_other_host_gets_a_token(url: str) -> None:
    with pytest.raises(ConfigError):
        instance(url)


def test_versions_are_written_in_many_ways() -> None:
    assert {version(text) for text in ("68", "68.0", "v68.0", " v68.0 ")} == {"v68.0"}
    with pytest.raises(ConfigError):
        version("latest")


def test_options_are_read_and_checked() -> None:
    chosen = options({"look_back": "2.5", "allow_duplicates": "Yes", "kinds": "Lead, Contact"})
    assert (chosen.look_back, chosen.allow_duplicates, chosen.kinds) == (
        timedelta(minutes=2.5),
        True,
        ("Lead", "Contact"),
    )
    for wrong in ({"look_back": "soon"}, {"look_back": "-1"}, {"allow_duplicates": "perhaps"}):
        with pytest.raises(ConfigError):
            options(wrong)


def test_unknown_settings_and_missing_credentials_are_named() -> None:
    with pytest.raises(ConfigError, match="acces_token"):
        Salesforce.from_settings({"acces_token": "x"})
    with pytest.raises(ConfigError, match="access_token"):
        Salesforce.from_settings({"instance_url": "https://acme.my.salesforce.com"})


def test_secret_settings_can_be_told_by_their_names() -> None:
    secret = {name for name in Salesforce.SETTINGS if any(word in name for word in ("token", "secret", "key"))}
    assert secret == {"access_token", "client_secret", "refresh_token"}


@pytest.mark.parametrize("grant", [{"client_secret": SECRET}, {"refresh_token": REFRESH}])
def test_a_session_that_ended_is_renewed_once_and_the_request_repeated(
    sim: SalesforceSimulator, opened: Opener, grant: dict[str, str]
) -> None:
    store = MemoryTokenStore()
    settings = {"instance_url": sim.base_url, "client_id": CLIENT, **grant}
    adapter = opened(settings, tokens=store)
    account = adapter.describe().account
    assert sim.log.count("oauth2/token") == 1
    sim.expire_tokens()
    threads = [threading.Thread(target=adapter.ids, args=("Lead", None), kwargs={"archived": False, "limit": 1})]
    threads += [threading.Thread(target=adapter.describe) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert adapter.describe().account == account
    assert sim.log.count("oauth2/token") == 2
    other = opened(settings, tokens=store)
    other.describe()
    assert sim.log.count("oauth2/token") == 2


def test_credentials_that_are_refused_need_a_person_and_are_not_shown(
    sim: SalesforceSimulator, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    adapter = opened({"instance_url": sim.base_url, "client_id": CLIENT, "client_secret": "wr0ng"})
    with pytest.raises(AuthExpired) as caught:
        adapter.describe()
    assert "wr0ng" not in f"{caught.value!r}{caught.value}{caplog.text}"
    assert sim.log.total == 1


def test_a_renewed_session_that_is_refused_again_is_not_renewed_for_ever() -> None:
    base = "https://acme.my.salesforce.com"
    with respx.mock(base_url=base) as mock:
        sign_in = mock.post("/services/oauth2/token").mock(
            return_value=httpx.Response(200, json={"access_token": "new", "instance_url": base})
        )
        mock.get(path__regex="query").mock(return_value=httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID"}]))
        adapter = Salesforce.from_settings({"instance_url": base, "client_id": "c", "client_secret": "s"})
        with pytest.raises(AuthExpired):
            adapter.describe()
        assert sign_in.call_count == 2


@pytest.mark.parametrize(
    ("short", "long"),
    [("a0BA0000000L2ZC", "a0BA0000000L2ZCMA0"), ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555")],
)
def test_ids_get_their_18_characters(short: str, long: str) -> None:
    assert id18(short) == long
    assert id18(long) == long


def test_importing_the_adapter_loads_no_sdk_and_no_server() -> None:
    heavy = "{'requests', 'simple_salesforce', 'starlette', 'uvicorn', 'sqlalchemy', 'pydantic'}"
    program = f"import sys, leadbridge_salesforce; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
