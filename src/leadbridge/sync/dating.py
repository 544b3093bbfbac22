"""When somebody said what a record says: asked of the CRMs that remember it, where it matters.

A record only knows when it was changed last, whatever was changed. Where both sides changed a field and the later
change wins, a phone number of Monday must not beat one of Tuesday because somebody moved the first record's stage on
Wednesday.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from leadbridge.adapter import Adapter, History, Ref, Value
from leadbridge.errors import AdapterError, Unsupported
from leadbridge.retry import Retry, call
from leadbridge.sync.case import Case, Rules, Side
from leadbridge.sync.writes import NEVER_MERGED

__all__ = ["dated"]


def dated(rules: Rules, cases: Sequence[Case], adapters: Mapping[str, Adapter], retry: Retry) -> list[Case]:
    """The cases with the times of those fields that both sides changed, from the CRMs that remember them.

    One call a connection, kind and field, and only where such conflicts are. A CRM that cannot say it now leaves the
    decision to the time of the record, as one does that never could.
    """
    asked: dict[tuple[str, str, str], list[tuple[int, str, Side]]] = defaultdict(list)
    for number, case in enumerate(cases):
        for name in _disputed(rules, case):
            for connection, side in case.sides.items():
                if isinstance(adapters[connection], History):
                    asked[connection, side.kind.kind, side.kind.fields[name]].append((number, name, side))
    found: dict[int, dict[tuple[str, str], datetime]] = defaultdict(dict)
    for (connection, _, crm_field), places in asked.items():
        pasts = _history(adapters[connection], [side.record.ref for _, _, side in places], crm_field, retry)
        for (number, name, side), past in zip(places, pasts, strict=True):
            # What is not the present value was said before, or after, what the record was read.
            if past and past[-1][1] == side.record.fields.get(crm_field):
                found[number][connection, name] = past[-1][0]
    return [replace(case, said_at=found[n]) if n in found else case for n, case in enumerate(cases)]


def _disputed(rules: Rules, case: Case) -> list[str]:
    """The fields that both sides changed since they agreed, and on which the later change has the word."""
    # A side that says just what it said then has changed nothing: so it is with most leads.
    if len(case.sides) < 2 or any(side.base is None or side.base == side.values for side in case.sides.values()):
        return []
    one, two = case.sides.values()
    return [
        name
        for name, value in one.values.items()
        if name in two.values
        and value != two.values[name]
        and name in one.kind.fields
        and name in two.kind.fields
        and name not in NEVER_MERGED
        and one.changed(name)
        and two.changed(name)
        and rules.agreement.field_policy(name).policy in ("latest", "non_blank")
    ]


def _history(
    adapter: Adapter, refs: Sequence[Ref], crm_field: str, retry: Retry
) -> Sequence[tuple[tuple[datetime, Value], ...]]:
    assert isinstance(adapter, History)
    try:
        return call(partial(adapter.history, refs, field=crm_field), policy=retry)
    except (AdapterError, Unsupported):
        return [()] * len(refs)
