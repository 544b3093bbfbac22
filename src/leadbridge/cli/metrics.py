"""``leadbridge metrics``: numbers with their definitions, from the ledger or from an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.export import export
from leadbridge.cli.measured import Columns, Csv, measured
from leadbridge.cli.options import Config, Json, instant

if TYPE_CHECKING:
    from leadbridge.analytics import Answer, Quality, Scorecard
    from leadbridge.analytics.measures import Metrics

__all__ = ["metrics"]


def metrics(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A metric, scorecard, or export; without it, all are listed.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="DIM", help="Break it down, for example by source.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="WHEN", help="From this date or instant on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Before this date or instant.")] = None,
    horizon: Annotated[
        str | None,
        typer.Option("--horizon", metavar="SPAN", help="Time allowed, as in funnel, ignored_rate and waste: 30 days."),
    ] = None,
    from_stage: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STAGE", help="Where stage_duration, stage_conversion and stage_survival start."
        ),
    ] = None,
    to_stage: Annotated[str | None, typer.Option("--to", metavar="STAGE", help="Where they end.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Of durations: minutes, hours, days or weeks.")] = None,
    basis: Annotated[
        str | None,
        typer.Option("--basis", help="What a window takes: cohort, period or snapshot, where it can be asked."),
    ] = None,
    csv: Csv = None,
    column: Columns = None,
    dialect: Annotated[
        str | None,
        typer.Option("--dialect", help="export: snowflake, bigquery, databricks, postgres, duckdb or spark."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="export: where the models of dbt are written.")
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
    if name == "export":
        export(dialect, out, config, json=json)
        return
    for flag, given in (("--dialect", dialect), ("--out", out)):
        if given is not None:
            raise typer.BadParameter("it needs the name export", param_hint=flag)
    if name != "scorecard":
        metric(name)
    with ExitStack() as stack:
        snapshot = measured(csv or (), column or (), config, stack)
        if name == "scorecard":
            _scorecard(snapshot.scorecard(), snapshot.quality, json=json)
            return
        options = {
            "by": by,
            "since": instant(since, "--since"),
            "until": instant(until, "--until"),
            "horizon": horizon,
            "from_stage": from_stage,
            "to_stage": to_stage,
            "unit": unit,
            "basis": basis,
        }
        answer = _ask(snapshot.metrics, name, options)
        if json:
            quality = [{"kind": each.kind, "message": each.message, "count": each.count} for each in snapshot.quality]
            output.emit({**answer.to_dict(), "quality": quality})
        else:
            _show(answer, snapshot.quality)


def _ask(metrics: Metrics, name: str, options: Mapping[str, object]) -> Answer:
    """Asks for a metric with those of the options that were given; one that it does not take is refused."""
    given = {option: value for option, value in options.items() if value is not None}
    ask: Callable[..., Answer] = getattr(metrics, name)
    takes = signature(ask).parameters
    if name in ("stage_duration", "stage_conversion"):
        given = {"from_stage": metrics.path[0], "to_stage": metrics.path[-1]} | given
    elif name == "stage_survival":
        given = {"from_stage": metrics.path[0]} | given
    for option in given:
        if option not in takes:
            flag = "--" + option.removesuffix("_stage")
            raise typer.BadParameter(f"{name} does not take it", param_hint=flag)
    return ask(**given)


def _scorecard(card: Scorecard, quality: Quality, *, json: bool) -> None:
    if json:
        output.emit({"agreement": card.agreement, "scorecard": card.to_dicts()})
        return
    rows = [(line.name, line.text, line.target, line.definition) for line in card]
    output.show(output.table(f"Scorecard, {card.agreement}", ("number", "value", "target", "definition"), rows))
    _quality(quality)


def _show(answer: Answer, quality: Quality) -> None:
    from leadbridge.analytics import Result
    from leadbridge.analytics.cells import cell, heading

    if not isinstance(answer, Result):
        output.show(f"{answer.metric}: {answer}", f"definition: {answer.definition}")
    else:
        numbers = {heading(column) for row in answer.rows for column in row if isinstance(row[column], (int, float))}
        rows = [[cell(column, row[column]) for column in answer.columns] for row in answer.rows]
        output.show(output.table(answer.title, [heading(column) for column in answer.columns], rows, right=numbers))
        output.show(
            f"{heading(answer.value_name)}: {cell(answer.value_name, answer.value)}", f"definition: {answer.definition}"
        )
        output.show(*answer.notes())
        output.show(*(f"{heading(column)}: {what}" for column, what in answer.denominators.items()))
    _quality(quality)


def _quality(quality: Quality) -> None:
    for finding in quality:
        output.note(f"{finding.kind}: {finding}")
