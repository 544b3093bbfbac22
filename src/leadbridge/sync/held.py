"""What keeps a value from being written although it is wanted, and how that is told to a person.

A value that a CRM has refused, that none of its options stands for, or that something keeps putting back, is set aside
with its field, the reason and the way out. It stays wanted: what the sides agreed on before is remembered, so that it
goes over as soon as the obstacle is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from leadbridge.adapter import Fields, Ref, Value
from leadbridge.mapping import KindMapping
from leadbridge.store import Quarantined
from leadbridge.store.codec import fingerprint
from leadbridge.sync.case import Case
from leadbridge.sync.refusals import refusal

__all__ = ["LOOP_WINDOW", "LOOP_WRITES", "Held", "hold", "left_to_a_person"]

LOOP_WINDOW = timedelta(hours=1)
LOOP_WRITES = 3
"""So often a CRM is told the same in that time; then something there, or in the other CRM, keeps putting it back."""

_MOST_WRITES = 12
"""So often a field is written in that time, whatever the values: no person works like that."""


@dataclass(slots=True)
class Held:
    """What of a write can be sent, the canonical fields that cannot, and what a person is told about them."""

    changes: dict[str, Value] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    quarantine: list[Quarantined] = field(default_factory=list)


def hold(
    case: Case, connection: str, ref: Ref, kind: KindMapping, wanted: Mapping[str, Value], changes: Fields
) -> Held:
    """Divides a write into what can be sent and what is held back.

    Args:
        wanted: canonical values that the record should get.
        changes: the CRM's fields that would say so.
    """
    held = Held()
    for crm_field, value in changes.items():
        if case.refused and refusal(case.lead, connection, crm_field, value) in case.refused:
            continue
        if _loops(case, connection, crm_field, value):
            held.quarantine.append(_loop(case, connection, ref, crm_field, value))
            continue
        held.changes[crm_field] = value
    for name, value in wanted.items():
        crm_field = kind.fields.get(name, "")
        if crm_field in changes.keys() - held.changes.keys():
            held.names.add(name)
        elif crm_field not in changes and kind.inexpressible(name, value):
            held.names.add(name)
            held.quarantine.append(_no_word(case, connection, ref, kind, crm_field, value))
    return held


def _loops(case: Case, connection: str, crm_field: str, value: Value) -> bool:
    written = case.written.get((connection, crm_field))
    return written is not None and (written.count(value) >= LOOP_WRITES or len(written) >= _MOST_WRITES)


def _loop(case: Case, connection: str, ref: Ref, crm_field: str, value: Value) -> Quarantined:
    return Quarantined(
        refusal(case.lead, connection, crm_field, value),
        connection,
        ref,
        case.lead,
        crm_field,
        f"written more than {LOOP_WRITES} times within an hour, and something put it back each time",
        "look for a workflow, a formula or another integration that changes this field, in both CRMs; "
        "then release it, or let another value stand",
    )


def _no_word(case: Case, connection: str, ref: Ref, kind: KindMapping, crm_field: str, value: Value) -> Quarantined:
    return Quarantined(
        fingerprint("no option", connection, case.lead, crm_field, repr(value)),
        connection,
        ref,
        case.lead,
        crm_field,
        "no option of this field stands for the value that the lead has",
        f"add an option in the CRM, or give the value a meaning under crosswalks ({kind.kind}.values.{crm_field})",
        "decision",
    )


def left_to_a_person(case: Case, name: str) -> Quarantined:
    """A field on which the sides differ and that the agreement leaves to a person (``policy: manual``)."""
    connection, side = next((c, s) for c, s in sorted(case.sides.items()) if name in s.values)
    return Quarantined(
        fingerprint("manual", case.lead, name),
        connection,
        side.record.ref,
        case.lead,
        name,
        "the CRMs say different things, and the agreement leaves this field to a person",
        "decide which is right, and make both CRMs say it",
        "decision",
    )
