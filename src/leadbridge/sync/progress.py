"""How far a sync is, for those who want to be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Progress", "silent"]

Progress: TypeAlias = Callable[[str, str, int], None]
"""Called with the step (``pull``, ``decide``, ``record``, ``deliver``), the connection or nothing, and an amount."""


def silent(step: str, connection: str, amount: int) -> None:
    """Tells nobody how far things are."""
    return None
