"""What an agreement says about itself: who stands for it, when it holds, what it aims at, how it is written down."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from leadbridge.agreement.document import Document
from leadbridge.agreement.sections.governance import KpiTarget
from leadbridge.domain.model import listing

__all__ = ["Governed"]


class Governed(Document):
    """The document with what follows from its signatures, its days and its plan."""

    # -- governance ----------------------------------------------------------------------------------------------------

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The required roles that have not signed."""
        signed = {signature.role for signature in self.signatures}
        return tuple(role for role in self.required_signatures if role not in signed)

    @property
    def signed(self) -> bool:
        """Whether everybody who has to has signed; without required roles, whether anybody has."""
        return not self.unsigned and bool(self.signatures)

    def in_force(self, on: date) -> bool:
        """Whether the agreement holds on a day (an instant counts as its own day)."""
        day = on.date() if isinstance(on, datetime) else on
        return self.effective <= day and (self.until is None or day < self.until)

    def standing(self, on: date) -> str:
        """In words, to be shown beside every figure: the version, whether it is in force, and who has not signed."""
        day = on.date() if isinstance(on, datetime) else on
        force = "in force"
        if day < self.effective:
            force = f"not in force before {self.effective}"
        elif not self.in_force(day):
            force = f"expired on {self.until}"
        signed = "signed" if self.signed else "not signed"
        if self.unsigned:
            signed = f"not signed by {listing(self.unsigned)}"
        return f"{self.name} v{self.version}, {force}, {signed}"

    def targets_on(self, on: date) -> tuple[KpiTarget, ...]:
        """The targets that hold on a day: those of the period, and the standing ones beside them.

        A period's target for a metric takes the place of the standing one of the same owner.
        """
        day = on.date() if isinstance(on, datetime) else on
        planned = [target for period in self.plan if period.starts <= day <= period.ends for target in period.targets]
        found = {(target.metric, target.owner): target for target in (*self.targets, *planned)}
        return tuple(found.values())

    def reminders(self, on: date) -> tuple[str, ...]:
        """What somebody has to do about the agreement on a day: sign it, renew it, review it, sign off a campaign."""
        from leadbridge.agreement.reminders import reminders

        return tuple(reminders(self, on.date() if isinstance(on, datetime) else on))

    # -- writing it down -----------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The document as plain JSON values, without what was left to its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def to_yaml(self) -> str:
        """The document as YAML; comments of the original are not kept."""
        import yaml

        return yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False, width=110)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema of the document, for editors."""
        schema = cls.model_json_schema(by_alias=True)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
