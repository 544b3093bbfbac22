"""What happened to a lead: the facts that follow from what its records say now and said before.

Pure. Stages move forward by themselves, into a detour by a decision, and backward only with a reason; what a CRM merely
shows because it has no better word for a stage is no move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from leadbridge.adapter import Record, Value
from leadbridge.agreement.crosswalk import BY_REASON
from leadbridge.agreement.offer import STAGE_OF_DECISION, decision_meant
from leadbridge.clock import parse_iso
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.shared_memory import attempts_of
from leadbridge.store import Link
from leadbridge.sync.case import Case, Outcome, Related, Rules, Side
from leadbridge.sync.related import buying, interaction, is_news, opportunity, took_place, touches
from leadbridge.sync.standing import Standing
from leadbridge.sync.teller import Teller, text
from leadbridge.sync.work import answers, progress

__all__ = ["STAGES", "happenings"]

STAGES: Mapping[str, str] = {str(decision): stage for decision, stage in STAGE_OF_DECISION.items()}
"""The canonical stage that a decision leads to; the agreement may call it otherwise."""

_AT_LAST = datetime.max.replace(tzinfo=UTC)


def happenings(rules: Rules, case: Case, standing: Standing, outcome: Outcome) -> None:
    """Adds to the outcome everything that has happened to the lead since its records were last looked at."""
    teller = Teller(rules, case, outcome, standing)
    sides = [side for _, side in sorted(case.sides.items())]
    if not standing.captured:
        _captured(teller, sides)
    for connection, record in case.moved:
        _moved(teller, connection, record)
    for connection, record in case.absorbed:
        _absorbed(teller, connection, record)
    if not sides:
        _hand_over(teller)
        return
    for side in sides:
        if side.how:
            outcome.links.append(Link(side.connection, side.record.ref, case.lead))
            teller.tell(
                f.LeadLinked,
                side.record.modified_at,
                side,
                kind=side.record.ref.kind,
                record=side.record.ref.id,
                how=side.how,
            )
    for side in sides:
        _consent(teller, side, side.values)
        touches(teller, side)
    _hand_over(teller)
    _course(teller, sides)
    buying(teller, sides)


def _captured(teller: Teller, sides: list[Side]) -> None:
    def when(side: Side) -> tuple[datetime, str]:
        raw = text(side.values.get("captured_at"))
        if raw is None:
            return side.record.modified_at, "instant"
        return parse_iso(raw), "day" if len(raw) == 10 else "instant"

    origin = min(sides, key=lambda side: when(side)[0])
    at, precision = when(origin)
    teller.tell(
        f.LeadCaptured,
        at,
        origin,
        source=text(origin.values.get("source")),
        function=origin.function,
        precision=precision,
    )
    first = teller.canonical("captured")
    if first is not None:
        teller.move(first, origin, at, precision=precision)


def _moved(teller: Teller, connection: str, record: Record) -> None:
    mapping = teller.rules.mappings[connection]
    seen = Related(mapping, mapping.kinds[record.ref.kind], record)
    successor = record.successor
    why = record.state if record.state in ("converted", "merged", "deleted") else "deleted"
    to = successor.id if successor else None
    teller.tell(f.RecordMoved, record.modified_at, seen, record=record.ref.id, to=to, why=why)
    said = seen.kind.read(record.fields)
    _consent(teller, seen, said)
    if said.get("decision") == "accept":
        _accepted(teller, seen)


def _absorbed(teller: Teller, connection: str, record: Record) -> None:
    mapping = teller.rules.mappings[connection]
    kind = mapping.kinds[record.ref.kind]
    _consent(teller, Related(mapping, kind, record), kind.read(record.fields))


def _accepted(teller: Teller, seen: Related) -> None:
    """A converted record says that it was accepted, even if nobody looked while it was."""
    if not teller.standing.offered:
        return
    teller.tell(f.HandoffDecided, seen.record.modified_at, seen, handoff=teller.standing.handoff, decision="accept")
    stage = teller.canonical(STAGES["accept"])
    if stage is not None and teller.lifecycle.is_forward(teller.standing.stage, stage):
        teller.move(stage, seen, seen.record.modified_at)


def _consent(teller: Teller, seen: Side | Related, said: Mapping[str, Value]) -> None:
    if said.get("opted_out") is not True or teller.standing.opted_out:
        return
    if teller.standing.agreed_again and isinstance(seen, Side) and not seen.changed("opted_out"):
        return  # what the record says from before the person agreed again is about to be set right
    teller.tell(f.ConsentWithdrawn, seen.record.modified_at, seen)


def _hand_over(teller: Teller) -> None:
    """Of two leads that became one record, both have opted out if one has, whichever record the CRM kept.

    Source: community.hubspot.com 824366: HubSpot ties an opt-out to the address, and a merge gives one of them up.
    """
    for heir in teller.case.joined:
        opted_out = teller.standing.opted_out
        if opted_out == heir.opted_out:
            continue
        withdrawn = f.ConsentWithdrawn(
            lead=heir.lead if opted_out else teller.case.lead,
            occurred_at=teller.rules.now,
            recorded_at=teller.rules.now,
            actor="leadbridge",
            cause=f"lead {teller.case.lead if opted_out else heir.lead} became one with it",
            agreement=teller.rules.agreement.version,
        )
        if opted_out:
            teller.outcome.elsewhere.append((withdrawn, heir.record))
        else:
            teller.outcome.facts.append(withdrawn)
            teller.standing.add(withdrawn)


# -- the lifecycle ---------------------------------------------------------------------------------------------------


def _course(teller: Teller, sides: list[Side]) -> None:
    """Stages, offers, decisions and opportunities in the order of time: whatever happened last has the last word.

    What a record says for the first time came before everything else: it tells where the lead was, not what happened.
    """
    waiting = _proposals(teller, sides)
    for number, (until, _, turn) in enumerate([*_turns(teller, sides), (_AT_LAST, 0, _nothing)]):
        due = [each for each in waiting if each.side.base is None or each.at <= until]
        waiting = [each for each in waiting if each not in due]
        if due or not number:
            _stages(teller, due)
            _offer(teller, sides)
            for side in sides:
                _owner(teller, side)
        if not number:
            # Of two that changed it, the one whose work it is has the last word.
            for side in sorted(sides, key=lambda each: each.function == teller.rules.agreement.handoff.to):
                _status(teller, side)
            for related in sorted(teller.case.related, key=lambda r: (r.record.modified_at, r.record.ref)):
                interaction(teller, related)
                progress(teller, related)
        turn()


def _nothing() -> None:
    return None


class _Proposal(NamedTuple):
    """A stage that a side says the lead has come to."""

    at: datetime
    stage: str
    side: Side


def _proposals(teller: Teller, sides: list[Side]) -> list[_Proposal]:
    return [
        _Proposal(teller.entered_at(side, stage)[0], stage, side)
        for side in sides
        if side.changed("stage") and (stage := text(side.values.get("stage"))) is not None
    ]


def _turns(teller: Teller, sides: list[Side]) -> list[tuple[datetime, int, Callable[[], None]]]:
    """What may take a lead off its way or to its end, in the order of time; of simultaneous ones, decisions first."""
    changed = [side for side in sides if side.changed("decision") or side.changed("reason")]
    decided: list[Side | Related] = [*changed, *(each for each in teller.case.related if answers(teller, each))]
    decisions = [(side.record.modified_at, 0, partial(_decision, teller, side)) for side in decided]
    dealt = [each for each in teller.case.related if is_news(teller, each)]
    deals = [(took_place(each), 1, partial(opportunity, teller, each)) for each in dealt]
    return sorted([*decisions, *deals], key=lambda turn: turn[:2])


def _stages(teller: Teller, proposals: list[_Proposal]) -> None:
    lifecycle, standing = teller.lifecycle, teller.standing
    for _, stage, side in sorted(proposals, key=lambda each: (lifecycle.rank(each.stage) or 0, each.at)):
        if side.values.get("decision") == "accept" and standing.offered:
            continue  # sales' acceptance is told as a decision, which brings its own stage
        current = standing.stage
        if current is not None and lifecycle.is_detour(current) and lifecycle.rank(stage) is not None:
            if not lifecycle.comes_back(current, stage, handoff=teller.rules.agreement.handoff.at):
                continue
        elif current is not None and not lifecycle.is_forward(current, stage):
            if stage != current and lifecycle.rank(stage) is not None and side.base is not None:
                _not_without_a_reason(teller, side, "a stage moves backward only with a reason")
            continue
        when, precision = teller.entered_at(side, stage)
        if not teller.reach(stage, side, when, precision=precision) and side.base is not None:
            _not_without_a_reason(teller, side, "from here the agreement knows no way to this stage without a reason")


def _not_without_a_reason(teller: Teller, side: Side, rule: str) -> None:
    """A stage that somebody set and that does not stand."""
    teller.tell(f.ConflictSettled, side.record.modified_at, side, field="stage", winner="agreement", rule=rule)


def _offer(teller: Teller, sides: list[Side]) -> None:
    contract, standing = teller.rules.agreement.handoff, teller.standing
    if standing.stage != contract.at or (standing.handoff is not None and standing.handoff_passage == standing.passage):
        return
    entered = next((fact for fact in reversed(teller.outcome.facts) if isinstance(fact, f.StageEntered)), None)
    side = next((side for side in sides if side.function == contract.from_), sides[0])
    when = entered.occurred_at if entered is not None else side.record.modified_at
    said = {name: value for each in sides for name, value in each.values.items() if value not in (None, "")}
    said |= {name: value for name, value in side.values.items() if value not in (None, "")}
    package = contract.package_for(text(said.get("source")))
    told = package.contents(said)
    teller.tell(
        f.HandoffOffered,
        when,
        side,
        handoff=f"{teller.case.lead}:{standing.handoffs + 1}",
        from_function=contract.from_,
        to_function=contract.to,
        package=told.present,
        missing=told.missing,
        promised=package.promised,
        expires_at=when + contract.expires_after if contract.expires_after else None,
        precision=entered.precision if entered is not None else "instant",
    )


def _owner(teller: Teller, side: Side) -> None:
    standing = teller.standing
    if standing.handoff is None or side.function != teller.rules.agreement.handoff.to:
        return
    owner = side.kind.owner(side.record.fields)
    if owner is None:
        return
    when, arrived = side.record.modified_at, standing.requested == owner.id
    if standing.requested is not None and not arrived and not side.changed("owner"):
        return  # what a tool decided is still on its way to this CRM
    if owner.kind == "queue" and (arrived or standing.queue != owner.id):
        teller.tell(f.HandoffRouted, when, side, handoff=standing.handoff, queue=owner.id)
    elif owner.kind == "person" and (arrived or standing.assignee != owner.id):
        teller.tell(f.HandoffAssigned, when, side, handoff=standing.handoff, owner=owner.id)


def _status(teller: Teller, side: Side) -> None:
    status = text(side.values.get("status"))
    if status is not None and side.changed("status") and status != teller.standing.status:
        teller.tell(f.StatusChanged, side.record.modified_at, side, status=status)


def _decision(teller: Teller, side: Side | Related) -> None:
    decision, code = text(side.values.get("decision")), text(side.values.get("reason"))
    standing, agreement = teller.standing, teller.rules.agreement
    if decision is None:
        return
    if decision == BY_REASON:
        if code is None:
            teller.set_aside(
                side,
                "reason",
                "the record was closed without a reason that the agreement knows",
                "give the reason in the CRM, or add its value to the crosswalk",
            )
            if isinstance(side, Side):
                teller.outcome.unsettled[side.connection] = {"decision", "reason"}
            return
        followed_up = standing.touched or standing.decision == "accept"
        decision = decision_meant(agreement, code, followed_up=followed_up)
    if (decision, code) == (standing.decision, standing.reason):
        return
    reason = agreement.reasons.get(code) if code else None
    when = side.record.modified_at
    if standing.handoff is not None:
        due = when + reason.cool_off if decision == "recycle" and reason and reason.cool_off else None
        teller.tell(
            f.HandoffDecided,
            when,
            side,
            handoff=standing.handoff,
            decision=decision,
            reason=code,
            due_at=due,
            attempts=_attempts(teller, when),
        )
    stage = teller.canonical(STAGES[decision])
    if stage is not None and stage != standing.stage:
        if decision == "accept" and not teller.lifecycle.is_forward(standing.stage, stage):
            return
        teller.move(stage, side, when, reason=code)


def _attempts(teller: Teller, when: datetime) -> int | None:
    """How often the receiving function had tried to reach the buyer by the time of its answer."""
    facts = [fact for fact in (*teller.case.facts, *teller.outcome.facts) if fact.occurred_at <= when]
    history = LeadHistory.fold(facts) if facts else None
    return attempts_of(history, history.handoff) if history is not None and history.handoff is not None else None
