"""The chassis of the simulators: local HTTP servers that behave like a CRM.

Each adapter ships how its vendor behaves *on the wire*; what all of them need stands here: a server on a free port,
plain or with TLS (:class:`Server`), requests that are logged (:class:`RequestLog`) and go wrong on command
(:class:`Fault`), an application that ties these together and lets other processes script it (:func:`build_app`),
versioned records with a virtual clock (:class:`RecordTable`), and the back door into the CRM (:class:`Crm`).

The servers need the extra ``simulator``; importing this package does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadbridge.simulator.app import build_app
    from leadbridge.simulator.control import Control
    from leadbridge.simulator.faults import Fault, FaultQueue
    from leadbridge.simulator.records import RecordTable, Row
    from leadbridge.simulator.requests import RequestLog, SeenRequest
    from leadbridge.simulator.server import Server
    from leadbridge.simulator.simulator import Crm, Simulator

__all__ = [
    "Control",
    "Crm",
    "Fault",
    "FaultQueue",
    "RecordTable",
    "RequestLog",
    "Row",
    "SeenRequest",
    "Server",
    "Simulator",
    "build_app",
]

_HOME = {
    "Control": "control",
    "Crm": "simulator",
    "Fault": "faults",
    "FaultQueue": "faults",
    "RecordTable": "records",
    "RequestLog": "requests",
    "Row": "records",
    "SeenRequest": "requests",
    "Server": "server",
    "Simulator": "simulator",
    "build_app": "app",
}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return __all__
