"""For authors of adapters: the conformance suite, which proves an adapter right law by law.

Derive from :class:`AdapterSuite`, give it a :class:`Bench`, and run pytest. Needs the extra ``testing``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from leadbridge.errors import AdapterMissing

if TYPE_CHECKING:
    from leadbridge.testing.bench import Associating, Bench, Calling, Webhook
    from leadbridge.testing.memory_bench import MemoryBench
    from leadbridge.testing.suite import SUITE_VERSION, AdapterSuite, Law, Verdict, laws, try_laws

__all__ = [
    "SUITE_VERSION",
    "AdapterSuite",
    "Associating",
    "Bench",
    "Calling",
    "Law",
    "MemoryBench",
    "Verdict",
    "Webhook",
    "laws",
    "try_laws",
]

_HOME = {
    **dict.fromkeys(("Associating", "Bench", "Calling", "Webhook"), "bench"),
    "MemoryBench": "memory_bench",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOME.get(name, 'suite')}"), name)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != "pytest":
            raise
        raise AdapterMissing('the conformance suite needs an extra: pip install "leadbridge[testing]"') from missing


def __dir__() -> list[str]:
    return __all__
