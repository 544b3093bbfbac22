"""Metrics as a dbt package for a warehouse: a model for each, with its definition, its grain and tests of both.

Every model has the whole and all its dimensions in one table: ``broken_down_by`` says which, ``dimension`` the value.
Parameters are variables of dbt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import yaml

from leadbridge.analytics.dialects import Holes, expression_in, query_in
from leadbridge.analytics.engine import TABLES
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import NEEDS, Meta
from leadbridge.analytics.metric import Metric, metrics
from leadbridge.domain.lifecycle import SPINE

__all__ = ["BY_THE_RUN", "export_dbt", "usual"]

_EVERYWHERE = ("now_us", "since_us", "until_us")
"""Parameters that mean the same in every metric: one variable for all."""

BY_THE_RUN = {
    "now_us": "(run_started_at.timestamp() * 1000000) | int",
    "last_month": "run_started_at.year * 12 + run_started_at.month - 2",
}
"""Parameters that depend on the present, which is when dbt runs; a month is counted from the year 0."""


def export_dbt(
    out: str | Path, dialect: str, *, path: tuple[str, ...] = SPINE, assumptions: Mapping[str, Any] | None = None
) -> list[Path]:
    """Writes the package into a directory; gives the files, in order of their names.

    Args:
        out: the directory; files of an earlier export there are written anew.
        dialect: one of :data:`leadbridge.analytics.dialects.DIALECTS`.
        path: the success path, for metrics about two stages: they start with its first and its last one.
        assumptions: what the agreement assumes, as the defaults of the variables.

    Raises:
        ConfigError: for an unknown dialect.
    """
    asked = {name: usual(name, path, assumptions or {}) for name in metrics()}
    files = {f"models/{_model(one)}.sql": _sql(one, dialect, asked[name]) for name, one in metrics().items()}
    files |= {f"tests/{_model(one)}_grain.sql": _grain(one) for one in metrics().values()}
    files["models/schema.yml"] = _yaml(
        {"version": 2, "models": [_described(m, asked[m.name]) for m in metrics().values()]}
    )
    files["models/sources.yml"] = _yaml({"version": 2, "sources": [_source()]})
    files["dbt_project.yml"] = _yaml(
        {
            "name": "leadbridge",
            "version": "1.0.0",
            "config-version": 2,
            "models": {"leadbridge": {"+materialized": "table"}},
        }
    )
    written = []
    for name, text in sorted(files.items()):
        file = Path(out) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


class _Found(Exception):
    """What a metric asks, as soon as it is known."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values


class _Asked:
    """A snapshot of nothing that stops a metric at its query: to see what it asks when nobody says anything."""

    def __init__(self, query: str, path: tuple[str, ...], assumptions: Mapping[str, Any], now_us: int) -> None:
        self._query = query
        self.meta = Meta(now_us=now_us, path=path, recorded=frozenset(NEEDS), assumptions=assumptions)

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        if query == self._query:
            raise _Found(values or {})
        return [defaultdict(lambda: 1)]


def usual(name: str, path: tuple[str, ...], assumptions: Mapping[str, Any], now_us: int = 0) -> Mapping[str, Any]:
    """The parameters of a metric when nothing else is said: from the first to the last stage, where it asks for two."""
    one = metrics()[name]
    ask = getattr(Metrics(_Asked(one.query("'all'"), path, assumptions, now_us)), name)
    needed = [p.name for p in signature(ask).parameters.values() if p.default is Parameter.empty]
    try:
        ask(**dict(zip(needed, (path[0], path[-1]), strict=False)))
    except _Found as found:
        return found.values
    raise AssertionError(f"{name} never asked its query")


def _model(one: Metric) -> str:
    return f"leadbridge_{one.name}"


def _variable(one: Metric, parameter: str) -> str:
    return f"leadbridge_{parameter}" if parameter in _EVERYWHERE else f"leadbridge_{one.name}_{parameter}"


def _sql(one: Metric, dialect: str, values: Mapping[str, Any]) -> str:
    """The text of a model."""
    lines = [f"{{#- {one.title}. Written by leadbridge for {dialect}: export it anew, do not edit it. -#}}"]
    for name in one.parameters:
        default = BY_THE_RUN.get(name) or _default(values[name])
        lines.append(f"{{%- set {name} = var('{_variable(one, name)}', {default}) %}}")
    dimensions = {"all": "'all'", **one.dimensions}
    shown = ",\n".join(f'  "{name}": {_quoted(expression_in(text, dialect))}' for name, text in dimensions.items())
    lines.append(f"{{%- set dimensions = {{\n{shown}\n}} %}}")
    lines.append(f"{{%- for by in var('{_model(one)}_by', dimensions.keys() | list) %}}")
    texts = {name for name, value in values.items() if isinstance(value, str)}
    holes = Holes(
        table=lambda table: f"{{{{ source('leadbridge', '{table}') }}}}",
        parameter=lambda name: f"'{{{{ {name} }}}}'" if name in texts else f"{{{{ {name} }}}}",
        dimension="{{ dimensions[by] }}",
    )
    query = "\n".join(f"  {line}" for line in query_in(one, dialect, holes).splitlines())
    lines += ["SELECT '{{ by }}' AS broken_down_by, found.*", f"FROM (\n{query}\n) AS found"]
    lines += ["{%- if not loop.last %}", "UNION ALL", "{% endif %}", "{%- endfor %}"]
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is None:
        return "'null'"
    if isinstance(value, float):
        return f"'{value!r}e0'"
    return repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _grain(one: Metric) -> str:
    """A test that passes without rows: no row of the model stands twice."""
    keys = ", ".join(("broken_down_by", "dimension", *one.keys))
    return f"select {keys}, count(*) as n\nfrom {{{{ ref('{_model(one)}') }}}}\ngroup by {keys}\nhaving count(*) > 1\n"


def _described(one: Metric, values: Mapping[str, Any]) -> dict[str, Any]:
    """A model in ``schema.yml``: the definition, the variables, the columns that have to be there."""
    told = [one.definition, f"Basis: {one.basis}. Grain: {one.grain}, for each dimension."]
    told += [
        f"Variable {_variable(one, name)} (without it {BY_THE_RUN.get(name, values[name])}): {text}."
        for name, text in one.parameters.items()
    ]
    keys = {"broken_down_by": "The dimension; all for the whole.", "dimension": "Its value; empty where it is blank."}
    keys |= dict.fromkeys(one.keys, "Part of the grain.")
    columns = [{"name": name, "description": text, "data_tests": ["not_null"]} for name, text in keys.items()]
    columns += [{"name": name, "description": text} for name, text in one.denominators.items() if name not in keys]
    return {"name": _model(one), "description": "\n".join(told), "columns": columns}


def _source() -> dict[str, Any]:
    tables = [
        {"name": table, "columns": [{"name": name, "data_type": kind.lower()} for name, kind in columns.items()]}
        for table, columns in TABLES.items()
    ]
    for table in tables:
        if table["name"] == "leads":
            table["columns"][0]["data_tests"] = ["unique", "not_null"]
    about = (
        "The tables of a snapshot of leadbridge, loaded from its Parquet files; instants are microseconds since 1970."
    )
    schema = "{{ var('leadbridge_schema', 'leadbridge') }}"
    return {"name": "leadbridge", "description": about, "schema": schema, "tables": tables}


def _yaml(body: Mapping[str, Any]) -> str:
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)
