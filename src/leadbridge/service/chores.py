"""What a service does besides its rounds: now and then all ids are looked through, and what is old is removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leadbridge.bridge import Bridge
from leadbridge.settings import RetentionSettings
from leadbridge.sync import Progress
from leadbridge.sync.sweep import SweepResult

__all__ = ["PAGES", "Chores", "Done"]

PAGES = 20
"""So many pages of ids of each kind are looked through in one turn: rounds go on meanwhile."""

_LOOK = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done in a turn. ``pruned``: rows that were removed, by table."""

    swept: SweepResult = field(default_factory=SweepResult)
    pruned: Mapping[str, int] = field(default_factory=dict)


class Chores:
    """Keeps a bridge in good order between rounds.

    Args:
        bridge: whose database and connections they are.
        sweep: how often all ids are looked through; ``None``: never.
        keep: how long things are kept that have ended.
    """

    def __init__(
        self, bridge: Bridge, *, sweep: timedelta | None = None, keep: RetentionSettings | None = None
    ) -> None:
        self.bridge, self.every, self.keep = bridge, sweep, keep or RetentionSettings()
        self._look_at: datetime | None = None
        self._prune_at: datetime | None = None

    def do(self, progress: Progress) -> Done:
        """Does what is due now.

        Raises:
            LeadbridgeError: a connection or the database does not work; the next turn tries again.
        """
        now, swept, pruned = self.bridge.clock.now(), SweepResult(), {}
        if self.every is not None and (self._look_at is None or now >= self._look_at):
            swept = self.bridge.sweep(every=self.every, pages=PAGES, progress=progress)
            # What is under way goes on in the next turn; whether anything is due is not worth asking that often.
            under_way = swept.failed or swept.busy or any(not each.ended for each in swept.swept)
            self._look_at = None if under_way else now + _LOOK
        if self.keep and (self._prune_at is None or now >= self._prune_at):
            pruned = {name: number for name, number in self.bridge.prune(self.keep, yes=True).items() if number}
            self._prune_at = now + _DAY
        return Done(swept, pruned)
