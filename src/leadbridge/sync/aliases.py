"""Which record took the place of which: chains of merges and conversions, and records that nobody can find any more.

Pure. A lead follows its record from one to the next (converted, then merged, then merged again). Where the way leads to
the record of another lead, that one goes on: it takes over what must not get lost, which is an opt-out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from leadbridge.adapter import Missing, Record, Ref
from leadbridge.store import Observation

__all__ = ["VANISHED", "answered", "takers", "upstream", "vanished"]

Key = tuple[str, Ref]

VANISHED = "vanished"
"""The version of a record that its CRM does not know any more, not even as a deleted one."""


def upstream(ready: Collection[Key], ended: Mapping[Key, Record]) -> list[Key]:
    """Of records that ended, those to follow first: none of the others leads to them.

    The way of one lead may lead over the record of another one, and has to end there.
    """
    behind: set[Key] = set()
    for key in ready:
        seen, step = {key}, key
        while step in ended and (heir := ended[step].successor) is not None:
            step = (step[0], heir)
            if step in seen:
                break
            seen.add(step)
            behind.add(step)
    return sorted(key for key in ready if key not in behind) or sorted(ready)


def takers(into: Mapping[str, Collection[str]]) -> set[str]:
    """Leads that take others over, and are decided about after those.

    Two CRMs may merge the same two people each the other way round. Then either lead takes the other one over, and the
    first of them by id waits for nobody.

    Args:
        into: for each lead that went over into others, those.
    """
    ways = dict(into)
    waiting = {owner for owners in into.values() for owner in owners}
    for lead in sorted(waiting):
        if lead in _reached(lead, ways):
            waiting.discard(lead)
            del ways[lead]
    return waiting


def _reached(start: str, ways: Mapping[str, Collection[str]]) -> set[str]:
    """Where the ways from a lead lead to."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = set(ways.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return found


def vanished(observations: Iterable[Observation], now: datetime) -> list[Record]:
    """Records as they stand once their CRM does not know them any more: with what they said last."""
    return [
        Record(o.ref, VANISHED, now, o.record.fields, "deleted")
        for o in observations
        if o.record.state == "live" or o.record.version == VANISHED
    ]


def answered(
    asked: Iterable[Ref],
    answers: Iterable[Record | Missing],
    known: Iterable[Observation],
    now: datetime,
    *,
    heirs: bool = False,
) -> list[Record]:
    """What the answers to a look-up say about the records asked for, and about those that took their place.

    Args:
        asked: the records, in the order of the answers.
        known: what was seen before of those that are missing now.
        heirs: the records took the place of others: of one that is missing this is said even if nobody ever saw it,
            or its lead would wait for ever for a record that cannot be read.
    """
    found: dict[Ref, Record] = {}
    lost: list[Ref] = []
    for ref, answer in zip(asked, answers, strict=True):
        if isinstance(answer, Missing):
            lost.append(ref)
            continue
        found[answer.ref] = answer
        if answer.ref != ref:
            found.setdefault(ref, Record(ref, f"merged-{answer.ref.id}", answer.modified_at, {}, "merged", answer.ref))
    seen = {o.ref: o for o in known}
    for ref in lost:
        if ref in seen:
            found.update({record.ref: record for record in vanished([seen[ref]], now)})
        elif heirs:
            found[ref] = Record(ref, VANISHED, now, {}, "deleted")
    return list(found.values())
