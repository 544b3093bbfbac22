"""What is released: three wheels that install and run where nothing of development is."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMOKE = Path(__file__).with_name("smoke.py")
UV = Path(sys.executable).with_name("uv")
LEFT_BEHIND = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV"}
FOLDERS = {
    "leadbridge": ROOT,
    "leadbridge_hubspot": ROOT / "adapters/hubspot",
    "leadbridge_salesforce": ROOT / "adapters/salesforce",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command outside of this environment; its output stands in the failure."""
    environment = {key: value for key, value in os.environ.items() if key not in LEFT_BEHIND}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("wheels")
    for folder in FOLDERS.values():
        run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", out, cwd=folder)
    return {path.name.partition("-")[0]: path for path in out.glob("*.whl")}


def test_there_is_one_wheel_for_the_core_and_one_for_each_adapter(wheels: dict[str, Path]) -> None:
    assert set(wheels) == set(FOLDERS)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_wheel_holds_its_package_and_licence_and_nothing_else(wheels: dict[str, Path], name: str) -> None:
    with zipfile.ZipFile(wheels[name]) as wheel:
        inside = {Path(entry) for entry in wheel.namelist()}
    packed = {path for path in inside if path.parts[0] == name}
    source = FOLDERS[name] / "src"
    expected = {
        path.relative_to(source)
        for path in (source / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == expected
    rest = {path for path in inside - packed if not path.parts[0].endswith(".dist-info")}
    assert rest == set()
    assert any(path.name == "LICENSE" for path in inside)


def clean_environment(tmp_path: Path, requirements: list[str]) -> Path:
    """The interpreter of a new environment that holds nothing but some requirements and what they need."""
    clean = tmp_path / "clean"
    run(UV, "venv", "--quiet", "--python", sys.executable, clean, cwd=tmp_path)
    python = clean / "bin" / "python"
    install: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "-c",
        ROOT / "constraints.txt",
        *requirements,
    ]
    # What setting up has left in the cache is enough; where there is no cache, the packages are fetched.
    if run(*install, "--offline", cwd=tmp_path, check=False).returncode != 0:
        run(*install, cwd=tmp_path)
    return python


def test_the_wheels_run_in_a_clean_environment(wheels: dict[str, Path], tmp_path: Path) -> None:
    python = clean_environment(tmp_path, list(map(str, wheels.values())))
    done = run(python, SMOKE, cwd=tmp_path)
    assert "ok: missing extras are named" in done.stdout


def test_with_its_extras_the_demo_runs_in_a_clean_environment(wheels: dict[str, Path], tmp_path: Path) -> None:
    core = f"leadbridge[analytics,simulator] @ {wheels['leadbridge'].as_uri()}"
    adapters = [str(wheel) for name, wheel in wheels.items() if name != "leadbridge"]
    python = clean_environment(tmp_path, [core, *adapters])
    done = run(python, SMOKE, "extras", cwd=tmp_path)
    assert "ok: leadbridge demo" in done.stdout
