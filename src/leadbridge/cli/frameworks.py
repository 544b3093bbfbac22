"""``leadbridge agreement frameworks``: the published stage frameworks, and how one is said in the words of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Json

if TYPE_CHECKING:
    from leadbridge.domain.lifecycle.frameworks import Framework
    from leadbridge.domain.lifecycle.stages import Detour

__all__ = ["frameworks"]

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME [OTHER]]", help="One framework to show, or two to translate between."),
]

_MARK = "? marks a name that was seen in no publication: check it against yours before relying on it"


def frameworks(names: Names = None, json: Json = False) -> None:
    """List the published stage frameworks, show one, or say what is lost between two of them."""
    from leadbridge.domain.lifecycle.frameworks import ALL, framework

    chosen = [framework(name) for name in names or ()]
    if len(chosen) > 2:
        raise typer.BadParameter("name one framework, or two to translate between", param_hint="NAME")
    if len(chosen) == 2:
        _translate(*chosen, json=json)
    elif json:
        output.emit([_data(each) for each in chosen or ALL])
    elif chosen:
        _show(chosen[0])
    else:
        rows = [(each.id, each.title, each.year or "-", _path(each), _aside(each)) for each in ALL]
        output.show(output.table("Stage frameworks", ("preset", "title", "year", "success path", "detours"), rows))
        output.show("Where the names come from", *(f"  {each.id}: {each.source}." for each in ALL))
        output.note(_MARK)


def _translate(one: Framework, other: Framework, *, json: bool) -> None:
    from leadbridge.domain.lifecycle.crosswalks import crosswalk

    found = crosswalk(one.lifecycle, other.lifecycle)
    if json:
        output.emit(found.to_dict())
        return
    for title, rows in ((f"{one.title} in the words of {other.title}", found.rows), ("Ways in", found.entries)):
        if rows:
            output.show(output.table(title, ("stage", "becomes", "how", "lost"), [row.cells() for row in rows]))
    output.show(found.summary())


def _show(chosen: Framework) -> None:
    lifecycle = chosen.lifecycle
    rows = []
    for stage in lifecycle.stages:
        detour = lifecycle.detours.get(stage.id)
        mark = "" if stage.verified else "?"
        rows.append((f"{stage.id}{mark}", stage.label, stage.kind, stage.canonical or "-", _way(detour)))
    title = f"{chosen.title}{f' ({chosen.year})' if chosen.year else ''}"
    output.show(output.table(title, ("stage", "label", "kind", "stands for", "way"), rows))
    for name, entry in lifecycle.entries.items():
        output.show(f"Leads of {entry.function} enter at {entry.at} ({name}: {entry.label}).")
    output.show(f"Source: {chosen.source}.")
    if chosen.unverified:
        output.note(_MARK)


def _way(detour: Detour | None) -> str:
    if detour is None:
        return "success path"
    return f"detour, returns to {', '.join(detour.returns)}" if detour.returns else "detour, for good"


def _path(each: Framework) -> str:
    return " > ".join(_marked(each, name) for name in each.lifecycle.success_path)


def _aside(each: Framework) -> str:
    return ", ".join(_marked(each, name) for name in each.lifecycle.detours) or "-"


def _marked(each: Framework, name: str) -> str:
    return name if each.lifecycle.stage(name).verified else f"{name}?"


def _data(each: Framework) -> dict[str, object]:
    return {
        "id": each.id,
        "title": each.title,
        "year": each.year,
        "source": each.source,
        "unverified": list(each.unverified),
        "lifecycle": each.lifecycle.model_dump(mode="json", by_alias=True),
    }
