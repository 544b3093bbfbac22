"""The power of the tests: of the programs that differ from ours in one small thing, they notice nine of ten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.sync.mutants import mutants

ROOT = Path(__file__).resolve().parents[2]
EVERY = "1000"
ENGINE = (
    *("tests/sync/test_told_defences.py", "tests/sync/test_engine.py", "tests/sync/test_echo.py"),
    *("tests/sync/test_regressions.py", "tests/sync/test_refusals.py", "tests/sync/test_opt_outs_first.py"),
    *("tests/sync/test_undo.py", "tests/sync/test_aliases.py", "tests/sync/test_crash_points.py"),
)
TESTS = {
    "leadbridge.sync.merge": ("tests/sync/test_merge_cases.py", "tests/sync/test_merge.py"),
    "leadbridge.sync.settle": ENGINE,
    "leadbridge.store.outbox": ("tests/workers/test_claims.py", *ENGINE),
    "leadbridge.memory.stream": ("tests/memory/test_stream.py", "tests/memory/test_adapter.py"),
}
"""Merge, intents (what is sent, what becomes of it) and watermarks, and the tests that are to notice."""

SOURCE = """
def limit(count: int, share: float = 0.5) -> int | None:
    \"\"\"Nobody mutates a docstring: 1 < 2.\"\"\"
    if not count:
        log(count)
    return count + 1 if share < 2.5 and count in (3,) else None
"""


def test_a_mutant_differs_in_one_thing_and_annotations_and_words_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "limits.py"
    file.write_text(SOURCE, "utf-8")
    module = ModuleType("limits")
    module.__file__ = str(file)
    found = list(mutants(module))
    assert [str(each) for each in found] == [
        "line 4: no not in not count",
        "line 5: no log()",
        "line 6: and for or in share < 2.5 and count in (3,)",
        "line 6: share < 2.5 with LtE",
        "line 6: count in (3,) with NotIn",
        "line 6: 3 + 1",
        "line 6: Sub in count + 1",
        "line 6: 1 + 1",
    ]
    assert len({each.source for each in found}) == len(found)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("module", TESTS)
def test_nine_of_ten_mutants_are_noticed(module: str) -> None:
    command = [sys.executable, "-m", "tests.sync.mutants", module, EVERY, *TESTS[module]]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *alive, last = ended.stdout.splitlines()
    noticed, tried = map(int, last.split())
    assert noticed >= 0.9 * tried, "\n".join(alive)
