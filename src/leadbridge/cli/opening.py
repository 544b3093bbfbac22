"""From settings to what a command works with: a bridge where CRMs are asked, the ledger alone where they are not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.errors import AdapterMissing, ConfigError

if TYPE_CHECKING:
    from leadbridge.adapter import Adapter
    from leadbridge.agreement import Agreement, Agreements
    from leadbridge.bridge import Bridge
    from leadbridge.domain.sla.board import Board
    from leadbridge.ledger import Ledger
    from leadbridge.settings import ConnectionSettings, Settings
    from leadbridge.store import Store

__all__ = ["IN_MEMORY", "Desk", "build", "chosen", "database", "desk", "unsaved", "variable"]

IN_MEMORY = "sqlite://"
_SQLITE = "sqlite:///"


def variable(connection: str, setting: str) -> str:
    """The environment variable that gives a connection a setting."""
    return f"LEADBRIDGE_{connection}_{setting}".upper().replace("-", "_")


def unsaved(adapter: str, name: str, given: Mapping[str, str], agreement: Path | None) -> Settings:
    """Settings of one connection that stands in no file: from the environment and the command line.

    Raises:
        ConfigError: a secret was given on the command line, where everybody on this computer can read it.
    """
    from leadbridge.registry import adapter_class, is_secret
    from leadbridge.settings import ConnectionSettings, Settings

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


def chosen(settings: Settings, only: str | None) -> dict[str, ConnectionSettings]:
    """The connections of the settings, or the one that was asked for.

    Raises:
        ConfigError: there is none.
    """
    if only is not None and only not in settings.connections:
        known = ", ".join(settings.connections) or "none"
        raise ConfigError(f"there is no connection {only} in the settings (there are: {known})")
    found = {name: each for name, each in settings.connections.items() if only in (None, name)}
    if not found:
        raise ConfigError(
            "the settings name no connection: run leadbridge init and fill in leadbridge.toml, "
            "or for a first look: leadbridge check --adapter hubspot"
        )
    return found


def connected(name: str, each: ConnectionSettings) -> Adapter:
    """The adapter of a connection.

    Raises:
        AdapterMissing: it is not installed.
        ConfigError: a setting is missing or wrong; says of which connection, and where secrets belong.
    """
    from leadbridge.registry import adapter_class, connect, is_secret

    try:
        return connect(each.adapter, each.own())
    except AdapterMissing:
        raise
    except ConfigError as error:
        secrets = [key for key in adapter_class(each.adapter).SETTINGS if is_secret(key) and key in str(error)]
        places = ", ".join(variable(name, key) for key in secrets)
        hint = f" (a secret belongs into the environment: {places})" if places else ""
        raise ConfigError(f"connection {name}: {error}{hint}") from None


def build(
    settings: Settings,
    *,
    only: str | None = None,
    store: str | None = None,
    agreement: Agreement | Agreements | None = None,
) -> Bridge:
    """A bridge over the chosen connections.

    Args:
        store: in place of the database of the settings.
        agreement: in place of the file of the settings.
    """
    from leadbridge.agreement import Agreements
    from leadbridge.bridge import Bridge
    from leadbridge.retry import Retry

    found = chosen(settings, only)
    terms = agreement or Agreements.load(settings.agreement)
    return Bridge(
        terms,
        {name: connected(name, each) for name, each in found.items()},
        store or settings.store,
        writes={name: each.writes for name, each in found.items()},
        retry=Retry(attempts=settings.sync.attempts),
        grace=timedelta(seconds=settings.sync.grace_seconds),
    )


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
