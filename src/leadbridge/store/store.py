"""The database: opens it, reads it, and hands out transactions that change it.

SQLite is the default (write-ahead log, full sync, one writer) and, with ``sqlite://``, the test double. All writing
goes through :class:`~leadbridge.store.transaction.Transaction`, so that facts, cursors, bases, intents and timers of
one step are stored together or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from weakref import finalize

from sqlalchemy import Connection, Engine, RowMapping, create_engine, event, func, select, tuple_
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

from leadbridge.adapter import Record, Ref, Value
from leadbridge.clock import from_us, to_us
from leadbridge.domain.fact_codec import decode
from leadbridge.domain.facts import Fact
from leadbridge.domain.sla.board import Teams
from leadbridge.errors import ConfigError, StoreBusy, StoreError
from leadbridge.store import schema
from leadbridge.store.codec import load, load_dates, load_fields
from leadbridge.store.migrate import migrate
from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.timers import Timers, Unfold
from leadbridge.store.transaction import OPEN, Transaction

__all__ = ["Store"]

_CHUNK = 500
_NO_DRIVER = (
    "the driver of this database is not installed: leadbridge works with SQLite, and with PostgreSQL after "
    'pip install "leadbridge[postgres]"'
)


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == _CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, ValueError):
        # Without its cause, which may quote a part of the password.
        raise ConfigError("the store is not a database address: write for example sqlite:///leadbridge.db") from None
    except ImportError:
        raise ConfigError(_NO_DRIVER) from None
    if parsed.get_backend_name() != "sqlite":
        try:
            return create_engine(parsed, pool_pre_ping=True)
        except ImportError:
            raise ConfigError(_NO_DRIVER) from None
    if parsed.database in (None, "", ":memory:"):
        engine = create_engine(parsed, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        path = Path(str(parsed.database))
        if not path.parent.is_dir():
            raise ConfigError(f"the folder of the store does not exist: make {path.parent} first")
        # The database holds personal data; SQLite would create it readable for everybody.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise ConfigError(f"the store {path} cannot be opened ({error.strerror}): choose another path") from None
        engine = create_engine(parsed, connect_args={"check_same_thread": False, "timeout": 10})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma secure_delete = on")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine


class Store:
    """Everything that leadbridge knows, in one database.

    Args:
        url: an SQLAlchemy address, such as ``sqlite:///leadbridge.db`` or ``sqlite://`` (in memory).

    Raises:
        ConfigError: the address cannot be used.
        StoreBusy: another process holds the database.
        StoreError: the database is damaged, or was written by a newer leadbridge.
    """

    def __init__(self, url: str) -> None:
        self._engine = _open(url)
        # Whoever forgets to close it leaves no open connection behind.
        finalize(self, self._engine.dispose)
        with self._connection() as connection:
            migrate(connection)

    def __repr__(self) -> str:
        return f"Store({self._engine.url.render_as_string(hide_password=True)!r})"

    def close(self) -> None:
        """Gives the database back. Closing twice is fine."""
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            if "locked" in str(error.orig) or "busy" in str(error.orig):
                raise StoreBusy(
                    "another process is using the database: wait for it to finish, then run again"
                ) from None
            raise StoreError(f"the database cannot be used ({type(error.orig).__name__})") from None
        except DBAPIError as error:
            raise StoreError(f"the database refused a statement ({type(error.orig).__name__})") from None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Changes that happen together or not at all."""
        with self._connection() as connection:
            yield Transaction(connection)

    def _rows(self, query: Any) -> list[RowMapping]:
        with self._connection() as connection:
            return list(connection.execute(query).mappings())

    # -- where we stand in each CRM ------------------------------------------------------------------------------

    def accounts(self) -> dict[str, tuple[str, str]]:
        """For each connection that this database knows: its system and account."""
        return {row["name"]: (row["system"], row["account"]) for row in self._rows(select(schema.connection))}

    def agreements(self) -> list[KeptAgreement]:
        """The versions of the agreement that this database was used with, the oldest first."""
        return [
            KeptAgreement(
                version=row["version"],
                name=row["name"],
                effective=date.fromisoformat(row["effective"]),
                digest=row["digest"],
                document=row["document"],
                first_used_at=from_us(row["first_used_us"]),
                holidays=load_dates(row["holidays"]),
            )
            for row in self._rows(select(schema.agreement).order_by(schema.agreement.c.version))
        ]

    def cursor(self, connection: str, kind: str, fields_hash: str) -> str | None:
        """Where to go on reading; ``None`` when nothing was read yet, or other fields are wanted than then."""
        table = schema.cursor
        rows = self._rows(
            select(table.c.cursor).where(
                table.c.connection == connection, table.c.kind == kind, table.c.fields_hash == fields_hash
            )
        )
        return rows[0]["cursor"] if rows else None

    def hints(self, connection: str) -> dict[Ref, datetime]:
        """The records that webhooks were about, and when the last one came."""
        table = schema.hint
        rows = self._rows(select(table).where(table.c.connection == connection))
        return {Ref(row["kind"], row["id"]): from_us(row["seen_us"]) for row in rows}

    def observations(
        self, connection: str | None = None, *, dirty: bool = False, refs: Iterable[Ref] | None = None
    ) -> list[Observation]:
        """What was last seen: all of it, one connection's, only what is undecided, or certain records'."""
        table = schema.observation
        query = select(table)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        if dirty:
            query = query.where(table.c.dirty)
        if refs is None:
            return [_observation(row) for row in self._rows(query)]
        found: list[Observation] = []
        for chunk in _chunks(refs):
            keys = [(ref.kind, ref.id) for ref in chunk]
            found += [_observation(row) for row in self._rows(query.where(tuple_(table.c.kind, table.c.id).in_(keys)))]
        return found

    # -- what belongs together -----------------------------------------------------------------------------------

    def links(self, leads: Iterable[str] | None = None) -> list[Link]:
        """The links of all leads, or of some."""
        rows = self._of(schema.link, leads)
        return [Link(row["connection"], Ref(row["kind"], row["id"]), row["lead"], row["status"]) for row in rows]

    def relations(self) -> dict[tuple[str, Ref], set[str]]:
        """Records that belong to leads without standing for them (opportunities, interactions): which leads."""
        related: dict[tuple[str, Ref], set[str]] = {}
        for row in self._rows(select(schema.relation)):
            related.setdefault((row["connection"], Ref(row["kind"], row["id"])), set()).add(row["lead"])
        return related

    def bases(self, leads: Iterable[str] | None = None) -> dict[tuple[str, str], dict[str, Value]]:
        """The values last agreed, by (lead, connection): of all leads, or of some."""
        return {(row["lead"], row["connection"]): load_fields(row["fields"]) for row in self._of(schema.base, leads)}

    def _of(self, table: Any, leads: Iterable[str] | None) -> list[RowMapping]:
        if leads is None:
            return self._rows(select(table))
        return [row for chunk in _chunks(leads) for row in self._rows(select(table).where(table.c.lead.in_(chunk)))]

    # -- the ledger ------------------------------------------------------------------------------------------------

    def facts(self, leads: Iterable[str] | None = None, *, after: int = 0) -> list[tuple[int, Fact]]:
        """Facts with their positions, in the order of recording: all after a position, or those of some leads."""
        table = schema.fact
        query = select(table).where(table.c.position > after).order_by(table.c.position)
        if leads is None:
            return [_fact(row) for row in self._rows(query)]
        found = [_fact(row) for chunk in _chunks(leads) for row in self._rows(query.where(table.c.lead.in_(chunk)))]
        return sorted(found, key=lambda pair: pair[0])

    def due(self, now: datetime) -> list[str]:
        """Leads whose timer has run out."""
        table = schema.timer
        return [row["lead"] for row in self._rows(select(table.c.lead).where(table.c.due_us <= to_us(now)))]

    def to_refold(self, now: datetime, limit: int = _CHUNK) -> list[tuple[str, str]]:
        """Leads whose open promises have to be folded again by now, with the stamp of what was recorded last."""
        table = schema.refold
        query = select(table.c.lead, table.c.stamp).where(table.c.from_us <= to_us(now)).order_by(table.c.lead)
        return [(row["lead"], row["stamp"]) for row in self._rows(query.limit(limit))]

    def basis(self) -> str:
        """The digest of the words that the open promises were folded under; empty before they ever were."""
        rows = self._rows(select(schema.basis.c.digest).where(schema.basis.c.name == "clock"))
        return rows[0]["digest"] if rows else ""

    def timers(self, now: datetime, unfold: Unfold, teams: Teams) -> Timers:
        """The open promises at an instant, as they were folded last; see :class:`Timers`."""
        return Timers(self._rows, now, unfold, teams)

    # -- the outbox ------------------------------------------------------------------------------------------------

    def intents(
        self,
        *,
        states: Sequence[str] = OPEN,
        leads: Iterable[str] | None = None,
        connection: str | None = None,
        keys: Iterable[str] | None = None,
    ) -> list[Intent]:
        """Rows of the outbox, in the order of planning; by default the open ones."""
        table = schema.intent
        query = select(table).where(table.c.state.in_(states)).order_by(table.c.sequence, table.c.key)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        wanted, column = (keys, table.c.key) if keys is not None else (leads, table.c.lead)
        if wanted is None:
            return [_intent(row) for row in self._rows(query)]
        return [_intent(row) for chunk in _chunks(wanted) for row in self._rows(query.where(column.in_(chunk)))]

    # -- what needs a person ---------------------------------------------------------------------------------------

    def quarantined(self, *, resolved: bool = False) -> list[Quarantined]:
        """What was refused and still waits (or, with ``resolved``, what was settled since)."""
        table = schema.quarantine
        settled = table.c.resolved_us.is_not(None) if resolved else table.c.resolved_us.is_(None)
        rows = self._rows(select(table).where(settled).order_by(table.c.since_us, table.c.fingerprint))
        return [
            Quarantined(
                row["fingerprint"],
                row["connection"],
                Ref(row["kind"], row["record"]),
                row["lead"],
                row["subject"],
                row["reason"],
                row["remedy"],
                row["origin"],
            )
            for row in rows
        ]

    def conflicts(self, leads: Iterable[str] | None = None) -> list[Conflict]:
        """Conflicts that were settled, with what each side said."""
        rows = self._of(schema.conflict, leads)
        return [Conflict(r["lead"], r["field"], load(r["values"]), r["winner"], r["rule"]) for r in rows]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._rows(select(func.count().label("n")).select_from(schema.metadata.tables[table]))[0]["n"])


