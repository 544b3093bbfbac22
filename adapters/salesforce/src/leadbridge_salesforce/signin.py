"""Signing in: a ready token, a refresh token, client credentials or a signed assertion, behind the same three methods.

Salesforce's access tokens carry no time of expiry; that one has expired is learnt from a 401, after which a token
that can be renewed is renewed once, by one thread and one process (the token store holds the lock), and the request
is sent again: a request that was refused with 401 did not happen. Endpoint: ``POST /services/oauth2/token`` (RFC 6749
§4.4 and §6, RFC 7523 §2.1). Salesforce signs its answer; one with a wrong signature is not believed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from leadbridge.errors import AuthExpired, ConfigError
from leadbridge.http import HttpClient, MemoryTokenStore, TokenStore
from leadbridge_salesforce.errors import classify
from leadbridge_salesforce.settings import instance

__all__ = ["OAuthToken", "ReadyToken", "TokenSource", "from_settings"]

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class TokenSource(Protocol):
    """Where the header that signs a request in comes from."""

    def header(self) -> Mapping[str, str]:
        """The ``Authorization`` header; signs in first when that has not happened yet."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Gets a new token after Salesforce refused one; False when only a person can."""
        ...

    def close(self) -> None:
        """Gives connections back."""
        ...


class ReadyToken:
    """A token that somebody else got. When it has expired, a person must reconnect."""

    def __init__(self, token: str) -> None:
        if not token or any(character.isspace() for character in token):
            raise ConfigError("salesforce: access_token is empty or holds blanks")
        self._header = {"Authorization": f"Bearer {token}"}

    def header(self) -> Mapping[str, str]:
        return self._header

    def renew(self, refused: Mapping[str, str]) -> bool:
        return False

    def close(self) -> None:
        return None


