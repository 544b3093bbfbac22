"""Do criteria compile: those of the target market, of scores and of definitions, each with the names it may use?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice
from leadbridge.agreement.reading import Path
from leadbridge.domain.criteria import CriteriaError, Criterion
from leadbridge.domain.criteria.names import columns_of
from leadbridge.domain.criteria.vocabulary import Layer
from leadbridge.domain.lead import LEAD_FIELDS
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["attribute_problems", "definition_problems", "market_problems", "score_problems"]


def attribute_problems(agreement: Agreement) -> Found:
    """Attributes that are fields already, or that SQL could not tell apart."""
    found = False
    for name in agreement.attributes:
        if name in LEAD_FIELDS:
            found = True
            yield ("attributes", name), Problem(f"{name} is a field of every lead already", "remove it here")
    if not found:
        try:
            columns_of(agreement.types)
        except CriteriaError as error:
            yield ("attributes",), Problem(error.message, error.remedy)


def market_problems(agreement: Agreement) -> Found:
    """What is wrong with the companies and the roles of the target market."""
    market = agreement.target_market
    yield from _criteria(agreement, market.companies, ("target_market", "companies"), "market")
    yield from twice([role.id for role in market.roles], ("target_market", "roles"), "role")
    for index, role in enumerate(market.roles):
        if role.when is not None:
            yield from _compiles(agreement, role.when, ("target_market", "roles", index, "when"), "market")


def score_problems(agreement: Agreement) -> Found:
    """What is wrong with the criteria of scores."""
    for name, score in agreement.scores.items():
        path: Path = ("scores", name, "points")
        yield from twice([point.id for point in score.points], path, "point")
        for index, point in enumerate(score.points):
            if point.when is not None:
                yield from _compiles(agreement, point.when, (*path, index, "when"), "score")


def definition_problems(agreement: Agreement) -> Found:
    """What is wrong with the criteria of definitions."""
    for name, definition in agreement.definitions.items():
        yield from _criteria(agreement, definition.criteria, ("definitions", name, "criteria"), "criterion")


def _criteria(agreement: Agreement, criteria: Sequence[Criterion], path: Path, layer: Layer) -> Found:
    yield from twice([criterion.id for criterion in criteria], path, "criterion")
    for index, criterion in enumerate(criteria):
        yield from _compiles(agreement, criterion.when, (*path, index, "when"), layer)


def _compiles(agreement: Agreement, text: str, path: Path, layer: Layer) -> Found:
    try:
        agreement.vocabulary.rule(text, layer)
    except CriteriaError as error:
        if not error.elsewhere:  # a mistake in a score or in the market is reported once, where it is
            yield path, Problem(error.message, error.remedy)
