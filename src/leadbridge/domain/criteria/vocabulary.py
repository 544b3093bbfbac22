"""Which names criteria may use, in three layers, so that nothing goes round in circles.

The target market is described with the names of the profile; scores may also use the target market; criteria of
definitions, of the hand-off and of the sync may use everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from leadbridge.domain.criteria.closures import FieldType
from leadbridge.domain.criteria.market import RoleTerms, TargetCompany, TargetRole, role_cases
from leadbridge.domain.criteria.names import CriteriaError
from leadbridge.domain.criteria.rules import Derived, Rule, compile_rule
from leadbridge.domain.criteria.scores import Score, ScoreTotal, compile_score
from leadbridge.domain.criteria.verdict import Criterion

__all__ = ["Layer", "Vocabulary"]

Layer: TypeAlias = Literal["market", "score", "criterion"]
"""Who is speaking: the target market, a score, or a criterion."""

_PROFILE_ONLY = "the target market is described with lead.* and company.*, from which scores and criteria start"
_REFUSED: Mapping[Layer, Mapping[str, str]] = {
    "market": {"target.": _PROFILE_ONLY, "score.": _PROFILE_ONLY},
    "score": {"score.": "a score is made of lead.*, company.*, target.* and interactions; repeat the points instead"},
    "criterion": {},
}
_NOTHING = {
    "target.company": "describe the companies under target_market.companies first",
    "target.role": "list the buying roles under target_market.roles first",
    "score.": "describe it under scores first",
}


@dataclass(frozen=True)
class Vocabulary:
    """The names of an agreement.

    Args:
        types: the names of the profile and their types.
        allowed: the closed lists of values, by name.
        companies: the criteria of the companies of the target market.
        roles: the buying roles.
        scores: the scores, by name.
    """

    types: Mapping[str, FieldType]
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    companies: Sequence[Criterion] = ()
    roles: Sequence[RoleTerms] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    _made: dict[str, Derived] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rule(self, text: str, layer: Layer = "criterion") -> Rule:
        """Compiles a criterion.

        Raises:
            CriteriaError: with what is wrong and the way out.
        """
        names = _Names(self, layer)
        refused = dict(_REFUSED[layer])
        for name, why in _NOTHING.items():
            if not any(one.startswith(name) for one in names):
                refused.setdefault(name, why)
        allowed = {**self.allowed, **({"target.role": frozenset(role.id for role in self.roles)} if self.roles else {})}
        return compile_rule(text, self.types, allowed=allowed, derived=names, refused=refused)

    def score(self, name: str) -> ScoreTotal:
        """A score with its criteria compiled.

        Raises:
            CriteriaError: for a criterion that cannot be compiled.
            KeyError: for a name that is no score.
        """
        key = f"score.{name}"
        found = self._made.get(key)
        if not isinstance(found, ScoreTotal):
            found = compile_score(self.scores[name], lambda text: self.rule(text, "score"))
            self._made[key] = found
        return found

    def derived(self, name: str) -> Derived:
        """What a derived name comes from.

        Raises:
            CriteriaError: when what it comes from cannot be compiled.
        """
        if name.startswith("score."):
            return self.score(name.removeprefix("score."))
        if name not in self._made:
            self._made[name] = (
                TargetCompany(tuple(self.rule(one.when, "market") for one in self.companies))
                if name == "target.company"
                else TargetRole(*role_cases(self.roles, lambda text: self.rule(text, "market"), self.types))
            )
        return self._made[name]


class _Names(Mapping[str, Derived]):
    """The derived names of a layer; each is compiled when somebody uses it, so that an error stays where it is."""

    def __init__(self, vocabulary: Vocabulary, layer: Layer) -> None:
        market = [
            *(["target.company"] if vocabulary.companies else []),
            *(["target.role"] if vocabulary.roles else []),
        ]
        scores = [f"score.{name}" for name in vocabulary.scores]
        self._vocabulary = vocabulary
        self._names = dict.fromkeys([*(market if layer != "market" else []), *(scores if layer == "criterion" else [])])

    def __getitem__(self, name: str) -> Derived:
        if name not in self._names:
            raise KeyError(name)
        try:
            return self._vocabulary.derived(name)
        except CriteriaError as error:
            if error.elsewhere:
                raise
            raise CriteriaError(f"{name} cannot be computed: {error.message}", error.remedy, elsewhere=True) from None

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
