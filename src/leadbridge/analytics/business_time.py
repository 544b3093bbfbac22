"""Business time in SQL: compiled calendars as two tables, and the joins that ask them.

``calendar_slots`` cuts time into slots of one length, each with the one opening interval that it may meet; the open
time before an instant is ``least(greatest(instant, opens_us), closes_us) + offset_us`` of its slot. ``calendar_steps``
does the same for open time, and leads back to instants. Both are joined by equality on a computed number, which every
engine does quickly and in the same way: the text runs unchanged on DuckDB, PostgreSQL and Spark. It needs integers
only, in microseconds since 1970 in UTC, and gives the very numbers of :class:`leadbridge.BusinessCalendar`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from leadbridge.clock import to_us
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.calendar.slots import Slots, load_numpy
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.domain.calendar.slots import Int64s

__all__ = ["SLOTS", "STEPS", "BusinessTimeSQL"]

SLOTS = "calendar_slots"
"""Table of slots: ``calendar``, ``slot``, ``opens_us``, ``closes_us``, ``offset_us``."""
STEPS = "calendar_steps"
"""Table of steps: ``calendar``, ``step``, ``edge_us``, ``offset_us``, ``later_us``, ``reach_us``."""

_COLUMNS = {
    SLOTS: ("slot", "opens_us", "closes_us", "offset_us"),
    STEPS: ("step", "edge_us", "offset_us", "later_us", "reach_us"),
}


@dataclass(frozen=True, eq=False)
class BusinessTimeSQL:
    """Calendars for SQL. Answers hold from ``first_us`` to ``last_us``; beyond, there is none (``NULL``).

    ``origin_us`` is where slot 0 begins, ``slot_us`` the length of a slot, ``step_us`` that of a step.
    """

    first_us: int
    last_us: int
    origin_us: int
    slot_us: int
    step_us: int
    columns: Mapping[str, Mapping[str, tuple[Int64s, ...]]]
    """The columns of each table (named in :data:`SLOTS` and :data:`STEPS`), by calendar."""

    @classmethod
    def of(cls, calendars: Mapping[str, BusinessCalendar], first: datetime, last: datetime) -> BusinessTimeSQL:
        """Compiles calendars, by the names under which SQL will know them, for instants from ``first`` to ``last``.

        Raises:
            ConfigError: without a calendar, and when ``last`` comes before ``first``.
            AdapterMissing: when numpy is not installed.
        """
        if not calendars:
            raise ConfigError("business time needs a calendar: name at least one")
        if last < first:
            raise ConfigError("the last instant comes before the first: give them in order")
        tables = [calendar.timetable(first, last) for calendar in calendars.values()]
        parts = Slots.build(*tables)
        if not all(part.cut for part in parts):
            raise ConfigError(
                "these calendars cannot be cut into slots over so long a time: ask for less than 140 years, or (where "
                "openings lie less than a minute apart) for fewer"
            )
        low, high = to_us(first), to_us(last)
        slot = parts[0].times.length
        origin = min(part.times.origin for part in parts)
        return cls(
            first_us=low,
            last_us=high,
            origin_us=origin,
            slot_us=slot,
            step_us=parts[0].places.length,
            columns={
                SLOTS: {name: _slots(part, origin, low, high) for name, part in zip(calendars, parts, strict=True)},
                STEPS: {
                    name: _steps(part, table.position(low), table.position(high))
                    for name, part, table in zip(calendars, parts, tables, strict=True)
                },
            },
        )

    def rows(self, table: str) -> Iterator[tuple[str | int, ...]]:
        """The rows of one of the two tables, to be written into any database."""
        for name, (number, *values) in self.columns[table].items():
            for row in zip(number.tolist(), *(value.tolist() for value in values), strict=True):
                yield name, *row

    @staticmethod
    def ddl(table: str) -> str:
        """The statement that makes one of the two tables."""
        columns = ", ".join(f"{name} bigint not null" for name in _COLUMNS[table])
        return f"create table {table} (calendar varchar(80) not null, {columns})"

    def load(self, connection: DuckDBPyConnection) -> None:
        """Makes both tables in DuckDB, in place of those that may be there."""
        for table, parts in self.columns.items():
            connection.execute(f"drop table if exists {table}")
            connection.execute(self.ddl(table))
            for name, values in parts.items():
                view = f"new_{table}"
                connection.register(view, dict(zip(_COLUMNS[table], values, strict=True)))
                connection.execute(f"insert into {table} select $1, * from {view}", [name])
                connection.unregister(view)

    def elapsed(
        self, relation: str, *, start: str = "start_us", end: str = "end_us", calendar: str | None = None
    ) -> str:
        """A query: all columns of a relation, and the open time from one of them to another as ``elapsed_us``.

        Args:
            relation: a table, a view, or a query in brackets.
            start: its column with the starts.
            end: its column with the ends.
            calendar: the calendar of all rows; ``None`` when it is in their column ``calendar``.

        Raises:
            ConfigError: for an unknown calendar, and a column that is no plain name.
        """
        _plain(start, end)
        at_start, at_end = f"r.{start}", f"r.{end}"
        return (
            f"select r.*, {_position('e', at_end)} - ({_position('s', at_start)}) as elapsed_us\n"
            f"from {relation} r\n"
            f"{self._join_slot('s', at_start, calendar)}\n"
            f"{self._join_slot('e', at_end, calendar)}"
        )

    def due(
        self, relation: str, *, start: str = "start_us", duration: str = "duration_us", calendar: str | None = None
    ) -> str:
        """A query: all columns of a relation, and the instant at which a duration has passed as ``due_us``.

        Args:
            relation: a table, a view, or a query in brackets.
            start: its column with the starts.
            duration: its column with the open time, which is not negative.
            calendar: the calendar of all rows; ``None`` when it is in their column ``calendar``.

        Raises:
            ConfigError: for an unknown calendar, and a column that is no plain name.
        """
        _plain(start, duration)
        at_start, amount = f"r.{start}", f"r.{duration}"
        place = f"({_position('s', at_start)} + {amount})"
        step = f"cast(floor({place} / {float(self.step_us):e}) as bigint)"
        return (
            f"select r.*, case when {amount} = 0 then {at_start} when {amount} > 0 and {place} <= t.reach_us then\n"
            f"  {place} - case when {place} <= t.edge_us then t.offset_us else t.later_us end end as due_us\n"
            f"from {relation} r\n"
            f"{self._join_slot('s', at_start, calendar)}\n"
            f"left join {STEPS} t on t.calendar = {self._name(calendar)} and t.step = {step}"
        )

    def _join_slot(self, alias: str, instant: str, calendar: str | None) -> str:
        slot = f"cast(floor(({instant} - {self.origin_us}) / {float(self.slot_us):e}) as bigint)"
        same = f"{alias}.calendar = {self._name(calendar)}"
        return f"left join {SLOTS} {alias} on {same} and {alias}.slot = {slot}"

    def _name(self, calendar: str | None) -> str:
        if calendar is None:
            return "r.calendar"
        if calendar not in self.columns[SLOTS]:
            raise ConfigError(f"no calendar {calendar!r} was compiled: use one of {', '.join(self.columns[SLOTS])}")
        return "'" + calendar.replace("'", "''") + "'"


def _position(alias: str, instant: str) -> str:
    return f"least(greatest({instant}, {alias}.opens_us), {alias}.closes_us) + {alias}.offset_us"


def _plain(*names: str) -> None:
    for name in names:
        if not name.isidentifier():
            raise ConfigError(f"{name!r} is not a plain column name: give it one in the relation")


def _slots(part: Slots, origin: int, low: int, high: int) -> tuple[Int64s, ...]:
    np = load_numpy()
    times = part.times
    numbers = np.arange((low - times.origin) // times.length, (high - times.origin) // times.length + 1)
    span = times.holds.take(numbers, mode="clip")
    numbers += (times.origin - origin) // times.length
    return numbers, part.opens[span], part.closes[span], part.offset[span]


def _steps(part: Slots, low: int, high: int) -> tuple[Int64s, ...]:
    np = load_numpy()
    length = part.places.length
    numbers = np.arange(low // length, high // length + 1)
    span = part.places.holds.take(numbers, mode="clip")
    later = part.offset[np.minimum(span + 1, len(part.offset) - 1)]
    return numbers, part.after[span], part.offset[span], later, np.full(len(numbers), part.reach[0])
