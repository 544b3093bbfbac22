"""``handoff``: when a lead is offered, and the information that goes with it."""

from __future__ import annotations

from pydantic import Field

from leadbridge.domain.model import Frozen, Id, Span

__all__ = ["HandoffTerms", "Package", "SpecialPackage"]


class Package(Frozen):
    """What one function promises to tell the other about a lead: canonical field names.

    Of each group of ``one_of`` at least one field has to be there, such as a phone number or an e-mail address.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()


class SpecialPackage(Package):
    """A package for leads of some ``sources``, or for one receiving function, or for both."""

    sources: tuple[str, ...] = ()
    to: Id | None = None


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
