"""What a sync would do, and why: to be read by a person before anything is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from leadbridge.adapter import Ref, Value
from leadbridge.agreement.policies import Guards
from leadbridge.errors import ConfigError
from leadbridge.store import Intent
from leadbridge.store.codec import dump_fields
from leadbridge.sync.case import Outcome
from leadbridge.sync.gather import Gathered

__all__ = ["Plan", "counted", "plan_hash"]


def counted(number: int, noun: str) -> str:
    """``1 write`` or ``2,000 writes``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def plan_hash(outcomes: Iterable[Outcome]) -> str:
    """A short digest of all writes and what they rest on: the same plan has the same hash."""
    digest = hashlib.blake2b(digest_size=6)
    for outcome in sorted(outcomes, key=lambda o: o.lead):
        for steps in outcome.intents:
            for step in steps:
                parts = (step.lead, step.connection, step.action, step.target.kind, step.target.id)
                digest.update("\x1f".join((*parts, dump_fields(step.fields), dump_fields(step.expect))).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes that would bring the CRMs to the agreement. Nothing has been written.

    Attributes:
        hash: what a person repeats to approve exactly this plan.
        outcomes: one decision a lead, in the order of lead ids.
        off: connections that are not written whatever the plan says.
        names: what a lead can be asked for by: lead id, record id, address → lead id.
        over: the agreed limits that this plan exceeds, in words.
    """

    hash: str
    outcomes: Sequence[Outcome] = field(repr=False)
    gathered: Gathered = field(repr=False)
    agreement: str
    off: frozenset[str] = frozenset()
    over: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def writes(self) -> list[Intent]:
        """Every write in order; one that needs two steps (clear, then set) counts as two."""
        return [step for outcome in self.outcomes for steps in outcome.intents for step in steps]

    @property
    def left_out(self) -> int:
        """Leads that the inclusion rule keeps where they are."""
        return sum(bool(outcome.left_out) for outcome in self.outcomes)

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Writes by connection and action (``create`` or ``update``)."""
        counts: dict[str, Counter[str]] = {}
        for step in self.writes:
            action = "create" if step.action == "upsert" else "update"
            counts.setdefault(step.connection, Counter())[action] += 1
        return counts

    def __len__(self) -> int:
        return len(self.writes)

    def __bool__(self) -> bool:
        return bool(self.writes)

    def summary(self) -> str:
        """A few lines: how many writes where, what is left out, what needs a person."""
        lines = [f"plan {self.hash} under {self.agreement}: {counted(len(self), 'write')}"]
        for connection, counts in sorted(self.counts.items()):
            parts = ", ".join(counted(number, action) for action, number in sorted(counts.items()))
            off = " (writes are off for this connection)" if connection in self.off else ""
            lines.append(f"  {connection}: {parts}{off}")
        conflicts = sum(len(outcome.conflicts) for outcome in self.outcomes)
        people = len(self.gathered.unclear) + sum(len(outcome.quarantine) for outcome in self.outcomes)
        for number, noun, rest in (
            (conflicts, "conflict", "settled by the agreement's rules, the losing values kept"),
            (self.left_out, "lead", "left in place by the inclusion rule"),
            (self.gathered.keyless, "record", "without any key, not carried over"),
            (people, "question", "for a person to decide"),
            (self.gathered.held, "lead", "with writes still under way"),
        ):
            if number:
                lines.append(f"  {counted(number, noun)} {rest}")
        lines += [f"  over the agreed limits: {reason}" for reason in self.over]
        return "\n".join(lines)

    __str__ = summary

    def explain(self, who: str) -> str:
        """What the plan does for one lead and why, field by field.

        Args:
            who: a lead id, a record id, or an address.

        Raises:
            ConfigError: the plan does not know such a lead.
        """
        lead = self.names.get(who) or self.names.get(who.strip().lower())
        outcome = next((o for o in self.outcomes if o.lead == lead), None)
        if outcome is None:
            raise ConfigError("this plan does nothing for such a lead: ask for a lead id, a record id or an address")
        if outcome.left_out:
            return f"lead {outcome.lead}: {outcome.left_out}"
        lines = [f"lead {outcome.lead}:"]
        for steps in outcome.intents:
            for step in steps:
                verb = (
                    f"create a {step.target.kind}"
                    if step.action == "upsert"
                    else f"update {step.target.kind} {step.target.id}"
                )
                lines.append(f"  in {step.connection}: {verb}")
                for name, value in step.fields.items():
                    before = step.expect.get(name)
                    lines.append(f"    {name}: {_shown(before)} → {_shown(value)}  ({step.because.get(name, '')})")
        for conflict in outcome.conflicts:
            said = ", ".join(f"{side} said {_shown(value)}" for side, value in conflict.values.items())
            lines.append(f"  conflict on {conflict.field}: {said}; {conflict.winner} wins: {conflict.rule}")
        lines += [f"  needs a person: {item.subject}: {item.reason}; {item.remedy}" for item in outcome.quarantine]
        return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing to write"])

    def to_dict(self) -> dict[str, object]:
        """The plan as JSON values, without values of records."""
        return {
            "hash": self.hash,
            "agreement": self.agreement,
            "writes": {connection: dict(counts) for connection, counts in self.counts.items()},
            "left_out": self.left_out,
            "over": list(self.over),
            "changes": [
                {
                    "lead": step.lead,
                    "connection": step.connection,
                    "action": step.action,
                    "kind": step.target.kind,
                    "fields": {name: step.because.get(name, "") for name in step.fields},
                }
                for step in self.writes
            ],
        }

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"


def _shown(value: Value) -> str:
    if value is None or value == "":
        return "(blank)"
    return f"{value.kind} {value.id}" if isinstance(value, Ref) else f"{value!r}"


def over_limits(outcomes: Sequence[Outcome], guards: Guards, links: int, known: frozenset[str]) -> tuple[str, ...]:
    """Which agreed limits a plan exceeds. The first writes of leads that are new in this plan do not count.

    Args:
        links: how many links there are.
        known: leads that were linked before.
    """
    steps = [s for o in outcomes if o.lead in known for steps in o.intents for s in steps if s.action == "update"]
    changes = len({(step.connection, step.target) for step in steps})
    clears = sum(
        value is None and step.expect.get(name) not in (None, "") and not _follows(steps, step, name)
        for step in steps
        for name, value in step.fields.items()
    )
    over = []
    for number, limit, what in (
        (changes, guards.max_changes.limit(links), "changed records (sync.guards.max_changes)"),
        (clears, guards.max_clears.limit(links), "emptied fields (sync.guards.max_clears)"),
    ):
        if number > limit:
            over.append(f"{number} {what}, agreed are {limit}")
    return tuple(over)


def _follows(steps: Sequence[Intent], step: Intent, name: str) -> bool:
    """Whether a cleared field is set again by the next step: then it is no clear."""
    return any(other is not step and other.target == step.target and other.fields.get(name) for other in steps)
