"""The report that both functions read together: one page of numbers with pictures, definitions and what is missing.

>>> snapshot.report("handoffs.html")
>>> print(snapshot.report().markdown())
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.report_parts import Definition, Figure, Section
from leadbridge.analytics.report_sections import sections
from leadbridge.clock import iso
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.analytics.snapshot import Snapshot

__all__ = ["Report"]

_MARK = "written by leadbridge report"
"""What tells our own file, which may be written again, from somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Report:
    """Sections of numbers as of one instant, under one agreement; :meth:`save` writes them as one file.

    It holds counts, shares, codes and definitions: no names, addresses, ids of leads, or owners.
    """

    at: datetime
    agreement: str
    since: datetime | None
    until: datetime | None
    sections: tuple[Section, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, *, since: datetime | None = None, until: datetime | None = None) -> Report:
        """The report of a snapshot.

        Args:
            snapshot: what is reported.
            since: numbers that know a window count from this instant on.
            until: and before this one.
        """
        parts = tuple(sections(snapshot, since, until))
        return cls(at=snapshot.now, agreement=snapshot.meta.under, since=since, until=until, sections=parts)

    @property
    def title(self) -> str:
        """The heading of the page."""
        return f"From marketing to sales, {self.at:%Y-%m-%d}"

    @property
    def standing(self) -> str:
        """As of when, under which agreement, and of which time."""
        return f"As of {self.at:%Y-%m-%d %H:%M} UTC, {self.agreement}. Window: {self.window}."

    @property
    def window(self) -> str:
        """Of which time the numbers are that know a window."""
        if self.since is None and self.until is None:
            return "all that was recorded"
        ends = [f"from {iso(self.since)}"] if self.since is not None else []
        return " ".join([*ends, *([f"before {iso(self.until)}"] if self.until is not None else [])])

    def figures(self) -> Iterator[Figure]:
        """All numbers, in the order of the page."""
        for section in self.sections:
            yield from (part for part in section.parts if isinstance(part, Figure))

    def definitions(self) -> list[Definition]:
        """What every number on the page means, each once, by title."""
        found = {figure.answer.metric: Definition.of(figure.answer.metric) for figure in self.figures()}
        return sorted(found.values(), key=lambda one: one.title)

    def html(self) -> str:
        """One page that needs nothing from elsewhere (its pictures need the extra ``analytics``)."""
        from leadbridge.analytics.report_page import page

        return page(self, _MARK)

    def markdown(self) -> str:
        """The same as text, without pictures."""
        from leadbridge.analytics.report_text import text

        return f"{text(self)}\n<!-- {_MARK} -->\n"

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "title": self.title,
            "at": iso(self.at),
            "agreement": self.agreement,
            "since": iso(self.since) if self.since is not None else None,
            "until": iso(self.until) if self.until is not None else None,
            "sections": [section.to_dict() for section in self.sections],
            "definitions": [one.to_dict() for one in self.definitions()],
        }

    def save(self, path: str | Path) -> Path:
        """Writes the report as ``.html`` or ``.md``; an older report of the same name is replaced.

        Raises:
            ConfigError: for another ending, or where another file stands already.
        """
        file = Path(path)
        if file.suffix not in (".html", ".md"):
            raise ConfigError(f"{file.name}: a report is saved as .html or .md")
        if file.exists() and _MARK not in file.read_text("utf-8", errors="replace"):
            raise ConfigError(f"{file} is no report of leadbridge and is left alone: name another file")
        file.write_text(self.html() if file.suffix == ".html" else self.markdown(), "utf-8")
        return file

    def __repr__(self) -> str:
        answers = [figure.answer for figure in self.figures()]
        known = sum(1 for answer in answers if answer.computable)
        missing = len(answers) - known
        return f"<Report of {self.at:%Y-%m-%d}, {self.agreement}: {known} numbers, {missing} not computable>"
