"""What happened to a lead: the facts that follow from what its records say now and said before.

Pure. Stages move forward by themselves, into a detour by a decision, and backward only with a reason; what a CRM merely
shows because it has no better word for a stage is no move.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from leadbridge.adapter import Record, Ref, Value
from leadbridge.clock import parse_iso
from leadbridge.domain import facts as f
from leadbridge.domain.facts import Fact
from leadbridge.errors import IllegalMove
from leadbridge.agreement.crosswalk import BY_REASON
from leadbridge.store import Link, Quarantined
from leadbridge.store.codec import fingerprint
from leadbridge.sync.case import Case, Outcome, Related, Rules, Side
from leadbridge.sync.standing import Standing

__all__ = ["STAGE_OF_DECISION", "happenings"]

STAGE_OF_DECISION = {
    "accept": "sales_accepted",
    "reject": "rejected",
    "recycle": "recycled",
    "disqualify": "disqualified",
    "ineligible": "ineligible",
}
"""The canonical stage that a decision leads to; the agreement may call it otherwise."""


class _Teller:
    """Tells facts about one lead and keeps its standing up to date while doing so."""

    def __init__(self, rules: Rules, case: Case, outcome: Outcome, standing: Standing) -> None:
        self.rules, self.case, self.outcome, self.standing = rules, case, outcome, standing
        self.lifecycle = rules.agreement.lifecycle

    def tell(self, make: Callable[..., Fact], when: datetime, side: Side | Related | None, **body: object) -> None:
        """Records one fact, seen in a record of a side at its version."""
        connection = side.mapping.connection if side is not None else ""
        fact = make(
            lead=self.case.lead,
            occurred_at=when,
            recorded_at=self.rules.now,
            actor=side.mapping.function if side is not None else "leadbridge",
            system=connection,
            cause=f"{side.record.ref.kind} {side.record.ref.id}" if side is not None else "",
            agreement=self.rules.agreement.version,
            **body,
        )
        self.outcome.facts.append(fact)
        self.standing.add(fact)

    def set_aside(self, side: Side, subject: str, reason: str, remedy: str) -> None:
        """Leaves something for a person."""
        ref = side.record.ref
        self.outcome.quarantine.append(
            Quarantined(
                fingerprint("decide", side.connection, ref.kind, ref.id, subject, side.record.version),
                side.connection,
                ref,
                self.case.lead,
                subject,
                reason,
                remedy,
            )
        )

    # -- stages ----------------------------------------------------------------------------------------------------

    def entered_at(self, side: Side, stage: str) -> tuple[datetime, str]:
        """When a side says that a stage was entered, and how exactly it knows."""
        dated = side.kind.stage_date(stage, side.record.fields)
        if dated is None:
            return side.record.modified_at, "instant"
        return parse_iso(dated[0]), "day" if dated[1] else "instant"

    def move(
        self, stage: str, side: Side | Related, when: datetime, *, precision: str = "instant", reason: str | None = None
    ) -> bool:
        """Enters a stage, and every stage that is jumped over; ``False`` when the agreement does not allow it."""
        try:
            steps = self.lifecycle.steps(self.standing.stage, stage, passage=self.standing.passage, reason=reason)
        except IllegalMove:
            return False
        for step in steps:
            at, exact, inferred = when, precision, step.inferred
            if step.inferred and isinstance(side, Side):
                dated = side.kind.stage_date(step.stage, side.record.fields)
                if dated is not None:
                    at, exact, inferred = parse_iso(dated[0]), "day" if dated[1] else "instant", False
            self.tell(
                f.StageEntered,
                at,
                side,
                stage=step.stage,
                passage=step.passage,
                inferred=inferred,
                reason=step.reason,
                precision=exact,
            )
        return True

    def canonical(self, name: str) -> str | None:
        """The agreement's own name of a canonical stage."""
        return self.lifecycle.find(name)


def happenings(rules: Rules, case: Case, standing: Standing, outcome: Outcome) -> None:
    """Adds to the outcome everything that has happened to the lead since its records were last looked at."""
    teller = _Teller(rules, case, outcome, standing)
    sides = list(case.sides.values())
    if not standing.captured:
        _captured(teller, sides)
    for connection, record in case.moved:
        _moved(teller, connection, record)
    if not sides:
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
        _consent(teller, side)
        _touches(teller, side)
    _stages(teller, sides)
    _offer(teller, sides)
    for side in sides:
        _owner(teller, side)
        _status(teller, side)
    for related in sorted(case.related, key=lambda r: (r.record.modified_at, r.record.ref)):
        _related(teller, related)
    for side in sides:
        _decision(teller, side)
    for related in case.related:
        _opportunity(teller, related)
    _buying(teller, sides)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _captured(teller: _Teller, sides: list[Side]) -> None:
    def when(side: Side) -> tuple[datetime, str]:
        raw = _text(side.values.get("captured_at"))
        if raw is None:
            return side.record.modified_at, "instant"
        return parse_iso(raw), "day" if len(raw) == 10 else "instant"

    origin = min(sides, key=lambda side: when(side)[0])
    at, precision = when(origin)
    teller.tell(
        f.LeadCaptured,
        at,
        origin,
        source=_text(origin.values.get("source")),
        function=origin.function,
        precision=precision,
    )
    first = teller.canonical("captured")
    if first is not None:
        teller.move(first, origin, at, precision=precision)


