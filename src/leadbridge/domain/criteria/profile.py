"""The profile of a lead: the values that criteria look at, typed, from its flat canonical fields and interactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from leadbridge.clock import parse_iso
from leadbridge.domain.company import domain_of
from leadbridge.domain.criteria.closures import NUMBER_LIMIT, FieldType
from leadbridge.domain.criteria.names import PROFILE_TYPES, Window, window_of
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import COMPANY_FIELDS

__all__ = ["profile", "read_value", "standing_fields", "value_of"]

_FLAT = {f"company.{part}": name for name, part in COMPANY_FIELDS.items()} | {
    "company.country": "country",
    "company.region": "region",
}


def profile(
    fields: Mapping[str, object],
    interactions: Iterable[Interaction] | None = None,
    *,
    wanted: Iterable[str],
    types: Mapping[str, FieldType] = PROFILE_TYPES,
    at: datetime | None = None,
) -> dict[str, object]:
    """The values that criteria look at, from a lead's flat canonical fields.

    Args:
        fields: flat canonical fields (``company``, ``employees``, ``email`` ...).
        interactions: of this lead; ``None`` when they are not known, so that what counts them stays unknown.
        wanted: the profile names to fill, such as ``Rule.names``.
        types: the type of each name; what cannot be read as its type is left out.
        at: the instant that windows look back from.
    """
    ages: dict[str, list[timedelta]] | None = None
    values: dict[str, object] = {}
    for name in wanted:
        window, flat = _source(name)
        if window is None:
            value = fields.get(flat)
            if value is not None:
                values[name] = read_value(value, name, types.get(name, "text"))
        elif interactions is not None and at is not None:
            if ages is None:
                ages = _ages(interactions, at)
            values[name] = window.counted(ages.get(window.kind, ()))
    return values


def value_of(fields: Mapping[str, object], name: str, type_: FieldType) -> object:
    """What the fields say about a name, as its type; ``None`` when they say nothing that can be read."""
    value = fields.get(_source(name)[1])
    return None if value is None else read_value(value, name, type_)


def read_value(value: object, name: str, type_: FieldType) -> object:
    """A value of a CRM as what a name takes; ``None`` when it cannot be read as that."""
    if type_ == "text":
        if name == "company.domain":
            return domain_of(str(value))
        return value if isinstance(value, str) and value.strip() else None
    if isinstance(value, str):
        value = _read(value.strip(), type_)
    if type_ == "number":
        return value if type(value) in (int, float) and abs(value) <= NUMBER_LIMIT else None  # type: ignore[arg-type]
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def standing_fields(bases: Iterable[Mapping[str, object]], history: LeadHistory) -> dict[str, object]:
    """A lead's flat canonical fields as they stand: what the CRMs agreed on, with the axes from its history.

    Where the CRMs are silent about source and capture, the history says them.

    Args:
        bases: the values last agreed with each CRM, in the order in which a later one wins; blank says nothing.
    """
    fields: dict[str, object] = {}
    for base in bases:
        fields.update({name: getattr(value, "id", value) for name, value in base.items() if value not in (None, "")})
    for name, value in (("source", history.source), ("captured_at", history.captured_at)):
        if value is not None:
            fields.setdefault(name, value)
    fields |= {"stage": history.stage, "status": history.status, "buying_stage": history.buying_stage}
    answer = history.handoff.answer if history.handoff else None
    if answer is not None:
        fields |= {"decision": answer.decision, "reason": answer.reason}
    return fields


@lru_cache(maxsize=4096)
def _source(name: str) -> tuple[Window | None, str]:
    """Where a name is filled from: a window, or a flat field."""
    return window_of(name), _FLAT.get(name) or name.removeprefix("lead.")


def _ages(interactions: Iterable[Interaction], at: datetime) -> dict[str, list[timedelta]]:
    """How old interactions are, by every kind that they are of."""
    ages: dict[str, list[timedelta]] = {"any": []}
    for touch in interactions:
        age = at - touch.at
        ages["any"].append(age)
        ages.setdefault(touch.nature, []).append(age)
        ages.setdefault(touch.direction, []).append(age)
    return ages


def _read(text: str, type_: FieldType) -> object:
    try:
        if type_ == "number":
            return float(text)
        if type_ == "instant":
            return parse_iso(text)
    except (ValueError, OverflowError):
        return None
    return {"true": True, "false": False}.get(text.lower())
