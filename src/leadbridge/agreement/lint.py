"""What holds together but will disappoint: no error, worth a look before signing, and again when there is a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime

from leadbridge.agreement.holidays import moved_holidays
from leadbridge.agreement.schema import Agreement
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.model import did_you_mean, listing
from leadbridge.errors import Problem

__all__ = ["lint"]


def lint(
    agreement: Agreement,
    *,
    on: date | None = None,
    metrics: Collection[str] | None = None,
    histories: Iterable[LeadHistory] | None = None,
    fields: Mapping[str, Mapping[str, object]] | None = None,
    now: datetime | None = None,
) -> list[Problem]:
    """Remarks about an agreement, each with its place in the document and the way out.

    Args:
        agreement: one that was loaded, so that everything in it fits together.
        on: the day on which somebody looks; without it nothing is said about days.
        metrics: the names of all metrics; without them targets are not compared with metrics.
        histories: of all leads of a ledger: then also what nobody ever used, met or kept is remarked.
        fields: flat canonical fields by lead id, for the criteria that look at them.
        now: the instant at which promises and criteria are judged in the ledger; needed with ``histories``.

    Raises:
        ValueError: for histories without an instant.
    """
    found = [
        *_signing(agreement, on),
        *_process(agreement),
        *_said(agreement),
        *_aims(agreement, metrics),
        *_campaigns(agreement, on),
        *moved_holidays(agreement),
    ]
    if histories is not None:
        from leadbridge.agreement.lint_ledger import unused

        if now is None:
            raise ValueError("the ledger is judged at an instant: give now")
        found += unused(agreement, histories, fields or {}, now)
    return found


def _signing(agreement: Agreement, on: date | None) -> Iterator[Problem]:
    if agreement.unsigned:
        yield Problem(f"not signed by {listing(agreement.unsigned)}", "have it signed, under signatures", "signatures")
    elif not agreement.signatures:
        yield Problem("nobody has signed", "add signatures with role, name and day", "signatures")
    if not agreement.required_signatures:
        remedy = "name the senior roles of both functions, such as [cmo, cro]: agreement starts at the top"
        yield Problem("nobody has to sign", remedy, "required_signatures")
    if on is not None and agreement.until is not None and agreement.until <= on:
        yield Problem(f"it expired on {agreement.until}", "agree on a new version, or on a later day", "until")


def _process(agreement: Agreement) -> Iterator[Problem]:
    if not agreement.definitions:
        yield Problem("nothing is defined", "add definitions.sales_ready with criteria", "definitions")
    used = {agreement.handoff.definition, *(campaign.definition for campaign in agreement.campaigns)}
    for name in agreement.definitions:
        # Without a name in the hand-off, the first definition is the one that leads have to meet.
        if name not in used and (agreement.handoff.definition or name != next(iter(agreement.definitions))):
            remedy = "name it in handoff.definition or in a campaign, or remove it"
            yield Problem(f"no hand-off and no campaign uses the definition {name}", remedy, f"definitions.{name}")
    if not agreement.slas:
        yield Problem("nobody promised anything in time", "add slas", "slas")
    for policy in agreement.slas:
        for target in policy.targets:
            if policy.calendar_of(target) is None:
                yield Problem(
                    f"the promise {policy.id}.{target.id} counts nights, weekends and holidays",
                    "name a calendar and count business hours or days",
                    f"slas.{policy.id}.targets.{target.id}",
                )
    promised = agreement.handoff.package
    if not (promised.required or promised.one_of):
        remedy = f"list the fields that {agreement.handoff.to} needs under handoff.package.required"
        yield Problem(f"{agreement.handoff.from_} promises no information", remedy, "handoff.package")
    for stage in _unreachable(agreement):
        remedy = "name a stage that it is entered from, under its detour's from, or remove it"
        yield Problem(f"no lead can ever reach the stage {stage}", remedy, f"lifecycle.detours.{stage}")
    if agreement.sync.include is None:
        yield Problem("every lead crosses", "say which leads may cross, under sync.include", "sync.include")


def _unreachable(agreement: Agreement) -> list[str]:
    """Detours that are entered only from one another: nothing leads there from the success path."""
    lifecycle = agreement.lifecycle
    reached, before = set(lifecycle.success_path), 0
    while len(reached) != before:
        before = len(reached)
        reached |= {name for name, way in lifecycle.detours.items() if not way.from_ or reached & set(way.from_)}
    return [stage for stage in lifecycle.ids if stage not in reached]


def _said(agreement: Agreement) -> Iterator[Problem]:
    silent = [stage.id for stage in agreement.buying_stages if not stage.evidence]
    if silent:
        remedy = "agree on evidence for each, under buying_stages.evidence"
        yield Problem(f"no evidence marks the entry into {listing(silent)}", remedy, "buying_stages")
    giver, taker = agreement.handoff.from_, agreement.handoff.to
    for function in (giver, taker):
        idle = [s.id for s in agreement.buying_stages if all(play.function != function for play in s.plays)]
        if idle:
            remedy = "agree on what each function does in every stage, under buying_stages.plays"
            yield Problem(f"{function} does nothing in {listing(idle)}", remedy, "buying_stages.plays")
    for message in agreement.messages:
        if message.value_proposition is None and agreement.value_propositions:
            remedy = "name its value_proposition"
            yield Problem(f"the message {message.id} stands for no value proposition", remedy, f"messages.{message.id}")
    evidence = [rule for stage in agreement.buying_stages for rule in stage.evidence]
    plays = [play for stage in agreement.buying_stages for play in stage.plays]
    named = {rule.asset for rule in evidence} | {asset for play in plays for asset in play.assets}
    types = {rule.asset_type for rule in evidence}
    for asset in agreement.assets:
        if asset.id not in named and asset.type not in types and not asset.buying_stages and asset.message is None:
            remedy = "say which message it carries or in which buying stages it is used, or remove it"
            yield Problem(f"nothing refers to the asset {asset.id}", remedy, f"assets.{asset.id}")
    terms = agreement.feedback
    for channel in terms.channels:
        if terms.expected and all(each.channel != channel.id for each in terms.expected):
            remedy = "name it under feedback.expected, or remove it"
            yield Problem(f"no feedback is expected over {channel.id}", remedy, f"feedback.channels.{channel.id}")


def _aims(agreement: Agreement, metrics: Collection[str] | None) -> Iterator[Problem]:
    aimed = [(f"targets.{target.metric}", target) for target in agreement.targets]
    aimed += [(f"plan.{p.id}.targets.{target.metric}", target) for p in agreement.plan for target in p.targets]
    named = [(place, target.metric) for place, target in aimed]
    named += [(f"incentives.{each.id}", metric) for each in agreement.incentives for metric in each.metrics]
    named += [(f"campaigns.{c.id}", t.metric) for c in agreement.campaigns for t in c.targets if t.metric is not None]
    for place, metric in named:
        if metrics is not None and metric not in metrics:
            yield Problem(f"there is no metric {metric}", did_you_mean(metric, metrics), place)
    for place, target in aimed:
        if target.owner is None:
            yield Problem(f"nobody looks after the target for {target.metric}", "name its owner", place)
    wanted = {target.metric for _, target in aimed}
    for incentive in agreement.incentives:
        if idle := [metric for metric in incentive.metrics if metric not in wanted]:
            remedy = "agree on a target for each, under targets or plan"
            yield Problem(
                f"the incentive {incentive.id} has no target for {listing(idle)}", remedy, f"incentives.{incentive.id}"
            )
        if len(incentive.functions) < 2:
            remedy = "let several functions be held accountable for the same thing"
            yield Problem(f"the incentive {incentive.id} is not shared", remedy, f"incentives.{incentive.id}")
    if not agreement.reviews:
        remedy = "agree on a tempo: add reviews with what is looked at, by whom, how often"
        yield Problem("nobody agreed when to look at the figures together", remedy, "reviews")


def _campaigns(agreement: Agreement, on: date | None) -> Iterator[Problem]:
    for campaign in agreement.campaigns:
        here = f"campaigns.{campaign.id}"
        missing = campaign.open_sign_offs
        if missing and campaign.starts is not None and on is not None and campaign.starts <= on:
            yield Problem(
                f"the campaign {campaign.id} began on {campaign.starts} without the sign-off of {listing(missing)}",
                "have it signed off under inputs (signed_off: true)",
                here,
            )
        if not campaign.inputs and not campaign.needs_sign_off_of:
            remedy = f"ask {agreement.handoff.to} at inception, and write it down under inputs and needs_sign_off_of"
            yield Problem(f"only one function planned the campaign {campaign.id}", remedy, here)
        if not campaign.success and not campaign.targets:
            remedy = "say what success looks like, and add targets"
            yield Problem(f"nobody can tell whether the campaign {campaign.id} succeeded", remedy, here)
        if agreement.campaign_names is not None and not campaign.name:
            remedy = f"name it as {agreement.campaign_names.in_words()}"
            yield Problem(f"the campaign {campaign.id} has no name by the agreed pattern", remedy, here)
