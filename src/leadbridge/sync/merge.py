"""Three-way merge of one field: what each side says, what each said when they last agreed, and the agreed policy.

A base is kept for each side, as that side stores it, so that a value which a CRM cut or normalised is no change. The
base also tells a clear from a field that was never filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from leadbridge.adapter import Value
from leadbridge.agreement.policies import Comparison, Policy
from leadbridge.frozen import quick
from leadbridge.sync.equivalence import equivalent, is_blank, said_yes

__all__ = ["Merged", "Rule", "Said", "equivalent", "merge"]


@quick
@dataclass(frozen=True, slots=True)
class Said:
    """What one side says of a field. A side that does not have the field, or hides it, says nothing and is left out.

    Attributes:
        base: what it said when the sides last agreed, if they are ``based``.
        modified_at: when it was said, as exactly as the CRM knows.
    """

    value: Value = field(repr=False)
    base: Value = field(repr=False)
    based: bool
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """The policy of a field for one lead. ``winner`` is the side that has the word (owner's, or on a tie)."""

    policy: Policy
    winner: str
    clear: Literal["propagate", "keep"] = "keep"
    compare: Comparison | None = None


@quick
@dataclass(frozen=True, slots=True)
class Merged:
    """What the merge decided.

    Attributes:
        value: what every side should hold.
        targets: the sides that have to be written.
        why: the rule, in words.
        winner: the side whose value won, when ``conflict``.
        conflict: both sides had changed, or had never agreed and differ: the loser's value must be kept.
        frozen: a person decides; nothing is written.
    """

    value: Value = field(repr=False)
    targets: tuple[str, ...] = ()
    why: str = ""
    winner: str = ""
    conflict: bool = False
    frozen: bool = False


def _changed(name: str, side: Said, rule: Rule) -> bool:
    return not equivalent(name, side.value, side.base, rule.compare)


def merge(name: str, sides: Mapping[str, Said], rule: Rule, *, alike: bool = False) -> Merged:
    """Merges one field over one or two sides.

    Args:
        name: the canonical field.
        sides: what each side says of it; one that does not show the field is left out.
        rule: whose word counts.
        alike: the sides say the same, each as its CRM can: cut to its length, in its options and its types.

    Source: three-way merge over a base kept per side, as file synchronisers do it; the policies are the agreement's.
    """
    names = list(sides)
    if len(names) < 2:
        return Merged(sides[names[0]].value if names else None)
    one, two = names
    left, right = sides[one], sides[two]
    if rule.policy == "sticky":
        value = said_yes(left.value) or said_yes(right.value)
        targets = tuple(side for side in names if value and not said_yes(sides[side].value))
        return Merged(value, targets, "an opt-out on any side wins" if targets else "")
    if alike or equivalent(name, left.value, right.value, rule.compare):
        return Merged(left.value)
    if rule.policy == "manual":
        return Merged(left.value, why="a person decides this field", frozen=True)
    if not (left.based and right.based):
        return _first_match(sides, rule)
    changed = [side for side in names if _changed(name, sides[side], rule)]
    if not changed:
        return Merged(left.value)
    if rule.policy == "owner" and rule.winner in sides:
        return _owners(name, sides, rule, changed)
    if len(changed) == 1:
        return _one_changed(sides, changed[0], rule)
    return _both_changed(sides, rule)


def _other(sides: Mapping[str, Said], side: str) -> str:
    return next(name for name in sides if name != side)


def _first_match(sides: Mapping[str, Said], rule: Rule) -> Merged:
    filled = [side for side in sides if not is_blank(sides[side].value)]
    if len(filled) == 1:
        return Merged(sides[filled[0]].value, (_other(sides, filled[0]),), "a blank yields to a value")
    winner = rule.winner if rule.winner in sides else _latest(sides, rule)
    return Merged(
        sides[winner].value,
        (_other(sides, winner),),
        f"first match: {winner} has the word on this field",
        winner,
        conflict=True,
    )


def _cleared(sides: Mapping[str, Said], side: str, rule: Rule) -> Merged:
    other = _other(sides, side)
    if rule.clear == "propagate":
        return Merged(None, (other,), f"cleared in {side}, and clears of this field are passed on", side)
    return Merged(sides[other].value, (side,), f"cleared in {side}, but clears of this field are not passed on", other)


def _one_changed(sides: Mapping[str, Said], side: str, rule: Rule) -> Merged:
    if is_blank(sides[side].value):
        return _cleared(sides, side, rule)
    return Merged(sides[side].value, (_other(sides, side),), f"changed in {side} only", side)


def _owners(name: str, sides: Mapping[str, Said], rule: Rule, changed: list[str]) -> Merged:
    owner, other = rule.winner, _other(sides, rule.winner)
    if is_blank(sides[owner].value):
        if owner in changed:
            cleared = _cleared(sides, owner, rule)
            return replace(cleared, conflict=other in changed and cleared.targets == (other,))
        return Merged(sides[other].value, (owner,), "a blank yields to a value", other)
    return Merged(
        sides[owner].value,
        (other,),
        f"{owner} owns this field in this phase",
        owner,
        conflict=other in changed,
    )


def _latest(sides: Mapping[str, Said], rule: Rule) -> str:
    one, two = sides
    if sides[one].modified_at == sides[two].modified_at:
        return rule.winner if rule.winner in sides else one
    return one if sides[one].modified_at > sides[two].modified_at else two


def _both_changed(sides: Mapping[str, Said], rule: Rule) -> Merged:
    filled = [side for side in sides if not is_blank(sides[side].value)]
    if rule.policy == "non_blank" and len(filled) == 1:
        winner, why = filled[0], "both changed: the one that is not blank wins"
    else:
        winner, why = _latest(sides, rule), "both changed: the later record wins"
    if is_blank(sides[winner].value) and rule.clear == "keep":
        winner, why = _other(sides, winner), "both changed: a clear does not beat a value"
    return Merged(sides[winner].value, (_other(sides, winner),), why, winner, conflict=True)
