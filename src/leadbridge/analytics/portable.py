"""Where tables and parameters stand in the text of a portable query; the rest of the text is never touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

__all__ = ["with_parameters", "with_tables"]

_PARAMETER = re.compile(r"\$([a-z_]+)")


def with_tables(query: str, name_of: Callable[[str], str]) -> str:
    """The query with every table of a snapshot called otherwise; steps of the query itself keep their names.

    Args:
        query: in the portable subset, with parameters as ``$name``.
        name_of: how a table is called.
    """
    parts, last = [], 0
    for start, end, table in _places(query):
        parts += [query[last:start], name_of(table)]
        last = end
    return "".join((*parts, query[last:]))


def with_parameters(query: str, written: Callable[[str], str]) -> str:
    """The query with every parameter written otherwise."""
    return _PARAMETER.sub(lambda found: written(found[1]), query)


@lru_cache(maxsize=512)
def _places(query: str) -> tuple[tuple[int, int, str], ...]:
    from sqlglot import expressions as exp
    from sqlglot import parse_one
    from sqlglot.optimizer.scope import traverse_scope

    found: dict[int, tuple[int, int, str]] = {}
    for scope in traverse_scope(parse_one(query, read="duckdb")):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                where = source.this.meta
                found[where["start"]] = (where["start"], where["end"] + 1, source.name)
    return tuple(sorted(found.values()))
