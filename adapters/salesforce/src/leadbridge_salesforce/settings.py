"""What a connection to Salesforce can be told, and the names that we use there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from leadbridge.errors import ConfigError

__all__ = ["API_VERSION", "OWN_NAMES", "PERMISSION_SET", "SETTINGS", "Options", "instance", "options", "version"]

API_VERSION = "v68.0"
"""The version of the REST API that this adapter was written for (Winter '27)."""

SETTINGS: Mapping[str, str] = {
    "instance_url": "My Domain address of the org, such as https://acme.my.salesforce.com",
    "access_token": "a ready OAuth access token; enough for a first look, it expires",
    "client_id": "consumer key of the external client app or connected app",
    "client_secret": "consumer secret of that app; alone it signs in with client credentials",
    "refresh_token": "refresh token of a user; with client_id it signs in for that user",
    "username": "user whom a signed assertion signs in (JWT bearer), with client_id and private_key",
    "private_key": "PEM file of the RSA key whose certificate the app knows; for the assertion",
    "login_url": "where to sign in, when that is not instance_url",
    "api_version": f"version of the REST API, by default {API_VERSION}",
    "look_back": "minutes that each reading overlaps the one before, by default 10",
    "allow_duplicates": "yes lets our writes pass the org's duplicate rules, by default no",
    "kinds": "kinds to describe, separated by commas",
}

GIVEN_UP: Mapping[str, str] = {
    "password": "Salesforce retires the SOAP login (Summer '27) and the OAuth grant (Winter '27) that take passwords",
    "security_token": "security tokens belong to the SOAP login that Salesforce retires in Summer '27",
}
"""Settings that other tools know and this one refuses, with the reason."""

OWN_NAMES: Mapping[str, str] = {
    "id": "LeadBridge_Id__c",
    "op": "LeadBridge_Op__c",
    "decision": "LeadBridge_Decision__c",
    "reason": "LeadBridge_Reason__c",
    "sla_due": "LeadBridge_SLA_Due__c",
    "sla_state": "LeadBridge_SLA_State__c",
    "buying_stage": "LeadBridge_Buying_Stage__c",
}
"""Our fields by purpose: the same names on Lead and Contact, so that conversion can carry them over."""

PERMISSION_SET = "LeadBridge"
"""Name of the permission set that makes our fields visible."""

KEY_KINDS = frozenset({"Lead", "Contact"})
KINDS = ("Lead", "Contact", "Opportunity", "Task", "Account", "Event", "CampaignMember")

_HOSTS = (
    ".salesforce.com",
    ".force.com",
    ".cloudforce.com",
    ".database.com",
    ".salesforce.mil",
    ".sfcrmproducts.cn",
)


@dataclass(frozen=True, slots=True)
class Options:
    """How the adapter reads and writes.

    Attributes:
        api_version: such as ``v68.0``.
        look_back: how far each reading of changes overlaps the one before, because a transaction stamps its records
            when it writes them and shows them when it ends.
        allow_duplicates: whether writes pass duplicate rules that allow saving.
        kinds: what ``describe`` reads; kinds that the org does not have are left out.
    """

    api_version: str = API_VERSION
    look_back: timedelta = timedelta(minutes=10)
    allow_duplicates: bool = False
    kinds: tuple[str, ...] = KINDS

    @property
    def root(self) -> str:
        """The path that every call of the REST API begins with."""
        return f"/services/data/{self.api_version}"


def options(settings: Mapping[str, str]) -> Options:
    """The options that settings give.

    Raises:
        ConfigError: a setting cannot be understood; names the setting, never its value.
    """
    default = Options()
    kinds = tuple(part.strip() for part in settings.get("kinds", "").split(",") if part.strip())
    return Options(
        api_version=version(settings.get("api_version") or API_VERSION),
        look_back=_minutes(settings.get("look_back")) if settings.get("look_back") else default.look_back,
        allow_duplicates=_yes(settings.get("allow_duplicates", "no")),
        kinds=kinds or default.kinds,
    )


def version(text: str) -> str:
    """An API version as its path says it; ``68``, ``68.0`` and ``v68.0`` are the same."""
    found = re.fullmatch(r"v?(\d{2,3})(?:\.0)?", text.strip())
    if not found:
        raise ConfigError("salesforce: api_version is not a version such as v68.0")
    return f"v{found[1]}.0"


def instance(url: str) -> str:
    """A checked address of an org, without a slash at its end.

    Tokens go to this host, so it must be one of Salesforce's own over https, or this computer itself (a simulator).

    Raises:
        ConfigError: it is neither.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    problem = "salesforce: instance_url must be https and a host of Salesforce, such as https://acme.my.salesforce.com"
    try:
        port = parts.port
    except ValueError:
        raise ConfigError(problem) from None
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise ConfigError(problem)
    if _loopback(host) and parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "https" or port not in (None, 443) or not host.endswith(_HOSTS):
        raise ConfigError(problem)
    return f"https://{host}"


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _minutes(text: str | None) -> timedelta:
    try:
        minutes = float(text or "")
    except ValueError:
        raise ConfigError("salesforce: look_back is not a number of minutes") from None
    if not 0 <= minutes <= 24 * 60:
        raise ConfigError("salesforce: look_back must be between 0 minutes and a day")
    return timedelta(minutes=minutes)


def _yes(text: str) -> bool:
    word = text.strip().lower()
    if word in {"yes", "true", "on", "1"}:
        return True
    if word in {"no", "false", "off", "0", ""}:
        return False
    raise ConfigError("salesforce: allow_duplicates is not yes or no")
