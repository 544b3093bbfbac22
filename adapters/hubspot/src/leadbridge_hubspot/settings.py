"""The settings of a HubSpot connection, and the addresses to which a token may be sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from leadbridge.errors import ConfigError
from leadbridge_hubspot.paths import DEFAULT_VERSION, KINDS

__all__ = ["BASE_URL", "DEFAULT_KINDS", "SETTINGS", "Settings", "checked_base_url"]

BASE_URL = "https://api.hubapi.com"
DEFAULT_KINDS = ("contact", "company", "deal", "note", "call", "meeting")

SETTINGS: Mapping[str, str] = {
    "token": "the access token: a service key, or the token of a private app",
    "base_url": f"where the API answers; {BASE_URL} unless the account lives elsewhere, such as https://api-eu1.hubapi.com",
    "api_version": f"the version of HubSpot's API; {DEFAULT_VERSION} unless there is a reason",
    "settle_minutes": "how far back reading looks again, because HubSpot's search index lags; 10",
    "rate": "calls in ten seconds to begin with, until HubSpot says what the account may; 100",
    "kinds": f"the kinds to describe, separated by commas; {', '.join(DEFAULT_KINDS)}",
}

_HOSTS = re.compile(r"api(-[a-z]{2,4}\d{1,2})?\.hubapi\.com")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may write in the settings file, checked."""

    token: str
    base_url: str = BASE_URL
    api_version: str = DEFAULT_VERSION
    settle: timedelta = timedelta(minutes=10)
    rate: int = 100
    kinds: tuple[str, ...] = DEFAULT_KINDS

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> Settings:
        """Checks settings.

        Raises:
            ConfigError: names the setting that is unknown, missing or wrong.
        """
        unknown = sorted(set(settings) - set(SETTINGS))
        if unknown:
            raise ConfigError(f"HubSpot has no setting {', '.join(unknown)}: use {', '.join(SETTINGS)}")
        if not settings.get("token", "").strip():
            raise ConfigError("the setting token is missing: create a service key in HubSpot and give it here")
        kinds = tuple(
            part.strip() for part in settings.get("kinds", ",".join(DEFAULT_KINDS)).split(",") if part.strip()
        )
        return cls(
            token=settings["token"],
            base_url=settings.get("base_url", BASE_URL),
            api_version=settings.get("api_version", DEFAULT_VERSION),
            settle=timedelta(minutes=_number(settings, "settle_minutes", 10.0)),
            rate=int(_number(settings, "rate", 100)),
            kinds=checked_kinds(kinds),
        )


def checked_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds, if this adapter knows all of them."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise ConfigError(f"kinds must be some of {', '.join(KINDS)}{': not ' + ', '.join(unknown) if unknown else ''}")
    return kinds


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


def _number(settings: Mapping[str, str], name: str, default: float) -> float:
    text = settings.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = -1.0
    if not 0 < number < 1_000_000:
        raise ConfigError(f"the setting {name} must be a number above zero")
    return number
