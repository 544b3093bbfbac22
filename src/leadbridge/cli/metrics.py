"""``leadbridge metrics``: numbers with their definitions, from the ledger or from an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadbridge.cli import output
from leadbridge.cli.export import export
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json, instant, pairs
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.analytics import Answer, Quality, Scorecard, Snapshot
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
        str | None, typer.Option("--from", metavar="STAGE", help="stage_duration: where it starts.")
    ] = None,
    to_stage: Annotated[
        str | None, typer.Option("--to", metavar="STAGE", help="stage_duration: where it ends.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="Of stage_duration and continuity: minutes, hours, days or weeks.")
    ] = None,
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
        snapshot = stack.enter_context(_snapshot(csv or (), column or (), config, stack))
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
        }
        answer = _ask(snapshot.metrics, name, options)
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
    return Snapshot.from_facts(
        facts, agreement=here.agreement, clocks=here.clocks(), profiles=here.ledger.profiles(), now=here.now
    )


def _ask(metrics: Metrics, name: str, options: Mapping[str, object]) -> Answer:
    """Asks for a metric with those of the options that were given; one that it does not take is refused."""
    given = {option: value for option, value in options.items() if value is not None}
    ask: Callable[..., Answer] = getattr(metrics, name)
    takes = signature(ask).parameters
    if name == "stage_duration":
        given = {"from_stage": metrics.path[0], "to_stage": metrics.path[-1]} | given
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
    if value is None and name == "median":
        return "not reached"
    if value is None:
        return "" if name.startswith(("p", "longest")) or name.endswith(("rate", "share")) else "(blank)"
    if isinstance(value, float):
        return f"{value:.1%}" if name.endswith(("rate", "share", "coverage", "attainment")) else f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
