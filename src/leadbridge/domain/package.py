"""The information that one function promises to tell the other about a lead, and how much of the promise was kept.

An agreement on service levels binds both sides: sales promises action, marketing promises information. A package is the
second half as data: fields that are always told, groups of which at least one field is told, and fields that are told
where they are known. Its completeness is the score of that duty.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from leadbridge.domain.model import Frozen, Id

__all__ = ["Completeness", "Contents", "Package", "SpecialPackage", "group_text", "package_for"]


def group_text(group: Iterable[str]) -> str:
    """A group in words: ``phone or email``."""
    return " or ".join(group)


@dataclass(frozen=True, slots=True)
class Contents:
    """What of a package is there: promised fields that have a value, and promises that are not kept, in words."""

    present: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """How well the duty to inform was done for one hand-off.

    Attributes:
        promised: how many pieces of information were due: required fields, and groups as one each.
        missing: those that were not there, in words (``phone or email``).
        late: of those, what was filled in after the offer.
        optional: the share of the fields promised where known, apart from the duty; ``None`` when there are none of
            them, or nobody knows.
    """

    promised: int
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    optional: float | None = None

    @property
    def present(self) -> int:
        """How many of the promised pieces were there."""
        return max(self.promised - len(self.missing), 0)

    @property
    def share(self) -> float:
        """The kept part of the promise, from 0 to 1."""
        return self.present / self.promised

    def __str__(self) -> str:
        said = f"{self.present} of {self.promised} promised pieces of information were there"
        lacking = f"; missing: {', '.join(self.missing)}" if self.missing else ""
        return said + lacking + (f"; told later: {', '.join(self.late)}" if self.late else "")


class Package(Frozen):
    """What one function promises to tell the other about a lead: canonical field names.

    Of each group of ``one_of`` at least one field has to be there, such as a phone number or an e-mail address.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that it names, once, in order: required, groups, optional."""
        groups = (name for group in self.one_of for name in group)
        return tuple(dict.fromkeys((*self.required, *groups, *self.optional)))

    @property
    def promised(self) -> int:
        """How many pieces of information are due: required fields, and groups as one each."""
        return len(dict.fromkeys(self.required)) + len(self.one_of)

    def contents(self, known: Container[str]) -> Contents:
        """What of it is there when these fields have a value."""
        missing = [name for name in dict.fromkeys(self.required) if name not in known]
        missing += [group_text(group) for group in self.one_of if not any(name in known for name in group)]
        return Contents(tuple(name for name in self.fields if name in known), tuple(missing))

    def completeness(self, known: Container[str]) -> Completeness | None:
        """How complete the information is when these fields have a value; ``None`` when nothing is promised."""
        if not self.promised:
            return None
        wished = [name in known for name in dict.fromkeys(self.optional) if name not in self.required]
        return Completeness(
            self.promised, self.contents(known).missing, optional=sum(wished) / len(wished) if wished else None
        )


class SpecialPackage(Package):
    """A package for leads of some ``sources``, or for one receiving function, or for both."""

    sources: tuple[str, ...] = ()
    to: Id | None = None

    def fits(self, source: str | None, to: str) -> bool:
        """Whether it is meant for leads of this source that are offered to this function. Sources match exactly."""
        return self.to in (None, to) and (not self.sources or source in self.sources)

    def covers(self, other: SpecialPackage) -> bool:
        """Whether it fits whatever the other fits."""
        sources = not self.sources or (bool(other.sources) and set(other.sources) <= set(self.sources))
        return sources and self.to in (None, other.to)


def package_for(packages: Iterable[SpecialPackage], default: Package, source: str | None, to: str) -> Package:
    """The first package that fits, else the default."""
    return next((package for package in packages if package.fits(source, to)), default)
