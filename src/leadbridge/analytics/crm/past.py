"""What a CRM said of a lead at each time, from what it remembers of its fields.

Knowledge begins somewhere: an administrator switched tracking on, or the CRM forgets after some months. What stands in
a record and has no past is *undated*: it is true now, and nobody knows since when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from leadbridge.adapter import Owner, Ref, Value
from leadbridge.agreement.crosswalk import AXES
from leadbridge.analytics.crm.people import Seen
from leadbridge.clock import from_us, parse_iso

__all__ = ["State", "states"]


@dataclass(frozen=True, slots=True)
class State:
    """What a CRM said from an instant on.

    Attributes:
        at: since when; ``None`` for what stands there now, nobody knows since when.
        said: on each axis of which the record speaks.
        strange: on each axis, a value that the crosswalk gives no meaning.
        owner: whose the lead was.
        precision: how exactly the instant is known.
    """

    at: datetime | None
    said: Mapping[str, str]
    strange: Mapping[str, str]
    owner: Owner | None = None
    precision: Literal["instant", "day"] = "instant"


def states(seen: Seen, stages: tuple[str, ...]) -> list[State]:
    """Everything that a CRM said of a lead in turn, the oldest first; what is undated comes last.

    Args:
        seen: the lead in one CRM.
        stages: of the lifecycle, for fields that say when one was entered.
    """
    past: dict[datetime, list[tuple[Ref, str, Value]]] = defaultdict(list)
    undated: list[tuple[Ref, str, Value]] = []
    spoken: set[str] = set()
    for record in seen.chain:
        for name, axes in seen.account.speaks_of(record.ref.kind).items():
            told = seen.account.pasts.get((record.ref, name), ())
            for at, value in told:
                past[at].append((record.ref, name, value))
            if told:
                spoken |= axes
            elif record.fields.get(name) not in (None, ""):
                undated.append((record.ref, name, record.fields[name]))
    raws: dict[Ref, dict[str, Value]] = {record.ref: {} for record in seen.chain}
    found: list[State] = [] if "stage" in spoken else _dated(seen, stages)
    for at in sorted(past):
        for ref, name, value in past[at]:
            raws[ref][name] = value
        found.append(_state(seen, raws, at))
    if undated:
        for ref, name, value in undated:
            raws[ref][name] = value
        found.append(_state(seen, raws, None))
    return _with_reasons(sorted(found, key=lambda state: (state.at is None, state.at or from_us(0))))


def _with_reasons(found: list[State]) -> list[State]:
    """A reason without a past belongs to the decision beside which it stands, from that decision on."""
    if len(found) < 2 or found[-1].at is not None:
        return found
    last, dated = found[-1].said, found[:-1]
    decision, reason = last.get("decision"), last.get("reason")
    if decision is None or reason is None or "reason" in dated[-1].said or dated[-1].said.get("decision") != decision:
        return found
    first = len(dated)
    while first and dated[first - 1].said.get("decision") == decision:
        first -= 1
    given = [replace(state, said={**state.said, "reason": reason}) for state in dated[first:]]
    return [*dated[:first], *given, found[-1]]


def _state(seen: Seen, raws: Mapping[Ref, dict[str, Value]], at: datetime | None) -> State:
    said: dict[str, str] = {}
    strange: dict[str, str] = {}
    owner: Owner | None = None
    for record in seen.chain:
        kind, fields = seen.account.mapping.kinds[record.ref.kind], raws[record.ref]
        said |= {axis: value for axis, value in kind.read(fields).items() if axis in AXES and isinstance(value, str)}
        axes = seen.account.speaks_of(kind.kind)
        for name, raw in kind.unmapped(fields):
            strange.update({axis: raw for axis in axes.get(name, ()) if axis != "owner"})
        owner = kind.owner(fields) or owner
    return State(at, said, {axis: raw for axis, raw in strange.items() if axis not in said}, owner)


def _dated(seen: Seen, stages: tuple[str, ...]) -> list[State]:
    """Stage entries by the fields of the record that keep their dates, where the CRM remembers no values."""
    found: list[State] = []
    for record in seen.chain:
        kind = seen.account.mapping.kinds[record.ref.kind]
        for stage in stages:
            dated = kind.stage_date(stage, record.fields)
            if dated is not None:
                precision: Literal["instant", "day"] = "day" if dated[1] else "instant"
                found.append(State(parse_iso(dated[0]), {"stage": stage}, {}, None, precision))
    return found
