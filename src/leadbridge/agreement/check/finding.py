"""What the checks of an agreement find, and the findings that several of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from leadbridge.agreement.reading import Path
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import Problem

__all__ = ["Found", "twice", "unknown"]

Found: TypeAlias = Iterator[tuple[Path, Problem]]
"""Places in the document, each with what is wrong there."""


def unknown(what: str, name: str, known: Iterable[str]) -> Problem:
    """A name that nobody defined."""
    return Problem(f"unknown {what} {name}", did_you_mean(name, known))


def twice(names: Sequence[str], path: Path, what: str) -> Found:
    """Names that stand more than once in a list."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*path, index), Problem(f"{what} {name} is listed twice", "rename or remove one of them")
