"""From what happens in HubSpot to a hint, over the wire: signed, doubled, shuffled, sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.adapter import Missing, Ref
from leadbridge.clock import ManualClock
from leadbridge.registry import start_simulator
from leadbridge.simulator import Server
from leadbridge.store import Store
from leadbridge.webhooks import WebhookApp


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def hubspot(clock: ManualClock) -> Iterator[Any]:
    simulator = start_simulator("hubspot")(clock)
    yield simulator
    simulator.stop()


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store("sqlite://")
    yield opened
    opened.close()


class Listening:
    """The application behind a server; its address is known only when the server runs."""

    def __init__(self, hubspot: Any, store: Store, clock: ManualClock) -> None:
        self.adapter = hubspot.connect()
        self.app: WebhookApp | None = None
        self.server = Server(self._pass_on, port=0).start()
        self.app = WebhookApp({"hs": self.adapter}, store, address=self.server.base_url, clock=clock)
        hubspot.webhooks.subscribe(f"{self.server.base_url}/hs?from=%40hubspot")

    async def _pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        app = self.app
        if scope["type"] == "http" and app is not None:
            await app(scope, receive, send)

    def stop(self) -> None:
        self.server.stop()
        self.adapter.close()


@pytest.fixture
def listening(hubspot: Any, store: Store, clock: ManualClock) -> Iterator[Listening]:
    running = Listening(hubspot, store, clock)
    yield running
    running.stop()


def forget(store: Store) -> None:
    """What a pull does when it has asked about everybody."""
    hints = store.hints("hs")
    with store.transaction() as tx:
        tx.forget_hints("hs", hints)


def test_what_happens_in_the_account_arrives_as_hints(hubspot: Any, store: Store, listening: Listening) -> None:
    hubspot.webhooks.duplicates, hubspot.webhooks.shuffled = 0.5, True
    refs = hubspot.crm.seed("contact", [{"firstname": f"P{n}"} for n in range(150)])
    (company,) = hubspot.crm.seed("company", [{"name": "Acme"}])
    hubspot.crm.associate(refs[0], company)
    hubspot.webhooks.deliver()
    assert set(store.hints("hs")) == {*refs, company}


def test_a_merge_names_everybody_in_it(hubspot: Any, store: Store, listening: Listening) -> None:
    refs = hubspot.crm.seed("contact", [{"firstname": "A"}, {"firstname": "B"}])
    hubspot.webhooks.deliver()
    forget(store)
    survivor = hubspot.crm.merge(*refs)
    hubspot.webhooks.deliver()
    assert set(store.hints("hs")) >= {*refs, survivor}


def test_a_person_who_was_erased_is_hinted_at_and_gone(hubspot: Any, store: Store, listening: Listening) -> None:
    (ref,) = hubspot.crm.seed("contact", [{"firstname": "A"}])
    hubspot.webhooks.deliver()
    forget(store)
    listening.adapter.erase([ref])
    hubspot.webhooks.deliver()
    assert set(store.hints("hs")) == {ref}
    assert listening.adapter.fetch([ref], fields=()) == [Missing(ref)]


def test_what_nobody_took_comes_again(hubspot: Any, store: Store, listening: Listening, clock: ManualClock) -> None:
    app, listening.app = listening.app, WebhookApp({}, store, address=listening.server.base_url)
    (ref,) = hubspot.crm.seed("contact", [{"firstname": "A"}])
    hubspot.webhooks.deliver()
    assert store.hints("hs") == {}
    listening.app = app
    clock.advance(timedelta(hours=3))
    hubspot.webhooks.deliver()
    assert store.hints("hs") == {Ref("contact", ref.id): clock.now()}
