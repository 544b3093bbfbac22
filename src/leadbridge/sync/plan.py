"""What a sync would do, and why: to be read by a person before anything is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from leadbridge.errors import ConfigError
from leadbridge.store import Intent
from leadbridge.store.codec import dump_fields, load
from leadbridge.sync.case import Outcome
from leadbridge.sync.explain import explained, explained_field
from leadbridge.sync.gather import Gathered

__all__ = ["ALL", "Plan", "Selection", "counted", "plan_hash"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a plan is wanted.

    Attributes:
        only: leads (an id, a record's id, an address), kinds of records, or fields (the CRM's name or the canonical
            one). A lead that is named at all is taken; so is every write to a kind that is named; of the other writes,
            the fields that are named. Nothing: everything.
        limit: at most so many leads that have something to write, in the order of the plan.
    """

    only: tuple[str, ...] = ()
    limit: int | None = None


ALL = Selection()


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
        over: the agreed limits that this plan exceeds, in words.
        names: what a lead can be asked for by: lead id, record id, address → lead id.
        parts: writes that a selection leaves for later.
        undoes: hash of the plan that this one takes back; empty when it is an ordinary one.
        kept: for one that takes back: why something stays, with how many times.
        estimate: about how many calls it takes, by connection.
    """

    hash: str
    outcomes: Sequence[Outcome] = field(repr=False)
    gathered: Gathered = field(repr=False)
    agreement: str
    off: frozenset[str] = frozenset()
    over: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    parts: int = 0
    undoes: str = ""
    kept: Mapping[str, int] = field(default_factory=dict)
    estimate: Mapping[str, int] = field(default_factory=dict)
    selection: Selection = ALL

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
        """Writes by connection and action (``create``, ``update`` or ``archive``)."""
        counts: dict[str, Counter[str]] = {}
        for step in self.writes:
            action = "create" if step.action == "upsert" else step.action
            counts.setdefault(step.connection, Counter())[action] += 1
        return counts

    def held(self, approve: str | None) -> bool:
        """Whether it waits for a person: it would write more than was agreed, and nobody approved exactly this.

        Args:
            approve: the hash that somebody approved.
        """
        return bool(self.over) and approve != self.hash and any(step.connection not in self.off for step in self.writes)

    def __len__(self) -> int:
        return len(self.writes)

    def __bool__(self) -> bool:
        return bool(self.writes)

    def summary(self) -> str:
        """A few lines: how many writes where, what is left out, what needs a person."""
        back = f" takes back plan {self.undoes}" if self.undoes else ""
        lines = [f"plan {self.hash}{back} under {self.agreement}: {counted(len(self), 'write')}"]
        for connection, counts in sorted(self.counts.items()):
            parts = ", ".join(counted(number, action) for action, number in sorted(counts.items()))
            calls = f", about {counted(self.estimate[connection], 'call')}" if connection in self.estimate else ""
            off = " (writes are off for this connection)" if connection in self.off else ""
            lines.append(f"  {connection}: {parts}{calls}{off}")
        conflicts = sum(len(outcome.conflicts) for outcome in self.outcomes)
        people = len(self.gathered.unclear) + sum(len(outcome.quarantine) for outcome in self.outcomes)
        for number, noun, rest in (
            (conflicts, "conflict", "settled by the agreement's rules, the losing values kept"),
            (self.left_out, "lead", "left in place by the inclusion rule"),
            (self.gathered.keyless, "record", "without any key, not carried over"),
            (people, "question", "for a person to decide"),
            (self.gathered.held, "lead", "with writes still under way"),
            (self.parts, "write", "left for later by the selection"),
        ):
            if number:
                lines.append(f"  {counted(number, noun)} {rest}")
        lines += [f"  {counted(number, 'thing')} left alone: {why}" for why, number in sorted(self.kept.items())]
        lines += [f"  over the agreed limits: {reason}" for reason in self.over]
        return "\n".join(lines)

    __str__ = summary

    def explain(self, who: str, field: str | None = None) -> str:
        """What the plan does for one lead and why, field by field; or everything known about one field of it.

        Args:
            who: a lead id, a record id, or an address.
            field: the canonical name of a field, or a CRM's.

        Raises:
            ConfigError: the plan does not know such a lead, or the lead has no such field.
        """
        lead = self.names.get(who) or self.names.get(who.strip().lower())
        outcome = next((each for each in self.outcomes if each.lead == lead), None)
        if outcome is None:
            raise ConfigError("this plan does nothing for such a lead: ask for a lead id, a record id or an address")
        if field is None:
            return explained(outcome)
        case = next((each for each in self.gathered.cases if each.lead == lead), None)
        return explained_field(outcome, case, field)

    def to_dict(self, *, values: bool = False) -> dict[str, object]:
        """The plan as JSON values.

        Args:
            values: whether the values of records are in it, before and after; they are personal data.
        """
        return {
            "hash": self.hash,
            "agreement": self.agreement,
            "writes": {connection: dict(counts) for connection, counts in self.counts.items()},
            "undoes": self.undoes,
            "left_out": self.left_out,
            "left_for_later": self.parts,
            "left_alone": dict(self.kept),
            "estimated_calls": dict(self.estimate),
            "over": list(self.over),
            "changes": [
                {
                    "lead": step.lead,
                    "connection": step.connection,
                    "action": step.action,
                    "kind": step.target.kind,
                    "fields": {name: step.because.get(name, "") for name in step.fields},
                    **(
                        {"before": load(dump_fields(step.expect)), "after": load(dump_fields(step.fields))}
                        if values
                        else {}
                    ),
                }
                for step in self.writes
            ],
        }

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"
