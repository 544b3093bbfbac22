"""Starting and stopping the simulator, and connecting to it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from leadbridge.clock import Clock
from leadbridge.errors import ConfigError
from leadbridge.simulator import Control, FaultQueue, RequestLog, Server, build_app
from leadbridge_hubspot.adapter import HubSpot
from leadbridge_hubspot.paths import DEFAULT_VERSION
from leadbridge_hubspot.simulator.app import App
from leadbridge_hubspot.simulator.crm import BackDoor
from leadbridge_hubspot.simulator.portal import TOKEN, Portal
from leadbridge_hubspot.simulator.routes import routes
from leadbridge_hubspot.simulator.switches import Switches
from leadbridge_hubspot.simulator.webhooks import Webhooks

__all__ = ["HubSpotSimulator", "start"]

_UNLIMITED = (10_000, 1.0)


class HubSpotSimulator:
    """A HubSpot account on this computer, behind a real HTTP server.

    Attributes:
        crm: the back door.
        webhooks: what it tells, to whom, and when.
        app: the installed app: ``client_id``, ``client_secret``, ``refresh_tokens``.
        switches: what differs between accounts; may be changed at any time.
        faults, log, clock: what goes wrong, what was asked, what time it is.
        token: what signs in.
        ca_file: the authority to trust when it speaks TLS.
    """

    name = "hubspot"

    def __init__(
        self, clock: Clock, *, port: int = 0, tls: bool = False, seed: int = 0, provisioned: bool = True
    ) -> None:
        self.clock = clock
        self.token = TOKEN
        self.faults = FaultQueue(seed=seed)
        self.log = RequestLog()
        self.portal = Portal(clock, seed=seed, provisioned=provisioned)
        self.crm = BackDoor(self.portal)
        self.webhooks = Webhooks(self.portal)
        app = build_app(
            routes(self.portal),
            clock=clock,
            faults=self.faults,
            log=self.log,
            control=Control(crm=self.crm, reset=self._reset, more=self._commands()),
        )
        self._server = Server(app, port=port, tls=tls).start()
        self.base_url = self._server.base_url
        self.ca_file = self._server.ca_file

    @property
    def switches(self) -> Switches:
        """What differs between accounts."""
        return self.portal.switches

    @property
    def app(self) -> App:
        """The app that is installed."""
        return self.portal.app

    def connect(
        self,
        *,
        api_version: str = DEFAULT_VERSION,
        connection: str = "",
        settle: timedelta = timedelta(minutes=10),
        rate: tuple[int, float] = _UNLIMITED,
        search_rate: tuple[int, float] = _UNLIMITED,
    ) -> HubSpot:
        """A new adapter, signed in; it does not slow itself down unless it is told to."""
        return HubSpot(
            token=self.token,
            base_url=self.base_url,
            api_version=api_version,
            connection=connection,
            settle=settle,
            rate=rate,
            search_rate=search_rate,
            verify=ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else True,
            webhook_secret=self.app.client_secret,
            clock=self.clock,
        )

    def _reset(self) -> None:
        self.portal.reset()
        self.webhooks.clear()

    def _commands(self) -> dict[str, Callable[[Mapping[str, Any]], object]]:
        """What the control API can do here beside what every simulator can."""
        return {
            "subscribe": lambda body: self.webhooks.subscribe(
                body["url"], types=body.get("types", ()), at_once=bool(body.get("at_once"))
            ),
            "deliver": lambda _: self.webhooks.deliver(),
            "switch": self._switch,
        }

    def _switch(self, body: Mapping[str, Any]) -> None:
        """Sets switches by name; durations are seconds."""
        names = {each.name for each in fields(Switches)} - {"rules"}
        wrong = sorted(set(body) - names)
        if wrong:
            raise ConfigError(f"there is no switch {wrong[0]!r}: use {', '.join(sorted(names))}")
        for name, value in body.items():
            duration = isinstance(getattr(self.switches, name), timedelta)
            setattr(self.switches, name, timedelta(seconds=float(value)) if duration else value)

    def stop(self) -> None:
        """Ends the server; stopping twice is fine."""
        self._server.stop()
        self.webhooks.stop()


def start(
    clock: Clock, *, port: int = 0, tls: bool = False, seed: int = 0, provisioned: bool = True
) -> HubSpotSimulator:
    """Starts a simulator; the entry point ``hubspot`` of the group ``leadbridge.simulators``.

    Args:
        clock: the account's time; a manual one can be moved.
        port: where it listens; 0 takes any that is free.
        tls: speak https, with a certificate of its own.
        seed: makes what is random repeatable.
        provisioned: whether leadbridge's own properties exist from the start.
    """
    return HubSpotSimulator(clock, port=port, tls=tls, seed=seed, provisioned=provisioned)
