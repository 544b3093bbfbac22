"""The command line as a process: how quickly it starts, how it is stopped, what a pipe sees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

import leadbridge
from leadbridge.simulator import Fault
from tests.cli.conftest import Shop

HEAVY = [
    "alembic",
    "altair",
    "duckdb",
    "holidays",
    "httpx",
    "msgspec",
    "numpy",
    "orjson",
    "pandas",
    "polars",
    "pydantic",
    "pydantic_core",
    "rich.console",
    "sqlalchemy",
    "sqlglot",
    "starlette",
    "tenacity",
    "uvicorn",
    "yaml",
    "hubspot",
    "simple_salesforce",
    "leadbridge_hubspot",
    "leadbridge_salesforce",
]

COMMANDS = [
    "init",
    "doctor",
    "check",
    "provision",
    "plan",
    "apply",
    "sync",
    "clocks",
    "explain",
    "quarantine",
    "metrics",
    "simulate",
    "agreement",
]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "leadbridge", *arguments]


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_the_module_is_the_command_line(tmp_path: Path) -> None:
    ran = run(command("--version"), tmp_path)
    assert (ran.returncode, ran.stdout) == (0, f"leadbridge {leadbridge.__version__}\n")


def test_the_command_line_loads_nothing_heavy_before_it_knows_what_to_do(tmp_path: Path) -> None:
    code = (
        "import sys, json; from leadbridge.cli.app import build; build(); "
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    ran = run([sys.executable, "-c", code], tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == []


def test_no_colour_and_no_bar_reaches_a_pipe(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    shop.market(4)
    ran = run(command("sync"), shop.folder)
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "reading" not in ran.stderr


def test_a_terminal_that_cannot_show_a_character_gets_it_spelled_out(shop: Shop) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    arguments = command("metrics")
    ran = subprocess.run(arguments, cwd=shop.folder, capture_output=True, env=environment, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    ran.stdout.decode("ascii")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("name", "path"), [("hubspot", "/_control/clock"), ("salesforce", "/services/data")])
def test_a_simulator_says_its_address_first_and_stops_when_asked(
    tmp_path: Path, name: str, path: str, number: signal.Signals
) -> None:
    arguments = command("simulate", name, "--at", "2026-03-02T09:00Z")
    with subprocess.Popen(
        arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert httpx.get(address + path).status_code in (200, 401)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "/_control/" in err
    assert "Traceback" not in err


def test_a_sync_that_waits_for_a_crm_is_stopped_at_once_by_a_second_interruption(shop: Shop) -> None:
    shop.market(40)
    shop.hubspot.faults.add(Fault(effect="timeout", path="search", times=99))
    with subprocess.Popen(
        command("sync"), cwd=shop.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not shop.hubspot.log.count("search") and process.poll() is None:
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    shop.hubspot.faults.clear()
    assert "Ctrl-C again stops at once" in said[1]
    assert process.returncode == 130
    assert "the next run carries on" in err
    assert "Traceback" not in err
    assert shop.run("sync").code == 0
    assert len(shop.salesforce.crm.dump("Lead")) == 20


def test_a_simulator_that_is_not_installed_says_the_command(bare: Shop) -> None:
    ran = bare.run("simulate", "pipedrive")
    assert ran.code == 2
    assert "pip install leadbridge-pipedrive" in ran.err


def test_every_command_explains_itself(bare: Shop) -> None:
    listed = bare.run("--help").out
    for name in COMMANDS:
        assert name in listed
        ran = bare.run(name, "--help")
        assert ran.code == 0
        if name != "agreement":
            assert f"$ leadbridge {name}" in ran.out
