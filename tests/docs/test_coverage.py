"""Each of the 62 points that were asked for names a test that exists, and calls, metrics and commands that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import leadbridge as lb
from leadbridge.agreement import Agreement
from leadbridge.analytics import metrics

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "coverage.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| \[(.+?)\]\((.+?)\) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text("utf-8"))


def test_every_point_has_its_row() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 63))


@pytest.mark.parametrize(("number", "words", "file"), [(row[0], row[3], row[4]) for row in ROWS])
def test_a_point_is_shown_by_a_test_that_exists(number: str, words: str, file: str) -> None:
    tree = ast.parse((PAGE.parent / file).read_text("utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert f"test_{words.replace(' ', '_')}" in names, f"point {number}"


def test_what_answers_a_point_exists() -> None:
    answers = " ".join(answer for _, _, answer, *_ in ROWS)
    assert set(re.findall(r"metric `(\w+)`", answers)) <= set(metrics())
    assert {name for name in re.findall(r"`bridge\.(\w+)", answers) if not hasattr(lb.Bridge, name)} <= {"ledger"}
    assert {name for name in re.findall(r"`agreement\.(\w+)", answers) if not hasattr(Agreement, name)} == set()
    plain = {name for name in re.findall(r"`([a-z_]+)\(", answers) if name not in lb.__all__}
    assert {name for name in plain if not any(hasattr(place, name) for place in _places())} == set()
    sections = set(Agreement.json_schema()["properties"])
    assert {name for name in re.findall(r"`([a-z_]+)(?:\.\w+)?`", answers) if name not in sections} <= _other_words()


def _places() -> list[object]:
    from leadbridge.agreement import content
    from leadbridge.domain import buying, continuity

    return [content, buying, continuity]


def _other_words() -> set[str]:
    """Single words in code that are no section: metrics, decisions, reasons, subjects, presets."""
    agreement = Agreement.preset()
    subjects = {"content_request", "recycle"}
    return {*metrics(), *agreement.reasons, *subjects, "target", "bridge", "gartner"}
