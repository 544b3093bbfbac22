"""Telling facts about one lead: each with where it was seen, when it happened, and under which agreement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from leadbridge.adapter import Value
from leadbridge.clock import parse_iso
from leadbridge.domain import facts as f
from leadbridge.domain.facts import Fact
from leadbridge.errors import IllegalMove
from leadbridge.store import Quarantined
from leadbridge.store.codec import fingerprint
from leadbridge.sync.case import Case, Outcome, Related, Rules, Side
from leadbridge.sync.standing import Standing

__all__ = ["Teller", "text"]


def text(value: Value) -> str | None:
    """A value as text, if it is text and not blank."""
    return value if isinstance(value, str) and value else None


class Teller:
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
            agreement=self.rules.version_at(when),
            **body,
        )
        self.outcome.facts.append(fact)
        self.standing.add(fact)

    def set_aside(self, side: Side | Related, subject: str, reason: str, remedy: str) -> None:
        """Leaves something for a person."""
        ref = side.record.ref
        self.outcome.quarantine.append(
            Quarantined(
                fingerprint("decide", side.connection, ref.kind, ref.id, subject),
                side.connection,
                ref,
                self.case.lead,
                subject,
                reason,
                remedy,
                "decision",
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
        self,
        stage: str,
        side: Side | Related,
        when: datetime,
        *,
        precision: str = "instant",
        reason: str | None = None,
        inferred: bool = False,
    ) -> bool:
        """Enters a stage, and every stage that is jumped over; ``False`` when the agreement does not allow it."""
        try:
            steps = self.lifecycle.steps(
                self.standing.stage,
                stage,
                passage=self.standing.passage,
                reason=reason,
                function=self._brought_by(stage, side),
            )
        except IllegalMove:
            return False
        for step in steps:
            at, exact, guessed = when, precision, step.inferred or inferred
            if guessed and isinstance(side, Side):
                dated = side.kind.stage_date(step.stage, side.record.fields)
                if dated is not None:
                    at, exact, guessed = parse_iso(dated[0]), "day" if dated[1] else "instant", False
            self.tell(
                f.StageEntered,
                at,
                side,
                stage=step.stage,
                passage=step.passage,
                inferred=guessed,
                reason=step.reason,
                precision=exact,
            )
        return True

    def reach(self, stage: str, side: Side | Related, when: datetime, *, precision: str = "instant") -> bool:
        """Enters a stage; from a detour by the way back that it leaves open.

        A lead that is further on than where its detour sends it has been there on its way.
        """
        current, target = self.standing.stage, self.lifecycle.rank(stage)
        detour = self.lifecycle.detours.get(current) if current is not None else None
        if detour is not None and target is not None and stage not in detour.returns:
            ranks = {name: rank for name in detour.returns if (rank := self.lifecycle.rank(name)) is not None}
            passed = [name for name, rank in ranks.items() if rank < target]
            if passed:
                self.move(max(passed, key=lambda name: ranks[name]), side, when, precision=precision, inferred=True)
        return self.move(stage, side, when, precision=precision)

    def _brought_by(self, stage: str, side: Side | Related) -> str | None:
        """Whose way in the lead takes to a stage; nobody's when its record dates a stage that this way leaves out."""
        now, function = self.standing.stage, self.standing.brought_by
        if isinstance(side, Side):
            passed = self.lifecycle.skipped(now, stage, function=function)
            for name in self.lifecycle.skipped(now, stage):
                if name not in passed and side.kind.stage_date(name, side.record.fields) is not None:
                    return None
        return function

    def canonical(self, name: str) -> str | None:
        """The agreement's own name of a canonical stage."""
        return self.lifecycle.find(name)
