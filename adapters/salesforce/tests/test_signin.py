"""Signing in: the ways that Salesforce goes on supporting, renewed once, and believed only when signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeAlias

import httpx
import jwt
import pytest
import respx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from leadbridge.errors import AuthExpired, ConfigError
from leadbridge.http import MemoryTokenStore, TokenStore
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.simulator.session import CLIENT, REFRESH, SECRET

Opener: TypeAlias = Callable[..., Salesforce]


@pytest.fixture
def opened() -> Iterator[Opener]:
    with ExitStack() as stack:

        def make(settings: dict[str, str], tokens: TokenStore | None = None) -> Salesforce:
            return stack.enter_context(closing(Salesforce.from_settings(settings, tokens=tokens)))

        yield make


BASE = "https://acme.my.salesforce.com"


def reply(token: str, secret: str) -> dict[str, str]:
    """A token answer, signed as Salesforce signs it."""
    who, issued = f"{BASE}/id/00D000000000001EAA/005000000000001AAA", "1772442000000"
    signature = hmac.new(secret.encode(), (who + issued).encode(), hashlib.sha256).digest()
    return {
        "access_token": token,
        "instance_url": BASE,
        "id": who,
        "issued_at": issued,
        "signature": base64.b64encode(signature).decode(),
    }


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key and its public key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


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
    sim.switches.strict_auth = True
    adapter = opened({"instance_url": sim.base_url, "client_id": CLIENT, "client_secret": "wr0ng"})
    with pytest.raises(AuthExpired) as caught:
        adapter.describe()
    assert "wr0ng" not in f"{caught.value!r}{caught.value}{caplog.text}"
    assert sim.log.total == 1


def test_a_renewed_session_that_is_refused_again_is_not_renewed_for_ever() -> None:
    base = "https://acme.my.salesforce.com"
    with respx.mock(base_url=base) as mock:
        sign_in = mock.post("/services/oauth2/token").mock(return_value=httpx.Response(200, json=reply("new", "s")))
        mock.get(path__regex="query").mock(return_value=httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID"}]))
        adapter = Salesforce.from_settings({"instance_url": base, "client_id": "c", "client_secret": "s"})
        with pytest.raises(AuthExpired):
            adapter.describe()
        assert sign_in.call_count == 2


def test_an_assertion_signs_a_user_in(
    sim: SalesforceSimulator, opened: Opener, keys: tuple[str, str], tmp_path: Path
) -> None:
    private, public = keys
    sim.switches.strict_auth = True
    sim.trust(public)
    file = tmp_path / "key.pem"
    file.write_text(private)
    settings = {"instance_url": sim.base_url, "client_id": CLIENT, "username": sim.user_name}
    with closing(sim.connect()) as known:
        account = known.describe().account
    for key in (private, str(file)):
        assert opened({**settings, "private_key": key}).describe().account == account


def test_an_assertion_that_another_key_signed_is_refused(
    sim: SalesforceSimulator, opened: Opener, keys: tuple[str, str]
) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    sim.switches.strict_auth = True
    sim.trust(pem)
    settings = {"instance_url": sim.base_url, "client_id": CLIENT, "username": sim.user_name, "private_key": keys[0]}
    with pytest.raises(AuthExpired):
        opened(settings).describe()


@pytest.mark.parametrize(
    ("login", "audience"),
    [
        (BASE, "https://login.salesforce.com"),
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_an_assertion_names_the_host_that_signs_in(keys: tuple[str, str], login: str, audience: str) -> None:
    private, public = keys
    with respx.mock() as mock:
        asked = mock.post(f"{login}/services/oauth2/token").mock(
            return_value=httpx.Response(200, json={"access_token": "t"})
        )
        mock.get(path__regex=".*query.*").mock(
            return_value=httpx.Response(401, json=[{"errorCode": "INVALID_SESSION_ID"}])
        )
        settings = {
            "instance_url": BASE,
            "login_url": login,
            "client_id": "c",
            "username": "u@x",
            "private_key": private,
        }
        with closing(Salesforce.from_settings(settings)) as adapter, pytest.raises(AuthExpired):
            adapter.describe()
        form = httpx.QueryParams(asked.calls[0].request.content.decode())
    claims = jwt.decode(form["assertion"], public, algorithms=["RS256"], audience=audience)
    assert (claims["iss"], claims["sub"]) == ("c", "u@x")


@pytest.mark.parametrize(
    "key", ["/nowhere/key.pem", "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----"]
)
def test_a_key_that_is_none_is_said_without_showing_it(opened: Opener, key: str) -> None:
    settings = {"instance_url": BASE, "client_id": "c", "username": "u@x", "private_key": key}
    with pytest.raises(ConfigError, match="private_key") as caught:
        opened(settings).describe()
    assert "bm90" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert caught.value.__context__ is None or "bm90" not in repr(caught.value.__context__)


@pytest.mark.parametrize("grant", [{"client_secret": "s"}, {"client_secret": "s", "refresh_token": "r"}])
def test_an_answer_that_salesforce_did_not_sign_is_not_believed(opened: Opener, grant: dict[str, str]) -> None:
    with respx.mock(base_url=BASE) as mock:
        mock.post("/services/oauth2/token").mock(return_value=httpx.Response(200, json=reply("stolen", "other")))
        with pytest.raises(AuthExpired, match="not signed by Salesforce") as caught:
            opened({"instance_url": BASE, "client_id": "c", **grant}).describe()
    assert "stolen" not in repr(caught.value)


@pytest.mark.parametrize("name", ["password", "security_token"])
def test_ways_that_salesforce_gives_up_are_refused_with_another_way(name: str) -> None:
    with pytest.raises(ConfigError, match=r"Summer '27.*client credentials") as caught:
        Salesforce.from_settings({"instance_url": BASE, "username": "u@x", name: "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_simulated_org_signs_anybody_in_unless_it_is_strict(sim: SalesforceSimulator, opened: Opener) -> None:
    anybody = {"instance_url": sim.base_url, "client_id": "anything", "client_secret": "at all"}
    assert opened(anybody).describe().account
    assert opened({"instance_url": sim.base_url, "access_token": "whatever"}).describe().account
    with pytest.raises(AuthExpired):
        opened({"instance_url": sim.base_url, "access_token": "bad"}).describe()
    sim.switches.strict_auth = True
    for settings in (anybody, {"instance_url": sim.base_url, "access_token": "whatever"}):
        with pytest.raises(AuthExpired):
            opened(settings).describe()
