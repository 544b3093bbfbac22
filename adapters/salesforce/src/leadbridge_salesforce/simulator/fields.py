"""How a simulated org describes a kind and its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FieldDef", "KindDef", "custom"]


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field; the words are those of Salesforce's sObject describe."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    writable: bool = True
    create_only: bool = False
    required: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    unique: bool = False
    external_id: bool = False
    visible: bool = True

    @property
    def is_custom(self) -> bool:
        return self.name.endswith("__c")

    def describe(self) -> dict[str, Any]:
        """The field as describe words it."""
        return {
            "name": self.name,
            "label": self.label or self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": self.length,
            "byteLength": self.length * 3,
            "createable": self.writable,
            "updateable": self.writable and not self.create_only,
            "nillable": not self.required,
            "defaultedOnCreate": self.default is not None or self.type == "boolean",
            "defaultValue": self.default,
            "custom": self.is_custom,
            "externalId": self.external_id,
            "idLookup": self.external_id or self.name in {"Id", "Email"},
            "unique": self.unique,
            "caseSensitive": self.unique,
            "calculated": False,
            "compoundFieldName": None,
            "filterable": self.type not in ("textarea", "anyType"),
            "sortable": self.type != "textarea",
            "groupable": self.type != "textarea",
            "permissionable": self.is_custom,
            "restrictedPicklist": self.restricted,
            "picklistValues": [
                {
                    "value": value,
                    "label": value,
                    "active": True,
                    "defaultValue": value == self.default,
                    "validFor": None,
                }
                for value in self.values
            ],
            "referenceTo": list(self.reference_to),
            "relationshipName": self.name.removesuffix("Id") if self.reference_to else None,
        }


@dataclass(slots=True)
class KindDef:
    """One kind; ``fields`` may grow, as an administrator adds custom ones."""

    name: str
    prefix: str
    fields: dict[str, FieldDef] = field(default_factory=dict)
    writable: bool = True
    defaults: dict[str, Any] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    uniques: list[str] = field(default_factory=list)
    _by_lower: dict[str, FieldDef] = field(default_factory=dict)

    def add(self, *fields: FieldDef) -> None:
        """Adds fields, or replaces those of the same name."""
        self.fields.update({each.name: each for each in fields})
        self._sort_out()

    def drop(self, name: str) -> None:
        """Takes a field away."""
        self.fields.pop(name, None)
        self._sort_out()

    def _sort_out(self) -> None:
        """Works out once what every write asks for."""
        all_fields = list(self.fields.values())
        self._by_lower = {each.name.lower(): each for each in all_fields}
        self.defaults = {each.name: each.default for each in all_fields if each.default is not None}
        self.needed = [each.name for each in all_fields if each.required]
        self.uniques = [each.name for each in all_fields if each.unique]

    def get(self, name: str) -> FieldDef | None:
        """A field that the user may see; names are compared without regard to case."""
        found = self._by_lower.get(name.lower())
        return found if found is not None and found.visible else None

    def visible(self) -> list[FieldDef]:
        return [each for each in self.fields.values() if each.visible]

    def describe(self) -> dict[str, Any]:
        """The kind as describe words it."""
        return {
            "name": self.name,
            "label": self.name,
            "labelPlural": f"{self.name}s",
            "keyPrefix": self.prefix,
            "custom": False,
            "createable": self.writable,
            "updateable": self.writable,
            "deletable": self.writable,
            "queryable": True,
            "retrieveable": True,
            "fields": [each.describe() for each in self.visible()],
            "recordTypeInfos": [],
            "childRelationships": [],
        }


def custom(
    name: str,
    type: str,
    *,
    label: str = "",
    length: int = 255,
    values: Sequence[str] = (),
    unique: bool = False,
    visible: bool = True,
) -> FieldDef:
    """A custom field, as Setup or the Tooling API makes it; picklists are restricted, as new ones are by default."""
    return FieldDef(
        name,
        type,
        label,
        length if type in {"string", "picklist", "textarea", "email", "multipicklist"} else 0,
        values=tuple(values),
        restricted=bool(values),
        unique=unique,
        external_id=unique,
        visible=visible,
        default=False if type == "boolean" else None,
    )
