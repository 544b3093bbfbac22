"""The parts of a SOQL statement, and what is said about one that is refused.

Positions (``at``: characters before the part) serve the messages only: two statements are equal when their parts are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "AGGREGATES",
    "DATE_PARTS",
    "Child",
    "Column",
    "Compare",
    "Condition",
    "Expression",
    "Field",
    "FieldsOf",
    "Function",
    "Joined",
    "Literal",
    "Member",
    "Negated",
    "Order",
    "Query",
    "SoqlError",
]

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
"""Functions of many records."""

DATE_PARTS = frozenset(
    {
        "CALENDAR_MONTH",
        "CALENDAR_QUARTER",
        "CALENDAR_YEAR",
        "DAY_IN_MONTH",
        "DAY_IN_WEEK",
        "DAY_IN_YEAR",
        "DAY_ONLY",
        "HOUR_IN_DAY",
        "WEEK_IN_MONTH",
        "WEEK_IN_YEAR",
    }
)
"""Functions of one date or instant."""


class SoqlError(ValueError):
    """Salesforce would refuse the statement.

    Attributes:
        code: Salesforce's error code.
        message: what it would say, without the place.
        at: the place, as the number of characters before it.
    """

    def __init__(self, message: str, at: int = 0, *, code: str = "MALFORMED_QUERY") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at

    def placed(self, text: str) -> str:
        """The message as Salesforce words it: a piece of the statement with a caret, the place, the cause."""
        start = text.rfind("\n", 0, self.at) + 1
        row, column = text.count("\n", 0, self.at) + 1, self.at - start + 1
        begin = max(start, self.at - 60)
        end = text.find("\n", self.at)
        piece = text[begin : min(len(text) if end < 0 else end, self.at + 40)]
        return f"\n{piece}\n{' ' * (self.at - begin)}^\nERROR at Row:{row}:Column:{column}\n{self.message}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value with how it was written.

    ``string``, ``number``, ``date``, ``instant``, ``bool``, ``null``, ``word`` (a date literal such as ``TODAY``), or
    ``pattern``: the text behind LIKE, in which the escapes still stand.
    """

    form: str
    value: str | float | int | bool | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its path: ``Email``, ``Owner.Name``."""

    path: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one field; of none for ``COUNT()``. The name is in capitals."""

    name: str
    argument: Field | None
    at: int = field(default=0, compare=False)


Expression: TypeAlias = Field | Function


@dataclass(frozen=True, slots=True)
class Column:
    """Something selected, with the name that an aggregate's result gets."""

    expression: Expression
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """``FIELDS(ALL)``, ``FIELDS(STANDARD)`` or ``FIELDS(CUSTOM)``; the word is in capitals."""

    group: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Child:
    """A query over the children of each record; its kind is the name of the relationship."""

    query: Query


@dataclass(frozen=True, slots=True)
class Compare:
    """``field operator value``; several values for IN, NOT IN, INCLUDES and EXCLUDES."""

    left: Expression
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """``field IN (SELECT …)``, or NOT IN."""

    left: Field
    negated: bool
    query: Query


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined with one word, AND or OR."""

    word: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """NOT before a condition."""

    part: Condition


Condition: TypeAlias = Compare | Member | Joined | Negated


@dataclass(frozen=True, slots=True)
class Order:
    """Something to sort by. Blanks come first, descending or not, unless asked otherwise."""

    expression: Expression
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed statement."""

    columns: tuple[Column | FieldsOf | Child, ...]
    kind: str
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Expression, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    at: int = field(default=0, compare=False)

    @property
    def counts(self) -> bool:
        """Whether it is ``SELECT COUNT() …``, which answers with a number and no records."""
        match self.columns:
            case (Column(Function("COUNT", None)),):
                return True
        return False

    @property
    def aggregates(self) -> bool:
        """Whether the answer has results of groups and not records."""
        return bool(self.group) or any(
            isinstance(each, Column)
            and isinstance(each.expression, Function)
            and each.expression.name in AGGREGATES
            and each.expression.argument is not None
            for each in self.columns
        )
