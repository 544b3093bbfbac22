"""What the value objects of the domain share: the frozen base model and the types of ids, spans and instants."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, WithJsonSchema

from leadbridge.clock import iso, parse_iso

__all__ = ["UNITS", "Frozen", "Id", "Instant", "Span", "by_id", "did_you_mean", "listing", "parse_span", "span_text"]


class Frozen(BaseModel):
    """A value object: it cannot be changed, refuses fields that it does not know, never repeats input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, populate_by_name=True)


Id = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^\w[\w.\-]*$")]
"""A name that other parts of an agreement refer to: letters of any script, digits, ``_ . -``, no spaces."""

UNITS = {
    "s": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
}
"""The units of every length of time, in the singular and short."""
_LONGEST = timedelta(days=36_525)
_SPAN = re.compile(r"(\d{1,6})\s*([a-z]+)")


def parse_span(value: object) -> object:
    """An elapsed time such as ``"90 days"``, ``"4 h"`` or ``"2 weeks"``; a ``timedelta`` stays what it is.

    Raises:
        ValueError: when the text is no amount with a unit, with the way out.
    """
    if isinstance(value, timedelta):
        return value
    match = _SPAN.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    unit = UNITS.get(match[2]) or UNITS.get(match[2].removesuffix("s")) if match else None
    if match is None or unit is None:
        raise ValueError(
            'this is no length of time; write an amount and a unit, such as "4 hours", "90 days" or "2 weeks"'
        )
    span = int(match[1]) * unit
    if span > _LONGEST:
        raise ValueError(
            'this is longer than a hundred years; write a time that somebody can wait for, such as "90 days"'
        )
    return span


def span_text(span: timedelta) -> str:
    """The largest unit that says a span without a remainder: ``"90 days"``."""
    for unit in ("week", "day", "hour", "minute"):
        if not span % UNITS[unit] and span and not (unit == "week" and span > 8 * UNITS["week"]):
            break
    else:
        unit = "second"
    amount = span // UNITS[unit]
    return f"{amount} {unit}{'s' if amount != 1 else ''}"


Span = Annotated[
    timedelta,
    BeforeValidator(parse_span),
    PlainSerializer(span_text, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)$",
            "examples": ["90 days"],
        }
    ),
]
"""An elapsed length of time, written as text."""


def _instant(value: object) -> object:
    if isinstance(value, str):
        return parse_iso(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone, for example tzinfo=UTC")
        return value.astimezone(UTC)
    return value


Instant = Annotated[datetime, BeforeValidator(_instant), PlainSerializer(iso, return_type=str)]
"""An aware instant, kept in UTC; ISO 8601 text is read, a plain date is its midnight in UTC."""


def by_id(value: object) -> object:
    """An entry that is written as its mere id."""
    return {"id": value} if isinstance(value, str) else value


def listing(names: Iterable[str], *, limit: int = 12) -> str:
    """Names as part of a sentence, cut short when there are many."""
    known = list(names)
    if not known:
        return "(none)"
    return ", ".join(known[:limit]) + (f" and {len(known) - limit} more" if len(known) > limit else "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The way out for a name that nobody knows: the nearest one, or all there are."""
    names = list(known)
    folded = {name.casefold(): name for name in names}
    begun = [name for name in folded if len(word) > 2 and name.startswith(word.casefold())]
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6) or begun
    if close:
        return f"did you mean {folded[close[0]]}? known: {listing(names)}"
    return f"use one of: {listing(names, limit=40)}"
