"""What the examples of the documents find when they start."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """An empty folder to run in; the names that an example may use without defining them."""
    monkeypatch.chdir(tmp_path)
    return {}
