"""A simulated HubSpot account for each test, and adapters on it: every API version, and the SDK as transport."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Page, Record, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator, start

START = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
WAYS = ("2026-09", "2026-03", "v3", "sdk")

Connect = Callable[..., HubSpot]
Drain = Callable[..., tuple[list[Any], str]]
People = Callable[..., list[dict[str, Value]]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def simulator(clock: ManualClock) -> Iterator[HubSpotSimulator]:
    running = start(clock)
    yield running
    running.stop()


@pytest.fixture
def http(simulator: HubSpotSimulator) -> Iterator[httpx.Client]:
    """A plain client that is signed in to the simulator."""
    headers = {"Authorization": f"Bearer {simulator.token}"}
    with httpx.Client(base_url=simulator.base_url, headers=headers) as client:
        yield client


@pytest.fixture
def sdk_client(simulator: HubSpotSimulator) -> Iterator[Any]:
    """A configured ``hubspot.HubSpot`` client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hubspot import HubSpot as SdkHubSpot

        client = SdkHubSpot(access_token=simulator.token, host=simulator.base_url)
        # One API client, so that its connections can be closed after the test.
        api = client.crm.contacts.basic_api
    yield client
    api.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def connect(simulator: HubSpotSimulator, request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes adapters; the first argument is one of ``WAYS``."""
    made: list[HubSpot] = []
    pools: list[Any] = []

    def make(way: str = "2026-09", *, settle: timedelta = timedelta(minutes=10)) -> HubSpot:
        if way == "sdk":
            client = request.getfixturevalue("sdk_client")
            adapter = HubSpot.from_sdk(
                client, api_version="v3", settle=settle, rate=(10_000, 1.0), search_rate=(10_000, 1.0)
            )
            transport: Any = adapter._http._transport
            pools.append(transport._pool)
        else:
            adapter = simulator.connect(api_version=way, settle=settle)
        made.append(adapter)
        return adapter

    yield make
    for adapter in made:
        adapter.close()
    for pool in pools:
        pool.clear()


@pytest.fixture
def drain() -> Drain:
    """Reads a stream to its end: the items, and the cursor to go on with."""

    def read(
        adapter: HubSpot,
        since: str | None = None,
        *,
        kind: str = "contact",
        fields: tuple[str, ...] = ("email", "firstname"),
        limit: int = 200,
        pages: int = 500,
        each: Callable[[Page], None] | None = None,
    ) -> tuple[list[Record | Ref], str]:
        items: list[Record | Ref] = []
        cursor = since
        for _ in range(pages):
            page = adapter.changes(kind, cursor, fields=fields, limit=limit)
            assert len(page.items) <= limit
            items += page.items
            cursor = page.cursor
            if each is not None:
                each(page)
            if not page.more:
                return items, cursor
        raise AssertionError("the stream does not end")

    return read


@pytest.fixture
def people() -> People:
    """Rows of invented people."""

    def rows(count: int, first: int = 0) -> list[dict[str, Value]]:
        return [
            {"email": f"person{number}@acme.example", "firstname": f"Person {number}", "company": "Acme"}
            for number in range(first, first + count)
        ]

    return rows
