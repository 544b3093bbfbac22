"""What happened in an invented funnel, as facts."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from leadbridge.clock import from_us
from leadbridge.domain import facts as f
from leadbridge.testing.funnel_agreement import USED
from leadbridge.testing.funnel_draws import EXPIRES_US, HOUR_US, Draws, Trip

if TYPE_CHECKING:
    from leadbridge.domain.facts import Fact
    from leadbridge.testing.funnel import Funnel

__all__ = ["journeys"]

_PIECES = ("phone", "title", "industry", "budget", "timing")
_LATER = ("sales_qualified", "opportunity")


def journeys(funnel: Funnel, draws: Draws) -> Iterator[Fact]:
    """The facts of every lead until now, lead by lead; some are told twice."""
    offers: dict[int, list[tuple[Trip, int]]] = {}
    for trip in draws.trips:
        for row, lead in enumerate(trip.lead):
            offers.setdefault(lead, []).append((trip, row))
    random = Random(funnel.seed)
    for lead in range(funnel.leads):
        for fact in _Teller(draws, lead, funnel.name).story(offers.get(lead, [])):
            if fact is not None:
                yield fact
                if random.random() < funnel.twice:
                    yield fact


class _Teller:
    """Tells what happened to one lead, without what lies after the instant of the snapshot."""

    def __init__(self, draws: Draws, lead: int, company: str) -> None:
        self.draws, self.lead, self.company = draws, lead, company
        self.name = draws.names[lead]

    def fact(self, kind: type[Fact], at: int, **values: Any) -> Fact | None:
        if at > self.draws.now:
            return None
        moment = from_us(at)
        return kind(lead=self.name, occurred_at=moment, recorded_at=moment, **values)

    def story(self, offers: list[tuple[Trip, int]]) -> Iterator[Fact | None]:
        draws, lead = self.draws, self.lead
        began = draws.captured[lead]
        origin = {"source": draws.sources[lead], "function": draws.functions[lead]}
        yield self.fact(f.LeadCaptured, began, **origin)
        yield self.fact(f.CompanyMatched, began, company=self.company, how="domain")
        engaged = draws.engaged[lead]
        if engaged is not None:
            yield self.fact(f.StageEntered, engaged, stage="engaged")
        for trip, row in offers:
            yield from self.offer(trip, row)
        yield from self.buying()
        yield from self.feedback()

    def offer(self, trip: Trip, row: int) -> Iterator[Fact | None]:
        passage, offered = trip.passage, trip.offered[row]
        name = f"{self.name}-{passage}"
        handoff: dict[str, Any] = {"handoff": name}
        missing = _PIECES[trip.present[row] :]
        yield self.fact(f.StageEntered, offered, stage="marketing_qualified", passage=passage)
        yield self.fact(f.Interacted, offered, interaction=f"{name}-read", nature="content", channel="web")
        yield self.fact(f.HandoffOffered, offered, promised=len(_PIECES), missing=missing, **handoff)
        yield self.fact(f.HandoffRouted, trip.routed[row], queue="inbound", **handoff)
        yield self.fact(f.HandoffAssigned, trip.assigned[row], owner="ann", **handoff)
        if trip.ignored[row]:
            yield self.fact(f.HandoffExpired, offered + EXPIRES_US, **handoff)
            return
        for attempt in range(trip.attempts[row]):
            call = {"interaction": f"{name}-try{attempt}", "nature": "person_to_person", "function": "sales"}
            more = {"direction": "outbound", "channel": ("phone", "email")[attempt % 2]}
            asset = USED[attempt % 2] if attempt else None
            yield self.fact(f.Interacted, trip.touched[row] + attempt * HOUR_US, **call, **more, asset=asset)
        yield from self.answered(trip, row, handoff)

    def answered(self, trip: Trip, row: int, handoff: dict[str, Any]) -> Iterator[Fact | None]:
        answer, reason, passage, decided = trip.answer[row], trip.reason[row], trip.passage, trip.decided[row]
        counted = trip.counted[row] if reason == "no_response" else None
        said = {"decision": answer, "reason": reason, "attempts": counted}
        yield self.fact(f.HandoffDecided, decided, **said, **handoff)
        if trip.transferred[row]:
            yield self.fact(f.HandoffAssigned, decided + HOUR_US // 60, owner="bob", **handoff)
        if answer == "recycle":
            yield self.fact(f.StageEntered, decided, stage="recycled", passage=passage, reason=reason)
        if answer != "accept":
            return
        yield self.fact(f.StageEntered, decided, stage="sales_accepted", passage=passage)
        later = trip.later[row]
        for step in range(trip.steps[row]):
            yield self.fact(f.StageEntered, later[step], stage=_LATER[step], passage=passage)
        if trip.steps[row] == len(_LATER):
            deal: dict[str, Any] = {"opportunity": handoff["handoff"]}
            yield self.fact(f.OpportunityOpened, later[1], **deal)
            if trip.won[row]:
                yield self.fact(f.OpportunityWon, later[2], amount=1000.0, **deal)
                yield self.fact(f.StageEntered, later[2], stage="won", passage=passage)
            else:
                yield self.fact(f.OpportunityLost, later[2], reason="price", **deal)

    def buying(self) -> Iterator[Fact | None]:
        for number, stay in enumerate(self.draws.buying[self.lead]):
            stage = {"buying_stage": stay["stage"]}
            yield self.fact(f.BuyingStageEntered, stay["at"], **stage)
            name = f"{self.name}-buys{number}"
            if stay["read"] is not None:
                asset = USED[number % 2] if stay["asset"] else None
                yield self.fact(
                    f.Interacted, stay["read"], interaction=f"{name}-read", nature="content", asset=asset, **stage
                )
            if stay["talked"] is not None:
                talk = {"nature": "person_to_person", "function": "sales", "channel": "phone"}
                yield self.fact(f.Interacted, stay["talked"], interaction=f"{name}-talk", **talk, **stage)

    def feedback(self) -> Iterator[Fact | None]:
        said = {"feedback": f"{self.name}-said"}
        steps: list[tuple[type[Fact], dict[str, Any]]] = [
            (f.FeedbackRaised, {"subject": "lead", "to_function": "marketing"}),
            (f.FeedbackAcknowledged, {}),
            (f.FeedbackActed, {}),
            (f.FeedbackTold, {}),
        ]
        for at, (kind, values) in zip(self.draws.feedback[self.lead], steps, strict=False):
            yield self.fact(kind, at, **said, **values)
        request = self.draws.requests[self.lead]
        if request is not None:
            asks = {"feedback": f"{self.name}-asks"}
            about = {"subject": "content_request", "to_function": "editors"}
            yield self.fact(f.FeedbackRaised, request[0], **asks, **about)
            if request[1] is not None:
                yield self.fact(f.FeedbackActed, request[1], asset="guide", **asks)
