"""The grammar of criteria: text to a tree, by the parser of SQL, and the words for what is not part of the language.

The grammar is closed: ``and or not``, comparisons, ``between``, ``in (...)``, ``is [not] null``, ``+ - *``,
``lower()``, text, numbers, ``true`` and ``false``, and names. Everything else that SQL has is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from leadbridge.clock import parse_iso
from leadbridge.domain.criteria.closures import NUMBER_LIMIT
from leadbridge.domain.criteria.names import WINDOW_KINDS, CriteriaError

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["LANGUAGE", "canonical", "instant_of", "number_of", "parse_condition", "said"]

LANGUAGE = (
    "use and, or, not, = <> < <= > >=, between, in (...), is null, + - *, lower(), 'text', numbers, "
    f"lead.*, company.*, target.*, score.*, last_<n>d.({'|'.join(WINDOW_KINDS)}), halved_<n>d.* and ever.*"
)
_MAX_LENGTH = 4000


def parse_condition(text: str) -> exp.Expression:
    """The tree of a condition.

    Raises:
        CriteriaError: when the text is none, or more than one.
    """
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    if not text.strip():
        raise CriteriaError("the criterion is empty", "write a condition, such as company.employees >= 50")
    if len(text) > _MAX_LENGTH:
        raise CriteriaError(f"the criterion is longer than {_MAX_LENGTH} characters", "split it into several criteria")
    try:
        trees = parse(f"SELECT ({text}\n)", read="duckdb")
    except SqlglotError:
        raise CriteriaError(
            "this is no condition", "check parentheses, quotes and operators; text stands in 'single quotes'"
        ) from None
    select = trees[0] if len(trees) == 1 else None
    if (
        not isinstance(select, exp.Select)
        or len(select.expressions) != 1
        or any(
            value
            for key, value in select.args.items()
            if key not in ("expressions", "kind", "hint", "distinct") and value
        )
    ):
        raise CriteriaError("this is more than one condition", "write only a condition, no SELECT, FROM or semicolon")
    tree = select.expressions[0]
    if not isinstance(tree, exp.Paren):
        raise CriteriaError("this is no condition", "write a condition, such as company.employees >= 50")
    return tree.this  # type: ignore[no-any-return]  # sqlglot leaves the parts of a node untyped


def canonical(node: exp.Column, known: Iterable[str]) -> str:
    """The name that a column of the tree stands for; a bare name is a field of the lead, case does not matter.

    Args:
        known: the names as they are declared; another spelling of one of them is that one.
    """
    parts = [part.name for part in node.parts]
    name = ".".join(parts) if len(parts) > 1 else f"lead.{parts[0]}"
    if name in known:
        return name
    folded = name.lower()
    return next((other for other in known if other.lower() == folded), folded)


def said(node: exp.Expression) -> str:
    """A part of a criterion as text, for a message."""
    return node.sql(dialect="duckdb", comments=False)


def number_of(text: str) -> float:
    """A number as it is written.

    Raises:
        CriteriaError: for one that is too large, or written in a way that only some engines know.
    """
    try:
        value = float(text)
    except ValueError:
        raise CriteriaError(f"{text} is no plain number", "write it with digits, such as 50, 2.5 or 1e6") from None
    if abs(value) > NUMBER_LIMIT:
        raise CriteriaError(f"{text} is too large", f"numbers go up to {NUMBER_LIMIT:.0f}")
    return value


def instant_of(text: str) -> datetime:
    """A date or time as it is written.

    Raises:
        CriteriaError: when it is none.
    """
    try:
        return parse_iso(text)
    except (ValueError, OverflowError):
        raise CriteriaError(f"'{text}' is no date", "write it as '2026-01-31' or '2026-01-31T09:00:00Z'") from None
