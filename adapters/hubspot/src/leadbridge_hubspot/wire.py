"""Requests to HubSpot: addresses, lists in queries, rate limits learnt from answers, the server's own time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from leadbridge.clock import to_us
from leadbridge.errors import SchemaDrift, Unavailable
from leadbridge.http import HttpClient, RateBudget, Reply, Usage
from leadbridge_hubspot.paths import KINDS, Paths, object_type

__all__ = [
    "HISTORY_BATCH",
    "LIST_LIMIT",
    "READ_BATCH",
    "SEARCH_LIMIT",
    "WRITE_BATCH",
    "Listing",
    "Wire",
    "listing",
    "server_ms",
]

T = TypeVar("T")

LIST_LIMIT = 100
SEARCH_LIMIT = 200
READ_BATCH = 100
HISTORY_BATCH = 50
WRITE_BATCH = 100

_DAILY = "x-hubspot-ratelimit-daily"
_DAILY_LEFT = "x-hubspot-ratelimit-daily-remaining"
_MAXIMUM = "x-hubspot-ratelimit-max"
_LEFT = "x-hubspot-ratelimit-remaining"
_WINDOW = "x-hubspot-ratelimit-interval-milliseconds"
_LIMITS = frozenset({_DAILY, _DAILY_LEFT, _MAXIMUM, _LEFT, _WINDOW})


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """The records of an answer.

    Attributes:
        rows: the records, in the type that was asked for.
        after: HubSpot's place behind them; empty when there are no more.
        errors: what a batch says about records that it leaves out.
    """

    rows: list[T]
    after: str
    errors: Sequence[Mapping[str, Any]]


class _Next(msgspec.Struct):
    after: str | int | None = None


class _Paging(msgspec.Struct):
    next: _Next | None = None


class _Listed(msgspec.Struct, Generic[T]):
    """Records as HubSpot sends them."""

    results: list[T] | None = None
    paging: _Paging | None = None
    errors: list[dict[str, Any]] | None = None


class Wire:
    """One HubSpot account over HTTP; thread-safe.

    Args:
        http: sends the requests.
        paths: the addresses of the API version.
        budget: of all calls; HubSpot's answers teach it what the account may.
        search_budget: of searches, which have a limit of their own that no answer tells.

    Attributes:
        usage: what the account has used of its day, as of the last answer that said so; OAuth apps have no such limit.
    """

    def __init__(self, http: HttpClient, paths: Paths, *, budget: RateBudget, search_budget: RateBudget) -> None:
        self._http = http
        self.paths = paths
        self._budget = budget
        self._search_budget = search_budget
        self.usage: Usage | None = None

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return sum(self._http.calls.values())

    def objects(self, kind: str, operation: str, tail: str = "") -> str:
        """The address of a kind's records."""
        return self.paths.objects.format(type=object_type(kind, operation).path) + tail

    def get(
        self,
        path: str,
        operation: str,
        params: Mapping[str, str | list[str]] | None = None,
        *,
        accept: frozenset[int] = frozenset(),
    ) -> Reply:
        """Sends a GET."""
        return self._send("GET", path, operation, params=params, accept=accept)

    def post(
        self,
        path: str,
        operation: str,
        body: object,
        *,
        params: Mapping[str, str | list[str]] | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> Reply:
        """Sends a POST."""
        return self._send("POST", path, operation, body=body, params=params, accept=accept)

    def search(self, kind: str, operation: str, body: object) -> Reply:
        """Sends a search."""
        path = self.objects(kind, operation, "/search")
        return self._send("POST", path, operation, body=body, budget=self._search_budget)

    def close(self) -> None:
        """Gives connections back."""
        self._http.close()

    def _send(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        body: object = None,
        params: Mapping[str, str | list[str]] | None = None,
        accept: frozenset[int] = frozenset(),
        budget: RateBudget | None = None,
    ) -> Reply:
        # Written out here: httpx would take a long list of properties apart and together again for every page.
        address = f"{path}?{urlencode(params, doseq=True, safe=',')}" if params else path
        try:
            reply = self._http.request(method, address, operation=operation, json=body, accept=accept, budget=budget)
        except SchemaDrift as drift:
            # HubSpot names the property only; which kind it belongs to stands in the address.
            drift.field = ".".join(filter(None, (kind_in(path), drift.field)))
            raise
        self._learn(reply)
        return reply

    def _learn(self, reply: Reply) -> None:
        # In one go, because httpx searches all headers for each that it is asked for.
        said = {name: int(text) for name, text in reply.headers.items() if name in _LIMITS and text.isdecimal()}
        daily, left = said.get(_DAILY), said.get(_DAILY_LEFT)
        if daily is not None and left is not None:
            self.usage = Usage(max(0, daily - left), daily)
        maximum, window = said.get(_MAXIMUM), said.get(_WINDOW)
        if maximum and window:
            self._budget.learn(maximum=maximum, seconds=window / 1000, remaining=said.get(_LEFT), moment=reply.moment)


def server_ms(reply: Reply) -> int:
    """HubSpot's own time when it answered, in epoch milliseconds, cut to the second. Ours is never used for reading.

    Raises:
        Unavailable: when the answer does not say; then something between us and HubSpot has changed it.
    """
    try:
        return to_us(parsedate_to_datetime(reply.headers.get("date", ""))) // 1000
    except (TypeError, ValueError):
        pass
    raise Unavailable(
        "the answer has no date: a proxy between us and HubSpot takes it out; ask again, or change the proxy",
        connection=reply.connection,
        operation=reply.operation,
    )


def listing(reply: Reply, row: type[T]) -> Listing[T]:
    """What an answer lists. One without any list of records is not HubSpot's: it must not pass for an empty one.

    Args:
        reply: the answer.
        row: what a record is decoded into: ``dict``, or a ``msgspec.Struct``.

    Raises:
        Unavailable: when the answer holds no ``results``, or other records than these.
    """
    listed: _Listed[T] = reply.decoded(_decoder(_Listed[row]))  # type: ignore[valid-type]  # a type made while running
    if listed.results is not None:
        following = listed.paging.next if listed.paging is not None else None
        after = following.after if following is not None else None
        return Listing(listed.results, str(after or ""), listed.errors or ())
    raise Unavailable(
        "the answer holds no results: something between us and HubSpot answers in its place; ask again, or change it",
        connection=reply.connection,
        operation=reply.operation,
    )


@lru_cache(maxsize=256)  # every page of a stream has the same records
def _decoder(listed: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(listed).decode


def kind_in(path: str) -> str:
    """The kind that an address is about; HubSpot's own name when it is none of ours."""
    parts = set(path.split("/"))
    return next((kind for kind, each in KINDS.items() if each.path in parts), "HubSpot")
