"""Conditions that no lead can meet: contradictory bounds, negative counts, two different values at once.

A contradiction is looked for in what is joined by ``and`` (and in what ``not`` makes of an ``or``), name by name. Only
what is certain is reported: a criterion that is refused as impossible is true for no lead whatsoever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from leadbridge.domain.criteria.closures import FieldType
from leadbridge.domain.criteria.grammar import said
from leadbridge.domain.criteria.names import CriteriaError

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Atom", "Atoms", "refuse_impossible"]


@dataclass(frozen=True, slots=True)
class Atom:
    """What one comparison asks of a term: ``operator`` is one of ``= <> < <= > >= in notin null notnull``.

    Attributes:
        term: the name, or ``lower(name)``.
        whole: whether its values are whole numbers.
        least: the smallest value that it can have, when there is one.
    """

    term: str
    type: FieldType
    operator: str
    values: tuple[Any, ...] = ()
    whole: bool = False
    least: float | None = None

    def negated(self) -> Atom:
        """What the opposite asks."""
        return Atom(self.term, self.type, _OPPOSITE[self.operator], self.values, self.whole, self.least)


Atoms = Mapping[int, tuple[Atom, ...]]
"""What the comparisons of a tree ask, by the ``id`` of their node; several atoms are all asked at once."""

_PAIRS = (("=", "<>"), ("<", ">="), (">", "<="), ("in", "notin"), ("null", "notnull"))
_OPPOSITE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


def refuse_impossible(tree: exp.Expression, atoms: Atoms) -> None:
    """Refuses a tree with a part that no lead can meet.

    Raises:
        CriteriaError: naming the part.
    """
    from sqlglot import exp

    waiting: list[exp.Expression] = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (exp.And, exp.Not)) or id(node) in atoms:
            asked = list(_asked(node, True, atoms))
            for term in dict.fromkeys(atom.term for atom in asked):
                of_term = [atom for atom in asked if atom.term == term]
                if not _possible(of_term):
                    whole = "a count is a whole number from 0" if of_term[0].whole else f"no {term} is all of that"
                    raise CriteriaError(f"{said(node)} can never be true", f"{whole}: correct a value, or write or")
        if isinstance(node, (exp.Paren, exp.Not)):
            waiting.append(node.this)
        elif isinstance(node, (exp.And, exp.Or)):
            waiting += [node.this, node.expression]


def _asked(node: exp.Expression, wanted: bool, atoms: Atoms) -> Iterator[Atom]:
    """What must hold for a condition to be true, or false."""
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        yield from _asked(node.this, wanted, atoms)
    elif isinstance(node, exp.Not):
        yield from _asked(node.this, not wanted, atoms)
    elif isinstance(node, exp.And if wanted else exp.Or):
        yield from _asked(node.this, wanted, atoms)
        yield from _asked(node.expression, wanted, atoms)
    else:
        found = atoms.get(id(node), ())
        if wanted:
            yield from found
        elif len(found) == 1:
            yield found[0].negated()


def _possible(atoms: Iterable[Atom]) -> bool:
    """Whether one value, or none at all, can be everything that is asked of it."""
    asked = list(atoms)
    nulls = [atom.operator == "null" for atom in asked]
    if any(nulls):
        return all(nulls)
    first = asked[0]
    candidates: set[Any] | None = {True, False} if first.type == "boolean" else None
    excluded: set[Any] = set()
    for atom in asked:
        if atom.operator in ("=", "in"):
            candidates = set(atom.values) if candidates is None else candidates & set(atom.values)
        elif atom.operator in ("<>", "notin"):
            excluded |= set(atom.values)
    if candidates is not None:
        return any(_fits(value, asked, first) for value in candidates - excluded)
    return _between(asked, first, excluded)


def _fits(value: Any, asked: Iterable[Atom], first: Atom) -> bool:
    if first.least is not None and value < first.least:
        return False
    if first.whole and value != floor(value):
        return False
    return all(_HOLDS[atom.operator](value, atom.values[0]) for atom in asked if atom.operator in _HOLDS)


def _between(asked: Iterable[Atom], first: Atom, excluded: set[Any]) -> bool:
    """Whether something lies between the bounds. (Between two texts something always does, as far as is known.)"""
    low: Any = first.least
    high: Any = None
    open_low = open_high = False
    for atom in asked:
        bound = atom.values[0] if atom.values else None
        if atom.operator in (">", ">=") and (low is None or bound > low or (bound == low and atom.operator == ">")):
            low, open_low = bound, atom.operator == ">"
        elif atom.operator in ("<", "<=") and (high is None or bound < high or (bound == high and not open_high)):
            high, open_high = bound, atom.operator == "<"
    if low is None or high is None:
        return True
    if first.whole:
        lowest = floor(low) + 1 if open_low else ceil(low)
        highest = ceil(high) - 1 if open_high else floor(high)
        return lowest < highest or (lowest == highest and lowest not in excluded)
    return bool(low < high) or (low == high and not open_low and not open_high and low not in excluded)


_HOLDS: Mapping[str, Any] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