def _moved(teller: _Teller, connection: str, record: Record) -> None:
    successor = record.successor
    why = record.state if record.state in ("converted", "merged", "deleted") else "deleted"
    teller.tell(
        lambda **envelope: f.RecordMoved(
            record=record.ref.id,
            to=successor.id if successor else None,
            why=why,
            **{**envelope, "system": connection},
        ),
        record.modified_at,
        None,
    )


def _consent(teller: _Teller, side: Side) -> None:
    if side.values.get("opted_out") is True and not teller.standing.opted_out:
        teller.tell(f.ConsentWithdrawn, side.record.modified_at, side)


def _touches(teller: _Teller, side: Side) -> None:
    for number, touch in enumerate(side.kind.crosswalk.touches):
        raw = _text(side.record.fields.get(touch.at))
        if raw is None:
            continue
        identity = f"{side.connection}:{side.record.ref.id}:{number}:{raw}"
        if identity in teller.standing.interactions:
            continue
        asset = _text(side.record.fields.get(touch.asset)) if touch.asset else None
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


# -- the lifecycle ---------------------------------------------------------------------------------------------------


def _stages(teller: _Teller, sides: list[Side]) -> None:
    lifecycle, standing = teller.lifecycle, teller.standing
    proposals = [
        (stage, side)
        for side in sides
        if side.changed("stage") and (stage := _text(side.values.get("stage"))) is not None
    ]
    for stage, side in sorted(proposals, key=lambda pair: (lifecycle.rank(pair[0]) or 0, pair[1].record.modified_at)):
        if side.values.get("decision") == "accept" and standing.offered:
            continue  # sales' acceptance is told as a decision, which brings its own stage
        current = standing.stage
        if current is not None and lifecycle.is_detour(current) and lifecycle.rank(stage) is not None:
            if not _comes_back(teller, stage):
                continue
        elif current is not None and not lifecycle.is_forward(current, stage):
            if stage != current and lifecycle.rank(stage) is not None and side.base is not None:
                teller.tell(
                    f.ConflictSettled,
                    side.record.modified_at,
                    side,
                    field="stage",
                    winner="agreement",
                    rule="a stage moves backward only with a reason",
                )
            continue
        when, precision = teller.entered_at(side, stage)
        teller.move(stage, side, when, precision=precision)


def _comes_back(teller: _Teller, stage: str) -> bool:
    """Whether a lead in a detour has come back to the success path: further on than where the detour sends it."""
    lifecycle, current = teller.lifecycle, teller.standing.stage
    assert current is not None
    returns = [rank for name in lifecycle.detours[current].returns if (rank := lifecycle.rank(name)) is not None]
    rank = lifecycle.rank(stage)
    handoff = lifecycle.rank(teller.rules.agreement.handoff.at)
    floor = min([*returns, handoff if handoff is not None else len(lifecycle.success_path)])
    return rank is not None and (rank > floor or rank == handoff)


def _offer(teller: _Teller, sides: list[Side]) -> None:
    contract, standing = teller.rules.agreement.handoff, teller.standing
    if standing.stage != contract.at or (standing.handoff is not None and standing.handoff_passage == standing.passage):
        return
    entered = next((fact for fact in reversed(teller.outcome.facts) if isinstance(fact, f.StageEntered)), None)
    side = next((side for side in sides if side.function == contract.from_), sides[0])
    when = entered.occurred_at if entered is not None else side.record.modified_at
    said = {name for each in sides for name, value in each.values.items() if value not in (None, "")}
    teller.tell(
        f.HandoffOffered,
        when,
        side,
        handoff=f"{teller.case.lead}:{standing.handoffs + 1}",
        from_function=contract.from_,
        to_function=contract.to,
        package=tuple(name for name in (*contract.package.required, *contract.package.optional) if name in said),
        missing=tuple(name for name in contract.package.required if name not in said),
        expires_at=when + contract.expires_after if contract.expires_after else None,
        precision=entered.precision if entered is not None else "instant",
    )


def _owner(teller: _Teller, side: Side) -> None:
    standing = teller.standing
    owner = side.kind.owner(side.record.fields)
    if owner is None or standing.handoff is None or side.function != teller.rules.agreement.handoff.to:
        return
    when = side.record.modified_at
    if owner.kind == "queue" and standing.queue != owner.id:
        teller.tell(f.HandoffRouted, when, side, handoff=standing.handoff, queue=owner.id)
    elif owner.kind == "person" and standing.assignee != owner.id:
        teller.tell(f.HandoffAssigned, when, side, handoff=standing.handoff, owner=owner.id)


