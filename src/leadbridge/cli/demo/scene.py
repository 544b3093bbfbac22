"""What a demo plays on: two simulated CRMs with one clock, and a bridge between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from leadbridge.adapter import Adapter, Ref
from leadbridge.agreement import Agreement
from leadbridge.bridge import Bridge
from leadbridge.clock import ManualClock
from leadbridge.registry import start_simulator
from leadbridge.simulator import Simulator
from leadbridge.sync import SyncResult

__all__ = ["HUBSPOT", "SALESFORCE", "Scene", "Stage"]

HUBSPOT, SALESFORCE = "hs", "sf"


class Stage(Protocol):
    """How a demo tells what it does; a person sees text and bars, a program nothing."""

    def heading(self, text: str) -> None: ...
    def say(self, *content: object) -> None: ...
    def progress(self, step: str, connection: str, amount: int) -> None: ...
    def begin(self, title: str, total: int | None) -> None: ...
    def end(self) -> None: ...


@dataclass
class Scene:
    """The simulators and the bridge. ``calls`` of the simulators are counted from the bridge's side."""

    clock: ManualClock
    hubspot: Simulator
    salesforce: Simulator
    bridge: Bridge
    store: str
    adapters: dict[str, Adapter] = field(default_factory=dict)

    @classmethod
    def open(cls, agreement: Agreement, start: datetime, *, seed: int, folder: Path) -> Self:
        """Starts both simulators, without any field of ours, and a bridge with a database in ``folder``."""
        clock = ManualClock(start)
        hubspot = start_simulator("hubspot")(clock, seed=seed, provisioned=False)
        salesforce = start_simulator("salesforce")(clock, seed=seed, provisioned=False)
        adapters = {HUBSPOT: hubspot.connect(), SALESFORCE: salesforce.connect()}
        store = f"sqlite:///{folder / 'leadbridge-demo.db'}"
        bridge = Bridge(agreement, adapters, store, writes="ask", clock=clock)
        return cls(clock, hubspot, salesforce, bridge, store, adapters)

    def pass_time(self, span: timedelta) -> None:
        """Lets time pass in both CRMs and for the bridge."""
        self.clock.advance(span)

    def sync(self, stage: Stage) -> SyncResult:
        """A person has agreed to the demo's writes; limits on size are the demo's own business."""
        result = self.bridge.sync(yes=True, progress=stage.progress)
        for error in result.failed.values():
            raise error
        return result

    def lead_record(self, lead: str) -> Ref | None:
        """The lead's record in Salesforce, if it has one."""
        for link in self.bridge.store.links([lead]):
            if link.connection == SALESFORCE and link.status == "live":
                return link.ref
        return None

    def close(self) -> None:
        """Ends everything that was started."""
        self.bridge.close()
        self.hubspot.stop()
        self.salesforce.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
