"""What a simulator looks like from outside: its address, its back door, and its switches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from leadbridge.adapter import Adapter, Ref, Value
from leadbridge.clock import Clock
from leadbridge.simulator.faults import FaultQueue
from leadbridge.simulator.requests import RequestLog

__all__ = ["Crm", "Simulator"]


class Crm(Protocol):
    """The back door: what people, workflows and imports do inside the CRM, without going through its API.

    Every method may be called from any thread, and raises :class:`~leadbridge.errors.Unsupported` for what the vendor
    does not know. Fields are the CRM's own, values those of :data:`leadbridge.adapter.Value`.
    """

    def seed(self, kind: str, rows: Sequence[Mapping[str, Value]]) -> list[Ref]:
        """Puts records into the CRM, all with the present time, and says where they stand."""
        ...

    def edit(self, ref: Ref, fields: Mapping[str, Value]) -> None:
        """Changes fields of a record, as a person would."""
        ...

    def assign(self, ref: Ref, owner: str) -> None:
        """Gives a record to an owner."""
        ...

    def convert(
        self, ref: Ref, *, owner: str | None = None, opportunity: str | None = None, amount: float | None = None
    ) -> Ref:
        """Turns a lead into a contact, with an opportunity of that name when one is given; returns the contact."""
        ...

    def win(self, ref: Ref, *, on: date | None = None, amount: float | None = None) -> None:
        """Closes the opportunity of this lead or contact as won, today when no day is given."""
        ...

    def delete(self, ref: Ref) -> None:
        """Puts a record into the bin."""
        ...

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        """Makes two records one; returns where it stands, which need not be where the winner stood."""
        ...

    def dump(self, kind: str) -> list[dict[str, Value]]:
        """The live records of a kind: their fields, and ``id``."""
        ...


class Simulator(Protocol):
    """A running simulator. Started through the entry-point group ``leadbridge.simulators``."""

    @property
    def name(self) -> str:
        """The adapter's name."""
        ...

    @property
    def base_url(self) -> str:
        """Where it answers."""
        ...

    @property
    def token(self) -> str:
        """What signs in here; it opens nothing else."""
        ...

    @property
    def crm(self) -> Crm:
        """The back door."""
        ...

    @property
    def faults(self) -> FaultQueue:
        """What will go wrong."""
        ...

    @property
    def log(self) -> RequestLog:
        """The requests so far."""
        ...

    @property
    def clock(self) -> Clock:
        """The CRM's time."""
        ...

    def connect(self) -> Adapter:
        """A new adapter, signed in to this simulator."""
        ...

    def stop(self) -> None:
        """Ends the server and its thread; stopping twice is fine."""
        ...
