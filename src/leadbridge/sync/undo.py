"""Undo: a plan that takes an applied plan back, as far as what it wrote is still there.

A field is put back when it still holds what the plan wrote; what anybody has changed since stays. A record that the
plan made is archived when it still is what it was when it was born. An opt-out is never taken back, and our own key
stays on a record. What was undone is remembered, so that the next sync does not do it again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from leadbridge.adapter import Record, Value
from leadbridge.errors import ConfigError
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.store import Intent, Quarantined, Store
from leadbridge.sync.case import Outcome
from leadbridge.sync.refusals import refusal
from leadbridge.sync.writes import in_turns

__all__ = ["Undone", "undone"]

_GONE = "the record is gone, or has become another one"
_WORKED_ON = "somebody has worked on the new record since"
_CHANGED = "the field was changed since"
_CONSENT = "an opt-out is never undone"
_KEPT = "this CRM cannot archive a record for us"
_HELD = "writes to the lead are still under way"


@dataclass(slots=True)
class Undone:
    """What taking a plan back comes to: the writes by lead, and why the rest stays, with how many times.

    ``names``: what a lead can be asked for by.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict, repr=False)
    kept: Counter[str] = field(default_factory=Counter)


class _Undoing:
    def __init__(self, store: Store, mappings: Mapping[str, ConnectionMapping], plan: str, leads: set[str]) -> None:
        self.plan, self.mappings = plan, mappings
        self.live = {
            (link.lead, link.connection): link.ref
            for link in store.links(leads)
            if link.status == "live" and link.connection in mappings
        }
        places = sorted({(connection, ref) for (_, connection), ref in self.live.items()})
        self.seen = {(o.connection, o.ref): o.record for o in store.seen(places)}
        self.kept: Counter[str] = Counter()

    def record(self, lead: str, connection: str) -> tuple[KindMapping, Record] | None:
        """A lead's record there, as it is known to be, with the mapping of its kind."""
        ref = self.live.get((lead, connection))
        found = self.seen.get((connection, ref)) if ref is not None else None
        kind = self.mappings[connection].kinds.get(ref.kind) if ref is not None else None
        return (kind, found) if found is not None and kind is not None and found.state == "live" else None

    def names(self, lead: str) -> set[str]:
        """The lead's id, the ids of its records, its addresses."""
        known = [self.record(lead, connection) for connection in self.mappings]
        records = [each for each in known if each is not None]
        emails = {kind.read(record.fields).get("email") for kind, record in records}
        return {lead, *(record.ref.id for _, record in records), *(e for e in emails if isinstance(e, str))}

    def take_back(self, outcome: Outcome, connection: str, steps: Sequence[Intent]) -> None:
        """Adds to an outcome what takes back the writes to one record."""
        known = self.record(outcome.lead, connection) if connection in self.mappings else None
        made = any(step.action == "upsert" for step in steps)
        if known is None or not (made or all(step.target == known[1].ref for step in steps)):
            self.kept[_GONE] += 1
        elif made:
            self._unmake(outcome, connection, steps, *known)
        else:
            self._put_back(outcome, connection, steps, *known)

    def _unmake(
        self, outcome: Outcome, connection: str, steps: Sequence[Intent], kind: KindMapping, record: Record
    ) -> None:
        born = next(step.expect for step in steps if step.action == "upsert")
        own = set(kind.own.values())
        now = {name: value for name, value in record.fields.items() if name not in own}
        if not born or any((born.get(name) or None) != (value or None) for name, value in now.items()):
            self.kept[_WORKED_ON] += 1
        elif not self.mappings[connection].description.capabilities.archives:
            self.kept[_KEPT] += 1
        else:
            why = {"record": f"made by plan {self.plan}, and nobody has worked on it"}
            intent = Intent("", outcome.lead, connection, "archive", record.ref, {}, now, {}, why)
            outcome.intents.append((intent,))

    def _put_back(
        self, outcome: Outcome, connection: str, steps: Sequence[Intent], kind: KindMapping, record: Record
    ) -> None:
        before: dict[str, Value] = {}
        after: dict[str, Value] = {}
        for step in steps:
            before = {name: step.expect.get(name) for name in step.fields} | before
            after |= step.fields
        back: dict[str, Value] = {}
        for name, ours in after.items():
            if name in (kind.own.get("id"), kind.own.get("op")) or (before[name] or None) == (ours or None):
                continue
            if _consent(kind, name, before[name], ours):
                self.kept[_CONSENT] += 1
            elif (record.fields.get(name) or None) != (ours or None):
                self.kept[_CHANGED] += 1
            else:
                back[name] = before[name]
                outcome.quarantine.append(self._note(outcome.lead, connection, record, name, ours))
        if not back:
            return
        agreed = self._agreed(outcome.lead, connection, kind, record, back)
        why = f"as it was before plan {self.plan}"
        outcome.intents.append(
            tuple(
                Intent(
                    "",
                    outcome.lead,
                    connection,
                    "update",
                    record.ref,
                    fields,
                    expect,
                    agreed,
                    dict.fromkeys(fields, why),
                )
                for fields, expect in in_turns(kind, record.fields, back)
            )
        )

    def _agreed(
        self, lead: str, connection: str, kind: KindMapping, record: Record, back: Mapping[str, Value]
    ) -> dict[str, dict[str, Value]]:
        """The bases once it is done: each side keeps what it says, and that is no change that calls for a write."""
        said = kind.read(record.fields)
        restored = {n: v for n, v in kind.read({**record.fields, **back}).items() if v != said.get(n)}
        agreed: dict[str, dict[str, Value]] = {connection: restored}
        for name in self.mappings:
            other = self.record(lead, name)
            if name != connection and other is not None:
                values = other[0].read(other[1].fields)
                agreed[name] = {n: values[n] for n in restored if n in values}
        return agreed

    def _note(self, lead: str, connection: str, record: Record, name: str, ours: Value) -> Quarantined:
        return Quarantined(
            refusal(lead, connection, name, ours),
            connection,
            record.ref,
            lead,
            name,
            f"undone by a person (plan {self.plan})",
            "another value is written as usual; release this one to let it be written again",
            "person",
        )


