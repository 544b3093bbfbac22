"""The brief: what the function that receives a lead has to know before it speaks with the buyer, on one page.

The better and faster sales understands what happened before, the less the buyer has to start anew (Dun & Bradstreet's
five questions). A brief is worked out from the facts and the agreement each time it is asked for: nobody has to write
it, and it is never out of date. It is made for the person who is to call, so it shows who the lead is; its
representation in logs does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from leadbridge.agreement.schema import Agreement
from leadbridge.domain.buying import Play
from leadbridge.domain.continuity import Continuity, continuity
from leadbridge.domain.criteria import Verdict
from leadbridge.domain.enrichment import Provenance, provenance
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.package import Completeness
from leadbridge.domain.shared_memory import Memory, memory_of
from leadbridge.domain.sla.slaclock import SLAClock
from leadbridge.domain.trails import BuyingEntry, HandoffTrail, OpportunityTrail, Touch

__all__ = ["WHO", "Brief", "brief"]

WHO = (
    "first_name",
    "last_name",
    "title",
    "company",
    "website",
    "industry",
    "employees",
    "country",
    "region",
    "source",
    "campaign",
)
"""The fields that every reader of a brief sees; others only when the agreement promises them to the reader."""

_REACHES: Mapping[str, str] = MappingProxyType({"email": "email", "phone": "phone"})
_OPEN = ("running", "paused", "breached")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One lead for one reader at one instant. Show it with :meth:`markdown` or :meth:`html`.

    Attributes:
        standing: the agreement that it explains the lead with, in words.
        who: the fields that the reader may see, by canonical name.
        came_from: which of them a provider filled in.
        withheld: contact fields that are left out because the person opted out of that channel.
        verdict: why the lead is offered: the definition, criterion by criterion; ``None`` when nothing is defined.
        buying: where the buyer stands and what showed it.
        handoff: the offer in question, ``earlier`` those before it, oldest first.
        completeness: how well the duty to inform was done; ``None`` when nothing was promised.
        titles: what ids of assets, messages, stages, statuses and reasons are called.
        plays: what the reader's function does in the buyer's stage.
        due: the reader's open promises.
    """

    lead: str
    at: datetime
    standing: str
    from_function: str
    to_function: str
    who: Mapping[str, str] = field(repr=False)
    came_from: Mapping[str, Provenance] = field(default_factory=dict, repr=False)
    withheld: tuple[str, ...] = ()
    stage: str | None = None
    status: str | None = None
    verdict: Verdict | None = field(default=None, repr=False)
    buying: BuyingEntry | None = None
    handoff: HandoffTrail | None = field(default=None, repr=False)
    earlier: tuple[HandoffTrail, ...] = field(default=(), repr=False)
    opportunities: tuple[OpportunityTrail, ...] = field(default=(), repr=False)
    completeness: Completeness | None = None
    touches: tuple[Touch, ...] = field(default=(), repr=False)
    memory: Memory = field(repr=False)
    opted_out: Mapping[str, datetime] = field(default_factory=dict, repr=False)
    continuity: Continuity | None = field(default=None, repr=False)
    plays: tuple[Play, ...] = field(default=(), repr=False)
    due: tuple[SLAClock, ...] = field(default=(), repr=False)
    titles: Mapping[str, str] = field(default_factory=dict, repr=False)

    def markdown(self) -> str:
        """The page as Markdown; what people wrote cannot become markup."""
        from leadbridge.agreement.brief_page import markdown

        return markdown(self)

    def html(self) -> str:
        """The page as an HTML fragment; what people wrote is escaped."""
        from leadbridge.agreement.brief_page import html

        return html(self)

    def _repr_html_(self) -> str:
        return self.html()

    def to_dict(self) -> dict[str, Any]:
        """The page as JSON values: with its sections in words and the parts that a program asks for."""
        from leadbridge.agreement.brief_page import to_dict

        return to_dict(self)


