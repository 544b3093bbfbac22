"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leadbridge.cli.failures import state

__all__ = [
    "Config",
    "Connection",
    "DryRun",
    "Json",
    "Leads",
    "Limit",
    "Only",
    "Rows",
    "Yes",
    "YesReally",
    "examples",
    "instant",
    "pairs",
]


def _json(context: typer.Context, value: bool) -> bool:
    state(context).json = value
    return value


Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file; leadbridge.toml here, or $LEADBRIDGE_CONFIG."),
]
Connection = Annotated[str | None, typer.Option("--connection", metavar="NAME", help="Only this connection.")]
Json = Annotated[bool, typer.Option("--json", callback=_json, help="One JSON document on stdout, for programs.")]
Limit = Annotated[int, typer.Option("--limit", min=0, metavar="N", help="Rows of a table at most.")]
Rows = Annotated[int, typer.Option("--rows", min=0, metavar="N", help="Rows of a table at most.")]
Leads = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="Write to at most so many leads; the rest comes later."),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="WHAT", help="Only this lead (id or address), kind of record, or field. Repeatable."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")]
YesReally = Annotated[
    str | None,
    typer.Option("--yes-really", metavar="HASH", help="Do the plan of this hash, though it is over the limits."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agree beforehand: nobody is asked.")]


def examples(*lines: str) -> str:
    """The end of a help page: commands as one would type them."""
    return "\n".join(["Examples:", *(f"  $ leadbridge {line}" for line in lines)])


def instant(text: str | None, option: str) -> datetime | None:
    """An instant from a date or a time in ISO 8601; without an offset it is in UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "write a date or an instant such as 2026-03-01 or 2026-03-01T09:00Z", param_hint=option
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping."""
    found: dict[str, str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise typer.BadParameter(f"write NAME=VALUE, not {each!r}", param_hint=option)
        found[name.strip()] = value.strip()
    return found
