"""``value_propositions``, ``messages`` and ``assets``: what both functions say and show, in the same words."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from leadbridge.domain.model import Frozen, Id

__all__ = ["Asset", "Message", "ValueProposition"]


class ValueProposition(Frozen):
    """What the buyer gains. ``roles`` are buying roles of the target market."""

    id: Id
    text: str = Field(min_length=1)
    roles: tuple[str, ...] = ()


class Message(Frozen):
    """One thing that both functions say in the same words, to buyers in these stages and these buying roles.

    Without stages it fits every stage; without roles those of its value proposition, or everybody.
    """

    id: Id
    text: str = Field(min_length=1)
    value_proposition: str | None = None
    buying_stages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Asset(Frozen):
    """A piece of content that buyers read or see: a white paper, a webinar, a presentation.

    ``made_by`` is the function that made it: material that salespeople make for themselves is counted apart.
    It is available from the first day of ``available_from`` to the last of ``available_until``.
    """

    id: Id
    type: Id
    title: str = ""
    owner: Id | None = None
    made_by: Id = "marketing"
    message: str | None = None
    buying_stages: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    available_from: date | None = None
    available_until: date | None = None
