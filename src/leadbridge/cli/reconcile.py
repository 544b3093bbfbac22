"""``leadbridge reconcile``: why two CRMs count the same thing differently, record by record. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Config, Json, Limit, instant, pairs
from leadbridge.cli.progress import bars

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement
    from leadbridge.analytics import Reconciliation, Snapshot
    from leadbridge.settings import Settings

__all__ = ["reconcile"]


def reconcile(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="A stage, decision, status or reason: disqualified, won, reason:spam.")
    ],
    left: Annotated[str, typer.Option("--left", metavar="NAME", help="One connection; of two, the first.")] = "",
    right: Annotated[str, typer.Option("--right", metavar="NAME", help="The other connection.")] = "",
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Count what came to be from this day on.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="... and before this day.")] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option("--zone", metavar="NAME=ZONE", help="Time zone of a CRM's reports, such as sf=Europe/Berlin."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME.FIELD=VALUE", help="What a CRM's own report keeps: hs.country=Germany."),
    ] = None,
    saved: Annotated[
        Path | None, typer.Option("--snapshot", metavar="DIR", help="A saved snapshot of both CRMs in place of them.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="DIR", help="Keep what was read, for further questions.")
    ] = None,
    limit: Limit = 20,
    config: Config = None,
    json: Json = False,
) -> None:
    """Explain why two CRMs count the same thing differently: a bridge that adds up, and every record on it."""
    from leadbridge.analytics import Snapshot

    days = _day(since, "--since"), _day(until, "--until")
    zones, filters = pairs(zone or (), "--zone"), _filters(keep or ())
    if saved is not None and save is not None:
        raise typer.BadParameter("what was saved is not saved again", param_hint="--save")
    agreement = _agreement(config) if saved is None or Path(_settings(config).agreement).exists() else None
    with Snapshot.open(saved) if saved is not None else _read(save, config) as snapshot:
        found = snapshot.reconcile(
            what, left, right, agreement=agreement, since=days[0], until=days[1], zones=zones, filters=filters
        )
        quality = snapshot.quality
    if json:
        output.emit(found.to_dict())
        return
    _show(found, limit)
    for finding in quality:
        output.note(f"{finding.kind}: {finding}")


def _day(text: str | None, option: str) -> date | datetime | None:
    """A day is one by the clock of each CRM; an instant is the same everywhere."""
    found = instant(text, option)
    return found.date() if found is not None and text is not None and len(text) == 10 else found


def _filters(given: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for each in given:
        ((name, value),) = pairs([each], "--filter").items()
        connection, dot, field = name.partition(".")
        if not dot:
            raise typer.BadParameter(f"write CONNECTION.FIELD=VALUE, not {each!r}", param_hint="--filter")
        found.setdefault(connection, {}).setdefault(field, []).append(value)
    return found


def _settings(config: Path | None) -> Settings:
    from leadbridge.settings import Settings

    return Settings.load(config)


def _agreement(config: Path | None) -> Agreement:
    """The version in force."""
    from leadbridge.agreement import Agreements
    from leadbridge.clock import SystemClock

    return Agreements.load(_settings(config).agreement).judging(SystemClock().now())


def _read(save: Path | None, config: Path | None) -> Snapshot:
    """The CRMs of the settings, read afresh."""
    from leadbridge.analytics import Snapshot
    from leadbridge.registry import connected
    from leadbridge.retry import Retry

    settings = _settings(config)
    with ExitStack() as stack:
        adapters = {
            name: stack.enter_context(closing(connected(name, each))) for name, each in settings.chosen(None).items()
        }
        progress = stack.enter_context(bars())
        retry = Retry(attempts=settings.sync.attempts)
        return Snapshot.from_crm(adapters, agreement=_agreement(config), retry=retry, progress=progress, directory=save)


def _show(found: Reconciliation, limit: int) -> None:
    head = ("", "records", "meaning", "what to do")
    title = f"{found.what}: {found.left} and {found.right}, {found.basis}"
    output.show(output.table(title, head, found.table, right=["records"]))
    output.show(f"{found.agreed:,} counted in both")
    rows = [
        (
            row.cause.replace("_", " "),
            f"{row.side} {row.record}",
            row.says,
            row.other_record or "",
            row.other_says or "",
            f"{row.at:%Y-%m-%d %H:%M}" if row.at else "",
            f"{row.other_at:%Y-%m-%d %H:%M}" if row.other_at else "",
        )
        for row in found.rows
    ]
    shown, more = output.cut(rows, limit)
    if shown:
        columns = ("cause", "counts in", "says", "record there", "says there", "since", "since there")
        output.show(output.table("Record by record", columns, shown), more)
