"""What all tests share, those of the core and those of the adapters."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from shutil import disk_usage

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


_IN_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Databases of tests are kept in memory where there is room: what is killed in tests is a process, not a machine.

    Each transaction waits for the disk otherwise. ``PYTEST_DEBUG_TEMPROOT`` or ``--basetemp`` names another place.
    """
    asked = "PYTEST_DEBUG_TEMPROOT" in os.environ or config.getoption("basetemp")
    if not asked and os.access(_IN_MEMORY, os.W_OK) and disk_usage(_IN_MEMORY).free > _ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_IN_MEMORY)


@pytest.fixture(scope="session", autouse=True)
def _only_this_machine() -> Iterator[None]:
    """Tests talk to simulators on this machine: a connection to anywhere else is a bug, and fails at once."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple):
            host = str(address[0])
            if host != "localhost" and not ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to connect to {host}")
        connect(self, address)  # type: ignore[arg-type]  # whatever the caller gave goes on as it is

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
