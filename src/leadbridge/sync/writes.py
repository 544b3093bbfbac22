"""Which writes bring the CRMs to what was agreed about a lead, with the reason of each.

Pure. A field that both CRMs have goes through the three-way merge; the axes and what leadbridge works out go to every
side that can show them. Nothing is written that the record says already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from leadbridge.adapter import Fields, Ref, Value
from leadbridge.agreement.policies import Comparison
from leadbridge.domain.facts import ConflictSettled
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.store import Conflict, Intent, Quarantined
from leadbridge.store.codec import fingerprint
from leadbridge.sync.case import Case, Outcome, Rules, Side
from leadbridge.sync.held import Held, hold, left_to_a_person
from leadbridge.sync.merge import Said, merge
from leadbridge.sync.standing import Standing

__all__ = ["NEVER_MERGED", "Wanted", "in_turns", "merged_values", "writes"]

_KEYS = ("email", "external_id")
NEVER_MERGED = frozenset({"captured_at", "stage", "status", "decision", "reason", "buying_stage"})
"""Fields of which a lead's history has the word, not one of its records."""


_UNHEARD = object()


@dataclass(slots=True)
class Wanted:
    """What the lead should look like everywhere, and which sides have to be told."""

    values: dict[str, Value] = field(default_factory=dict)
    targets: dict[str, dict[str, Value]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)


