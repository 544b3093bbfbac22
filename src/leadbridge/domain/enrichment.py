"""Filling in what the buyer did not say, from elsewhere, and remembering from where.

What a data provider says of a lead supplements what the person told us and never replaces it unawares. The fact names
the fields and the provider; the values stand in the lead alone, because facts hold nothing personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leadbridge.domain.company import Company
from leadbridge.domain.criteria.verdict import FieldType
from leadbridge.domain.facts import LeadEnriched
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import COMPANY_FIELDS, LEAD_FIELDS, Lead
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import DataError

__all__ = ["NOT_ENRICHED", "Provenance", "enrich", "provenance"]

NOT_ENRICHED = (
    "owner",
    "opted_out",
    "external_id",
    "captured_at",
    "stage",
    "status",
    "decision",
    "reason",
    "buying_stage",
)
"""Fields that no provider can know: consent, who holds the lead, and where it stands."""

_TYPES: Mapping[FieldType, tuple[type, ...]] = {"text": (str,), "number": (int, float), "boolean": (bool,)}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the value of a field came from, when it did not come from the buyer."""

    provider: str
    at: datetime


def enrich(
    lead: Lead,
    values: Mapping[str, object],
    *,
    provider: str,
    at: datetime,
    overwrite: bool = False,
    attributes: Mapping[str, FieldType] | None = None,
    agreement: int = 0,
) -> tuple[Lead, LeadEnriched | None]:
    """A lead with blanks filled in, and the fact of it; ``None`` when nothing changed.

    Pure: writing the values to a CRM is the business of the caller, or of the sync once they stand in one CRM, and
    recording the fact that of ``bridge.record``. A lead that opted out may be enriched, which never allows contact
    again: consent is no field that can be filled in.

    Args:
        lead: as it is known.
        values: by canonical name; blank ones are passed over.
        provider: who says so, as an id such as ``company_register``.
        at: when they said it.
        overwrite: also replace what is known already, instead of filling blanks only.
        attributes: the further fields of the agreement with their types (``agreement.attributes``).
        agreement: the version in force.

    Raises:
        DataError: for a field that does not exist or is not to be enriched, or a value that does not have its type;
            names all of them, and no value.
        ValueError: when ``at`` has no time zone or no provider is named.
    """
    if not provider.strip():
        raise ValueError("name the provider: without it nobody can tell where the values came from")
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone, for example tzinfo=UTC")
    declared = attributes or {}
    own = [name for name in LEAD_FIELDS if name not in NOT_ENRICHED]
    problems: list[str] = []
    wanted: dict[str, object] = {}
    known = lead.fields()
    for name, value in values.items():
        if name in NOT_ENRICHED:
            problems.append(f"{name} is not filled in from elsewhere")
        elif name not in own and name not in declared:
            problems.append(f"unknown field {name}: {did_you_mean(name, [*own, *declared])}")
        elif value is None or (isinstance(value, str) and not value.strip()):
            continue
        elif not _fits(name, value, declared):
            problems.append(f"the value of {name} is not of its type")
        elif known.get(name) in (None, "") or (overwrite and known[name] != value):
            wanted[name] = value
    if problems:
        raise DataError(f"the data from {provider} cannot be used: {'; '.join(problems)}")
    after = Lead.from_fields(lead.id, {**known, **wanted})
    changed = tuple(name for name in wanted if after.fields().get(name) != known.get(name))
    if not changed:
        return lead, None
    fact = LeadEnriched(
        lead=lead.id,
        occurred_at=at,
        recorded_at=at,
        actor=provider,
        agreement=agreement,
        enriched=changed,
        provider=provider,
    )
    # Built from the lead itself: its company may know more than the flat fields say.
    return _merged(lead, after, changed), fact


def provenance(history: LeadHistory) -> Mapping[str, Provenance]:
    """By field, who filled it in last, and when; fields that came from the buyer or a person are not in it."""
    return {
        name: Provenance(fact.provider, fact.occurred_at)
        for fact in history.facts
        if isinstance(fact, LeadEnriched)
        for name in fact.enriched
    }


def _fits(name: str, value: object, declared: Mapping[str, FieldType]) -> bool:
    if name not in declared:
        # A lead keeps as an attribute what does not have the type of its field.
        return name not in Lead.from_fields("", {name: value}).attributes
    wanted = declared[name]
    if isinstance(value, bool) and wanted != "boolean":
        return False
    return isinstance(value, _TYPES.get(wanted, (str, datetime)))


def _merged(lead: Lead, after: Lead, changed: tuple[str, ...]) -> Lead:
    update: dict[str, object] = {"attributes": after.attributes}
    update |= {name: getattr(after, name) for name in changed if name in Lead.model_fields and name != "company"}
    parts = [COMPANY_FIELDS[name] for name in changed if name in COMPANY_FIELDS]
    if parts and after.company is not None:
        base = lead.company or Company()
        update["company"] = base.model_copy(update={part: getattr(after.company, part) for part in parts})
    return lead.model_copy(update=update)
