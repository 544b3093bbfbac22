"""What a connection to Salesforce can be told, and the names that we use there."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from leadbridge.errors import ConfigError

__all__ = [
    "API_VERSION",
    "BULK_READS",
    "OWN_NAMES",
    "PERMISSION_SET",
    "SETTINGS",
    "Options",
    "instance",
    "options",
    "version",
]

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
    "bulk_reads": "records of one reading after which a bulk job reads the rest, by default 20000; 0: never",
    "key_kinds": "kinds besides Lead and Contact that get a key of ours: Account, Opportunity",
    "bulk_writes": "writes in one go that become a bulk job, by default 0: never; it pays from 2000 on",
    "daily_share": "share of the org's API calls for 24 hours at which we stop, such as 0.5, by default 1",
    "webhook_secret": "secret that the address of outbound messages ends with, as ?key=...; by default none",
    "kinds": "kinds to describe, separated by commas",
}

BULK_READS = 20_000
"""Where a bulk job begins to pay: see ``benchmarks/salesforce_read.py`` for what each way costs."""

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
"""Kinds that always get a key of ours."""

MORE_KEY_KINDS = frozenset({"Account", "Opportunity"})
"""Kinds that get one when asked to. Task and Event share their fields, and what makes a campaign member (who, and of
which campaign) can only be set when it is created."""

KINDS = ("Lead", "Contact", "Opportunity", "Task", "Account", "Event", "Campaign", "CampaignMember")

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
        bulk_reads: how many records one reading of changes takes by REST before a bulk job takes over; 0 means never.
        key_kinds: kinds that can be upserted by our key, once they have the field for it.
        bulk_writes: from how many writes in one go a bulk job is made of them; 0 means never.
        daily_share: the share of the org's daily allowance of calls, used by whomever, at which we stop; up to 1.
        webhook_secret: what the address of outbound messages has to end with, as ``?key=``; empty for nothing.
    """

    api_version: str = API_VERSION
    look_back: timedelta = timedelta(minutes=10)
    allow_duplicates: bool = False
    kinds: tuple[str, ...] = KINDS
    bulk_reads: int = BULK_READS
    key_kinds: frozenset[str] = KEY_KINDS
    bulk_writes: int = 0
    daily_share: float = 1.0
    webhook_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.daily_share <= 1:
            raise ConfigError("salesforce: daily_share must be above 0 and at most 1")
        for name, number in (("bulk_reads", self.bulk_reads), ("bulk_writes", self.bulk_writes)):
            if number < 0:
                raise ConfigError(f"salesforce: {name} must not be below 0")
        if not KEY_KINDS <= self.key_kinds <= KEY_KINDS | MORE_KEY_KINDS:
            raise ConfigError(f"salesforce: key_kinds may name {' and '.join(sorted(MORE_KEY_KINDS))}")

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
    kinds = _listed(settings.get("kinds", ""))
    return Options(
        api_version=version(settings.get("api_version") or API_VERSION),
        look_back=_minutes(settings.get("look_back")) if settings.get("look_back") else default.look_back,
        allow_duplicates=_yes(settings.get("allow_duplicates", "no")),
        kinds=kinds or default.kinds,
        bulk_reads=int(_number("bulk_reads", settings.get("bulk_reads") or str(default.bulk_reads))),
        key_kinds=KEY_KINDS | frozenset(_listed(settings.get("key_kinds", ""))),
        bulk_writes=int(_number("bulk_writes", settings.get("bulk_writes") or "0")),
        daily_share=_number("daily_share", settings.get("daily_share") or "1"),
        webhook_secret=settings.get("webhook_secret", ""),
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


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"salesforce: {name} is not a number")
    return number


def _minutes(text: str | None) -> timedelta:
    minutes = _number("look_back", text or "")
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
