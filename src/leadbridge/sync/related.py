"""What happened around a lead: interactions, opportunities, and what they say about the buyer's stage."""

from __future__ import annotations

from datetime import datetime, timedelta

from leadbridge.adapter import Ref, Value
from leadbridge.clock import parse_iso
from leadbridge.domain import facts as f
from leadbridge.sync.case import Case, Related, Side
from leadbridge.sync.teller import Teller, text

__all__ = ["buying", "interaction", "is_news", "opportunity", "took_place", "touches"]


def touches(teller: Teller, side: Side) -> None:
    """Interactions that stand on the lead's own record: a new date is a new interaction."""
    for number, touch in enumerate(side.kind.crosswalk.touches):
        raw = text(side.record.fields.get(touch.at))
        if raw is None:
            continue
        identity = f"{side.connection}:{side.record.ref.id}:{number}:{raw}"
        if identity in teller.standing.interactions:
            continue
        asset = text(side.record.fields.get(touch.asset)) if touch.asset else None
        teller.tell(
            f.Interacted,
            parse_iso(raw),
            side,
            interaction=identity,
            nature=touch.nature,
            channel=touch.channel,
            direction=touch.direction,
            function=touch.function,
            asset=asset,
        )


def interaction(teller: Teller, related: Related) -> None:
    """A call, a meeting, a mail: told once."""
    if related.kind.stands_for != "interaction" or related.record.state != "live":
        return
    identity = f"{related.mapping.connection}:{related.record.ref.id}"
    if identity in teller.standing.interactions or any(
        related.values.get(name) in (None, "") for name in related.kind.crosswalk.requires
    ):
        return
    raw = text(related.values.get("at"))
    teller.tell(
        f.Interacted,
        parse_iso(raw) if raw else related.record.modified_at,
        related,
        interaction=identity,
        nature=text(related.values.get("nature")) or "person_to_person",
        channel=(text(related.values.get("channel")) or "").lower(),
        direction=text(related.values.get("direction")) or "outbound",
        function=text(related.values.get("function")) or related.mapping.function,
        asset=text(related.values.get("asset")),
        message=text(related.values.get("message")),
        campaign=campaign.id if isinstance(campaign := related.values.get("campaign"), Ref) else text(campaign),
    )


def took_place(related: Related) -> datetime:
    """When the latest thing happened to a related record, to put it in order with what happened to its lead.

    A day is no more exact than the change of the record on that day.
    """
    modified = related.record.modified_at
    raw = text(related.values.get("closed_at"))
    if raw is None or not (_true(related.values.get("won")) or _true(related.values.get("closed"))):
        return modified
    ended = parse_iso(raw)
    return min(max(modified, ended), ended + timedelta(days=1)) if len(raw) == 10 else ended


def _deal(related: Related) -> str:
    return f"{related.mapping.connection}:{related.record.ref.id}"


def is_news(teller: Teller, related: Related) -> bool:
    """Whether a related record is an opportunity of which something has not been told yet."""
    known = teller.standing.opportunities.get(_deal(related))
    ended = _true(related.values.get("won")) or _true(related.values.get("closed"))
    return related.kind.stands_for == "opportunity" and (known is None or (ended and known == "open"))


def opportunity(teller: Teller, related: Related) -> None:
    """An opportunity was opened, won or lost; the lead's stage follows."""
    identity = _deal(related)
    standing = teller.standing
    known = standing.opportunities.get(identity)
    raw_amount = related.values.get("amount")
    amount = float(raw_amount) if isinstance(raw_amount, (int, float, str)) and raw_amount != "" else None
    opened = teller.canonical("opportunity")
    won, closed = _true(related.values.get("won")), _true(related.values.get("closed"))
    raw = text(related.values.get("closed_at"))
    ended = parse_iso(raw) if raw and (won or closed) else related.record.modified_at
    if known is None:
        created = text(related.values.get("opened_at"))
        begun = parse_iso(created) if created else related.record.modified_at
        # One that is first seen when it has ended was open before that day, whenever its record was made.
        seen_open = begun <= ended or not (won or closed)
        teller.tell(f.OpportunityOpened, min(begun, ended), related, opportunity=identity, amount=amount)
        if opened is not None and seen_open and teller.lifecycle.is_forward(standing.stage, opened):
            teller.move(opened, related, begun)
    if not (won or closed) or standing.opportunities.get(identity) in ("won", "lost"):
        return
    precision = "day" if raw is not None and len(raw) == 10 else "instant"
    if won:
        teller.tell(f.OpportunityWon, ended, related, opportunity=identity, amount=amount, precision=precision)
    else:
        teller.tell(f.OpportunityLost, ended, related, opportunity=identity, precision=precision)
    stage = teller.canonical("won" if won else "lost")
    if stage is not None and stage != standing.stage:
        teller.reach(stage, related, ended, precision=precision)


