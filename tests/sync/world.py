"""A small world for simulations: two CRMs in memory, people who work in both of them, and everything that can go wrong.

Everything follows from one seed. What people typed is written down here, so that a judge (``tests.sync.judge``) can say
what must hold without asking the engine.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from leadbridge.adapter import Adapter, FieldInfo, Option, Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.errors import RateLimited, Unavailable
from leadbridge.memory import MemoryAdapter, MemoryCrm
from leadbridge.memory.crm import Row
from leadbridge.memory.schema import STAGES, Kinds, default_kinds
from leadbridge.retry import Retry
from leadbridge.sync import Engine, SyncResult
from leadbridge.testing.invariants import Sent
from tests.sync.conftest import AGREEMENT, START
from tests.sync.meddling import Meddled
from tests.sync.mortal import Killed, MortalStore

SIDES = ("left", "right")
TITLE_LENGTH = 24
INDUSTRIES = ("Software", "Steel", "Retail")
WITCHCRAFT = "Witchcraft"
"""An industry that the right CRM has no option for, until an administrator adds it."""
WORKING = ("new", "attempting", "connected")
DECIDED = ("accepted", "rejected", "recycled", "disqualified", "ineligible")
REASONS = ("wrong_industry", "no_response", "bad_contact_data")

_GUARDS = ("changes", "clears", "creates", "deletes", "opt_ins", "same", "first_match", "refused")
_AGREEMENT = Agreement.loads(
    AGREEMENT.partition("crosswalks:")[0].replace(
        "sync:\n  guards: {max_first_match: {count: 1000, share: 0}}\n",
        "sync:\n  guards: {" + ", ".join(f"max_{name}: {{count: 100000, share: 1}}" for name in _GUARDS) + "}\n",
    )
)


def _options(names: tuple[str, ...]) -> tuple[Option, ...]:
    return tuple(Option(name.lower(), name) for name in names)


def _kinds(side: str, *, forward_only: bool, unique: bool) -> Kinds:
    kinds = default_kinds(forward_only_stage=forward_only, unique_email=unique, converts=side == "right")
    # Nobody here has deals or meetings: streams in which nothing ever comes would only be walked in vain.
    del kinds["deal"], kinds["touch"]
    if side == "right":
        for kind in ("person", "contact"):
            info = kinds[kind]
            info["title"] = replace(info["title"], max_length=TITLE_LENGTH)
            info["industry"] = FieldInfo(
                "industry", "Industry", "option", options=_options(INDUSTRIES), restricted=True
            )
            info["region"] = FieldInfo("region", "Region", "number")
    return kinds


class World:
    """Two CRMs, their people, and an engine between them that may die at any moment.

    Attributes:
        typed: what people ever typed, by (side, ref) and field.
        said: what people typed last since the last quiet moment, by (side, ref) and field.
        made: the records that people made themselves.
        shown: the versions of each record that were handed to the engine.
        sent: the writes that left for a CRM, and whether they were stored as intended by then.
        landed: how many of them changed a record at once.
        edits: how many things people did.
        entangled: records that were merged since the last quiet moment; what stood in them is anybody's.
        addresses: addresses of people whose records were merged in one CRM only.
        consents: records in which somebody opted out before they were merged into another, with that other.
        trace: everything that passed between the engine and the CRMs, in order, as digests.
    """

    def __init__(self, seed: int, url: str = "sqlite://") -> None:
        self.rng = random.Random(seed)
        chance = self.rng.random
        self.clock = ManualClock(START)
        self.settle = timedelta(seconds=self.rng.choice([0, 0, 120]))
        self.grace = timedelta(seconds=self.rng.choice([0, 60]))
        self.deadly = self.rng.choice([0.0, 0.02, 0.1])
        self.restless = self.rng.choice([0.0, 0.2, 0.6])
        self.crms = {
            "left": MemoryCrm(
                "left", clock=self.clock, kinds=_kinds("left", forward_only=chance() < 0.5, unique=False)
            ),
            "right": MemoryCrm(
                "right",
                clock=self.clock,
                converts=True,
                kinds=_kinds("right", forward_only=False, unique=chance() < 0.5),
            ),
        }
        self.store = MortalStore(url)
        self.typed: dict[tuple[str, Ref], dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
        self.said: dict[tuple[str, Ref], dict[str, Value]] = defaultdict(dict)
        self.made: set[tuple[str, Ref]] = set()
        self.shown: dict[tuple[str, Ref], set[str]] = defaultdict(set)
        self.sent: list[Sent] = []
        self.landed = self.edits = 0
        self.entangled: set[tuple[str, Ref]] = set()
        self.addresses: set[str] = set()
        self.consents: list[tuple[str, Ref, Ref]] = []
        self.missing: list[tuple[str, str, dict[str, FieldInfo]]] = []
        self.trace: list[str] = []
        self.zombies: list[tuple[datetime, Callable[[], object]]] = []
        self.chaos = False
        self.people = 0
        self.lives = 0
        self.ended: set[str] = set()
        self.engine = self._start()

    # -- the engine ------------------------------------------------------------------------------------------------

    def adapter(self, side: str) -> Adapter:
        inner = MemoryAdapter(
            crm=self.crms[side], settle=self.settle, read_batch=3, write_batch=4, conditional_writes=False
        )
        return Meddled(self, side, inner)

    def _start(self) -> Engine:
        self.lives += 1
        self.store.deaths, self.store.dead = self._dies, False
        return Engine(
            _AGREEMENT,
            {side: self.adapter(side) for side in SIDES},
            self.store,
            writes=dict.fromkeys(SIDES, "on"),
            clock=self.clock,
            retry=Retry(attempts=2).without_waiting(),
            grace=self.grace,
        )

    def _dies(self) -> bool:
        return self.chaos and self.rng.random() < self.deadly

    def stormy_sync(self) -> None:
        """A sync in which connections fail, answers get lost, people go on working, and the process may end."""
        self.chaos = True
        for _ in range(self.rng.choice([0, 1, 1, 2, 4])):
            self._trouble()
        if self.rng.random() < 0.1:
            self._use_up_the_allowance()
        self._drift()
        try:
            self.engine.sync(rounds=self.rng.choice([1, 2, 4]))
        except Killed:
            self.ended.add(self.engine.worker.name)
            self.engine = self._start()
        except (Unavailable, RateLimited):
            pass
        finally:
            self.chaos = False

    def calm_sync(self) -> SyncResult:
        """Faults are over, nobody edits, and enough time has passed to see everything."""
        for crm in self.crms.values():
            crm.recover()
            crm.lag = timedelta(0)
        self._mend_the_schema()
        self.pass_time(self.settle + self.grace + timedelta(minutes=2))
        return self.engine.sync(rounds=8)

    @property
    def digest(self) -> str:
        """The whole history so far in a few characters."""
        return sha256("\n".join(self.trace).encode()).hexdigest()[:16]

    def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)
        self._land(self.clock.now() - self.grace * 0.5)

    def _land(self, sent_until: datetime) -> None:
        late = [work for at, work in self.zombies if at <= sent_until]
        self.zombies = [(at, work) for at, work in self.zombies if at > sent_until]
        for work in late:
            with suppress(Unavailable, RateLimited, Killed):
                work()

    def _trouble(self) -> None:
        operation = self.rng.choice(["changes", "fetch", "find", "apply", "apply", "apply", "describe"])
        when: Literal["before", "after"] = self.rng.choice(["before", "after"])
        sent = when == "after" or self.rng.random() < 0.7
        error = self.rng.choice(
            [Unavailable("lost", sent=sent), Unavailable("lost", sent=sent), Killed(), RateLimited("slow down")]
        )
        if isinstance(error, RateLimited):
            when = "before"
        self.crms[self.rng.choice(SIDES)].fail(
            error, operation=operation, when=when, times=self.rng.choice([1, 1, 3]), skip=self.rng.choice([0, 0, 1, 5])
        )

    def _use_up_the_allowance(self) -> None:
        """From some request on the CRM answers nothing until tomorrow."""
        error = RateLimited("the day's allowance is used up")
        self.crms[self.rng.choice(SIDES)].fail(error, times=1_000_000, skip=self.rng.randrange(25))

    def _drift(self) -> None:
        """An administrator takes a field away, gives it back, or adds an option."""
        if self.missing and self.rng.random() < 0.5:
            self._mend_the_schema()
        elif not self.missing and self.rng.random() < 0.08:
            side, name = self.rng.choice(SIDES), self.rng.choice(["country", "website"])
            kinds = self.crms[side].schema
            self.missing.append(
                (side, name, {kind: kinds[kind].pop(name) for kind in sorted(self.crms[side].lead_kinds)})
            )
        if self.rng.random() < 0.05:
            for kind in sorted(self.crms["right"].lead_kinds):
                fields = self.crms["right"].schema[kind]
                fields["industry"] = replace(fields["industry"], options=_options((*INDUSTRIES, WITCHCRAFT)))

    def _mend_the_schema(self) -> None:
        for side, name, fields in self.missing:
            for kind, info in fields.items():
                self.crms[side].schema[kind][name] = info
        self.missing.clear()

    def has(self, side: str, name: str) -> bool:
        """Whether a CRM has a field now."""
        return name in self.crms[side].schema["person"]

    def late_answers(self) -> bool:
        """Whether this write lands only after we have given up waiting for it (never later than half the grace)."""
        return self.chaos and self.grace > timedelta(0) and self.rng.random() < 0.15

    def meddle(self) -> None:
        """People do not wait for a sync to finish."""
        if self.chaos and self.rng.random() < self.restless:
            self.act()
        if self.chaos:
            self.pass_time(timedelta(seconds=self.rng.choice([0, 1, 5])))

    # -- what people do --------------------------------------------------------------------------------------------

    def live(self, side: str) -> list[Row]:
        crm = self.crms[side]
        return [row for kind in sorted(crm.lead_kinds) for row in crm.rows(kind) if row.state == "live"]

    def say(self, side: str, ref: Ref, fields: Mapping[str, Value]) -> None:
        self.crms[side].edit(ref, fields)
        self.edits += 1
        for name, value in fields.items():
            self.typed[side, ref][name].append(value)
            self.said[side, ref][name] = value

    def act(self) -> None:
        """Somebody does something in one of the CRMs."""
        # What was sent before they edit lands before they edit: a CRM without conditional writes cannot do better.
        self._land(self.clock.now())
        self.pass_time(timedelta(seconds=self.rng.choice([0, 1, 1, 20, 300])))
        side = self.rng.choice(SIDES)
        self.crms[side].lag = self.settle * self.rng.choice([0, 0, 0.9])
        rows = self.live(side)
        if not rows or self.rng.random() < 0.12:
            self._newcomer()
            return
        if self.rng.random() < 0.06:
            self._tidies_up(side, rows)
            return
        row = self.rng.choice(rows)
        action = self.rng.choice([*[self._edits] * 6, *[self._works] * 3, self._moves, self._consents, self._goes])
        action(side, row)

    def _newcomer(self) -> None:
        self.people += 1
        number = self.people
        fields: dict[str, Value] = {
            "email": f"p{number}@buyer.example",
            "first_name": f"First {number}",
            "last_name": f"Last {number}",
            "company": f"Company {number}",
            "stage": self.rng.choice([*STAGES, "marketing_qualified", "marketing_qualified"]),
            "source": self.rng.choice(["webinar", "unknown", None]),
        }
        if self.rng.random() < 0.3:
            fields["external_id"] = f"key-{number}"
        if self.rng.random() < 0.1 and "external_id" in fields:
            fields["email"] = None
        self.edits += 1
        sides = self.rng.choice([["left"], ["left"], ["right"], ["left", "right"]])
        for side in sides:
            own = {
                **{name: value for name, value in fields.items() if self.has(side, name)},
                "title": f"Title {number} {side}" if self.rng.random() < 0.5 else None,
            }
            if side != sides[0] and isinstance(own["email"], str):
                own["email"] = own["email"].upper()
            (ref,) = self.crms[side].seed("person", [own])
            self.made.add((side, ref))
            for name, value in own.items():
                self.typed[side, ref][name].append(value)
                self.said[side, ref][name] = value

    def _edits(self, side: str, row: Row) -> None:
        name = self.rng.choice(["title", "title", "phone", "first_name", "country", "company", "industry", "region"])
        number = self.rng.randrange(10_000)
        value: Value = {
            "phone": f"+44 20 {number:04d} 0000",
            "industry": self.rng.choice(INDUSTRIES) if side == "left" else self.rng.choice(INDUSTRIES).lower(),
            "region": number if side == "right" else self.rng.choice(["North", "South"]),
        }.get(name, f"{name} {number}")
        if name == "title" and side == "left" and self.rng.random() < 0.3:
            value = f"A title that is far too long for others {number}"
        if name == "industry" and side == "left" and self.rng.random() < 0.2:
            value = WITCHCRAFT
        if self.rng.random() < 0.2:
            value = None
        if not self.has(side, name):
            return
        if self.rng.random() < 0.1:
            name, value = "email", f"m{number}-{self.people}@buyer.example"
        self.say(side, row.ref, {name: value})

    def _works(self, side: str, row: Row) -> None:
        if self.rng.random() < 0.6:
            self.say(side, row.ref, {"status": self.rng.choice(WORKING)})
        elif side == "right":
            status = self.rng.choice(DECIDED)
            reason = self.rng.choice([None, *REASONS]) if status != "accepted" else None
            self.say(side, row.ref, {"status": status, "reason": reason})
        if self.rng.random() < 0.3:
            self.say(side, row.ref, {"owner": self.rng.choice(["u-dana", "u-kofi", "q-inbound"])})

    def _moves(self, side: str, row: Row) -> None:
        self.say(side, row.ref, {"stage": self.rng.choice([*STAGES, None])})

    def _consents(self, side: str, row: Row) -> None:
        if row.fields.get("opted_out") and self.rng.random() < 0.7:
            return
        self.say(side, row.ref, {"opted_out": not row.fields.get("opted_out")})

    def _goes(self, side: str, row: Row) -> None:
        self.edits += 1
        if side == "right" and row.ref.kind == "person" and not self.missing and self.rng.random() < 0.5:
            contact = self.crms[side].convert(row.ref)
            self.typed[side, contact] = self.typed[side, row.ref]
            self.said[side, contact] = self.said.pop((side, row.ref), {})
        elif self.rng.random() < 0.5:
            self.crms[side].delete(row.ref)

    def _tidies_up(self, side: str, rows: list[Row]) -> None:
        """Somebody changes many records in one moment, or makes two records one."""
        if self.rng.random() < 0.5:
            for row in self.rng.sample(rows, min(len(rows), 7)):
                self.say(side, row.ref, {"title": f"Imported {self.rng.randrange(10_000)}"})
            return
        winner, *others = self.rng.sample(rows, len(rows))
        loser = next((row for row in others if row.ref.kind == winner.ref.kind), None)
        if loser is None or self.missing:
            return
        self.edits += 1
        self.addresses |= {
            str(row.fields["email"]).strip().lower() for row in (winner, loser) if row.fields.get("email")
        }
        if loser.fields.get("opted_out") is True:
            self.consents.append((side, loser.ref, winner.ref))
        self.crms[side].merge(winner.ref, loser.ref)
        self.entangled |= {(side, winner.ref), (side, loser.ref)}
        # What the loser held may have been typed into the other CRM's record of the same lead.
        key = loser.fields.get("leadbridge_id")
        theirs = [
            (each, row.ref)
            for each in SIDES
            for row in self.live(each)
            if key and row.fields.get("leadbridge_id") == key
        ]
        for place in {(side, loser.ref), *theirs} - {(side, winner.ref)}:
            for name, values in self.typed[place].items():
                self.typed[side, winner.ref][name] += values
