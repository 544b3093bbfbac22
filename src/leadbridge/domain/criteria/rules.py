"""Readiness rules: SQL boolean expressions over one lead, compiled once, evaluated with three values.

The language is that of :mod:`leadbridge.domain.criteria.grammar`, over the names of
:mod:`leadbridge.domain.criteria.names`: ``lead.<field>``, ``company.<field>``, ``last_<n>d.<interaction kind>``; a
bare name is a field of the lead. An agreement adds names of its own, ``target.company``, ``target.role`` and
``score.<name>``, which are :class:`Derived` from others. As in SQL, what is missing makes a comparison unknown
(``None``), neither true nor false. Names and types are checked, and what no lead can meet is refused, when the rule
is compiled. :mod:`leadbridge.domain.criteria.sql` gives the same rule as SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from leadbridge.domain.criteria.closures import Closure, FieldType
from leadbridge.domain.criteria.compiler import Compiler
from leadbridge.domain.criteria.grammar import parse_condition
from leadbridge.domain.criteria.names import PROFILE_TYPES, CriteriaError
from leadbridge.domain.criteria.possible import refuse_impossible

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["PROFILE_TYPES", "CriteriaError", "Derived", "FieldType", "Rule", "compile_rule"]


class Derived(Protocol):
    """A name that is computed from other names: ``target.company``, ``target.role``, ``score.<name>``.

    It is data: two that say the same are equal, and it can be pickled.

    Attributes:
        type: what it comes to.
        names: the names of the profile that it is computed from.
        read: those of them whose value matters, and not only whether there is one.
    """

    @property
    def type(self) -> FieldType: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def read(self) -> frozenset[str]: ...

    def closure(self) -> Closure:
        """From the values of a lead's profile to the value of the name."""
        ...

    def sql(self) -> exp.Expression:
        """The same over the columns of ``lead_profile``."""
        ...


class Rule:
    """A compiled rule.

    Attributes:
        text: as it was written.
        names: the names of the profile that it needs, in the order of the text; ``fields`` is the same as a set.
        shown: the names as they are written, among them derived ones.
        read: the needed names whose value matters, and not only whether there is one.
        types: the types of the names that may be used.
        derived: the derived names that it uses.
    """

    __slots__ = ("_allowed", "_closure", "_own", "derived", "fields", "names", "read", "shown", "text", "types")

    def __init__(
        self,
        text: str,
        types: Mapping[str, FieldType],
        allowed: Mapping[str, frozenset[str]],
        known: Mapping[str, Derived],
        refused: Mapping[str, str],
    ) -> None:
        compiler = Compiler(types, allowed, known, refused)
        self.text = text
        self.types, self._allowed = types, allowed
        try:
            tree = parse_condition(text)
            self._closure = compiler.condition(tree)
            refuse_impossible(tree, compiler.atoms)
        except RecursionError:
            raise CriteriaError("the criterion is nested too deeply", "split it into several criteria") from None
        self.shown = tuple(compiler.shown)
        self.derived: Mapping[str, Derived] = {name: known[name] for name in self.shown if name in known}
        own = self.derived
        needed = (base for name in self.shown for base in (own[name].names if name in own else (name,)))
        self._own = {name: derived.closure() for name, derived in own.items()}
        self.names = tuple(dict.fromkeys(needed))
        self.fields = frozenset(self.names)
        self.read = frozenset(compiler.read - own.keys()).union(*(derived.read for derived in own.values()))

    def evaluate(self, values: Mapping[str, object]) -> bool | None:
        """True, false, or ``None`` for unknown.

        Args:
            values: by profile name; a missing name, ``None`` and a value of another type are unknown.
        """
        outcome: bool | None = self._closure(values)
        return outcome

    def seen(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values that it looks at, by name as written."""
        return {name: (own(values) if (own := self._own.get(name)) else values.get(name)) for name in self.shown}

    def lacking(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """What it looks at and that has no value: of a derived name, what that is computed from, or else the name."""
        found: dict[str, None] = {}
        for name, value in self.seen(values).items():
            if value is None:
                bases = self.derived[name].names if name in self.derived else ()
                found.update(dict.fromkeys([base for base in bases if values.get(base) is None] or [name]))
        return tuple(found)

    def sql(self, dialect: str = "duckdb") -> str:
        """The rule as a boolean expression over the columns of ``lead_profile``.

        A window such as ``last_30d.content`` is the column ``last_30d_content``, which
        :func:`leadbridge.domain.criteria.sql.judge_sql` adds to the profile.

        Args:
            dialect: any name that sqlglot knows; DuckDB's is tested to agree with :meth:`evaluate`.
        """
        from leadbridge.domain.criteria.sql import render

        return render(self, dialect)

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and (other.text, other.types, other.derived) == (
            self.text,
            self.types,
            self.derived,
        )

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[object, ...]:
        return (Rule, (self.text, dict(self.types), dict(self._allowed), dict(self.derived), {}))


def compile_rule(
    text: str,
    types: Mapping[str, FieldType] = PROFILE_TYPES,
    *,
    allowed: Mapping[str, frozenset[str]] | None = None,
    derived: Mapping[str, Derived] | None = None,
    refused: Mapping[str, str] | None = None,
) -> Rule:
    """Compiles a criterion.

    Args:
        text: the expression.
        types: the names that may be used and their types.
        allowed: for a name with a closed list of values (a stage, a reason), that list: other literals are refused.
        derived: further names that are computed from others.
        refused: why names with a prefix such as ``score.`` cannot be used here, for those that are not known.

    Raises:
        CriteriaError: with what is wrong and the way out.
    """
    return Rule(text, types, allowed or {}, derived or {}, refused or {})
