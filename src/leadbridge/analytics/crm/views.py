"""What each CRM says of each lead, kept apart: the tables ``records`` and ``said``, which reconciling compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadbridge.adapter import Value
from leadbridge.agreement import Agreement
from leadbridge.analytics.crm.around import Deal, Related, deals
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
        sold = list(deals(related.get(person.id, ())))
        for seen in person.seen:
            records.append(_record(person.id, seen))
            live = seen.record.state == "live"
            own = [deal for deal in sold if live and deal.account is seen.account]
            said.extend(_said(person.id, seen, agreement, own))
    return records, said


def _record(lead: str, seen: Seen) -> Row:
    record, values = seen.record, seen.values
    successor = record.successor
    return {
        "lead_id": lead,
        "connection": seen.account.name,
        "record": record.ref.id,
        "kind": record.ref.kind,
        "state": record.state,
        "successor": successor.id if successor is not None else None,
        "how": seen.how,
        "modified_us": to_us(record.modified_at),
        **{name: _text(values.get(name)) for name in FILTERS},
    }


def _said(lead: str, seen: Seen, agreement: Agreement, sold: Sequence[Deal]) -> Iterator[Row]:
    """What a record said on each axis in turn, and what its opportunities say of the stage."""
    base = {"lead_id": lead, "connection": seen.account.name, "record": seen.record.ref.id}
    lasting: dict[str, Row] = {}
    for state in states(seen, agreement.lifecycle.ids):
        since = to_us(state.at) if state.at is not None else None
        for axis in {**state.said, **state.strange, **lasting}:
            now = state.said.get(axis), state.strange.get(axis)
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
        outcome = ("won" if deal.won else "lost") if deal.closed_at is not None else None
        if outcome is not None and deal.closed_at is not None:
            precision = "day" if deal.by_day else "instant"
            yield {**base, "axis": "deal", "value": outcome, "since_us": to_us(deal.closed_at), "precision": precision}
        until = to_us(deal.closed_at) if deal.closed_at is not None else None
        row = {**base, "axis": "deal", "value": "opportunity", "since_us": to_us(deal.opened_at), "until_us": until}
        yield {**row, "precision": "instant"}


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
