"""Readiness rules: SQL boolean expressions over one lead, compiled once, evaluated with three values.

The grammar is closed: ``and or not``, comparisons, ``between``, ``in (...)``, ``is [not] null``, ``+ - *``,
``lower()``, text, numbers, ``true`` and ``false``, and the names of the lead profile: ``lead.<field>``,
``company.<field>`` and ``last_<n>d.<interaction kind>``; a bare name is a field of the lead. As in SQL, what is missing
makes a comparison unknown (``None``), neither true nor false. Names and types are checked when the rule is compiled.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from leadbridge.clock import parse_iso
from leadbridge.domain.closures import Closure, FieldType, and_, constant, lift, or_, reader
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["PROFILE_TYPES", "WINDOW", "WINDOW_KINDS", "CriteriaError", "FieldType", "Rule", "compile_rule"]

PROFILE_TYPES: Mapping[str, FieldType] = {
    "lead.email": "text",
    "lead.first_name": "text",
    "lead.last_name": "text",
    "lead.title": "text",
    "lead.phone": "text",
    "lead.country": "text",
    "lead.region": "text",
    "lead.source": "text",
    "lead.campaign": "text",
    "lead.owner": "text",
    "lead.opted_out": "boolean",
    "lead.external_id": "text",
    "lead.captured_at": "instant",
    "lead.score": "number",
    "lead.stage": "text",
    "lead.status": "text",
    "lead.decision": "text",
    "lead.reason": "text",
    "lead.buying_stage": "text",
    "company.name": "text",
    "company.domain": "text",
    "company.industry": "text",
    "company.employees": "number",
    "company.country": "text",
    "company.region": "text",
}
"""The names that a criterion may use, and their types; an agreement adds its ``attributes`` as ``lead.<name>``."""

WINDOW_KINDS = ("content", "person_to_person", "inbound", "outbound", "any")
"""What ``last_<n>d.`` counts: interactions by nature, by direction, or all of them."""

WINDOW = re.compile(r"last_([1-9]\d{0,3})d\.(\w+)")
_MAX_LENGTH = 4000
_Typed: TypeAlias = tuple[FieldType, Closure]


class CriteriaError(ConfigError):
    """A rule that cannot be compiled: ``message`` says why, ``remedy`` the way out."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} → {remedy}")


class Rule:
    """A compiled rule.

    Attributes:
        text: as it was written.
        names: the names of the profile that it uses, in the order of the text; ``fields`` is the same as a set.
    """

    __slots__ = ("_allowed", "_closure", "_types", "fields", "names", "text")

    def __init__(self, text: str, types: Mapping[str, FieldType], allowed: Mapping[str, frozenset[str]]) -> None:
        compiler = _Compiler(types, allowed)
        self.text = text
        self._types, self._allowed = types, allowed
        try:
            self._closure = compiler.condition(_parse(text))
        except RecursionError:
            raise CriteriaError("the criterion is nested too deeply", "split it into several criteria") from None
        self.names = tuple(compiler.fields)
        self.fields = frozenset(compiler.fields)

    def evaluate(self, values: Mapping[str, object]) -> bool | None:
        """True, false, or ``None`` for unknown.

        Args:
            values: by profile name; a missing name, ``None`` and a value of another type are unknown.
        """
        outcome: bool | None = self._closure(values)
        return outcome

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and (other.text, other._types) == (self.text, self._types)

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[object, ...]:
        return (Rule, (self.text, dict(self._types), dict(self._allowed)))


def compile_rule(
    text: str,
    types: Mapping[str, FieldType] = PROFILE_TYPES,
    *,
    allowed: Mapping[str, frozenset[str]] | None = None,
) -> Rule:
    """Compiles a criterion.

    Args:
        text: the expression.
        types: the names that may be used and their types.
        allowed: for a name with a closed list of values (a stage, a reason), that list: other literals are refused.

    Raises:
        CriteriaError: with what is wrong and the way out.
    """
    return Rule(text, types, allowed or {})


