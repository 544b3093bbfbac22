"""Steps of metrics that a saved snapshot keeps, so that a metric starts from them and not from every fact again.

A step of a metric whose name begins with ``lead_`` looks at one lead at a time and takes no parameter: what it gives
for a lead changes only when the lead does. The first steps of a query are of this kind, or none is. Snapshots that are
saved in partitions hold the rows of those that the rest of a query asks (see :mod:`leadbridge.analytics.parts`); the
same text anywhere else computes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from leadbridge.analytics.metric import Metric, metrics

__all__ = ["AXES", "Step", "from_kept", "lint_steps", "steps_of", "steps_to_keep"]

AXES = ("path", "buying_path")
"""The tables that are of no lead and that a step may join all the same: they change with the agreement only."""

_STEP = re.compile(r"(lead_[a-z_]+) as \(\n(.*?)\n\),?\n", re.DOTALL)
_NAME = re.compile(r"\blead_[a-z_]+\b")
_COLUMNS = frozenset(("lead_id", "lead_profile"))


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its query alone, the steps that it asks, and a name that changes with what it computes."""

    name: str
    body: str
    asks: tuple[str, ...]
    digest: str

    @property
    def table(self) -> str:
        """What its rows are called where they are kept."""
        return f"{self.name}_{self.digest}"


def steps_of(query: str) -> tuple[Mapping[str, Step], str]:
    """The steps with which a query begins, by name, and the rest of the query."""
    found: dict[str, Step] = {}
    if not query.startswith("with lead_"):
        return found, query
    at = len("with ")
    while match := _STEP.match(query, at):
        name, body = match[1], match[2]
        asks = tuple(one for one in _asked(body) if one in found)
        digest = blake2b("\0".join([body, *(found[one].digest for one in asks)]).encode(), digest_size=5).hexdigest()
        found[name] = Step(name, body, asks, digest)
        at = match.end()
    return found, query[at:]


@cache
def steps_to_keep() -> Mapping[str, str]:
    """The query of each step that the rest of some metric asks, by :attr:`Step.table`."""
    found: dict[str, str] = {}
    for one in metrics().values():
        steps, rest = steps_of(one.sql)
        for name in _asked(rest):
            if name in steps:
                found[steps[name].table] = f"{_written(steps, [name], ())}select * from {name}"
    return found


def from_kept(query: str, kept: Iterable[str]) -> str:
    """The query, with those steps read that are kept: their names, as in :attr:`Step.table`, in the schema ``kept``.

    A query of one's own that does not begin with such steps comes back as it is.
    """
    steps, rest = steps_of(query)
    if not steps or not rest:
        return query
    written = _written(steps, [name for name in _asked(rest) if name in steps], kept)
    return f"{written.removesuffix(chr(10))},\n{rest}" if _continues(rest) else written + rest


def lint_steps(one: Metric) -> list[str]:
    """Why rows of the steps of a metric could not be kept lead by lead; empty when they can."""
    from sqlglot import expressions as exp
    from sqlglot import parse_one

    steps, rest = steps_of(one.sql)
    found = [f"{name} has to stand among the first steps" for name in re.findall(r"\b(lead_[a-z_]+) as \(", rest)]
    for step in steps.values():
        if ":" in step.body or "{" in step.body:
            found.append(f"{step.name} takes a parameter or a dimension")
            continue
        tree = parse_one(step.body, read="duckdb")
        for group in (*tree.find_all(exp.Group), *tree.find_all(exp.Window)):
            keys = group.expressions if isinstance(group, exp.Group) else group.args.get("partition_by") or []
            if not any(key.name == "lead_id" for key in keys if isinstance(key, exp.Column)):
                found.append(f"{step.name} brings several leads together: {group.sql()}")
        for join in tree.find_all(exp.Join):
            sides = [column.name for column in (join.args.get("on") or exp.true()).find_all(exp.Column)]
            if sides.count("lead_id") < 2 and join.this.name not in AXES:
                found.append(f"{step.name} joins without lead_id: {join.sql()}")
    return found


def _asked(text: str) -> list[str]:
    return [name for name in dict.fromkeys(_NAME.findall(text)) if name not in _COLUMNS]


def _continues(rest: str) -> bool:
    """Whether what follows is a further step, and not the query itself."""
    return re.match(r"[a-z_]+ as \(\n", rest) is not None


def _written(steps: Mapping[str, Step], wanted: Iterable[str], kept: Iterable[str]) -> str:
    """The steps that are wanted and those that they ask, in their order, read from where they are kept."""
    there, open_, used = set(kept), list(wanted), set[str]()
    while open_:
        name = open_.pop()
        if name not in used:
            used.add(name)
            open_ += () if steps[name].table in there else steps[name].asks
    parts = [
        f"{step.name} as (\n{f'  select * from kept.{step.table}' if step.table in there else step.body}\n)"
        for step in steps.values()
        if step.name in used
    ]
    return f"with {f',{chr(10)}'.join(parts)}\n"
