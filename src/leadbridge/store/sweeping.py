"""How far the sweeps over all ids have come, and which records they met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update

from leadbridge.adapter import Ref
from leadbridge.clock import from_us, to_us
from leadbridge.store import schema
from leadbridge.store.among import among
from leadbridge.store.codec import dump, load
from leadbridge.store.writer import Writer

__all__ = ["SweepPlace", "Sweeping"]


@dataclass(frozen=True, slots=True)
class SweepPlace:
    """Where the latest sweep over a kind stands.

    Attributes:
        number: of the sweep; every record that it meets gets it.
        begun_at: when it began.
        cursor: where the adapter goes on; ``None`` at the beginning.
        met: how many ids came so far.
        unseen: how many of them nobody had ever read.
        state: ``open``; ``refused`` when too many records did not come back; ``done``.
        finished_at: when the last good sweep ended.
    """

    number: int
    begun_at: datetime
    cursor: str | None = None
    met: int = 0
    unseen: int = 0
    state: str = "open"
    finished_at: datetime | None = None


class Sweeping(Writer):
    """The sweeps, inside one transaction."""

    def place(self, connection: str, kind: str) -> SweepPlace | None:
        """Where the latest sweep over a kind stands; ``None`` before the first."""
        table = schema.sweep
        query = select(table).where(table.c.connection == connection, table.c.kind == kind)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            return None
        finished = from_us(row["finished_us"]) if row["finished_us"] else None
        if row["cursor"] is None:
            return SweepPlace(row["number"], finished or from_us(0), state="done", finished_at=finished)
        begun, cursor, met, unseen, state = load(row["cursor"])
        return SweepPlace(row["number"], from_us(begun), cursor, met, unseen, state, finished)

    def save(self, connection: str, kind: str, place: SweepPlace) -> None:
        """Remembers where a sweep stands."""
        rest = [to_us(place.begun_at), place.cursor, place.met, place.unseen, place.state]
        row = {
            "connection": connection,
            "kind": kind,
            "number": place.number,
            "cursor": None if place.state == "done" else dump(rest),
            "finished_us": to_us(place.finished_at) if place.finished_at is not None else 0,
        }
        self._upsert(schema.sweep, [row])

    def meet(self, connection: str, kind: str, number: int, ids: Sequence[str]) -> tuple[list[str], list[str]]:
        """Notes which records came back; returns the ids that nobody ever read, and those that were thought gone."""
        table = schema.observation
        known: dict[str, str] = {}
        for start in range(0, len(ids), 500):
            here = and_(
                table.c.connection == connection, table.c.kind == kind, table.c.id.in_(ids[start : start + 500])
            )
            known |= {
                row.id: row.state for row in self._connection.execute(select(table.c.id, table.c.state).where(here))
            }
            self._connection.execute(update(table).where(here).values(swept=number))
        unseen = [each for each in ids if each not in known]
        return unseen, [each for each in ids if known.get(each) in ("deleted", "merged")]

    def asked(self, connection: str, refs: Iterable[Ref]) -> None:
        """Notes that records are there although a list met them before anybody had read them: they were asked about."""
        table, sweep = schema.observation, schema.sweep
        by_kind: dict[str, list[str]] = {}
        for ref in refs:
            by_kind.setdefault(ref.kind, []).append(ref.id)
        for kind, ids in by_kind.items():
            number = select(sweep.c.number).where(sweep.c.connection == connection, sweep.c.kind == kind)
            here = and_(table.c.connection == connection, table.c.kind == kind, among(table.c.id, ids))
            self._connection.execute(
                update(table).where(here).values(swept=func.coalesce(number.scalar_subquery(), table.c.swept))
            )

    def known(self, connection: str, kind: str, before: datetime) -> int:
        """How many records of a kind are thought to be there and have not changed since an instant."""
        query = select(func.count()).select_from(schema.observation).where(self._there(connection, kind, before))
        return int(self._connection.execute(query).scalar_one())

    def missing(self, connection: str, kind: str, number: int, before: datetime) -> list[str]:
        """Of those, the ones that a sweep did not meet, by id."""
        table = schema.observation
        query = select(table.c.id).where(self._there(connection, kind, before), table.c.swept != number)
        return list(self._connection.execute(query.order_by(table.c.id)).scalars())

    @staticmethod
    def _there(connection: str, kind: str, before: datetime) -> ColumnElement[bool]:
        table = schema.observation
        return and_(
            table.c.connection == connection,
            table.c.kind == kind,
            table.c.state == "live",
            table.c.modified_us < to_us(before),
        )
