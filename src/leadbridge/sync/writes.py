"""Which writes bring the CRMs to what was agreed about a lead, with the reason of each.

Pure. A field that both CRMs have goes through the three-way merge; the axes and what leadbridge works out go to every
side that can show them. Nothing is written that the record says already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadbridge.adapter import Fields, Ref, Value
from leadbridge.domain.facts import ConflictSettled
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.store import Conflict, Intent, Quarantined
from leadbridge.store.codec import fingerprint
from leadbridge.sync.case import Case, Outcome, Rules, Side
from leadbridge.sync.merge import Rule, Said, merge
from leadbridge.sync.settle import refusal
from leadbridge.sync.standing import Standing

__all__ = ["Wanted", "merged_values", "writes"]

_KEYS = ("email", "external_id")
_NEVER_MERGED = frozenset({"captured_at", "stage", "status", "decision", "reason", "buying_stage"})


@dataclass(slots=True)
class Wanted:
    """What the lead should look like everywhere, and which sides have to be told."""

    values: dict[str, Value] = field(default_factory=dict)
    targets: dict[str, dict[str, Value]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


def _rule(rules: Rules, name: str, stage: str | None) -> Rule:
    policy = rules.agreement.field_policy(name)
    ruling = policy.ruling(stage, rules.agreement.lifecycle)
    winner = next((name for name, mapping in rules.mappings.items() if mapping.function == ruling.winner), "")
    return Rule(ruling.policy, winner, policy.clear)


def merged_values(rules: Rules, case: Case, standing: Standing, outcome: Outcome) -> Wanted:
    """Merges every plain field over the sides; conflicts are kept in the outcome."""
    wanted = Wanted()
    names = sorted({name for side in case.sides.values() for name in side.kind.fields} - _NEVER_MERGED)
    for name in names:
        said = {
            connection: Said(
                side.values[name],
                side.base.get(name) if side.base is not None else None,
                side.base is not None and name in side.base,
                side.record.modified_at,
            )
            for connection, side in case.sides.items()
            if name in side.values
        }
        if not said:
            continue
        rule = _rule(rules, name, standing.stage)
        merged = merge(name, said, rule)
        value, targets, why = merged.value, merged.targets, merged.why
        if name == "opted_out" and standing.opted_out:
            value, why = True, "an opt-out is never undone"
            targets = tuple(connection for connection, each in said.items() if each.value is not True)
        if name == "owner" and (asked := _asked_owner(rules, case, standing)) is not None:
            value, targets = asked
            why = "the offer was given to this owner"
        wanted.values[name] = value
        for connection in targets:
            wanted.targets.setdefault(connection, {})[name] = value
            wanted.why[name] = why
        if merged.conflict:
            _keep(rules, case, outcome, name, {c: s.value for c, s in said.items()}, merged.winner, why)
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


def _keep(
    rules: Rules, case: Case, outcome: Outcome, name: str, values: Mapping[str, Value], winner: str, why: str
) -> None:
    outcome.conflicts.append(Conflict(case.lead, name, values, winner, why))
    outcome.facts.append(
        ConflictSettled(
            lead=case.lead,
            occurred_at=rules.now,
            recorded_at=rules.now,
            actor="leadbridge",
            agreement=rules.agreement.version,
            field=name,
            winner=winner,
            rule=why,
        )
    )


def writes(rules: Rules, case: Case, wanted: Wanted, shown: Mapping[str, Value], outcome: Outcome) -> None:
    """Adds the intents for one lead to the outcome, and the bases as they are from now on.

    Args:
        shown: the axes and the derived values, for every side that can show them.
    """
    pending: set[str] = set()
    for connection, side in case.sides.items():
        planned = _update(rules, case, side, wanted, shown)
        if planned is not None:
            outcome.intents.append(planned)
            pending |= {
                name for name in wanted.targets.get(connection, {}) if side.kind.fields[name] in planned[0].fields
            }
    for connection, mapping in rules.mappings.items():
        if case.sides and connection not in case.sides and connection not in case.gone and mapping.creating is not None:
            _create(rules, case, mapping, mapping.creating, wanted, shown, outcome)
    for connection, side in case.sides.items():
        old = side.base or {}
        open_ = pending | outcome.unsettled.get(connection, set())
        kept = {name: old[name] for name in open_ if name in old}
        outcome.bases[connection] = {n: v for n, v in side.values.items() if n not in open_} | kept


def _allowed(case: Case, connection: str, changes: Fields) -> dict[str, Value]:
    return {
        name: value
        for name, value in changes.items()
        if refusal(case.lead, connection, name, value) not in case.refused
    }


def _update(
    rules: Rules, case: Case, side: Side, wanted: Wanted, shown: Mapping[str, Value]
) -> tuple[Intent, ...] | None:
    asked = {**wanted.targets.get(side.connection, {}), **shown}
    if "id" in side.kind.own:
        asked["id"] = case.lead
    changes = _allowed(case, side.connection, side.kind.write(asked, side.record.fields))
    if not changes:
        return None
    now = side.record.fields
    backward = [name for name, value in changes.items() if _backward(side.kind, name, now.get(name), value)]
    first = {**changes, **dict.fromkeys(backward, None)}
    because = {name: _why(side.kind, name, wanted) for name in changes}
    steps = [(first, {name: now.get(name) for name in first})]
    if backward:
        steps.append(({name: changes[name] for name in backward}, dict.fromkeys(backward, None)))
    intents = []
    state = dict(now)
    for fields, expect in steps:
        state.update(fields)
        intents.append(
            Intent(
                key="",
                lead=case.lead,
                connection=side.connection,
                action="update",
                target=side.record.ref,
                fields=fields,
                expect=expect,
                agreed=_agreed(case, side, side.kind.read(state), wanted),
                because={name: because[name] for name in fields},
            )
        )
    return tuple(intents)


def _backward(kind: KindMapping, name: str, current: Value, value: Value) -> bool:
    info = kind.info.fields[name]
    if not info.forward_only or current in (None, "") or value is None:
        return False
    order = [option.value for option in info.options]
    if current not in order or value not in order:
        return True
    return order.index(str(value)) < order.index(str(current))


def _agreed(case: Case, target: Side, after: Mapping[str, Value], wanted: Wanted) -> dict[str, dict[str, Value]]:
    """The bases once the write has happened: what was sent on one side, what it was planned from on the others.

    Only what this write says: another write of the same lead may still be under way, and what it carries is not agreed.
    """
    names = set(wanted.targets.get(target.connection, {}))
    changed = {n: v for n, v in after.items() if n in names or n not in target.values or v != target.values[n]}
    agreed = {target.connection: changed}
    for connection, side in case.sides.items():
        if connection != target.connection:
            agreed[connection] = {name: side.values[name] for name in names if name in side.values}
    return agreed


def _why(kind: KindMapping, crm_field: str, wanted: Wanted) -> str:
    for name, mapped in kind.fields.items():
        if mapped == crm_field and name in wanted.why:
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
) -> None:
    fields = kind.write({**wanted.values, **shown, "id": case.lead}, {})
    allowed = _allowed(case, mapping.connection, fields)
    known = [name for name in _KEYS if wanted.values.get(name) not in (None, "")]
    if not known or any(kind.fields.get(name) in fields.keys() - allowed.keys() for name in known):
        return  # nobody is made whom we could not recognise again
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
        return
    agreed: dict[str, dict[str, Value]] = {mapping.connection: kind.read(fields)}
    for connection, side in case.sides.items():
        agreed[connection] = {name: side.values[name] for name in kind.fields if name in side.values}
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
