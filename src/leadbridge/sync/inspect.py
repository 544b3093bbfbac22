"""Check: how well an agreement fits the CRMs, read-only, before anything is installed in them.

Works on an account that has none of our fields. Counts are exact: every record of every kind that stands for a lead is
read, with only the fields that are needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from leadbridge.adapter import Adapter, Page, Record
from leadbridge.agreement import Agreement
from leadbridge.domain.model import listing
from leadbridge.http import Allowance, Usage
from leadbridge.mapping import ConnectionMapping, Frozen, KindMapping
from leadbridge.retry import Retry, call

__all__ = ["CheckReport", "Unmapped", "inspect", "strangers"]

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A value that records hold and the agreement does not know. ``label`` is what people see instead of it."""

    connection: str
    kind: str
    field: str
    value: str
    label: str
    rows: int


@dataclass(slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        rows: records read, by (connection, kind).
        unmapped: values without a meaning: statuses, stages, reasons, owners.
        choices: values without a meaning that people may choose and that no record holds yet.
        frozen: mapped fields that the account does not have.
        unprovisioned: our own fields that are wanted and not there yet, by (connection, kind).
        calls: requests made, by connection.
        usage: how much of its daily allowance each account has used, where the CRM says so.
    """

    agreement: str
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    unmapped: list[Unmapped] = field(default_factory=list)
    choices: list[Unmapped] = field(default_factory=list)
    frozen: list[Frozen] = field(default_factory=list)
    unprovisioned: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every value that records hold has a meaning and every mapped field is there."""
        return not self.unmapped and not self.frozen

    def summary(self) -> str:
        """The findings in lines."""
        lines = [f"checked against {self.agreement}"]
        lines += [f"  {connection}: {rows} {kind} records read" for (connection, kind), rows in self.rows.items()]
        for item in self.unmapped:
            label = f" ({item.label})" if item.label != item.value else ""
            lines.append(
                f"  unmapped: {item.connection} {item.kind}.{item.field} = {item.value!r}{label}: {item.rows} rows"
            )
        for (connection, kind, crm_field), values in self._by_field().items():
            lines.append(f"  nobody uses yet, without a meaning: {connection} {kind}.{crm_field}: {', '.join(values)}")
        lines += [f"  not usable: {f.connection} {f.kind}.{f.field}: {f.problem}" for f in self.frozen]
        for (connection, kind), purposes in self.unprovisioned.items():
            lines.append(f"  not provisioned: {connection} {kind}: {', '.join(purposes)} (leadbridge provision)")
        lines += [f"  note: {note}" for note in self.notes]
        if self.ok:
            lines.append("  every status, stage, reason and owner has a meaning")
        return "\n".join(lines)

    __str__ = summary

    def _by_field(self) -> dict[tuple[str, str, str], list[str]]:
        grouped: dict[tuple[str, str, str], list[str]] = {}
        for item in self.choices:
            grouped.setdefault((item.connection, item.kind, item.field), []).append(item.label)
        return grouped

    def to_dict(self) -> dict[str, object]:
        """The findings as JSON values."""
        return {
            "agreement": self.agreement,
            "ok": self.ok,
            "rows": [{"connection": c, "kind": k, "rows": rows} for (c, k), rows in self.rows.items()],
            "unmapped": [
                {
                    "connection": item.connection,
                    "kind": item.kind,
                    "field": item.field,
                    "value": item.value,
                    "label": item.label,
                    "rows": item.rows,
                }
                for item in self.unmapped
            ],
            "choices": [
                {"connection": c.connection, "kind": c.kind, "field": c.field, "value": c.value} for c in self.choices
            ],
            "frozen": [
                {"connection": f.connection, "kind": f.kind, "field": f.field, "problem": f.problem}
                for f in self.frozen
            ],
            "unprovisioned": [
                {"connection": c, "kind": k, "purposes": list(purposes)}
                for (c, k), purposes in self.unprovisioned.items()
            ],
            "calls": self.calls,
            "usage": {name: {"used": each.used, "allowed": each.allowed} for name, each in self.usage.items()},
            "notes": self.notes,
        }

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summary())}</pre>"


