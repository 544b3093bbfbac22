"""A sync that is killed at any of its crash points and started again ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.retry import Retry
from leadbridge.sync import Engine
from leadbridge.testing import invariants as must
from leadbridge.testing.invariants import Held
from tests.sync.conftest import START, agreed, person
from tests.sync.crash_points import POINTS, UNREACHED, KillableCrm, KillableStore, Killer
from tests.sync.judge import uphold
from tests.sync.mortal import Killed, deterministic

FIELDS = ("email", "first_name", "last_name", "company", "title", "phone", "country", "stage", "opted_out")
SIDES = ("left", "right")


class Life:
    """One story on two CRMs, told again for each crash: the same people do the same, the process ends elsewhere."""

    def __init__(self, killer: Killer, url: str = "sqlite://") -> None:
        self.clock, self.killer = ManualClock(START), killer
        self.left = KillableCrm("left", clock=self.clock, forward_only_stage=True, write_batch=2)
        self.right = KillableCrm("right", clock=self.clock, converts=True, write_batch=2)
        self.store = KillableStore(url)
        self.store.killer = self.left.killer = self.right.killer = killer
        self.ended: set[str] = set()
        self.made: set[tuple[str, Ref]] = set()
        self.engine = self._start()

    def _start(self) -> Engine:
        return Engine(
            agreed(),
            {"left": self.left, "right": self.right},
            self.store,
            writes=dict.fromkeys(SIDES, "on"),
            clock=self.clock,
            retry=Retry(attempts=2).without_waiting(),
            grace=timedelta(0),
            workers=1,
        )

    def tell(self) -> None:
        """Newcomers on both sides; then edits, a recycled lead, a conversion, a refusal; syncs in between."""
        refs = self.left.crm.seed("person", [person(1, title="Engineer"), person(2)])
        known = self.right.crm.seed("person", [person(2, email="PERSON2@buyer2.example", title="CTO")])
        self.made = {("left", ref) for ref in refs} | {("right", ref) for ref in known}
        self.sync()
        self.clock.advance(timedelta(minutes=3))
        theirs = next(row.ref for row in self.right.crm.rows("person") if row.fields["email"] == person(1)["email"])
        self.right.crm.edit(theirs, {"status": "recycled", "reason": "no_response", "phone": "+44 20 7946 0000"})
        self.left.crm.edit(refs[1], {"country": "DE", "opted_out": True})
        contact = self.right.crm.convert(known[0])
        self.made.add(("right", contact))
        self.sync()
        self.clock.advance(timedelta(minutes=3))
        self.left.crm.edit(refs[0], {"first_name": "Grace"})
        self.right.crm.delete(contact)
        self.sync()

    def sync(self) -> None:
        """Syncs until nothing is left to do."""

        def quiet() -> None:
            assert self.engine.sync().quiet

        self.through(quiet)

    def through(self, work: Callable[[], object]) -> None:
        """Does something, and starts again each time the process has ended, until it goes through."""
        while True:
            self.clock.advance(timedelta(minutes=1))
            try:
                work()
            except Killed:
                self.ended.add(self.engine.worker.name)
                self.killer.ended = False
                self.engine = self._start()
            else:
                return

    def held(self) -> list[Held]:
        records = []
        for side, adapter in (("left", self.left), ("right", self.right)):
            for kind in sorted(adapter.crm.lead_kinds):
                for row in adapter.crm.rows(kind):
                    key = row.fields.get("leadbridge_id")
                    fields = {name: row.fields.get(name) for name in FIELDS}
                    by_people = (side, row.ref) in self.made
                    place = (side, row.ref)
                    records.append(Held(place, str(key) if key else None, row.state, fields, by_people))
        return records


def told(patch: pytest.MonkeyPatch, at: Sequence[int] = (), url: str = "sqlite://") -> Life:
    life = Life(Killer(frozenset(at)), url)
    try:
        deterministic(patch, 1, life.ended)
        life.tell()
        life.killer.over()
        again = life.engine.sync()
        uphold(must.still(again.writes, len(again.rounds)))
    finally:
        life.store.close()
    return life


def state(life: Life) -> list[tuple[str, ...]]:
    """What the CRMs hold, without keys and times."""
    return sorted((r.place[0], r.place[1].kind, r.state, repr(sorted(r.fields.items()))) for r in life.held())


@pytest.fixture(scope="module")
def undisturbed() -> Life:
    with pytest.MonkeyPatch.context() as patch:
        return told(patch)


def survives(patch: pytest.MonkeyPatch, undisturbed: Life, at: Sequence[int], url: str = "sqlite://") -> Life:
    life = told(patch, at, url)
    where = ", ".join(life.killer.places[number] for number in at)
    records = life.held()
    uphold(must.one_record_each(records))
    uphold(must.nobody_comes_back(records))
    uphold(must.same_after_a_crash(state(life), state(undisturbed), where))
    return life


def test_each_crash_point_is_a_place_of_ours_or_has_a_reason(undisturbed: Life) -> None:
    numbers = {f"C{number}" for number in range(1, 28)}
    assert POINTS.keys() | UNREACHED.keys() | {"C27"} == numbers
    assert not POINTS.keys() & UNREACHED.keys()
    assert set(POINTS.values()) <= set(undisturbed.killer.places)


PLACES = {place: [point for point, where in POINTS.items() if where == place] for place in POINTS.values()}


@pytest.mark.parametrize("place", PLACES, ids=["+".join(points) for points in PLACES.values()])
def test_a_sync_killed_at_a_crash_point_ends_as_if_nothing_had_happened(
    place: str, undisturbed: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [number for number, each in enumerate(undisturbed.killer.places) if each == place]
    # Early and late in the story: with the first records, and with conversions and moves back.
    for number in (places[0], places[len(places) // 2], places[-1])[:: 1 if len(PLACES[place]) > 1 else 2]:
        survives(monkeypatch, undisturbed, [number])


@pytest.mark.parametrize("second", [1, 3, 9])
def test_a_sync_killed_while_it_recovers_ends_as_if_nothing_had_happened(
    second: int, undisturbed: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = undisturbed.killer.places
    for first in (places.index("request apply after"), places.index("settle.settle open")):
        survives(monkeypatch, undisturbed, [first, first + second])


@pytest.fixture(scope="module")
def server(new_database: Callable[[], str]) -> str:
    return new_database().replace("postgresql://", "postgresql+psycopg://", 1)


def emptied(server: str) -> str:
    """The address of a server whose database is empty again."""
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    engine.dispose()
    return server


@pytest.mark.parametrize("place", ["record.record open", "deliver.run committed", "request apply after"])
def test_a_sync_on_postgresql_killed_at_a_crash_point_ends_as_if_nothing_had_happened(
    place: str, undisturbed: Life, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(monkeypatch, undisturbed, [undisturbed.killer.places.index(place)], emptied(server))


HITS = 50
"""So often a soak kills at each crash point, on each kind of database."""


def hits(places: Sequence[str], place: str) -> Iterator[tuple[int, ...]]:
    """Where to kill, so many times: at this place every time that it comes, alone and with a second kill behind it."""
    found = [number for number, each in enumerate(places) if each == place]
    for turn in range(HITS):
        first, again = found[turn % len(found)], turn // len(found)
        yield (first, first + 5 * again - 4) if again else (first,)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("place", PLACES, ids=["+".join(points) for points in PLACES.values()])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_sync_killed_fifty_times_at_each_crash_point_ends_as_if_nothing_had_happened(
    database: str, place: str, undisturbed: Life, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in hits(undisturbed.killer.places, place):
        url = "sqlite://" if database == "sqlite" else emptied(request.getfixturevalue("server"))
        survives(monkeypatch, undisturbed, at, url)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(8))
def test_a_sync_killed_anywhere_ends_as_if_nothing_had_happened(
    part: int, undisturbed: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(part, len(undisturbed.killer.places), 8):
        survives(monkeypatch, undisturbed, [number])
        survives(monkeypatch, undisturbed, [number, number + 1 + number % 11])
