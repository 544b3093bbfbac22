"""The checks of promises: names that exist, conditions that can be judged, policies that some lead can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.criteria import CriteriaError
from leadbridge.domain.criteria.names import window_of
from leadbridge.domain.sla.policy import OWNER_AWAY, SLAPolicy, Target
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["sla_condition_problems", "sla_problems"]

_MOVES = frozenset({"lead.stage", "lead.status", "lead.buying_stage", "lead.decision", "lead.reason"})
"""What changes while a clock runs: a promise that depends on it would come and go."""


def sla_problems(agreement: Agreement) -> Found:
    """Functions, calendars, stages and statuses that promises name."""
    yield from twice([policy.id for policy in agreement.slas], ("slas",), "policy")
    for index, policy in enumerate(agreement.slas):
        here: Path = ("slas", index)
        if policy.duty_of not in agreement.functions:
            yield (*here, "duty_of"), unknown("function", policy.duty_of, agreement.functions)
        if policy.calendar is not None and policy.calendar not in agreement.calendars:
            yield (*here, "calendar"), unknown("calendar", policy.calendar, agreement.calendars)
        if policy.zone_of == "assignee" and not policy.calendars:
            yield (
                (*here, "zone_of"),
                Problem("no calendar is named whose hours could be in a zone", "add calendar: ..., or remove zone_of"),
            )
        for number, target in enumerate(policy.targets):
            there: Path = (*here, "targets", number)
            if target.calendar is not None and target.calendar not in agreement.calendars:
                yield (*there, "calendar"), unknown("calendar", target.calendar, agreement.calendars)
            yield from _events(agreement, target, there)
            yield from _pauses(agreement, target, there)
            yield from twice([f"{each.at} to {each.to}" for each in target.escalate], (*there, "escalate"), "alert")
            if "informed" in target.stops and policy.duty_of == agreement.handoff.to:
                yield (
                    (*there, "stops"),
                    Problem(
                        f"to inform is the duty of {agreement.handoff.from_}, and this is promised by {policy.duty_of}",
                        f"move it to a policy with duty_of: {agreement.handoff.from_}",
                    ),
                )


def _events(agreement: Agreement, target: Target, there: Path) -> Found:
    events = {"starts": (target.starts,), "stops": target.stops, "cancels": target.cancels, "resets": target.resets}
    for key, names in events.items():
        for event in names:
            stage = event.removeprefix("stage:")
            if stage != event and stage not in agreement.lifecycle.ids:
                yield (*there, key), unknown("stage", stage, agreement.lifecycle.ids)


def _pauses(agreement: Agreement, target: Target, there: Path) -> Found:
    for name in target.paused_while:
        stage = name.removeprefix("stage:")
        if stage != name:
            if stage not in agreement.lifecycle.ids:
                yield (*there, "paused_while"), unknown("stage", stage, agreement.lifecycle.ids)
        elif name != OWNER_AWAY and name not in agreement.statuses:
            yield (*there, "paused_while"), unknown("lead status", name, (*agreement.statuses, OWNER_AWAY))
        elif name == OWNER_AWAY and name in agreement.statuses:
            problem = f"{OWNER_AWAY} means the days off of the owner, and a lead status is called so, too"
            yield (*there, "paused_while"), Problem(problem, "rename the lead status")


def sla_condition_problems(agreement: Agreement) -> Found:
    """Conditions that cannot be judged, or on what changes by itself, and policies that no lead can have."""
    groups: dict[str, str] = {}
    for index, policy in enumerate(agreement.slas):
        here: Path = ("slas", index)
        if policy.group is not None:
            before = groups.get(policy.group)
            if before is not None:
                yield (
                    here,
                    Problem(
                        f"no lead ever has {policy.id}: {before} of the same group is for all leads",
                        f"move {policy.id} before it, or give {before} a condition (when)",
                    ),
                )
            elif policy.when is None:
                groups[policy.group] = policy.id
        for problem in _condition(agreement, policy):
            yield (*here, "when"), problem


def _condition(agreement: Agreement, policy: SLAPolicy) -> Iterator[Problem]:
    if policy.when is None:
        return
    try:
        rule = agreement.rule(policy.when)
    except CriteriaError as error:
        yield Problem(error.message, error.remedy)
        return
    for name in rule.names:
        if name in _MOVES or window_of(name) is not None:
            yield Problem(
                f"{name} changes while the clock runs, so the promise would come and go",
                "ask for what the lead is, such as its source, company or score; stages belong into starts and cancels",
            )
