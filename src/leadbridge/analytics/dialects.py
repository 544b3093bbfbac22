"""The query of a metric in the spelling of a warehouse, with holes where tables, parameters and the dimension go.

sqlglot reads the text and writes it again: types, reserved words, ``union``. It is not trusted with functions (it would
turn exact percentiles into approximate ones), so what the portable subset uses is written as it stands; only BigQuery,
which has no percentile among its aggregates, gets a window in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.metric import Metric
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from sqlglot import Expression

__all__ = ["DIALECTS", "Holes", "expression_in", "query_in"]

DIALECTS = ("bigquery", "databricks", "duckdb", "postgres", "snowflake", "spark")
"""The warehouses that metrics can be written for."""

_DIMENSION = "leadbridge_dimension"


@dataclass(frozen=True, slots=True)
class Holes:
    """What is written in place of a table, a parameter, and the expression that a metric is broken down by."""

    table: Callable[[str], str]
    parameter: Callable[[str], str]
    dimension: str


def query_in(one: Metric, dialect: str, holes: Holes) -> str:
    """The query of a metric for a warehouse; without the order of the rows, which a table does not have.

    Raises:
        ConfigError: for an unknown dialect.
    """
    from sqlglot import expressions as exp
    from sqlglot import parse_one
    from sqlglot.optimizer.scope import traverse_scope

    _check(dialect)
    tree = parse_one(one.text(_DIMENSION), read="duckdb")
    tree.set("order", None)
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                source.set("this", exp.var(holes.table(source.name)))
    for node in list(tree.find_all(exp.Placeholder)):
        node.replace(exp.var(holes.parameter(node.name)))
    for node in list(tree.find_all(exp.Column)):
        if node.name == _DIMENSION:
            node.replace(exp.var(holes.dimension))
    if dialect == "bigquery":
        _percentiles_as_windows(tree)
    return _written(tree, dialect, pretty=True)


def expression_in(expression: str, dialect: str) -> str:
    """An expression of ``dimensions`` for a warehouse.

    Raises:
        ConfigError: for an unknown dialect.
    """
    from sqlglot import parse_one

    _check(dialect)
    return _written(parse_one(expression, read="duckdb"), dialect, pretty=False)


def _check(dialect: str) -> None:
    if dialect not in DIALECTS:
        raise ConfigError(f"metrics are not written for {dialect!r}: {did_you_mean(dialect, DIALECTS)}")


def _written(tree: Expression, dialect: str, *, pretty: bool) -> str:
    """The text; nothing is added that the portable text does not say."""
    from sqlglot import Dialect
    from sqlglot import expressions as exp

    rules: Any = Dialect.get_or_raise(dialect)
    for division in tree.find_all(exp.Div):
        # One side is a floating number already: a cast, or a NULL for zero, would only hide the text.
        division.set("typed", rules.TYPED_DIVISION)
        division.set("safe", rules.SAFE_DIVISION)
    for order in tree.find_all(exp.Ordered):
        # Nothing is ordered by what may be NULL, so the habit of the warehouse is right.
        last = rules.NULL_ORDERING == "nulls_are_last"
        small = rules.NULL_ORDERING == "nulls_are_small"
        order.set("nulls_first", False if last else small is not bool(order.args.get("desc")))
    for group in list(tree.find_all(exp.WithinGroup)):
        within = group.expression.sql(dialect=dialect).strip()
        group.replace(exp.var(f"percentile_cont({group.this.this.sql()}) within group ({within})"))
    return tree.sql(dialect=dialect, pretty=pretty)


def _percentiles_as_windows(tree: Expression) -> None:
    """Puts percentiles into a step of their own, as windows over the groups."""
    from sqlglot import expressions as exp

    for select in list(tree.find_all(exp.Select)):
        groups = [node for one in select.expressions for node in one.find_all(exp.WithinGroup)]
        if not groups:
            continue
        source = select.args.get("from_") or select.args["from"]
        if select.args.get("joins") or select.args.get("where"):
            raise ConfigError("percentiles are taken of one step, without a join or a condition: put those into a step")
        keys = select.args["group"].expressions if select.args.get("group") else []
        inner = exp.select("*").from_(source.this.copy())
        for number, group in enumerate(groups, start=1):
            name = f"percentile_{number}"
            value, share = group.expression.expressions[0].this, group.this.this
            window = exp.Window(
                this=exp.Anonymous(this="percentile_cont", expressions=[value.copy(), share.copy()]),
                partition_by=[key.copy() for key in keys],
            )
            inner = inner.select(exp.alias_(window, name))
            group.replace(exp.Max(this=exp.column(name)))
        source.set("this", inner.subquery("measured"))
