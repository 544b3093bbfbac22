"""The clocks of a whole snapshot, in SQL and numpy: a million passages in seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.agreement import Agreements
from leadbridge.analytics.engine import TABLES, connect, text_of
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.replay_events import Signature, recorded
from leadbridge.analytics.replay_segments import Segments
from leadbridge.analytics.replay_sql import ABOUT, ends_of, prepare, turns_of
from leadbridge.analytics.replay_time import ENDED, MISSING, Turns, states
from leadbridge.analytics.replay_walk import timed
from leadbridge.clock import to_us
from leadbridge.domain.calendar.slots import load_numpy
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.sla import STATES
from leadbridge.domain.sla.course import Timing
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.domain.calendar.slots import Int64s

__all__ = ["COLUMNS", "IN_BULK", "LEAD_BY_LEAD", "Found", "Progress", "chosen", "replay_tables"]

Progress = Callable[[str, str, int], None]
"""Is told of long work: the step (``replay``), the promise (empty: all), and how much more of it was done."""

COLUMNS: Mapping[str, str] = {
    **TABLES["clocks"],
    "ended_by": "VARCHAR",
    "within": "VARCHAR",
    "agreement": "INTEGER",
    "subject": "VARCHAR",
}
"""The columns of a replay: those of ``clocks``, what ended each, how long it might last, under which version, and the
question or piece of feedback that it is about."""


IN_BULK, LEAD_BY_LEAD = "in bulk", "lead by lead"


@dataclass(frozen=True)
class Found:
    """What a reader of a replay has to know; promises are called ``policy.target``.

    ``silent``: no recorded event ever kept them. ``ways``: how the clocks of each promise that has any were computed.
    ``notes``: conditions that could not be judged.
    """

    silent: frozenset[str]
    ways: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Promise:
    """One target of one version of the agreement."""

    version: int
    timing: Timing

    @property
    def name(self) -> str:
        return f"{self.timing.policy.id}.{self.timing.target.id}"

    @property
    def signature(self) -> Signature:
        policy, target = self.timing.policy, self.timing.target
        return Signature(
            duty_of=policy.duty_of,
            reach=target.reach,
            starts=target.starts,
            stops=tuple(sorted(target.stops)),
            cancels=tuple(sorted(target.cancels)),
            cadence=(target.cadence.touches, target.cadence.channels) if target.cadence is not None else None,
            turns=target.per_handoff and policy.on_transfer != "continue",
            informs=target.per_handoff and "informed" in target.stops,
        )


def chosen(series: Agreements, only: Collection[str] = ()) -> frozenset[str]:
    """The promises that are replayed, as ``policy.target``: all of them, or those that were asked for.

    Raises:
        ConfigError: one that was asked for stands in no version.
    """
    known = {f"{policy.id}.{target.id}" for each in series for policy in each.slas for target in policy.targets}
    for name in only:
        if name not in known:
            raise ConfigError(f"no promise is called {name!r}: {did_you_mean(name, sorted(known))}")
    return frozenset(only) or frozenset(known)


def replay_tables(
    place: Path, series: Agreements, now_us: int, out: Path, wanted: Collection[str], progress: Progress
) -> Found:
    """Writes every clock of the snapshot in a directory as one Parquet file.

    Args:
        place: the directory of the snapshot.
        series: the versions; each promise is judged by the one in which it was made.
        now_us: the instant of the snapshot.
        out: the file to write.
        wanted: the promises, as ``policy.target``.
        progress: is told of clocks that are followed one by one.

    Raises:
        DataError: for a snapshot of an older leadbridge.
    """
    promises = [one for one in _promises(series) if one.name in wanted]
    personal = Meta.load(place / "meta.json").personal
    silent: dict[str, bool] = {}
    many: Counter[str] = Counter()
    slow: Counter[str] = Counter()
    with connect() as connection:
        prepare(connection, place, now_us)
        segments = {each.version: Segments(connection, each, personal=personal) for each in series}
        _begin(connection, promises)
        for signature in dict.fromkeys(one.signature for one in promises):
            turns = turns_of(connection, signature, now_us)
            there = any(recorded(connection, event, signature) for event in signature.keeps)
            for unit, one in enumerate(promises):
                if one.signature == signature:
                    mine = segments[one.version].of(one.timing.policy.id, turns)
                    mine = _of_version(mine, one.version, series, now_us)
                    many[one.name] += len(mine.key)
                    slow[one.name] += _add(connection, unit, one, mine, progress)
                    silent[one.name] = silent.get(one.name, True) and not there
        _write(connection, out)
    return Found(
        frozenset(name for name, nothing in silent.items() if nothing),
        {name: _way(slow[name], count) for name, count in many.items() if count},
        tuple(dict.fromkeys(note for each in segments.values() for note in each.notes)),
    )


def _way(slow: int, many: int) -> str:
    return f"{IN_BULK}, {slow:,} of {many:,} clocks one by one" if slow else IN_BULK


def _promises(series: Agreements) -> Iterator[_Promise]:
    people = series.latest.people  # zones and days off are no part of a promise
    for each in series:
        for policy in each.slas:
            for target in policy.targets:
                name = policy.calendar_of(target)
                calendar = each.calendars[name] if name is not None else None
                yield _Promise(each.version, Timing(policy, target, calendar, people))


def _of_version(turns: Turns, version: int, series: Agreements, now_us: int) -> Turns:
    """The turns of promises that were made in a version."""
    if len(series) == 1:
        return turns
    np = load_numpy()
    numbers = np.array([each.version for each in series])
    days = sorted({each.effective for each in series} | {each.until for each in series if each.until is not None})
    bounds = np.array([_midnight(day) for day in days])
    holds = np.array([series.judging(day).version for day in (date.min, *days)])
    judged = np.where(turns.judged == MISSING, now_us, turns.judged)
    by_day = holds[np.searchsorted(bounds, judged, "right")]
    return turns.where(np.where(np.isin(turns.made, numbers), turns.made, by_day) == version)


def _midnight(day: date) -> int:
    return to_us(datetime.combine(day, time(), UTC))


def _begin(connection: DuckDBPyConnection, promises: list[_Promise]) -> None:
    connection.execute(
        "create temp table units (unit integer, policy varchar, target varchar, duty_of varchar, within varchar, "
        "agreement integer, reach varchar, keeps varchar[], ends varchar[])"
    )
    connection.execute(
        "create temp table found (unit integer, k bigint, turn integer, holder bigint, state integer, started bigint, "
        "due bigint, stopped bigint, elapsed bigint, ended integer, which integer)"
    )
    for unit, one in enumerate(promises):
        policy, target, signature = one.timing.policy, one.timing.target, one.signature
        row = [unit, policy.id, target.id, policy.duty_of, target.within, one.version, signature.reach]
        more = [list(signature.keeps), ends_of(signature)]
        connection.execute("insert into units values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [*row, *more])


def _add(connection: DuckDBPyConnection, unit: int, one: _Promise, turns: Turns, progress: Progress) -> int:
    """Adds the clocks of a promise; gives how many were followed one by one."""
    many = len(turns.key)
    if not many:
        return 0
    np = load_numpy()
    name = one.name
    times, followed = timed(
        connection, turns, one.signature, one.timing, lambda amount: progress("replay", name, amount)
    )
    columns: dict[str, Int64s] = {
        "unit": np.full(many, unit, np.int64),
        "k": turns.key,
        "turn": turns.turn,
        "holder": turns.holder,
        "state": states(turns, times, inherit=one.timing.policy.on_transfer == "inherit"),
        "started": turns.since,
        "due": times.due,
        "stopped": np.where(turns.ended == ENDED["no"], MISSING, turns.until),
        "elapsed": times.elapsed,
        "ended": turns.ended,
        "which": turns.by,
    }
    connection.register("answered", columns)
    connection.execute(f"insert into found select {', '.join(columns)} from answered")
    connection.unregister("answered")
    return followed


def _write(connection: DuckDBPyConnection, out: Path) -> None:
    def us(name: str) -> str:
        return f"nullif(f.{name}, {MISSING})"

    words = ", ".join(text_of(state) for state in STATES)
    values = {
        "lead_id": "l.lead_id",
        "policy": "u.policy",
        "target": "u.target",
        "duty_of": "u.duty_of",
        "handoff_id": "c.handoff_id",
        "passage": "c.passage",
        "turn": "f.turn",
        "owner": "nullif(a.owner, '')",
        "state": f"([{words}])[f.state + 1]",
        "started_us": us("started"),
        "due_us": us("due"),
        "stopped_us": us("stopped"),
        "elapsed_us": us("elapsed"),
        "ended_by": "case f.ended when 1 then u.keeps[f.which + 1] when 2 then u.ends[f.which + 1] "
        "when 3 then 'transfer' else '' end",
        "within": "u.within",
        "agreement": "u.agreement",
        "subject": "c.subject",
    }
    parts = ", ".join(f"cast({values[name]} as {kind}) as {name}" for name, kind in COLUMNS.items())
    queries = " union all ".join(
        f"select {parts} from found f join units u on u.unit = f.unit and u.reach = {text_of(reach)} "
        f"join ({about}) c on c.k = f.k join l on l.l = c.l left join a on a.a = f.holder"
        for reach, about in ABOUT.items()
    )
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"copy ({queries}) to {text_of(str(out))} (format parquet, compression zstd)")
