"""``leadbridge check``: how well the agreement fits the CRMs, read-only. The first thing to run on a real account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import IN_MEMORY, unsaved
from leadbridge.cli.options import Config, Connection, Json, Limit, pairs
from leadbridge.cli.progress import bars
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement, Agreements
    from leadbridge.settings import Settings
    from leadbridge.sync.inspect import CheckReport

__all__ = ["check"]

_EXAMPLE = "there is no {path} here: checked against the example agreement (leadbridge init writes one to edit)"


def check(
    connection: Connection = None,
    config: Config = None,
    adapter: Annotated[
        str | None,
        typer.Option(
            "--adapter",
            metavar="NAME",
            help="Without a settings file: the CRM to look at, such as hubspot. Its settings come from the environment "
            "as LEADBRIDGE_<CONNECTION>_<SETTING>; without --connection, that is called like the adapter.",
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="With --adapter: a setting that is no secret."),
    ] = None,
    agreement: Annotated[
        Path | None, typer.Option("--agreement", metavar="FILE", help="In place of the agreement of the settings.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 2 when something is unmapped or not usable.")
    ] = False,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Compare the agreement with the CRMs: what is unmapped, with row counts. Reads only, needs no field of ours."""
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    if adapter is not None:
        if config is not None:
            raise typer.BadParameter("give either --adapter or --config", param_hint="--adapter")
        settings = unsaved(adapter, connection or adapter, pairs(given or (), "--set"), agreement)
    else:
        if given:
            raise typer.BadParameter("it needs --adapter", param_hint="--set")
        settings = Settings.load(config, agreement=str(agreement) if agreement is not None else None)
    terms, notes = _terms(settings, fallback=adapter is not None and agreement is None)
    with Bridge.of(settings, only=connection, store=IN_MEMORY, agreement=terms) as bridge, bars() as progress:
        report = bridge.check(progress=progress.read)
    report.notes.extend(notes)
    if json:
        output.emit(report.to_dict())
    else:
        _show(report, limit)
    if strict and not report.ok:
        raise typer.Exit(ConfigError.exit_code)


def _terms(settings: Settings, *, fallback: bool) -> tuple[Agreement | Agreements, list[str]]:
    from leadbridge.agreement import Agreement, Agreements

    if fallback and not Path(settings.agreement).is_file():
        return Agreement.preset("example"), [_EXAMPLE.format(path=settings.agreement)]
    return Agreements.load(settings.agreement), []


def _show(report: CheckReport, limit: int) -> None:
    output.show(f"checked against {report.agreement}")
    rows = [(connection, kind, f"{count:,}") for (connection, kind), count in report.rows.items()]
    output.show(output.table("Records read", ("connection", "kind", "records"), rows, right=["records"]))
    if report.unmapped:
        found = [
            (
                each.connection,
                f"{each.kind}.{each.field}",
                each.value,
                each.label if each.label != each.value else "",
                each.rows,
            )
            for each in sorted(report.unmapped, key=lambda each: -each.rows)
        ]
        shown, more = output.cut(found, limit)
        head = ("connection", "field", "value", "shown as", "rows")
        title = "Unmapped: values without a meaning. Give them one under crosswalks in the agreement"
        output.show(output.table(title, head, shown, right=["rows"]), more)
    if report.choices:
        by_field: dict[tuple[str, str], list[str]] = {}
        for each in report.choices:
            by_field.setdefault((each.connection, f"{each.kind}.{each.field}"), []).append(each.label)
        unused = [(name, where, ", ".join(labels)) for (name, where), labels in by_field.items()]
        title = "Nobody uses these yet, but people may choose them, and they have no meaning either"
        output.show(output.table(title, ("connection", "field", "values"), unused))
    if report.frozen:
        missing = [(each.connection, f"{each.kind}.{each.field}", each.problem) for each in report.frozen]
        output.show(output.table("Not usable: mapped fields", ("connection", "field", "problem"), missing))
    if report.unprovisioned:
        own = [(name, kind, ", ".join(purposes)) for (name, kind), purposes in report.unprovisioned.items()]
        title = "Not there yet: leadbridge's own fields. Reading works without; syncing needs: leadbridge provision"
        output.show(output.table(title, ("connection", "kind", "fields"), own))
    for remark in report.notes:
        output.show(f"note: {remark}")
    if report.ok:
        output.show("Every status, stage, reason and owner has a meaning.")
    calls = [f"{name} {count:,}{_of_the_day(report, name)}" for name, count in report.calls.items()]
    output.note(f"API calls: {', '.join(calls)}")


def _of_the_day(report: CheckReport, connection: str) -> str:
    usage = report.usage.get(connection)
    return f" (the account has used {usage.used:,} of {usage.allowed:,} today)" if usage is not None else ""
