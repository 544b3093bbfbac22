"""Crosswalks: which record, field and value of a CRM means what on our axes, as data.

One shape serves twice: an adapter brings its defaults, and the agreement's own section ``crosswalks.<system>.<kind>``
is laid over them (``leadbridge.mapping``). Values are compared exactly: a meaning is never guessed from a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field

from leadbridge.domain.lead import LEAD_FIELDS
from leadbridge.domain.model import Frozen, did_you_mean, listing
from leadbridge.errors import ConfigError

__all__ = ["AXES", "BY_REASON", "CANONICAL_FIELDS", "Kind", "KindCrosswalk", "Touch", "find_stage"]

Kind: TypeAlias = Literal["lead", "company", "opportunity", "interaction", "campaign"]

CANONICAL_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "lead": (*LEAD_FIELDS, "lead"),
    "company": ("name", "domain", "website", "industry", "employees", "country", "region", "lead"),
    "opportunity": ("name", "amount", "closed", "won", "opened_at", "closed_at", "lead", "reason", "stage", "owner"),
    "interaction": (
        "at",
        "lead",
        "nature",
        "channel",
        "direction",
        "function",
        "asset",
        "message",
        "campaign",
        "buying_stage",
        "subject",
        "outcome",
        "owner",
    ),
    "campaign": ("name", "owner", "starts", "ends"),
}
"""The names on the left side of ``fields``, by what the kind is read as. Leads may add the agreement's attributes.

``lead`` names the person whom a record is about. A record that is read as a lead and names one is a piece of sales work
about that person, such as HubSpot's Lead object, and no person of its own.
"""

AXES = ("stage", "status", "decision", "reason", "buying_stage")
"""The axes with a closed list of values; a meaning may also name any other canonical field, as ``source``."""

BY_REASON = "by_reason"
"""A decision that only the reason tells: the CRM says "closed", and the reason's allowed decisions say how."""


class Touch(Frozen):
    """An interaction that stands on the record itself: a new value of the field ``at`` is a new interaction.

    ``at`` and ``asset`` name fields of the CRM; the rest is the same for every such interaction.
    """

    at: str = Field(min_length=1)
    asset: str | None = None
    nature: Literal["content", "person_to_person"] = "content"
    function: str = "marketing"
    channel: str = ""
    direction: Literal["inbound", "outbound"] = "inbound"


class KindCrosswalk(Frozen):
    """How one kind of record is read and written.

    Attributes:
        as_: what its records are to us.
        create: new leads are created as this kind; one kind a system.
        fields: canonical name → field of the CRM.
        values: field of the CRM → its value → what that means, axis by axis.
        fillers: field of the CRM → text written where the CRM requires a value and we have none; read back as blank.
        constants: canonical name → value that every record of this kind has.
        requires: canonical names without which an interaction has not happened, such as the date of its completion.
        stage_dates: stage → the CRM's field that says when it was entered.
        detours: stage off the success path that the CRM has no word for → the stage that is shown instead.
        opportunity: the field of a lead that names its opportunity.
    """

    as_: Kind | None = Field(None, alias="as")
    create: bool = False
    fields: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    fillers: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    requires: tuple[str, ...] = ()
    stage_dates: dict[str, str] = Field(default_factory=dict)
    detours: dict[str, str] = Field(default_factory=dict)
    touches: tuple[Touch, ...] = ()
    opportunity: str | None = None

    def meaning(self, field: str, value: str) -> Mapping[str, str] | None:
        """What a value of a field of the CRM means, axis by axis; ``None`` when it is not mapped."""
        return self.values.get(field, {}).get(value)

    @property
    def crm_fields(self) -> tuple[str, ...]:
        """Every field of the CRM that this crosswalk reads, each once."""
        names = [*self.fields.values(), *self.values, *self.stage_dates.values()]
        names += [name for touch in self.touches for name in (touch.at, touch.asset) if name]
        names += [self.opportunity] if self.opportunity else []
        return tuple(dict.fromkeys(names))


def find_stage(crosswalks: Mapping[str, Mapping[str, KindCrosswalk]], system: str, value: str, kind: str | None) -> str:
    """The lifecycle stage that a value stands for in a system; see ``Agreement.stage_of``.

    Raises:
        ConfigError: when it is not mapped (lists the values that are), or means several stages.
    """
    if system not in crosswalks:
        raise ConfigError(f"no crosswalk for {system}: {did_you_mean(system, crosswalks)}")
    kinds = crosswalks[system]
    if kind is not None and kind not in kinds:
        raise ConfigError(f"no crosswalk for {kind} in {system}: {did_you_mean(kind, kinds)}")
    found: dict[str, str] = {}
    known: list[str] = []
    for name, crosswalk in kinds.items():
        for field, table in crosswalk.values.items():
            if kind in (None, name):
                known += [text for text, meaning in table.items() if "stage" in meaning]
                stage = table.get(value, {}).get("stage")
                if stage is not None:
                    found.setdefault(stage, f"{name}.{field}")
    if not found:
        raise ConfigError(f"{value!r} means no stage in {system}: {did_you_mean(value, dict.fromkeys(known))}")
    if len(found) > 1:
        said = listing(f"{stage} ({where})" for stage, where in found.items())
        raise ConfigError(f"{value!r} means several stages in {system}: {said}; say which kind")
    return next(iter(found))
