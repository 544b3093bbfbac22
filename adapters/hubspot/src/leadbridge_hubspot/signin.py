"""How a connection proves who it is: by a ready token, or as an app that was installed by OAuth.

A service key or a private app's token is ready. An installed app has a refresh token, for which HubSpot gives access
tokens that live half an hour. They are renewed by the clock and never because of a 401, which HubSpot calls no sign of
an old token; by one thread and one process at a time. Endpoint: ``POST /oauth/{version}/token`` (RFC 6749 §6).
"""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson

from leadbridge.clock import Clock, iso, parse_iso
from leadbridge.errors import AdapterError, AuthExpired, ConfigError, RateLimited, Unavailable
from leadbridge.http import HttpClient, Reply, TokenStore
from leadbridge_hubspot.errors import body_of, classify

__all__ = ["OAuthApp", "OAuthToken", "ReadyToken"]

_OPERATION = "sign_in"
_LIFE = timedelta(minutes=30)
"""How long a token lives when the answer does not say."""
_EARLY = timedelta(minutes=2)
_PATIENCE = timedelta(seconds=10)
"""How long nobody asks again after HubSpot could not renew a token that is still good."""

_WITHDRAWN = frozenset({"BAD_REFRESH_TOKEN", "BAD_AUTH_CODE", "INVALID_GRANT", "EXPIRED_REFRESH_TOKEN"})
_STRANGER = frozenset({"BAD_CLIENT_ID", "BAD_CLIENT_SECRET", "INVALID_CLIENT", "UNAUTHORIZED_CLIENT"})


class ReadyToken:
    """Signs requests with a token that somebody else made and renews. Its ``repr`` does not show it.

    Raises:
        ConfigError: when the token is blank or holds characters that no header can carry.
    """

    def __init__(self, token: str) -> None:
        self._headers = _headers(_checked(token, "token"))

    def __call__(self) -> Mapping[str, str]:
        return self._headers

    def __repr__(self) -> str:
        return "ReadyToken(***)"


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An app that was installed in a HubSpot account.

    Attributes:
        client_id: names the app.
        client_secret: proves that we are the app.
        refresh_token: what the account gave to the app when it was installed.

    Raises:
        ConfigError: when one of them is blank or broken.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("client_id", "client_secret", "refresh_token"):
            object.__setattr__(self, name, _checked(getattr(self, name), name))


