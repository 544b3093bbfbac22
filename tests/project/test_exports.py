"""The front door: ``import leadbridge`` gives every public name, and costs nothing until one is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import leadbridge

HEAVY = {
    "alembic",
    "altair",
    "duckdb",
    "httpx",
    "hubspot",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "simple_salesforce",
    "sqlalchemy",
    "sqlglot",
    "starlette",
    "tenacity",
    "typer",
    "uvicorn",
    "yaml",
}


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded by running ``code``, beyond those it starts with."""
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_importing_leadbridge_imports_nothing_else() -> None:
    assert loaded_after("import leadbridge") <= {"leadbridge", "__future__"}


def test_the_errors_and_the_clock_come_without_any_dependency() -> None:
    loaded = loaded_after("import leadbridge\nleadbridge.LeadbridgeError, leadbridge.ManualClock")
    assert not {name.partition(".")[0] for name in loaded} & HEAVY


def test_no_public_name_loads_an_analytics_engine_or_an_sdk() -> None:
    loaded = loaded_after("import leadbridge\nfor name in leadbridge.__all__: getattr(leadbridge, name)")
    assert not {name.partition(".")[0] for name in loaded} & {
        "altair",
        "duckdb",
        "hubspot",
        "pandas",
        "polars",
        "pyarrow",
        "simple_salesforce",
        "vl_convert",
    }


def test_the_public_names_are_sorted_and_there_is_no_second_one() -> None:
    names = leadbridge.__all__
    assert len(set(names)) == len(names)
    classes = [name for name in names if name[0].isupper()]
    assert names == sorted(classes) + sorted(set(names) - set(classes))


@pytest.mark.parametrize("name", leadbridge.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(leadbridge, name) is not None
    assert name in dir(leadbridge)


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'leadbridge' has no attribute 'Lead2'"):
        getattr(leadbridge, "Lead2")  # noqa: B009  # spelled so that the type checker does not see it


def test_type_checkers_see_the_same_names_as_programs() -> None:
    tree = ast.parse(Path(leadbridge.__file__).read_text("utf-8"))
    (guard,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {
        (node.module, alias.name) for node in guard.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    lazy = {(module, name) for name, module in leadbridge._HOME_OF.items()}
    assert typed == lazy
    assert {name for _, name in lazy} | {"__version__"} == set(leadbridge.__all__)


@pytest.mark.parametrize("distribution", ["leadbridge", "leadbridge-hubspot", "leadbridge-salesforce"])
def test_the_three_distributions_are_released_together(distribution: str) -> None:
    assert version(distribution) == leadbridge.__version__
