"""Leads whose record went on as one that nobody lets us read: they wait, and after a while a person hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from leadbridge.adapter import Record
from leadbridge.store import Quarantined
from leadbridge.store.codec import fingerprint

__all__ = ["hidden_heirs"]

_HIDDEN_AFTER = timedelta(hours=1)
"""So long the record that took another's place may stay unread before that is a person's business."""


def hidden_heirs(
    unread: Iterable[str], moved: Mapping[str, Sequence[tuple[str, Record]]], now: datetime
) -> list[Quarantined]:
    """What to tell a person about leads that wait for a record which cannot be read.

    Args:
        unread: the leads that wait.
        moved: records of leads that were converted or merged, with their connections.
        now: the present.
    """
    return [
        Quarantined(
            fingerprint("hidden", connection, heir.kind, heir.id, lead),
            connection,
            heir,
            lead,
            "identity",
            f"the lead's record was {record.state} and went on as a {heir.kind} that cannot be read",
            f"let the integration user of {connection} read {heir.kind} records, and map them "
            f"(crosswalks, {heir.kind}: as: lead); until then nothing is synced for this lead",
            "decision",
        )
        for lead in sorted(unread)
        for connection, record in moved.get(lead, ())
        if (heir := record.successor) is not None and now >= record.modified_at + _HIDDEN_AFTER
    ]
