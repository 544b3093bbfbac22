"""Which resource a path names, who may ask, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import unquote

from leadbridge_salesforce.simulator import (
    bulk_ingest,
    bulk_jobs,
    bulk_query,
    collections_api,
    composite,
    queries,
    replication,
    session,
    soap,
    sobjects,
)
from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal

__all__ = ["dispatch", "handle"]

Handler: TypeAlias = Callable[[Org, Call, Mapping[str, str]], Answer]

_PATH = re.compile(r"/services/data/v(\d+\.\d)(/.*)?")
_SOAP = re.compile(r"/services/Soap/[uc]/(\d+\.\d)(?:/\w+)?/?")
_OLDEST = 31.0
_NEWEST = 68.0

_NAME = r"(?P<kind>\w+)"
_KEY = r"(?P<key>[a-zA-Z0-9]{15,18})"
_JOBS = "(?P<sort>query|ingest)"
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
            f"/sobjects/{_NAME}/updated",
            lambda org, call, at: replication.updated(org, call, sobjects.kind_of(org, at["kind"])),
        ),
        (
            "GET",
            f"/sobjects/{_NAME}/deleted",
            lambda org, call, at: replication.deleted(org, call, sobjects.kind_of(org, at["kind"])),
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
        ("GET", f"/jobs/{_JOBS}", lambda org, call, at: bulk_jobs.listed(org, at["sort"])),
        ("POST", "/jobs/query", lambda org, call, at: bulk_query.made(org, call)),
        ("GET", f"/jobs/query/{_KEY}", lambda org, call, at: bulk_query.shown(org, call, at["key"])),
        ("PATCH", f"/jobs/query/{_KEY}", lambda org, call, at: bulk_query.changed(org, call, at["key"])),
        ("DELETE", f"/jobs/{_JOBS}/{_KEY}", lambda org, call, at: bulk_jobs.delete(org, call, at["sort"], at["key"])),
        ("GET", f"/jobs/query/{_KEY}/results", lambda org, call, at: bulk_query.results(org, call, at["key"])),
        ("GET", f"/jobs/query/{_KEY}/resultPages", lambda org, call, at: bulk_query.page_links(org, call, at["key"])),
        ("POST", "/jobs/ingest", lambda org, call, at: bulk_ingest.made(org, call)),
        ("GET", f"/jobs/ingest/{_KEY}", lambda org, call, at: bulk_ingest.shown(org, call, at["key"])),
        ("PATCH", f"/jobs/ingest/{_KEY}", lambda org, call, at: bulk_ingest.changed(org, call, at["key"])),
        ("PUT", f"/jobs/ingest/{_KEY}/batches", lambda org, call, at: bulk_ingest.uploaded(org, call, at["key"])),
        (
            "GET",
            f"/jobs/ingest/{_KEY}/(?P<file>(?i:successfulResults|failedResults|unprocessedRecords))",
            lambda org, call, at: bulk_ingest.result_file(org, call, at["key"], at["file"]),
        ),
        ("POST", "/composite", lambda org, call, at: composite.batch(org, call, dispatch)),
        ("POST", "/composite/graph", lambda org, call, at: composite.graphs(org, call, dispatch)),
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
    soap_version = _SOAP.fullmatch(path)
    if soap_version is not None and method == "POST":
        return soap.answered(org, body, soap_version[1], base_url)
    if path == "/services/oauth2/authorize" and method == "GET":
        return session.authorize(org, query)
    if path == "/services/oauth2/revoke" and method == "POST":
        return session.revoked(org, query, body)
    if path == "/services/oauth2/token" and method == "POST":
        return session.token(org, headers, body, base_url)
    try:
        _signed_in(org, headers)
        _within_limits(org)
        answer = _signed(org, method, path, query, headers, body, base_url)
    except Refusal as refusal:
        answer = Answer(refusal.status, refusal.body())
    if org.switches.strip_headers:
        return replace(answer, headers={})
    usage = f"api-usage={org.calls}/{org.switches.calls_allowed}; api-bursts=1/750"
    return replace(answer, headers={**answer.headers, "Sforce-Limit-Info": usage})


def _within_limits(org: Org) -> None:
    """Counts the call; one code tells that the day's allowance is used, and that too many long calls are running."""
    org.count_call()
    if org.calls > org.switches.calls_allowed:
        raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    if org.switches.crowded > 0:
        org.switches.crowded -= 1
        raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")


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
    if scheme not in ("Bearer", "OAuth") or not org.accepts(token):
        raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
