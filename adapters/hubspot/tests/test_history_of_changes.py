"""Random histories of an account, read while they happen: in the end the reader knows everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Record, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

FIELDS = ("firstname", "email")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.integers(1, 30)),
        st.tuples(st.sampled_from(("edit", "delete", "restore", "merge")), st.integers(0, 200)),
        st.tuples(st.just("edit all"), st.just(0)),
        st.tuples(st.just("read"), st.integers(1, 40)),
        st.tuples(st.just("wait"), st.integers(0, 400)),
        st.tuples(st.just("lag"), st.integers(0, 280)),
    ),
    min_size=5,
    max_size=40,
)


class Reader:
    """Reads a stream page by page, each page with what is left of a process that was killed: the cursor."""

    def __init__(self, hubspot: HubSpot) -> None:
        self.hubspot = hubspot
        self.cursor: str | None = None
        self.known: dict[Ref, Record] = {}

    def page(self, limit: int) -> bool:
        page = self.hubspot.changes("contact", self.cursor, fields=FIELDS, limit=limit)
        assert len(page.items) <= limit
        self.cursor = page.cursor
        self.known.update((item.ref, item) for item in page.items if isinstance(item, Record))
        return page.more

    def drain(self) -> None:
        for _ in range(500):
            if not self.page(50):
                return
        raise AssertionError("the stream does not end")


class People:
    """What happens in the account."""

    def __init__(self, simulator: HubSpotSimulator, clock: ManualClock) -> None:
        self.simulator = simulator
        self.clock = clock
        self.live: list[Ref] = []
        self.deleted: list[Ref] = []
        self.merged: dict[Ref, Ref] = {}
        self.count = 0

    def create(self, number: int) -> None:
        rows: list[dict[str, Value]] = [{"firstname": "new"} for _ in range(number)]
        self.live += self.simulator.crm.seed("contact", rows)

    def edit(self, number: int) -> None:
        if self.live:
            self.count += 1
            self.simulator.crm.edit(self.live[number % len(self.live)], {"firstname": f"edit {self.count}"})

    def edit_all(self, _: int) -> None:
        self.count += 1
        for ref in self.live:
            self.simulator.crm.edit(ref, {"firstname": f"edit {self.count}"})

    def delete(self, number: int) -> None:
        if self.live:
            ref = self.live.pop(number % len(self.live))
            self.simulator.crm.delete(ref)
            self.deleted.append(ref)

    def restore(self, number: int) -> None:
        if self.deleted:
            ref = self.deleted.pop(number % len(self.deleted))
            self.simulator.crm.restore(ref)
            self.live.append(ref)

    def merge(self, number: int) -> None:
        if len(self.live) > 1:
            loser = self.live.pop(number % len(self.live))
            winner = self.live.pop(number % len(self.live))
            survivor = self.simulator.crm.merge(winner, loser)
            self.live.append(survivor)
            self.merged.update((ref, survivor) for ref in (winner, loser) if ref != survivor)

    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def lag(self, seconds: int) -> None:
        self.simulator.switches.lag = timedelta(seconds=seconds)


@pytest.fixture
def reading(simulator: HubSpotSimulator) -> Iterator[HubSpot]:
    hubspot = simulator.connect(settle=timedelta(minutes=5))
    yield hubspot
    hubspot.close()


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history=steps, keeps=st.booleans())
def test_whatever_happens_while_pages_are_read_nothing_is_lost(
    simulator: HubSpotSimulator,
    reading: HubSpot,
    clock: ManualClock,
    history: list[tuple[str, int]],
    keeps: bool,
) -> None:
    simulator.portal.reset()
    simulator.switches.merge_keeps_primary_id = keeps
    simulator.switches.lag = timedelta(0)
    people, reader = People(simulator, clock), Reader(reading)
    for what, number in history:
        if what == "read":
            reader.page(number)
        else:
            getattr(people, what.replace(" ", "_"))(number)
    clock.advance(timedelta(minutes=5))
    reader.drain()
    reader.drain()
    live = {ref: record.fields["firstname"] for ref, record in reader.known.items() if record.state == "live"}
    rows = {Ref("contact", str(row["id"])): row["firstname"] for row in simulator.crm.dump("contact")}
    assert live == rows
    assert {ref for ref, record in reader.known.items() if record.state == "deleted"} >= set(people.deleted)
    for ref in people.merged:
        assert ref not in reader.known or reader.known[ref].state == "merged"
    before = reader.cursor
    known = dict(reader.known)
    reader.drain()
    assert reader.known == known
    assert reader.cursor == before
