"""Does an agreement hold together? One file for each of its parts; all problems at once, with line and remedy."""

from __future__ import annotations

from leadbridge.agreement.check.whole import find_problems

__all__ = [
    "find_problems",
]
