"""``metrics export`` writes models for a warehouse, and says what it lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadbridge.analytics import metrics
from leadbridge.cli.app import build


def run(*words: str) -> Result:
    return CliRunner().invoke(build(), ["metrics", *words])


def test_models_are_written_for_a_warehouse(tmp_path: Path) -> None:
    ran = run("export", "--dialect", "snowflake", "--out", str(tmp_path), "--json")
    assert ran.exit_code == 0, ran.output
    files = {Path(file).name for file in json.loads(ran.stdout)["files"]}
    assert files >= {f"leadbridge_{name}.sql" for name in metrics()} | {"schema.yml", "sources.yml", "dbt_project.yml"}
    assert "dbt build" in run("export", "--dialect", "bigquery", "--out", str(tmp_path)).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--out", "x"),
        ("export", "--dialect", "spark"),
        ("funnel", "--dialect", "spark"),
        ("funnel", "--out", "x"),
    ],
)
def test_what_is_lacking_or_too_much_is_said(words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert ran.exit_code == 2
    assert "--dialect" in ran.stderr or "--out" in ran.stderr
