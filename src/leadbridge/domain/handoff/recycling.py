"""Who is due again: recycled leads whose rest is over, that still rest, that are spent, and that go to and fro.

Nothing here refuses anything: a buyer who comes back unasked may be offered before the rest is over. The board says
so (``early``), because somebody should know why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, overload

from leadbridge.clock import iso
from leadbridge.domain.explain import moment
from leadbridge.domain.handoff.recycle import Recycling, due_at, is_ping_pong, may_return
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.reasons import Reason
from leadbridge.domain.show import html_table
from leadbridge.domain.sla.slaclock import in_words
from leadbridge.domain.trails import Answer, HandoffTrail

__all__ = ["RecycledLead", "RecyclingBoard", "recycling", "times_recycled"]

State = Literal["due", "resting", "returned", "offered", "spent"]

_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycledLead:
    """A lead that came back at least once, as it stands at an instant.

    Attributes:
        state: ``due`` (its rest is over), ``resting`` (not yet), ``returned`` (rejected or expired, without any rest),
            ``offered`` (waits for an answer again), ``spent`` (made as many passages as were agreed).
        handoff: the hand-off that it was last recycled in, or came back from.
        reason: why it came back last.
        since: when it came back.
        due_at: when its rest ends, or ended; ``None`` when it was not recycled but refused or left to expire.
        passage: which trip through the funnel it is on.
        recycled: how often it was recycled, by reason; a recycling without a reason counts under an empty code.
        returns: how often it was offered and came back: recycled, rejected or expired.
        ping_pong: whether it goes to and fro so often that somebody should look.
        early: it was offered again before its last rest was over.
    """

    lead: str
    state: State
    handoff: str
    reason: str | None
    since: datetime
    due_at: datetime | None
    passage: int
    recycled: Mapping[str, int] = field(default_factory=dict)
    returns: int = 0
    ping_pong: bool = False
    early: bool = False

    @property
    def times(self) -> int:
        """How often it was recycled, for whatever reason."""
        return sum(self.recycled.values())

    def to_dict(self) -> dict[str, Any]:
        """The lead as JSON values; instants as ISO text in UTC."""
        return {
            "lead": self.lead,
            "state": self.state,
            "handoff": self.handoff,
            "reason": self.reason,
            "since": iso(self.since),
            "due_at": iso(self.due_at) if self.due_at is not None else None,
            "passage": self.passage,
            "recycled": dict(self.recycled),
            "returns": self.returns,
            "ping_pong": self.ping_pong,
            "early": self.early,
        }


class RecyclingBoard(Sequence[RecycledLead]):
    """Every lead that came back, at one instant: those due first, the longest waiting before the others."""

    def __init__(self, leads: Iterable[RecycledLead], at: datetime) -> None:
        order = {"due": 0, "resting": 1, "returned": 2, "offered": 3, "spent": 4}
        self._leads = tuple(sorted(leads, key=lambda one: (order[one.state], one.due_at or _FAR, one.lead)))
        self.at = at

    def __len__(self) -> int:
        return len(self._leads)

    @overload
    def __getitem__(self, index: int) -> RecycledLead: ...
    @overload
    def __getitem__(self, index: slice) -> RecyclingBoard: ...
    def __getitem__(self, index: int | slice) -> RecycledLead | RecyclingBoard:
        return RecyclingBoard(self._leads[index], self.at) if isinstance(index, slice) else self._leads[index]

    def __iter__(self) -> Iterator[RecycledLead]:
        return iter(self._leads)

    @property
    def due(self) -> tuple[RecycledLead, ...]:
        """Those whose rest is over, the longest waiting first."""
        return self.in_state("due")

    @property
    def resting(self) -> tuple[RecycledLead, ...]:
        """Those whose rest is not over, the next one first."""
        return self.in_state("resting")

    @property
    def spent(self) -> tuple[RecycledLead, ...]:
        """Those that made as many passages as are agreed on, and are not offered again."""
        return self.in_state("spent")

    @property
    def ping_pong(self) -> tuple[RecycledLead, ...]:
        """Those that go to and fro between the functions, whatever their state: talk about them."""
        return tuple(one for one in self if one.ping_pong)

    @property
    def early(self) -> tuple[RecycledLead, ...]:
        """Those that were offered again before their rest was over."""
        return tuple(one for one in self if one.early)

    def in_state(self, state: State) -> tuple[RecycledLead, ...]:
        """Those in one state."""
        return tuple(one for one in self if one.state == state)

    def by_reason(self) -> dict[str, int]:
        """How often leads on this board were recycled, by reason, the most frequent first."""
        total: Counter[str] = Counter()
        for one in self:
            total.update(one.recycled)
        return dict(total.most_common())

    def to_dict(self) -> dict[str, Any]:
        """The board as JSON values."""
        return {
            "at": iso(self.at),
            "due": [one.to_dict() for one in self.due],
            "resting": [one.to_dict() for one in self.resting],
            "spent": [one.to_dict() for one in self.spent],
            "returned": [one.to_dict() for one in self.in_state("returned")],
            "offered": [one.to_dict() for one in self.in_state("offered")],
            "ping_pong": [one.lead for one in self.ping_pong],
            "early": [one.lead for one in self.early],
            "by_reason": self.by_reason(),
        }

    def __str__(self) -> str:
        lines = [self._head()]
        lines += [f"  due: {_line(one, self.at)}" for one in self.due]
        lines += [f"  to and fro: {_line(one, self.at)}" for one in self.ping_pong]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<RecyclingBoard: {self._head()}>"

    def _repr_html_(self) -> str:
        head = ("lead", "state", "reason", "since", "due", "passage", "recycled", "")
        rows = [
            (
                one.lead,
                one.state,
                one.reason or "",
                moment(one.since),
                moment(one.due_at) if one.due_at else "",
                one.passage,
                one.times,
                "to and fro" if one.ping_pong else "early" if one.early else "",
            )
            for one in self._leads[:100]
        ]
        more = f", the first 100 of {len(self)}" if len(self) > 100 else ""
        return html_table(f"Recycled leads: {self._head()}{more}", head, rows)

    def _head(self) -> str:
        return (
            f"{len(self.due)} due again, {len(self.resting)} resting, {len(self.spent)} spent, "
            f"{len(self.ping_pong)} to and fro"
        )


def recycling(
    histories: Iterable[LeadHistory],
    terms: Recycling,
    at: datetime,
    *,
    reasons: Mapping[str, Reason] | None = None,
) -> RecyclingBoard:
    """Every lead that came back at least once and is not accepted, disqualified or ineligible by now.

    Args:
        histories: of any number of leads.
        terms: how often a lead may come back, and how long it rests when its reason does not say.
        at: the instant; what happened later does not count.
        reasons: for the rest of a recycled lead whose decision named no day.
    """
    found = (_standing(history, terms, at, reasons or {}) for history in histories)
    return RecyclingBoard((one for one in found if one is not None), at)


def times_recycled(history: LeadHistory, at: datetime | None = None) -> dict[str, int]:
    """How often a lead was recycled, by reason; a recycling without a reason counts under an empty code."""
    limit = at if at is not None else _FAR
    answers = (_answer(trail, limit) for trail in history.handoffs)
    return dict(Counter(one.reason or "" for one in answers if one is not None and one.decision == "recycle"))


def _standing(
    history: LeadHistory, terms: Recycling, at: datetime, reasons: Mapping[str, Reason]
) -> RecycledLead | None:
    trails = sorted((one for one in history.handoffs if _begun(one) <= at), key=_begun)
    back = [(trail, when) for trail in trails if (when := _came_back(trail, at)) is not None]
    if not back:
        return None
    last, (trail, since) = trails[-1], back[-1]
    closing = _answer(last, at)
    if closing is not None and closing.decision in ("accept", "disqualify", "ineligible"):
        return None
    answer = _answer(trail, at)
    rest = _rest(answer, terms, reasons)
    trips = (trip.number for trip in history.passages if trip.entries[0].entered_at <= at)
    passage = max([1, *trips, *(each.passage for each in trails)])
    state: State = "returned"
    if last is not trail:
        state = "offered"
    elif not may_return(passage, max_passages=terms.max_passages):
        state = "spent"
    elif rest is not None:
        state = "due" if rest <= at else "resting"
    return RecycledLead(
        lead=history.lead,
        state=state,
        handoff=trail.id,
        reason=answer.reason if answer is not None else None,
        since=since,
        due_at=rest,
        passage=passage,
        recycled=times_recycled(history, at),
        returns=len(back),
        ping_pong=is_ping_pong(max(passage, len(back)), limit=terms.ping_pong),
        early=state == "offered" and rest is not None and _begun(last) < rest,
    )


def _begun(trail: HandoffTrail) -> datetime:
    """When a hand-off began: when it was offered, or the first that is known of it."""
    answered = trail.answers[0].given_at if trail.answers else None
    held = trail.assignments[0].since if trail.assignments else None
    return trail.offered_at or min(
        (one for one in (trail.routed_at, held, answered, trail.expired_at) if one), default=_FAR
    )


def _answer(trail: HandoffTrail, at: datetime) -> Answer | None:
    """The answer that held at an instant."""
    return next((answer for answer in reversed(trail.answers) if answer.given_at <= at), None)


def _came_back(trail: HandoffTrail, at: datetime) -> datetime | None:
    """When a hand-off came back to whoever offered it; ``None`` when it did not."""
    answer = _answer(trail, at)
    if answer is not None:
        return answer.given_at if answer.decision in ("recycle", "reject") else None
    return trail.expired_at if trail.expired_at is not None and trail.expired_at <= at else None


def _rest(answer: Answer | None, terms: Recycling, reasons: Mapping[str, Reason]) -> datetime | None:
    if answer is None or answer.decision != "recycle":
        return None
    return answer.due_at or due_at(reasons.get(answer.reason or ""), answer.given_at, terms.default_cool_off)


def _line(one: RecycledLead, at: datetime) -> str:
    waits = f", since {in_words(at - one.due_at)}" if one.state == "due" and one.due_at is not None else ""
    return f"{one.lead}{waits}, passage {one.passage}, {one.reason or 'no reason given'}"
