"""The chance in an invented funnel: everything that is drawn, for all leads at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadbridge.clock import to_us
from leadbridge.domain.calendar.slots import load_numpy
from leadbridge.testing.funnel_agreement import funnel_agreement

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from leadbridge.testing.funnel import Funnel

    Column = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

__all__ = ["EXPIRES_US", "HOUR_US", "STAGES", "Draws", "Trip"]

HOUR_US = 3_600_000_000
EXPIRES_US = 10 * 24 * HOUR_US
"""An offer that nobody follows up expires after ten days."""

STAGES = ("education", "solution", "selection")
_SOURCES = ("web", "fair", "partner")
_MAXIMUM = 200  # passages; nobody comes back so often


@dataclass(frozen=True, slots=True)
class Trip:
    """One offer of each of some leads: columns with a row for each, instants in microseconds since 1970."""

    lead: list[int]
    passage: int
    offered: list[int]
    routed: list[int]
    assigned: list[int]
    touched: list[int]
    decided: list[int]
    ignored: list[bool]
    answer: list[str]
    reason: list[str | None]
    attempts: list[int]
    counted: list[int]
    present: list[int]
    transferred: list[bool]
    steps: list[int]
    won: list[bool]
    later: list[list[int]]


@dataclass(frozen=True, slots=True)
class Draws:
    """What is drawn for each lead, and for each of its offers in ``trips``."""

    names: list[str]
    sources: list[str | None]
    functions: list[str]
    captured: list[int]
    engaged: list[int | None]
    qualified: list[bool]
    in_target: Flags
    ready: Flags
    trips: list[Trip]
    buying: list[list[dict[str, Any]]]
    feedback: list[list[int]]
    requests: list[tuple[int, int | None] | None]
    shown: list[tuple[str, str | None]]
    now: int

    @classmethod
    def of(cls, funnel: Funnel) -> Draws:
        """Draws everything, in one order, from the seed."""
        np = load_numpy()
        random = np.random.default_rng(funnel.seed)
        n, delays = funnel.leads, funnel.delays
        begins = to_us(funnel.starts)
        captured = begins + np.sort(random.integers(0, funnel.days * 24 * HOUR_US, n))
        reads = random.random(n) < funnel.readers
        engaged = ~reads & (random.random(n) < funnel.engaged)
        qualified = engaged & (random.random(n) < funnel.qualified)
        engaged_at = captured + _wait(random, delays.engage, n)
        in_target, ready = random.random(n) < funnel.in_target, random.random(n) < funnel.ready
        drawn = random.random(n)
        picked = random.choice(_SOURCES, n).tolist()
        sources: list[str | None] = [
            None if luck < funnel.blank else "unknown" if luck < funnel.blank + funnel.unknown else source
            for luck, source in zip(drawn.tolist(), picked, strict=True)
        ]
        offered = engaged_at + _wait(random, delays.qualify, n)
        who = np.flatnonzero(qualified)
        trips = list(_trips(funnel, random, who, offered[who], in_target, ready))
        return cls(
            names=[f"{funnel.name}-{number}" for number in range(n)],
            sources=sources,
            functions=np.where(random.random(n) < _BY_MARKETING, "marketing", "sales").tolist(),
            captured=captured.tolist(),
            engaged=[at if is_engaged else None for at, is_engaged in zip(engaged_at.tolist(), engaged, strict=True)],
            qualified=qualified.tolist(),
            in_target=in_target,
            ready=ready,
            trips=trips,
            buying=_buying(funnel, random, reads, captured),
            feedback=_feedback(funnel, random, captured),
            requests=_requests(funnel, random, captured),
            shown=_shown(funnel, random),
            now=to_us(funnel.now),
        )

    def said(self) -> Iterator[dict[str, Any]]:
        """The rows of the table ``said``."""
        for name, shown, at in zip(self.names, self.shown, self.captured, strict=True):
            for system, stage in zip(("hs", "sf"), shown, strict=True):
                row = {"lead_id": name, "connection": system, "record": f"{system}-{name}", "axis": "stage"}
                raw = stage if stage is not None else "an unknown word"
                yield {**row, "value": stage, "raw": raw, "since_us": at, "precision": "instant"}


_BY_MARKETING = 0.7


def _wait(random: np.random.Generator, hours: float, n: int) -> Column:
    waits: Column = random.exponential(hours * HOUR_US, n).astype("int64")
    return waits


def _trips(
    funnel: Funnel, random: np.random.Generator, who: Column, offered: Column, in_target: Flags, ready: Flags
) -> Iterator[Trip]:
    """The offers of a round, and of those that come back the next one, until nobody does."""
    np = load_numpy()
    office = funnel_agreement().calendars["office"]
    delays = funnel.delays
    for passage in range(1, _MAXIMUM):
        n = len(who)
        if not n:
            return
        routed = offered + _wait(random, delays.route, n)
        assigned = routed + _wait(random, delays.assign, n)
        touched = assigned + _wait(random, delays.touch, n)
        decided = office.due_many(touched, _wait(random, delays.decide, n))
        ignored = random.random(n) < funnel.ignored
        answer, reason = _answers(funnel, random, in_target[who], ready[who])
        late, counted = np.array(answer), np.where(random.random(n) < funnel.enough, 4, 1)
        back = (late == "recycle") & ~ignored & (random.random(n) < funnel.back)
        again = decided + random.integers(5 * 24 * HOUR_US, 15 * 24 * HOUR_US, n)
        chances = (funnel.sales_qualified, funnel.opportunity)
        goes = np.cumprod([random.random(n) < chance for chance in chances], axis=0).sum(axis=0)
        waits = [_wait(random, hours, n) for hours in (delays.go_on, delays.go_on, delays.close)]
        later = decided + np.cumsum(waits, axis=0)
        yield Trip(
            lead=who.tolist(),
            passage=passage,
            offered=offered.tolist(),
            routed=routed.tolist(),
            assigned=assigned.tolist(),
            touched=touched.tolist(),
            decided=decided.tolist(),
            ignored=ignored.tolist(),
            answer=answer,
            reason=reason,
            attempts=(1 + random.binomial(4, funnel.more_attempts, n)).tolist(),
            counted=counted.tolist(),
            present=random.binomial(5, funnel.complete, n).tolist(),
            transferred=(random.random(n) < funnel.transferred).tolist(),
            steps=goes.tolist(),
            won=(random.random(n) < funnel.won).tolist(),
            later=later.T.tolist(),
        )
        who, offered = who[back], again[back]


def _answers(
    funnel: Funnel, random: np.random.Generator, in_target: Flags, ready: Flags
) -> tuple[list[str], list[str | None]]:
    np = load_numpy()
    n = len(in_target)
    recycled = random.random(n) < funnel.recycled
    unwanted = random.random(n) < np.where(in_target, funnel.refused_in_target, funnel.refused_out_of_target)
    accepted = random.random(n) < np.where(ready, funnel.accepted_ready, funnel.accepted_unready)
    rejected = random.random(n) < funnel.rejected
    silent = random.random(n) < funnel.no_reason
    no_response = random.random(n) < funnel.no_response
    answers = np.select(
        [recycled, unwanted, accepted, rejected], ["recycle", "reject", "accept", "reject"], "disqualify"
    )
    words = np.select(
        [recycled & no_response, recycled, unwanted, rejected],
        ["no_response", "no_budget", "wrong_industry", "duplicate"],
        "spam",
    )
    nameless = (answers == "accept") | (silent & ~(unwanted & ~recycled))
    return answers.tolist(), [None if none else word for word, none in zip(words.tolist(), nameless, strict=True)]


def _buying(funnel: Funnel, random: np.random.Generator, reads: Flags, captured: Column) -> list[list[dict[str, Any]]]:
    """The buying stages of each reader: when entered, whether there was content (with an asset) and talk."""
    n, steps = funnel.leads, len(STAGES)
    luck = random.random((n, steps, 4))
    waits = random.exponential(5 * 24 * HOUR_US, (n, steps)) + 2 * HOUR_US
    soon = random.random((n, steps, 2)) * HOUR_US
    found: list[list[dict[str, Any]]] = []
    for lead in range(n):
        mine: list[dict[str, Any]] = []
        at = int(captured[lead])
        for step in range(steps if reads[lead] else 0):
            read, talked = luck[lead, step, 0] < funnel.read, luck[lead, step, 1] < funnel.talked
            asset = bool(read and luck[lead, step, 2] < funnel.with_asset)
            seen = {"read": at + int(soon[lead, step, 0]) if read else None}
            seen["talked"] = at + int(soon[lead, step, 1]) if talked else None
            mine.append({"stage": STAGES[step], "at": at, "asset": asset, **seen})
            if luck[lead, step, 3] >= (funnel.moved_with if asset else funnel.moved_without):
                break
            at += int(waits[lead, step])
        found.append(mine)
    return found


def _feedback(funnel: Funnel, random: np.random.Generator, captured: Column) -> list[list[int]]:
    """When the feedback about each lead was raised, read, acted on and told back, as far as it came."""
    n = funnel.leads
    luck = random.random((n, 4))
    chances = (funnel.feedback, funnel.acknowledged, funnel.acted, funnel.told)
    waits = random.exponential(24 * HOUR_US, (n, 4)).astype("int64")
    raised = captured + waits[:, 0]
    read = funnel_agreement().calendars["office"].due_many(raised, _wait(random, funnel.delays.listen, n))
    steps = [raised, read, read + waits[:, 2], read + waits[:, 2] + waits[:, 3]]
    found: list[list[int]] = []
    for lead in range(n):
        mine: list[int] = []
        for step, chance in enumerate(chances):
            if luck[lead, step] >= chance:
                break
            mine.append(int(steps[step][lead]))
        found.append(mine)
    return found


def _requests(funnel: Funnel, random: np.random.Generator, captured: Column) -> list[tuple[int, int | None] | None]:
    """When content was asked for after each lead, and when it was made; ``None`` for those that led to no request."""
    luck = random.random((funnel.leads, 2))
    waits = random.exponential(5 * 24 * HOUR_US, funnel.leads).astype("int64")
    found: list[tuple[int, int | None] | None] = []
    for lead, at in enumerate(captured.tolist()):
        made = at + int(waits[lead]) if luck[lead, 1] < funnel.filled else None
        found.append((at, made) if luck[lead, 0] < funnel.requests else None)
    return found


def _shown(funnel: Funnel, random: np.random.Generator) -> list[tuple[str, str | None]]:
    """In which stages two CRMs show each lead."""
    luck = random.random((funnel.leads, 2))
    return [
        ("engaged", None if other < funnel.unmapped else "won" if differs < funnel.disagreeing else "engaged")
        for differs, other in luck.tolist()
    ]
