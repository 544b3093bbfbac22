"""What the conformance suite needs: the adapter under test, and a back door into the CRM behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from leadbridge.adapter import Adapter, Fields, Ref
from leadbridge.clock import ManualClock
from leadbridge.simulator.faults import FaultQueue
from leadbridge.simulator.requests import RequestLog
from leadbridge.simulator.simulator import Crm

__all__ = ["Associating", "Bench", "Calling", "Webhook"]


class Bench(Protocol):
    """One CRM account with an adapter for it. A simulator gives all parts; a live account the first ones.

    A law whose part is missing is skipped and says so, and so is one about an ability that the adapter does not have;
    nothing else is ever skipped.
    """

    @property
    def crm(self) -> Crm:
        """The back door."""
        ...

    @property
    def faults(self) -> FaultQueue | None:
        """What goes wrong between adapter and CRM, or ``None``."""
        ...

    @property
    def log(self) -> RequestLog | None:
        """The requests that reached the CRM, or ``None``."""
        ...

    @property
    def clock(self) -> ManualClock | None:
        """The CRM's time, or ``None`` when it cannot be moved."""
        ...

    @property
    def kind(self) -> str:
        """The kind that the laws read and write; its records stand for people."""
        ...

    @property
    def text_field(self) -> str:
        """A writable text field of that kind that is free for any text of up to 100 characters."""
        ...

    def adapter(self) -> Adapter:
        """A new adapter, signed in to the account."""
        ...

    def row(self, i: int) -> Fields:
        """The fields of a valid new record, for seeding and for writing alike.

        Every number has an address of its own, in the field that the crosswalk maps to ``email``; none has
        ``text_field``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that a CRM sends to us, as it arrives."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@runtime_checkable
class Calling(Protocol):
    """A bench whose CRM also sends webhooks: a further method of a :class:`Bench`."""

    def webhook(self, refs: Sequence[Ref]) -> Webhook:
        """A genuine webhook about these records, sent now; a record may stand in it twice."""
        ...


@runtime_checkable
class Associating(Protocol):
    """A bench that can associate records: a further method of a :class:`Bench`."""

    def associated(self) -> tuple[Ref, str, Ref]:
        """A new record of another kind, its field that names a person, and that person, new too."""
        ...