def brief(
    history: LeadHistory,
    lead: Lead,
    agreement: Agreement,
    *,
    at: datetime,
    clocks: Iterable[SLAClock] = (),
    fields: Sequence[str] | None = None,
) -> Brief:
    """What the function that receives a lead has to know before it speaks with the buyer.

    Args:
        history: of the lead.
        lead: as it stands.
        agreement: what both functions agreed on.
        at: when the brief is read; ``last_<n>d`` of a definition looks back from here.
        clocks: promises about the lead; the open ones of the reader are shown with their due times.
        fields: the canonical names that the reader may see; :data:`WHO` and the package of the hand-off when not given.
            An address or a number of a channel that the person opted out of is never shown.
    """
    trail = history.handoff
    giver = trail.from_function if trail is not None else agreement.handoff.from_
    taker = trail.to_function if trail is not None else agreement.handoff.to
    known = lead.fields()
    package = agreement.package_for(lead.source, taker)
    shown = tuple(fields) if fields is not None else tuple(dict.fromkeys((*WHO, *package.fields)))
    closed = set(history.opted_out) | ({"email"} if lead.opted_out else set())
    withheld = tuple(name for name in shown if name in known and _REACHES.get(name) in closed)
    messages_of = {asset.id: asset.message for asset in agreement.assets if asset.message}
    touches = tuple(touch for touch in history.touches if touch.fact.occurred_at <= at)
    buying = history.buying_stages[-1] if history.buying_stages else None
    stage = next((each for each in agreement.buying_stages if buying and each.id == buying.buying_stage), None)
    came_from = provenance(history)
    return Brief(
        lead=history.lead,
        at=at,
        standing=agreement.standing(at),
        from_function=giver,
        to_function=taker,
        who={name: str(known[name]) for name in shown if name in known and name not in (*withheld, *_AXES)},
        came_from={name: came_from[name] for name in shown if name in came_from},
        withheld=withheld,
        stage=history.stage,
        status=history.status,
        verdict=_verdict(agreement, lead, touches, at),
        buying=buying,
        handoff=trail,
        earlier=history.handoffs[:-1],
        opportunities=history.opportunities,
        completeness=_completeness(history, trail),
        touches=touches,
        memory=memory_of(history, messages_of=messages_of, until=at),
        opted_out=history.opted_out,
        continuity=continuity(history, messages_of=messages_of),
        plays=tuple(play for play in stage.plays if play.function == taker) if stage is not None else (),
        due=tuple(clock for clock in clocks if clock.duty_of == taker and clock.state in _OPEN),
        titles=_titles(agreement),
    )


_AXES = ("stage", "status", "decision", "reason", "buying_stage", "opted_out", "owner", "external_id", "captured_at")


def _verdict(agreement: Agreement, lead: Lead, touches: Sequence[Touch], at: datetime) -> Verdict | None:
    if not agreement.definitions:
        return None
    return agreement.readiness(lead, interactions=[Interaction.of(touch.fact) for touch in touches], at=at)


def _completeness(history: LeadHistory, trail: HandoffTrail | None) -> Completeness | None:
    done = trail.completeness if trail is not None else None
    if trail is None or done is None or trail.offered_at is None:
        return done
    filled = {name for name, source in provenance(history).items() if source.at > trail.offered_at}
    late = tuple(promise for promise in done.missing if filled & set(promise.split(" or ")))
    return Completeness(done.promised, done.missing, late)


def _titles(agreement: Agreement) -> dict[str, str]:
    named = {f"asset {asset.id}": asset.title for asset in agreement.assets}
    named |= {f"message {message.id}": message.text for message in agreement.messages}
    named |= {f"buying {stage.id}": stage.label for stage in agreement.buying_stages}
    named |= {f"reason {code}": reason.label for code, reason in agreement.reasons.items()}
    return {name: title for name, title in named.items() if title}
