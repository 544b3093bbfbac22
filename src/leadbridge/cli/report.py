"""``leadbridge report``: the page that both functions read together, as one file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.measured import Columns, Csv, measured
from leadbridge.cli.options import Config, Json, instant

__all__ = ["report"]

_NAME = Path("leadbridge-report.html")


def report(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help=f"Where it is written, .html or .md; {_NAME} when not given."),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="WHEN", help="From this date or instant on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Before this date or instant.")] = None,
    csv: Csv = None,
    column: Columns = None,
    saved: Annotated[
        Path | None, typer.Option("--snapshot", metavar="DIR", help="A saved snapshot in place of the ledger.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Write the report: numbers with pictures, definitions, and what is missing; one file that needs no network.

    With --json the numbers go to stdout, and a file is written only where one is named. No names or addresses of
    people are in either.
    """
    from leadbridge.analytics import Snapshot

    begins, ends = instant(since, "--since"), instant(until, "--until")
    if saved is not None and (csv or column):
        raise typer.BadParameter("give one of --csv and --snapshot", param_hint="--snapshot")
    with ExitStack() as stack:
        if saved is not None:
            snapshot = stack.enter_context(Snapshot.open(saved))
        else:
            snapshot = measured(csv or (), column or (), config, stack)
        made = snapshot.report(since=begins, until=ends)
        file = made.save(path or _NAME) if path is not None or not json else None
        if json:
            output.emit(made.to_dict())
        elif file is not None:
            answers = [figure.answer for figure in made.figures()]
            missing = [answer for answer in answers if not answer.computable]
            output.show(f"{file}: {len(answers) - len(missing)} numbers, {made.agreement}")
            for answer in missing:
                output.note(f"{answer.metric}: {answer}")
