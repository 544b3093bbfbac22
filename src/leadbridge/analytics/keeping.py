"""What becomes of a snapshot after it was taken: kept in a directory, brought up to date, asked on another engine."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from leadbridge.analytics.figures import Figure
from leadbridge.analytics.measuring import horizon_us
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.parts import Partition, save_parts
from leadbridge.analytics.updating import UNSETTLED, update_parts
from leadbridge.analytics.warehouse import Warehouse, warehouse
from leadbridge.errors import ConfigError

__all__ = ["Keeping"]


class Keeping(ABC):
    """How snapshots are kept; :class:`Snapshot` can all of it."""

    directory: Path
    meta: Meta

    @classmethod
    @abstractmethod
    def open(cls, directory: str | Path) -> Self:
        """A snapshot that was saved."""

    @abstractmethod
    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Runs a query of one's own on the tables."""

    def save(
        self, directory: str | Path, *, partition: Partition | None = None, figures: Iterable[Figure] = ()
    ) -> Self:
        """Copies the snapshot to a directory of its own and returns it from there.

        With ``partition`` the leads captured in the same month, quarter or year stand together, sorted, with what
        metrics begin from: the form for long histories. Saved there again, only what changed is written; :meth:`update`
        takes over the leads that changed. Whoever opened the old one can read on until the next time. One process
        writes to a directory at a time.

        With ``figures``, such as :data:`leadbridge.analytics.DASHBOARD`, those and the scorecard are answered now and
        with every update; whoever asks for them has them without a query.

        Raises:
            ConfigError: for an unknown partition, or figures without one.
        """
        place = Path(directory)
        if partition is not None:
            save_parts(self.directory, self.meta, place, partition, figures)
        elif figures:
            raise ConfigError("figures are kept beside partitions: save with partition='month' as well")
        else:
            shutil.copytree(self.directory, place, dirs_exist_ok=True)
        return self.open(place)

    def update(self, changes: Self, *, gone: Collection[str] = ()) -> Self:
        """Takes over leads from a newer snapshot of them alone, and returns this one as it then is.

        Afterwards it is what a snapshot of everybody would be, as long as ``changes`` has every lead with a fact since
        the instant of this one, and all of :meth:`unsettled`. Only the partitions of those leads are written anew.

        Args:
            changes: all facts and clocks of the leads that changed, at the new instant, under the same agreement.
            gone: ids of leads that are to be forgotten.

        Raises:
            ConfigError: when this one was not saved in partitions.
            DataError: when the two were taken under different terms, or ``changes`` is older.
        """
        update_parts(self.directory, self.meta, changes.directory, changes.meta, gone)
        return self.open(self.directory)

    def unsettled(self, within: str = "90 days") -> list[str]:
        """The leads that time alone may change, without a new fact: they belong to what :meth:`update` takes over.

        Those with a clock that has not stopped, and, where leads are judged by criteria, those with an interaction
        ``within`` the longest window of the criteria.

        Raises:
            ConfigError: when ``within`` is business time.
        """
        since = {"since_us": self.meta.now_us - horizon_us(within)}
        return [row["lead_id"] for row in self.sql(UNSETTLED, since)]

    def on(self, engine: object, *, schema: str | None = None, load: bool = False) -> Warehouse:
        """The same metrics, computed by an engine of one's own: a Spark session, or a connection to PostgreSQL.

        ``snapshot.on(spark).metrics.funnel(by="source")`` gives what ``snapshot.metrics.funnel(by="source")`` gives.

        Args:
            engine: a ``SparkSession`` (also of Spark Connect), a connection of psycopg, or a connection of SQLAlchemy
                that uses psycopg.
            schema: where the engine has the tables of the snapshot already. Without it, Spark reads the files of the
                snapshot (its workers have to see the directory), and PostgreSQL gets temporary tables that go with the
                connection.
            load: writes the tables of the snapshot into that schema first, in place of those that are there.

        Raises:
            ConfigError: for another engine, or for ``load`` without a schema.
            DataError: when the schema lacks a table or a column.
            AdapterMissing: when psycopg is not installed.
        """
        return warehouse(self.directory, self.meta, engine, schema, load=load)
