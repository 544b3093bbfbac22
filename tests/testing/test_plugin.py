from __future__ import annotations

import subprocess
import sys

import pytest

from leadbridge.clock import ManualClock
from leadbridge.errors import AdapterMissing
from leadbridge.testing import plugin


def test_the_fixture_is_there_without_importing_anything(manual_clock: ManualClock) -> None:
    assert manual_clock.now().isoformat() == "2026-01-05T09:00:00+00:00"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("pipedrive", "pip install leadbridge-pipedrive"),
        ("hubspot", r'pip install "leadbridge\[hubspot\]"'),
        ("salesforce", r'pip install "leadbridge\[salesforce\]"'),
    ],
)
def test_a_simulator_that_is_not_installed_is_an_error_with_the_command(
    name: str, command: str, manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadbridge import registry

    def nothing(**_: str) -> tuple[()]:
        return ()

    monkeypatch.setattr(registry, "entry_points", nothing)
    with pytest.raises(AdapterMissing, match=command):
        next(plugin._running(name, manual_clock))


def test_a_simulator_is_stopped_after_the_test(manual_clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    from leadbridge import registry

    events: list[str] = []

    class Toy:
        def stop(self) -> None:
            events.append("stopped")

    def start(clock: ManualClock) -> Toy:
        assert clock is manual_clock
        events.append("started")
        return Toy()

    monkeypatch.setattr(registry, "start_simulator", lambda name: start)
    running = plugin._running("toy", manual_clock)
    assert isinstance(next(running), Toy)
    assert events == ["started"]
    running.close()  # type: ignore[attr-defined]  # it is a generator
    assert events == ["started", "stopped"]


def test_the_plugin_loads_nothing_but_pytest() -> None:
    """It is part of every test run on a machine that has leadbridge."""
    code = (
        "import sys, pytest\n"
        "import leadbridge.testing.plugin\n"
        "heavy = {'httpx', 'pydantic', 'starlette', 'uvicorn', 'sqlalchemy', 'leadbridge.registry'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_pytest_the_suite_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['pytest'] = None\n"
        "import leadbridge.testing as testing\n"
        "try: testing.AdapterSuite\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        'AdapterMissing the conformance suite needs an extra: pip install "leadbridge[testing]"'
    )
