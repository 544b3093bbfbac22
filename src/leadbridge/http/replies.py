"""Answers of a CRM, and the errors that their statuses mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

import httpx
import orjson

from leadbridge.errors import AdapterError, AuthExpired, BadRequest, Forbidden, RateLimited, Unavailable

__all__ = ["Reply", "Usage", "classify", "retry_after"]

T = TypeVar("T")

_TRY_LATER = frozenset({408, 420, 423, 477})
"""Statuses below 500 that mean "not now": timeout, Salesforce's edge, a locked record, an account that is moving."""

_LARGEST_SECONDS = 1000.0
"""A larger ``Retry-After`` is in milliseconds: HubSpot sends both."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a CRM, read to its end. Only the status shows in its ``repr``.

    ``moment`` is when its request left, in the time of the client's rate budget: what :meth:`RateBudget.learn` takes.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    connection: str = ""
    operation: str = ""
    moment: float | None = field(default=None, repr=False)

    def json(self) -> Any:
        """The decoded body.

        Raises:
            Unavailable: when the body is empty, a web page or broken: then it is not the CRM's API that answered.
        """
        return self.decoded(orjson.loads)

    def decoded(self, decode: Callable[[bytes], T]) -> T:
        """The body as a decoder of JSON makes it, which raises ``ValueError`` for what it cannot take.

        Raises:
            Unavailable: when it cannot.
        """
        try:
            return decode(self.body)
        except ValueError:
            what = {b"": "an empty body", b"<": "a web page"}.get(self.body.lstrip()[:1], "something else")
        raise Unavailable(
            f"the CRM answered {self.status} with {what} where JSON was expected: ask again later",
            connection=self.connection,
            operation=self.operation,
            code=str(self.status),
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls used of an account's allowance for a day, as the CRM counts them."""

    used: int
    allowed: int


@runtime_checkable
class Allowance(Protocol):
    """Optional for an adapter: it knows how much of its account's daily allowance is used."""

    @property
    def usage(self) -> Usage | None:
        """As of the last answer that said so; ``None`` when none did, or when there is no such allowance."""


def retry_after(reply: Reply) -> float | None:
    """How many seconds the CRM asks us to wait, or ``None`` when it does not say.

    ``Retry-After`` is seconds or a date (RFC 9110 §10.2.3); a number above 1000 is taken for milliseconds.
    """
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        try:
            wait = parsedate_to_datetime(text) - parsedate_to_datetime(reply.headers.get("date", ""))
        except (TypeError, ValueError):
            return None
        return max(0.0, wait.total_seconds())
    if not 0 <= number < float("inf"):
        return None
    return number / 1000 if number > _LARGEST_SECONDS else number


def classify(reply: Reply) -> AdapterError:
    """The error class of a status, when the vendor's own classifier has nothing better to say."""
    status = reply.status
    error: AdapterError
    if status == 401:
        error = AuthExpired("the CRM no longer accepts the credentials: reconnect this connection")
    elif status == 403:
        error = Forbidden("the credentials lack a permission for this: grant it in the CRM")
    elif status == 429:
        error = RateLimited("the CRM asks us to slow down: wait, then ask again", retry_after=retry_after(reply))
    elif status >= 500 or status in _TRY_LATER:
        error = Unavailable("the CRM cannot answer at the moment: ask again later")
    elif status < 400:
        error = Unavailable("the CRM points to another address: check base_url, or sign in to the network")
    else:
        error = BadRequest("the CRM refused the request as malformed: repeating it will not help")
    error.code = str(status)
    return error
