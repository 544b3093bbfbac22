"""House rules about the files themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SKIP = {"__pycache__", "build", "dist", "node_modules", "site"}
TEXT = {".css", ".ini", ".ipynb", ".mako", ".md", ".py", ".sh", ".sql", ".svg", ".toml", ".txt", ".yaml", ".yml", ""}
LIMIT = 400

# Put together from parts, so that this file does not hold what it looks for.
MACHINE = re.compile(
    "|".join(("/" + "work/", "/tmp" + "/lb", "/root" + "/", r"/home/" + r"\w+/", "/opt" + "/(?:wheels|pypi)"))
)
NOTES = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
DRAWN = {".ipynb", ".svg"}  # hold pictures and identifiers that spell anything


def files(folder: Path = ROOT) -> Iterator[Path]:
    """The project's own text files: nothing hidden but what belongs to it, nothing that a tool made."""
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name not in {".ci", ".github", ".gitignore"}
        if hidden or path.name in SKIP or path.name.endswith(".egg-info") or (path / "pyvenv.cfg").exists():
            continue
        if path.is_dir():
            yield from files(path)
        elif path.suffix in TEXT:
            yield path


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def relative(paths: Iterator[Path] | list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def test_no_file_of_code_is_longer_than_the_limit() -> None:
    code = [path for path in files() if path.suffix in {".py", ".sql"}]
    assert {name: n for name, path in zip(relative(code), code, strict=True) if (n := lines(path)) > LIMIT} == {}


def test_a_typical_module_can_be_read_in_one_sitting() -> None:
    modules = [path for path in files() if path.suffix == ".py" and "src" in path.parts and path.name != "__init__.py"]
    assert median(map(lines, modules)) <= 200


@pytest.mark.parametrize("pattern", [MACHINE, NOTES], ids=["machine", "notes"])
def test_no_file_names_somebodys_machine_or_leaves_a_note_to_self(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for path in files()
        if pattern is MACHINE or path.suffix not in DRAWN
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if pattern.search(line) and "image/png" not in line  # a picture as text may spell anything
    ]
    assert found == []


def test_every_package_says_that_it_is_typed() -> None:
    packages = [path.parent for path in files() if path.name == "__init__.py" and path.parents[1].name == "src"]
    assert relative([package for package in packages if not (package / "py.typed").exists()]) == []


def test_versions_to_install_are_versions_only() -> None:
    entries = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    form = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; .+)?")
    assert [entry for entry in entries if not form.fullmatch(entry)] == []