def _status(teller: _Teller, side: Side) -> None:
    status = _text(side.values.get("status"))
    if status is not None and side.changed("status") and status != teller.standing.status:
        teller.tell(f.StatusChanged, side.record.modified_at, side, status=status)


def _decision(teller: _Teller, side: Side) -> None:
    decision, code = _text(side.values.get("decision")), _text(side.values.get("reason"))
    standing, agreement = teller.standing, teller.rules.agreement
    if decision is None or not (side.changed("decision") or side.changed("reason")):
        return
    if decision == BY_REASON:
        if code is None:
            teller.set_aside(
                side,
                "reason",
                "the record was closed without a reason that the agreement knows",
                "give the reason in the CRM, or add its value to the crosswalk",
            )
            return
        decision = _meant(teller, code)
    if (decision, code) == (standing.decision, standing.reason):
        return
    reason = agreement.reasons.get(code) if code else None
    when = side.record.modified_at
    if standing.handoff is not None:
        due = when + reason.cool_off if decision == "recycle" and reason and reason.cool_off else None
        teller.tell(f.HandoffDecided, when, side, handoff=standing.handoff, decision=decision, reason=code, due_at=due)
    stage = teller.canonical(STAGE_OF_DECISION[decision])
    if stage is not None and stage != standing.stage:
        if decision == "accept" and not teller.lifecycle.is_forward(standing.stage, stage):
            return
        teller.move(stage, side, when, reason=code)


def _meant(teller: _Teller, code: str) -> str:
    """Which decision a CRM that only says "closed" means: reject before follow-up began, else what the reason says."""
    reason = teller.rules.agreement.reason(code)
    decisions = [d for d in reason.allowed_decisions if d in STAGE_OF_DECISION and d != "accept"]
    followed_up = teller.standing.touched or teller.standing.decision == "accept"
    if followed_up:
        decisions = [d for d in decisions if d != "reject"] or decisions
    return decisions[0] if decisions else "disqualify"


# -- what belongs to the lead ------------------------------------------------------------------------------------------


def _related(teller: _Teller, related: Related) -> None:
    if related.kind.stands_for != "interaction" or related.record.state != "live":
        return
    identity = f"{related.mapping.connection}:{related.record.ref.id}"
    if identity in teller.standing.interactions:
        return
    raw = _text(related.values.get("at"))
    teller.tell(
        f.Interacted,
        parse_iso(raw) if raw else related.record.modified_at,
        related,
        interaction=identity,
        nature=_text(related.values.get("nature")) or "person_to_person",
        channel=(_text(related.values.get("channel")) or "").lower(),
        direction=_text(related.values.get("direction")) or "outbound",
        function=_text(related.values.get("function")) or related.mapping.function,
        asset=_text(related.values.get("asset")),
    )


def _opportunity(teller: _Teller, related: Related) -> None:
    if related.kind.stands_for != "opportunity":
        return
    identity = f"{related.mapping.connection}:{related.record.ref.id}"
    standing = teller.standing
    known = standing.opportunities.get(identity)
    raw_amount = related.values.get("amount")
    amount = float(raw_amount) if isinstance(raw_amount, (int, float, str)) and raw_amount != "" else None
    opened = teller.canonical("opportunity")
    won, closed = _true(related.values.get("won")), _true(related.values.get("closed"))
    raw = _text(related.values.get("closed_at"))
    ended = parse_iso(raw) if raw and (won or closed) else related.record.modified_at
    if known is None:
        created = _text(related.values.get("opened_at"))
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
        teller.move(stage, related, ended, precision=precision)


def _true(value: Value) -> bool:
    return value is True or value == "true"


def _buying(teller: _Teller, sides: list[Side]) -> None:
    for side in sides:
        stage = _text(side.values.get("buying_stage"))
        if stage is not None and side.changed("buying_stage") and stage != teller.standing.buying_stage:
            teller.tell(f.BuyingStageEntered, side.record.modified_at, side, buying_stage=stage, evidence="crm field")
    seen = [fact for fact in teller.outcome.facts if isinstance(fact, f.Interacted)]
    if not seen:
        return
    entries = teller.rules.agreement.buying_entries([*_past(teller.case), *seen])
    # Of stages that were entered at one instant, the furthest is where the buyer stands.
    furthest = {entry.at: entry for entry in entries}
    first = min(fact.occurred_at for fact in seen)
    for entry in furthest.values():
        if entry.at >= first and entry.stage != teller.standing.buying_stage:
            teller.tell(
                f.BuyingStageEntered,
                entry.at,
                None,
                buying_stage=entry.stage,
                evidence=entry.evidence,
                inferred=entry.inferred,
            )


def _past(case: Case) -> list[f.Interacted]:
    return [fact for fact in case.facts if isinstance(fact, f.Interacted)]
