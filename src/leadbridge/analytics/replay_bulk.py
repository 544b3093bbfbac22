"""The clocks of a whole snapshot, in SQL and numpy: a million passages in seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.agreement import Agreements
from leadbridge.analytics.engine import TABLES, connect, text_of
from leadbridge.analytics.replay_sql import EVENTS, Signature, pauses_of, prepare, recorded, turns_of
from leadbridge.analytics.replay_time import ENDED, MISSING, Pauses, Turns, due_times, elapsed_times, states
from leadbridge.clock import to_us
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.calendar.slots import load_numpy
from leadbridge.domain.model import did_you_mean, listing
from leadbridge.domain.sla import STATES, SLAPolicy, Target
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.domain.calendar.slots import Int64s

__all__ = ["COLUMNS", "chosen", "replay_tables"]

COLUMNS: Mapping[str, str] = {
    **TABLES["clocks"],
    "ended_by": "VARCHAR",
    "within": "VARCHAR",
    "agreement": "INTEGER",
}
"""The columns of a replay: those of ``clocks``, what ended each, how long it might last, under which version."""

_PLAIN = {
    Target: frozenset({"id", "starts", "stops", "within", "calendar", "paused_while", "warn_at"}),
    SLAPolicy: frozenset({"id", "duty_of", "targets", "calendar", "on_transfer"}),
}
_SILENT = frozenset({"warn_before", "escalate"})
"""Terms that decide who is told, and never how a promise stands."""


@dataclass(frozen=True)
class _Promise:
    """One target of one version of the agreement."""

    version: int
    policy: SLAPolicy
    target: Target
    calendar: BusinessCalendar | None

    @property
    def name(self) -> str:
        return f"{self.policy.id}.{self.target.id}"

    @property
    def signature(self) -> Signature:
        one, target = self.policy, self.target
        per_handoff = target.per_handoff
        rule = ("continue" if one.on_transfer == "continue" else "turns") if per_handoff else ""
        return Signature(one.duty_of, target.starts, target.stops, rule, per_handoff)


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


def replay_tables(place: Path, series: Agreements, now_us: int, out: Path, wanted: Collection[str]) -> tuple[str, ...]:
    """Writes every clock of the snapshot in a directory as one Parquet file.

    Args:
        place: the directory of the snapshot.
        series: the versions; each promise is judged by the one in which it was made.
        now_us: the instant of the snapshot.
        out: the file to write.
        wanted: the promises, as ``policy.target``.

    Returns:
        The promises that no recorded event ever kept.

    Raises:
        ConfigError: a promise uses terms that only the fold of histories knows; names it.
    """
    promises = [one for one in _promises(series) if one.name in wanted]
    for one in promises:
        _check(one)
    silent: dict[str, bool] = {}
    with connect() as connection:
        prepare(connection, place)
        _begin(connection, promises)
        for signature in dict.fromkeys(one.signature for one in promises):
            turns = turns_of(connection, signature, now_us)
            for unit, one in enumerate(promises):
                if one.signature == signature:
                    _add(connection, unit, one, _of_version(turns, one.version, series, now_us))
                    there = any(recorded(connection, event, signature.duty_of) for event in signature.stops)
                    silent[one.name] = silent.get(one.name, True) and not there
        _write(connection, out)
    return tuple(name for name, nothing in silent.items() if nothing)


def _promises(series: Agreements) -> Iterator[_Promise]:
    for each in series:
        for policy in each.slas:
            for target in policy.targets:
                name = policy.calendar_of(target)
                yield _Promise(each.version, policy, target, each.calendars[name] if name is not None else None)


def _check(one: _Promise) -> None:
    unknown: list[str] = []
    for part in (one.policy, one.target):
        for name, field in type(part).model_fields.items():
            there = getattr(part, name) != field.get_default(call_default_factory=True)
            if there and name not in _PLAIN[type(part)] | _SILENT:
                unknown.append(name)
    events = (one.target.starts, *one.target.stops)
    unknown += sorted({event for event in events if event not in EVENTS and not event.startswith("stage:")})
    unknown += [word for word in one.target.paused_while if word.startswith("stage:") or word == "owner_away"]
    if unknown:
        raise ConfigError(
            f"the promise {one.name} (version {one.version}) uses {listing(unknown)}, which tables cannot replay: "
            f"replay it from histories, with leadbridge.replay(histories, agreements=..., at=...), or name the other "
            f"promises with only="
        )


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
        "agreement integer, stops varchar[], per_handoff boolean)"
    )
    connection.execute(
        "create temp table found (unit integer, k bigint, turn integer, holder bigint, state integer, started bigint, "
        "due bigint, stopped bigint, elapsed bigint, ended integer, which integer)"
    )
    for unit, one in enumerate(promises):
        target, policy = one.target, one.policy
        row = [unit, policy.id, target.id, policy.duty_of, target.within, one.version, sorted(target.stops)]
        connection.execute("insert into units values (?, ?, ?, ?, ?, ?, ?, ?)", [*row, target.per_handoff])


def _add(connection: DuckDBPyConnection, unit: int, one: _Promise, turns: Turns) -> None:
    if not len(turns.key):
        return
    np = load_numpy()
    pauses: Pauses = {}
    if one.target.paused_while:
        pauses = pauses_of(connection, one.target.paused_while, per_handoff=one.target.per_handoff)
    inherit = one.policy.on_transfer == "inherit"
    allowance = one.target.allowance
    due = due_times(turns, allowance, one.calendar, pauses, inherit=inherit)
    columns: dict[str, Int64s] = {
        "unit": np.full(len(turns.key), unit, np.int64),
        "k": turns.key,
        "turn": turns.turn,
        "holder": turns.holder,
        "state": states(turns, due, inherit=inherit),
        "started": turns.since,
        "due": due,
        "stopped": np.where(turns.ended == ENDED["no"], MISSING, turns.until),
        "elapsed": elapsed_times(turns, allowance, one.calendar, pauses),
        "ended": turns.ended,
        "which": turns.by,
    }
    connection.register("answered", columns)
    connection.execute(f"insert into found select {', '.join(columns)} from answered")
    connection.unregister("answered")


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
        "ended_by": "case f.ended when 1 then u.stops[f.which + 1] when 2 then c.cancel_by when 3 then 'transfer' "
        "else '' end",
        "within": "u.within",
        "agreement": "u.agreement",
    }
    parts = ", ".join(f"cast({values[name]} as {kind}) as {name}" for name, kind in COLUMNS.items())
    scopes = (("h", "u.per_handoff"), ("p", "not u.per_handoff"))
    queries = " union all ".join(
        f"select {parts} from found f join units u on u.unit = f.unit and {those} join {table} c on c.k = f.k "
        "join l on l.l = c.l left join a on a.a = f.holder"
        for table, those in scopes
    )
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"copy ({queries}) to {text_of(str(out))} (format parquet, compression zstd)")
