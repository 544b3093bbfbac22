"""Release: a person says that something which waits may be tried again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leadbridge.errors import ConfigError
from leadbridge.store import Quarantined, Store
from leadbridge.sync.refusals import CLASSES, class_of

__all__ = ["found", "of_class", "release"]

_SHORTEST = 6


def found(store: Store, name: str) -> Quarantined:
    """The one thing that waits and whose id begins so.

    Raises:
        ConfigError: nothing does, or several do.
    """
    fitting = [item for item in store.quarantined() if item.fingerprint.startswith(name)]
    if len(fitting) != 1 or len(name) < _SHORTEST:
        what = "several things wait" if len(fitting) > 1 else "nothing waits"
        raise ConfigError(f"{what} under this id: leadbridge quarantine lists the ids; give at least {_SHORTEST} signs")
    return fitting[0]


def of_class(store: Store, name: str) -> list[Quarantined]:
    """Everything of a class that waits.

    Raises:
        ConfigError: there is no such class.
    """
    if name not in CLASSES:
        raise ConfigError(f"there is no class {name!r} (there are: {', '.join(CLASSES)})")
    return [item for item in store.quarantined() if class_of(item) == name]


def release(store: Store, items: Iterable[Quarantined], now: datetime) -> int:
    """Lets things be tried again by the next sync; returns how many. What is refused again waits again."""
    chosen = list(items)
    leads = {item.lead for item in chosen if item.lead is not None}
    live = [(link.connection, link.ref) for link in store.links(leads) if link.status == "live"]
    with store.transaction() as tx:
        tx.resolve([item.fingerprint for item in chosen], now)
        tx.mark([*live, *((item.connection, item.ref) for item in chosen)], dirty=True)
    return len(chosen)
