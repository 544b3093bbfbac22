"""``leadbridge doctor``: is everything there that a sync needs, from Python to every connection?"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from leadbridge.cli import output
from leadbridge.cli.failures import worst
from leadbridge.cli.opening import database
from leadbridge.cli.options import Config, Json
from leadbridge.errors import ConfigError, LeadbridgeError

if TYPE_CHECKING:
    from leadbridge.settings import ConnectionSettings, Settings

__all__ = ["doctor"]

_EXTRAS = {
    "duckdb": "analytics",
    "starlette": "simulator",
    "psycopg": "postgres",
    "prometheus-client": "service",
    "cryptography": "tokens",
}
_PACKAGES = ("leadbridge", *_EXTRAS)


@dataclass(frozen=True, slots=True)
class _Finding:
    """One thing that was looked at. ``code`` is what the command exits with because of it; 0 when all is well."""

    what: str
    found: str
    code: int = 0


def doctor(config: Config = None, json: Json = False) -> None:
    """Look at the environment, the settings, the agreement, the database and every connection."""
    with output.console(errors=True).status("looking around"):
        found = list(_examine(config))
    code = worst([each.code for each in found])
    if json:
        findings = [{"what": each.what, "found": each.found, "ok": not each.code} for each in found]
        output.emit({"ok": not code, "exit_code": code, "findings": findings})
    else:
        rows = [(each.what, "problem" if each.code else "ok", each.found) for each in found]
        styles = {position: "bold red" for position, each in enumerate(found) if each.code}
        output.show(output.table("leadbridge doctor", ("what", "state", "found"), rows, styles=styles))
    if code:
        raise typer.Exit(code)


def _examine(config: Path | None) -> Iterator[_Finding]:
    from leadbridge.registry import ADAPTERS, SIMULATORS, installed
    from leadbridge.settings import Settings

    yield _Finding("python", f"{platform.python_version()} on {platform.system()}")
    yield _Finding("packages", ", ".join(_package(name) for name in _PACKAGES))
    for group, what in ((ADAPTERS, "adapters"), (SIMULATORS, "simulators")):
        yield _Finding(
            what, ", ".join(f"{each.name} ({each.package} {each.version})" for each in installed(group)) or "none"
        )
    try:
        settings = Settings.load(config)
    except LeadbridgeError as error:
        yield _Finding("settings", str(error), error.exit_code)
        return
    names = ", ".join(f"{name} ({each.adapter})" for name, each in settings.connections.items())
    none = "no connection: run leadbridge init, then fill in leadbridge.toml"
    yield _Finding("settings", names or none, 0 if names else ConfigError.exit_code)
    yield _tried("agreement", partial(_agreement, settings.agreement))
    yield _tried("database", partial(_database, settings))
    yield _tried("tokens", partial(_tokens, settings))
    for name, each in settings.connections.items():
        yield _tried(f"connection {name}", partial(_connection, name, each))


def _tried(what: str, look: Callable[[], str]) -> _Finding:
    try:
        return _Finding(what, look())
    except LeadbridgeError as error:
        return _Finding(what, str(error).removeprefix(f"{what}: "), error.exit_code)


def _package(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed (extra {_EXTRAS[name]})" if name in _EXTRAS else f"{name} not installed"


def _agreement(path: str) -> str:
    from leadbridge.agreement import Agreements, lint
    from leadbridge.clock import SystemClock

    now = SystemClock().now()
    agreement = Agreements.load(path).judging(now)
    remarks = lint(agreement, on=now.date())
    more = f"; {len(remarks)} remarks: leadbridge agreement check" if remarks else ""
    return f"{agreement.standing(now.date())}{more}"


def _database(settings: Settings) -> str:
    from leadbridge.store import Store

    try:
        address = database(settings)
    except ConfigError:
        return "none yet: the first plan or sync makes it"
    store = Store(address)
    try:
        return f"{store!r}: {store.count('fact'):,} facts, {store.count('link'):,} links"
    finally:
        store.close()


def _tokens(settings: Settings) -> str:
    from leadbridge.store.tokens import encrypts

    if encrypts(settings.token_key):
        return "kept in the database, encrypted with LEADBRIDGE_TOKEN_KEY"
    return "not kept: each process signs in by itself; to keep them encrypted, set LEADBRIDGE_TOKEN_KEY"


def _connection(name: str, each: ConnectionSettings) -> str:
    from leadbridge.registry import connected

    adapter = connected(name, each)
    try:
        about = adapter.describe()
    finally:
        adapter.close()
    who = f"{about.name} (account {about.account})" if about.name != about.account else f"account {about.account}"
    return f"{about.system} {who}, API {about.api_version}, writes = {each.writes}"
