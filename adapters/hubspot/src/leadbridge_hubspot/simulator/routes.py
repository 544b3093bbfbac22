"""The addresses of the simulator: those of v3 and v4, and the dated ones, side by side."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from leadbridge_hubspot.simulator import (
    associations,
    batches,
    directory,
    oauth,
    objects,
    pipelines,
    preferences,
)
from leadbridge_hubspot.simulator.limits import Limits
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.web import Handler, endpoint

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
    ("GET", "/groups", directory.groups, "crm.schemas.{type}.read"),
    ("POST", "/groups", directory.create_group, "crm.schemas.{type}.write"),
    ("GET", "/{name}", directory.property_named, "crm.schemas.{type}.read"),
]

_OWNERS: list[tuple[str, str, Handler, str]] = [
    ("GET", "", directory.owners, "crm.objects.owners.read"),
    ("GET", "/", directory.owners, "crm.objects.owners.read"),
    ("GET", "/{id}", directory.owner, "crm.objects.owners.read"),
]

_TO = "/{id}/associations/{to}"
_PAIR = "/{id}/associations/{to}/{to_id}"

_ASSOCIATED: list[tuple[str, str, Handler, str]] = [
    ("GET", _TO, associations.list_page, _READ),
    ("PUT", "/{id}/associations/default/{to}/{to_id}", associations.create_default, _WRITE),
    ("PUT", _PAIR, associations.create, _WRITE),
    ("DELETE", _PAIR, associations.remove, _WRITE),
]

_ASSOCIATIONS: list[tuple[str, str, Handler, str]] = [
    ("POST", "/batch/read", associations.batch_read, _READ),
    ("POST", "/batch/create", associations.batch_create, _WRITE),
    ("POST", "/batch/associate/default", associations.batch_default, _WRITE),
    ("POST", "/batch/archive", associations.batch_archive, _WRITE),
    ("POST", "/batch/labels/archive", associations.batch_archive_labels, _WRITE),
    ("GET", "/labels", associations.labels, _READ),
]

_PIPELINES: list[tuple[str, str, Handler, str]] = [
    ("GET", "", pipelines.page, ""),
    ("POST", "", pipelines.create, ""),
    ("GET", "/{pipeline}", pipelines.one, ""),
    ("DELETE", "/{pipeline}", pipelines.remove, ""),
    ("GET", "/{pipeline}/stages", pipelines.stages, ""),
    ("POST", "/{pipeline}/stages", pipelines.create_stage, ""),
    ("GET", "/{pipeline}/stages/{stage}", pipelines.stage, ""),
    ("PATCH", "/{pipeline}/stages/{stage}", pipelines.update_stage, ""),
    ("DELETE", "/{pipeline}/stages/{stage}", pipelines.remove_stage, ""),
]

_OAUTH: list[tuple[str, str, Handler, str]] = [
    ("POST", "/token", oauth.token, ""),
    ("POST", "/token/introspect", oauth.introspect, ""),
    ("POST", "/token/revoke", oauth.revoke, ""),
    ("GET", "/access-tokens/{token}", oauth.introspect, ""),
    ("DELETE", "/refresh-tokens/{token}", oauth.revoke, ""),
]

_PREFERENCES: list[tuple[str, str, Handler, str]] = [
    ("GET", "/{address:path}/unsubscribe-all", preferences.unsubscribed, "communication_preferences.read"),
    ("POST", "/{address:path}/unsubscribe-all", preferences.unsubscribe_all, "communication_preferences.read_write"),
]

_FAMILIES: list[tuple[tuple[str, str], list[tuple[str, str, Handler, str]]]] = [
    (("/crm/v3/objects/{type}", "/crm/objects/{version}/{type}"), _OBJECTS),
    (("/crm/v3/properties/{type}", "/crm/properties/{version}/{type}"), _PROPERTIES),
    (("/crm/v3/owners", "/crm/owners/{version}"), _OWNERS),
    (("/crm/v3/pipelines/{type}", "/crm/pipelines/{version}/{type}"), _PIPELINES),
    (("/crm/v4/objects/{type}", "/crm/objects/{version}/{type}"), _ASSOCIATED),
    (("/crm/v4/associations/{type}/{to}", "/crm/associations/{version}/{type}/{to}"), _ASSOCIATIONS),
    (("/oauth/v1", "/oauth/{version}"), _OAUTH),
    (("/communication-preferences/v4/statuses", "/communication-preferences/{version}/statuses"), _PREFERENCES),
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
                    endpoint(
                        portal,
                        handler,
                        limits,
                        version=_version(base),
                        scope=scope,
                        search=tail == "/search",
                        signs_in=endpoints is _OAUTH,
                    ),
                    methods=[method],
                )
                for method, tail, handler, scope in endpoints
            ]
    return found


def _version(base: str) -> str:
    return next((version for version in _DATED if version in base), "v3")
