"""Metrics as files: each is one portable SQL query whose header defines the number in words.

The header is YAML in the comment that opens the file. ``{dimension}`` in the query stands for one of the expressions
under ``dimensions``, ``:name`` for a parameter, ``{when}`` for the instant by which a window takes rows: that of the
basis, where there are several. The portable subset, which gives the same rows on DuckDB, PostgreSQL and Spark, is
checked by :func:`lint`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from leadbridge.agreement.reading import QuickLoader
from leadbridge.analytics.meta import NEEDS
from leadbridge.errors import ConfigError

__all__ = ["Basis", "IntervalRule", "Metric", "lint", "metric", "metrics"]

Basis = Literal["cohort", "period", "snapshot"]

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
_HEADER = frozenset(
    ("name", "title", "definition", "basis", "grain", "parameters", "dimensions", "denominators", "needs", "headline")
)
_INTERVAL = re.compile(r"(wilson|greenwood|around|change|bootstrap)\((\w+)[,.]\s*(\w+)\)")
_LEADS = {
    "source": "l.source",
    "company": "l.company",
    "role": "l.role",
    "sourced_by": "l.sourced_by",
    "in_target": "case when l.in_target then 'in the target market' when not l.in_target then 'out of it' end",
}
"""What every metric about leads can be broken down by."""


@dataclass(frozen=True, slots=True)
class IntervalRule:
    """How sure a column is: the kind of interval, and the two columns (or the step and its column) it is made of."""

    kind: str
    first: str
    second: str

    @classmethod
    def parse(cls, text: str, source: str) -> IntervalRule:
        """Reads ``wilson(hits, n)``, ``greenwood(at_risk, ended)``, ``around(error, n)``, ``change(count, before)`` or
        ``bootstrap(step.column)``.

        Raises:
            ConfigError: for anything else.
        """
        found = _INTERVAL.fullmatch(text)
        if found is None:
            raise ConfigError(f"{source}: {text!r} is no interval: write for example wilson(accepted, counted)")
        return cls(found[1], found[2], found[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: its definition in words, and the query.

    ``basis``: ``cohort`` follows those who entered in a window, ``period`` counts what happened in a window,
    ``snapshot`` how things stand at one instant. ``bases`` has every basis that can be asked for, with the instant by
    which a window takes rows. ``dimensions`` are what it can be broken down by, ``needs`` what the data must have,
    ``intervals`` how sure its columns are, and ``keys`` which columns tell the rows of one group apart.
    """

    name: str
    title: str
    definition: str
    basis: Basis
    grain: str
    parameters: Mapping[str, str]
    dimensions: Mapping[str, str]
    denominators: Mapping[str, str]
    needs: tuple[str, ...]
    headline: str
    sql: str
    bases: Mapping[str, str]
    intervals: Mapping[str, IntervalRule]
    keys: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, source: str = "metric") -> Metric:
        """Reads a metric file.

        Raises:
            ConfigError: when the header is incomplete or does not fit the query.
        """
        comment, lines = [], text.splitlines()
        while lines and lines[0].startswith("--"):
            comment.append(lines.pop(0)[2:].removeprefix(" "))
        header: Any = yaml.load("\n".join(comment), QuickLoader)
        if not isinstance(header, dict) or set(header) - {"intervals", "keys"} != _HEADER:
            wrong = _HEADER.symmetric_difference(header if isinstance(header, dict) else ())
            raise ConfigError(f"{source}: the header lacks, or should not have: {', '.join(sorted(map(str, wrong)))}")
        sql = "\n".join(lines).strip()
        used, declared = set(_PARAMETER.findall(sql)), set(header["parameters"])
        if used != declared:
            raise ConfigError(f"{source}: declared and used parameters differ: {', '.join(sorted(used ^ declared))}")
        unknown = set(header["needs"]) - set(NEEDS)
        bases = header["basis"] if isinstance(header["basis"], dict) else {header["basis"]: ""}
        if unknown or not set(bases) <= {"cohort", "period", "snapshot"}:
            raise ConfigError(f"{source}: the header has an unknown need or basis")
        rules = {name: IntervalRule.parse(text, source) for name, text in header.get("intervals", {}).items()}
        common = _LEADS if "leads l " in sql else {}
        more = {
            "needs": tuple(header["needs"]),
            "basis": next(iter(bases)),
            "bases": bases,
            "dimensions": {
                **header["dimensions"],
                **{k: v for k, v in common.items() if k not in header["dimensions"]},
            },
            "intervals": rules,
            "keys": tuple(header.get("keys", ())),
        }
        return cls(**{**header, **more, "sql": sql})

    def query(self, dimension: str, basis: str = "") -> str:
        """The query broken down by a SQL expression (see ``dimensions``), with parameters as ``$name``."""
        return self._asked(self.sql, dimension, basis)

    def text(self, dimension: str, basis: str = "") -> str:
        """The query broken down by a SQL expression, with parameters as ``:name``."""
        return self._filled(self.sql, dimension, basis)

    def part(self, step: str, dimension: str, where: str, basis: str = "") -> str:
        """The rows of one of the named steps of the query, before they are counted.

        Args:
            step: its name: in the file, a line ``<step> as (``, ended by a line that begins with a bracket.
            dimension: as in :meth:`query`.
            where: which rows.
            basis: as in :meth:`query`.

        Raises:
            ConfigError: the query has no such step.
        """
        return self._asked(f"{self._until(step)}\nselect * from {step} where {where}", dimension, basis)

    def spread(self, step: str, column: str, keys: Collection[str], dimension: str, basis: str = "") -> str:
        """How often each value of a column of a step occurs, by its ``keys``."""
        named = ", ".join(keys)
        return self._asked(
            f"{self._until(step)}\nselect {named}, {column} as value, count(*) as n from {step} "
            f"where {column} is not null group by {named}, {column} order by {named}, {column}",
            dimension,
            basis,
        )

    def _until(self, step: str) -> str:
        found = re.search(rf"^(?:with )?{step} as \($.*?^\)", self.sql, re.MULTILINE | re.DOTALL)
        if found is None:
            raise ConfigError(f"{self.name} has no step {step!r}")
        return self.sql[: found.end()]

    def _asked(self, sql: str, dimension: str, basis: str) -> str:
        return _PARAMETER.sub(r"$\1", self._filled(sql, dimension, basis))

    def _filled(self, sql: str, dimension: str, basis: str) -> str:
        return sql.replace("{dimension}", dimension).replace("{when}", self.bases[basis or self.basis])


