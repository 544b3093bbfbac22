"""What must hold in a simulated world whenever nobody edits and a sync has gone through.

The judge knows what people typed and what stands in the CRMs. It does not look into the engine's tables, save for the
two things that are meant for people: the quarantine and the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.adapter import Ref, Value
from leadbridge.domain import facts as f
from leadbridge.domain.lifecycle.frameworks import FRAMEWORKS
from leadbridge.memory.crm import Row
from leadbridge.sync import SyncResult
from leadbridge.sync.merge import equivalent
from leadbridge.testing import invariants as must
from leadbridge.testing.invariants import Breach, Held
from tests.sync.world import DECIDED, INDUSTRIES, SIDES, TITLE_LENGTH, World

PLAIN = ("email", "title", "phone", "first_name", "last_name", "country", "company", "industry", "region", "source")
MOST_WRITES = 12
"""Writes for one thing that somebody did, at most: each may take clear, set and our own fields on both sides."""
MOST_ROUNDS = 7
"""A chain of merges takes a round for each lead that goes over into another. A write that is refused takes three: it,
the rest of it, and what was refused once more, now that its record has changed. The last finds nothing left to do."""
EITHER_MAY_EDIT = ("title", "phone", "first_name", "country")
SPINE = FRAMEWORKS["spine"]


class Violation(AssertionError):
    """A promise was broken."""


def demand(holds: bool, promise: str) -> None:
    if not holds:
        raise Violation(promise)


def uphold(breaches: Iterable[Breach]) -> None:
    """Nothing was broken."""
    for breach in breaches:
        raise Violation(str(breach))


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
        demand(len(result.rounds) <= MOST_ROUNDS, f"converges within {MOST_ROUNDS} rounds, took {len(result.rounds)}")
        again = self._undisturbed()
        uphold(must.still(again.writes, len(again.rounds)))
        groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: {side: [] for side in SIDES})
        for side in SIDES:
            for row in self.rows(side):
                lead = row.fields.get("leadbridge_id")
                if isinstance(lead, str):
                    groups[lead][side].append(row)
        held = [self._held(side, row) for side in SIDES for row in self.rows(side)]
        waiting = {(item.lead, item.subject) for item in world.store.quarantined()}
        uphold(must.one_record_each(held))
        uphold(must.nobody_comes_back(held))
        self._seen()
        uphold(must.intended_before_sent(world.sent))
        uphold(must.writes_follow_edits(world.landed, world.edits, each=MOST_WRITES, beyond=MOST_WRITES))
        self._without_a_key(groups)
        self._consent(groups, held, before)
        uphold(must.nothing_invented(held, self._typed(groups), lambda _, value: _normal(value)))
        for lead, records in sorted(groups.items()):
            live = {side: row for side in SIDES for row in records[side] if row.state == "live"}
            self._stage(lead, records, live, before)
            if len(live) == 2:
                self._equal(lead, live, waiting)
            self._survives(lead, records, live, waiting)
        self._addresses()
        self._ledger()
        world.said.clear()
        world.entangled.clear()

    def _undisturbed(self) -> SyncResult:
        """A sync in peace since whose predecessor no promise ran out: that a clock did is shown, edit or no edit."""
        while True:
            since = self.world.clock.now()
            result = self.world.calm_sync()
            if not any(since <= due <= self.world.clock.now() for due in self._due()):
                return result

    def _due(self) -> list[datetime]:
        """When the promises that the CRMs show run out."""
        shown = {row.fields.get("leadbridge_sla_due") for side in SIDES for row in self.rows(side)}
        return [datetime.fromisoformat(due) for due in shown if isinstance(due, str)]

    # -- records ---------------------------------------------------------------------------------------------------

    def _held(self, side: str, row: Row) -> Held:
        key = row.fields.get("leadbridge_id")
        fields = {name: row.fields.get(name) for name in (*PLAIN, "opted_out")}
        # What ended is not judged by what it holds: people may have worked on it to the last.
        shown = fields if row.state == "live" else {}
        person = key if isinstance(key, str) else None
        return Held((side, row.ref), person, row.state, shown, (side, row.ref) in self.world.made | self._converted)

    @property
    def _converted(self) -> set[tuple[str, Ref]]:
        """Contacts that people turned persons into."""
        return {("right", row.ref) for row in self.world.crms["right"].rows("contact")}

    def _seen(self) -> None:
        """What the CRMs show by now has been shown to the engine; deals and touches are nobody's here."""
        versions = {(side, row.ref): str(row.version) for side in SIDES for row in self.rows(side)}
        uphold(must.nothing_missed(versions, self.world.shown))

    def _without_a_key(self, groups: dict[str, dict[str, list[Row]]]) -> None:
        for lead, records in groups.items():
            for side, rows in records.items():
                for row in rows:
                    made = (side, row.ref) in self.world.made or row.ref.kind != "person"
                    known = row.fields.get("email") or row.fields.get("external_id")
                    demand(made or bool(known), f"{lead}: nobody without a key is made in {side}")

    def _addresses(self) -> None:
        for side in SIDES:
            seen = Counter(
                str(row.fields["email"]).strip().lower() for row in self.world.live(side) if row.fields.get("email")
            )
            twice = [each for each, number in seen.items() if number > 1 and each not in self.world.addresses]
            demand(not twice, f"{side} has one record for each person: {twice}")

    # -- values ----------------------------------------------------------------------------------------------------

    def _typed(self, groups: dict[str, dict[str, list[Row]]]) -> dict[tuple[str, str], set[Value]]:
        """What anybody ever typed about a lead, as the CRMs can hold it."""
        # A record that went before it ever bore our key may have said it, too.
        keyless = [(side, row.ref) for side in SIDES for row in self.rows(side) if not row.fields.get("leadbridge_id")]
        typed: dict[tuple[str, str], set[Value]] = {}
        for lead, kin in self._kin(groups).items():
            rows = [(side, row) for each in sorted(kin) for side in SIDES for row in groups[each][side]]
            places = [(side, row.ref) for side, row in rows] + keyless
            for name in PLAIN:
                said = {_normal(value) for place in places for value in self.world.typed[place][name]}
                typed[lead, name] = said | {_cut(value) for value in said}
        return typed

    def _kin(self, groups: dict[str, dict[str, list[Row]]]) -> dict[str, set[str]]:
        """For each lead those of which a record went on as one of its own, or the other way round; and so on."""
        kin = {lead: {lead} for lead in groups}
        for side in SIDES:
            for row in self.rows(side):
                heir = self.world.crms[side].row(row.successor) if row.successor is not None else None
                keys = [each.fields.get("leadbridge_id") for each in (row, heir) if each is not None]
                one, *others = [kin[key] for key in keys if isinstance(key, str)] or [set()]
                joined = one.union(*others)
                kin |= dict.fromkeys(joined, joined)
        return kin

    def _equal(self, lead: str, live: dict[str, Row], waiting: set[tuple[str | None, str]]) -> None:
        pair = (self._held("left", live["left"]), self._held("right", live["right"]))
        uphold(must.the_same_on_both_sides([pair], PLAIN, _same, lambda person, name: (person, name) in waiting))
        if not self._without_a_word(lead):
            stages = {row.fields.get("stage") for row in live.values()}
            demand(len(stages) == 1, f"{lead}: the stage is the same in both CRMs")

    def _without_a_word(self, lead: str) -> bool:
        """Whether the lead is in a detour that neither CRM has a word for: then each keeps the stage that it showed."""
        entered = [fact.stage for _, fact in self.world.store.facts([lead]) if isinstance(fact, f.StageEntered)]
        return entered[-1] in SPINE.detours and not SPINE.detours[entered[-1]].returns

    def _survives(
        self, lead: str, records: dict[str, list[Row]], live: dict[str, Row], waiting: set[tuple[str | None, str]]
    ) -> None:
        """What only one side edited since the last quiet moment stands; what nobody edited has not changed."""
        past = self.settled.get(lead)
        places = [((side, row.ref), row.state) for side, rows in records.items() for row in rows]
        entangled = any(place in self.world.entangled for place, _ in places)
        now = {name: _normal(live[side].fields.get(name)) for side in list(live)[:1] for name in EITHER_MAY_EDIT}
        wanted: dict[tuple[str, str], set[Value]] = {}
        cleared: set[tuple[str, str]] = set()
        for name in EITHER_MAY_EDIT:
            # What somebody typed into a record before it was deleted went with it.
            gone = any(name in self.world.said.get(place, {}) for place, state in places if state == "deleted")
            said = {
                place[0]: self.world.said[place][name] for place, _ in places if name in self.world.said.get(place, {})
            }
            if gone or None in said.values() or past is None:
                cleared.add((lead, name))
            if not live or gone or entangled or (lead, name) in waiting:
                cleared.add((lead, name))
                continue
            allowed = self._allowed(name, list(said.values()), past)
            if allowed is not None:
                wanted[lead, name] = allowed
        same = {(lead, name): _cut(value) for name, value in now.items()}
        uphold(must.edits_survive(wanted, same, lambda _, one, other: one == other))
        held = [self._held(side, row) for side, row in live.items()]
        before = {(lead, name): value for name, value in (past or {}).items()}
        uphold(must.clears_come_from_people(held, before, cleared))
        if live:
            self.settled[lead] = now

    @staticmethod
    def _allowed(name: str, said: list[Value], past: dict[str, Value] | None) -> set[Value] | None:
        """What may stand after these edits of a field, one a side; ``None`` when the agreement does not say."""
        before = {_cut(past[name])} if past is not None else set()
        if not said:
            return before or None
        if len(said) == 1:
            if past is None:
                return None
            # A clear goes over where the agreement says so; elsewhere the other side's value comes back, or stays.
            return {_cut(_normal(said[0]))} if said[0] is not None or name == "phone" else None
        return {_cut(_normal(value)) for value in said} | before if None not in said else None

    # -- consent and stages ----------------------------------------------------------------------------------------

    def _consent(self, groups: dict[str, dict[str, list[Row]]], held: list[Held], before: Before) -> None:
        persons = {record.place: record.person for record in held}
        for lead, records in groups.items():
            if any((side, row.ref) in before.opted_out for side, rows in records.items() for row in rows):
                self.consents.add(lead)
        for side, loser, winner in self.world.consents:
            self.consents |= {person for ref in (loser, winner) if (person := persons.get((side, ref))) is not None}
        uphold(must.consent_only_grows(held, self.consents))

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
        uphold(must.stages_fall_with_a_reason([(lead, max([*seen, self.floor.get(lead, 0)]), rank, False)]))
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


def _same(name: str, left: Value, right: Value) -> bool:
    """Whether the CRM on the right says what the other one says, as well as it can."""
    if name == "industry":
        return left not in (*INDUSTRIES, None) or equivalent(name, _normal(left), _normal(right))
    if name == "title" and isinstance(left, str) and isinstance(right, str):
        left = left[:TITLE_LENGTH]
    return equivalent(name, left, right)


def _normal(value: Value) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # a number goes into a field of text as its digits
    return (value.strip().lower() or None) if isinstance(value, str) else value


def _cut(value: Value) -> Value:
    return value[:TITLE_LENGTH].strip() if isinstance(value, str) else value
