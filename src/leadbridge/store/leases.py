"""Work that only one process may do at a time: reading a connection, deciding, renewing a token.

A lease ends when it is given back, when its time is over, or when its owner's process is seen to have died. Each taking
raises the *fence*; whatever the holder stores goes in only while the fence is still its own, so that a process that
slept through the end of its lease cannot store what is no longer true (M. Kleppmann, "How to do distributed locking").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from leadbridge.clock import to_us
from leadbridge.errors import StoreConflict
from leadbridge.store import schema
from leadbridge.store.worker import Worker
from leadbridge.store.writer import Writer

__all__ = ["Lease", "Leases"]


@dataclass(frozen=True, slots=True)
class Lease:
    """Something that one worker may do now. ``fence`` grows with every taking."""

    name: str
    owner: str
    fence: int


class Leases(Writer):
    """The leases, inside one transaction."""

    def take(self, name: str, worker: Worker, now: datetime, until: datetime) -> Lease | None:
        """A lease, or ``None`` while another holds it (or a second thread of the same worker)."""
        table = schema.lease
        self._upsert(
            table,
            [{"name": name, "owner": "", "fence": 0, "until_us": 0}],
            keep=("owner", "fence", "until_us"),
        )
        query = select(table).where(table.c.name == name).with_for_update(skip_locked=True)
        row = self._connection.execute(query).mappings().first()
        if row is None or (row["owner"] and row["until_us"] > to_us(now) and not Worker.gone(row["owner"])):
            return None
        lease = Lease(name, worker.name, int(row["fence"]) + 1)
        values = {"owner": lease.owner, "fence": lease.fence, "until_us": to_us(until)}
        self._connection.execute(update(table).where(table.c.name == name).values(values))
        return lease

    def hold(self, lease: Lease, until: datetime) -> None:
        """Makes sure that a lease is still ours, and prolongs it.

        Raises:
            StoreConflict: another worker has taken it since; what was about to be stored must not be.
        """
        if not self._set(lease, lease.owner, to_us(until)):
            raise StoreConflict(f"another worker has taken over ({lease.name}): this one was away for too long")

    def give(self, lease: Lease) -> None:
        """Gives a lease back, if it is still ours."""
        self._set(lease, "", 0)

    def _set(self, lease: Lease, owner: str, until_us: int) -> bool:
        table = schema.lease
        mine = (table.c.name == lease.name) & (table.c.fence == lease.fence)
        done = self._connection.execute(update(table).where(mine).values(owner=owner, until_us=until_us))
        return bool(done.rowcount)
