"""Who may import whom: the contracts of pyproject.toml hold, and each of them bites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("src/leadbridge", "adapters/hubspot/src/leadbridge_hubspot", "adapters/salesforce/src/leadbridge_salesforce")

OFFENCES = [
    ("layers", "leadbridge/domain/facts.py", "import leadbridge.adapter"),
    ("layers", "leadbridge/store/schema.py", "import leadbridge.sync"),
    ("core-without-adapters", "leadbridge/registry.py", "import leadbridge_hubspot"),
    ("core-without-adapters", "leadbridge/http/client.py", "import simple_salesforce"),
    ("adapters-use-the-contract", "leadbridge_salesforce/adapter.py", "import leadbridge.mapping"),
    ("simulators-use-the-chassis", "leadbridge_hubspot/adapter.py", "import leadbridge.simulator"),
    ("adapters-apart", "leadbridge_hubspot/adapter.py", "import leadbridge_salesforce"),
    ("simulator-below-testing-only", "leadbridge/sync/decide.py", "import leadbridge.simulator"),
    ("tenacity", "leadbridge/sync/deliver.py", "import tenacity"),
    ("sqlalchemy", "leadbridge/ledger.py", "import sqlalchemy"),
    ("analytics-engines", "leadbridge/bridge.py", "import duckdb"),
]


def lint(where: Path, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs import-linter with the packages under ``where`` first on the path."""
    program = os.fspath(Path(sys.executable).with_name("lint-imports"))
    command = [program, "--no-logo", "--cache-dir", os.fspath(cache), "--config", os.fspath(ROOT / "pyproject.toml")]
    command += arguments
    environment = {**os.environ, "PYTHONPATH": os.fspath(where)}
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("sources")
    for source in SOURCES:
        shutil.copytree(ROOT / source, where / Path(source).name, ignore=shutil.ignore_patterns("__pycache__"))
    return where


def test_everybody_imports_only_what_lies_below(copy: Path, tmp_path: Path) -> None:
    run = lint(copy, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(("contract", "file", "line"), OFFENCES, ids=[f"{c}:{f}" for c, f, _ in OFFENCES])
def test_an_import_across_the_layers_is_found(copy: Path, tmp_path: Path, contract: str, file: str, line: str) -> None:
    path = copy / file
    before = path.read_text("utf-8")
    path.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        run = lint(copy, tmp_path, "--contract", contract)
    finally:
        path.write_text(before, "utf-8")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "BROKEN" in run.stdout
