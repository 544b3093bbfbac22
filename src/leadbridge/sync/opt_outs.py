"""Opt-outs: what a plan tells a CRM about somebody who does not want to be written to. Nothing holds that up.

A plan over the agreed limits waits for a person, and that may take days. The opt-outs in it do not wait, because a
message that is sent meanwhile cannot be taken back, and an opt-out too many can be asked about. There are two
exceptions. A lead that is new here waits: whether two records are one person is just what is looked at. And so many
opt-outs at once that they look like a bad import (``sync.guards.max_same``) wait as well: an opt-out is never undone.
"""

from __future__ import annotations

from dataclasses import replace

from leadbridge.agreement.policies import Guards
from leadbridge.domain.facts import ConsentWithdrawn
from leadbridge.store import Intent
from leadbridge.sync.case import Case, Outcome
from leadbridge.sync.gather import Gathered
from leadbridge.sync.guards import Ground, too_much_alike
from leadbridge.sync.plan import Plan, Selection, plan_hash
from leadbridge.sync.selection import part

__all__ = ["never_held", "opts_out"]


def opts_out(step: Intent) -> bool:
    """Whether a write tells a CRM that somebody whom it knows does not want to be written to."""
    return step.action == "update" and step.agreed.get(step.connection, {}).get("opted_out") is True


def never_held(plan: Plan, guards: Guards, ground: Ground) -> Plan:
    """The part of a plan that is done although a person has not approved the plan; perhaps nothing."""
    cases = {case.lead: case for case in plan.gathered.cases if case.facts}
    parts = [_opt_outs(each, cases[each.lead]) for each in plan.outcomes if each.lead in cases]
    outcomes = [each for each in parts if each.intents or each.elsewhere]
    steps = [step for each in outcomes for steps in each.intents for step in steps]
    outcomes = [] if too_much_alike(steps, guards, ground) else outcomes
    only = Selection(only=("opted_out",))
    return replace(plan, hash=plan_hash(outcomes), outcomes=outcomes, gathered=Gathered(), selection=only)


def _opt_outs(outcome: Outcome, case: Case) -> Outcome:
    """What of a decision opts somebody out, and the facts of it; the rest stays undecided."""
    reduced = part(outcome, case, frozenset({"opted_out"}))
    return Outcome(
        outcome.lead,
        partial=True,
        intents=[steps for steps in reduced.intents if all(map(opts_out, steps))],
        facts=[each for each in outcome.facts if isinstance(each, ConsentWithdrawn)],
        elsewhere=[each for each in outcome.elsewhere if isinstance(each[0], ConsentWithdrawn)],
    )
