"""From one stage framework to another through the spine, and what is lost on the way.

Every translation between frameworks loses something: one knows rejected leads and the other does not, one has three
stages where the other has one. A crosswalk says it stage by stage, so that nobody takes the answer of a coarser
framework for what was recorded in a finer one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leadbridge.domain.lifecycle.lifecycle import Lifecycle, Translation
from leadbridge.domain.lifecycle.stages import Entry
from leadbridge.domain.model import listing
from leadbridge.domain.show import html_table

__all__ = ["Crosswalk", "CrosswalkRow", "How", "crosswalk"]

How: TypeAlias = Literal["exact", "merged", "split", "nearest", "none"]
"""How well a stage translates, see :class:`leadbridge.domain.lifecycle.Translation`."""

_HEAD = ("stage", "becomes", "how", "lost")


@dataclass(frozen=True, slots=True)
class CrosswalkRow:
    """One stage, or one way in, and what stands for it in the other framework.

    Attributes:
        stage: the name in the first framework.
        targets: what stands for it in the second one, the one to write first; empty when nothing does.
        how: how well.
        lost: what the translation loses, in words; empty exactly when ``how`` is ``exact``.
    """

    stage: str
    targets: tuple[str, ...]
    how: How
    lost: str

    def cells(self) -> tuple[str, str, str, str]:
        """The row as text."""
        return self.stage, ", ".join(self.targets) or "-", self.how, self.lost


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """How the stages of one lifecycle are called in another. Make one with :func:`crosswalk`.

    Attributes:
        source: the name of the first framework.
        target: the name of the second one.
        rows: one for each stage of the first, in its order.
        entries: one for each of its ways in that begin after the first stage.
        kept: the stages that come back as themselves when they are translated there and back.
    """

    source: str
    target: str
    rows: tuple[CrosswalkRow, ...]
    entries: tuple[CrosswalkRow, ...]
    kept: tuple[str, ...]

    def __getitem__(self, stage: str) -> CrosswalkRow:
        """The row of a stage.

        Raises:
            KeyError: for a stage that the first framework does not have.
        """
        for row in self.rows:
            if row.stage == stage:
                return row
        raise KeyError(stage)

    @property
    def lost(self) -> tuple[str, ...]:
        """What is lost, a sentence for each stage and way in that does not translate exactly."""
        return tuple(f"{row.stage}: {row.lost}" for row in (*self.rows, *self.entries) if row.lost)

    @property
    def survives(self) -> float:
        """The share of the stages that survive a round trip, between 0 and 1."""
        return len(self.kept) / len(self.rows)

    def summary(self) -> str:
        """How many stages translate how, and how many survive a round trip."""
        counts = Counter(row.how for row in self.rows)
        ways: tuple[How, ...] = ("exact", "merged", "split", "nearest", "none")
        said = ", ".join(f"{counts[way]} {way}" for way in ways if counts[way])
        return f"{len(self.rows)} stages: {said}; {len(self.kept)} come back as themselves ({self.survives:.0%})"

    def to_dict(self) -> dict[str, object]:
        """The crosswalk as JSON values."""

        def rows(many: tuple[CrosswalkRow, ...]) -> list[dict[str, object]]:
            return [{"stage": r.stage, "targets": list(r.targets), "how": r.how, "lost": r.lost} for r in many]

        return {
            "source": self.source,
            "target": self.target,
            "rows": rows(self.rows),
            "entries": rows(self.entries),
            "kept": list(self.kept),
            "survives": self.survives,
        }

    def __str__(self) -> str:
        lines = [self._title()]
        for row in (*self.rows, *self.entries):
            stage, becomes, how, lost = row.cells()
            lines.append(f"  {stage} -> {becomes} ({how}{f': {lost}' if lost else ''})")
        return "\n".join([*lines, self.summary()])

    def _title(self) -> str:
        return f"{self.source} in the words of {self.target}"

    def _repr_html_(self) -> str:
        rows = [row.cells() for row in (*self.rows, *self.entries)]
        return html_table(f"{self._title()}: {self.summary()}", _HEAD, rows)


def crosswalk(a: Lifecycle, b: Lifecycle) -> Crosswalk:
    """How each stage of one lifecycle is called in another one, and what is lost.

    Both may be presets or an agreement's own; what they share is the spine. Each row has all stages that stand for a
    stage, so a success path never turns around in translation.
    """
    rows = tuple(_row(stage, a.translate(stage, b)) for stage in a.ids)
    kept = tuple(row.stage for row in rows if row.targets and _comes_back(row, a, b))
    entries = tuple(
        _entry(name, entry, a, b) for name, entry in a.entries.items() if a.success_path.index(entry.at) > 0
    )
    return Crosswalk(_name(a), _name(b), rows, entries, kept)


def _row(stage: str, translation: Translation) -> CrosswalkRow:
    return CrosswalkRow(stage, translation.stages, translation.how, translation.lost)


def _comes_back(row: CrosswalkRow, a: Lifecycle, b: Lifecycle) -> bool:
    return all(b.translate(target, a).stages == (row.stage,) for target in row.targets)


def _entry(name: str, entry: Entry, a: Lifecycle, b: Lifecycle) -> CrosswalkRow:
    there = {other: each.at for other, each in b.entries.items() if each.function == entry.function}
    canonical = a.stage(entry.at).canonical
    if a.stages == b.stages:
        same = tuple(other for other, at in there.items() if at == entry.at)
    else:
        same = tuple(other for other, at in there.items() if canonical and b.stage(at).canonical == canonical)
    if same:
        lost = f"it may be any of {listing(same)}" if len(same) > 1 else ""
        return CrosswalkRow(name, same, "split" if lost else "exact", lost)
    if there:
        lost = f"leads of {entry.function} enter at {listing(there.values())} there"
        return CrosswalkRow(name, tuple(there), "nearest", lost)
    lost = f"leads of {entry.function} have no way in there: the stages before {entry.at} count as jumped over"
    return CrosswalkRow(name, (), "none", lost)


def _name(lifecycle: Lifecycle) -> str:
    from leadbridge.domain.lifecycle.frameworks import ALL

    return next((each.id for each in ALL if each.lifecycle.stages == lifecycle.stages), "own stages")
