"""``leadbridge agreement``: the document alone, without any CRM: check it, show it, compare two versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.frameworks import frameworks
from leadbridge.cli.options import Json, examples
from leadbridge.cli.picklist import picklist

__all__ = ["build", "check", "diff", "schema", "show"]

File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The agreement; that of the settings when not given.")
]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Check, show and compare agreements, without any CRM.")
    group.command("check", epilog=examples("agreement check", "agreement check draft.yaml --json"))(check)
    group.command("show", epilog=examples("agreement show > agreement.md"))(show)
    group.command("schema", epilog=examples("agreement schema > agreement.schema.json"))(schema)
    group.command("diff", epilog=examples("agreement diff signed.yaml draft.yaml"))(diff)
    group.command(
        "frameworks", epilog=examples("agreement frameworks", "agreement frameworks demand_waterfall_2012 hubspot")
    )(frameworks)
    group.command("picklist", epilog=examples("agreement picklist", "agreement picklist gitlab_recycle"))(picklist)
    return group


def check(file: File = None, json: Json = False) -> None:
    """Say whether an agreement holds together, and what is worth a look before signing."""
    from leadbridge.agreement import Agreement, lint
    from leadbridge.clock import SystemClock

    agreement = Agreement.load(_path(file))
    standing = agreement.standing(SystemClock().now().date())
    remarks = lint(agreement)
    if json:
        output.emit(
            {
                "ok": True,
                "agreement": standing,
                "remarks": [{"path": each.path, "message": each.message, "remedy": each.remedy} for each in remarks],
            }
        )
        return
    output.show(f"{standing}: it holds together.")
    for each in remarks:
        output.show(f"  worth a look: {each}")


def show(file: File = None, json: Json = False) -> None:
    """Show an agreement as Markdown that both functions can read and sign; with --json, as data."""
    from leadbridge.agreement import Agreement

    agreement = Agreement.load(_path(file))
    if json:
        output.emit(agreement.to_dict())
    else:
        typer.echo(agreement.markdown())


def schema() -> None:
    """Print the JSON Schema of agreements, for editors."""
    from leadbridge.agreement import Agreement

    output.emit(Agreement.json_schema())


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="An agreement.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="A later version of it.")],
    json: Json = False,
) -> None:
    """Say in words what differs between two agreements."""
    from leadbridge.agreement import Agreement
    from leadbridge.agreement import diff as compare

    changes = compare(Agreement.load(before), Agreement.load(after))
    if json:
        output.emit([{"path": c.path, "what": c.what, "before": c.before, "after": c.after} for c in changes])
    elif changes:
        output.show(*(str(change) for change in changes))
    else:
        output.show("They say the same.")


def _path(file: Path | None) -> str | Path:
    from leadbridge.settings import Settings

    return file if file is not None else Settings.load().agreement