def _true(value: Value) -> bool:
    return value is True or value == "true"


def buying(teller: Teller, sides: list[Side]) -> None:
    """Where the buyer stands: as a CRM field says, or as the agreed evidence shows."""
    said = False
    for side in sides:
        stage = text(side.values.get("buying_stage"))
        if stage is not None and side.changed("buying_stage") and stage != teller.standing.buying_stage:
            teller.tell(f.BuyingStageEntered, side.record.modified_at, side, buying_stage=stage, evidence="crm field")
            said = True
    if not said:
        for side in sides:
            _by_fields(teller, side)
    _by_interactions(teller)


def _by_fields(teller: Teller, side: Side) -> None:
    """What other fields of a record say about the buyer's stage, when they say it anew and it was not told before."""
    values = side.values
    evidence = teller.rules.agreement.evidence_fields
    news = {name: values[name] for name in evidence if name in values and side.changed(name)}
    at = side.record.modified_at
    entries = teller.rules.agreement.buying_entries((), fields=news, at=at) if news else ()
    if not entries:
        return
    furthest = entries[-1]
    # A value that cannot settle (a refused write) stays news: it is told once all the same.
    told = {
        (fact.buying_stage, fact.evidence, fact.occurred_at)
        for fact in teller.case.facts
        if isinstance(fact, f.BuyingStageEntered)
    }
    if furthest.stage != teller.standing.buying_stage and (furthest.stage, furthest.evidence, at) not in told:
        teller.tell(
            f.BuyingStageEntered, at, side, buying_stage=furthest.stage, evidence=furthest.evidence, inferred=False
        )


def _by_interactions(teller: Teller) -> None:
    """What interactions and answers say: those of this round, and those that a tool recorded since the last word."""
    seen = [fact for fact in teller.outcome.facts if isinstance(fact, f.Interacted)]
    fresh = [*_from_tools(teller), *seen]
    if not fresh:
        return
    entries = teller.rules.agreement.buying_entries([*_past(teller.case), *seen])
    # Of stages that were entered at one instant, the furthest is where the buyer stands.
    furthest = {entry.at: entry for entry in entries}
    first = min(fact.occurred_at for fact in fresh)
    past = [fact for fact in teller.case.facts if isinstance(fact, f.BuyingStageEntered)]
    told = {(fact.buying_stage, fact.occurred_at) for fact in past}
    for entry in furthest.values():
        new = entry.at >= first and (entry.stage, entry.at) not in told
        if new and entry.stage != teller.standing.buying_stage:
            teller.tell(
                f.BuyingStageEntered,
                entry.at,
                None,
                buying_stage=entry.stage,
                evidence=entry.evidence,
                inferred=entry.inferred,
            )


def _from_tools(teller: Teller) -> list[f.Interacted]:
    """Interactions that no sync has seen, recorded after the last conclusion about the buyer's stage."""
    found: list[f.Interacted] = []
    for fact in teller.case.facts:
        if isinstance(fact, f.BuyingStageEntered):
            found.clear()
        elif isinstance(fact, f.Interacted) and fact.system not in teller.rules.mappings:
            found.append(fact)
    return found


def _past(case: Case) -> list[f.Interacted]:
    return [fact for fact in case.facts if isinstance(fact, f.Interacted)]
