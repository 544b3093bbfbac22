"""One person as a prospect, however many CRM records stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from leadbridge.clock import iso
from leadbridge.domain.company import Company, domain_of
from leadbridge.domain.model import Frozen, Instant
from leadbridge.domain.show import html_table, mask

__all__ = ["COMPANY_FIELDS", "LEAD_FIELDS", "Lead"]

LEAD_FIELDS = (
    "email",
    "first_name",
    "last_name",
    "company",
    "title",
    "phone",
    "website",
    "country",
    "region",
    "industry",
    "employees",
    "source",
    "campaign",
    "owner",
    "opted_out",
    "external_id",
    "captured_at",
    "score",
    "stage",
    "status",
    "decision",
    "reason",
    "buying_stage",
)
"""The canonical flat names of a lead's fields: the left side of a crosswalk. An agreement may add ``attributes``."""

COMPANY_FIELDS: Mapping[str, str] = MappingProxyType(
    {"company": "name", "website": "domain", "industry": "industry", "employees": "employees"}
)
"""The flat names that belong to the lead's company."""


class Lead(Frozen):
    """A prospect.

    Its representation never shows who it is; ask for a field by name to see it. ``source`` keeps blank (``None``) and
    ``"unknown"`` apart. ``attributes`` holds further fields that the agreement declares.
    """

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    phone: str | None = None
    company: Company | None = None
    country: str | None = None
    region: str | None = None
    source: str | None = None
    campaign: str | None = None
    owner: str | None = None
    opted_out: bool | None = None
    external_id: str | None = None
    captured_at: Instant | None = None
    score: float | None = None
    stage: str | None = None
    status: str | None = None
    buying_stage: str | None = None
    decision: str | None = None
    reason: str | None = None
    attributes: Mapping[str, Any] = Field(default_factory=dict)

    @classmethod
    def from_fields(cls, id: str, fields: Mapping[str, object]) -> Lead:
        """A lead from flat canonical fields, as a crosswalk gives them.

        ``company``, ``website``, ``industry`` and ``employees`` become its company. Blank text is no value. What does
        not have the type of its field (employees ``"about fifty"``) is kept as an attribute: nothing is lost and no
        criterion is misled. A lead is never refused for its content.
        """
        own: dict[str, Any] = {}
        company: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, raw in fields.items():
            value = getattr(raw, "id", raw)
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            part = COMPANY_FIELDS.get(name)
            target, key = (company, part) if part else (own, name) if name in LEAD_FIELDS else (attributes, name)
            if name == "website":
                value = domain_of(str(value)) or value
            typed = _TYPES.get(name)
            try:
                target[key] = typed.validate_python(value) if typed else value
            except (ValidationError, ValueError):
                attributes[name] = value
        return cls(id=id, company=Company(**company) if company else None, attributes=attributes, **own)

    def fields(self) -> dict[str, object]:
        """The lead as flat canonical fields; the other way round of :meth:`from_fields`. Blank fields are left out."""
        flat: dict[str, object] = dict(self.attributes)
        own = self.__dict__
        company = {} if self.company is None else self.company.__dict__
        for name, part in _PLACES:
            value = company.get(part) if part else own[name]
            if value is not None:
                flat[name] = iso(value) if isinstance(value, datetime) else value
        return flat

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name in _SHOWN if (value := getattr(self, name)) is not None]
        return f"Lead({', '.join([f'id={self.id!r}', *shown])})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [(name, mask(name, value)) for name, value in self.fields().items() if name in LEAD_FIELDS]
        return html_table(f"Lead {self.id}", (), rows)


def _adapter(model: type[Frozen], name: str) -> TypeAdapter[Any]:
    """Reads one value as the type of a field."""
    annotation: Any = model.model_fields[name].annotation
    return TypeAdapter(annotation)


_PLACES = tuple((name, COMPANY_FIELDS.get(name)) for name in LEAD_FIELDS)
_SHOWN = ("stage", "status", "buying_stage", "decision", "reason", "source", "country")
_TYPES: Mapping[str, TypeAdapter[Any]] = {
    name: _adapter(Company, COMPANY_FIELDS[name]) if name in COMPANY_FIELDS else _adapter(Lead, name)
    for name in LEAD_FIELDS
}