@dataclass(frozen=True, slots=True)
class _Session:
    """What HubSpot gave: the header that signs requests in, until when, and what to renew it with."""

    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    renew_at: datetime
    expires_at: datetime

    def text(self) -> str:
        """How it is kept in a token store."""
        return orjson.dumps(
            {
                "access_token": self.token,
                "refresh_token": self.refresh_token,
                "renew_at": iso(self.renew_at),
                "expires_at": iso(self.expires_at),
            }
        ).decode()

    @classmethod
    def read(cls, text: str | None) -> _Session | None:
        """What was kept; ``None`` when it is nothing that we wrote."""
        try:
            kept = orjson.loads(text or "{}")
            return cls(
                str(kept["access_token"]),
                str(kept["refresh_token"]),
                parse_iso(kept["renew_at"]),
                parse_iso(kept["expires_at"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


class OAuthToken:
    """Signs requests in as an installed app, and renews its access token in time. Thread-safe.

    Args:
        app: who we are.
        base_url: the host that signs in; the same as of all other calls.
        path: of the token endpoint.
        tokens: where access tokens are kept, so that threads and processes share one.
        clock: when a token is old.
        transport: sends the requests, in place of the network.
        verify: the certificates to trust.
    """

    def __init__(
        self,
        app: OAuthApp,
        *,
        base_url: str,
        path: str,
        tokens: TokenStore,
        clock: Clock,
        transport: httpx.BaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._app = app
        self._base_url = base_url
        self._path = path
        self._tokens = tokens
        self._clock = clock
        self._transport = transport
        self._verify = verify
        # Accounts share the app, and its client_id; the first refresh token is what tells them apart.
        self._key = f"hubspot:{base_url}:{hashlib.sha256(app.refresh_token.encode()).hexdigest()[:32]}"
        self._lock = threading.Lock()
        self._session: _Session | None = None
        self._again_at: datetime | None = None

    def __call__(self) -> Mapping[str, str]:
        """The header of a request; signs in first when there is no token, or when it grows old.

        Raises:
            AuthExpired: when HubSpot takes neither the refresh token nor the app for good any more.
            AdapterError: when HubSpot cannot sign us in now, and the token that we have is too old.
        """
        session = self._session
        if session is None or self._clock.now() >= session.renew_at:
            session = self._renewed(session)
        return _headers(session.token)

    def __repr__(self) -> str:
        return f"OAuthToken({self._app!r})"

    def _renewed(self, seen: _Session | None) -> _Session:
        with self._lock:
            now = self._clock.now()
            if self._session is not seen and self._session is not None:
                return self._session  # another thread was faster
            if seen is not None and self._again_at is not None and now < self._again_at:
                return seen
            with self._tokens.lock(self._key):
                kept = _Session.read(self._tokens.load(self._key))
                if kept is None or now >= kept.renew_at:
                    kept = self._asked(kept, seen, now)
            self._session = kept
            return kept

    def _asked(self, kept: _Session | None, seen: _Session | None, now: datetime) -> _Session:
        """A new session from HubSpot; the old one while it still lives and HubSpot cannot answer."""
        try:
            session = self._ask(kept.refresh_token if kept is not None else self._app.refresh_token, now)
        except (RateLimited, Unavailable) as error:
            old = kept or seen
            if old is None or now >= old.expires_at:
                raise
            wait = error.retry_after if isinstance(error, RateLimited) else None
            self._again_at = min(now + max(_PATIENCE, timedelta(seconds=wait or 0.0)), old.expires_at)
            return old
        self._again_at = None
        self._tokens.save(self._key, session.text())
        return session

    def _ask(self, refresh_token: str, now: datetime) -> _Session:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "refresh_token": refresh_token,
        }
        http = HttpClient(
            base_url=self._base_url, transport=self._transport, verify=self._verify, errors=_classify_sign_in
        )
        try:
            reply = http.request(
                "POST",
                self._path,
                operation=_OPERATION,
                content=urlencode(form).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        finally:
            if self._transport is None:
                http.close()
        body: Any = reply.json()
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise Unavailable("HubSpot signed us in without giving a token: ask again later", operation=_OPERATION)
        life = _life(body.get("expires_in"))
        return _Session(
            token,
            str(body.get("refresh_token") or refresh_token),
            renew_at=now + max(life - _EARLY, life / 2),
            expires_at=now + life,
        )


def _classify_sign_in(reply: Reply, operation: str) -> AdapterError | None:
    """What the token endpoint means: it has codes of its own, in ``status`` or in RFC 6749's ``error``."""
    body = body_of(reply)
    codes = {str(body.get(name) or "").upper() for name in ("status", "error", "category")}
    error: AdapterError | None
    if codes & _WITHDRAWN:
        error = AuthExpired(
            "HubSpot no longer accepts the refresh_token: the app was taken out of the account, or its access was "
            "withdrawn; install the app again and give the new refresh_token"
        )
    elif codes & _STRANGER:
        error = AuthExpired(
            "HubSpot does not know this app: copy client_id and client_secret again from the app's page in HubSpot"
        )
    else:
        return classify(reply, operation)
    error.code = min(codes & (_WITHDRAWN | _STRANGER))
    return error


def _life(seconds: object) -> timedelta:
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds < 10_000_000:
        return timedelta(seconds=float(seconds))
    return _LIFE


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _checked(secret: str, name: str) -> str:
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigError(
            f"the HubSpot {name} is blank or broken: copy it again from HubSpot, without quotes or spaces"
        )
    return secret
