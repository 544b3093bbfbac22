"""What the in-memory CRM looks like unless it is told otherwise: its kinds, its fields, its people, its crosswalk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from leadbridge.adapter import OWN_FIELDS, FieldInfo, Option, Owner, Ref, Value
from leadbridge.clock import iso, parse_iso

__all__ = ["OWNERS", "check_type", "default_crosswalk", "default_kinds", "own_fields"]

OWNERS = (
    Owner("u-dana", "person", email="dana.reyes@vendor.example", name="Dana Reyes"),
    Owner("u-kofi", "person", email="kofi.mensah@vendor.example", name="Kofi Mensah"),
    Owner("q-inbound", "queue", name="Inbound"),
)
"""Two people and a queue of an invented vendor."""

STAGES = ("captured", "engaged", "marketing_qualified", "sales_accepted", "sales_qualified", "opportunity", "won")
STATUSES: Mapping[str, Mapping[str, str]] = {
    "new": {"status": "new"},
    "attempting": {"status": "attempting"},
    "connected": {"status": "connected"},
    "accepted": {"status": "connected", "decision": "accept"},
    "rejected": {"decision": "reject"},
    "recycled": {"decision": "recycle"},
    "disqualified": {"decision": "disqualify"},
    "ineligible": {"decision": "ineligible"},
}

Type = Literal["string", "number", "bool", "date", "datetime", "option", "options", "ref"]
Kinds = dict[str, dict[str, FieldInfo]]


def _text(*names: str, max_length: int = 255) -> list[FieldInfo]:
    return [FieldInfo(name, _label(name), "string", max_length=max_length) for name in names]


def _field(name: str, type: Type, *, writable: bool = True) -> FieldInfo:
    return FieldInfo(name, _label(name), type, writable=writable)


def _choice(name: str, values: Iterable[str], *, forward_only: bool = False) -> FieldInfo:
    options = tuple(Option(value, _label(value)) for value in values)
    return FieldInfo(name, _label(name), "option", options=options, restricted=True, forward_only=forward_only)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _named(*fields: FieldInfo) -> dict[str, FieldInfo]:
    return {field.name: field for field in fields}


def default_kinds(*, forward_only_stage: bool = False, unique_email: bool = False, converts: bool = False) -> Kinds:
    """The fields of ``person``, ``deal`` and ``touch``, and of ``contact`` in a CRM where persons convert."""
    person = _named(
        FieldInfo("email", "Email", "string", max_length=254, unique=unique_email),
        *_text("first_name", "last_name", "company", "title", "phone", "website", "country", "region", "industry"),
        _field("employees", "number"),
        _field("score", "number"),
        *_text("source", "owner", "reason", "external_id"),
        _field("opted_out", "bool"),
        _choice("status", STATUSES),
        _choice("stage", STAGES, forward_only=forward_only_stage),
        _field("deal", "ref"),
        _field("created_at", "datetime", writable=False),
    )
    deal = _named(
        *_text("name", "owner"),
        _field("amount", "number"),
        _field("won", "bool"),
        _field("closed", "bool"),
        _field("closed_at", "date"),
        _field("person", "ref"),
        _field("created_at", "datetime", writable=False),
    )
    touch = _named(
        _field("at", "datetime"),
        _field("person", "ref"),
        *_text("channel", "asset", "direction"),
        _field("created_at", "datetime", writable=False),
    )
    kinds = {"person": person, "deal": deal, "touch": touch}
    if converts:
        kinds["contact"] = dict(person)
    return kinds


def own_fields(purposes: Iterable[str]) -> dict[str, FieldInfo]:
    """Our own fields for these purposes, by purpose."""
    wanted = set(purposes)
    return {
        own.purpose: FieldInfo(
            f"leadbridge_{own.purpose}", own.label, own.type, unique=own.unique, max_length=own.max_length
        )
        for own in OWN_FIELDS
        if own.purpose in wanted
    }


def default_crosswalk(kinds: Iterable[str]) -> dict[str, object]:
    """The default mapping for those of the default kinds that the CRM has."""
    lead = {
        "fields": {
            **{
                name: name
                for name in (
                    *("email", "first_name", "last_name", "company", "title", "phone", "website", "country"),
                    *("region", "industry", "employees", "source", "owner", "opted_out", "external_id", "score"),
                )
            },
            "captured_at": "created_at",
            "reason": "reason",
        },
        "values": {
            "stage": {stage: {"stage": stage} for stage in STAGES},
            "status": {value: dict(meaning) for value, meaning in STATUSES.items()},
        },
        "opportunity": "deal",
    }
    crosswalk: dict[str, object] = {
        "person": {"as": "lead", "create": True, **lead},
        "contact": {"as": "lead", "create": False, **lead},
        "deal": {
            "as": "opportunity",
            "fields": {
                "name": "name",
                "amount": "amount",
                "won": "won",
                "closed": "closed",
                "closed_at": "closed_at",
                "lead": "person",
            },
        },
        "touch": {
            "as": "interaction",
            "fields": {"at": "at", "lead": "person", "channel": "channel", "asset": "asset", "direction": "direction"},
            "constants": {"nature": "person_to_person", "function": "sales"},
        },
    }
    have = set(kinds)
    return {kind: mapping for kind, mapping in crosswalk.items() if kind in have}


def check_type(info: FieldInfo, value: Value) -> Value:
    """The value as the CRM stores it: blank text is ``None``, instants are in UTC.

    Raises:
        ValueError: the value does not fit the type of the field.
    """
    if value is None or value in ("", ()):
        return None
    match info.type:
        case "string" | "option" if isinstance(value, str):
            return value
        case "number" if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        case "bool" if isinstance(value, bool):
            return value
        case "date" if isinstance(value, str):
            return parse_iso(value).date().isoformat()
        case "datetime" if isinstance(value, str):
            return iso(parse_iso(value))
        case "options" if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            return value
        case "ref" if isinstance(value, Ref):
            return value
        case _:
            raise ValueError(f"not a {info.type}")
