"""The checks of the information duty: every package names fields that exist, and is used for some lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.lead import LEAD_FIELDS
from leadbridge.domain.package import Package
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["package_problems", "receivers"]


def receivers(agreement: Agreement) -> tuple[str, ...]:
    """Who may be offered a lead: the functions that take part, those that bring leads, those that settle reasons."""
    known = (
        *agreement.functions,
        *(entry.function for entry in agreement.lifecycle.entries.values()),
        *(reason.remedy_owner for reason in agreement.reasons.values()),
    )
    return tuple(dict.fromkeys(function for function in known if function != agreement.handoff.from_))


def package_problems(agreement: Agreement) -> Found:
    """Unknown fields, empty groups, promises that say nothing, and packages that no lead ever gets."""
    terms = agreement.handoff
    fields = [*LEAD_FIELDS, *agreement.attributes]
    yield from _contents(terms.package, ("handoff", "package"), fields)
    known = receivers(agreement)
    for index, package in enumerate(terms.packages):
        here: Path = ("handoff", "packages", index)
        yield from _contents(package, here, fields)
        if package.to == terms.from_:
            problem = f"{package.to} offers the lead, so it cannot be the one who receives it"
            yield (*here, "to"), Problem(problem, "name the receiving function, or remove to")
        elif package.to is not None and package.to not in known:
            yield (*here, "to"), unknown("function", package.to, known)
        before = next((number for number in range(index) if terms.packages[number].covers(package)), None)
        if before is not None:
            remedy = "put the more special one first, or remove one of them"
            yield here, Problem(f"package {before + 1} of the list takes every lead that this one is for", remedy)
        elif package.to is None and not package.sources:
            problem = "this package fits every lead, so handoff.package is never used"
            yield (
                here,
                Problem(problem, "say for which sources or to which function it is, or write it as handoff.package"),
            )


def _contents(package: Package, here: Path, fields: list[str]) -> Found:
    named: list[tuple[Path, str]] = [((*here, "required", i), name) for i, name in enumerate(package.required)]
    named += [((*here, "optional", i), name) for i, name in enumerate(package.optional)]
    for number, group in enumerate(package.one_of):
        place: Path = (*here, "one_of", number)
        if not group:
            yield place, Problem("this group names no field", "write it as [phone, email], or remove it")
        named += [((*place, i), name) for i, name in enumerate(group)]
        certain = next((name for name in group if name in package.required), None)
        if certain is not None:
            problem = f"{certain} is required already, so this group promises nothing more"
            yield place, Problem(problem, "remove the group, or the field from required")
    for place, name in named:
        if name not in fields:
            yield place, unknown("field", name, fields)
