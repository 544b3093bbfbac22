"""What each CRM says of each lead, kept apart: the tables ``records`` and ``said``, which reconciling compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadbridge.adapter import Value
from leadbridge.agreement import Agreement
from leadbridge.agreement.crosswalk import BY_REASON
from leadbridge.agreement.offer import decision_meant
from leadbridge.analytics.crm.around import Deal, Related, deals, interactions
from leadbridge.analytics.crm.past import states
from leadbridge.analytics.crm.people import People, Seen
from leadbridge.clock import to_us

__all__ = ["FILTERS", "records_and_said"]

FILTERS = ("source", "campaign", "country", "region", "industry")
"""What reports of a CRM are filtered by that says nothing about a person."""

Row = dict[str, Any]


def records_and_said(
    people: People, related: Mapping[str, Sequence[Related]], agreement: Agreement
) -> tuple[list[Row], list[Row]]:
    """The rows of ``records`` and of ``said``."""
    records: list[Row] = []
    said: list[Row] = []
    for person in people.persons.values():
        own_related = related.get(person.id, ())
        sold = list(deals(own_related))
        talks = [at for _, at, body in interactions(own_related) if body["nature"] == "person_to_person"]
        first_talk = min(talks, default=None)
        for seen in person.seen:
            records.append(_record(person.id, seen))
            live = seen.record.state == "live"
            own = [deal for deal in sold if live and deal.account is seen.account]
            said.extend(_said(person.id, seen, agreement, own, first_talk))
    return records, said


def _record(lead: str, seen: Seen) -> Row:
    record, values = seen.record, seen.values
    successor = record.successor
    return {
        "lead_id": lead,
        "connection": seen.account.name,
        "record": record.ref.id,
        "kind": record.ref.kind,
        "function": seen.account.mapping.function,
        "state": record.state,
        "successor": successor.id if successor is not None else None,
        "how": seen.how,
        "modified_us": to_us(record.modified_at),
        **{name: _text(values.get(name)) for name in FILTERS},
    }


def _said(
    lead: str, seen: Seen, agreement: Agreement, sold: Sequence[Deal], first_talk: datetime | None
) -> Iterator[Row]:
    """What a record said on each axis in turn, and what its opportunities say of the stage."""
    base = {"lead_id": lead, "connection": seen.account.name, "record": seen.record.ref.id}
    lasting: dict[str, Row] = {}
    for state in states(seen, agreement.lifecycle.ids):
        since = to_us(state.at) if state.at is not None else None
        talked = first_talk is not None and (state.at is None or first_talk <= state.at)
        said = _meant(state.said, agreement, talked)
        for axis in dict.fromkeys([*said, *state.strange, *lasting]):
            now = said.get(axis), state.strange.get(axis)
            last = lasting.get(axis)
            if last is not None and (last["value"], last["raw"]) == now:
                continue
            if last is not None:
                yield {**lasting.pop(axis), "until_us": since}
            if now != (None, None):
                more = {"axis": axis, "value": now[0], "raw": now[1], "since_us": since, "precision": state.precision}
                lasting[axis] = {**base, **more}
    yield from lasting.values()
    for deal in sold:
        opened = to_us(deal.opened_at)
        closed = to_us(deal.closed_at) if deal.closed_at is not None else None
        name = agreement.lifecycle.find("opportunity") or "opportunity"
        row = {**base, "axis": "deal", "precision": "instant"}
        yield {**row, "value": name, "since_us": opened, "until_us": closed}
        if closed is not None:
            outcome = "won" if deal.won else "lost"
            ended = {"value": agreement.lifecycle.find(outcome) or outcome, "since_us": closed}
            yield {**row, **ended, "precision": "day" if deal.by_day else "instant"}


def _meant(said: Mapping[str, str], agreement: Agreement, talked: bool) -> Mapping[str, str]:
    """What is said, with the decision that a reason stands for where the CRM only says "closed"."""
    if said.get("decision") != BY_REASON:
        return said
    code = said.get("reason")
    if code is None:
        return {axis: value for axis, value in said.items() if axis != "decision"}
    return {**said, "decision": decision_meant(agreement, code, followed_up=talked)}


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
