"""Which agreement a command is about: a file, a version by its number, or the one of the settings that is in force."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement

__all__ = ["all_versions", "one"]

_VERSION = re.compile(r"v?(\d{1,9})")
_Versions = Callable[[], "dict[int, Agreement]"]


def one(which: str | None, config: Path | None = None, known: _Versions | None = None) -> Agreement:
    """The agreement that is meant.

    Args:
        which: a path, or a version such as ``v2``; ``None`` is the version of the settings that holds today.
        config: the settings file, when it is not the usual one.
        known: gives the versions that the settings know.

    Raises:
        ConfigError: there is no such file or version.
    """
    from leadbridge.agreement import Agreements
    from leadbridge.clock import SystemClock
    from leadbridge.settings import Settings

    number = _VERSION.fullmatch(which) if which is not None else None
    if number is not None and which is not None and not Path(which).exists():
        versions = (known or all_versions(config))()
        if int(number[1]) not in versions:
            there = ", ".join(f"v{each}" for each in sorted(versions)) or "none"
            raise ConfigError(f"there is no version {which} in the settings or the database (there are: {there})")
        return versions[int(number[1])]
    path = which if which is not None else Settings.load(config).agreement
    return Agreements.load(path).judging(SystemClock().now())


def all_versions(config: Path | None) -> _Versions:
    """Every version that the settings name and the database was used with, by number; read when first asked for."""

    @cache
    def read() -> dict[int, Agreement]:
        from leadbridge.agreement import Agreements
        from leadbridge.cli.opening import database
        from leadbridge.ledger import Ledger
        from leadbridge.settings import Settings
        from leadbridge.store import Store

        settings = Settings.load(config)
        found: dict[int, Agreement] = {}
        try:
            store = Store(database(settings))
        except ConfigError:
            pass  # No sync has made a database yet: the files alone say what there is.
        else:
            try:
                found = {each.version: each for each in Ledger(store).kept()}
            finally:
                store.close()
        return found | {each.version: each for each in Agreements.load(settings.agreement)}

    return read
