"""Requests as HubSpot reads them: who asks, for which object type, with which lists and switches in the query."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from leadbridge_hubspot.paths import KINDS
from leadbridge_hubspot.simulator.answers import Refused, correlation_id, reply
from leadbridge_hubspot.simulator.limits import Limits
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.table import Table
from leadbridge_hubspot.simulator.values import iso_ms

__all__ = ["Call", "Handler", "endpoint"]

_WORTH_PACKING = 1000

_SPELLINGS = {
    spelling: kind
    for kind, each in KINDS.items()
    for spelling in (kind, each.path, each.type_id, each.path.removesuffix("s"))
}


class Call:
    """One request, taken apart."""

    def __init__(self, portal: Portal, request: Request, body: bytes, version: str) -> None:
        self.portal = portal
        self.version = version
        self.base_url = str(request.base_url).rstrip("/")
        self.path = request.url.path
        self.params: Mapping[str, str] = request.path_params
        self._query = request.query_params
        self._body = body

    @property
    def table(self) -> Table:
        """The records that the path is about; every spelling of an object type will do."""
        return self.table_of("type")

    def table_of(self, name: str) -> Table:
        """The records that a part of the path is about."""
        return self.table_spelled(self.params[name])

    def table_spelled(self, spelling: str) -> Table:
        """The records of an object type, however it is written.

        Raises:
            Refused: when there is no such type.
        """
        kind = _SPELLINGS.get(spelling.lower())
        if kind is None:
            raise Refused(400, f"Unable to infer object type from: {spelling}")
        return self.portal.tables[kind]

    @property
    def old(self) -> bool:
        """Whether this API version answers partial failures with 207."""
        return self.version != "2026-09"

    @property
    def size(self) -> int:
        """The length of the body."""
        return len(self._body)

    def json(self) -> dict[str, Any]:
        """The body."""
        body = self._parsed(b"{}")
        if not isinstance(body, dict):
            raise Refused(400, "Invalid input JSON", "VALIDATION_ERROR")
        return body

    def json_list(self) -> list[Any]:
        """The body, where it is a list."""
        body = self._parsed(b"[]")
        if not isinstance(body, list):
            raise Refused(400, "Invalid input JSON: a list is expected", "VALIDATION_ERROR")
        return body

    def form(self) -> dict[str, str]:
        """The body of a form."""
        return dict(parse_qsl(self._body.decode("utf-8", "replace")))

    def inputs(self, most: int) -> list[dict[str, Any]]:
        """The inputs of a batch."""
        items = self.json().get("inputs")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Refused(400, "Invalid input JSON: inputs", "VALIDATION_ERROR")
        if len(items) > most:
            raise Refused(400, f"The maximum number of inputs is {most}", "VALIDATION_ERROR")
        return items

    def _parsed(self, empty: bytes) -> object:
        try:
            return orjson.loads(self._body or empty)
        except orjson.JSONDecodeError:
            raise Refused(400, "Invalid input JSON", "VALIDATION_ERROR") from None

    def text(self, name: str, default: str = "") -> str:
        """One value of the query."""
        return self._query.get(name, default)

    def texts(self, name: str) -> list[str]:
        """A list in the query: repeated, or with commas, or both."""
        return [part for value in self._query.getlist(name) for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        """A switch in the query: ``true``, or ``True`` as Python clients write it."""
        return self.text(name).lower() == "true"

    def number(self, name: str, default: int, most: int = 0) -> int:
        """A number in the query; it may be as great as ``most``, or as its default."""
        text = self.text(name) or str(default)
        most = most or default
        if not text.isdigit() or not 0 < int(text) <= most:
            raise Refused(
                400, f"Invalid request to {self.path}: {name} must be between 1 and {most}", "VALIDATION_ERROR"
            )
        return int(text)


Handler: TypeAlias = Callable[[Call], Response]


def endpoint(
    portal: Portal,
    handler: Handler,
    limits: Limits,
    *,
    version: str,
    scope: str = "",
    search: bool = False,
    signs_in: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """A handler behind everything that all endpoints share: sign-in, limits, scopes, headers, errors.

    Where one signs in, nobody is signed in yet.
    """

    async def handle(request: Request) -> Response:
        body = await request.body()
        headers = {"X-HubSpot-Correlation-Id": correlation_id()}
        with portal.lock:
            try:
                if not signs_in:
                    _check_token(portal, request)
                    headers.update(limits.take(portal, search=search))
                if len(request.url.path) + len(request.url.query) > portal.switches.longest_url:
                    raise Refused(414, "URI Too Long")
                call = Call(portal, request, body, version)
                _check_scope(call, scope)
                answer = handler(call)
            except Refused as refused:
                answer = reply(refused.body, refused.status, refused.headers)
        if len(answer.body) > _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
            answer = _packed(answer)
        answer.headers.update(headers)
        return answer

    return handle


def _packed(answer: Response) -> Response:
    headers = {**answer.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
    del headers["content-length"]
    return Response(gzip.compress(answer.body, 1, mtime=0), answer.status_code, headers)


def _check_token(portal: Portal, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if token in portal.tokens:
            return
        until = portal.app.tokens.get(token)
        if until is not None and portal.now() < until:
            return
        if until is not None:
            context = {"expire time": [iso_ms(until)]}
            message = "The OAuth token used to make this call expired."
            raise Refused(401, message, "EXPIRED_AUTHENTICATION", context=context)
    raise Refused(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
        "INVALID_AUTHENTICATION",
    )


def _check_scope(call: Call, scope: str) -> None:
    needed = scope.format(type=call.table.kind.path) if "{type}" in scope else scope
    if needed and needed in call.portal.scopes_missing:
        message = "This app hasn't been granted all required scopes to make this call."
        context = {"requiredGranularScopes": [needed]}
        raise Refused(403, message, "MISSING_SCOPES", errors=[{"message": message, "context": context}])
