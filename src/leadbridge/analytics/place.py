"""Where a snapshot is made: the directory that was asked for, or one that goes away with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

__all__ = ["place_for"]


@contextmanager
def place_for(directory: str | Path | None) -> Iterator[tuple[Path, bool]]:
    """Where a snapshot is made, and whether it is temporary; what was begun there goes away when making it fails."""
    if directory is not None:
        place = Path(directory)
        place.mkdir(parents=True, exist_ok=True)
        yield place, False
        return
    place = Path(mkdtemp(prefix="leadbridge-"))
    finished = False
    try:
        yield place, True
        finished = True
    finally:
        if not finished:
            shutil.rmtree(place, ignore_errors=True)
