"""What a lifecycle is made of: stages, detours, ways in; and whether such parts fit together.

Stage kinds follow Marketo's revenue cycle modeler: an ``inventory`` stage may hold a lead for any time, a ``gate`` is a
check without a time of its own, an ``sla`` stage promises a decision within some time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pydantic import Field

from leadbridge.domain.model import Frozen, Id, Span, did_you_mean, listing
from leadbridge.errors import Problem

__all__ = ["CORRECTION", "DETOURS", "SPINE", "Detour", "Entry", "Stage", "find_faults"]

SPINE = ("captured", "engaged", "marketing_qualified", "sales_accepted", "sales_qualified", "opportunity", "won")
"""The canonical success path that every framework is translated through."""

DETOURS = ("rejected", "recycled", "disqualified", "ineligible", "lost")
"""The canonical ways off the success path."""

CORRECTION = "correct"
"""The reason of a backward move that repairs a mistake: it does not start a new passage."""


class Stage(Frozen):
    """One stage.

    Attributes:
        spine: the canonical stage that it stands for, when its own name is another.
        verified: ``False`` for a name of a published framework that no publication was checked for.
    """

    id: Id
    kind: Literal["inventory", "gate", "sla"] = "inventory"
    label: str = ""
    max_age: Span | None = None
    spine: str | None = None
    verified: bool = True

    @property
    def canonical(self) -> str | None:
        """The spine stage or canonical detour that this stage stands for; ``None`` when it stands for none."""
        if self.spine is not None:
            return self.spine
        return self.id if self.id in SPINE or self.id in DETOURS else None


class Detour(Frozen):
    """How a stage off the success path is entered and left. No ``from``: from every stage of the path but the last."""

    from_: tuple[Id, ...] = Field((), alias="from")
    returns: tuple[Id, ...] = Field((), alias="return")


class Entry(Frozen):
    """Where leads that a function brings enter the success path: what comes before is no part of their way.

    Salespeople and partners bring leads that marketing never touched; counting marketing's stages as jumped over would
    credit it with them. The rearchitected waterfall of 2012 names two such ways in: leads that teleprospecting
    generated (TGL) and leads that sales generated (SGL).
    """

    function: Id
    at: Id
    label: str = ""


def find_faults(
    stages: Sequence[Stage],
    success_path: Sequence[str],
    detours: Mapping[str, Detour],
    entries: Mapping[str, Entry] | None = None,
) -> list[Problem]:
    """Everything that keeps these parts from being a lifecycle, each with its path and the way out."""
    ids = [stage.id for stage in stages]
    known = list(dict.fromkeys(ids))
    faults: list[Problem] = []
    for index, name in enumerate(ids):
        if name in ids[:index]:
            faults.append(Problem(f"stage {name} is listed twice", "remove one of them", f"stages.{index}"))
        spine = stages[index].spine
        if spine is not None and spine not in SPINE and spine not in DETOURS:
            remedy = did_you_mean(spine, (*SPINE, *DETOURS))
            faults.append(Problem(f"unknown spine stage {spine}", remedy, f"stages.{index}.spine"))
    if len(success_path) < 2:
        faults.append(
            Problem(
                "the success path needs at least two stages", "list the stages a won lead goes through", "success_path"
            )
        )
    for index, name in enumerate(success_path):
        where = f"success_path.{index}"
        if name not in known:
            faults.append(Problem(f"unknown stage {name}", did_you_mean(name, known), where))
        elif name in success_path[:index]:
            message = f"the success path is cyclic: it comes back to {name}"
            faults.append(Problem(message, "name each stage once; a way back is a detour with return", where))
    for name, detour in detours.items():
        where = f"detours.{name}"
        if name not in known:
            faults.append(Problem(f"unknown stage {name}", did_you_mean(name, known), where))
        elif name in success_path:
            faults.append(Problem(f"{name} is both on the success path and a detour", "keep one of the two", where))
        for part, names in (("from", detour.from_), ("return", detour.returns)):
            for index, other in enumerate(names):
                if other not in known:
                    faults.append(
                        Problem(f"unknown stage {other}", did_you_mean(other, known), f"{where}.{part}.{index}")
                    )
    faults += _entry_faults(known, success_path, entries or {})
    for index, name in enumerate(ids):
        # A misspelt name makes its stage unreachable, too: say only what has to be corrected.
        if not faults and name not in success_path and name not in detours:
            remedy = "add it to success_path, or to detours, or remove it"
            faults.append(Problem(f"no lead can ever reach stage {name}", remedy, f"stages.{index}"))
    return faults


def _entry_faults(known: Sequence[str], success_path: Sequence[str], entries: Mapping[str, Entry]) -> Iterator[Problem]:
    places: dict[tuple[str, str], str] = {}
    for name, entry in entries.items():
        where = f"entries.{name}"
        if entry.at not in known:
            yield Problem(f"unknown stage {entry.at}", did_you_mean(entry.at, success_path), f"{where}.at")
        elif entry.at not in success_path:
            remedy = f"enter at a stage of the success path: {listing(success_path)}"
            yield Problem(f"{entry.at} lies off the success path: no lead can enter there", remedy, f"{where}.at")
        twin = places.setdefault((entry.function, entry.at), name)
        if twin != name:
            message = f"{twin} lets leads of {entry.function} in at {entry.at} already"
            yield Problem(message, "remove one of the two", where)
