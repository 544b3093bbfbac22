"""Documents that cannot lie: tables are current, links lead somewhere, and the commands that pages name exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from leadbridge.cli.app import build

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("adapters/*/*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_the_generated_tables_are_current() -> None:
    command = [sys.executable, str(ROOT / "docs/generate.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_link_to_a_file_of_the_project_finds_it(page: Path) -> None:
    prose = FENCE.sub("", page.read_text("utf-8"))
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose)]
    local = [target for target in targets if target and "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_target_of_make_that_a_page_names_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = page.read_text("utf-8")
    named = set(re.findall(r"^\$ make ([a-z]+)", text, re.MULTILINE)) | set(re.findall(r"`make ([a-z]+)", text))
    assert named - targets == set()


def commands_of(page: Path) -> list[list[str]]:
    """The words of every ``$ leadbridge ...`` line of a page's console blocks."""
    return [shlex.split(line) for line in re.findall(r"^\$ leadbridge (.+)$", page.read_text("utf-8"), re.MULTILINE)]


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)], ids=page_id)
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    for words in commands_of(page):
        command: Any = get_command(build())
        rest = list(words)
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        assert not hasattr(command, "commands") or command.invoke_without_command, words
        options = {spelling for option in command.params for spelling in option.opts} | {"--help", "-h"}
        assert {word for word in rest if word.startswith("-")} <= options, words
