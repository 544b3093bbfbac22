"""A small world for simulations: two CRMs in memory, people who work in both of them, and everything that can go wrong.

Everything follows from one seed. What people typed is written down here, so that a judge (``tests.sync.judge``) can say
what must hold without asking the engine.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self
from uuid import UUID

from leadbridge.adapter import (
    Adapter,
    Description,
    FieldInfo,
    Missing,
    Option,
    Page,
    Receipt,
    Record,
    Ref,
    Value,
    Write,
)
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.errors import RateLimited, Unavailable
from leadbridge.memory import MemoryAdapter, MemoryCrm
from leadbridge.memory.crm import Row
from leadbridge.memory.schema import STAGES, Kinds, default_kinds
from leadbridge.retry import Retry
from leadbridge.store import Store, Transaction
from leadbridge.sync import Engine, SyncResult
from tests.sync.conftest import AGREEMENT, START

SIDES = ("left", "right")
TITLE_LENGTH = 24
INDUSTRIES = ("Software", "Steel", "Retail")
WORKING = ("new", "attempting", "connected")
DECIDED = ("accepted", "rejected", "recycled", "disqualified", "ineligible")
REASONS = ("wrong_industry", "no_response", "bad_contact_data")

_AGREEMENT = Agreement.loads(
    AGREEMENT.partition("crosswalks:")[0].replace(
        "sync:\n",
        "sync:\n  guards: {max_changes: {count: 100000, share: 1}, max_clears: {count: 100000, share: 1}}\n",
    )
)


class Killed(BaseException):
    """The process ended here."""


class Serial:
    """A pool that does its work at once: the order of requests follows from the seed alone."""

    def __init__(self, **_: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def submit(self, fn: Callable[..., Any], *args: object) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args))
        except BaseException as error:  # noqa: BLE001  # whatever it is, whoever asks for the result gets it
            future.set_exception(error)
        return future


def all_done(running: Iterable[Future[Any]], return_when: str) -> tuple[list[Future[Any]], list[Future[Any]]]:
    """What ``concurrent.futures.wait`` says of a serial pool, in the order of asking."""
    return list(running), []


class Keys:
    """Op markers that follow from the seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def __call__(self) -> UUID:
        return UUID(int=self._rng.getrandbits(128), version=4)


class MortalStore(Store):
    """A store whose process may end before or after any transaction."""

    deaths: Callable[[], bool] = staticmethod(lambda: False)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield tx
            if self.deaths():
                raise Killed
        if self.deaths():
            raise Killed


class Meddled:
    """An adapter in whose way others get: people edit between its requests, and writes may land after a time-out."""

    def __init__(self, world: World, side: str, inner: MemoryAdapter) -> None:
        self.world, self.side, self.inner = world, side, inner

    def describe(self) -> Description:
        return self.inner.describe()

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        # Short pages, so that every stream has borders.
        return self.inner.changes(kind, since, fields=fields, limit=min(limit, 3))

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        return self.inner.ids(kind, cursor, archived=archived, limit=limit)

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        self.world.meddle()
        return self.inner.find(kind, field, values, fields=fields)

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        self.world.meddle()
        return self.inner.fetch(refs, fields=fields)

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        if self.world.late_answers():
            self.world.zombies.append((self.world.clock.now(), lambda: self.inner.apply(writes)))
            return [Receipt(write.key, "unknown") for write in writes]
        return self.inner.apply(writes)

    def close(self) -> None:
        self.inner.close()


def _kinds(side: str, *, forward_only: bool, unique: bool) -> Kinds:
    kinds = default_kinds(forward_only_stage=forward_only, unique_email=unique, converts=side == "right")
    if side == "right":
        options = tuple(Option(name.lower(), name) for name in INDUSTRIES)
        for kind in ("person", "contact"):
            info = kinds[kind]
            info["title"] = replace(info["title"], max_length=TITLE_LENGTH)
            info["industry"] = FieldInfo("industry", "Industry", "option", options=options, restricted=True)
            info["region"] = FieldInfo("region", "Region", "number")
    return kinds


class World:
    """Two CRMs, their people, and an engine between them that may die at any moment.

    Attributes:
        typed: what people ever typed, by (side, ref) and field.
        said: what people typed last since the last quiet moment, by (side, ref) and field.
        made: the records that people made themselves.
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
        self.zombies: list[tuple[datetime, Callable[[], object]]] = []
        self.chaos = False
        self.people = 0
        self.lives = 0
        self.engine = self._start()

    # -- the engine ------------------------------------------------------------------------------------------------

    def adapter(self, side: str) -> Adapter:
        inner = MemoryAdapter(
            crm=self.crms[side], settle=self.settle, read_batch=3, write_batch=4, conditional_writes=False
        )
        return Meddled(self, side, inner)

    def _start(self) -> Engine:
        self.lives += 1
        self.store.deaths = self._dies
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
        try:
            self.engine.sync(rounds=self.rng.choice([1, 2, 4]))
        except Killed:
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
        self.pass_time(self.settle + self.grace + timedelta(minutes=2))
        return self.engine.sync(rounds=8)

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
        sides = self.rng.choice([["left"], ["left"], ["right"], ["left", "right"]])
        for side in sides:
            own = {**fields, "title": f"Title {number} {side}" if self.rng.random() < 0.5 else None}
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
            value = "Witchcraft"
        if self.rng.random() < 0.2:
            value = None
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
        if side == "right" and row.ref.kind == "person" and self.rng.random() < 0.5:
            contact = self.crms[side].convert(row.ref)
            self.typed[side, contact] = self.typed[side, row.ref]
            self.said[side, contact] = self.said.pop((side, row.ref), {})
        elif self.rng.random() < 0.5:
            self.crms[side].delete(row.ref)
