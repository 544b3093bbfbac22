"""Replay: every promise that was ever made, judged by the agreement that held when it was made, or by another one.

>>> past = snapshot.replay(agreements)  # a ledger's snapshot, in bulk; whatever the promises say
>>> past = replay(histories, agreements=agreements, at=now)  # histories at hand, lead by lead
>>> past.attainment(by="month")
>>> print(past.compare(snapshot.replay(agreement.with_target("sales_response.first_touch", within="2 business hours"))))

Both ways give the same clocks. A replay is a Parquet file of clocks at one instant; every report on it is a query.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Literal, Self
from weakref import finalize

from leadbridge.agreement import Agreement, Agreements
from leadbridge.agreement.promises import Profiles, promises
from leadbridge.analytics.engine import connect, rows_of, text_of, write_rows
from leadbridge.analytics.flatten import clock_rows
from leadbridge.analytics.replay_bulk import COLUMNS, IN_BULK, LEAD_BY_LEAD, Found, Progress, chosen, replay_tables
from leadbridge.analytics.result import Answer, NotComputable, Result
from leadbridge.clock import from_us, to_us
from leadbridge.domain.feedback import NO_LEAD
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.show import html_table
from leadbridge.domain.sla import STATES, ClockState, Person, SLAPolicy, Target
from leadbridge.domain.sla.scope import Scope
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from leadbridge.analytics.comparison import Comparison

__all__ = ["Replay", "replay", "replay_snapshot"]

DEFINITION = (
    "Promises that were kept in time, as a share of those that were kept in time, kept late, or broken: "
    "met / (met + met_late + breached). Each is judged by the version of the agreement in which it was made; running, "
    "waiting and cancelled ones are shown and not counted. A clock belongs to the person who held it, and to the month "
    "(in UTC) in which it started."
)
_DIMENSIONS = {
    "owner": "coalesce(owner, '')",
    "month": "coalesce(strftime(make_timestamp(started_us), '%Y-%m'), '')",
    "version": "cast(agreement as varchar)",
    "duty_of": "duty_of",
}
_COUNTED = ("met", "met_late", "breached")


def _silently(step: str, promise: str, amount: int) -> None:
    """Tells nobody."""


class Replay:
    """All clocks of a history at one instant, under an agreement. Make one with :func:`replay` or ``Snapshot.replay``.

    ``under`` says which agreement they stand under. ``silent`` names the promises (as ``policy.target``) that no
    recorded event ever kept: whether they were broken, or kept and not written down, nobody can tell, so that they have
    no attainment. ``ways`` says of each promise how its clocks were computed, and ``notes`` what else a reader has to
    know.
    """

    def __init__(self, directory: Path, now_us: int, under: str, found: Found) -> None:
        self.directory = directory
        self.now_us = now_us
        self.under = under
        self.silent = found.silent
        self.ways = found.ways
        self.notes = found.notes
        self._remove = finalize(self, shutil.rmtree, directory, ignore_errors=True)

    @property
    def now(self) -> datetime:
        """The instant at which the clocks stand so."""
        return from_us(self.now_us)

    @property
    def path(self) -> Path:
        """The Parquet file of the clocks, which goes away with this object."""
        return self.directory / "clocks.parquet"

    def __len__(self) -> int:
        return int(sum(self.by_state.values()))

    @cached_property
    def by_state(self) -> Mapping[ClockState, int]:
        """How many clocks are in each state; every state is named."""
        found = {row["state"]: row["n"] for row in self.sql("select state, count(*) as n from clocks group by state")}
        return {state: found.get(state, 0) for state in STATES}

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs a query on the table ``clocks``; one mapping a row. Its columns: see :data:`COLUMNS`."""
        with connect() as connection:
            connection.execute(f"create view clocks as select * from read_parquet({text_of(str(self.path))})")
            return rows_of(connection, query, values)

    def clocks(self, promise: str | None = None, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The clocks, in order of lead, promise and turn; instants as microseconds since 1970 in UTC.

        Args:
            promise: of one promise only, as ``policy.target``.
            limit: so many at most.
        """
        where = "where policy || '.' || target = $promise" if promise is not None else ""
        most = f"limit {int(limit)}" if limit is not None else ""
        order = "order by lead_id, policy, target, passage, handoff_id, subject, turn"
        values = {"promise": promise} if promise is not None else {}
        return self.sql(f"select * from clocks {where} {order} {most}", values)

    def attainment(self, by: Literal["owner", "month", "version", "duty_of"] | None = None) -> Answer:
        """Promises kept in time, by policy and target, and by owner, month of the start or version where asked for.

        Raises:
            DataError: for another dimension.
        """
        if by is not None and by not in _DIMENSIONS:
            raise DataError(f"a replay cannot be broken down by {by!r}: {did_you_mean(by, list(_DIMENSIONS))}")
        sums = ", ".join(f"count(*) filter (state = '{state}') as {state}" for state in STATES)
        rows = self.sql(
            f"select {_DIMENSIONS[by] if by is not None else chr(39) * 2} as dimension, policy, target, {sums} "
            "from clocks group by all order by dimension, policy, target"
        )
        found = [self._row(row, by) for row in rows]
        counted = [row for row in found if row["attainment"] is not None]
        n, met = sum(row["counted"] for row in counted), sum(row["met"] for row in counted)
        if not n:
            return NotComputable(self._why(rows), "sla_attainment", DEFINITION)
        apart = {state: sum(row[state] for row in rows) for state in STATES if state not in _COUNTED}
        unheard = sum(sum(row[state] for state in _COUNTED) for row in rows if self._silent(row))
        return Result(
            metric="sla_attainment",
            title="SLA attainment, replayed",
            definition=DEFINITION,
            basis="snapshot",
            grain="one row for each policy and target",
            by=by,
            columns=tuple(found[0]),
            rows=tuple(found),
            value=met / n,
            value_name="attainment",
            n=n,
            denominators={"counted": "clocks that were met, met late or breached"},
            excluded={
                **{f"clocks {state.replace('_', ' ')}": count for state, count in apart.items()},
                "clocks of promises that nothing recorded ever kept": unheard,
            },
            immature=0,
            censored=0,
            agreement=self.under,
            parameters={"now_us": self.now_us, "ways": dict(self.ways), "notes": list(self.notes)},
        )

    def compare(self, other: Replay) -> Comparison:
        """This replay (before) beside another one of the same history (after): what would have been different.

        Raises:
            DataError: the two stand at different instants.
        """
        from leadbridge.analytics.comparison import Comparison

        return Comparison.of(self, other)

    def save(self, path: str | Path) -> Path:
        """Copies the clocks to a Parquet file of one's own."""
        return Path(shutil.copyfile(self.path, Path(path)))

    def close(self) -> None:
        """Lets go of the file."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        lines = [f"{len(self):,} clocks at {self.now:%Y-%m-%d %H:%M} UTC, {self.under}"]
        answer = self.attainment()
        if isinstance(answer, NotComputable):
            return "\n".join([*lines, str(answer), *self.notes])
        for row in answer.rows:
            kept = (
                f"{row['attainment']:.1%} of {row['counted']:,}" if row["attainment"] is not None else "not computable"
            )
            lines.append(f"{row['policy']}.{row['target']}: {kept}")
        slowly = [f"{name}: {way}" for name, way in self.ways.items() if way not in (IN_BULK, LEAD_BY_LEAD)]
        return "\n".join([*lines, *slowly, *self.notes])

    def __repr__(self) -> str:
        return f"<Replay of {len(self):,} clocks at {self.now:%Y-%m-%d %H:%M} UTC, {self.under}>"

    def _repr_html_(self) -> str:
        states = [(state.replace("_", " "), f"{count:,}") for state, count in self.by_state.items() if count]
        return html_table(repr(self).strip("<>"), ("state", "clocks"), states) + self.attainment()._repr_html_()

    def _silent(self, row: Mapping[str, Any]) -> bool:
        return f"{row['policy']}.{row['target']}" in self.silent

    def _row(self, row: Mapping[str, Any], by: str | None) -> dict[str, Any]:
        counted = sum(row[state] for state in _COUNTED)
        head = {} if by is None else {by: row["dimension"] or None}
        return {
            **head,
            "policy": row["policy"],
            "target": row["target"],
            **{state: row[state] for state in _COUNTED},
            "counted": counted,
            "attainment": row["met"] / counted if counted and not self._silent(row) else None,
            "running": row["running"] + row["paused"],
            "not_started": row["not_started"],
            "cancelled": row["cancelled"],
        }

    def _why(self, rows: list[dict[str, Any]]) -> str:
        if not rows:
            return "no promise was made in this history: nothing started a clock"
        if any(self._silent(row) for row in rows):
            named = ", ".join(sorted(self.silent))
            return (
                f"nothing was ever recorded that keeps {named}: a broken promise cannot be told from a missing record"
            )
        return "no promise has come to its end yet: 0 of 0"


def replay(
    histories: Iterable[LeadHistory],
    *,
    agreements: Agreement | Agreements,
    at: datetime,
    only: Collection[str] = (),
    fields: Profiles | None = None,
    people: Mapping[str, Person] | None = None,
    progress: Progress = _silently,
) -> Replay:
    """Every clock of these histories as it stood at an instant.

    Args:
        histories: of any number of leads, such as ``bridge.ledger.histories()``.
        agreements: one, which then judges everything, or several versions: each promise is judged by the one in which
            it was made.
        at: the instant; what happened later is not known yet.
        only: promises, as ``policy.target``; without it, all of them.
        fields: flat canonical fields by lead id, for policies with a condition, such as ``bridge.ledger.profiles()``;
            what is not known makes a condition unknown, so that its policy does not hold.
        people: what is known of owners beyond the agreement's ``people``, by id.
        progress: is told, with the step ``replay``, how many more leads were judged.

    Raises:
        ConfigError: a name in ``only`` stands in no version, or a policy names a calendar that is not there.
    """
    series, known = Agreements.of(agreements), fields or {}
    wanted = chosen(series, only)
    targets = [(f"{p.id}.{t.id}", p, t) for each in series for p in each.slas for t in p.targets]
    heard: set[str] = set()
    rows: list[dict[str, Any]] = []
    for history in histories:
        if history.lead == NO_LEAD:
            continue  # what is about no lead was promised to nobody
        judged = promises(history, series, at, fields=known.get(history.lead), people=people)
        found = [clock for clock in judged if f"{clock.policy}.{clock.target}" in wanted]
        for row, clock in zip(clock_rows(found), found, strict=True):
            more = {"ended_by": clock.ended_by, "within": clock.within, "agreement": clock.agreement}
            rows.append({**row, **more, "subject": clock.subject or None})
        heard |= {name for name, policy, one in targets if name not in heard and _keeps(history, policy, one, at)}
        progress("replay", "", 1)
    place = Path(mkdtemp(prefix="leadbridge-replay-"))
    with connect() as connection:
        write_rows(connection, place / "clocks.parquet", COLUMNS, rows)
    ways = {f"{row['policy']}.{row['target']}": LEAD_BY_LEAD for row in rows}
    return Replay(place, to_us(at), _under(series, to_us(at)), Found(wanted - heard, ways))


def replay_snapshot(
    directory: Path,
    now_us: int,
    agreements: Agreement | Agreements,
    only: Collection[str] = (),
    progress: Progress = _silently,
) -> Replay:
    """Every clock of a snapshot, in SQL and numpy; see ``Snapshot.replay``."""
    series = Agreements.of(agreements)
    wanted = chosen(series, only)
    place = Path(mkdtemp(prefix="leadbridge-replay-"))
    try:
        found = replay_tables(directory, series, now_us, place / "clocks.parquet", wanted, progress)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return Replay(place, now_us, _under(series, now_us), found)


def _under(series: Agreements, now_us: int) -> str:
    if len(series) == 1:
        return f"under {series.latest.standing(from_us(now_us))}"
    numbers = ", ".join(f"v{each.version}" for each in series)
    return f"under {series.name}, each promise by the version in which it was made ({numbers})"


def _keeps(history: LeadHistory, policy: SLAPolicy, target: Target, at: datetime) -> bool:
    """Whether anything in a history is an event that keeps a promise, or an attempt of its cadence."""
    numbers = {1, *(trip.number for trip in history.passages), *(trail.passage for trail in history.handoffs)}
    everything = [Scope(history, policy, target, at, number) for number in numbers]
    if target.cadence is not None and everything[0].attempts(None):
        return True
    return any(next(scope.instants(event), None) for scope in everything for event in target.stops)
