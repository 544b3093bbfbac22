"""Which resource a path names, who may ask, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import unquote

from leadbridge_salesforce.simulator import collections_api, queries, session, sobjects
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal

__all__ = ["dispatch", "handle"]

Handler: TypeAlias = Callable[[Org, Call, Mapping[str, str]], Answer]

_PATH = re.compile(r"/services/data/v(\d+\.\d)(/.*)?")
_OLDEST = 31.0
_NEWEST = 68.0

_NAME = r"(?P<kind>\w+)"
_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (method, re.compile(f"{pattern}/?"), handler)
    for method, pattern, handler in (
        ("GET", "", lambda org, call, at: session.resources(org, call)),
        ("GET", "/limits", lambda org, call, at: session.limits(org)),
        ("GET", "/(?:tooling/)?query", lambda org, call, at: queries.query(org, call, everything=False)),
        ("GET", "/queryAll", lambda org, call, at: queries.query(org, call, everything=True)),
        ("GET", r"/query(?:All)?/(?P<key>[\w-]+)", lambda org, call, at: queries.more(org, call, at["key"])),
        ("GET", "/sobjects", lambda org, call, at: sobjects.catalogue(org, call)),
        ("POST", "/tooling/sobjects/CustomField", lambda org, call, at: session.make_field(org, call)),
        ("GET", f"/sobjects/{_NAME}", lambda org, call, at: sobjects.described(org, at["kind"], whole=False)),
        ("POST", f"/sobjects/{_NAME}", lambda org, call, at: sobjects.created(org, call, at["kind"])),
        ("GET", f"/sobjects/{_NAME}/describe", lambda org, call, at: sobjects.described(org, at["kind"], whole=True)),
        (
            "GET",
            f"/sobjects/{_NAME}/(?P<how>updated|deleted)",
            lambda org, call, at: sobjects.replicated(org, call, at["kind"], deleted=at["how"] == "deleted"),
        ),
        (
            "GET PATCH DELETE",
            f"/sobjects/{_NAME}/(?P<id>[a-zA-Z0-9]{{15,18}})",
            lambda org, call, at: sobjects.single(org, call, at["kind"], at["id"]),
        ),
        (
            "GET PATCH DELETE",
            rf"/sobjects/{_NAME}/(?P<field>\w+)/(?P<value>[^/]+)",
            lambda org, call, at: sobjects.by_external_id(org, call, at["kind"], at["field"], unquote(at["value"])),
        ),
        ("POST", "/composite", lambda org, call, at: collections_api.composite(org, call, dispatch)),
        ("POST PATCH", "/composite/sobjects", lambda org, call, at: collections_api.saved(org, call)),
        ("DELETE", "/composite/sobjects", lambda org, call, at: collections_api.removed(org, call)),
        (
            "GET POST",
            f"/composite/sobjects/{_NAME}",
            lambda org, call, at: collections_api.retrieved(org, call, at["kind"]),
        ),
        (
            "PATCH",
            rf"/composite/sobjects/{_NAME}/(?P<field>\w+)",
            lambda org, call, at: collections_api.upserted(org, call, at["kind"], at["field"]),
        ),
    )
]


def dispatch(org: Org, call: Call) -> Answer:
    """The answer of the resource that a call names.

    Raises:
        Refusal: there is none, or it refuses.
    """
    known = False
    for methods, pattern, handler in _ROUTES:
        found = pattern.fullmatch(call.path)
        if found is None:
            continue
        if call.method in methods.split():
            return handler(org, call, found.groupdict())
        known = True
    if known:
        raise Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed")
    raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")


def handle(
    org: Org,
    method: str,
    path: str,
    *,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    base_url: str,
) -> Answer:
    """The answer to one HTTP request. The org's lock is held."""
    org.settle()
    if path.rstrip("/") == "/services/data":
        return session.versions()
    if path == "/services/oauth2/token" and method == "POST":
        return session.token(org, headers, body, base_url)
    try:
        _signed_in(org, headers)
        org.calls += 1
        if org.calls > org.switches.calls_allowed:
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        answer = _signed(org, method, path, query, headers, body, base_url)
    except Refusal as refusal:
        answer = Answer(refusal.status, refusal.body())
    usage = f"api-usage={org.calls}/{org.switches.calls_allowed}; api-bursts=1/750"
    return Answer(answer.status, answer.body, {**answer.headers, "Sforce-Limit-Info": usage})


def _signed(
    org: Org,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    base_url: str,
) -> Answer:
    if path == "/services/oauth2/userinfo" or path.startswith("/id/"):
        return session.identity(org, base_url)
    found = _PATH.fullmatch(path)
    if found is None:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    if float(found[1]) < _OLDEST:
        raise Refusal(410, "UNSUPPORTED_API_VERSION", "The requested API version is no longer supported")
    if float(found[1]) > _NEWEST:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    return dispatch(org, Call(method, found[2] or "", query, body, headers, found[1]))


def _signed_in(org: Org, headers: Mapping[str, str]) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    known = token in org.tokens if org.switches.strict_auth else token not in {"", "bad", *org.ended_tokens}
    if scheme not in ("Bearer", "OAuth") or not known:
        raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