@lru_cache(maxsize=64)
def _merged_names(*kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that are merged, of records that have these."""
    return tuple(sorted({name for names in kinds for name in names} - NEVER_MERGED))


def _alike(case: Case, name: str) -> bool:
    """Whether one side holds just what would be written there for what the other one says."""
    if len(case.sides) < 2:
        return False
    one, two = case.sides.values()
    return two.says(name, one.values.get(name)) or one.says(name, two.values.get(name))


def _by_type(case: Case, name: str) -> Comparison | None:
    """How a field is compared that the CRMs keep as a date, a number or a check mark."""
    kinds = [side.kind for side in case.sides.values() if name in side.kind.fields]
    types = {kind.info.fields[kind.fields[name]].type for kind in kinds}
    if types & {"date", "datetime"}:
        return "date"
    if "number" in types:
        return "number"
    return "flag" if "bool" in types else None


def merged_values(rules: Rules, case: Case, standing: Standing, outcome: Outcome) -> Wanted:
    """Merges every plain field over the sides; conflicts are kept in the outcome."""
    # Of these the lead's history has the word, even where its records say the same.
    answered = {"opted_out"} if standing.opted_out or standing.agreed_again else set()
    answered |= {"owner"} if standing.requested is not None else set()
    heard = [side.values for side in case.sides.values()]
    one, other = (heard[0], heard[-1]) if heard else ({}, {})
    names = _merged_names(*[side.kind.names for side in case.sides.values()])
    # Most fields of most leads: both sides say the same, and there is nothing to merge.
    wanted = Wanted({name: one[name] for name in names if name in one})
    for name in names:
        if one.get(name, _UNHEARD) == other.get(name, _UNHEARD) and name not in answered:
            continue
        said = {
            connection: Said(
                side.values[name],
                side.base.get(name) if side.base is not None else None,
                side.base is not None and name in side.base,
                case.said_at.get((connection, name), side.record.modified_at),
            )
            for connection, side in case.sides.items()
            if name in side.values
        }
        if not said:
            continue
        merged = merge(name, said, rules.ruling(name, standing.stage, _by_type(case, name)), alike=_alike(case, name))
        value, targets, why = merged.value, merged.targets, merged.why
        if name == "opted_out" and standing.opted_out:
            value, why = True, "an opt-out is never undone"
            targets = tuple(connection for connection, each in said.items() if each.value is not True)
        elif name == "opted_out" and standing.agreed_again:
            value, why = False, "the person agreed again, and somebody has approved that on evidence"
            targets = tuple(connection for connection, each in said.items() if each.value is True)
        if name == "owner" and (asked := _asked_owner(rules, case, standing)) is not None:
            value, targets = asked
            why = "the offer was given to this owner"
        wanted.values[name] = value
        for connection in targets:
            wanted.targets.setdefault(connection, {})[name] = value
            wanted.why[name] = why
        if merged.frozen:
            outcome.quarantine.append(left_to_a_person(case, name))
        if merged.conflict:
            wanted.conflicts[name] = Conflict(
                case.lead, name, {c: s.value for c, s in said.items()}, merged.winner, why
            )
    return wanted


def _asked_owner(rules: Rules, case: Case, standing: Standing) -> tuple[str, tuple[str, ...]] | None:
    """The owner that a tool gave the offer to, and the connections that have to be told; ``None`` for nobody known."""
    to = rules.agreement.handoff.to
    taker = next((side for side in case.sides.values() if side.function == to), None)
    owner = taker.kind.people.wanted(standing.requested) if taker is not None and standing.requested else None
    if taker is None or owner is None:
        return None
    mine = taker.kind.owner(taker.record.fields)
    late = () if mine is not None and mine.id == standing.requested else (taker.connection,)
    if owner == standing.requested:
        return owner, late  # a queue means nothing elsewhere
    others = [side for side in case.sides.values() if side is not taker and side.values.get("owner") != owner]
    return owner, (*late, *(side.connection for side in others))


def _keep(rules: Rules, outcome: Outcome, conflict: Conflict) -> None:
    outcome.conflicts.append(conflict)
    outcome.facts.append(
        ConflictSettled(
            lead=conflict.lead,
            occurred_at=rules.now,
            recorded_at=rules.now,
            actor="leadbridge",
            agreement=rules.agreement.version,
            field=conflict.field,
            winner=conflict.winner,
            rule=conflict.rule,
        )
    )


def writes(rules: Rules, case: Case, wanted: Wanted, shown: Mapping[str, Value], outcome: Outcome) -> None:
    """Adds the intents for one lead to the outcome, and the bases as they are from now on.

    Args:
        shown: the axes and the derived values, for every side that can show them.
    """
    pending: set[str] = set()
    for connection, side in case.sides.items():
        held = _held(case, side, wanted, shown)
        # What cannot be written is not agreed either: it goes over once it can.
        pending |= held.names
        outcome.quarantine += held.quarantine
        if not held.changes:
            continue
        sent = {n for n in wanted.targets.get(connection, ()) if side.kind.fields[n] in held.changes}
        outcome.intents.append(_update(case, side, wanted, held.changes, sent))
        for name in sorted(sent & wanted.conflicts.keys()):
            _keep(rules, outcome, wanted.conflicts[name])
        pending |= sent
    for connection, mapping in rules.mappings.items():
        if connection in case.sides or not case.sides or connection in case.gone:
            continue
        if mapping.creating is not None:
            pending |= _create(rules, case, mapping, mapping.creating, wanted, shown, outcome)
    # While a CRM does not have a field nothing is agreed on it, on either side: what is said meanwhile is news later.
    pending |= {n for side in case.sides.values() for n in side.base or () if n not in side.values} - NEVER_MERGED
    for connection, side in case.sides.items():
        old, shows = side.base or {}, side.values
        # A field that this side does not show for the time being keeps what was agreed on it.
        hidden = [name for name in side.kind.names if name not in shows]
        outcome.bases[connection] = agreed = dict(shows)
        for name in (*pending, *outcome.unsettled.get(connection, ()), *hidden):
            agreed.pop(name, None)
            if name in old:
                agreed[name] = old[name]


def _held(case: Case, side: Side, wanted: Wanted, shown: Mapping[str, Value]) -> Held:
    targets = wanted.targets.get(side.connection, {})
    asked = {**targets, **shown}
    if "id" in side.kind.own:
        asked["id"] = case.lead
    changes = side.kind.write(asked, side.record.fields)
    if not (changes or targets):
        return Held()
    return hold(case, side.connection, side.record.ref, side.kind, targets, changes)


def _update(case: Case, side: Side, wanted: Wanted, changes: Fields, sent: set[str]) -> tuple[Intent, ...]:
    now = side.record.fields
    because = {name: _why(side.kind, name, wanted) for name in changes}
    intents = []
    state, said = dict(now), side.values
    for fields, expect in in_turns(side.kind, now, changes):
        state.update(fields)
        said = side.kind.reread(said, fields, state)
        intents.append(
            Intent(
                key="",
                lead=case.lead,
                connection=side.connection,
                action="update",
                target=side.record.ref,
                fields=fields,
                expect=expect,
                agreed=_agreed(case, side, said, sent),
                because={name: because[name] for name in fields},
            )
        )
    return tuple(intents)


def in_turns(kind: KindMapping, now: Fields, changes: Fields) -> list[tuple[dict[str, Value], dict[str, Value]]]:
    """The requests that make these changes, each with what it expects: a forward-only field goes back in two."""
    backward = [name for name, value in changes.items() if _backward(kind, name, now.get(name), value)]
    first = {**changes, **dict.fromkeys(backward, None)}
    steps = [(first, {name: now.get(name) for name in first})]
    if backward:
        steps.append(({name: changes[name] for name in backward}, dict.fromkeys(backward, None)))
    return steps


def _backward(kind: KindMapping, name: str, current: Value, value: Value) -> bool:
    info = kind.info.fields[name]
    if not info.forward_only or current in (None, "") or value is None:
        return False
    order = [option.value for option in info.options]
    if current not in order or value not in order:
        return True
    return order.index(str(value)) < order.index(str(current))


def _agreed(case: Case, target: Side, after: Mapping[str, Value], names: set[str]) -> dict[str, dict[str, Value]]:
    """The bases once the write has happened: what was sent on one side, what it was planned from on the others.

    Only what this write says: another write of the same lead may still be under way, and what it carries is not agreed.
    """
    before = target.values
    changed = {n: value for n, value in after.items() if n in names or before.get(n, _UNHEARD) != value}
    # A stage that is taken away is as much agreed as one that is set.
    agreed = {target.connection: {n: None for n in before if n not in after} | changed}
    for connection, side in case.sides.items():
        if connection != target.connection:
            agreed[connection] = {name: side.values[name] for name in names if name in side.values}
    return agreed


def _why(kind: KindMapping, crm_field: str, wanted: Wanted) -> str:
    for name in kind.names_of(crm_field):
        if name in wanted.why:
            return wanted.why[name]
    for purpose, own in kind.own.items():
        if own == crm_field:
            return (
                "our own key on the record" if purpose == "id" else f"shows the {purpose.replace('_', ' ')} of the lead"
            )
    return "shows where the lead stands"


def _create(
    rules: Rules,
    case: Case,
    mapping: ConnectionMapping,
    kind: KindMapping,
    wanted: Wanted,
    shown: Mapping[str, Value],
    outcome: Outcome,
) -> set[str]:
    """Plans a new record; returns the canonical fields whose values cannot go into it."""
    fields = kind.write({**wanted.values, **shown, "id": case.lead}, {})
    held = hold(case, mapping.connection, Ref(kind.kind, case.lead), kind, wanted.values, fields)
    allowed = held.changes
    known = [name for name in _KEYS if wanted.values.get(name) not in (None, "")]
    if not known or any(kind.fields.get(name) in fields.keys() - allowed.keys() for name in known):
        return set()  # nobody is made whom we could not recognise again
    outcome.quarantine.extend(held.quarantine)
    fields = kind.fill(allowed)
    ref = Ref(kind.kind, case.lead)
    lacking = sorted(
        name for name, info in kind.info.fields.items() if info.required and info.writable and fields.get(name) is None
    )
    if lacking:
        outcome.quarantine.append(
            Quarantined(
                fingerprint("create", mapping.connection, case.lead, *lacking),
                mapping.connection,
                ref,
                case.lead,
                ", ".join(lacking),
                "a new record needs a value here and the lead has none",
                f"fill it in the other CRM, or declare a filler under crosswalks ({kind.kind}.fillers)",
                "decision",
            )
        )
        return held.names
    agreed: dict[str, dict[str, Value]] = {mapping.connection: kind.read(fields)}
    for connection, side in case.sides.items():
        agreed[connection] = {n: side.values[n] for n in kind.fields if n in side.values and n not in held.names}
    outcome.intents.append(
        (
            Intent(
                key="",
                lead=case.lead,
                connection=mapping.connection,
                action="upsert",
                target=ref,
                fields=fields,
                expect={},
                agreed=agreed,
                because=dict.fromkeys(fields, f"the lead is not in {mapping.connection} yet"),
            ),
        )
    )
    return held.names
