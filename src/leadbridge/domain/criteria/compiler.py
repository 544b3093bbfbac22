"""From the tree of a criterion to closures, with names and types checked on the way."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from leadbridge.domain.criteria.closures import (
    NUMBER_LIMIT,
    Closure,
    FieldType,
    against,
    and_,
    constant,
    lift,
    lower_text,
    or_,
    reader,
)
from leadbridge.domain.criteria.grammar import LANGUAGE, canonical, instant_of, number_of, said
from leadbridge.domain.criteria.names import WINDOW_KINDS, CriteriaError, window_of
from leadbridge.domain.criteria.possible import Atom
from leadbridge.domain.model import did_you_mean

if TYPE_CHECKING:
    from sqlglot import exp

    from leadbridge.domain.criteria.rules import Derived

__all__ = ["Compiler"]


class _Typed(NamedTuple):
    """A part that was compiled: ``size`` is how large its numbers can get, ``fixed`` says that it uses no name."""

    type: FieldType
    closure: Closure
    size: float = 0.0
    fixed: bool = False


class Compiler:
    """Turns a parsed condition into nested closures and checks names and types on the way."""

    def __init__(
        self,
        types: Mapping[str, FieldType],
        allowed: Mapping[str, frozenset[str]],
        derived: Mapping[str, Derived],
        refused: Mapping[str, str],
    ) -> None:
        self.types = types
        self.allowed = allowed
        self.derived = derived
        self.refused = refused
        self.shown: dict[str, None] = {}
        self.read: set[str] = set()
        self.atoms: dict[int, tuple[Atom, ...]] = {}
        self.testing_null = False

    def condition(self, node: exp.Expression) -> Closure:
        from sqlglot import exp

        part = self.visit(node)
        if part.type != "boolean":
            raise CriteriaError(f"{said(node)} is {_A[part.type]}, no condition", "compare it with something")
        if isinstance(node, exp.Column):
            self.note(node, "=", True)
        return part.closure

    def visit(self, node: exp.Expression) -> _Typed:
        from sqlglot import exp

        match node:
            case exp.Paren():
                return self.visit(node.this)
            case exp.And() | exp.Or():
                left, right = self.condition(node.this), self.condition(node.expression)
                return _Typed("boolean", and_(left, right) if isinstance(node, exp.And) else or_(left, right))
            case exp.Not():
                inner = self.condition(node.this)
                return _Typed("boolean", lambda v: None if (x := inner(v)) is None else not x)
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return _Typed("boolean", self.comparison(node))
            case exp.Between():
                return _Typed("boolean", self.between(node))
            case exp.In():
                return _Typed("boolean", self.membership(node))
            case exp.Is():
                return _Typed("boolean", self.null_test(node))
            case exp.Add() | exp.Sub() | exp.Mul():
                return self.arithmetic(node)
            case exp.Neg():
                part = self.same(node.this, "number", "arithmetic")
                return part._replace(closure=lambda v: None if (x := part.closure(v)) is None else -x)
            case exp.Lower():
                text = self.same(node.this, "text", "lower()")
                return text._replace(closure=lambda v: None if (x := text.closure(v)) is None else lower_text(x))
            case exp.Literal() if node.is_string:
                return _Typed("text", constant(node.this), fixed=True)
            case exp.Literal():
                value = number_of(node.this)
                return _Typed("number", constant(value), abs(value), fixed=True)
            case exp.Boolean():
                return _Typed("boolean", constant(bool(node.this)), fixed=True)
            case exp.Column():
                return self.name(node)
            case exp.Null():
                raise CriteriaError("nothing equals null", "write is null or is not null")
        raise CriteriaError(f"{said(node)} is not part of the language of criteria", LANGUAGE)

    def name(self, node: exp.Column) -> _Typed:
        name = self.called(node)
        self.shown[name] = None
        if not self.testing_null:
            self.read.add(name)
        if name in self.derived:
            own = self.derived[name]
            return _Typed(own.type, own.closure(), NUMBER_LIMIT)
        type_: FieldType = "number" if window_of(name) else self.types[name]
        return _Typed(type_, reader(name, type_), NUMBER_LIMIT)

    def called(self, node: exp.Column) -> str:
        """The name of a column, which exists."""
        name = canonical(node, (*self.types, *self.derived))
        window = window_of(name)
        if window is not None and window.kind not in WINDOW_KINDS:
            remedy = did_you_mean(window.kind, WINDOW_KINDS)
            raise CriteriaError(f"unknown kind of interaction {window.kind} in {name}", remedy)
        if window is None and name not in self.types and name not in self.derived:
            for prefix, why in self.refused.items():
                if name.startswith(prefix):
                    raise CriteriaError(f"{name} cannot be used here", why)
            raise CriteriaError(f"unknown field {name}", did_you_mean(name, (*self.types, *self.derived)))
        return name

    def same(self, node: exp.Expression, type_: FieldType, where: str) -> _Typed:
        part = self.visit(node)
        if part.type != type_:
            raise CriteriaError(
                f"{said(node)} is {_A[part.type]}, but {where} takes {_A[type_]}", f"use {_A[type_]} there"
            )
        return part

    def arithmetic(self, node: exp.Expression) -> _Typed:
        kind = type(node).__name__
        left, right = (self.same(side, "number", "arithmetic") for side in (node.this, node.expression))
        size = left.size * right.size if kind == "Mul" else left.size + right.size
        if size > _LARGEST:
            raise CriteriaError(f"{said(node)} can become too large to compute", "multiply fewer numbers")
        return _Typed("number", lift(_ARITHMETIC[kind], left.closure, right.closure), size, left.fixed and right.fixed)

    def pair(self, left: exp.Expression, right: exp.Expression) -> tuple[_Typed, _Typed]:
        """Both sides of a comparison, with one type; text beside an instant is read as an instant."""
        from sqlglot import exp

        a, b = self.visit(left), self.visit(right)
        if a.type == "instant" and b.type == "text" and isinstance(right, exp.Literal):
            b = _Typed("instant", constant(instant_of(right.this)), fixed=True)
        elif b.type == "instant" and a.type == "text" and isinstance(left, exp.Literal):
            a = _Typed("instant", constant(instant_of(left.this)), fixed=True)
        if a.type != b.type:
            raise CriteriaError(
                f"{said(left)} is {_A[a.type]} and {said(right)} is {_A[b.type]}: they cannot be compared",
                "numbers stand without quotes, text in 'single quotes', dates as '2026-01-31'",
            )
        self.known_literal(left, right)
        self.known_literal(right, left)
        return a, b

    def known_literal(self, name: exp.Expression, literal: exp.Expression) -> None:
        """Refuses a literal that a field with a closed list of values can never have."""
        from sqlglot import exp

        if not (isinstance(literal, exp.Literal) and literal.is_string):
            return
        if isinstance(name, exp.Column):
            full = self.called(name)
            values = self.allowed.get(full)
            if values is not None and literal.this not in values:
                raise CriteriaError(f"{full} is never '{literal.this}'", did_you_mean(literal.this, sorted(values)))
        elif isinstance(name, exp.Lower) and isinstance(literal.parent, (exp.EQ, exp.NEQ, exp.In)):
            small = lower_text(literal.this)
            if small != literal.this:
                raise CriteriaError(f"{said(name)} is never '{literal.this}'", f"write '{small}'")

    def comparison(self, node: exp.Expression) -> Closure:
        left, right = self.pair(node.this, node.expression)
        kind = type(node).__name__
        if left.type == "boolean" and kind not in ("EQ", "NEQ"):
            raise CriteriaError(f"{said(node)} orders true and false", "compare them with = or <>")
        symbol, holds, turned = _COMPARISONS[kind]
        if left.fixed and right.fixed:
            raise CriteriaError(f"{said(node)} compares two fixed values", "compare a field with a value")
        if right.fixed:
            self.note(node.this, symbol, right.closure({}), at=node)
            return against(holds, left.closure, right.closure({}))
        if left.fixed:
            self.note(node.expression, turned, left.closure({}), at=node)
        term = self.term(node.this)
        if term is not None and term == self.term(node.expression) and symbol in ("<>", "<", ">"):
            raise CriteriaError(f"{said(node)} can never be true", "compare two different things")
        return lift(holds, left.closure, right.closure)

    def between(self, node: exp.Between) -> Closure:
        low, high = node.args["low"], node.args["high"]
        if node.args.get("symmetric"):
            raise CriteriaError(f"{said(node)} is not part of the language of criteria", LANGUAGE)
        (value, lower), (_, upper) = self.pair(node.this, low), self.pair(node.this, high)
        if value.type == "boolean":
            raise CriteriaError(f"{said(node)} orders true and false", "compare them with = or <>")
        if lower.fixed and upper.fixed:
            if value.fixed:
                raise CriteriaError(f"{said(node)} compares fixed values", "compare a field with two values")
            if lower.closure({}) > upper.closure({}):
                raise CriteriaError(f"{said(node)} can never be true", f"write between {said(high)} and {said(low)}")
            self.note(node.this, ">=", lower.closure({}), at=node)
            self.note(node.this, "<=", upper.closure({}), at=node)
            floor, ceiling = lower.closure({}), upper.closure({})
            return and_(against(operator.ge, value.closure, floor), against(operator.le, value.closure, ceiling))
        return and_(lift(operator.ge, value.closure, lower.closure), lift(operator.le, value.closure, upper.closure))

    def membership(self, node: exp.In) -> Closure:
        from sqlglot import exp

        options = node.expressions
        if not options or not all(isinstance(option, (exp.Literal, exp.Neg)) for option in options):
            raise CriteriaError(f"{said(node)} needs a list of values", "write in ('one', 'two') or in (1, 2)")
        pairs = [self.pair(node.this, option) for option in options]
        value = pairs[0][0]
        if value.fixed or not all(literal.fixed for _, literal in pairs):
            raise CriteriaError(f"{said(node)} compares no field with fixed values", "write field in ('one', 'two')")
        wanted = frozenset(literal.closure({}) for _, literal in pairs)
        self.note(node.this, "in", *wanted, at=node)
        return lambda v: None if (x := value.closure(v)) is None else x in wanted

    def null_test(self, node: exp.Is) -> Closure:
        from sqlglot import exp

        missing = isinstance(node.expression, exp.Null)
        if not missing and not (isinstance(node.expression, exp.Not) and isinstance(node.expression.this, exp.Null)):
            raise CriteriaError(
                f"{said(node)} is not part of the language of criteria",
                "write is null, is not null, = true or = false",
            )
        before, self.testing_null = self.testing_null, self.testing_null or self.term(node.this) is not None
        value = self.visit(node.this).closure
        self.testing_null = before
        self.note(node.this, "null" if missing else "notnull", at=node)
        return (lambda v: value(v) is None) if missing else (lambda v: value(v) is not None)

    def term(self, node: exp.Expression) -> str | None:
        """What bounds are compared for: a name, or ``lower()`` of one."""
        from sqlglot import exp

        if isinstance(node, exp.Paren):
            return self.term(node.this)
        if isinstance(node, exp.Lower):
            inner = self.term(node.this)
            return None if inner is None else f"lower({inner})"
        return self.called(node) if isinstance(node, exp.Column) else None

    def note(self, node: exp.Expression, asks: str, *values: object, at: exp.Expression | None = None) -> None:
        """Remembers what a comparison asks of a name, to find contradictions."""
        term = self.term(node)
        if term is None:
            return
        window = window_of(term)
        type_ = (
            "number" if window else self.derived[term].type if term in self.derived else self.types.get(term, "text")
        )
        whole = window is not None and window.how != "halved"
        atom = Atom(term, type_, asks, values, whole, 0.0 if window else None)
        key = id(node if at is None else at)
        self.atoms[key] = (*self.atoms.get(key, ()), atom)


_A: Mapping[str, str] = {"text": "text", "number": "a number", "boolean": "a condition", "instant": "a date or time"}
_LARGEST = 1e300
_COMPARISONS: Mapping[str, tuple[str, Callable[[Any, Any], object], str]] = {
    "EQ": ("=", operator.eq, "="),
    "NEQ": ("<>", operator.ne, "<>"),
    "LT": ("<", operator.lt, ">"),
    "LTE": ("<=", operator.le, ">="),
    "GT": (">", operator.gt, "<"),
    "GTE": (">=", operator.ge, "<="),
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], object]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
}
