"""Who works on a database: the name under which a process takes leases and claims writes."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from uuid import uuid4

__all__ = ["Worker"]

_BETWEEN = "|"


@cache
def _place() -> str:
    """Where process numbers mean something: this boot of this machine, and this container on it."""
    parts = [platform.node()]
    boot, numbers = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if boot.exists() and numbers.exists():
        parts += [boot.read_text("ascii").strip(), str(numbers.readlink())]
    return "/".join(parts)


class Worker:
    """One bridge in one process. Its ``name`` says where it runs, so that a neighbour can see that it died."""

    def __init__(self) -> None:
        self.name = _BETWEEN.join((_place(), str(os.getpid()), uuid4().hex))

    def __repr__(self) -> str:
        return f"Worker({self.name!r})"

    @staticmethod
    def gone(name: str) -> bool:
        """Whether a worker is certainly no more: it ran here, and its process has ended.

        Of one that ran elsewhere nobody can say that; its lease has to run out.
        """
        place, _, rest = name.rpartition(_BETWEEN)[0].rpartition(_BETWEEN)
        if place != _place() or os.name != "posix":
            return False
        try:
            os.kill(int(rest), 0)
        except ProcessLookupError:
            return True
        except (PermissionError, ValueError, OverflowError):
            return False
        return False
