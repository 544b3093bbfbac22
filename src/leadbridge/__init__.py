"""The agreement between marketing and sales as a program.

Every public name is here, and each is loaded when it is first used: ``import leadbridge`` itself imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take a name so spelled for True; importing typing would cost more than this module
if TYPE_CHECKING:
    from leadbridge.clock import Clock, ManualClock, SystemClock
    from leadbridge.errors import (
        AdapterError,
        AdapterMissing,
        AgreementError,
        ConfigError,
        DataError,
        IllegalMove,
        IncompletePackage,
        LeadbridgeError,
        PlanRefused,
        StoreError,
    )

__all__ = [
    "AdapterError",
    "AdapterMissing",
    "AgreementError",
    "Clock",
    "ConfigError",
    "DataError",
    "IllegalMove",
    "IncompletePackage",
    "LeadbridgeError",
    "ManualClock",
    "PlanRefused",
    "StoreError",
    "SystemClock",
    "__version__",
]

__version__ = "0.1.0"

_HOMES = {
    "leadbridge.clock": ("Clock", "ManualClock", "SystemClock"),
    "leadbridge.errors": (
        "AdapterError",
        "AdapterMissing",
        "AgreementError",
        "ConfigError",
        "DataError",
        "IllegalMove",
        "IncompletePackage",
        "LeadbridgeError",
        "PlanRefused",
        "StoreError",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'leadbridge' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
