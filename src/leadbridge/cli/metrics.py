"""``leadbridge metrics``: numbers with their definitions, from the ledger or from an export."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, instant, pairs
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.analytics import Answer, Quality, Scorecard, Snapshot
    from leadbridge.analytics.measures import Metrics

__all__ = ["metrics"]

Unit = Literal["minutes", "hours", "days", "weeks"]


def metrics(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A metric, or scorecard; without it, all are listed.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="DIM", help="Break it down, for example by source.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="WHEN", help="From this date or instant on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Before this date or instant.")] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", metavar="SPAN", help="funnel: time allowed for the next stage: 30 days.")
    ] = None,
    from_stage: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="stage_duration: where it starts.")
    ] = None,
    to_stage: Annotated[
        str | None, typer.Option("--to", metavar="STAGE", help="stage_duration: where it ends.")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="stage_duration: minutes, hours, days or weeks.")] = "days",
    csv: Annotated[
        list[Path] | None,
        typer.Option("--csv", metavar="FILE", help="An export in place of the ledger; further files add columns."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="ROLE=NAME", help="With --csv: lead=id, captured=created, stage:won=won_on ..."
        ),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Compute a number, with its definition, its basis and what was left out; or say why it cannot be computed."""
    from leadbridge.analytics import metric
    from leadbridge.analytics import metrics as known

    if name is None:
        if json:
            output.emit(
                [
                    {"name": m.name, "title": m.title, "definition": m.definition, "basis": m.basis}
                    for m in known().values()
                ]
            )
        else:
            rows = [(m.name, m.basis, ", ".join(m.dimensions), m.definition) for m in known().values()]
            output.show(output.table("Metrics", ("name", "basis", "by", "definition"), rows))
            output.show("scorecard shows the few that both functions look at together.")
        return
    if name != "scorecard":
        metric(name)
    with ExitStack() as stack:
        snapshot = stack.enter_context(_snapshot(csv or (), column or (), config, stack))
        window = (instant(since, "--since"), instant(until, "--until"))
        if name == "scorecard":
            _scorecard(snapshot.scorecard(), snapshot.quality, json=json)
            return
        answer = _ask(snapshot.metrics, name, by, window, horizon, (from_stage, to_stage), unit)
        if json:
            quality = [{"kind": each.kind, "message": each.message, "count": each.count} for each in snapshot.quality]
            output.emit({**answer.to_dict(), "quality": quality})
        else:
            _show(answer, snapshot.quality)


def _snapshot(files: Sequence[Path], columns: Sequence[str], config: Path | None, stack: ExitStack) -> Snapshot:
    from leadbridge.analytics import Snapshot

    if files:
        if not columns:
            raise ConfigError("--csv needs to know the columns: --column lead=<column> --column captured=<column> ...")
        return Snapshot.from_csv(files, columns=pairs(columns, "--column"))
    if columns:
        raise typer.BadParameter("it needs --csv", param_hint="--column")
    here = stack.enter_context(desk(config))
    facts = here.ledger.facts()
    return Snapshot.from_facts(facts, agreement=here.agreement, clocks=here.clocks(), now=here.now)


def _ask(
    metrics: Metrics,
    name: str,
    by: str | None,
    window: tuple[datetime | None, datetime | None],
    horizon: str | None,
    stages: tuple[str | None, str | None],
    unit: str,
) -> Answer:
    since, until = window
    match name:
        case "funnel":
            return metrics.funnel(by, horizon=horizon, since=since, until=until)
        case "stage_duration":
            first, last = stages[0] or metrics.path[0], stages[1] or metrics.path[-1]
            return metrics.stage_duration(first, last, unit=cast("Unit", unit), by=by, since=since, until=until)
        case "reason_mix":
            return metrics.reason_mix(by, since=since, until=until)
        case "acceptance_rate":
            return metrics.acceptance_rate(by, since=since, until=until)
        case "information_completeness":
            return metrics.information_completeness(by, since=since, until=until)
        case "coverage":
            return metrics.coverage(by, since=since, until=until)
        case "no_response_validity":
            return metrics.no_response_validity(by, since=since, until=until)
        case "feedback_loop":
            return metrics.feedback_loop(by, since=since, until=until)
        case _:
            return metrics.sla_attainment(by)


def _scorecard(card: Scorecard, quality: Quality, *, json: bool) -> None:
    if json:
        output.emit({"agreement": card.agreement, "scorecard": card.to_dicts()})
        return
    rows = [(line.name, line.text, line.target, line.definition) for line in card]
    output.show(output.table(f"Scorecard, {card.agreement}", ("number", "value", "target", "definition"), rows))
    _quality(quality)


def _show(answer: Answer, quality: Quality) -> None:
    from leadbridge.analytics import Result

    if not isinstance(answer, Result):
        output.show(f"{answer.metric}: {answer}", f"definition: {answer.definition}")
    else:
        numbers = {_words(column) for row in answer.rows for column in row if isinstance(row[column], (int, float))}
        rows = [[_cell(column, row[column]) for column in answer.columns] for row in answer.rows]
        output.show(output.table(answer.title, [_words(column) for column in answer.columns], rows, right=numbers))
        output.show(
            f"{_words(answer.value_name)}: {_cell(answer.value_name, answer.value)}", f"definition: {answer.definition}"
        )
        output.show(*answer.notes())
        output.show(*(f"{_words(column)}: {what}" for column, what in answer.denominators.items()))
    _quality(quality)


def _quality(quality: Quality) -> None:
    for finding in quality:
        output.note(f"{finding.kind}: {finding}")


def _words(column: str) -> str:
    """The name of a column as words, which a narrow table can put below one another."""
    return column.replace("_", " ")


def _cell(name: str, value: Any) -> str:
    """A number as people read it. A blank dimension is said; where a rate has no denominator, nothing stands."""
    if value is None:
        return "" if name.startswith(("p", "longest")) or name.endswith(("rate", "share")) else "(blank)"
    if isinstance(value, float):
        return f"{value:.1%}" if name.endswith(("rate", "share", "coverage", "attainment")) else f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
