"""The one memory that marketing and sales share about a lead: what the buyer read, was told, asked and answered.

Both functions talk with the same person. Each has to know which interactions there were and which information was
exchanged (essay "no longer enough", 2015), or the buyer hears everything twice and answers everything twice. The
memory is a fold of the facts, so it is the same for everybody; it holds ids and codes and nothing about the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from leadbridge.domain.facts import Interacted
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.show import html_table
from leadbridge.domain.trails import HandoffTrail

__all__ = ["KnownAnswer", "Memory", "Mention", "attempts_of", "memory_of"]


@dataclass(frozen=True, slots=True)
class Mention:
    """An asset, a message or a question that came up: how often, when first and last, with which functions."""

    id: str
    first_at: datetime
    last_at: datetime
    times: int
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """What the buyer answered last to an agreed question; ``earlier`` are other answers given before, oldest first."""

    question: str
    answer: str
    function: str
    at: datetime
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of one lead.

    Attributes:
        read: assets that the buyer read or saw, in order of first sight.
        told: messages that the buyer heard, by themselves or in an asset.
        asked: questions of the buyer.
        answers: the latest answer to each agreed question.
        last_touch: the last interaction that each function had.
        counts: interactions by nature and function.
    """

    lead: str
    read: tuple[Mention, ...] = ()
    told: tuple[Mention, ...] = ()
    asked: tuple[Mention, ...] = ()
    answers: Mapping[str, KnownAnswer] = field(default_factory=dict)
    last_touch: Mapping[str, Interacted] = field(default_factory=dict, repr=False)
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def knows(self, question: str) -> bool:
        """Whether the buyer has answered this question: do not ask it again."""
        return question in self.answers

    def count(self, nature: str | None = None, function: str | None = None) -> int:
        """Interactions of a nature, of a function, of both, or all."""
        return sum(
            count for (how, who), count in self.counts.items() if nature in (None, how) and function in (None, who)
        )

    def _repr_html_(self) -> str:
        rows = [(kind, each.id, each.times, each.last_at) for kind, found in self._kinds() for each in found]
        return html_table(f"What is remembered of lead {self.lead}", ("kind", "what", "times", "last"), rows)

    def _kinds(self) -> tuple[tuple[str, tuple[Mention, ...]], ...]:
        return ("read", self.read), ("told", self.told), ("asked", self.asked)


def memory_of(
    history: LeadHistory, *, messages_of: Mapping[str, str] | None = None, until: datetime | None = None
) -> Memory:
    """The memory that a history leaves.

    Args:
        history: of one lead.
        messages_of: asset id → the message that it carries, so that who read the asset was told the message.
        until: only what had happened by then; everything when not given.
    """
    facts = [touch.fact for touch in history.touches if until is None or touch.fact.occurred_at <= until]
    carried = messages_of or {}
    answers: dict[str, KnownAnswer] = {}
    for fact in facts:
        for question, answer in fact.answers:
            before = answers.get(question)
            earlier = (*before.earlier, before.answer) if before and before.answer != answer else ()
            if before is not None and before.answer == answer:
                earlier = before.earlier
            answers[question] = KnownAnswer(question, answer, fact.function, fact.occurred_at, earlier)
    return Memory(
        lead=history.lead,
        read=_mentions((fact, (fact.asset,)) for fact in facts),
        told=_mentions((fact, (fact.message, carried.get(fact.asset or ""))) for fact in facts),
        asked=_mentions((fact, fact.asked) for fact in facts),
        answers=answers,
        last_touch={fact.function: fact for fact in facts},
        counts=dict(Counter((fact.nature, fact.function) for fact in facts)),
    )


def attempts_of(history: LeadHistory, handoff: HandoffTrail) -> int | None:
    """How often the receiving function tried to reach the buyer since the lead was first assigned (else: offered).

    Outbound person-to-person interactions count; a note is none. ``None`` when no conversation with this lead is on
    record at all: then nobody counted, and 0 would be an accusation.
    """
    talks = [touch.fact for touch in history.touches if touch.fact.nature == "person_to_person"]
    if not talks:
        return None
    since = handoff.assignments[0].since if handoff.assignments else handoff.offered_at
    return sum(
        fact.function == handoff.to_function
        and fact.direction == "outbound"
        and fact.channel != "note"
        and (since is None or fact.occurred_at >= since)
        for fact in talks
    )


def _mentions(said: Iterable[tuple[Interacted, Iterable[str | None]]]) -> tuple[Mention, ...]:
    found: dict[str, Mention] = {}
    for fact, names in said:
        for name in dict.fromkeys(names):
            if not name:
                continue
            before = found.get(name)
            if before is None:
                found[name] = Mention(name, fact.occurred_at, fact.occurred_at, 1, (fact.function,))
            else:
                who = tuple(dict.fromkeys((*before.functions, fact.function)))
                found[name] = Mention(name, before.first_at, fact.occurred_at, before.times + 1, who)
    return tuple(found.values())
