"""What changed in the promises, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadbridge.domain.model import listing

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["or_nothing", "promise_in_words"]


def or_nothing(value: Any) -> str:
    """A value in words, ``nothing`` for none."""
    return "nothing" if value in (None, "", []) else f"{value:g}" if isinstance(value, float) else str(value)


def promise_in_words(policy: str, rest: tuple[str, ...], old: Any, new: Any, what: str, agreement: Agreement) -> str:
    """The sentence for one difference in the promises; empty when there is none for its place.

    Args:
        policy: the id of the policy.
        rest: the place in it.
        old: what stood there.
        new: what stands there now.
        what: added, removed or changed.
        agreement: the one in which the policy stands.
    """
    who = next((each.duty_of for each in agreement.slas if each.id == policy), "somebody")
    match rest:
        case ():
            return f"{who} {'makes' if what == 'added' else 'takes back'} the promises of {policy}"
        case ("calendar",) | ("targets", _, "calendar"):
            return f"the promises of {policy} count in the calendar {_from_to(old, new)}"
        case ("on_transfer",):
            return f"when the owner changes, {policy} is: {_from_to(old, new)}"
        case ("duty_of",):
            return f"{new} makes the promises of {policy}, before {old}"
        case ("when",):
            return f"the promises of {policy} hold for leads with {new or 'anything'}, before: {old or 'anything'}"
        case ("zone_of",):
            return f"the promises of {policy} count in the time zone of the {new}, before of the {old}"
        case ("targets", target, *place):
            return _target(who, target, tuple(place), old, new, what)
    return ""


def _target(who: str, target: str, place: tuple[str, ...], old: Any, new: Any, what: str) -> str:
    match place:
        case () if what == "added":
            kept = listing(new["stops"]) if new["stops"] else f"{new['cadence']['touches']} touches"
            return f"{who} promises {target}: {kept} within {new['within']} of {new['starts']}"
        case ():
            return f"{who} no longer promises {target}"
        case ("within",):
            return f"{who} promises {target} within {_from_to(old, new)}"
        case ("grace",):
            return f"{target} is counted as broken after a grace of {_from_to(old, new)}"
        case ("warn_before",):
            return f"the warning of {target} comes {_from_to(old, new)} ahead"
        case ("paused_while",):
            return f"the promise {target} stands still while {listing(new)}, before {listing(old)}"
        case ("resets",):
            return f"the promise {target} begins anew with {listing(new)}, before {listing(old)}"
        case ("cancels",):
            return f"the promise {target} ends with {listing(new)}, before {listing(old)}"
        case ("cadence", part) if part in ("touches", "channels"):
            return f"{target} takes {_from_to(old, new)} {part}"
        case ("escalate",) if isinstance(old, list) and isinstance(new, list):
            return f"of {target} is told: {_alerts(new)}, before: {_alerts(old)}"
    return ""


def _alerts(entries: list[Any]) -> str:
    return listing(f"{entry['to']} at {entry['at']}" for entry in entries)


def _from_to(old: Any, new: Any) -> str:
    return f"{or_nothing(new)}, before {or_nothing(old)}"
