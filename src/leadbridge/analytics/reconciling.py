"""Reconciling: why two CRMs count the same thing differently, record by record.

What is counted is a record of a lead that is in use; a lead that was converted is one with its contact. Records of one
person are held side by side. Where both sides count, they agree; where only one does, the first cause that holds is
given (see :data:`leadbridge.analytics.reconciliation.CAUSES`). So the bridge adds up by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadbridge.adapter import Adapter
from leadbridge.agreement.offer import STAGE_OF_DECISION
from leadbridge.analytics.bridged import Asked, Filters, Window, bridged
from leadbridge.analytics.crm import FILTERS, Progress
from leadbridge.analytics.reconciliation import Reconciliation
from leadbridge.clock import Clock, to_us
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.lifecycle import DETOURS, SPINE
from leadbridge.domain.model import did_you_mean, listing
from leadbridge.errors import ConfigError, DataError
from leadbridge.retry import Retry

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement
    from leadbridge.analytics.snapshot import Snapshot

__all__ = ["Filters", "reconcile", "reconcile_snapshot"]

_AXES = ("stage", "decision", "status", "reason", "buying_stage", "deal")
_EVER: Window = (-(2**62), 2**62)


def reconcile(
    left: Adapter,
    right: Adapter,
    *,
    what: str,
    agreement: Agreement,
    names: tuple[str, str] = ("left", "right"),
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    zones: Mapping[str, str] | str = "UTC",
    filters: Filters | None = None,
    lag: timedelta = timedelta(hours=1),
    retry: Retry | None = None,
    progress: Progress = lambda *_: None,
    clock: Clock | None = None,
) -> Reconciliation:
    """Why two CRMs count the same thing differently, straight from the CRMs; see :meth:`Snapshot.reconcile`.

    Args:
        left: one CRM.
        right: the other.
        what: what is counted: a stage, decision, status or reason of the agreement.
        agreement: what things are called in the CRMs.
        names: what the two connections are called, here and in the agreement's crosswalks.
        since: the first day or instant of the period.
        until: the first day or instant after it.
        zones: the time zone of each CRM's reports, by connection, or one for both.
        filters: what each CRM's own report is filtered by.
        lag: how long a change may take from one CRM to the other.
        retry: how patient calls are.
        progress: is told of long work.
        clock: tells the instant.

    Raises:
        ConfigError: two connections of one name, or a crosswalk under which nothing stands for a lead.
        AdapterError: a CRM did not answer, or does not let us; names the connection.
        DataError: nothing is called ``what``.
    """
    from leadbridge.analytics.snapshot import Snapshot

    if names[0] == names[1]:
        raise ConfigError(f"both connections are called {names[0]}: give two names")
    both = dict(zip(names, (left, right), strict=True))
    with Snapshot.from_crm(both, agreement=agreement, retry=retry, progress=progress, clock=clock) as snapshot:
        return snapshot.reconcile(
            what, *names, agreement=agreement, since=since, until=until, zones=zones, filters=filters, lag=lag
        )


def reconcile_snapshot(
    snapshot: Snapshot,
    what: str,
    left: str,
    right: str,
    agreement: Agreement | None,
    since: date | datetime | None,
    until: date | datetime | None,
    zones: Mapping[str, str] | str,
    filters: Filters,
    lag: timedelta,
) -> Reconciliation:
    """See :meth:`leadbridge.Snapshot.reconcile`."""
    records = snapshot.sql("select * from records order by lead_id, connection, record")
    said = snapshot.sql("select * from said order by lead_id, connection, record, axis, since_us nulls first")
    left, right = _sides(snapshot.meta.connections, left, right)
    _check_filters(filters, (left, right))
    known = {*snapshot.meta.path, *(str(row["value"]) for row in said if row["value"] is not None)}
    asked = Asked(
        wanted=_wanted(what, known, agreement),
        windows={
            name: _window(since, until, zones if isinstance(zones, str) else zones.get(name, "UTC"))
            for name in (left, right)
        },
        period=since is not None or until is not None,
        settled_us=snapshot.meta.now_us - lag // timedelta(microseconds=1),
        filters=filters,
        agreement=agreement,
    )
    counts, agreed, rows = bridged(records, said, asked, (left, right))
    return Reconciliation(
        what=what,
        basis=_basis(since, until),
        left=left,
        right=right,
        left_count=counts[0],
        right_count=counts[1],
        agreed=agreed,
        rows=tuple(rows),
    )


# -- what is asked -----------------------------------------------------------------------------------------------------


def _sides(there: Sequence[str], left: str, right: str) -> tuple[str, str]:
    if not there:
        raise DataError("this snapshot does not know what each CRM says: take it with Snapshot.from_crm of both CRMs")
    for name in (left, right):
        if name and name not in there:
            raise DataError(f"the snapshot has no connection {name!r}: {did_you_mean(name, there)}")
    rest = [name for name in there if name not in (left, right)]
    if len(there) != 2 and not (left and right):
        raise DataError(f"reconciling needs two connections, and the snapshot has {listing(there)}: name two of them")
    left = left or rest.pop(0)
    right = right or rest.pop(0)
    if left == right:
        raise DataError(f"{left} cannot be reconciled with itself: name two of {listing(there)}")
    return left, right


def _check_filters(filters: Filters, names: tuple[str, str]) -> None:
    for name, filter_ in filters.items():
        if name not in names:
            raise DataError(f"filters names the connection {name!r}: {did_you_mean(name, names)}")
        for each in filter_:
            if each not in (*FILTERS, "kind"):
                raise DataError(
                    f"reports cannot be filtered by {each!r} here: {did_you_mean(each, (*FILTERS, 'kind'))}"
                )


def _wanted(what: str, known: set[str], agreement: Agreement | None) -> frozenset[tuple[str, str]]:
    """The values that count, with their axes. A decision and the stage that it leads to are one thing."""
    axis, sign, name = what.rpartition(":")
    if sign and axis not in _AXES:
        raise DataError(f"nothing is counted by {axis!r}: {did_you_mean(axis, _AXES)}")
    known = known | {*DECISIONS, *SPINE, *DETOURS}
    stages = {str(decision): stage for decision, stage in STAGE_OF_DECISION.items()}
    if agreement is not None:
        known |= {*agreement.lifecycle.ids, *agreement.statuses, *agreement.reasons}
        stages = {decision: agreement.lifecycle.find(stage) or stage for decision, stage in stages.items()}
    known |= set(stages.values())
    if name not in known:
        raise DataError(f"nothing in the CRMs is called {name!r}: {did_you_mean(name, sorted(known))}")
    if sign:
        return frozenset({(axis, name)})
    found = {(each, name) for each in _AXES}
    found |= {("decision", decision) for decision, stage in stages.items() if stage == name}
    found |= {("stage", stages[name])} if name in stages else set()
    return frozenset(found)


def _window(since: date | datetime | None, until: date | datetime | None, zone: str) -> Window:
    try:
        here = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DataError(f"there is no time zone {zone!r}: write it like Europe/Berlin or UTC") from None

    def edge(day: date | datetime | None, otherwise: int) -> int:
        if day is None:
            return otherwise
        if isinstance(day, datetime):
            return to_us(day.replace(tzinfo=here) if day.tzinfo is None else day)
        return to_us(datetime.combine(day, time(), here).astimezone(UTC))

    found = edge(since, _EVER[0]), edge(until, _EVER[1])
    if found[0] >= found[1]:
        raise DataError("the period ends before it begins: until is the first day after it")
    return found


def _basis(since: date | datetime | None, until: date | datetime | None) -> str:
    if since is None and until is None:
        return "what the records say now"
    parts = [f"from {since.isoformat()}" if since else "", f"before {until.isoformat()}" if until else ""]
    return f"what they came to say {' and '.join(part for part in parts if part)}"
