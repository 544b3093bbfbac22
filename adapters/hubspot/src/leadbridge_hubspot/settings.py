"""The settings of a HubSpot connection, and the addresses to which a token may be sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from leadbridge.errors import ConfigError
from leadbridge_hubspot.paths import DEFAULT_VERSION, KINDS
from leadbridge_hubspot.signin import OAuthApp

__all__ = [
    "BASE_URL",
    "DEFAULT_KEY_KINDS",
    "DEFAULT_KINDS",
    "SETTINGS",
    "Settings",
    "checked_base_url",
    "checked_key_kinds",
    "checked_kinds",
]

BASE_URL = "https://api.hubapi.com"
DEFAULT_KINDS = ("contact", "company", "deal", "lead", "note", "call", "meeting", "email", "task")
DEFAULT_KEY_KINDS = ("contact",)
_KEY_KINDS = ("contact", "company", "deal")
"""Kinds on which HubSpot lets a property of ours be unique."""

SETTINGS: Mapping[str, str] = {
    "token": "the access token: a service key, or the token of a private app",
    "client_id": "of an app that was installed by OAuth, in place of token; with client_secret and refresh_token",
    "client_secret": "the app's secret",
    "refresh_token": "what the account gave to the app when it was installed",
    "base_url": f"where the API answers; {BASE_URL} unless the account lives elsewhere, such as https://api-eu1.hubapi.com",
    "api_version": f"the version of HubSpot's API; {DEFAULT_VERSION} unless there is a reason",
    "settle_minutes": "how far back reading looks again, because HubSpot's search index lags; 10",
    "rate": "calls in ten seconds to begin with, until HubSpot says what the account may; 100",
    "webhook_secret": "the client secret of the app that sends webhooks; client_secret, or none, and all are refused",
    "webhook_v1": "yes: also accept webhooks with the first form of signature, which can be sent again later; no",
    "kinds": f"the kinds to describe, separated by commas; {', '.join(DEFAULT_KINDS)}",
    "key_kinds": "the kinds that get leadbridge's own key, so that it can create them; contact; or company, deal too",
}

_APP = ("client_id", "client_secret", "refresh_token")

_HOSTS = re.compile(r"api(-[a-z]{2,4}\d{1,2})?\.hubapi\.com")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may write in the settings file, checked."""

    token: str = field(default="", repr=False)
    app: OAuthApp | None = None
    base_url: str = BASE_URL
    api_version: str = DEFAULT_VERSION
    settle: timedelta = timedelta(minutes=10)
    rate: int = 100
    kinds: tuple[str, ...] = DEFAULT_KINDS
    key_kinds: tuple[str, ...] = DEFAULT_KEY_KINDS
    webhook_secret: str = field(default="", repr=False)
    webhook_v1: bool = False

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> Settings:
        """Checks settings.

        Raises:
            ConfigError: names the setting that is unknown, missing or wrong.
        """
        unknown = sorted(set(settings) - set(SETTINGS))
        if unknown:
            raise ConfigError(f"HubSpot has no setting {', '.join(unknown)}: use {', '.join(SETTINGS)}")
        app = _app(settings)
        if app is None and not settings.get("token", "").strip():
            raise ConfigError("the setting token is missing: create a service key in HubSpot and give it here")
        return cls(
            token=settings.get("token", "") if app is None else "",
            app=app,
            base_url=settings.get("base_url", BASE_URL),
            api_version=settings.get("api_version", DEFAULT_VERSION),
            settle=timedelta(minutes=_number(settings, "settle_minutes", 10.0)),
            rate=int(_number(settings, "rate", 100)),
            kinds=checked_kinds(_listed(settings, "kinds", DEFAULT_KINDS)),
            key_kinds=checked_key_kinds(_listed(settings, "key_kinds", DEFAULT_KEY_KINDS)),
            webhook_secret=settings.get("webhook_secret", "").strip() or (app.client_secret if app is not None else ""),
            webhook_v1=_yes(settings, "webhook_v1"),
        )


def _app(settings: Mapping[str, str]) -> OAuthApp | None:
    given = [name for name in _APP if settings.get(name, "").strip()]
    if not given:
        return None
    if settings.get("token", "").strip():
        raise ConfigError(f"give either token or {', '.join(_APP)}: a connection signs in one way")
    missing = [name for name in _APP if name not in given]
    if missing:
        raise ConfigError(f"the setting {missing[0]} is missing: an installed app signs in with {', '.join(_APP)}")
    return OAuthApp(*(settings[name] for name in _APP))


def checked_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds, if this adapter knows all of them."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise ConfigError(f"kinds must be some of {', '.join(KINDS)}{': not ' + ', '.join(unknown) if unknown else ''}")
    return kinds


def checked_key_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds that get our key, contacts first, if HubSpot can give it to all of them."""
    unknown = [kind for kind in kinds if kind not in _KEY_KINDS]
    if unknown or not kinds:
        raise ConfigError(
            f"key_kinds must be some of {', '.join(_KEY_KINDS)}{': not ' * bool(unknown)}{', '.join(unknown)}"
        )
    return tuple(kind for kind in _KEY_KINDS if kind in kinds)


def checked_base_url(base_url: str) -> str:
    """The address, if a HubSpot token may be sent there: HubSpot's own hosts over https, or this computer.

    Raises:
        ConfigError: for every other address, so that a typing error cannot give the token away.
    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not url.userinfo and not url.query and not url.fragment and url.path in ("", "/"):
        if url.scheme == "https" and _HOSTS.fullmatch(url.host) and url.port is None:
            return base_url.rstrip("/")
        if url.scheme in ("http", "https") and _is_loopback(url.host):
            return base_url.rstrip("/")
    raise ConfigError(
        f"base_url must be {BASE_URL}, a regional host such as https://api-eu1.hubapi.com, or a simulator here"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listed(settings: Mapping[str, str], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for part in settings[name].split(",") if part.strip()) if name in settings else default


def _yes(settings: Mapping[str, str], name: str) -> bool:
    text = settings.get(name, "").strip().lower()
    if text not in ("", "yes", "true", "no", "false"):
        raise ConfigError(f"the setting {name} must be yes or no")
    return text in ("yes", "true")


def _number(settings: Mapping[str, str], name: str, default: float) -> float:
    text = settings.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = -1.0
    if not 0 < number < 1_000_000:
        raise ConfigError(f"the setting {name} must be a number above zero")
    return number
