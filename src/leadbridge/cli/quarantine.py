"""``leadbridge quarantine``: what was refused or is unclear, by class; one of them; and letting them be tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit, examples

if TYPE_CHECKING:
    from leadbridge.store import Quarantined

__all__ = ["build", "quarantine", "release", "show"]

_SHORT = 8
"""Signs of an id in a table; enough to name it."""

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="What to try again; the beginning of its id.")]


def build() -> typer.Typer:
    """The group of commands; without one of them, the list."""
    group = typer.Typer(invoke_without_command=True, help="What waits for a person: list, show, release.")
    group.callback(
        epilog=examples(
            "quarantine", "quarantine --class data --json", "quarantine show 3f9ac01b", "quarantine release 3f9ac01b"
        )
    )(quarantine)
    group.command("show", epilog=examples("quarantine show 3f9ac01b"))(show)
    group.command("release", epilog=examples("quarantine release 3f9ac01b", "quarantine release --all-of permission"))(
        release
    )
    return group


def quarantine(
    context: typer.Context,
    of: Annotated[
        str | None,
        typer.Option("--class", metavar="CLASS", help="transient, data, permission, conflict, unknown, undone."),
    ] = None,
    config: Config = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List what was refused or is unclear and waits for a person, with the way out."""
    from leadbridge.sync.refusals import class_of
    from leadbridge.sync.release import of_class

    if context.invoked_subcommand is not None:
        return
    with desk(config) as here:
        waiting = here.store.quarantined() if of is None else of_class(here.store, of)
    if json:
        output.emit([_document(each) for each in waiting])
    elif not waiting:
        output.show("Nothing waits for a person.")
    else:
        rows = [
            (
                each.fingerprint[:_SHORT],
                class_of(each),
                each.connection,
                f"{each.ref.kind} {each.ref.id}",
                each.subject,
                each.reason,
                each.remedy,
            )
            for each in waiting
        ]
        shown, more = output.cut(rows, limit)
        head = ("id", "class", "connection", "record", "what", "reason", "what to do")
        output.show(output.table("Waits for a person", head, shown), more)


def show(
    id: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],  # what a person sees
    config: Config = None,
    json: Json = False,
) -> None:
    """Show one thing that waits: which record and field, why, since when it is tried, and what to do."""
    from leadbridge.sync.release import found

    with desk(config) as here:
        document = _document(found(here.store, id))
    if json:
        output.emit(document)
    else:
        rows = [(name.replace("_", " "), value) for name, value in document.items() if value is not None]
        output.show(output.table("Waits for a person", ("what", "said"), rows))


def release(
    ids: Ids = None,
    all_of: Annotated[str | None, typer.Option("--all-of", metavar="CLASS", help="Everything of this class.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let things be tried again by the next sync. What is refused again waits again."""
    from leadbridge.sync.release import found, of_class
    from leadbridge.sync.release import release as let_go

    if (ids is None or not ids) == (all_of is None):
        raise typer.BadParameter("name one or more ids, or a class with --all-of", param_hint="release")
    with desk(config) as here:
        chosen = of_class(here.store, all_of) if all_of is not None else [found(here.store, each) for each in ids or ()]
        number = let_go(here.store, chosen, here.now)
    if json:
        output.emit({"released": number})
    else:
        output.show(f"{number:,} released. To try again: leadbridge sync")


def _document(each: Quarantined) -> dict[str, Any]:
    from leadbridge.clock import iso
    from leadbridge.sync.refusals import class_of

    return {
        "id": each.fingerprint,
        "class": class_of(each),
        "connection": each.connection,
        "kind": each.ref.kind,
        "record": each.ref.id,
        "lead": each.lead,
        "subject": each.subject,
        "reason": each.reason,
        "remedy": each.remedy,
        "tries": each.tries,
        "tried_at": iso(each.tried_at) if each.tried_at is not None else None,
    }
