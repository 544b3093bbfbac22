"""Is the buyer continuing a journey or starting a new one when the lead goes to sales?

The question is one of Dun & Bradstreet's five for the heads of marketing and sales. It is answered from what happened
between the last touch of the function that offered the lead and the first touch of the one that received it: how long
the silence was, how often the lead changed hands, what the buyer had to say twice, and whether the theme was kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from leadbridge.domain.facts import Interacted
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.slaclock import in_words
from leadbridge.domain.trails import HandoffTrail, Touch

__all__ = ["Continuity", "continuity", "touches_after"]

Journey = Literal["continued", "started anew", "not begun", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """How one function took over from the other.

    Attributes:
        before: when the offering function last touched the buyer before the other one did.
        after: when the receiving function first touched the buyer after the offer.
        gap: the time between; ``None`` when one of them never did, and ``why`` says who.
        owner_changes: how often the lead changed hands after it was first assigned, up to ``after``.
        repeated_questions: what the buyer had answered before and was asked again in the first touch.
        asked_again: what the buyer had asked before and had to ask again in the first touch.
        same_theme: whether the first touch spoke of a message or an asset that the buyer knew; ``None`` when it names
            none, or nothing had been named before.
        journey: the verdict: *continued*, *started anew* (something was asked twice, or the theme was another one),
            *not begun*, or *unclear*.
    """

    from_function: str
    to_function: str
    before: datetime | None = None
    after: datetime | None = None
    gap: timedelta | None = None
    why: str = ""
    owner_changes: int = 0
    repeated_questions: tuple[str, ...] = ()
    asked_again: tuple[str, ...] = ()
    same_theme: bool | None = None
    journey: Journey = "unclear"

    def __str__(self) -> str:
        parts = [f"journey {self.journey}" if self.gap is not None else f"journey {self.journey}: {self.why}"]
        if self.gap is not None:
            silence = f"{in_words(self.gap)} between the last touch of {self.from_function} "
            parts.append(f"{silence}and the first of {self.to_function}")
        if self.owner_changes:
            parts.append(f"changed hands {self.owner_changes} time{'s' if self.owner_changes > 1 else ''}")
        if self.repeated_questions:
            parts.append(f"asked the buyer again: {', '.join(self.repeated_questions)}")
        if self.asked_again:
            parts.append(f"the buyer had to ask again: {', '.join(self.asked_again)}")
        if self.same_theme is not None:
            parts.append("the theme was kept" if self.same_theme else "the theme was another one")
        return "; ".join(parts)


def continuity(
    history: LeadHistory, handoff: HandoffTrail | None = None, *, messages_of: Mapping[str, str] | None = None
) -> Continuity | None:
    """How the receiving function took over; ``None`` for a lead that was never offered.

    Args:
        history: of one lead.
        handoff: the offer in question; the latest when not given.
        messages_of: asset id → the message that it carries, so that the theme is recognised in either.
    """
    trail = handoff or history.handoff
    if trail is None or trail.offered_at is None:
        return None
    giver, taker, offered = trail.from_function, trail.to_function, trail.offered_at
    facts = [touch.fact for touch in history.touches]
    first = next((fact for fact in facts if fact.function == taker and fact.occurred_at >= offered), None)
    earlier = facts if first is None else facts[: facts.index(first)]
    last = next((fact for fact in reversed(earlier) if fact.function == giver), None)
    until = first.occurred_at if first is not None else None
    found = Continuity(
        from_function=giver,
        to_function=taker,
        before=last.occurred_at if last is not None else None,
        after=until,
        owner_changes=_changes(trail, until),
    )
    if first is None:
        return replace(found, why=f"{taker} has not touched the lead since the offer", journey="not begun")
    answered = {question for fact in earlier for question, _ in fact.answers}
    repeated = tuple(question for question, _ in first.answers if question in answered)
    asked = {question for fact in earlier for question in fact.asked}
    again = tuple(question for question in first.asked if question in asked)
    themes = {theme for fact in earlier for theme in _themes(fact, messages_of or {})}
    spoken = _themes(first, messages_of or {})
    same = bool(spoken & themes) if spoken and themes else None
    anew = bool(repeated or again) or same is False
    found = replace(found, repeated_questions=repeated, asked_again=again, same_theme=same)
    if last is None:
        return replace(found, why=f"{giver} never touched the lead before", journey="started anew")
    journey: Journey = "started anew" if anew else "continued" if same else "unclear"
    return replace(found, gap=first.occurred_at - last.occurred_at, journey=journey)


def touches_after(history: LeadHistory, handoff: HandoffTrail | None = None) -> tuple[Touch, ...]:
    """What happened with the buyer after the receiving function had answered: marketing keeps seeing its lead.

    Empty while the offer (the latest when not given) has no answer.
    """
    trail = handoff or history.handoff
    decided = trail.decided_at if trail is not None else None
    if decided is None:
        return ()
    return tuple(touch for touch in history.touches if touch.fact.occurred_at > decided)


def _changes(trail: HandoffTrail, until: datetime | None) -> int:
    owners = [each.owner for each in trail.assignments if until is None or each.since <= until]
    held = [owner for owner in owners if owner]
    return sum(now != then for then, now in pairwise(held))


def _themes(fact: Interacted, messages_of: Mapping[str, str]) -> frozenset[str]:
    carried = messages_of.get(fact.asset) if fact.asset else None
    named = {f"asset {fact.asset}" if fact.asset else "", f"message {fact.message}" if fact.message else ""}
    return frozenset(named | {f"message {carried}" if carried else ""}) - {""}
