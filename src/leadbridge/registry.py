"""Finds adapters and simulators by name, through the entry points of what is installed.

Groups: ``leadbridge.adapters`` (name → the adapter's class) and ``leadbridge.simulators`` (name → a function that
starts one). Nothing is imported before it is asked for. Two packages that claim one name are an error and never a
matter of luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Protocol, Self, cast

from leadbridge.adapter import Adapter
from leadbridge.errors import AdapterMissing, ConfigError
from leadbridge.http import TokenStore
from leadbridge.settings import ConnectionSettings, variable

__all__ = [
    "ADAPTERS",
    "SIMULATORS",
    "AdapterClass",
    "Installed",
    "adapter_class",
    "connect",
    "connected",
    "installed",
    "is_secret",
    "start_simulator",
]

ADAPTERS = "leadbridge.adapters"
SIMULATORS = "leadbridge.simulators"

_EXTRAS = ("hubspot", "salesforce")
"""Adapters that leadbridge itself has an extra for."""


class AdapterClass(Protocol):
    """What an entry point of ``leadbridge.adapters`` names: a class that can be made from settings."""

    SETTINGS: ClassVar[Mapping[str, str]]

    @classmethod
    def from_settings(cls, settings: Mapping[str, str], *, tokens: TokenStore | None = None) -> Self:
        """An adapter with these settings; ``tokens`` keeps what it gets when it signs in."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Installed:
    """One entry point: its name, the package that brings it, and that package's version."""

    name: str
    package: str
    version: str


def installed(group: str = ADAPTERS) -> tuple[Installed, ...]:
    """Everything that is installed for a group, by name. Imports none of it."""
    return tuple(sorted(Installed(point.name, *_origin(point)) for point in entry_points(group=group)))


def adapter_class(name: str) -> AdapterClass:
    """The class of an adapter.

    Raises:
        AdapterMissing: it is not installed; the message holds the command that installs it.
        ConfigError: two packages bring an adapter of this name.
    """
    return cast("AdapterClass", _load(ADAPTERS, name, "adapter"))


def connect(name: str, settings: Mapping[str, str], tokens: TokenStore | None = None) -> Adapter:
    """An adapter with these settings. Whether the CRM answers is seen when it is first asked.

    Raises:
        AdapterMissing: it is not installed.
        ConfigError: two packages bring it, or it does not know a setting.
    """
    found = adapter_class(name)
    unknown = ", ".join(sorted(set(settings) - set(found.SETTINGS)))
    if unknown:
        known = ", ".join(sorted(found.SETTINGS)) or "none"
        raise ConfigError(f"adapter {name} has no setting {unknown}: it knows {known}")
    return cast("Adapter", found.from_settings(settings, tokens=tokens))


def connected(name: str, each: ConnectionSettings, tokens: TokenStore | None = None) -> Adapter:
    """The adapter of a connection in the settings.

    Args:
        name: of the connection.
        each: its settings.
        tokens: keeps what it gets when it signs in.

    Raises:
        AdapterMissing: it is not installed.
        ConfigError: a setting is missing or wrong; says of which connection, and where secrets belong.
    """
    try:
        return connect(each.adapter, each.own(), tokens)
    except AdapterMissing:
        raise
    except ConfigError as error:
        secrets = [key for key in adapter_class(each.adapter).SETTINGS if is_secret(key) and key in str(error)]
        places = ", ".join(variable(name, key) for key in secrets)
        hint = f" (a secret belongs into the environment: {places})" if places else ""
        raise ConfigError(f"connection {name}: {error}{hint}") from None


def start_simulator(name: str) -> Callable[..., Any]:
    """The function that starts a simulator: ``start(clock, *, port=0, tls=False, seed=0)``.

    Raises:
        AdapterMissing: it is not installed.
        ConfigError: two packages bring it.
    """
    return cast("Callable[..., Any]", _load(SIMULATORS, name, "simulator"))


def is_secret(setting: str) -> bool:
    """Whether a setting must never be shown: its name says so."""
    return setting.lower().endswith(("token", "secret", "key", "password"))


def _origin(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("", "")


def _load(group: str, name: str, what: str) -> object:
    points = {_origin(point): point for point in entry_points(group=group, name=name)}
    if not points:
        package = f'"leadbridge[{name}]"' if name in _EXTRAS else f"leadbridge-{name}"
        have = ", ".join(found.name for found in installed(group)) or "none"
        raise AdapterMissing(f"{what} {name} is not installed (installed: {have}): pip install {package}")
    if len(points) > 1:
        packages = " and ".join(sorted(package for package, _ in points))
        raise ConfigError(f"{what} {name} is brought by {packages}: uninstall one of them")
    (point,) = points.values()
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        package, version = _origin(point)
        raise AdapterMissing(
            f"{what} {name} of {package} {version} does not load ({type(error).__name__}): "
            f"pip install --upgrade {package}"
        ) from error