@cache
def metrics() -> Mapping[str, Metric]:
    """All metrics that come with leadbridge, by name."""
    found: dict[str, Metric] = {}
    for file in sorted(resources.files("leadbridge.analytics").joinpath("metrics").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            one = Metric.parse(file.read_text(encoding="utf-8"), file.name)
            found[one.name] = one
    return found


def metric(name: str) -> Metric:
    """A metric by name.

    Raises:
        ConfigError: for an unknown one, with those there are.
    """
    known = metrics()
    if name not in known:
        raise ConfigError(f"no metric is called {name!r}: there are {', '.join(known)}")
    return known[name]


def lint(one: Metric) -> list[str]:
    """What in a query would not give the same rows on every engine; empty when nothing would."""
    import sqlglot
    from sqlglot import expressions as exp

    sql = _PARAMETER.sub("1", one.text("l.source"))
    found: list[str] = []
    tree = sqlglot.parse_one(sql, read="duckdb")
    names = {str(node.alias_or_name).lower() for node in tree.find_all(exp.Alias, exp.Column, exp.TableAlias)}
    if "at" in names:
        found.append("a column is called at, which is a word of its own in DuckDB")
    if "::" in sql:
        found.append("a cast is written ::, which Spark does not know: use cast(... as ...)")
    if re.search(r"\basof\b", sql, re.IGNORECASE):
        found.append("ASOF JOIN exists in DuckDB only: use a window")
    for number in tree.find_all(exp.Literal):
        text = str(number.this)
        if (
            not number.is_string
            and "." in text
            and "e" not in text.lower()
            and not number.find_ancestor(exp.WithinGroup)
        ):
            found.append(f"{text} is a DECIMAL in Spark and rounds: write {text}e0")
    found += [
        f"{cast.sql('duckdb')}: only bigint and int are called so everywhere; write 1.0e0 * x for a floating number"
        for cast in tree.find_all(exp.Cast)
        if cast.to.sql("duckdb") not in ("BIGINT", "INT")
    ]
    return found
