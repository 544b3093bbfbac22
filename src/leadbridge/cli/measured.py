"""What is measured: the ledger, an export, or a snapshot that was saved."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli.opening import desk
from leadbridge.cli.options import pairs
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.analytics import Snapshot

__all__ = ["Columns", "Csv", "measured"]

Csv = Annotated[
    list[Path] | None,
    typer.Option("--csv", metavar="FILE", help="An export in place of the ledger; further files add columns."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="ROLE=NAME", help="With --csv: lead=id, captured=created, stage:won=won_on ..."),
]


def measured(files: Sequence[Path], columns: Sequence[str], config: Path | None, stack: ExitStack) -> Snapshot:
    """A snapshot of the files, or of the ledger when there are none; the stack closes what was opened for it."""
    from leadbridge.analytics import Snapshot

    if files:
        if not columns:
            raise ConfigError("--csv needs to know the columns: --column lead=<column> --column captured=<column> ...")
        return stack.enter_context(Snapshot.from_csv(files, columns=pairs(columns, "--column")))
    if columns:
        raise typer.BadParameter("it needs --csv", param_hint="--column")
    here = stack.enter_context(desk(config))
    return stack.enter_context(
        Snapshot.from_facts(
            here.ledger.facts(),
            agreement=here.agreement,
            clocks=here.clocks(),
            profiles=here.ledger.profiles(),
            now=here.now,
        )
    )
