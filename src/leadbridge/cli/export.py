"""``leadbridge metrics export``: all metrics as models of dbt, for a warehouse."""

from __future__ import annotations

from pathlib import Path

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk

__all__ = ["export"]


def export(dialect: str | None, out: Path | None, config: Path | None, *, json: bool) -> None:
    """Writes the package, with the path and the assumptions of the agreement where the settings name one."""
    from leadbridge.analytics.dbt import export_dbt
    from leadbridge.analytics.dialects import DIALECTS

    if dialect is None or out is None:
        lacking = "--dialect" if dialect is None else "--out"
        raise typer.BadParameter(f"export needs --dialect ({', '.join(DIALECTS)}) and --out", param_hint=lacking)
    if config is None:
        files = export_dbt(out, dialect)
    else:
        with desk(config) as here:
            agreement = here.agreement
            assumed = agreement.assumptions.model_dump(exclude_none=True, exclude_defaults=True)
            files = export_dbt(out, dialect, path=agreement.lifecycle.success_path, assumptions=assumed)
    if json:
        output.emit({"dialect": dialect, "files": [str(file) for file in files]})
        return
    output.show(
        f"{len(files)} files for {dialect} in {out}: models, their definitions, tests of their grain",
        f"try them: cd {out} && dbt build, with the tables of a snapshot loaded into the schema leadbridge",
    )
