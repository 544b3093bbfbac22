"""The addresses of the simulator: those of v3 and v4, and the dated ones, side by side."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from leadbridge_hubspot.simulator import batches, directory, objects
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.web import Handler, Limits, endpoint

__all__ = ["routes"]

_READ, _WRITE = "crm.objects.{type}.read", "crm.objects.{type}.write"

_OBJECTS: list[tuple[str, str, Handler, str]] = [
    ("POST", "/search", objects.search, _READ),
    ("POST", "/merge", objects.merge, _WRITE),
    ("POST", "/gdpr-delete", objects.erase, _WRITE),
    ("POST", "/batch/read", batches.read, _READ),
    ("POST", "/batch/create", batches.create, _WRITE),
    ("POST", "/batch/update", batches.update, _WRITE),
    ("POST", "/batch/upsert", batches.upsert, _WRITE),
    ("POST", "/batch/archive", batches.archive, _WRITE),
    ("GET", "", objects.list_page, _READ),
    ("POST", "", objects.create, _WRITE),
    ("GET", "/{id}", objects.read, _READ),
    ("PATCH", "/{id}", objects.update, _WRITE),
    ("DELETE", "/{id}", objects.archive, _WRITE),
]

_PROPERTIES: list[tuple[str, str, Handler, str]] = [
    ("GET", "", directory.properties, "crm.schemas.{type}.read"),
    ("POST", "", directory.create_property, "crm.schemas.{type}.write"),
    ("GET", "/{name}", directory.property_named, "crm.schemas.{type}.read"),
]

_OWNERS: list[tuple[str, str, Handler, str]] = [
    ("GET", "", directory.owners, "crm.objects.owners.read"),
    ("GET", "/", directory.owners, "crm.objects.owners.read"),
    ("GET", "/{id}", directory.owner, "crm.objects.owners.read"),
]

_FAMILIES: list[tuple[tuple[str, str], list[tuple[str, str, Handler, str]]]] = [
    (("/crm/v3/objects/{type}", "/crm/objects/{version}/{type}"), _OBJECTS),
    (("/crm/v3/properties/{type}", "/crm/properties/{version}/{type}"), _PROPERTIES),
    (("/crm/v3/owners", "/crm/owners/{version}"), _OWNERS),
    (("/crm/v3/pipelines/{type}", "/crm/pipelines/{version}/{type}"), [("GET", "", directory.pipelines, "")]),
    (("/account-info/v3/details", "/account-info/{version}/details"), [("GET", "", directory.account, "")]),
]

_DATED = ("2026-03", "2026-09")


def routes(portal: Portal) -> list[BaseRoute]:
    """Every address of the account."""
    limits = Limits()
    found: list[BaseRoute] = []
    for bases, endpoints in _FAMILIES:
        for base in (bases[0], *(bases[1].replace("{version}", version) for version in _DATED)):
            found += [
                Route(
                    base + tail,
                    endpoint(portal, handler, limits, version=_version(base), scope=scope, search=tail == "/search"),
                    methods=[method],
                )
                for method, tail, handler, scope in endpoints
            ]
    return found


def _version(base: str) -> str:
    return next((version for version in _DATED if version in base), "v3")
