"""The organisation that a lead works for."""

from __future__ import annotations

from urllib.parse import urlsplit

from leadbridge.domain.model import Frozen

__all__ = ["Company", "domain_of"]


def domain_of(website: str) -> str | None:
    """The bare host of a web address (``https://www.Acme.example/x`` → ``acme.example``); ``None`` when it has none."""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        return None
    if not host or "." not in host or " " in host:
        return None
    return host.removeprefix("www.")


class Company(Frozen):
    """An organisation. ``domain`` is the bare host of its web site, ``employees`` a head count.

    ``id`` is what a CRM calls it, and ``owner`` the id of whoever it is assigned to there; a company that is known only
    from what a lead says of itself has neither.
    """

    id: str = ""
    name: str | None = None
    domain: str | None = None
    industry: str | None = None
    employees: int | None = None
    country: str | None = None
    region: str | None = None
    owner: str | None = None
