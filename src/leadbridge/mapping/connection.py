"""All kinds of one connection, compiled from the adapter's default crosswalk under the agreement's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadbridge.adapter import Description
from leadbridge.agreement import Agreement
from leadbridge.agreement.crosswalk import AXES, KindCrosswalk
from leadbridge.errors import ConfigError
from leadbridge.mapping.kind import Frozen, KindMapping
from leadbridge.mapping.people import People

__all__ = ["ConnectionMapping", "compile_mapping"]


@dataclass(frozen=True, slots=True)
class ConnectionMapping:
    """The compiled crosswalk of one connection.

    Attributes:
        connection: its name in the bridge.
        description: what the CRM said of itself when the mapping was compiled.
        kinds: the mapped kinds by name.
        function: which function of the company works in this CRM, by the agreement.
        agreement: the version of the agreement that it was compiled from.
    """

    connection: str
    description: Description
    kinds: Mapping[str, KindMapping]
    function: str
    agreement: int = 0

    @property
    def lead_kinds(self) -> tuple[KindMapping, ...]:
        """The kinds that stand for a lead."""
        return tuple(kind for kind in self.kinds.values() if kind.stands_for == "lead")

    @property
    def work_kinds(self) -> tuple[KindMapping, ...]:
        """The kinds that are pieces of sales work about a lead."""
        return tuple(kind for kind in self.kinds.values() if kind.stands_for == "work")

    @property
    def pulled(self) -> tuple[KindMapping, ...]:
        """The kinds worth reading: those that stand for a lead, and those whose records can be traced to one."""
        names_one = any(kind.crosswalk.opportunity in kind.info.fields for kind in self.lead_kinds)
        return tuple(
            kind
            for kind in self.kinds.values()
            if kind.stands_for == "lead"
            or (kind.stands_for in ("interaction", "opportunity", "work") and "lead" in kind.fields)
            or (kind.stands_for == "opportunity" and names_one)
        )

    @property
    def creating(self) -> KindMapping | None:
        """The kind as which new leads are made here, when that is safe: it needs our external key."""
        for kind in self.lead_kinds:
            if kind.creates and "id" in kind.own and kind.kind in self.description.capabilities.key_kinds:
                return kind
        return None

    @property
    def frozen(self) -> tuple[Frozen, ...]:
        """Everything in the crosswalk that this account does not have."""
        return tuple(found for kind in self.kinds.values() for found in kind.frozen)


def _laid_over(default: Mapping[str, object], own: Mapping[str, KindCrosswalk]) -> dict[str, KindCrosswalk]:
    """The adapter's default with the agreement's crosswalk over it: entry by entry; what is not named stays."""
    merged: dict[str, KindCrosswalk] = {}
    for kind in dict.fromkeys([*default, *own]):
        below = default.get(kind)
        parts: dict[str, object] = dict(below) if isinstance(below, Mapping) else {}
        over = own[kind].model_dump(by_alias=True, exclude_unset=True) if kind in own else {}
        for name, value in over.items():
            under = parts.get(name)
            both = isinstance(under, Mapping) and isinstance(value, Mapping)
            parts[name] = {**under, **value} if both else value  # type: ignore[dict-item]  # mypy does not follow both
        merged[kind] = KindCrosswalk.model_validate(parts)
    return merged


def compile_mapping(connection: str, description: Description, agreement: Agreement) -> ConnectionMapping:
    """Compiles the crosswalk of a connection: the adapter's default, under the agreement's own.

    Raises:
        ConfigError: nothing that stands for a lead is left.
    """
    own = agreement.crosswalks.get(connection) or agreement.crosswalks.get(description.system) or {}
    function = agreement.function_of(connection, description.system)
    people = People(description.owners, description.user)
    known = {axis: agreement.closed_values[f"lead.{axis}"] for axis in AXES}
    kinds = {
        name: KindMapping(connection, description.kinds[name], crosswalk, people, agreement.lifecycle, known)
        for name, crosswalk in _laid_over(description.crosswalk, own).items()
        if name in description.kinds
    }
    mapping = ConnectionMapping(connection, description, kinds, function, agreement.version)
    if not mapping.lead_kinds:
        raise ConfigError(
            f"connection {connection}: no kind of {description.system} stands for a lead; "
            f"say so under crosswalks.{description.system} in the agreement (as: lead)"
        )
    return mapping