class OAuthToken:
    """A token that renews itself.

    Args:
        sign_in: asks the host that signs in for a token, and returns the whole answer.
        http: the client that ``sign_in`` uses; closed with the token.
        secret: what the answer is signed with; without one the signature cannot be checked.
        store: where the token is kept, so that several processes share one session.
        key: the name of the token in the store.
    """

    def __init__(
        self, sign_in: Callable[[], Mapping[str, Any]], *, http: HttpClient, secret: str, store: TokenStore, key: str
    ) -> None:
        self._sign_in = sign_in
        self._http = http
        self._secret = secret
        self._store = store
        self._key = key

    def header(self) -> Mapping[str, str]:
        token = self._store.load(self._key)
        if token is None:
            with self._store.lock(self._key):
                token = self._store.load(self._key) or self._get()
        return {"Authorization": f"Bearer {token}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        with self._store.lock(self._key):
            token = self._store.load(self._key)
            # Whoever waited for the lock finds the token that the one before has got.
            if token is None or f"Bearer {token}" == refused.get("Authorization"):
                self._get()
        return True

    def close(self) -> None:
        self._http.close()

    def _get(self) -> str:
        answer = self._sign_in()
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise AuthExpired("Salesforce signed us in without giving a token: check the app's settings and reconnect")
        if self._secret and not _signed(answer, self._secret):
            raise AuthExpired(
                "the answer to our sign-in was not signed by Salesforce: check login_url, client_secret and the network"
            )
        self._store.save(self._key, token)
        return token


def _signed(answer: Mapping[str, Any], secret: str) -> bool:
    """Whether the answer carries Salesforce's signature: an HMAC over who signed in and when."""
    said = f"{answer.get('id', '')}{answer.get('issued_at', '')}"
    right = base64.b64encode(hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest())
    return hmac.compare_digest(right, str(answer.get("signature", "")).encode())


def from_settings(
    settings: Mapping[str, str], *, connection: str = "", tokens: TokenStore | None = None
) -> TokenSource:
    """The way of signing in that settings describe.

    Raises:
        ConfigError: they describe none, or one that Salesforce has given up.
    """
    if settings.get("access_token"):
        return ReadyToken(settings["access_token"])
    client, secret, refresh, username, key = (
        settings.get(name, "") for name in ("client_id", "client_secret", "refresh_token", "username", "private_key")
    )
    address = instance(settings.get("login_url") or settings.get("instance_url", ""))
    http = HttpClient(base_url=address, connection=connection, errors=partial(classify, connection=connection))
    sign_in: Callable[[], Mapping[str, Any]]
    if client and refresh:
        grant = {"grant_type": "refresh_token", "client_id": client, "refresh_token": refresh}
        sign_in = partial(_post, http, {**grant, "client_secret": secret} if secret else grant)
    elif client and username and key:
        sign_in = partial(_through_sdk, http, consumer_key=client, username=username, privatekey=_pem(key))
    elif client and secret:
        sign_in = partial(_through_sdk, http, consumer_key=client, consumer_secret=secret)
    else:
        raise ConfigError(
            "salesforce: give access_token, or client_id with one of refresh_token, client_secret, or username and "
            "private_key"
        )
    # An assertion is signed with the key alone; Salesforce signs its answer with a secret that we were not given.
    checked = secret if refresh or not key else ""
    name = f"salesforce:{address}:{client}:{username}" if username else f"salesforce:{address}:{client}"
    return OAuthToken(sign_in, http=http, secret=checked, store=tokens or MemoryTokenStore(), key=name)


def _post(http: HttpClient, grant: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Sends a token request; the answer as Salesforce gave it."""
    reply = http.request(
        "POST",
        "/services/oauth2/token",
        operation="sign_in",
        content=urlencode(grant).encode(),
        headers={**_FORM, **(headers or {})},
    )
    body: Any = reply.json()
    return body if isinstance(body, dict) else {}


class _Session:
    """What ``simple_salesforce`` takes for a ``requests`` session: our own client, with its timeouts and errors.

    The SDK makes the form and the assertion; where it goes is ours to say, so the host of its address is not used.
    """

    status_code = 200

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self.answer: Mapping[str, Any] = {}

    def post(
        self, url: str, data: Mapping[str, str], *, headers: Mapping[str, str] | None, proxies: object
    ) -> _Session:
        self.answer = _post(self._http, data, headers)
        return self

    def json(self) -> Mapping[str, Any]:
        # The SDK takes the address of the org apart and would stumble over its absence; we have our own.
        return {"instance_url": "", **self.answer}


def _through_sdk(
    http: HttpClient,
    *,
    consumer_key: str,
    consumer_secret: str | None = None,
    username: str | None = None,
    privatekey: str | None = None,
) -> Mapping[str, Any]:
    """Signs in with client credentials, or with an assertion that is signed by a private key."""
    import jwt
    from simple_salesforce.login import SalesforceLogin

    session: Any = _Session(http)
    problem = ""
    try:
        SalesforceLogin(
            consumer_key=consumer_key,
            consumer_secret=consumer_secret,
            username=username,
            privatekey=privatekey,
            domain="my" if privatekey is None else _audience(http.base_url),
            session=session,
        )
    except (ValueError, jwt.PyJWTError) as error:
        problem = type(error).__name__
    if problem:  # raised here, so that the error about the key does not travel along
        raise ConfigError(f"salesforce: private_key cannot sign ({problem}): give a PEM file with an RSA key")
    answer: Mapping[str, Any] = session.answer
    return answer


def _audience(address: str) -> str:
    """Whom an assertion is for: Salesforce takes one that names its sign-in host, of production or of sandboxes."""
    host = address.partition("://")[2]
    return "test" if host.startswith("test.") or ".sandbox." in host else "login"


def _pem(key: str) -> str:
    """The private key: the text itself, or of the file that it names."""
    if "PRIVATE KEY" in key:
        return key
    try:
        return Path(key).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError):
        raise ConfigError("salesforce: private_key names no readable PEM file") from None