def _observation(row: RowMapping) -> Observation:
    successor = Ref(row["successor_kind"], row["successor_id"]) if row["successor_id"] is not None else None
    record = Record(
        ref=Ref(row["kind"], row["id"]),
        version=row["version"],
        modified_at=from_us(row["modified_us"]),
        fields=load_fields(row["fields"]),
        state=row["state"],
        successor=successor,
    )
    return Observation(row["connection"], record, bool(row["dirty"]))


def _fact(row: RowMapping) -> tuple[int, Fact]:
    envelope = {
        "lead": row["lead"],
        "occurred_at": from_us(row["occurred_us"]),
        "recorded_at": from_us(row["recorded_us"]),
        "actor": row["actor"],
        "system": row["system"],
        "cause": row["cause"],
        "agreement": row["agreement"],
        "precision": row["precision"],
    }
    return row["position"], decode(row["type"], row["version"], envelope, load(row["body"]))


def _intent(row: RowMapping) -> Intent:
    return Intent(
        key=row["key"],
        lead=row["lead"],
        connection=row["connection"],
        action=row["action"],
        target=Ref(row["kind"], row["target"]),
        fields=load_fields(row["fields"]),
        expect=load_fields(row["expect"]),
        agreed={name: load_fields(text) for name, text in load(row["agreed"]).items()},
        because=load(row["because"]),
        after=row["after"],
        state=row["state"],
        attempts=row["attempts"],
        sent_at=from_us(row["sent_us"]) if row["sent_us"] is not None else None,
        reason=row["reason"],
        sequence=row["sequence"],
    )
