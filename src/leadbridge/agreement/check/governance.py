"""The checks of governance: days, signatures, targets, plan, incentives, outcomes, reviews and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.agreement.sections.governance import KpiTarget
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement
    from leadbridge.domain.campaign import Campaign

__all__ = ["campaign_problems", "day_problems", "governance_problems"]


def day_problems(agreement: Agreement) -> Found:
    """The agreement ends after it begins, and no lead status or role stands twice."""
    if agreement.until is not None and agreement.until <= agreement.effective:
        yield ("until",), Problem("the agreement ends before it begins", "write a day after effective, or remove until")
    yield from twice([status.id for status in agreement.lead_statuses], ("lead_statuses",), "lead status")
    yield from twice(agreement.required_signatures, ("required_signatures",), "role")


def governance_problems(agreement: Agreement) -> Found:
    """Days in order, figures that can be reached, functions that take part, names that stand once."""
    yield from _targets(agreement, agreement.targets, ("targets",))
    yield from _plan(agreement)
    yield from twice([each.id for each in agreement.incentives], ("incentives",), "incentive")
    for index, incentive in enumerate(agreement.incentives):
        yield from _functions(agreement, incentive.functions, ("incentives", index, "functions"))
        yield from twice(incentive.metrics, ("incentives", index, "metrics"), "metric")
    yield from twice([each.id for each in agreement.reviews], ("reviews",), "review")
    for index, review in enumerate(agreement.reviews):
        yield from _functions(agreement, review.functions, ("reviews", index, "functions"))
        if review.every.days < 1:
            yield ("reviews", index, "every"), Problem("a review has a rhythm of days", "write such as 2 weeks")
    yield from twice([each.id for each in agreement.outcomes], ("outcomes",), "outcome")
    for index, outcome in enumerate(agreement.outcomes):
        yield from _functions(agreement, outcome.functions, ("outcomes", index, "functions"))
        if outcome.offering is None and outcome.revenue is None and outcome.motion is None:
            yield (
                ("outcomes", index),
                Problem(
                    f"the outcome {outcome.id} says nothing about the sale",
                    "add offering (product or solution), revenue (one_time or recurring) or motion (acquisition or "
                    "development)",
                ),
            )


def _plan(agreement: Agreement) -> Found:
    periods = agreement.plan
    yield from twice([period.id for period in periods], ("plan",), "period")
    for index, period in enumerate(periods):
        here: Path = ("plan", index)
        if period.ends < period.starts:
            yield (*here, "ends"), Problem(f"the period {period.id} ends before it begins", "swap starts and ends")
        for other in periods[:index]:
            if period.starts <= other.ends and other.starts <= period.ends:
                yield (
                    (*here, "starts"),
                    Problem(
                        f"the periods {other.id} ({other.starts} to {other.ends}) and {period.id} ({period.starts} to "
                        f"{period.ends}) overlap",
                        "let each day belong to one period",
                    ),
                )
        yield from _targets(agreement, period.targets, (*here, "targets"))


def _targets(agreement: Agreement, targets: Sequence[KpiTarget], path: Path) -> Found:
    seen: list[tuple[str, str | None]] = []
    for index, target in enumerate(targets):
        here: Path = (*path, index)
        if target.at_least is None and target.at_most is None:
            yield here, Problem(f"the target for {target.metric} names no figure", "add at_least or at_most")
        elif target.at_least is not None and target.at_most is not None and target.at_most < target.at_least:
            yield (
                (*here, "at_most"),
                Problem(
                    f"no figure is at least {target.at_least:g} and at most {target.at_most:g}",
                    "swap at_least and at_most",
                ),
            )
        if target.owner is not None:
            yield from _owner(agreement, target.owner, (*here, "owner"))
        if (target.metric, target.owner) in seen:
            who = target.owner or "both"
            yield here, Problem(f"{target.metric} has two targets of {who}", "keep one of them")
        seen.append((target.metric, target.owner))


def campaign_problems(agreement: Agreement) -> Found:
    """Every name that a campaign refers to exists, its days are in order, and its name follows the pattern."""
    yield from twice([campaign.id for campaign in agreement.campaigns], ("campaigns",), "campaign")
    names = [campaign.name for campaign in agreement.campaigns]
    for index, campaign in enumerate(agreement.campaigns):
        here: Path = ("campaigns", index)
        yield from _campaign(agreement, campaign, here)
        if campaign.name and campaign.name in names[:index]:
            yield (*here, "name"), Problem(f"two campaigns are named {campaign.name}", "rename one of them")


def _campaign(agreement: Agreement, campaign: Campaign, here: Path) -> Found:
    if campaign.starts is not None and campaign.ends is not None and campaign.ends < campaign.starts:
        yield (*here, "ends"), Problem(f"the campaign {campaign.id} ends before it begins", "swap starts and ends")
    naming = agreement.campaign_names
    if naming is not None and campaign.name and naming.parse(campaign.name) is None:
        yield (
            (*here, "name"),
            Problem(f"the name {campaign.name} does not follow the pattern", f"name it as {naming.in_words()}"),
        )
    known: tuple[tuple[str, str | None, Iterable[str], str], ...] = (
        ("definition", campaign.definition, agreement.definitions, "definition"),
        ("sla", campaign.sla, [policy.id for policy in agreement.slas], "policy"),
        ("outcome", campaign.outcome, [outcome.id for outcome in agreement.outcomes], "outcome"),
    )
    for key, name, options, what in known:
        if name is not None and name not in options:
            yield (*here, key), unknown(what, name, options)
    for number, target in enumerate(campaign.targets):
        there: Path = (*here, "targets", number)
        if target.stage is not None and target.stage not in agreement.lifecycle.ids:
            yield (*there, "stage"), unknown("stage", target.stage, agreement.lifecycle.ids)
        if target.owner is not None:
            yield from _owner(agreement, target.owner, (*there, "owner"))
    yield from _functions(agreement, campaign.owners, (*here, "owners"), by_key=True)
    yield from _functions(agreement, campaign.needs_sign_off_of, (*here, "needs_sign_off_of"))
    for number, entry in enumerate(campaign.inputs):
        yield from _functions(agreement, [entry.function], (*here, "inputs", number, "function"))


def _functions(agreement: Agreement, names: Iterable[str], path: Path, *, by_key: bool = False) -> Found:
    # Besides those of the hand-off: functions that can fix a reason (product) or bring leads (a partner).
    known = dict.fromkeys(
        [
            *agreement.functions,
            *(reason.remedy_owner for reason in agreement.reasons.values()),
            *(entry.function for entry in agreement.lifecycle.entries.values()),
        ]
    )
    for name in names:
        if name not in known:
            yield ((*path, name) if by_key else path), unknown("function", name, known)


def _owner(agreement: Agreement, name: str, path: Path) -> Found:
    """A figure is looked after by a function, or by a role that signs."""
    if name not in (*agreement.required_signatures, *(each.role for each in agreement.signatures)):
        yield from _functions(agreement, [name], path)
