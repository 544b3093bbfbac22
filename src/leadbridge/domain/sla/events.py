"""The events that start, keep, reset and cancel promises, each a word of the agreement."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

__all__ = ["EVENTS", "HANDOFF_EVENTS", "KEPT_ALONE", "Event", "Reach", "reach_of"]

EVENTS = {
    "captured": "the lead came into being",
    "offered": "the hand-off was offered",
    "informed": "nothing is missing of what the giving function promised to tell; enrichment counts when it comes",
    "routed": "the hand-off reached a queue",
    "assigned": "the hand-off reached a person",
    "touched": "the function that owes the duty had its first person-to-person interaction with the buyer",
    "connected": "buyer and that function spoke: an inbound person-to-person interaction, or the status connected",
    "decided": "the receiving function answered the hand-off",
    "won": "an opportunity of the lead was won",
    "asked": "the buyer asked something: each such interaction has its own clock",
    "answered": "the function that owes the duty turned to the buyer after the question",
    "raised": "feedback about the lead was raised for the function that owes the duty: each has its own clock",
    "acknowledged": "that feedback was read",
}
"""What starts and stops clocks, in words; besides these, ``stage:<id>`` is the entry into a lifecycle stage."""

HANDOFF_EVENTS = frozenset({"offered", "informed", "routed", "assigned", "decided"})
"""Events that belong to one hand-off: a target that starts with one has a clock for every hand-off."""

KEPT_ALONE = {"answered": "asked", "acknowledged": "raised"}
"""Events that only mean something for a target that starts with another one."""

_EVENT = (
    r"^(captured|offered|informed|routed|assigned|touched|connected|decided|won|asked|answered|raised|acknowledged"
    r"|stage:\w[\w.\-]*)$"
)

Event = Annotated[str, Field(pattern=_EVENT)]
"""One of the words in :data:`EVENTS`, or ``stage:<id>``."""

Reach = Literal["handoff", "question", "feedback", "passage"]
"""What a target has one clock for."""


def reach_of(starts: str) -> Reach:
    """What a target that starts with this event has one clock for."""
    if starts in HANDOFF_EVENTS:
        return "handoff"
    return "question" if starts == "asked" else "feedback" if starts == "raised" else "passage"
