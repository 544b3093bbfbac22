"""The target market as names that criteria can use: ``target.company`` and ``target.role``.

``target.company`` is true when the lead's company meets all criteria of the target market, false when it fails one,
unknown otherwise. ``target.role`` is the id of the first buying role that applies to the lead, and null when none is
known to: a role applies when its criterion is true, when the lead's title is one of its titles (case does not matter),
or when the attribute ``buying_role`` of the lead names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Protocol

from leadbridge.domain.criteria.closures import Closure, FieldType, and_, lower_text, reader
from leadbridge.domain.criteria.rules import Rule

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["BUYING_ROLE", "RoleCase", "RoleTerms", "TargetCompany", "TargetRole", "role_cases"]

BUYING_ROLE = "lead.buying_role"
"""The attribute that names a lead's role, when the agreement declares it."""

_TITLE = "lead.title"


class RoleTerms(Protocol):
    """What the agreement says about a buying role."""

    @property
    def id(self) -> str: ...

    @property
    def titles(self) -> tuple[str, ...]: ...

    @property
    def when(self) -> str | None: ...


@dataclass(frozen=True)
class TargetCompany:
    """``target.company``: all criteria of the target market's companies."""

    rules: tuple[Rule, ...]
    type: FieldType = "boolean"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.names))

    @property
    def read(self) -> frozenset[str]:
        return frozenset().union(*(rule.read for rule in self.rules))

    def closure(self) -> Closure:
        judges: list[Closure] = [rule.evaluate for rule in self.rules]
        return reduce(and_, judges)

    def sql(self) -> exp.Expression:
        from sqlglot import exp

        from leadbridge.domain.criteria.sql import tree_of

        parts: list[exp.Expression] = [exp.Paren(this=tree_of(rule)) for rule in self.rules]
        return reduce(lambda left, right: exp.And(this=left, expression=right), parts)


@dataclass(frozen=True)
class RoleCase:
    """When one role applies; ``titles`` are in lower case."""

    id: str
    titles: tuple[str, ...]
    rule: Rule | None


@dataclass(frozen=True)
class TargetRole:
    """``target.role``: the first role that applies. ``declared`` says whether leads have ``buying_role``."""

    cases: tuple[RoleCase, ...]
    declared: bool = False
    type: FieldType = "text"

    @property
    def names(self) -> tuple[str, ...]:
        own = [name for case in self.cases if case.rule is not None for name in case.rule.names]
        titles = [_TITLE] if any(case.titles for case in self.cases) else []
        return tuple(dict.fromkeys([*own, *titles, *([BUYING_ROLE] if self.declared else [])]))

    @property
    def read(self) -> frozenset[str]:
        tested = frozenset().union(*(case.rule.read for case in self.cases if case.rule is not None))
        direct = {_TITLE} | ({BUYING_ROLE} if self.declared else set())
        return tested | (direct & set(self.names))

    def closure(self) -> Closure:
        tests = [(case.id, frozenset(case.titles), case.rule.evaluate if case.rule else None) for case in self.cases]
        title_of = reader(_TITLE, "text")
        named = reader(BUYING_ROLE, "text")
        declared = self.declared

        def role(values: Mapping[str, object]) -> str | None:
            title = title_of(values)
            said = lower_text(title) if title is not None else None
            told = named(values) if declared else None
            for id, titles, applies in tests:
                if said in titles or told == id or (applies is not None and applies(values) is True):
                    return id
            return None

        return role

    def sql(self) -> exp.Expression:
        from sqlglot import exp

        from leadbridge.domain.criteria.sql import column, tree_of

        found = exp.Case()
        for case in self.cases:
            tests: list[exp.Expression] = [exp.Paren(this=tree_of(case.rule))] if case.rule is not None else []
            if case.titles:
                titles = [exp.Literal.string(title) for title in case.titles]
                tests.append(exp.In(this=exp.Lower(this=column(_TITLE, "text")), expressions=titles))
            if self.declared:
                tests.append(exp.EQ(this=column(BUYING_ROLE, "text"), expression=exp.Literal.string(case.id)))
            if tests:
                found = found.when(
                    reduce(lambda a, b: exp.Or(this=a, expression=b), tests), exp.Literal.string(case.id)
                )
        return found if found.args.get("ifs") else exp.cast(exp.Null(), "text")


def role_cases(
    roles: Iterable[RoleTerms], compiled: Callable[[str], Rule], types: Mapping[str, FieldType]
) -> tuple[tuple[RoleCase, ...], bool]:
    """What :class:`TargetRole` is made of: when each role applies, and whether leads say their role themselves.

    Args:
        compiled: compiles a criterion over the names of the profile.
        types: the names of the profile and their types.

    Raises:
        CriteriaError: for a criterion that cannot be compiled.
    """
    cases = [
        RoleCase(
            role.id,
            tuple(dict.fromkeys(lower_text(title.strip()) for title in role.titles)),
            compiled(role.when) if role.when is not None else None,
        )
        for role in roles
    ]
    return tuple(cases), types.get(BUYING_ROLE) == "text"
