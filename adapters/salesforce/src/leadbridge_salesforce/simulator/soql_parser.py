"""SOQL as far as clients of CRM records use it: a small recursive-descent parser; see decision 0010.

::

    SELECT columns FROM kind [[AS] alias] [WHERE …] [GROUP BY … [HAVING …]] [ORDER BY …] [LIMIT n] [OFFSET n]

Columns are fields, fields of parents, aggregates, functions of dates, ``toLabel``, ``FIELDS(…)`` and one level of child
queries. Conditions know comparisons, LIKE, IN and NOT IN with values or a semi-join, INCLUDES, EXCLUDES, date literals,
AND, OR, NOT and parentheses. As in Salesforce, AND and OR do not mix without parentheses, and ``NOT`` beside AND or OR
needs parentheses. What is SOQL but not served here (TYPEOF, USING SCOPE, WITH, FOR, UPDATE, ROLLUP, DISTANCE …) is
refused with words that say so.

Source: SOQL and SOSL Reference, "SOQL SELECT Syntax" and the pages below it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from leadbridge_salesforce.simulator.soql_ast import (
    AGGREGATES,
    DATE_PARTS,
    Child,
    Column,
    Compare,
    Condition,
    Expression,
    Field,
    FieldsOf,
    Function,
    Joined,
    Literal,
    Member,
    Negated,
    Order,
    Query,
    SoqlError,
)
from leadbridge_salesforce.simulator.soql_dates import is_date_word, is_real
from leadbridge_salesforce.simulator.soql_lexer import Token, checked_pattern, tokens, unescaped

__all__ = ["parse"]

T = TypeVar("T")

_SIGNS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
_CLAUSES = frozenset(
    {"FROM", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "UPDATE", "USING", "ALL"}
)
_ELSEWHERE = frozenset({"WITH", "FOR", "UPDATE", "USING"})
_FUNCTIONS = AGGREGATES | DATE_PARTS | {"TOLABEL"}
_FOREIGN = frozenset({"CONVERTCURRENCY", "CONVERTTIMEZONE", "DISTANCE", "FORMAT", "GEOLOCATION", "GROUPING"})
_FOREIGN |= {"FISCAL_MONTH", "FISCAL_QUARTER", "FISCAL_YEAR"}
_LONGEST_STRING = 4000


def parse(text: str) -> Query:
    """The statement's parts.

    Raises:
        SoqlError: it is not SOQL, or a part of SOQL that this simulator does not serve.
    """
    parser = _Parser(text)
    query = parser.query()
    parser.end()
    return query


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._at = 0

    # -- the statement ---------------------------------------------------------------------------------------------

    def query(self, *, child: bool = False) -> Query:
        self._word("SELECT")
        columns = self._several(lambda: self._column(child=child))
        self._word("FROM")
        kind = self._need("name")
        alias = self._alias(after_as=self._maybe("AS"))
        if self._is_sign(","):
            raise SoqlError(
                "a second object in FROM is SOQL, but this simulated org does not serve it", self._next().at
            )
        where = self._condition() if self._maybe("WHERE") else None
        group: tuple[Expression, ...] = ()
        if self._maybe("GROUP"):
            self._word("BY")
            group = self._several(self._grouped)
        having = self._condition() if self._maybe("HAVING") else None
        order: tuple[Order, ...] = ()
        if self._maybe("ORDER"):
            self._word("BY")
            order = self._several(self._order)
        limit = self._count() if self._maybe("LIMIT") else None
        offset = self._count() if self._maybe("OFFSET") else 0
        token = self._tokens[self._at]
        if self._peek() in _ELSEWHERE:
            raise SoqlError(f"{token.text.upper()} is SOQL, but this simulated org does not serve it", token.at)
        if self._peek() == "ALL":
            raise SoqlError("ALL ROWS not allowed in this context", token.at)
        return Query(columns, kind.text, alias, where, group, having, order, limit, offset, kind.at)

    def end(self) -> None:
        token = self._tokens[self._at]
        if token.form != "end":
            raise _unexpected(token)

    def _alias(self, *, after_as: bool) -> str | None:
        token = self._tokens[self._at]
        if token.form == "name" and token.text.upper() not in _CLAUSES and "." not in token.text:
            self._at += 1
            return token.text
        if after_as:
            raise _unexpected(token)
        return None

    # -- what is selected, grouped and sorted by -------------------------------------------------------------------

    def _column(self, *, child: bool) -> Column | FieldsOf | Child:
        if self._is_sign("("):
            opened = self._next()
            if child:
                raise SoqlError("child queries within child queries are not served by this simulated org", opened.at)
            inner = self.query(child=True)
            self._sign(")")
            return Child(inner)
        if self._peek() == "TYPEOF" and self._tokens[self._at + 1].form == "name":
            raise SoqlError("TYPEOF is SOQL, but this simulated org does not serve it", self._next().at)
        if self._peek() == "FIELDS" and self._is_sign("(", ahead=1):
            at = self._next().at
            self._next()
            group = self._next()
            if group.text.upper() not in ("ALL", "STANDARD", "CUSTOM"):
                raise _unexpected(group)
            self._sign(")")
            return FieldsOf(group.text.upper(), at)
        return Column(self._expression(), self._alias(after_as=False))

    def _expression(self) -> Expression:
        name = self._need("name")
        if not self._is_sign("("):
            return Field(name.text, name.at)
        function = name.text.upper()
        if function in _FOREIGN:
            raise SoqlError(f"{name.text} is SOQL, but this simulated org does not serve it", name.at)
        if function not in _FUNCTIONS:
            raise SoqlError(f"Invalid aggregate function: {name.text}", name.at)
        self._next()
        if function == "COUNT" and self._is_sign(")"):
            self._next()
            return Function(function, None, name.at)
        argument = self._need("name")
        self._sign(")")
        return Function(function, Field(argument.text, argument.at), name.at)

    def _grouped(self) -> Expression:
        token = self._tokens[self._at]
        if self._peek() in ("ROLLUP", "CUBE") and self._is_sign("(", ahead=1):
            raise SoqlError(f"{token.text} is SOQL, but this simulated org does not serve it", token.at)
        return self._expression()

    def _order(self) -> Order:
        expression = self._expression()
        descending = self._maybe("DESC")
        if not descending:
            self._maybe("ASC")
        last = False
        if self._maybe("NULLS"):
            last = self._maybe("LAST")
            if not last:
                self._word("FIRST")
        return Order(expression, descending, last)

    # -- conditions ------------------------------------------------------------------------------------------------

    def _condition(self) -> Condition:
        begun_with_not = self._peek() == "NOT"
        first = self._simple()
        word = self._peek()
        if word not in ("AND", "OR"):
            return first
        if begun_with_not:
            raise _unexpected(self._next())
        parts = [first]
        while self._maybe(word):
            if self._peek() == "NOT":
                raise _unexpected(self._next())
            parts.append(self._simple())
        if self._peek() in ("AND", "OR"):
            raise _unexpected(self._next())
        return Joined(word, tuple(parts))

    def _simple(self) -> Condition:
        if self._maybe("NOT"):
            return Negated(self._simple())
        if self._is_sign("("):
            self._next()
            inner = self._condition()
            self._sign(")")
            return inner
        left = self._expression()
        if self._maybe("IN"):
            return self._membership(left, negated=False)
        if self._maybe("NOT"):
            self._word("IN")
            return self._membership(left, negated=True)
        for word in ("INCLUDES", "EXCLUDES"):
            if self._maybe(word):
                return Compare(left, word, self._list())
        if self._maybe("LIKE"):
            token = self._next()
            if token.form == "string":
                return Compare(left, "LIKE", (Literal("pattern", checked_pattern(token), token.at),))
            self._at -= 1
            return Compare(left, "LIKE", (self._literal(),))
        sign = self._next()
        if sign.text not in _SIGNS:
            raise _unexpected(sign)
        return Compare(left, "!=" if sign.text == "<>" else sign.text, (self._literal(),))

    def _membership(self, left: Expression, *, negated: bool) -> Condition:
        if self._is_sign("(") and self._tokens[self._at + 1].text.upper() == "SELECT":
            opened = self._next()
            inner = self.query(child=True)
            self._sign(")")
            if not isinstance(left, Field):
                raise SoqlError("a semi join compares a field", opened.at)
            return Member(left, negated, inner)
        return Compare(left, "NOT IN" if negated else "IN", self._list())

    def _list(self) -> tuple[Literal, ...]:
        self._sign("(")
        values = self._several(self._literal)
        self._sign(")")
        return values

    def _literal(self) -> Literal:
        token = self._next()
        form, text, at = token
        if form == "string":
            value = unescaped(token)
            if len(value) > _LONGEST_STRING:
                raise SoqlError("String literals of a condition cannot be longer than 4,000 characters.", at)
            return Literal(form, value, at)
        if form == "number":
            return Literal(form, float(text) if "." in text else int(text), at)
        if form in ("date", "instant"):
            if not is_real(text):
                raise SoqlError(f"Invalid date: {text}", at)
            return Literal(form, text, at)
        if form == "name":
            word = text.upper()
            if word in ("TRUE", "FALSE"):
                return Literal("bool", word == "TRUE", at)
            if word == "NULL":
                return Literal("null", None, at)
            if is_date_word(word):
                return Literal("word", word, at)
        raise _unexpected(token)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _several(self, part: Callable[[], T]) -> tuple[T, ...]:
        parts = [part()]
        while self._is_sign(","):
            self._at += 1
            parts.append(part())
        return tuple(parts)

    def _count(self) -> int:
        token = self._next()
        if token.form != "number" or not token.text.isdigit():
            raise _unexpected(token)
        return int(token.text)

    def _next(self) -> Token:
        token = self._tokens[self._at]
        if token.form == "end":
            raise _unexpected(token)
        self._at += 1
        return token

    def _need(self, form: str) -> Token:
        token = self._next()
        word = token.text.upper()
        # Group and Order are kinds as well as words.
        a_kind = word in ("GROUP", "ORDER") and self._at > 1 and self._tokens[self._at - 2].text.upper() == "FROM"
        if token.form != form or (word in _CLAUSES and not a_kind) or ":" in word:
            raise _unexpected(token)
        return token

    def _peek(self) -> str:
        token = self._tokens[self._at]
        return token.text.upper() if token.form == "name" else ""

    def _maybe(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._at += 1
        return True

    def _word(self, word: str) -> None:
        if not self._maybe(word):
            raise _unexpected(self._tokens[self._at], word.lower())

    def _is_sign(self, sign: str, *, ahead: int = 0) -> bool:
        token = self._tokens[min(self._at + ahead, len(self._tokens) - 1)]
        return token.form == "sign" and token.text == sign

    def _sign(self, sign: str) -> None:
        if not self._is_sign(sign):
            raise _unexpected(self._tokens[self._at], sign)
        self._at += 1


def _unexpected(token: Token, instead: str = "") -> SoqlError:
    wanted = f", expecting '{instead}'" if instead else ""
    return SoqlError(f"unexpected token: '{token.text}'{wanted}", token.at)
