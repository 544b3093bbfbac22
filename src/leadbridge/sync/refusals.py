"""What a CRM refused: of which class it is, what to do about it, and when it is tried again.

A refused value waits. It is tried again when the record or the field's rules have changed, and by itself when the
reason passes: six times within a day, each time after a longer while. Everything else waits for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from leadbridge.adapter import Fields, Ref
from leadbridge.mapping import KindMapping
from leadbridge.store import Intent, Quarantined
from leadbridge.store.codec import dump_fields, fingerprint

__all__ = ["CLASSES", "Class", "class_of", "refusal", "refused_fields", "set_aside", "stamp", "tried_again"]

Class: TypeAlias = Literal["transient", "data", "permission", "conflict", "unknown", "undone"]

CLASSES: tuple[Class, ...] = ("transient", "data", "permission", "conflict", "unknown", "undone")
"""What can be in the way: something that passes, the value, a right that we lack, another record, nobody knows what, or
a person who has undone it."""

_PAUSES = tuple(timedelta(minutes=m) for m in (5, 15, 45, 120, 360, 900))
"""How long a passing reason is waited out before each of six tries; a little more than a day together."""

_CODES: tuple[tuple[Class, re.Pattern[str]], ...] = (
    ("transient", re.compile(r"LOCK|TIME_?OUT|TIMED_OUT|UNAVAILABLE|RATE_|LIMIT_EXCEEDED|TRY_AGAIN|BUSY|CONCURREN")),
    (
        "permission",
        re.compile(r"PERMISSION|ACCESS|FORBIDDEN|SCOPE|SECURITY|NOT_ALLOWED|NOT_WRITABLE|READ_?ONLY"),
    ),
    ("conflict", re.compile(r"DUPLICATE|CONFLICT|ALREADY_EXISTS|STALE|CHANGED_MEANWHILE|MERGED")),
    (
        "data",
        re.compile(r"INVALID|REQUIRED|MISSING|VALIDATION|LONG|LENGTH|PICKLIST|OPTION|TYPE|FIELD|KEPT|VALUE|FORMAT"),
    ),
)

_REMEDIES: Mapping[Class, str] = {
    "transient": "nothing to do: it is tried again by itself for a day, and when the record changes",
    "data": "change the value, the field's rules in the CRM, or the crosswalk; another value is tried again",
    "permission": "give our user the right to write this field, then leadbridge quarantine release --all-of permission",
    "conflict": "find the other record in the CRM and merge the two, or change the value; another value is tried again",
    "unknown": "look at the record in the CRM; it is tried again when the record or the value changes, or is released",
}


def class_of(item: Quarantined) -> Class:
    """What is in the way of something that waits."""
    if item.origin == "person":
        return "undone"
    if item.origin == "identity":
        return "conflict"
    if item.origin == "decision":
        return "data"
    return _class_of_code(item.reason.rpartition(": ")[2])


def _class_of_code(code: str) -> Class:
    return next((name for name, pattern in _CODES if pattern.search(code.upper())), "unknown")


def refusal(lead: str, connection: str, name: str, value: object) -> str:
    """The fingerprint of a value that a CRM refused for a field of a lead: the same value is not tried again."""
    return fingerprint("write", lead, connection, name, repr(value))


def refused_fields(intent: Intent, reason: str) -> list[str]:
    """The fields that a CRM names as its reason; all of a write, when it names none."""
    _, _, names = reason.partition(": ")
    named = [name for name in names.split(", ") if name in intent.fields]
    return named or list(intent.fields)


def stamp(kind: KindMapping, name: str, fields: Fields | None) -> str:
    """A digest of a field's rules and of what people see of a record; without one, of the rules alone."""
    own = set(kind.own.values())
    seen = {each: value for each, value in fields.items() if each not in own} if fields is not None else {}
    return fingerprint(repr(kind.info.fields.get(name)), dump_fields(seen))


def set_aside(
    refused: Iterable[tuple[Intent, str]], kind: KindMapping, known: Mapping[Ref, Fields]
) -> list[Quarantined]:
    """What has to wait after a CRM has refused it, field by field, with the way out.

    Args:
        refused: the writes, each with the CRM's reason.
        kind: of their records.
        known: what is known of those records.
    """
    return [
        Quarantined(
            refusal(intent.lead, intent.connection, name, intent.fields[name]),
            intent.connection,
            intent.target,
            intent.lead,
            name,
            f"refused by the CRM: {code}",
            _REMEDIES[_class_of_code(code)],
            stamp=stamp(kind, name, known.get(intent.target)),
        )
        for intent, reason in refused
        for code in [reason.partition(":")[0]]
        for name in refused_fields(intent, reason)
    ]


def tried_again(item: Quarantined, now: datetime, present: str) -> bool:
    """Whether a refused value is tried once more.

    Args:
        item: what waits.
        now: when it is asked.
        present: the stamp of the record and the field as they are now.
    """
    if item.origin != "crm":
        return False
    if item.stamp and present != item.stamp:
        return True
    pauses = _PAUSES[item.tries - 1 : item.tries] if class_of(item) == "transient" else ()
    return any(item.tried_at is not None and now >= item.tried_at + pause for pause in pauses)
