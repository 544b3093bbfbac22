"""What the agreement brings into a snapshot: its assets, reasons and buying stages, and how leads stand under it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from leadbridge.agreement.target import Target
from leadbridge.clock import to_us
from leadbridge.domain.criteria.profile import standing_fields
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement

__all__ = ["LeadStanding", "agreed_recorded", "agreed_rows", "assumptions_of", "stand", "stand_all"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStanding:
    """How one lead stands under the agreement, by its present fields; ``None`` where what is needed is missing.

    Attributes:
        in_target: whether its company is in the target market.
        role: its buying role.
        ready: whether it meets the definition of the hand-off, by its interactions up to the latest offer.
    """

    in_target: bool | None = None
    role: str | None = None
    ready: bool | None = None


def stand_all(
    agreement: Agreement,
    many: Iterable[LeadHistory],
    profiles: Mapping[str, Mapping[str, object]],
    at: datetime,
) -> dict[str, LeadStanding]:
    """How leads stand under an agreement at an instant, by lead id; whether they are ready, at their latest offer.

    Args:
        many: the histories of the leads.
        profiles: flat canonical fields by lead id; of leads without any, nothing is said.
    """
    target = Target(agreement)
    found: dict[str, LeadStanding] = {}
    for history in many:
        if history.lead not in profiles:
            continue
        fields = standing_fields([profiles[history.lead]], history)
        touches = [Interaction.of(touch.fact) for touch in history.touches]
        # Interest fades: what counts is what could be known when the lead was offered, not what is left of it now.
        judged = (history.handoff.offered_at if history.handoff else None) or at
        there = target.of(fields, touches, at=at)
        ready = agreement.readiness(fields, None, touches, at=judged).ok if agreement.definitions else None
        found[history.lead] = LeadStanding(in_target=there.company, role=there.role, ready=ready)
    return found


def stand(leads: Iterable[Row], standings: Mapping[str, LeadStanding]) -> None:
    """Writes into the rows of ``leads`` how each stands."""
    for row in leads:
        one = standings.get(row["lead_id"], _UNKNOWN)
        row.update(in_target=one.in_target, role=one.role, ready=one.ready)


def agreed_rows(agreement: Agreement | None, interactions: Iterable[Mapping[str, Any]]) -> dict[str, list[Row]]:
    """The rows of ``assets``, ``reasons`` and ``buying_path``; without an agreement only assets that were seen."""
    known = list(_assets(agreement)) if agreement is not None else []
    registered = {row["asset_id"] for row in known}
    seen = {row["asset"] for row in interactions if row["asset"]}
    others = [{"asset_id": name, "registered": False} for name in sorted(seen - registered)]
    if agreement is None:
        return {"assets": others, "reasons": [], "buying_path": []}
    reasons = [
        {
            "code": one.code,
            "category": one.category,
            "remedy_owner": one.remedy_owner,
            "needs_attempts": one.needs_attempts,
        }
        for one in agreement.reasons.values()
    ]
    stages = [{"buying_stage": stage.id, "step": step} for step, stage in enumerate(agreement.buying_stages)]
    return {"assets": [*known, *others], "reasons": reasons, "buying_path": stages}


def agreed_recorded(tables: Mapping[str, list[Row]]) -> frozenset[str]:
    """Which of the things that an agreement brings are there, see :data:`leadbridge.analytics.meta.NEEDS`."""
    has = {
        "assets": any(row["registered"] for row in tables["assets"]),
        "categories": bool(tables["reasons"]),
        "attempts": any(row["needs_attempts"] for row in tables["reasons"]),
        "target": any(row.get("in_target") is not None for row in tables["leads"]),
        "readiness": any(row.get("ready") is not None for row in tables["leads"]),
    }
    return frozenset(name for name, there in has.items() if there)


def assumptions_of(agreement: Agreement | None) -> dict[str, Any]:
    """What the agreement assumes about a lead without follow-up; only what it says."""
    return {} if agreement is None else agreement.assumptions.model_dump(exclude_none=True, exclude_defaults=True)


_UNKNOWN = LeadStanding()


def _assets(agreement: Agreement) -> Iterator[Row]:
    promised = {message.id: message.value_proposition for message in agreement.messages}
    for asset in agreement.assets:
        until = asset.available_until
        yield {
            "asset_id": asset.id,
            "type": asset.type,
            "owner": asset.owner,
            "made_by": asset.made_by,
            "message": asset.message,
            "value_proposition": promised.get(asset.message or ""),
            "available_from_us": _midnight(asset.available_from),
            "available_until_us": _midnight(until + timedelta(days=1) if until is not None else None),
            "registered": True,
        }


def _midnight(day: date | None) -> int | None:
    return None if day is None else to_us(datetime.combine(day, time(), UTC))