def _count(
    adapter: Adapter, kind: KindMapping, retry: Retry, progress: Callable[[int], None] | None
) -> tuple[int, Counter[tuple[str, str]]]:
    strange: Counter[tuple[str, str]] = Counter()
    seen: set[str] = set()
    cursor: str | None = None
    while True:
        page: Page = call(
            lambda cursor=cursor: adapter.changes(kind.kind, cursor, fields=kind.counted, limit=_PAGE),  # type: ignore[misc]  # bound per turn
            policy=retry,
        )
        new = [r for r in page.items if isinstance(r, Record) and r.state == "live" and r.ref.id not in seen]
        for record in new:
            seen.add(record.ref.id)
            strange.update(kind.unmapped(record.fields))
        if progress is not None:
            progress(len(new))
        if not page.more:
            return len(seen), strange
        cursor = page.cursor


def inspect(
    agreement: str,
    mappings: Mapping[str, ConnectionMapping],
    adapters: Mapping[str, Adapter],
    *,
    purposes: Sequence[str],
    retry: Retry,
    progress: Callable[[str, int], None] | None = None,
) -> CheckReport:
    """Reads every record that stands for a lead and reports what the agreement does not know.

    Args:
        agreement: how the agreement is called in the report.
        purposes: of our own fields, those that are wanted.
        progress: called with the connection and the number of records of each page.
    """
    report = CheckReport(agreement)
    for name, mapping in mappings.items():
        report.frozen.extend(mapping.frozen)
        for kind in (*mapping.lead_kinds, *mapping.work_kinds):
            step = (lambda amount, name=name: progress(name, amount)) if progress is not None else None
            rows, strange = _count(adapters[name], kind, retry, step)
            report.rows[name, kind.kind] = rows
            for (crm_field, value), number in sorted(strange.items(), key=lambda pair: (-pair[1], pair[0])):
                report.unmapped.append(
                    Unmapped(name, kind.kind, crm_field, value, kind.label(crm_field, value), number)
                )
            report.choices.extend(
                Unmapped(name, kind.kind, crm_field, value, kind.label(crm_field, value), 0)
                for crm_field, value in kind.choices()
                if (crm_field, value) not in strange
            )
            report.notes.extend(_consent(name, kind))
            missing = tuple(purpose for purpose in purposes if purpose not in kind.own)
            if missing and kind.info.writable:
                report.unprovisioned[name, kind.kind] = missing
        report.calls[name] = getattr(adapters[name], "calls", 0)
        adapter = adapters[name]
        usage = adapter.usage if isinstance(adapter, Allowance) else None
        if usage is not None:
            report.usage[name] = usage
    return report


def _consent(connection: str, kind: KindMapping) -> list[str]:
    """What people have to do themselves because the CRM does not take an opt-out from us."""
    field = kind.fields.get("opted_out")
    if field is None or kind.info.fields[field].writable:
        return []
    said = f"{connection}: {field} of {kind.kind} can be read and not be written"
    return [f"{said} → whoever opts out elsewhere has to be unsubscribed there by hand"]


def strangers(agreement: Agreement, mappings: Mapping[str, ConnectionMapping]) -> list[str]:
    """Whom the routing names and the receiving function's CRM does not know: nobody could be given a lead there."""
    routing = agreement.routing
    named = [member.id for queue in routing.queues for member in queue.members]
    named += [rule.owner for rule in routing.rules if rule.owner is not None]
    found = []
    for name, mapping in mappings.items():
        if mapping.function == agreement.handoff.to:
            known = {owner for kind in mapping.lead_kinds for owner in kind.people.by_id}
            lacking = [owner for owner in dict.fromkeys(named) if owner not in known]
            if lacking:
                found.append(
                    f"the routing names {listing(lacking)}, whom {name} does not know "
                    f"→ use the ids of its owners, such as {listing(sorted(known), limit=3)}"
                )
    return found
