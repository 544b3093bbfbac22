"""The checks of value propositions, messages, assets and evidence: they refer to each other and to buying stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.buying import EvidenceRule
from leadbridge.domain.lead import LEAD_FIELDS
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["content_problems"]


def content_problems(agreement: Agreement) -> Found:
    """Every name that a proposition, a message, an asset or a rule of evidence refers to exists."""
    stages = [stage.id for stage in agreement.buying_stages]
    roles = [role.id for role in agreement.target_market.roles]
    propositions = [proposition.id for proposition in agreement.value_propositions]
    messages = [message.id for message in agreement.messages]
    yield from twice(propositions, ("value_propositions",), "value proposition")
    yield from twice(messages, ("messages",), "message")
    yield from twice([asset.id for asset in agreement.assets], ("assets",), "asset")
    for index, proposition in enumerate(agreement.value_propositions):
        yield from _known(proposition.roles, roles, ("value_propositions", index, "roles"), "buying role")
    for index, message in enumerate(agreement.messages):
        here: Path = ("messages", index)
        yield from _known([message.value_proposition], propositions, (*here, "value_proposition"), "value proposition")
        yield from _known(message.buying_stages, stages, (*here, "buying_stages"), "buying stage")
        yield from _known(message.roles, roles, (*here, "roles"), "buying role")
    for index, asset in enumerate(agreement.assets):
        here = ("assets", index)
        yield from _known([asset.message], messages, (*here, "message"), "message")
        yield from _known(asset.buying_stages, stages, (*here, "buying_stages"), "buying stage")
        yield from _known(asset.roles, roles, (*here, "roles"), "buying role")
        if asset.available_from and asset.available_until and asset.available_until < asset.available_from:
            remedy = "write a day on or after available_from, or remove available_until"
            yield (*here, "available_until"), Problem(f"the asset {asset.id} goes before it comes", remedy)
    yield from _evidence_problems(agreement)


def _known(names: Iterable[str | None], known: Iterable[str], place: Path, what: str) -> Found:
    options = list(known)
    for name in names:
        if name is not None and name not in options:
            yield place, unknown(what, name, options)


def _evidence_problems(agreement: Agreement) -> Found:
    assets = {asset.id: asset.type for asset in agreement.assets}
    fields = [*LEAD_FIELDS, *agreement.attributes]
    for place, rule in _evidence(agreement):
        yield from _known([rule.asset], assets, (*place, "asset"), "asset")
        yield from _known([rule.asset_type], dict.fromkeys(assets.values()), (*place, "asset_type"), "asset type")
        yield from _known([rule.field], fields, (*place, "field"), "field")


def _evidence(agreement: Agreement) -> Iterator[tuple[Path, EvidenceRule]]:
    for index, stage in enumerate(agreement.buying_terms.stages):
        for number, rule in enumerate(stage.evidence):
            yield ("buying_stages", "stages", index, "evidence", number), rule
    for name, rules in agreement.buying_terms.evidence.items():
        for number, rule in enumerate(rules):
            yield ("buying_stages", "evidence", name, number), rule
