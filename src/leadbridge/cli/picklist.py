"""``leadbridge agreement picklist``: published lists of reasons, as part of an agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Json
from leadbridge.errors import ConfigError

__all__ = ["picklist"]


def picklist(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A list; all of them when not given.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Say what does not fit this agreement.")
    ] = None,
    decisions: Annotated[bool, typer.Option("--decisions", help="Name the decision of each value, too.")] = False,
    json: Json = False,
) -> None:
    """Print a published list of reasons as YAML for ``crosswalks.<system>.<kind>.values.<field>``."""
    import yaml

    from leadbridge.agreement import Agreement
    from leadbridge.agreement.picklists import picklist as one

    if name is None:
        if against is not None:
            raise ConfigError("--against compares one list: name it")
        _all(json=json)
        return
    found = one(name)
    problems = found.check(Agreement.load(against)) if against is not None else ()
    if json:
        faults = [{"path": each.path, "message": each.message, "remedy": each.remedy} for each in problems]
        output.emit({**found.model_dump(mode="json"), "problems": faults})
        return
    lines = [f"# {found.source}"]
    lines += [f"# not mapped: {value} ({why})" for value, why in found.unmapped.items()]
    table = found.to_values(decisions=decisions)
    body = yaml.safe_dump(table, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    typer.echo("\n".join([*lines, body.rstrip() if table else "# no value has a counterpart"]))
    for each in problems:
        output.say(f"does not fit: {each}")


def _all(*, json: bool) -> None:
    from leadbridge.agreement.picklists import picklists

    known = picklists().values()
    if json:
        output.emit([each.model_dump(mode="json") for each in known])
        return
    rows = [(each.id, len(each.values) - len(each.unmapped), len(each.values), each.source) for each in known]
    output.show(
        output.table("Published lists", ("list", "mapped", "values", "source"), rows, right=("mapped", "values"))
    )
