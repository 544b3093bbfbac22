"""Facts about one lead for tests, by hours after a Monday morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from leadbridge.domain.facts import Fact, HandoffAssigned, HandoffDecided, HandoffOffered, Interacted

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

F = TypeVar("F", bound=Fact)


def fact(cls: type[F], hours: float = 0, **values: Any) -> F:
    """A fact about lead L1."""
    moment = START + timedelta(hours=hours)
    return cls(**{"lead": "L1", "occurred_at": moment, "recorded_at": moment, **values})


def read(hours: float, **values: Any) -> Interacted:
    """The buyer read something from marketing."""
    return fact(Interacted, hours, **{"interaction": f"read-{hours}", "nature": "content", **values})


def call(hours: float, **values: Any) -> Interacted:
    """Sales called the buyer."""
    usual = {"interaction": f"call-{hours}", "nature": "person_to_person", "function": "sales", "direction": "outbound"}
    return fact(Interacted, hours, **{**usual, **values})


def offered(hours: float, **values: Any) -> HandoffOffered:
    """Marketing offered the lead."""
    return fact(HandoffOffered, hours, **{"handoff": "h1", **values})


def assigned(hours: float, owner: str = "ann", **values: Any) -> HandoffAssigned:
    """Somebody got the offer."""
    return fact(HandoffAssigned, hours, **{"handoff": "h1", "owner": owner, **values})


def decided(hours: float, decision: str = "accept", **values: Any) -> HandoffDecided:
    """Sales answered."""
    return fact(HandoffDecided, hours, **{"handoff": "h1", "decision": decision, **values})
