"""The database: opens it, reads it, and hands out transactions that change it.

SQLite is the default (write-ahead log, full sync, one writer) and, with ``sqlite://``, the test double. All writing
goes through :class:`~leadbridge.store.transaction.Transaction`, so that facts, cursors, bases, intents and timers of
one step are stored together or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import finalize

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import PoolProxiedConnection, StaticPool

from leadbridge.clock import Clock
from leadbridge.errors import ConfigError, StoreBusy, StoreError
from leadbridge.store.leases import Lease
from leadbridge.store.migrate import migrate
from leadbridge.store.prepared import Prepared
from leadbridge.store.reading import Reader
from leadbridge.store.transaction import Transaction
from leadbridge.store.worker import Worker

__all__ = ["Store"]

_CACHE_KIB = 64 * 1024
"""Memory for pages of SQLite: with the usual 2 MiB a database of a million leads is read from disk again and again."""

_LOG_PAGES = 8000
"""So long (32 MiB) the log of SQLite grows before its pages are put in their places: the pages that every batch changes
are put there once for many batches, not once for each."""

_NO_DRIVER = (
    "the driver of this database is not installed: leadbridge works with SQLite, and with PostgreSQL after "
    'pip install "leadbridge[postgres]"'
)


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
        engine = create_engine(
            parsed, poolclass=StaticPool, connect_args={"check_same_thread": False}, pool_reset_on_return=None
        )
    else:
        path = Path(str(parsed.database))
        if not path.parent.is_dir():
            raise ConfigError(f"the folder of the store does not exist: make {path.parent} first")
        # The database holds personal data; SQLite would create it readable for everybody.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise ConfigError(f"the store {path} cannot be opened ({error.strerror}): choose another path") from None
        engine = create_engine(
            parsed, connect_args={"check_same_thread": False, "timeout": 10}, pool_reset_on_return=None
        )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: object) -> None:
        connection.isolation_level = None
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma secure_delete = on")
        connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
        connection.execute(f"pragma wal_autocheckpoint = {_LOG_PAGES}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine


class Store(Reader):
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
        self._errors = (DBAPIError, self._engine.dialect.loaded_dbapi.Error)
        # SQLite has one writer; threads that wait for each other here do not find it busy.
        self._turn = RLock() if self._engine.dialect.name == "sqlite" else nullcontext()
        # Whoever forgets to close it leaves no open connection behind.
        finalize(self, self._engine.dispose)
        with self._connection() as connection:
            migrate(connection)

    def __repr__(self) -> str:
        return f"Store({self._engine.url.render_as_string(hide_password=True)!r})"

    def close(self) -> None:
        """Gives the database back. Closing twice is fine."""
        self._engine.dispose()

    def _plain(self, error: Exception) -> StoreError:
        """An error of the database or its driver as one of ours, without its text, which may quote what is stored."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        kind = type(cause).__name__
        if not isinstance(cause, self._engine.dialect.loaded_dbapi.OperationalError):
            return StoreError(f"the database refused a statement ({kind})")
        if "locked" in str(cause) or "busy" in str(cause):
            return StoreBusy("another process is using the database: wait for it to finish, then run again")
        return StoreError(f"the database cannot be used ({kind})")

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._turn, self._engine.begin() as connection:
                yield connection
        except self._errors as error:
            raise self._plain(error) from None

    @contextmanager
    def _reading(self) -> Iterator[PoolProxiedConnection]:
        """A connection for one question: what others are about to store neither holds it up nor is seen."""
        try:
            with self._turn, closing(self._engine.raw_connection()) as connection:
                yield connection
        except self._errors as error:
            raise self._plain(error) from None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Changes that happen together or not at all."""
        with self._connection() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction.finish()

    @contextmanager
    def trial(self, *, keep: bool) -> Iterator[Transaction]:
        """Changes that are kept or, to see what they would come to, taken back."""
        with self._connection() as connection:
            point = connection.begin_nested()
            yield Transaction(connection)
            if keep:
                point.commit()
            else:
                point.rollback()

    @contextmanager
    def leased(self, name: str, worker: Worker, clock: Clock, *, lasting: timedelta) -> Iterator[Lease | None]:
        """Does something that only one worker may do at a time; ``None`` while another does it.

        Args:
            lasting: after this time without :meth:`~leadbridge.store.leases.Leases.hold` it is anybody's again.
        """
        now = clock.now()
        with self.transaction() as tx:
            lease = tx.leases.take(name, worker, now, now + lasting)
        try:
            yield lease
        finally:
            if lease is not None:
                with self.transaction() as tx:
                    tx.leases.give(lease)

    def tidy(self) -> None:
        """Makes sure that what was removed is not left in the write-ahead log of SQLite either."""
        if self._engine.dialect.name == "sqlite":
            with self._turn, closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("pragma wal_checkpoint(truncate)")

    def _tuples(self, query: Any) -> Sequence[Any]:
        with self._connection() as connection:
            return connection.execute(query).all()

    def _ask(self, question: Prepared, **given: object) -> list[Any]:
        with self._reading() as connection:
            return question.rows(self._engine.dialect, connection, **given)
