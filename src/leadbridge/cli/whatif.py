"""``leadbridge what-if``: another promise, roster or agreement on the history as it was, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, Limit
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from leadbridge.agreement import Agreement
    from leadbridge.analytics import Comparison, Redeal

__all__ = ["what_if"]

_ROSTER = ("queues", "people")


def what_if(
    promise: Annotated[
        str | None, typer.Argument(metavar="[POLICY.TARGET]", help="The promise, as it stands under slas.")
    ] = None,
    within: Annotated[
        str | None, typer.Argument(metavar="[WITHIN]", help="Another time for it: 2 business hours, 1 day ...")
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option("--roster", metavar="FILE", help="Other people: a YAML file with queues (members) and people."),
    ] = None,
    agreement: Annotated[
        Path | None,
        typer.Option("--agreement", metavar="FILE", help="Another agreement, or another version of it: any rules."),
    ] = None,
    config: Config = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Judge the past otherwise: the difference in attainment, whose leads are affected, and who gets which lead."""
    if (promise is None) != (within is None):
        raise ConfigError("a promise needs another time: leadbridge what-if POLICY.TARGET WITHIN")
    if promise is None and roster is None and agreement is None:
        raise ConfigError("what is to be different? name a promise and its time, --roster FILE, or --agreement FILE")
    from leadbridge.agreement import Agreement
    from leadbridge.analytics.whatif import what_if as compare

    with desk(config) as here:
        draft = Agreement.load(agreement) if agreement is not None else here.agreement
        if roster is not None:
            draft = _with_roster(draft, roster)
        if promise is not None and within is not None:
            draft = draft.with_target(promise, within=within)
        histories = list(here.ledger.histories())
        compared = compare(
            histories,
            before=here.agreement,
            after=draft,
            at=here.now,
            leads=here.ledger.standing(histories),
            only=[promise] if promise is not None else (),
        )
    if json:
        output.emit(compared.to_dict())
        return
    _show(compared, limit)


def _with_roster(agreement: Agreement, file: Path) -> Agreement:
    import yaml

    try:
        found: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be opened: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError(f"{file} is no YAML: write queues (id: [members]) and people (id: zone, away)") from None
    parts = found if isinstance(found, dict) else {}
    if not parts or not set(parts) <= set(_ROSTER) or not all(isinstance(part, dict) for part in parts.values()):
        raise ConfigError(
            f"{file} is no roster: write queues (id: [members]) and people (id: zone, away), and rules of routing "
            "into another agreement (--agreement)"
        )
    return agreement.with_roster(parts.get("queues"), people=parts.get("people"))


def _show(compared: Comparison, limit: int) -> None:
    if compared.rows:
        output.show(_promises(compared))
        for row in compared.rows:
            if row["why"]:
                output.show(f"{row['policy']}.{row['target']}: {row['why']}")
    else:
        output.show("Nobody was ever promised that: no clock of it has started.")
    owners = [(owner or "nobody", *(f"{n:,}" for n in line.values())) for owner, line in compared.owners().items()]
    if owners:
        head = ("held by", "affected", "met only after", "met only before")
        rows, more = output.cut(owners, limit)
        output.show(output.table("Whose clocks stand otherwise", head, rows, right=set(head[1:])), more)
    if compared.dealt is not None:
        _show_dealt(compared.dealt, limit)
    if compared.leads:
        ids, more = output.cut(compared.leads, limit)
        output.show(f"affected leads ({len(compared.leads):,}): {', '.join(ids)}", more)
    for note in compared.notes:
        output.note(note)
    output.note(f"before: {compared.before}; after: {compared.after}")


def _promises(compared: Comparison) -> Table:
    head = ("promise", "before", "after", "points", "met only after", "met only before", "leads")
    bounded = any(row["at_least"] != row["after"] for row in compared.rows)
    rows = [
        (
            f"{row['policy']}.{row['target']}",
            _share(row["before"], row["counted_before"]),
            _share(row["after"], row["counted_after"]),
            "" if row["difference"] is None else f"{100 * row['difference']:+.1f}",
            *(f"{row[name]:,}" for name in ("gained", "lost", "leads")),
            *([_share(row["at_least"], row["counted_after"])] if bounded else []),
        )
        for row in compared.rows
    ]
    styles = {
        place: "green" if row["difference"] > 0 else "red"
        for place, row in enumerate(compared.rows)
        if row["difference"]
    }
    columns = (*head, "at least") if bounded else head
    return output.table("Promises kept in time", columns, rows, right=set(columns[1:]), styles=styles)


def _show_dealt(dealt: Redeal, limit: int) -> None:
    for what, none, found in (
        ("person", "nobody", dealt.owners()),
        ("queue", "none", dealt.queues()),
        ("rule", "no rule", dealt.rules()),
    ):
        rows, more = output.cut(list(found.items()), limit)
        if not rows:
            continue
        columns = (what, *rows[0][1])
        cells = [(name or none, *(f"{n:,}" for n in line.values())) for name, line in rows]
        styles = {place: "yellow" for place, (_, line) in enumerate(rows) if line["before"] != line["after"]}
        title = f"Hand-offs by {what}, dealt again"
        output.show(output.table(title, columns, cells, right=set(columns[1:]), styles=styles), more)
    output.show(*dealt.notes())


def _share(value: float | None, counted: int) -> str:
    return "not computable" if value is None else f"{value:.1%} of {counted:,}"
