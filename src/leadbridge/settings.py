"""Settings: a file ``leadbridge.toml``, the environment, and what a caller says; the later wins.

::

    agreement = "agreement.yaml"
    store = "sqlite:///leadbridge.db"

    [connections.hs]
    adapter = "hubspot"
    writes = "ask"  # off, ask or on

    [sync]
    grace_seconds = 120

Paths in the file count from where the file is. A setting of a connection can be given as
``LEADBRIDGE_<CONNECTION>_<SETTING>``, for example ``LEADBRIDGE_HS_TOKEN``. Secrets belong there and not into the file;
a file with a secret that others may read is refused.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leadbridge.domain.model import Span
from leadbridge.errors import ConfigError, Problem

__all__ = ["ConnectionSettings", "RetentionSettings", "RunSettings", "Settings", "SyncSettings", "variable"]

Writes = Literal["off", "ask", "on"]
_PASSWORD = re.compile(r"://[^:/?]*:[^@]+@")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ConnectionSettings(BaseModel):
    """One CRM account: which adapter, whether it may be written, and the adapter's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    adapter: str = Field(description="Name of the adapter, such as hubspot or salesforce")
    writes: Writes = Field("ask", description="off: never; ask: only what a person has applied; on: always")
    daily_share: float = Field(0.4, ge=0, le=1, description="Part of the account's calls a day that may be ours")
    daily_reserve: float = Field(0.1, ge=0, le=1, description="Part of them that planned writes leave untouched")

    def own(self) -> dict[str, str]:
        """The adapter's own settings, as text."""
        return {name: str(value) for name, value in (self.model_extra or {}).items()}

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        # What repr, str and every pretty printer go by: the adapter's own settings may be secrets.
        return [("adapter", self.adapter), ("writes", self.writes)]


class SyncSettings(_Section):
    """How patient a sync is."""

    grace_seconds: float = Field(120, ge=0, description="How long a write whose answer was lost is left alone")
    attempts: int = Field(5, ge=1, description="How often a call that may succeed later is made in one round")


class RetentionSettings(_Section):
    """How long things are kept after they have ended; what is not named is kept for good.

    The least that can be said is what is needed in any case: HubSpot lets deleted records be restored for 90 days
    (knowledge.hubspot.com, restore deleted records), a loop is watched for an hour, calls are counted for a day.
    """

    records: Span | None = Field(
        None, ge=timedelta(days=90), description="What was read of records that are gone and stand for nobody any more"
    )
    writes: Span | None = Field(None, ge=timedelta(days=1), description="Applied plans; so long they can be taken back")
    audit: Span | None = Field(
        None, ge=timedelta(days=2), description="What rounds counted, losing values of conflicts, answered questions"
    )

    def __bool__(self) -> bool:
        return bool(self.records or self.writes or self.audit)


class RunSettings(_Section):
    """How ``leadbridge run`` goes on."""

    every: Span = Field(
        timedelta(minutes=1), ge=timedelta(seconds=1), description="How often there is a round, such as 1m or 30s"
    )
    sweep: Span = Field(
        timedelta(days=7), ge=timedelta(hours=1), description="How often all ids are looked through, such as 7d"
    )
    host: str = Field("127.0.0.1", description="Where health, metrics and webhooks are served")
    port: int | None = Field(None, ge=0, le=65535, description="Port for that; without one nothing is served")
    address: str = Field("", description="How CRMs reach the webhooks; without one there are none")


