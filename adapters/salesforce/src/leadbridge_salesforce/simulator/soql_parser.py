"""SOQL as far as clients of CRM records use it: a small recursive-descent parser.

``SELECT fields | COUNT() FROM kind [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]`` with comparisons, IN, NOT IN, LIKE,
INCLUDES, EXCLUDES, null, date literals, AND, OR, NOT and parentheses. As in Salesforce, AND and OR do not mix without
parentheses, ``NOT`` before one of several conditions needs parentheses, and an unknown escape in a string is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Compare", "Condition", "Joined", "Literal", "Malformed", "Negated", "Order", "Query", "parse"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "\\_",
    "%": "\\%",
}
_SIGNS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})


class Malformed(ValueError):
    """The statement is not SOQL; the text is what Salesforce would answer."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value with how it was written: ``string``, ``number``, ``date``, ``instant``, ``bool``, ``null``, ``word``."""

    form: str
    value: str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Compare:
    """``field operator value``; lists for IN, NOT IN, INCLUDES and EXCLUDES."""

    field: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined with one word, AND or OR."""

    word: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """NOT before a condition."""

    part: Condition


Condition: TypeAlias = Compare | Joined | Negated


@dataclass(frozen=True, slots=True)
class Order:
    """One field to sort by."""

    field: str
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed statement. ``fields`` is empty for ``COUNT()``."""

    fields: tuple[str, ...]
    kind: str
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int

    @property
    def counts(self) -> bool:
        return not self.fields


def parse(text: str) -> Query:
    """The statement's parts.

    Raises:
        Malformed: it is not SOQL, or a part of SOQL that this simulator does not know.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def query(self) -> Query:
        self._word("SELECT")
        fields = self._fields()
        self._word("FROM")
        kind = self._name()
        where = self._condition() if self._maybe("WHERE") else None
        order: tuple[Order, ...] = ()
        if self._maybe("ORDER"):
            self._word("BY")
            order = self._orders()
        limit = self._count() if self._maybe("LIMIT") else None
        offset = self._count() if self._maybe("OFFSET") else 0
        if self._at < len(self._tokens):
            raise Malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return Query(fields, kind, where, order, limit, offset)

    def _fields(self) -> tuple[str, ...]:
        names = [self._name()]
        if names[0].upper() == "COUNT" and self._sign("("):
            self._need(")")
            return ()
        while self._sign(","):
            names.append(self._name())
        return tuple(names)

    def _orders(self) -> tuple[Order, ...]:
        orders = [self._order()]
        while self._sign(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        field = self._name()
        descending = False
        if self._maybe("DESC"):
            descending = True
        else:
            self._maybe("ASC")
        last = False
        if self._maybe("NULLS"):
            last = self._maybe("LAST")
            if not last:
                self._word("FIRST")
        return Order(field, descending, last)

    def _condition(self) -> Condition:
        begun_with_not = self._peek() == "NOT"
        first = self._simple()
        word = self._peek()
        if word not in ("AND", "OR"):
            return first
        if begun_with_not:
            raise Malformed(f"unexpected token: '{word}'")
        parts = [first]
        while self._maybe(word):
            if self._peek() == "NOT":
                raise Malformed("unexpected token: 'NOT'")
            parts.append(self._simple())
        if self._peek() in ("AND", "OR"):
            raise Malformed(f"unexpected token: '{self._peek()}'")
        return Joined(word, tuple(parts))

    def _simple(self) -> Condition:
        if self._maybe("NOT"):
            return Negated(self._simple())
        if self._sign("("):
            inner = self._condition()
            self._need(")")
            return inner
        field = self._name()
        for word in ("IN", "INCLUDES", "EXCLUDES"):
            if self._maybe(word):
                return Compare(field, word, self._list())
        if self._maybe("NOT"):
            self._word("IN")
            return Compare(field, "NOT IN", self._list())
        if self._maybe("LIKE"):
            return Compare(field, "LIKE", (self._literal(),))
        kind, sign = self._next()
        if kind != "sign" or sign not in _SIGNS:
            raise Malformed(f"unexpected token: '{sign}'")
        return Compare(field, "!=" if sign == "<>" else sign, (self._literal(),))

    def _list(self) -> tuple[Literal, ...]:
        self._need("(")
        values = [self._literal()]
        while self._sign(","):
            values.append(self._literal())
        self._need(")")
        return tuple(values)

    def _literal(self) -> Literal:
        kind, text = self._next()
        if kind == "string":
            return Literal("string", _unescaped(text[1:-1]))
        if kind == "number":
            return Literal("number", float(text) if "." in text else int(text))
        if kind in ("date", "instant"):
            return Literal(kind, text)
        if kind == "name":
            word = text.upper()
            if word in ("TRUE", "FALSE"):
                return Literal("bool", word == "TRUE")
            return Literal("null", None) if word == "NULL" else Literal("word", word)
        raise Malformed(f"unexpected token: '{text}'")

    def _count(self) -> int:
        kind, text = self._next()
        if kind != "number" or not text.isdigit():
            raise Malformed(f"unexpected token: '{text}'")
        return int(text)

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise Malformed(f"unexpected token: '{text}'")
        return text

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise Malformed("unexpected token: '<EOF>'")
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            return ""
        kind, text = self._tokens[self._at]
        return text.upper() if kind == "name" else ""

    def _maybe(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._at += 1
        return True

    def _word(self, word: str) -> None:
        if not self._maybe(word):
            found = self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>"
            raise Malformed(f"unexpected token: '{found}', expecting '{word.lower()}'")

    def _sign(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign):
            self._at += 1
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._sign(sign):
            found = self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>"
            raise Malformed(f"unexpected token: '{found}', expecting '{sign}'")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise Malformed(f"line 1:{at} no viable alternative at character '{text[at : at + 1]}'")
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    return tokens


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise Malformed(f"Invalid string literal: illegal escape sequence '\\{match[1]}'")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)
