"""Do the reasons of an agreement hold together?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["reason_problems"]


def reason_problems(agreement: Agreement) -> Found:
    """Codes that are defined twice or nowhere, and an ``other`` that says nothing."""
    from leadbridge.agreement.presets import REASON_PRESETS, reason_preset

    terms = agreement.reason_terms
    if terms.preset is not None and terms.preset not in REASON_PRESETS:
        yield ("reasons", "preset"), unknown("preset", terms.preset, REASON_PRESETS)
        return
    base = [reason.code for reason in reason_preset(terms.preset)] if terms.preset is not None else []
    added = [reason.code for reason in terms.add]
    yield from twice(added, ("reasons", "add"), "reason")
    for index, code in enumerate(added):
        if code in base:
            yield (
                ("reasons", "add", index, "code"),
                Problem(f"the preset has the reason {code} already", "change it under reasons.override"),
            )
    for code in terms.override:
        if code not in base and code not in added:
            yield ("reasons", "override", code), unknown("reason", code, [*base, *added])
    for index, code in enumerate(terms.remove):
        if code not in base:
            yield ("reasons", "remove", index), unknown("reason", code, base)
    added_other: list[tuple[Path, bool | None]] = [
        (("reasons", "add", i), r.needs_note) for i, r in enumerate(terms.add) if r.code == "other"
    ]
    changed_other: list[tuple[Path, bool | None]] = [
        (("reasons", "override", c), o.needs_note) for c, o in terms.override.items() if c == "other"
    ]
    for place, needs_note in (*added_other, *changed_other):
        if needs_note is False:
            remedy = "keep needs_note: true for it"
            yield (*place, "needs_note"), Problem("the reason other says nothing by itself", remedy)
