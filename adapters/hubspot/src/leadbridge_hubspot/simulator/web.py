"""Requests as HubSpot reads them: who asks, for which object type, with which lists and switches in the query."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

from leadbridge_hubspot.paths import KINDS
from leadbridge_hubspot.simulator.answers import Refused, correlation_id, reply
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.table import Table

__all__ = ["Call", "Handler", "Limits", "endpoint"]

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
        spelling = self.params["type"]
        kind = _SPELLINGS.get(spelling.lower())
        if kind is None:
            raise Refused(400, f"Unable to infer object type from: {spelling}")
        return self.portal.tables[kind]

    @property
    def old(self) -> bool:
        """Whether this API version answers partial failures with 207."""
        return self.version != "2026-09"

    def json(self) -> dict[str, Any]:
        """The body."""
        try:
            body = orjson.loads(self._body or b"{}")
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "Invalid input JSON", "VALIDATION_ERROR")
        return body

    def text(self, name: str, default: str = "") -> str:
        """One value of the query."""
        return self._query.get(name, default)

    def texts(self, name: str) -> list[str]:
        """A list in the query: repeated, or with commas, or both."""
        return [part for value in self._query.getlist(name) for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        """A switch in the query: ``true``, or ``True`` as Python clients write it."""
        return self.text(name).lower() == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A number in the query."""
        text = self.text(name) or str(default)
        if not text.isdigit() or not 0 < int(text) <= most:
            raise Refused(
                400, f"Invalid request to {self.path}: {name} must be between 1 and {most}", "VALIDATION_ERROR"
            )
        return int(text)


Handler: TypeAlias = Callable[[Call], Response]


class Limits:
    """Counts calls in real time, for the headers, and to refuse what is too much."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()

    def take(self, portal: Portal, *, search: bool) -> dict[str, str]:
        """The headers of an answer; searches carry none.

        Raises:
            Refused: with 429, when limits are enforced and were passed.
        """
        switches, now = portal.switches, time.monotonic()
        if search:
            if _count(self._searches, now, 1.0) > switches.searches and switches.enforce_limits:
                # HubSpot's answer to too many searches names neither a policy nor an error type.
                raise Refused(429, "You have reached your secondly limit.", "RATE_LIMITS")
            return {}
        used = _count(self._calls, now, switches.interval)
        if used > switches.calls and switches.enforce_limits:
            raise Refused(
                429,
                "You have reached your ten_secondly_rolling limit.",
                errorType="RATE_LIMIT",
                policyName="TEN_SECONDLY_ROLLING",
                groupName="publicapi:private-apps:api-calls:simulator",
            )
        return {
            "X-HubSpot-RateLimit-Max": str(switches.calls),
            "X-HubSpot-RateLimit-Remaining": str(max(0, switches.calls - used)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(switches.interval * 1000)),
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": "600000",
        }


def _count(moments: deque[float], now: float, seconds: float) -> int:
    moments.append(now)
    while moments[0] <= now - seconds:
        moments.popleft()
    return len(moments)


def endpoint(
    portal: Portal, handler: Handler, limits: Limits, *, version: str, scope: str = "", search: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """A handler behind everything that all endpoints share: sign-in, limits, scopes, headers, errors."""

    async def handle(request: Request) -> Response:
        body = await request.body()
        headers = {"X-HubSpot-Correlation-Id": correlation_id()}
        with portal.lock:
            try:
                _check_token(portal, request)
                headers.update(limits.take(portal, search=search))
                call = Call(portal, request, body, version)
                _check_scope(call, scope)
                answer = handler(call)
            except Refused as refused:
                answer = reply(refused.body, refused.status)
        answer.headers.update(headers)
        return answer

    return handle


def _check_token(portal: Portal, request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token not in portal.tokens:
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
