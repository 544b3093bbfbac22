"""The op markers that a database has given out, so that an old copy of it is noticed.

A marker is the name of the *line* (eight digits, made once for a database), a running number (eight digits) and eight
more digits at random. It travels in the same request as the write and stays on the record. So a record that carries a
number of our line which is higher than any that we have given out was written by this database at a time that it does
not remember: it was restored from a backup, or is a copy of one that went on elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from leadbridge.adapter import Value

__all__ = ["Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the line: its name (empty before the first write) and the last number that was given out."""

    name: str = ""
    issued: int = 0

    def number(self, marker: Value) -> int | None:
        """The number of a marker of this line; ``None`` for any other text."""
        if not isinstance(marker, str) or not self.name or len(marker) != 24 or not marker.startswith(self.name):
            return None
        try:
            return int(marker[8:16], 16)
        except ValueError:
            return None

    def ahead(self, marker: Value) -> bool:
        """Whether a marker of this line was given out after everything that this database remembers."""
        number = self.number(marker)
        return number is not None and number > self.issued
