"""The notebooks of the documents run, and say what they said when they were stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.timeout(600)
def test_the_notebooks_run_and_say_what_is_stored() -> None:
    assert list(EXAMPLES.glob("*.ipynb"))
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / "execute.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
