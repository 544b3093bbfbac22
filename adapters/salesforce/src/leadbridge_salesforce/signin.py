"""Signing in: a ready token, a refresh token or client credentials, each behind the same two methods.

Salesforce's access tokens carry no time of expiry; that one has expired is learnt from a 401, after which a token
that can be renewed is renewed once, by one thread and one process (the token store holds the lock), and the request
is sent again: a request that was refused with 401 did not happen. Endpoint: ``POST /services/oauth2/token`` (RFC 6749
§4.4 and §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode

from leadbridge.errors import AuthExpired, ConfigError
from leadbridge.http import HttpClient, MemoryTokenStore, TokenStore
from leadbridge_salesforce.errors import classify
from leadbridge_salesforce.settings import instance

__all__ = ["OAuthToken", "ReadyToken", "TokenSource", "from_settings"]


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
    """A token that renews itself with a refresh token or with client credentials.

    Args:
        grant: the fields of the token request, secrets included; they are sent to ``http`` and nowhere else.
        http: a client for the host that signs in.
        store, key: where the token is kept, so that several processes share one session.
    """

    def __init__(self, grant: Mapping[str, str], *, http: HttpClient, store: TokenStore, key: str) -> None:
        self._grant = dict(grant)
        self._http = http
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
        reply = self._http.request(
            "POST",
            "/services/oauth2/token",
            operation="sign_in",
            content=urlencode(self._grant).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )
        body: Any = reply.json()
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise AuthExpired("Salesforce signed us in without giving a token: check the app's settings and reconnect")
        self._store.save(self._key, token)
        return token


def from_settings(
    settings: Mapping[str, str], *, connection: str = "", tokens: TokenStore | None = None
) -> TokenSource:
    """The way of signing in that settings describe.

    Raises:
        ConfigError: they describe none.
    """
    if settings.get("access_token"):
        return ReadyToken(settings["access_token"])
    client, secret, refresh = (settings.get(name, "") for name in ("client_id", "client_secret", "refresh_token"))
    if client and refresh:
        grant = {"grant_type": "refresh_token", "client_id": client, "refresh_token": refresh}
        if secret:
            grant["client_secret"] = secret
    elif client and secret:
        grant = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    else:
        raise ConfigError(
            "salesforce: give access_token, or client_id with refresh_token, or client_id with client_secret"
        )
    address = instance(settings.get("login_url") or settings.get("instance_url", ""))
    http = HttpClient(base_url=address, connection=connection, errors=partial(classify, connection=connection))
    return OAuthToken(grant, http=http, store=tokens or MemoryTokenStore(), key=f"salesforce:{address}:{client}")
