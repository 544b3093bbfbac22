"""Upkeep: what is done now and then, besides the rounds: sweeping, recovering, pruning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from leadbridge.errors import StoreBusy, named
from leadbridge.mapping import ConnectionMapping
from leadbridge.settings import RetentionSettings
from leadbridge.store import Lease, Transaction
from leadbridge.sync.asking import Asking
from leadbridge.sync.engine import Engine
from leadbridge.sync.progress import Progress, silent
from leadbridge.sync.record import LEASE
from leadbridge.sync.recover import Recovery, recover, recovery
from leadbridge.sync.sweep import Sweeper, SweepResult

__all__ = ["Upkeep"]


class Upkeep:
    """What is done now and then to keep a bridge in good order.

    Args:
        engine: whose database and connections they are.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def sweep(
        self,
        *,
        every: timedelta | None = None,
        pages: int | None = None,
        approve: str | None = None,
        progress: Progress = silent,
    ) -> SweepResult:
        """Asks for the ids of all records, to notice what is gone without a trace and what nobody ever read.

        What is found is read; the next round decides about it. A list that lacks too many known records is refused
        (``sync.guards.max_gone``).

        Args:
            every: only what has not been swept for so long.
            pages: at most so many pages of each kind now; the next sweep goes on behind them.
            approve: what a refused sweep said: exactly those missing records are asked about after all.
            progress: told how far it is.
        """
        self.engine.complete()
        mappings, result = self.engine.mappings(), SweepResult()
        sweeper = self._sweeper(mappings)
        kinds = {name: sweeper.due(name, every) for name in mappings}
        wanted = {name: mapping for name, mapping in mappings.items() if kinds[name]}
        if not wanted:
            return result
        pulled = self.engine.pull(wanted, progress)
        result.failed |= pulled.failed
        result.busy |= pulled.busy
        for name in wanted.keys() - result.failed.keys() - result.busy:
            engine = self.engine
            with engine.store.leased(f"sweep {name}", engine.worker, engine.clock, lasting=LEASE) as lease:
                if lease is None:
                    result.busy.add(name)
                    continue
                beat = partial(self._beat, lease)
                sweeper.run(name, kinds[name], result, pages=pages, approve=approve, beat=beat, progress=progress)
        return result

    def _beat(self, lease: Lease, tx: Transaction) -> None:
        tx.leases.hold(lease, self.engine.clock.now() + LEASE)

    def _sweeper(self, mappings: Mapping[str, ConnectionMapping]) -> Sweeper:
        engine = self.engine

        def ask(name: str) -> None:
            with engine.store.leased(f"pull {name}", engine.worker, engine.clock, lasting=LEASE) as lease:
                if lease is not None:
                    adapter = engine.adapters[name]
                    Asking(engine.store, name, mappings[name], adapter, engine.retry).hinted(engine.clock.now())

        return Sweeper(
            engine.store,
            mappings,
            engine.adapters,
            limit=engine.agreement.sync.guards.max_gone,
            ask=ask,
            retry=engine.retry,
            now=engine.clock.now,
        )

    def recover(self, *, yes: bool = False, everything: bool = False, progress: Progress = silent) -> Recovery:
        """What a database that was restored from a backup does not know, or with ``yes`` catches up with it.

        Reads all connections, writes to none. The first plan afterwards needs a person's approval.

        Args:
            yes: do it.
            everything: treat every lead as written to since the backup, where an account lacks our marker field.
            progress: told how far it is.

        Raises:
            AdapterError: a connection does not work; half of the truth would mislead.
            StoreBusy: another worker is reading.
        """
        swept = self.sweep(progress=progress)
        for name, error in swept.failed.items():
            raise named(error, name)
        for name in sorted(swept.busy):
            raise StoreBusy(f"another worker is reading {name}: stop it, then recover")
        store, mappings = self.engine.store, self.engine.mappings()
        found = recovery(store, mappings, swept, everything=everything)
        return recover(store, mappings, found, self.engine.clock.now()) if yes and found else found

    def prune(self, keep: RetentionSettings, *, yes: bool = False) -> dict[str, int]:
        """How many rows of which table have been kept for long enough; with ``yes`` they are removed.

        Args:
            keep: how long things are kept.
        """
        now = self.engine.clock.now()
        removed: dict[str, int] = {}
        with self.engine.store.trial(keep=yes) as tx:
            if keep.records is not None:
                removed["observation"] = tx.pruning.records(now - keep.records)
            if keep.writes is not None:
                removed["intent"] = tx.pruning.writes(now - keep.writes)
            if keep.audit is not None:
                removed |= tx.pruning.audit(now - keep.audit)
        if yes and any(removed.values()):
            self.engine.store.tidy()
        return removed
