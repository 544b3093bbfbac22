"""What must hold in a simulated world whenever nobody edits and a sync has gone through.

The judge knows what people typed and what stands in the CRMs. It does not look into the engine's tables, save for the
two things that are meant for people: the quarantine and the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from leadbridge.adapter import Ref, Value
from leadbridge.domain import facts as f
from leadbridge.domain.lifecycle.frameworks import FRAMEWORKS
from leadbridge.memory.crm import Row
from leadbridge.sync.merge import equivalent
from tests.sync.world import DECIDED, INDUSTRIES, SIDES, TITLE_LENGTH, World

PLAIN = ("email", "title", "phone", "first_name", "last_name", "country", "company", "industry", "region", "source")
EITHER_MAY_EDIT = ("title", "phone", "first_name", "country")
SPINE = FRAMEWORKS["spine"]


class Violation(AssertionError):
    """A promise was broken."""


def demand(holds: bool, promise: str) -> None:
    if not holds:
        raise Violation(promise)


@dataclass
class Before:
    """What stood in the CRMs before a sync."""

    opted_out: set[tuple[str, Ref]]
    stages: dict[tuple[str, Ref], str]


@dataclass
class Judge:
    """Follows one world from quiet moment to quiet moment."""

    world: World
    settled: dict[str, dict[str, Value]] = field(default_factory=dict)
    consents: set[str] = field(default_factory=set)
    floor: dict[str, int] = field(default_factory=dict)

    def rows(self, side: str) -> list[Row]:
        crm = self.world.crms[side]
        return [row for kind in sorted(crm.lead_kinds) for row in crm.rows(kind)]

    def before(self) -> Before:
        opted_out, stages = set(), {}
        for side in SIDES:
            for row in self.rows(side):
                if row.fields.get("opted_out") is True:
                    opted_out.add((side, row.ref))
                stage = row.fields.get("stage")
                if row.state == "live" and isinstance(stage, str):
                    stages[side, row.ref] = stage
        return Before(opted_out, stages)

    def check(self) -> None:
        """Syncs in peace and demands every promise."""
        world = self.world
        before = self.before()
        result = world.calm_sync()
        demand(result.quiet, "converges: a sync in peace ends with nothing left to do")
        demand(len(result.rounds) <= 6, f"converges within 6 rounds, took {len(result.rounds)}")
        again = world.calm_sync()
        demand(not again.writes and len(again.rounds) == 1, "the next round writes nothing")
        groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: {side: [] for side in SIDES})
        for side in SIDES:
            for row in self.rows(side):
                lead = row.fields.get("leadbridge_id")
                if isinstance(lead, str):
                    groups[lead][side].append(row)
        waiting = {(item.lead, item.subject) for item in world.store.quarantined()}
        for lead, records in sorted(groups.items()):
            self._records(lead, records)
            self._consent(lead, records, before)
            live = {side: row for side in SIDES for row in records[side] if row.state == "live"}
            self._stage(lead, records, live, before)
            self._typed(lead, records, live)
            if len(live) == 2:
                self._equal(lead, live, waiting)
            self._survives(lead, records, live, waiting)
        self._addresses()
        self._ledger()
        world.said.clear()

    # -- records ---------------------------------------------------------------------------------------------------

    def _records(self, lead: str, records: dict[str, list[Row]]) -> None:
        for side, rows in records.items():
            demand(sum(row.state == "live" for row in rows) <= 1, f"{lead}: one live record in {side}")
            ours = [row for row in rows if (side, row.ref) not in self.world.made and row.ref.kind == "person"]
            demand(len(ours) <= 1, f"{lead}: made at most once in {side}")
            if any(row.state == "deleted" for row in rows):
                demand(
                    not any(row.state == "live" for row in rows), f"{lead}: what was deleted in {side} stays deleted"
                )
            for row in ours:
                known = row.fields.get("email") or row.fields.get("external_id")
                demand(bool(known), f"{lead}: nobody without a key is made in {side}")

    def _addresses(self) -> None:
        for side in SIDES:
            seen = Counter(
                str(row.fields["email"]).strip().lower() for row in self.world.live(side) if row.fields.get("email")
            )
            twice = [address for address, number in seen.items() if number > 1]
            demand(not twice, f"{side} has one record for each person: {twice}")

    # -- values ----------------------------------------------------------------------------------------------------

    def _typed(self, lead: str, records: dict[str, list[Row]], live: dict[str, Row]) -> None:
        places = [(side, row.ref) for side, rows in records.items() for row in rows]
        # A record that went before it ever bore our key may have said it, too.
        places += [(side, row.ref) for side in SIDES for row in self.rows(side) if not row.fields.get("leadbridge_id")]
        for name in PLAIN:
            typed = {_normal(value) for place in places for value in self.world.typed[place][name]}
            typed |= {_cut(value) for value in typed}
            for side, row in live.items():
                value = _normal(row.fields.get(name))
                demand(value is None or value in typed, f"{lead}: {name} in {side} holds what somebody typed")

    def _equal(self, lead: str, live: dict[str, Row], waiting: set[tuple[str | None, str]]) -> None:
        left, right = live["left"].fields, live["right"].fields
        for name in PLAIN:
            one, other = left.get(name), right.get(name)
            if (lead, name) in waiting or (name == "industry" and one not in (*INDUSTRIES, None)):
                continue
            if name == "title" and isinstance(one, str):
                one = one[:TITLE_LENGTH] if isinstance(other, str) else one
            if name == "industry":
                one, other = _normal(one), _normal(other)
            demand(equivalent(name, one, other), f"{lead}: {name} is the same in both CRMs")
        if not self._without_a_word(lead):
            demand(left.get("stage") == right.get("stage"), f"{lead}: the stage is the same in both CRMs")

    def _without_a_word(self, lead: str) -> bool:
        """Whether the lead is in a detour that neither CRM has a word for: then each keeps the stage that it showed."""
        entered = [fact.stage for _, fact in self.world.store.facts([lead]) if isinstance(fact, f.StageEntered)]
        return entered[-1] in SPINE.detours and not SPINE.detours[entered[-1]].returns

    def _survives(
        self, lead: str, records: dict[str, list[Row]], live: dict[str, Row], waiting: set[tuple[str | None, str]]
    ) -> None:
        """What only one side edited since the last quiet moment stands; what nobody edited has not changed."""
        past = self.settled.get(lead)
        now = {name: _normal(live[side].fields.get(name)) for side in list(live)[:1] for name in EITHER_MAY_EDIT}
        for name in EITHER_MAY_EDIT:
            # What somebody typed into a record before it was deleted went with it.
            gone = any(
                name in self.world.said.get((side, row.ref), {})
                for side, rows in records.items()
                for row in rows
                if row.state == "deleted"
            )
            if not live or gone or (lead, name) in waiting:
                continue
            said = {
                side: self.world.said[side, row.ref][name]
                for side, rows in records.items()
                for row in rows
                if name in self.world.said.get((side, row.ref), {})
            }
            if not said and past is not None:
                demand(_cut(now[name]) == _cut(past[name]), f"{lead}: {name} stays as it was when nobody edits it")
            if len(said) == 1 and past is not None:
                (value,) = said.values()
                if value is not None:
                    demand(_cut(now[name]) == _cut(_normal(value)), f"{lead}: an edit of {name} on one side survives")
                elif name == "phone":
                    demand(now[name] is None, f"{lead}: a clear of {name} goes over")
            if len(said) == 2 and None not in said.values():
                ends = {_cut(_normal(value)) for value in said.values()} | ({_cut(past[name])} if past else set())
                demand(_cut(now[name]) in ends, f"{lead}: of two edits of {name} one wins")
        if live:
            self.settled[lead] = now

    # -- consent and stages ----------------------------------------------------------------------------------------

    def _consent(self, lead: str, records: dict[str, list[Row]], before: Before) -> None:
        if any((side, row.ref) in before.opted_out for side, rows in records.items() for row in rows):
            self.consents.add(lead)
        if lead in self.consents:
            for side, rows in records.items():
                for row in rows:
                    if row.state == "live":
                        demand(row.fields.get("opted_out") is True, f"{lead}: an opt-out stands in {side}")

    def _stage(self, lead: str, records: dict[str, list[Row]], live: dict[str, Row], before: Before) -> None:
        decided = any(
            status in DECIDED
            for side, rows in records.items()
            for row in rows
            for status in self.world.typed[side, row.ref]["status"]
        )
        if decided or not live or self._without_a_word(lead):
            return
        seen = [
            SPINE.rank(before.stages[side, row.ref]) or 0
            for side, rows in records.items()
            for row in rows
            if (side, row.ref) in before.stages
        ]
        stage = next(iter(live.values())).fields.get("stage")
        demand(isinstance(stage, str), f"{lead}: the stage is not blank")
        rank = SPINE.rank(str(stage)) or 0
        demand(rank >= max([*seen, self.floor.get(lead, 0)]), f"{lead}: the stage falls only with a reason")
        self.floor[lead] = rank

    def _ledger(self) -> None:
        stages: dict[str, str] = {}
        for _, fact in self.world.store.facts():
            if isinstance(fact, f.StageEntered):
                now, to = stages.get(fact.lead), fact.stage
                rank, target = (SPINE.rank(now) if now else None), SPINE.rank(to)
                if rank is not None and target is not None:
                    demand(target > rank or bool(fact.reason), f"{fact.lead}: from {now} back to {to} without a reason")
                stages[fact.lead] = to


def _normal(value: Value) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a number goes into a field of text as its digits
    return (value.strip().lower() or None) if isinstance(value, str) else value


def _cut(value: Value) -> Value:
    return value[:TITLE_LENGTH].strip() if isinstance(value, str) else value
