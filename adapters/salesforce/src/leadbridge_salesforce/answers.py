"""Answers to queries, whose rows are decoded straight into what they are wanted as.

A row of JSON that becomes a dictionary first costs more than everything that is done with it afterwards: it carries
``attributes`` that nobody reads, and the garbage collector looks at it again and again. A ``msgspec.Struct`` that has
the columns asked for, and nothing else, is made in half of the time (``benchmarks/salesforce_read.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from leadbridge.errors import Unavailable
from leadbridge.http import Reply

__all__ = ["Answer", "Row", "answer", "inner_answer"]

Row = TypeVar("Row")
"""What a row is decoded into: a ``msgspec.Struct`` with the columns asked for, or ``dict``."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Row]):
    """One page of a query.

    Attributes:
        rows: the records; dictionaries are without their ``attributes``. A page may be shorter than what was asked for.
        next: where the rest is; ``None`` when this is all.
        asked_at: the server's time, not later than the moment when the query began; ``None`` when it did not say.
        answered_at: the server's own time of the answer.
    """

    rows: list[Row]
    next: str | None
    asked_at: datetime | None
    answered_at: datetime | None


class _Page(msgspec.Struct, Generic[Row]):
    """A page as Salesforce sends it."""

    records: list[Row]
    done: bool
    next: str | None = msgspec.field(default=None, name="nextRecordsUrl")


def answer(reply: Reply, row: type[Row], seconds: float) -> Answer[Row]:
    """The page that a reply holds.

    Args:
        reply: the reply to a query.
        row: what a row is decoded into.
        seconds: how long the query took.

    Raises:
        Unavailable: the reply is no such page, or a row is without a column that was asked for.
    """
    return _dated(reply.decoded(_decoder(_page(row))), reply, seconds)


def inner_answer(body: object, reply: Reply, row: type[Row], seconds: float) -> Answer[Row]:
    """As :func:`answer`, when the page is a part of the reply and has been decoded with it."""
    try:
        page: _Page[Row] = msgspec.convert(body, _page(row))
    except msgspec.ValidationError:
        raise _unknown() from None
    return _dated(page, reply, seconds)


def _page(row: type[Row]) -> Any:
    """The type of a page of such rows, which is made for each kind and set of fields while the program runs."""
    return _Page[row]  # type: ignore[valid-type]  # mypy knows only types that stand in the text


@lru_cache(maxsize=256)  # every page of a scan has the same rows
def _decoder(page: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(page).decode


def _dated(page: _Page[Row], reply: Reply, seconds: float) -> Answer[Row]:
    if not page.done and page.next is None:
        raise _unknown()
    for each in page.records:
        if not isinstance(each, dict):
            break
        each.pop("attributes", None)
    answered = _date(reply.headers.get("Date", ""))
    # The header tells when the answer was ready. A query that took long began before that.
    asked = answered - timedelta(seconds=int(seconds)) if answered is not None else None
    return Answer(page.records, None if page.done else page.next, asked, answered)


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _unknown() -> Unavailable:
    return Unavailable("Salesforce answered a query in an unknown way: ask again later")
