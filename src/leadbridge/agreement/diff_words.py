"""Differences between two agreements as sentences, for the changes that are made most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadbridge.agreement.diff_promises import or_nothing, promise_in_words
from leadbridge.agreement.reading import Path
from leadbridge.domain.model import listing

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["SECTIONS", "in_words"]

SECTIONS: Mapping[str, str] = {
    **dict.fromkeys(("agreement", "version", "effective", "until", "language"), "The agreement"),
    **dict.fromkeys(("signatures", "required_signatures"), "Signatures"),
    "slas": "Promises",
    "handoff": "Hand-off",
    "lead_statuses": "Lead statuses",
    "buying_stages": "Buying stages",
    "target_market": "Target market",
    "value_propositions": "Value propositions",
    "campaign_names": "Campaigns",
    "incentives": "Shared incentives",
    "sync": "Systems",
    "crosswalks": "Systems",
    "people": "People",
    **{
        name: name.capitalize()
        for name in (
            *("lifecycle", "definitions", "scores", "messages", "assets", "campaigns", "outcomes", "routing", "plan"),
            *("calendars", "reasons", "recycling", "feedback", "targets", "reviews", "assumptions", "attributes"),
        )
    },
}
"""The heading of each top-level key."""

_ENTRIES = {
    "value_propositions": "the value proposition",
    "messages": "the message",
    "assets": "the asset",
    "campaigns": "the campaign",
    "outcomes": "the outcome",
    "incentives": "the incentive",
    "reviews": "the review",
    "plan": "the period",
    "calendars": "the calendar",
    "definitions": "the definition",
    "scores": "the score",
    "lead_statuses": "the lead status",
    "attributes": "the field",
    "reasons": "the reason",
}
_BOUNDS = {"at_least": "at least", "at_most": "at most"}


def in_words(path: Path, old: Any, new: Any, *, what: str, before: Agreement, after: Agreement) -> str:
    """The sentence for one difference; empty when there is none for its place.

    Args:
        what: added, removed or changed.
        before: the agreement that it was in.
        after: the agreement that it is in now.
    """
    keys = tuple(str(part) for part in path)
    there = before if what == "removed" else after
    found = (
        _governance(keys, old, new, what)
        or _stages(keys, old, new, what)
        or _words(keys, old, new, what)
        or _handoff(keys, old, new, what, there)
        or _refusals(keys, old, new)
    )
    if not found and len(keys) == 2 and keys[0] in _ENTRIES and what != "changed":
        found = f"{_ENTRIES[keys[0]]} {keys[1]} is {_new(what)}{_about(new)}"
    if not found and what == "changed" and _words_only(old) and _words_only(new):
        found = _list(".".join(keys), old, new)
    return found


def _new(what: str) -> str:
    return "new" if what == "added" else "gone"


def _about(entry: Any) -> str:
    text = ""
    if isinstance(entry, Mapping):
        text = next((str(entry[key]) for key in ("text", "title", "label", "when") if entry.get(key)), "")
    return f": {text}" if text else ""


def _words_only(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def _list(name: str, old: Sequence[str], new: Sequence[str]) -> str:
    more, fewer = [x for x in new if x not in old], [x for x in old if x not in new]
    if not more and not fewer:
        return ""
    parts = [f"{listing(more, limit=40)} added"] if more else []
    parts += [f"{listing(fewer, limit=40)} removed"] if fewer else []
    return f"{name}: {', '.join(parts)}"


def _from_to(old: Any, new: Any) -> str:
    return f"{or_nothing(new)}, before {or_nothing(old)}"


def _governance(keys: tuple[str, ...], old: Any, new: Any, what: str) -> str:
    match keys:
        case ("agreement",):
            return f"the agreement is called {new}, before {old}"
        case ("version",):
            return f"version {old} became version {new}"
        case ("effective",):
            return f"it holds from {new} on, before from {old}"
        case ("until",):
            return f"it ends on {new}{f', before on {old}' if old else ''}" if new else f"it no longer ends on {old}"
        case ("signatures", role):
            return f"the signature of {role} is gone" if what == "removed" else f"{role} signed on {new['on']}"
        case ("signatures", role, "on"):
            return f"{role} signed on {new}, before on {old}"
        case ("signatures", role, "name"):
            return f"another person signed as {role}"
        case ("required_signatures",):
            must, no_more = [x for x in new if x not in old], [x for x in old if x not in new]
            parts = [f"{listing(must)} has to sign"] if must else []
            parts += [f"{listing(no_more)} no longer has to sign"] if no_more else []
            return "; ".join(parts)
        case ("targets", metric) | ("plan", _, "targets", metric) if what != "changed":
            return f"{_aim(keys, metric)} is {_new(what)}: {_bounds(new if what == 'added' else old)}"
        case ("targets", metric, bound) | ("plan", _, "targets", metric, bound) if bound in _BOUNDS:
            if old is None or new is None:
                return f"{_aim(keys, metric)} is {_BOUNDS[bound]} {_from_to(old, new)}"
            way = "rises" if new > old else "falls"
            return f"{_aim(keys, metric)} {way} to {_BOUNDS[bound]} {_from_to(old, new)}"
        case ("targets", metric, "owner") | ("plan", _, "targets", metric, "owner"):
            return f"{_aim(keys, metric)} is looked after by {new or 'both'}, before by {old or 'both'}"
        case ("assumptions", name):
            return f"{name.replace('_', ' ')} is assumed to be {_from_to(old, new)}"
    return ""


def _aim(keys: tuple[str, ...], metric: str) -> str:
    return f"the target for {metric}" + (f" in {keys[1]}" if keys[0] == "plan" else "")


def _bounds(target: Mapping[str, Any]) -> str:
    said = [f"{words} {or_nothing(target[name])}" for name, words in _BOUNDS.items() if target.get(name) is not None]
    return ", ".join(said) + f" ({target.get('owner') or 'shared'})"


def _stages(keys: tuple[str, ...], old: Any, new: Any, what: str) -> str:
    match keys:
        case ("lifecycle", "stages", stage) if what != "changed":
            return f"the stage {stage} is {_new(what)}"
        case ("lifecycle", "detours", stage) if what != "changed":
            return f"the detour {stage} is {_new(what)}"
        case ("lifecycle", "success_path"):
            return f"the way to success is {' → '.join(new)}, before {' → '.join(old)}"
        case ("buying_stages", stage) if what != "changed":
            return f"the buying stage {stage} is {_new(what)}"
        case ("buying_stages", stage, "evidence", rule) if what != "changed":
            return f"the evidence {rule} for the buying stage {stage} is {_new(what)}"
        case ("buying_stages", stage, "plays", play):
            function = (new or old)["function"] if what != "changed" else play
            return f"{function} {'also' if what == 'added' else 'no longer'} does something in {stage}"
        case ("buying_stages", stage, "plays", play, "does"):
            return f"in {stage}, {play} does: {_from_to(old, new)}"
    return ""


def _words(keys: tuple[str, ...], old: Any, new: Any, what: str) -> str:
    match keys:
        case ("definitions", name, "criteria", criterion) if what != "changed":
            when = (new or old)["when"]
            return f"{name} {'also' if what == 'added' else 'no longer'} asks for {criterion}: {when}"
        case ("definitions", name, "criteria", criterion, "when"):
            return f"{name} asks for {criterion}: {new}, before: {old}"
        case ("scores", name, "points", point) if what != "changed":
            return f"the score {name} {'also' if what == 'added' else 'no longer'} gives points for {point}"
        case ("scores", name, "points", point, "points"):
            return f"the score {name} gives {new:+d} for {point}, before {old:+d}"
    return ""


def _handoff(keys: tuple[str, ...], old: Any, new: Any, what: str, agreement: Agreement) -> str:
    match keys:
        case ("handoff", "package", part):
            return _told(agreement.handoff.from_, part, old, new)
        case ("handoff", "definition"):
            return f"a lead that is offered meets {_from_to(old, new)}"
        case ("handoff", "at"):
            return f"leads are offered at {_from_to(old, new)}"
        case ("handoff", "expires_after"):
            return f"an offer runs out after {_from_to(old, new)}"
        case ("slas", policy, *rest):
            return promise_in_words(policy, tuple(rest), old, new, what, agreement)
        case ("sync", "include"):
            return f"leads cross when {new or 'always'}, before: {old or 'always'}"
        case ("crosswalks", system, kind, "values", field, value, *_):
            where = f"in {system}, {kind}.{field} {value!r}"
            return where + (f" means {_meaning(new)}" if new else " means nothing any more") + _was(old)
    return ""


def _refusals(keys: tuple[str, ...], old: Any, new: Any) -> str:
    match keys:
        case ("reasons", code, "cool_off"):
            return f"a lead refused for {code} rests {_from_to(old, new)}"
        case ("reasons", code, "remedy_owner"):
            return f"{new} can fix {code}, before {old}"
        case ("reasons", code, "default_action"):
            return f"after {code} comes {_from_to(old, new)}"
        case ("reasons", code, "allowed_decisions"):
            return f"{code} explains {listing(new)}, before {listing(old)}"
        case ("reasons", code, "needs_note"):
            return f"{code} {'needs' if new else 'no longer needs'} a note"
        case ("reasons", code, "needs_attempts"):
            return f"{code} may be given after {or_nothing(new)} attempts, before {or_nothing(old)}"
        case ("recycling", "max_passages"):
            return f"a lead goes through the funnel at most {new} times, before {old}"
        case ("recycling", "default_cool_off"):
            return f"a recycled lead rests {_from_to(old, new)}"
    return ""


def _meaning(meaning: Any) -> str:
    return (
        ", ".join(f"{axis} {name}" for axis, name in meaning.items()) if isinstance(meaning, Mapping) else str(meaning)
    )


def _was(old: Any) -> str:
    return f", before {_meaning(old)}" if old else ""


def _told(giver: str, part: str, old: Any, new: Any) -> str:
    if not (_words_only(old) and _words_only(new)):
        return ""
    how = {"required": "always", "optional": "where known"}.get(part, part)
    more, fewer = [x for x in new if x not in old], [x for x in old if x not in new]
    parts = [f"{giver} also tells {listing(more)} {how}"] if more else []
    parts += [f"{giver} no longer tells {listing(fewer)} {how}"] if fewer else []
    return "; ".join(parts)