class Settings(_Section):
    """Everything that a command or :meth:`leadbridge.Bridge.open` needs."""

    agreement: str = Field("agreement.yaml", description="The agreement: a file, or a folder with a file a version")
    store: str = Field("sqlite:///leadbridge.db", description="Database address", repr=False)
    token_key: str = Field("", description="Fernet key for tokens in the database; empty: none are kept", repr=False)
    connections: dict[str, ConnectionSettings] = Field(default_factory=dict, description="CRM accounts by name")
    sync: SyncSettings = SyncSettings()
    run: RunSettings = RunSettings()
    retention: RetentionSettings = RetentionSettings()

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        agreement: str | None = None,
        store: str | None = None,
    ) -> Settings:
        """Reads the file (``leadbridge.toml`` here, unless told otherwise), then the environment, then what is given.

        Args:
            environment: in place of the process's own.
            agreement: its path, from the command line; ``None`` does not count.
            store: the database, likewise.

        Raises:
            ConfigError: the file is missing, cannot be read, or says something that is not a setting.
        """
        env = os.environ if environment is None else environment
        file = Path(path or env.get("LEADBRIDGE_CONFIG") or "leadbridge.toml")
        data: dict[str, Any] = {}
        if file.is_file():
            data = _relative(_read(file), file.parent)
        elif path is not None or env.get("LEADBRIDGE_CONFIG"):
            raise ConfigError(f"there is no settings file {file}: write one with: leadbridge init")
        for name, given in (("agreement", agreement), ("store", store), ("token_key", None)):
            value = given or env.get(f"LEADBRIDGE_{name.upper()}")
            if value:
                data[name] = value
        connections = _sections(data)
        for name, text in env.items():
            owner = _named_by(name, connections)
            if owner is not None:
                connections[owner][name[len(_prefix(owner)) :].lower()] = text
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = [
                Problem(found["msg"], "see the settings reference", ".".join(str(part) for part in found["loc"]))
                for found in error.errors(include_input=False, include_url=False)
            ]
            text = "\n".join(f"  {problem}" for problem in problems)
            raise ConfigError(f"{file}:\n{text}") from None

    def chosen(self, only: str | None = None) -> dict[str, ConnectionSettings]:
        """The connections, or the one that was asked for.

        Raises:
            ConfigError: there is none.
        """
        if only is not None and only not in self.connections:
            known = ", ".join(self.connections) or "none"
            raise ConfigError(f"there is no connection {only} in the settings (there are: {known})")
        found = {name: each for name, each in self.connections.items() if only in (None, name)}
        if not found:
            raise ConfigError(
                "the settings name no connection: run leadbridge init and fill in leadbridge.toml "
                '(add [connections.hs] with adapter = "hubspot"), '
                "or for a first look: leadbridge check --adapter hubspot"
            )
        return found


def variable(connection: str, setting: str) -> str:
    """The environment variable that gives a connection a setting."""
    return _prefix(connection) + setting.upper().replace("-", "_")


def _sections(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The sections of the connections, as far as they are sections; what is not is refused later, by name."""
    connections = data.get("connections")
    if not isinstance(connections, dict):
        return {}
    return {name: section for name, section in connections.items() if isinstance(section, dict)}


def _prefix(connection: str) -> str:
    """How the variables of a connection begin; a shell knows no dashes."""
    return f"LEADBRIDGE_{connection.upper().replace('-', '_')}_"


def _named_by(variable: str, connections: Mapping[str, object]) -> str | None:
    """The connection that a variable belongs to: of ``hs`` and ``hs_eu``, the longer name that fits."""
    fitting = [name for name in connections if variable.startswith(_prefix(name))]
    return max(fitting, key=len, default=None)


def _relative(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths in a settings file count from where the file is."""
    agreement, store = data.get("agreement", "agreement.yaml"), data.get("store", "sqlite:///leadbridge.db")
    if isinstance(agreement, str):
        data["agreement"] = str(folder / agreement)
    file = store.removeprefix("sqlite:///") if isinstance(store, str) else store
    if file != store and file not in ("", ":memory:"):
        data["store"] = f"sqlite:///{folder / file}"
    return data


def _read(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    secret = [
        f"connections.{name}.{key}"
        for name, section in _sections(data).items()
        for key in section
        if any(word in key.lower() for word in ("token", "secret", "password", "key"))
    ]
    if isinstance(store := data.get("store"), str) and _PASSWORD.search(store):
        secret.append("store")
    secret += ["token_key"] if data.get("token_key") else []
    if secret and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        raise ConfigError(
            f"{path} holds {', '.join(secret)} and others can read it: "
            f"chmod 600 {path}, or move the secret to the environment"
        )
    return data