def _consent(kind: KindMapping, name: str, *values: Value) -> bool:
    return name == kind.fields.get("opted_out") or any("opted_out" in kind.read({name: value}) for value in values)


def _own_words(intents: Sequence[tuple[Intent, ...]]) -> list[tuple[Intent, ...]]:
    """What is put back on both sides: each side's own write says what is agreed there."""
    back = {steps[0].connection: set(steps[-1].agreed.get(steps[0].connection, {})) for steps in intents}

    def agreed(step: Intent) -> dict[str, dict[str, Value]]:
        return {
            side: {n: v for n, v in values.items() if side == step.connection or n not in back.get(side, ())}
            for side, values in step.agreed.items()
        }

    return [tuple(replace(step, agreed=agreed(step)) for step in steps) for steps in intents]


def _by_record(steps: Iterable[Intent]) -> dict[str, dict[str, list[Intent]]]:
    """The steps of each lead by connection, in the order in which they were sent."""
    found: dict[str, dict[str, list[Intent]]] = defaultdict(lambda: defaultdict(list))
    ordered = sorted(
        steps, key=lambda s: (s.sent_at.timestamp() if s.sent_at else 0.0, s.after is not None, s.sequence)
    )
    for step in ordered:
        found[step.lead][step.connection].append(step)
    return found


def undone(store: Store, mappings: Mapping[str, ConnectionMapping], plan: str) -> Undone:
    """What takes an applied plan back, from what was seen last.

    Args:
        plan: its hash.

    Raises:
        ConfigError: no write of such a plan was made from this database.
    """
    done = store.intents(states=("done",), plan=plan)
    if not plan or not done:
        raise ConfigError("nothing was written under a plan of this hash: leadbridge undo lists the plans that were")
    by_record = _by_record(done)
    undoing = _Undoing(store, mappings, plan, set(by_record))
    held = {intent.lead for intent in store.intents(leads=by_record)}
    result = Undone(kept=undoing.kept)
    for lead, by_connection in sorted(by_record.items()):
        if lead in held:
            undoing.kept[_HELD] += 1
            continue
        outcome = Outcome(lead)
        for connection, steps in sorted(by_connection.items()):
            undoing.take_back(outcome, connection, steps)
        outcome.intents = _own_words(outcome.intents)
        if outcome.intents:
            result.outcomes.append(outcome)
            result.names |= dict.fromkeys(undoing.names(lead), lead)
    return result
