"""Decide: a pure function of the agreement, what is known of a lead, and the time.

It gives facts (what happened), intents (what to write and why), bases, links, conflicts and what needs a person.
Nothing here reads or writes anything; the same input gives the same outcome.
"""

from __future__ import annotations

from leadbridge.adapter import Value
from leadbridge.agreement.promises import promises
from leadbridge.clock import iso
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.slaclock import SLAClock
from leadbridge.sync.case import Case, Outcome, Rules
from leadbridge.sync.happenings import STAGES, happenings
from leadbridge.sync.standing import Standing
from leadbridge.sync.writes import merged_values, writes

__all__ = ["decide"]


def decide(rules: Rules, case: Case) -> Outcome:
    """Decides about one lead."""
    outcome = Outcome(case.lead)
    standing = Standing.of(case.facts)
    if not standing.captured and not _included(rules, case):
        outcome.left_out = "the agreement's sync.include keeps it where it is"
        return outcome
    outcome.links.extend(case.links)
    outcome.relations.extend(case.relations)
    happenings(rules, case, standing, outcome)
    wanted = merged_values(rules, case, standing, outcome)
    shown = _shown(rules, case, standing, outcome)
    writes(rules, case, wanted, shown, outcome)
    return outcome


def _included(rules: Rules, case: Case) -> bool:
    if rules.agreement.sync.include is None:
        return True
    values = _said(case)
    stages = [stage for side in case.sides.values() if isinstance(stage := side.values.get("stage"), str)]
    if stages:
        values["stage"] = max(stages, key=rules.agreement.lifecycle.reached)
    return rules.agreement.includes(values, at=rules.now)


def _said(case: Case) -> dict[str, Value]:
    """What the records of the lead say together."""
    values: dict[str, Value] = {}
    for side in case.sides.values():
        values.update({name: value for name, value in side.values.items() if value not in (None, "")})
    return values


def _shown(rules: Rules, case: Case, standing: Standing, outcome: Outcome) -> dict[str, Value]:
    """The axes and what is worked out from the facts, in the words of the agreement."""
    shown: dict[str, Value] = {
        "stage": standing.stage,
        "status": standing.status,
        "buying_stage": standing.buying_stage,
    }
    if standing.decision in STAGES:
        shown |= {"decision": standing.decision, "reason": standing.reason}
    if standing.handoff is not None and any(version.slas for version in rules.series):
        history = LeadHistory.fold([*case.facts, *outcome.facts])
        urgent = _urgent(tuple(promises(history, rules.series, rules.now, fields=_said(case))))
        if urgent is not None:
            shown |= {"sla_due": iso(urgent.due_at) if urgent.due_at else None, "sla_state": urgent.state}
            # The state of a running clock changes by itself when it runs out.
            outcome.timer = urgent.due_at if urgent.state == "running" else None
    return {name: value for name, value in shown.items() if value is not None}


def _urgent(running: tuple[SLAClock, ...]) -> SLAClock | None:
    """The clock that matters now: what is open comes first, the earlier due the better; else the last that ended."""
    open_ = [clock for clock in running if clock.state in ("running", "paused", "breached") and clock.due_at]
    if open_:
        return min(open_, key=lambda clock: (clock.due_at, clock.target))
    ended = [clock for clock in running if clock.due_at and clock.state in ("met", "met_late", "cancelled")]
    return max(ended, key=lambda clock: (clock.due_at, clock.target), default=None)
