"""From settings to what a command works with, where no CRM is asked: the ledger alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement, Agreements
    from leadbridge.domain.sla.board import Board
    from leadbridge.ledger import Ledger
    from leadbridge.settings import Settings
    from leadbridge.store import Store, Timers

__all__ = ["IN_MEMORY", "Desk", "database", "desk", "unsaved"]

IN_MEMORY = "sqlite://"
_SQLITE = "sqlite:///"


def unsaved(adapter: str, name: str, given: Mapping[str, str], agreement: Path | None) -> Settings:
    """Settings of one connection that stands in no file: from the environment and the command line.

    Raises:
        ConfigError: a secret was given on the command line, where everybody on this computer can read it.
    """
    from leadbridge.registry import adapter_class, is_secret
    from leadbridge.settings import ConnectionSettings, Settings, variable

    for setting in given:
        if is_secret(setting):
            raise ConfigError(
                f"--set {setting}: a command line can be read by others on this computer; "
                f"put it into the environment instead: {variable(name, setting)}"
            )
    own = {
        setting: os.environ[variable(name, setting)]
        for setting in adapter_class(adapter).SETTINGS
        if os.environ.get(variable(name, setting))
    }
    settings = ConnectionSettings.model_validate({**own, **given, "adapter": adapter, "writes": "off"})
    base = Settings.load(agreement=str(agreement) if agreement is not None else None)
    return base.model_copy(update={"connections": {name: settings}})


def database(settings: Settings) -> str:
    """The address of the database, if it is there already.

    Raises:
        ConfigError: no sync has made one yet.
    """
    if settings.store.startswith(_SQLITE):
        path = Path(settings.store.removeprefix(_SQLITE).partition("?")[0])
        if not path.is_file():
            raise ConfigError(f"there is no database {path} yet: run leadbridge plan or leadbridge sync first")
    return settings.store


@dataclass(frozen=True, slots=True)
class Desk:
    """What is known here, without asking any CRM: no credentials are needed to read it.

    ``agreement`` is the version in force now; ``agreements`` are all that this ledger was kept under.
    """

    agreements: Agreements
    store: Store
    ledger: Ledger
    now: datetime

    @property
    def agreement(self) -> Agreement:
        """The version that holds now."""
        return self.agreements.judging(self.now)

    def clocks(self) -> Board:
        """Every promise as it stands now, each under the version it was made in."""
        return self.ledger.clocks(self.agreements, self.now)

    def timers(self) -> Timers:
        """The open promises, from what the database keeps of them."""
        return self.ledger.timers(self.agreements, self.now)


@contextmanager
def desk(config: Path | None) -> Iterator[Desk]:
    """Opens the ledger of the settings for reading, and closes it again."""
    from leadbridge.agreement import Agreements
    from leadbridge.clock import SystemClock
    from leadbridge.ledger import Ledger
    from leadbridge.settings import Settings
    from leadbridge.store import Store

    settings = Settings.load(config)
    given = Agreements.load(settings.agreement)
    store = Store(database(settings))
    try:
        ledger = Ledger(store)
        yield Desk(ledger.agreements(given), store, ledger, SystemClock().now())
    finally:
        store.close()
