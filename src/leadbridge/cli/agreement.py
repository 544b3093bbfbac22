"""``leadbridge agreement``: the document alone, without any CRM: check it, show it, compare two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.frameworks import frameworks
from leadbridge.cli.options import Config, Json, examples
from leadbridge.cli.picklist import picklist
from leadbridge.cli.versions import all_versions, one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadbridge.errors import Problem

__all__ = ["build", "check", "diff", "lint", "render", "schema", "show"]

File = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]", help="A file, or a version such as v2; that of the settings in force when not given."
    ),
]


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Check, show and compare agreements, without any CRM.")
    group.command("check", epilog=examples("agreement check", "agreement check draft.yaml --json"))(check)
    group.command("lint", epilog=examples("agreement lint draft.yaml", "agreement lint --ledger"))(lint)
    group.command("show", epilog=examples("agreement show > agreement.md"))(show)
    group.command("render", epilog=examples("agreement render --html > agreement.html"))(render)
    group.command("schema", epilog=examples("agreement schema > agreement.schema.json"))(schema)
    group.command("diff", epilog=examples("agreement diff v2 v3", "agreement diff signed.yaml draft.yaml"))(diff)
    group.command(
        "frameworks", epilog=examples("agreement frameworks", "agreement frameworks demand_waterfall_2012 hubspot")
    )(frameworks)
    group.command("picklist", epilog=examples("agreement picklist", "agreement picklist gitlab_recycle"))(picklist)
    return group


def check(file: File = None, config: Config = None, json: Json = False) -> None:
    """Say whether an agreement holds together, what is due, and what is worth a look before signing."""
    from leadbridge.agreement import lint as remarks_on
    from leadbridge.analytics import metrics
    from leadbridge.clock import SystemClock

    today = SystemClock().now().date()
    agreement = one(file, config)
    standing, reminders = agreement.standing(today), agreement.reminders(today)
    remarks = remarks_on(agreement, on=today, metrics=tuple(metrics()))
    if json:
        document = {"ok": True, "agreement": standing, "reminders": list(reminders), "remarks": _plain(remarks)}
        output.emit(document)
        return
    output.show(f"{standing}: it holds together.")
    output.show(*(f"  due: {each}" for each in reminders))
    output.show(*(f"  worth a look: {each}" for each in remarks))


def lint(
    file: File = None,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Also what nobody ever used, met or kept, in the ledger of the settings.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """List what holds together but will disappoint, each remark with the way out."""
    from leadbridge.agreement import lint as remarks_on
    from leadbridge.analytics import metrics
    from leadbridge.cli.opening import desk
    from leadbridge.clock import SystemClock

    known = tuple(metrics())
    if ledger:
        with desk(config) as here:
            agreement = here.agreement if file is None else one(file, config)
            remarks = here.ledger.lint(agreement, here.now, metrics=known)
    else:
        agreement = one(file, config)
        remarks = remarks_on(agreement, on=SystemClock().now().date(), metrics=known)
    if json:
        output.emit({"agreement": agreement.name, "version": agreement.version, "remarks": _plain(remarks)})
    elif remarks:
        output.show(*(str(each) for each in remarks))
    else:
        output.show("Nothing to remark.")


def _plain(remarks: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"path": each.path, "message": each.message, "remedy": each.remedy} for each in remarks]


def show(file: File = None, config: Config = None, json: Json = False) -> None:
    """Show an agreement as Markdown that both functions can read and sign; with --json, as data."""
    agreement = one(file, config)
    if json:
        output.emit(agreement.to_dict())
    else:
        typer.echo(agreement.markdown())


def render(
    file: File = None,
    html: Annotated[bool, typer.Option("--html", help="A page to print and sign, instead of Markdown.")] = False,
    config: Config = None,
) -> None:
    """Write an agreement as a document that both functions can sign, as Markdown or as an HTML page."""
    agreement = one(file, config)
    typer.echo(agreement.page() if html else agreement.markdown(), nl=not html)


def schema() -> None:
    """Print the JSON Schema of agreements, for editors."""
    from leadbridge.agreement import Agreement

    output.emit(Agreement.json_schema())


def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="An agreement: a file, or a version such as v2.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="A later version of it.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Say in words what differs between two agreements."""
    from leadbridge.agreement import diff as compare
    from leadbridge.agreement import grouped

    known = all_versions(config)
    changes = compare(one(before, config, known), one(after, config, known))
    if json:
        output.emit(
            [
                {
                    "section": c.section,
                    "path": c.path,
                    "what": c.what,
                    "before": c.before,
                    "after": c.after,
                    "words": str(c),
                }
                for c in changes
            ]
        )
        return
    if not changes:
        output.show("They say the same.")
    for section, found in grouped(changes).items():
        output.show(section, *(f"  {change}" for change in found))
