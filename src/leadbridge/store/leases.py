"""Work that only one process may do at a time: reading a connection, deciding, renewing a token.

A lease ends when it is given back, when its time is over, or when its owner's process is seen to have died. Each taking
raises the *fence*; whatever the holder stores goes in only while the fence is still its own, so that a process that
slept through the end of its lease cannot store what is no longer true (M. Kleppmann, "How to do distributed locking").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from leadbridge.clock import to_us
from leadbridge.errors import StoreConflict
from leadbridge.store import schema
from leadbridge.store.prepared import Prepared
from leadbridge.store.worker import Worker
from leadbridge.store.writer import Writer

__all__ = ["Lease", "Leases"]

_TABLE = schema.lease
_MINE = _TABLE.c.name == bindparam("mine")
_FREE = Prepared(
    select(_TABLE.c.owner, _TABLE.c.until_us, _TABLE.c.fence).where(_MINE).with_for_update(skip_locked=True)
)
_TAKE = (
    update(_TABLE).where(_MINE).values(owner=bindparam("whose"), fence=bindparam("next"), until_us=bindparam("until"))
)
_SET = (
    update(_TABLE)
    .where(_MINE, _TABLE.c.fence == bindparam("under"))
    .values(owner=bindparam("whose"), until_us=bindparam("until"))
)


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
        self._upsert(
            _TABLE,
            [{"name": name, "owner": "", "fence": 0, "until_us": 0}],
            keep=("owner", "fence", "until_us"),
        )
        free = self._ask(_FREE, mine=name)
        if not free:
            return None
        owner, taken_until, fence = free[0]
        if owner and taken_until > to_us(now) and not Worker.gone(owner):
            return None
        lease = Lease(name, worker.name, int(fence) + 1)
        values = {"mine": name, "whose": lease.owner, "next": lease.fence, "until": to_us(until)}
        self._connection.execute(_TAKE, values)
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
        values = {"mine": lease.name, "under": lease.fence, "whose": owner, "until": until_us}
        done = self._connection.execute(_SET, values)
        return bool(done.rowcount)
