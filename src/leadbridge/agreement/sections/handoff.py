"""``handoff``: when a lead is offered, and the information that goes with it."""

from __future__ import annotations

from pydantic import Field

from leadbridge.domain.model import Frozen, Id, Span
from leadbridge.domain.package import Package, SpecialPackage, package_for

__all__ = ["HandoffTerms", "Package", "SpecialPackage"]


class HandoffTerms(Frozen):
    """When and how a lead is offered.

    Attributes:
        at: the stage in which a lead is offered.
        definition: the definition that it has to meet.
        packages: those for some sources or functions; the first that fits is used, else ``package``.
        expires_after: an offer that nobody answers for so long has run out.
    """

    from_: Id = Field("marketing", alias="from")
    to: Id = "sales"
    at: str = "marketing_qualified"
    definition: str | None = None
    package: Package = Package()
    packages: tuple[SpecialPackage, ...] = ()
    expires_after: Span | None = None

    def package_for(self, source: str | None, to: str | None = None) -> Package:
        """What is promised about a lead of this source to a receiving function (``to`` of the terms when not given)."""
        return package_for(self.packages, self.package, source, to or self.to)
