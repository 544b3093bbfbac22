"""The front door of a checkout: what ``make`` says and does before anything is installed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_make_alone_lists_every_target_with_what_it_is_for() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony is not None
    shown = dict(re.findall(r"^  make (\w+) +(\S.*)$", make().stdout, re.MULTILINE))
    assert sorted(shown) == sorted(phony[1].split())


def test_a_python_that_is_too_old_is_told_apart_and_the_way_out_is_named(tmp_path: Path) -> None:
    run = make("setup", "PYTHON=false", f"VENV={tmp_path / 'venv'}")
    assert run.returncode != 0
    assert "leadbridge needs Python 3.11 or newer; name one: make setup PYTHON=python3.12" in run.stderr
    assert not (tmp_path / "venv").exists()


def test_the_checks_of_a_change_are_two_targets_here_and_on_the_server() -> None:
    here = re.findall(r"^make (\w+)$", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE)
    there = re.findall(r"- run: make (\w+)", (ROOT / ".github/workflows/checks.yml").read_text("utf-8"))
    assert here == ["check", "test"]
    assert there[:2] == here