def _parse(text: str) -> exp.Expression:
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


class _Compiler:
    """Turns a parsed condition into nested closures and checks names and types on the way."""

    def __init__(self, types: Mapping[str, FieldType], allowed: Mapping[str, frozenset[str]]) -> None:
        self.types = types
        self.allowed = allowed
        self.fields: list[str] = []

    def condition(self, node: exp.Expression) -> Closure:
        type_, closure = self.visit(node)
        if type_ != "boolean":
            raise CriteriaError(f"{_text(node)} is {_A[type_]}, no condition", "compare it with something")
        return closure

    def visit(self, node: exp.Expression) -> _Typed:
        from sqlglot import exp

        match node:
            case exp.Paren():
                return self.visit(node.this)
            case exp.And() | exp.Or():
                left, right = self.condition(node.this), self.condition(node.expression)
                return "boolean", and_(left, right) if isinstance(node, exp.And) else or_(left, right)
            case exp.Not():
                inner = self.condition(node.this)
                return "boolean", lambda v: None if (x := inner(v)) is None else not x
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return "boolean", self.comparison(node)
            case exp.Between():
                return "boolean", self.between(node)
            case exp.In():
                return "boolean", self.membership(node)
            case exp.Is():
                return "boolean", self.null_test(node)
            case exp.Add() | exp.Sub() | exp.Mul():
                numbers = self.number(node.this), self.number(node.expression)
                return "number", lift(_ARITHMETIC[type(node).__name__], *numbers)
            case exp.Neg():
                inner = self.number(node.this)
                return "number", lambda v: None if (x := inner(v)) is None else -x
            case exp.Lower():
                inner = self.same(node.this, "text", "lower()")
                return "text", lambda v: None if (x := inner(v)) is None else x.lower()
            case exp.Literal():
                constant: object = node.this if node.is_string else _number(node.this)
                return ("text" if node.is_string else "number"), lambda v: constant
            case exp.Boolean():
                truth = bool(node.this)
                return "boolean", lambda v: truth
            case exp.Column():
                return self.name(node)
            case exp.Null():
                raise CriteriaError("nothing equals null", "write is null or is not null")
        raise CriteriaError(f"{_text(node)} is not part of the language of criteria", _LANGUAGE)

    def name(self, node: exp.Column) -> _Typed:
        parts = [part.name for part in node.parts]
        name = ".".join(parts).lower()
        if len(parts) == 1:
            name = f"lead.{name}"
        window = WINDOW.fullmatch(name)
        if window is not None:
            if window[2] not in WINDOW_KINDS:
                raise CriteriaError(
                    f"unknown kind of interaction {window[2]} in {name}", did_you_mean(window[2], WINDOW_KINDS)
                )
            type_: FieldType = "number"
        elif name in self.types:
            type_ = self.types[name]
        else:
            raise CriteriaError(f"unknown field {name}", did_you_mean(name, self.types))
        if name not in self.fields:
            self.fields.append(name)
        return type_, reader(name, type_)

    def same(self, node: exp.Expression, type_: FieldType, where: str) -> Closure:
        found, closure = self.visit(node)
        if found != type_:
            raise CriteriaError(
                f"{_text(node)} is {_A[found]}, but {where} takes {_A[type_]}", f"use {_A[type_]} there"
            )
        return closure

    def number(self, node: exp.Expression) -> Closure:
        return self.same(node, "number", "arithmetic")

    def pair(self, left: exp.Expression, right: exp.Expression) -> tuple[FieldType, Closure, Closure]:
        """Both sides of a comparison, with one type; text beside an instant is read as an instant."""
        from sqlglot import exp

        (type_a, a), (type_b, b) = self.visit(left), self.visit(right)
        if type_a == "instant" and type_b == "text" and isinstance(right, exp.Literal):
            type_b, b = "instant", constant(_instant(right.this))
        elif type_b == "instant" and type_a == "text" and isinstance(left, exp.Literal):
            type_a, a = "instant", constant(_instant(left.this))
        if type_a != type_b:
            raise CriteriaError(
                f"{_text(left)} is {_A[type_a]} and {_text(right)} is {_A[type_b]}: they cannot be compared",
                "numbers stand without quotes, text in 'single quotes', dates as '2026-01-31'",
            )
        self.known_literal(left, right)
        self.known_literal(right, left)
        return type_a, a, b

    def known_literal(self, name: exp.Expression, literal: exp.Expression) -> None:
        """Refuses a literal that a field with a closed list of values can never have."""
        from sqlglot import exp

        if isinstance(name, exp.Column) and isinstance(literal, exp.Literal) and literal.is_string:
            full = ".".join(part.name for part in name.parts).lower()
            full = full if "." in full else f"lead.{full}"
            values = self.allowed.get(full)
            if values is not None and literal.this not in values:
                raise CriteriaError(f"{full} is never '{literal.this}'", did_you_mean(literal.this, sorted(values)))

    def comparison(self, node: exp.Expression) -> Closure:
        type_, left, right = self.pair(node.this, node.expression)
        kind = type(node).__name__
        if type_ == "boolean" and kind not in ("EQ", "NEQ"):
            raise CriteriaError(f"{_text(node)} orders true and false", "compare them with = or <>")
        return lift(_COMPARISONS[kind], left, right)

    def between(self, node: exp.Between) -> Closure:
        from sqlglot import exp

        low, high = node.args["low"], node.args["high"]
        type_, value, lower = self.pair(node.this, low)
        _, _, upper = self.pair(node.this, high)
        if type_ == "boolean":
            raise CriteriaError(f"{_text(node)} orders true and false", "compare them with = or <>")
        if isinstance(low, exp.Literal) and isinstance(high, exp.Literal) and lower({}) > upper({}):
            raise CriteriaError(f"{_text(node)} can never be true", f"write between {_text(high)} and {_text(low)}")
        return and_(lift(operator.ge, value, lower), lift(operator.le, value, upper))

    def membership(self, node: exp.In) -> Closure:
        from sqlglot import exp

        options = node.expressions
        if not options or not all(isinstance(option, (exp.Literal, exp.Neg)) for option in options):
            raise CriteriaError(f"{_text(node)} needs a list of values", "write in ('one', 'two') or in (1, 2)")
        wanted = set()
        value: Closure = constant(None)
        for option in options:
            _, value, literal = self.pair(node.this, option)
            wanted.add(literal({}))
        frozen = frozenset(wanted)
        return lambda v: None if (x := value(v)) is None else x in frozen

    def null_test(self, node: exp.Is) -> Closure:
        from sqlglot import exp

        _, value = self.visit(node.this)
        if isinstance(node.expression, exp.Null):
            return lambda v: value(v) is None
        if isinstance(node.expression, exp.Not) and isinstance(node.expression.this, exp.Null):
            return lambda v: value(v) is not None
        raise CriteriaError(
            f"{_text(node)} is not part of the language of criteria", "write is null, is not null, = true or = false"
        )


_A: Mapping[str, str] = {"text": "text", "number": "a number", "boolean": "a condition", "instant": "a date or time"}
_LANGUAGE = (
    "use and, or, not, = <> < <= > >=, between, in (...), is null, + - *, lower(), 'text', numbers, "
    f"lead.*, company.* and last_<n>d.({'|'.join(WINDOW_KINDS)})"
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], object]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], object]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
}


def _text(node: exp.Expression) -> str:
    return node.sql(dialect="duckdb")


def _number(text: str) -> float | int:
    return int(text) if text.isdigit() else float(text)


def _instant(text: str) -> datetime:
    try:
        return parse_iso(text)
    except ValueError:
        raise CriteriaError(f"'{text}' is no date", "write it as '2026-01-31' or '2026-01-31T09:00:00Z'") from None
