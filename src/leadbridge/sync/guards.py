"""Guards: when a plan goes further than was agreed, so that a person has to read it and say yes to exactly that plan.

What a bad import, a wrong mapping or a lost permission does to a CRM in one night cannot be taken back by anybody who
reads about it the next morning. The defaults are those of systems that stop before (see ``sync.guards``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leadbridge.agreement.policies import Guards
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.store import Intent
from leadbridge.store.codec import dump_fields
from leadbridge.sync.case import Outcome
from leadbridge.sync.gather import Gathered

__all__ = ["Ground", "over_limits", "too_much_alike"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan is measured against.

    Attributes:
        links: how many links there are; the shares are of this number.
        known: leads that were decided about before: the first writes of the others do not count as changes.
        loaded: connections that have linked records already: what is made there is no first load.
        meeting: connections that hold leads of this plan.
        kinds: the mapping of each kind, by (connection, kind).
    """

    links: int
    known: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    meeting: frozenset[str] = frozenset()
    kinds: Mapping[tuple[str, str], KindMapping] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, mappings: Mapping[str, ConnectionMapping], links: Mapping[str, int], gathered: Gathered) -> Ground:
        """The ground under the plan for what was gathered; ``links``: how many there are, by connection."""
        return cls(
            links=sum(links.values()),
            known=frozenset(case.lead for case in gathered.cases if case.facts),
            loaded=frozenset(links),
            meeting=frozenset(name for case in gathered.cases for name in case.sides)
            | {item.connection for item in gathered.unclear},
            kinds={(name, each.kind): each for name, mapping in mappings.items() for each in mapping.kinds.values()},
        )

    def owns(self, step: Intent, name: str) -> bool:
        """Whether a field is leadbridge's own: what it shows of all leads may well be the same."""
        kind = self.kinds.get((step.connection, step.target.kind))
        return kind is not None and name in kind.own.values()

    def opts_in(self, step: Intent) -> bool:
        """Whether a write takes an opt-out back."""
        kind = self.kinds.get((step.connection, step.target.kind))
        if kind is None or step.action != "update" or kind.fields.get("opted_out") not in step.fields:
            return False
        before, after = kind.read(step.expect).get("opted_out"), kind.read(step.fields)
        return before is True and "opted_out" in after and after["opted_out"] is not True


def over_limits(outcomes: Sequence[Outcome], guards: Guards, ground: Ground) -> tuple[str, ...]:
    """Which agreed limits a plan exceeds, in words."""
    steps = [step for outcome in outcomes for turns in outcome.intents for step in turns]
    updates = [step for step in steps if step.action == "update" and step.lead in ground.known]
    creates = [step for step in steps if step.action == "upsert" and step.connection in ground.loaded]
    first = len({outcome.lead for outcome in outcomes}) if not ground.links and len(ground.meeting) > 1 else 0
    over = []
    for number, name, what in (
        (len({(step.connection, step.target) for step in updates}), "max_changes", "changed records"),
        (sum(_clears(updates)), "max_clears", "emptied fields"),
        (len(creates), "max_creates", "new records after the first load"),
        (sum(step.action == "archive" for step in steps), "max_deletes", "deleted records"),
        (sum(ground.opts_in(step) for step in steps), "max_opt_ins", "opt-outs taken back"),
        (_most_alike(updates, ground), "max_same", "records with the same new value in the same field"),
        (first, "max_first_match", "leads in the first match of two CRMs that both hold some"),
    ):
        limit = getattr(guards, name).limit(ground.links)
        if number > limit:
            over.append(f"{number} {what} (sync.guards.{name}), agreed are {limit}")
    return tuple(over)


def too_much_alike(updates: Sequence[Intent], guards: Guards, ground: Ground) -> bool:
    """Whether so many records would get the same value in the same field that it looks like a bad import."""
    return _most_alike(updates, ground) > guards.max_same.limit(ground.links)


def _most_alike(updates: Sequence[Intent], ground: Ground) -> int:
    """Of how many records the same field would get the same value, where those are most."""
    return max(Counter(_values(updates, ground)).values(), default=0)


def _values(updates: Sequence[Intent], ground: Ground) -> Iterator[tuple[str, str, str]]:
    """What is written where: the field and its value, once a record."""
    seen = set()
    for step in updates:
        for name, value in step.fields.items():
            if value is not None and not ground.owns(step, name):
                said = (step.connection, step.target.kind, dump_fields({name: value}))
                if (said, step.target.id) not in seen:
                    seen.add((said, step.target.id))
                    yield said


def _clears(updates: Sequence[Intent]) -> Iterator[bool]:
    """For each field that is written, whether that empties it for good."""
    later = {(each.target, name) for each in updates for name, value in each.fields.items() if value is not None}
    for step in updates:
        for name, value in step.fields.items():
            yield value is None and step.expect.get(name) not in (None, "") and (step.target, name) not in later
