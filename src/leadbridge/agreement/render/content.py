"""Target market, value, messages, campaigns, reasons and feedback of the agreement as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadbridge.agreement.render.blocks import Block, Heading, Text, table
from leadbridge.domain.model import listing, span_text

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement
    from leadbridge.domain.campaign import Campaign, CampaignTarget

__all__ = ["market", "reasons"]


def market(agreement: Agreement) -> Iterator[Block]:
    """Whom both functions want, what they say and show, and the campaigns that do it."""
    wanted = agreement.target_market
    if wanted.companies or wanted.roles:
        yield Heading("Target market")
        yield table(("companies", "condition", "why"), [(c.id, c.when, c.why) for c in wanted.companies])
        roles = [(r.id, r.label, ", ".join(r.titles), r.when) for r in wanted.roles]
        yield table(("buying role", "label", "titles", "condition"), roles)
    if agreement.value_propositions:
        yield Heading("Value propositions")
        yield table(("id", "text", "for"), [(v.id, v.text, ", ".join(v.roles)) for v in agreement.value_propositions])
    if agreement.messages:
        yield Heading("Messages")
        rows = [
            (m.id, m.text, m.value_proposition, ", ".join(m.buying_stages), ", ".join(m.roles))
            for m in agreement.messages
        ]
        yield table(("id", "text", "value proposition", "buying stages", "for"), rows)
    if agreement.assets:
        yield Heading("Assets")
        assets = [
            (a.id, a.type, a.title, a.owner, a.made_by, ", ".join(a.buying_stages), a.available_from, a.available_until)
            for a in agreement.assets
        ]
        yield table(("id", "type", "title", "owner", "made by", "buying stages", "from", "until"), assets)
    yield from _outcomes(agreement)
    yield from _campaigns(agreement)


def _outcomes(agreement: Agreement) -> Iterator[Block]:
    if agreement.outcomes:
        yield Heading("Outcomes")
        yield Text("The kinds of sale that the functions drive towards, so that everybody means the same by a deal.")
        rows = [
            (
                each.id,
                each.label,
                each.offering,
                (each.revenue or "").replace("_", " "),
                each.motion,
                ", ".join(each.functions),
            )
            for each in agreement.outcomes
        ]
        yield table(("outcome", "label", "offering", "revenue", "motion", "driven by"), rows)


def _campaigns(agreement: Agreement) -> Iterator[Block]:
    if agreement.campaign_names is not None or agreement.campaigns:
        yield Heading("Campaigns")
    if agreement.campaign_names is not None:
        yield Text(f"Campaigns are named {agreement.campaign_names.in_words()}.")
    if agreement.campaigns:
        campaigns = [(c.id, c.label, c.name, _owners(c), c.starts, c.ends, c.success) for c in agreement.campaigns]
        yield table(("id", "label", "name", "owner", "from", "to", "success looks like"), campaigns)
        terms = [
            (c.id, c.definition, c.sla, c.outcome, "; ".join(_target(each) for each in c.targets))
            for c in agreement.campaigns
            if c.definition or c.sla or c.outcome or c.targets
        ]
        yield table(("campaign", "a lead meets", "promises", "outcome", "targets"), terms)
        inputs = [
            (c.id, each.function, each.by, each.on, each.said, "signed off" if each.signed_off else "")
            for c in agreement.campaigns
            for each in c.inputs
        ]
        waiting = [(c.id, name, "", "", "", "open") for c in agreement.campaigns for name in _silent(c)]
        yield table(("campaign", "input of", "by", "on", "said", "sign-off"), [*inputs, *waiting])


def _silent(campaign: Campaign) -> list[str]:
    """Functions whose sign-off is open and of whom nothing is written down."""
    spoken = {each.function for each in campaign.inputs}
    return [name for name in campaign.open_sign_offs if name not in spoken]


def _owners(campaign: Campaign) -> str:
    named = [f"{function}: {owner}" for function, owner in campaign.owners.items()]
    return ", ".join([*([campaign.owner] if campaign.owner else []), *named])


def _target(target: CampaignTarget) -> str:
    what = f"leads in {target.stage}" if target.stage else str(target.metric)
    return f"{what} at least {target.at_least:g}" + (f" ({target.owner})" if target.owner else "")


def reasons(agreement: Agreement) -> Iterator[Block]:
    """Why leads are refused, how they come back, and what is told about it."""
    yield Heading("Reasons")
    rows = [
        (
            reason.code,
            reason.label,
            ", ".join(reason.allowed_decisions),
            reason.remedy_owner,
            reason.default_action,
            span_text(reason.cool_off) if reason.cool_off else "",
            "; ".join(
                [
                    *(["a note"] if reason.needs_note else []),
                    *([f"{reason.needs_attempts} attempts"] if reason.needs_attempts else []),
                ]
            ),
        )
        for reason in agreement.reasons.values()
    ]
    yield table(("code", "label", "explains", "who can fix it", "what happens", "rest", "needs"), rows)
    recycling = agreement.recycling
    yield Text(
        f"A lead goes through the funnel at most {recycling.max_passages} times; without another agreement it rests "
        f"{span_text(recycling.default_cool_off)}. From {recycling.ping_pong} times on, somebody looks at why it comes "
        "and goes."
    )
    yield from _feedback(agreement)


def _feedback(agreement: Agreement) -> Iterator[Block]:
    terms = agreement.feedback
    if terms == type(terms)():
        return
    yield Heading("Feedback")
    if terms.welcome:
        yield Text(f"Feedback is welcome at any time on: {listing(terms.welcome)}.")
    expected = [
        (
            each.id,
            each.from_,
            each.to,
            each.subject,
            f"after {listing(each.after)}" if each.after else "",
            f"within {span_text(each.within)}"
            if each.within
            else f"every {span_text(each.every)}"
            if each.every
            else "",
            each.channel,
            each.why,
        )
        for each in terms.expected
    ]
    if expected:
        yield table(("expected", "from", "to", "on", "when", "time", "channel", "why"), expected)
    if terms.channels:
        yield table(("channel", "label", "owner"), [(each.id, each.label, each.owner) for each in terms.channels])
    steps = (("read", terms.acknowledge_within), ("acted on", terms.act_within), ("told back", terms.tell_within))
    said = [f"{what} within {span_text(span)}" for what, span in steps if span is not None]
    if said:
        yield Text(f"Feedback is {listing(said)}.")
