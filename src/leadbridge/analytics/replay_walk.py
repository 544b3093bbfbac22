"""Clocks that have to be followed one by one, by the rules of :mod:`leadbridge.domain.sla.course`.

Those are clocks that stood still or were given anew, that went through several calendars, or whose owner was away, and
under ``inherit`` those that went from one owner to another. When they began and ended, and who held them, is known from
the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from leadbridge.analytics.engine import text_of
from leadbridge.analytics.replay_events import Signature, instants_of
from leadbridge.analytics.replay_time import MISSING, Times, Turns, quick_times
from leadbridge.clock import from_us, to_us
from leadbridge.domain.calendar.slots import load_numpy
from leadbridge.domain.sla.course import Timing
from leadbridge.domain.sla.policy import OWNER_AWAY
from leadbridge.domain.sla.scope import held_by
from leadbridge.domain.sla.stretches import Pause
from leadbridge.domain.trails import Assignment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.domain.calendar.slots import Bools

__all__ = ["Followed", "timed"]

_MICROSECOND = timedelta(microseconds=1)
_STEP = 1000

Followed = Callable[[int], None]
"""Is told how many more clocks were followed one by one."""

_Spans = Mapping[int, Sequence[tuple[int, int]]]
_Chains = Mapping[int, Sequence[Assignment]]


@dataclass(frozen=True)
class _Told:
    """What happened to the clocks of some scopes, by the number of the scope."""

    pauses: _Spans
    resets: Mapping[int, Sequence[int]]
    chains: _Chains

    def pauses_of(self, key: int, until: int) -> list[Pause]:
        """The pauses as they were known at an instant."""
        return [
            (from_us(since), None if end == MISSING or end > until else from_us(end))
            for since, end in self.pauses.get(key, ())
            if since <= until
        ]


def timed(
    connection: DuckDBPyConnection, turns: Turns, one: Signature, timing: Timing, followed: Followed
) -> tuple[Times, int]:
    """The times of all turns of a promise, and how many of them were followed one by one.

    Args:
        connection: with the table ``scope`` of the promise.
        turns: as :func:`leadbridge.analytics.replay_sql.turns_of` found them.
        one: what decides when it starts and ends.
        timing: how its time passes.
        followed: is told of the progress.
    """
    np = load_numpy()
    times = Times.none(len(turns.key))
    told = _Told(_pauses(connection, timing), _resets(connection, one, timing), _chains(connection, one, timing))
    inherit = timing.policy.on_transfer == "inherit" and one.turns
    keys = {*told.pauses, *told.resets, *told.chains}
    slow: Bools = np.isin(turns.key, np.fromiter(keys, np.int64, len(keys)))
    if inherit:
        # The turns before those that inherit are needed to know what was left.
        slow |= np.isin(turns.key, np.unique(turns.key[turns.turn > 1]))
    target = timing.target
    quick_times(times, ~slow, turns, target.allowance, target.spare, timing.calendar)
    rows = np.flatnonzero(slow & (turns.since != MISSING)).tolist()
    waiting = 0
    for key, mine in groupby(rows, key=lambda row: int(turns.key[row])):
        turn_rows = list(mine)
        _follow(times, turns, turn_rows, key, one, timing, told, inherit=inherit)
        waiting += len(turn_rows)
        if waiting >= _STEP:
            followed(waiting)
            waiting = 0
    if waiting:
        followed(waiting)
    return times, len(rows)


def _follow(
    times: Times,
    turns: Turns,
    rows: Sequence[int],
    key: int,
    one: Signature,
    timing: Timing,
    told: _Told,
    *,
    inherit: bool,
) -> None:
    """Fills in the times of the turns of one scope."""
    begin, end = from_us(int(turns.since[rows[0]])), from_us(int(turns.until[rows[-1]]))
    chain = held_by(told.chains.get(key, ()), begin, end, handoff=one.reach == "handoff")
    resets = [from_us(instant) for instant in told.resets.get(key, ())]
    left = timing.target.allowance
    for row in rows:
        start, until = from_us(int(turns.since[row])), from_us(int(turns.until[row]))
        holders = chain
        if one.turns:
            # Without a chain nobody's own days and hours matter.
            holders = [chain[int(turns.turn[row]) - 1]] if key in told.chains else [Assignment("", start)]
        pauses = told.pauses_of(key, int(turns.until[row]))
        course = timing.course(holders, start, until, left, pauses, resets)
        due = course.due()
        broken = course.broken_at(due)
        times.due[row] = MISSING if due is None else to_us(due)
        times.broken[row] = MISSING if broken is None else to_us(broken)
        times.elapsed[row] = course.counted.before(until).passed(course.whole) // _MICROSECOND
        times.still[row] = not course.all.running(until)
        if inherit:
            left = course.left(until)


def _pauses(connection: DuckDBPyConnection, timing: Timing) -> _Spans:
    """When the lead's statuses and stages stopped the clocks of each scope."""
    words = sorted(set(timing.target.paused_while) - {OWNER_AWAY})
    found: dict[int, list[tuple[int, int]]] = {}
    if not words:
        return found
    named = ", ".join(text_of(word) for word in words)
    rows = connection.execute(
        f"""with stays as (
          select l, status as word, us, lead(us) over (partition by l order by turn) as resumed_us from s
          union all
          select l, 'stage:' || stage, us, left_us from e
        )
        select c.k, x.us, coalesce(x.resumed_us, {MISSING}) from stays x join scope c on c.l = x.l
        where x.word in ({named}) and c.start_us is not null order by c.k, x.us"""
    )
    for key, since, resumed in rows.fetchall():
        found.setdefault(key, []).append((since, resumed))
    return found


def _resets(connection: DuckDBPyConnection, one: Signature, timing: Timing) -> Mapping[int, Sequence[int]]:
    """When the whole time was given again to the clocks of each scope, in order."""
    found: dict[int, list[int]] = {}
    if timing.target.resets:
        also = "x.us > c.start_us and x.us < c.until_us"
        queries = " union all ".join(instants_of(event, one, "scope", also) for event in timing.target.resets)
        for key, instant in connection.execute(f"select k, us from ({queries}) given order by k, us").fetchall():
            found.setdefault(key, []).append(instant)
    return found


def _chains(connection: DuckDBPyConnection, one: Signature, timing: Timing) -> _Chains:
    """Who held each scope that was held by somebody whose own hours or days off count."""
    away = OWNER_AWAY in timing.target.paused_while
    zones = timing.policy.zone_of == "assignee" and timing.calendar is not None
    own = [name for name, one_ in timing.people.items() if (away and one_.away) or (zones and one_.zone is not None)]
    found: dict[int, list[Assignment]] = {}
    if not own:
        return found
    mine = " and a.k = c.k" if one.reach == "handoff" else ""
    rows = connection.execute(
        f"""with held as (
          select c.k, a.owner, a.since_us, a.number, a.turn from scope c
          join a on a.l = c.l and a.passage = c.passage and a.to_function = {text_of(one.duty_of)}{mine}
          where c.start_us is not null
        )
        select k, owner, since_us from held
        where k in (select k from held where owner in ({", ".join(text_of(name) for name in own)}))
        order by k, number, turn"""
    )
    for key, owner, since in rows.fetchall():
        found.setdefault(key, []).append(Assignment(owner, from_us(since)))
    return found
