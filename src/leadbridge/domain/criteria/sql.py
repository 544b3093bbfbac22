"""Criteria as SQL: the same rules over ``lead_profile``, for any number of leads at once.

``lead_profile`` is one row a lead. Its columns are the names of the profile with ``_`` for the dot (``lead_email``,
``company_employees``); text is ``VARCHAR``, numbers are ``DOUBLE``, instants are ``BIGINT`` microseconds in a column
that ends in ``_us``. Windows are counted from the table ``interactions`` (``lead_id``, ``happened_us``, ``nature``,
``direction``), as of the parameter ``now_us``.

The SQL is the portable subset: three-valued logic, ``case``, ``sum``, and numbers written as ``1.0e0``. On DuckDB it is
tested to say what :meth:`leadbridge.domain.criteria.rules.Rule.evaluate` says. Other engines may order text and lower
letters beyond ASCII by rules of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from leadbridge.clock import to_us
from leadbridge.domain.criteria.closures import FieldType
from leadbridge.domain.criteria.grammar import canonical, instant_of, number_of, parse_condition
from leadbridge.domain.criteria.names import DAY_US, HALVINGS, CriteriaError, Window, column_of, unique, window_of

if TYPE_CHECKING:
    from sqlglot import exp

    from leadbridge.domain.criteria.rules import Rule
    from leadbridge.domain.criteria.verdict import Criterion

__all__ = ["column", "criterion_columns", "judge_sql", "number", "profile_sql", "render", "tree_of"]


def render(rule: Rule, dialect: str = "duckdb") -> str:
    """A rule as a boolean expression over the columns of ``lead_profile``."""
    return _generated(tree_of(rule), dialect)


def tree_of(rule: Rule, places: Mapping[str, exp.Expression] | None = None) -> exp.Expression:
    """A rule as an expression tree.

    Args:
        places: what stands for derived names; without one, the expression that they are derived by.
    """
    return _Renderer(rule, places or {}).visit(parse_condition(rule.text))


def column(name: str, type_: FieldType) -> exp.Column:
    """The column of a name."""
    from sqlglot import exp

    return exp.column(column_of(name, type_), quoted=True)


def number(value: float) -> exp.Expression:
    """A number as a double-precision literal, which every engine reads as the same number."""
    from sqlglot import exp

    text = repr(abs(float(value)))
    literal = exp.Literal.number(text if "e" in text else f"{text}e0")
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


class _Renderer:
    """A checked tree as SQL: names become columns, numbers double-precision literals, dates microseconds."""

    def __init__(self, rule: Rule, places: Mapping[str, exp.Expression]) -> None:
        self.rule = rule
        self.places = places

    def visit(self, node: exp.Expression) -> exp.Expression:
        from sqlglot import exp

        match node:
            case exp.Paren():
                return exp.Paren(this=self.visit(node.this))
            case exp.Is():
                return exp.Is(this=self.inner(node.this), expression=node.expression.copy())
            case exp.Between():
                low, high = node.args["low"], node.args["high"]
                as_instant = self.is_instant(node.this, low, high)
                parts = [self.operand(part, as_instant) for part in (node.this, low, high)]
                return exp.Between(this=parts[0], low=parts[1], high=parts[2])
            case exp.In():
                as_instant = self.is_instant(node.this)
                options = [self.operand(option, as_instant) for option in node.expressions]
                return exp.In(this=self.inner(node.this), expressions=options)
            case exp.Literal():
                return exp.Literal.string(node.this) if node.is_string else number(number_of(node.this))
            case exp.Boolean():
                return exp.Boolean(this=node.this)
            case exp.Column():
                return self.name(node)
            case exp.Lower() | exp.Not() | exp.Neg():
                return type(node)(this=self.inner(node.this))
            case exp.Binary():
                as_instant = self.is_instant(node.this, node.expression)
                left, right = (self.operand(part, as_instant) for part in (node.this, node.expression))
                return type(node)(this=left, expression=right)
        raise CriteriaError("this is not part of the language of criteria", "compile it first")

    def inner(self, node: exp.Expression) -> exp.Expression:
        """A part in parentheses, unless it needs none."""
        from sqlglot import exp

        made = self.visit(node)
        simple = (exp.Column, exp.Literal, exp.Paren, exp.Boolean, exp.Lower, exp.Case)
        return made if isinstance(made, simple) else exp.Paren(this=made)

    def operand(self, node: exp.Expression, as_instant: bool) -> exp.Expression:
        from sqlglot import exp

        if as_instant and isinstance(node, exp.Literal):
            value = to_us(instant_of(node.this))
            literal = exp.Literal.number(str(abs(value)))
            return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal
        return self.inner(node)

    def is_instant(self, *nodes: exp.Expression) -> bool:
        from sqlglot import exp

        bare = [node.unnest() for node in nodes]
        names = [canonical(node, self.rule.types) for node in bare if isinstance(node, exp.Column)]
        return any(self.rule.types.get(name) == "instant" for name in names)

    def name(self, node: exp.Column) -> exp.Expression:
        from sqlglot import exp

        name = canonical(node, (*self.rule.types, *self.rule.derived))
        if name in self.places:
            return self.places[name].copy()
        if name in self.rule.derived:
            return exp.Paren(this=self.rule.derived[name].sql())
        return column(name, "number" if window_of(name) else self.rule.types[name])


def _generated(tree: exp.Expression, dialect: str) -> str:
    try:
        return tree.sql(dialect=dialect)
    except RecursionError:
        raise CriteriaError("the criterion is nested too deeply for SQL", "split it into several criteria") from None
    except ValueError:
        raise CriteriaError(f"unknown dialect {dialect}", "use duckdb, postgres, spark, snowflake ...") from None


# -- whole queries -----------------------------------------------------------------------------------------------------


def profile_sql(rules: Iterable[Rule], *, dialect: str = "duckdb") -> str:
    """The common table expressions that end in ``profile``: what the rules need of ``lead_profile``, with the windows.

    Where no interaction was recorded at all, windows are unknown; else a lead without any has 0.
    """
    from sqlglot import exp

    needed = {name: rule.types.get(name, "number") for rule in rules for name in rule.names}
    windows = {name: window for name in needed if (window := window_of(name)) is not None}
    plain = [column(name, type_) for name, type_ in needed.items() if name not in windows]
    given = ["p.lead_id", *(f"p.{_generated(one, dialect)}" for one in plain)]
    if not windows:
        return f"profile as (\n  select {', '.join(given)}\n  from lead_profile p\n)"
    now = exp.Placeholder(this="now_us").sql(dialect=dialect)
    sums, counted = [], []
    for name, window in windows.items():
        called = _generated(column(name, "number"), dialect)
        sums.append(f"sum({_weight(window, now)}) as {called}")
        counted.append(f"case when r.n > 0 then coalesce(w.{called}, 0.0e0) end as {called}")
    ever = any(window.how == "ever" for window in windows.values())
    since = "" if ever else f" and happened_us > {now} - {max(_us(window.reach) for window in windows.values())}"
    return (
        "recorded as (\n  select count(*) as n from (select lead_id from interactions limit 1) i\n),\n"
        f"windows as (\n  select lead_id, {', '.join(sums)}\n  from interactions\n"
        f"  where happened_us <= {now}{since}\n  group by lead_id\n),\n"
        f"profile as (\n  select {', '.join([*given, *counted])}\n  from lead_profile p\n"
        "  cross join recorded r\n  left join windows w on w.lead_id = p.lead_id\n)"
    )


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _weight(window: Window, now: str) -> str:
    """What one interaction counts in a window."""
    kinds = {"content": "nature", "person_to_person": "nature", "inbound": "direction", "outbound": "direction"}
    of_kind = f"{kinds[window.kind]} = '{window.kind}'" if window.kind in kinds else ""
    if window.how == "halved":
        period = window.days * DAY_US
        steps = [f"happened_us > {now} - {period * (k + 1)} then {0.5**k!r}e0" for k in range(HALVINGS)]
        weighed = f"case when {' when '.join(steps)} else 0.0e0 end"
        return f"case when {of_kind} then {weighed} else 0.0e0 end" if of_kind else weighed
    bound = "" if window.how == "ever" else f"happened_us > {now} - {_us(window.reach)}"
    condition = " and ".join(part for part in (of_kind, bound) if part) or "true"
    return f"case when {condition} then 1.0e0 else 0.0e0 end"


def criterion_columns(criteria: Sequence[tuple[Criterion, Rule]]) -> list[str]:
    """The columns of the criteria in the answer of :func:`judge_sql`: their ids, with a number where SQL needs one."""
    return unique([criterion.id for criterion, _ in criteria], ("lead_id", "ok"))


def judge_sql(criteria: Sequence[tuple[Criterion, Rule]], *, dialect: str = "duckdb") -> str:
    """A whole query that judges every lead: one row a lead with ``lead_id``, a column for each criterion, and ``ok``.

    Each is true, false or ``NULL`` for unknown, as in :class:`~leadbridge.domain.criteria.Verdict`. The query reads
    ``lead_profile`` and, once, ``interactions``; its parameter is ``now_us``.

    Args:
        criteria: each with its compiled rule.
        dialect: any name that sqlglot knows.
    """
    from sqlglot import exp

    rules = [rule for _, rule in criteria]
    derived = {name: own for rule in rules for name, own in rule.derived.items()}
    taken = [column_of(name, rule.types.get(name, "number")) for rule in rules for name in rule.names]
    called = unique([name.replace(".", "_") for name in derived], [*taken, "lead_id"])
    places: dict[str, exp.Expression] = {
        name: exp.column(one, quoted=True) for name, one in zip(derived, called, strict=True)
    }
    computed = [
        f", {_generated(own.sql(), dialect)} as {_generated(places[name], dialect)}" for name, own in derived.items()
    ]
    columns = [exp.column(one, quoted=True).sql(dialect=dialect) for one in criterion_columns(criteria)]
    conditions = [
        f"{_generated(tree_of(rule, places), dialect)} as {one}" for rule, one in zip(rules, columns, strict=True)
    ]
    return (
        f"with {profile_sql(rules, dialect=dialect)},\n"
        f"derived as (\n  select profile.*{''.join(computed)}\n  from profile\n),\n"
        f"judged as (\n  select {', '.join(['lead_id', *conditions])}\n  from derived\n)\n"
        f"select {', '.join(['lead_id', *columns])}, {' and '.join(columns) or 'true'} as ok\nfrom judged"
    )
