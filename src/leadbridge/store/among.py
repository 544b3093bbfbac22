"""``column in (…)`` for any number of texts, as one parameter: the statement stays the same, and so stays compiled.

A list of five hundred parameters costs more to bind than its rows cost to read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from leadbridge.store.codec import dump

__all__ = ["among", "among_given"]


class _Among(FunctionElement[Any]):
    """A text column, and the texts as a JSON array."""

    # Of no type: as a truth value it would be compared with 1, and no index be used.
    type = NullType()
    inherit_cache = True
    name = "among"


@compiles(_Among)
def _lite(element: _Among, compiler: Any, **options: Any) -> str:
    column, texts = element.clauses
    return (
        f"{compiler.process(column, **options)} in (select value from json_each({compiler.process(texts, **options)}))"
    )


@compiles(_Among, "postgresql")
def _postgresql(element: _Among, compiler: Any, **options: Any) -> str:
    column, texts = element.clauses
    array = f"select jsonb_array_elements_text(cast({compiler.process(texts, **options)} as jsonb))"
    return f"{compiler.process(column, **options)} = any (array({array}))"


def among_given(column: Any, name: str) -> ColumnElement[bool]:
    """The same for a statement that is made once: the texts are given with each run, as a JSON array of this name."""
    return _Among(column, bindparam(name, type_=Text()))


def among(column: Any, texts: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a text column holds one of these texts."""
    return _Among(column, literal(dump(list(texts))))
