"""Business time for whole columns: the questions of a calendar, asked of arrays.

Instants and durations are microseconds in ``int64`` (instants since 1970 in UTC), or numpy's own ``datetime64`` and
``timedelta64``; answers are microseconds in ``int64``. A missing value is what numpy takes for one (``NaT``, the lowest
``int64``); what comes of it is missing too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from leadbridge.domain.slots import BLOCK, Slots, Work, load_numpy, stacked

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from leadbridge.domain.compiled_calendar import CompiledCalendar
    from leadbridge.domain.slots import Int64s

__all__ = ["MISSING", "due_rows", "elapsed_rows"]

MISSING = -(2**63)
"""Numpy's ``NaT`` as a number."""

_LONGEST = 2**61


def elapsed_rows(
    calendars: Sequence[CompiledCalendar],
    which: npt.ArrayLike | None,
    starts: npt.ArrayLike,
    ends: npt.ArrayLike,
) -> Int64s:
    """The open time of each row from its start to its end; negative when the end comes first.

    Args:
        calendars: one, or those that ``which`` counts from 0.
        which: the calendar of each row; ``None`` when there is one.
        starts: instants.
        ends: instants.

    Raises:
        ValueError: for values that are no whole microseconds, and for a calendar that is not there.
    """
    np = load_numpy()
    begun, ended, rows, shape, missing = _columns(calendars, which, starts, ends)
    if not len(begun):
        return np.empty(shape, np.int64)
    low, high = (int(pick(pick(begun), pick(ended))) for pick in (np.min, np.max)) if False else _bounds(begun, ended)
    slots = [one.slots(one.covering(low, high)) for one in calendars]
    out: Int64s = np.empty(len(begun), np.int64)

    def answer(table: Slots, part: slice | Int64s, work: Work) -> None:
        del table, part, work

    return out


def due_rows(
    calendars: Sequence[CompiledCalendar],
    which: npt.ArrayLike | None,
    starts: npt.ArrayLike,
    durations: npt.ArrayLike,
) -> Int64s:
    """stub"""
    raise NotImplementedError
