"""A plan as a page that somebody can be sent: HTML in one file without anything from elsewhere, or Markdown.

Without being asked it shows ids, fields and reasons only: values of records are personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from leadbridge.adapter import Ref, Value
from leadbridge.sync.plan import Plan

__all__ = ["html", "markdown"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: #586374; padding: .3rem 0; }
th, td { border-bottom: 1px solid #d8dee6; padding: .35rem .6rem; text-align: left; vertical-align: top; }
th { background: #f2f5f8; position: sticky; top: 0; } code { background: #f2f5f8; padding: .1rem .3rem; }
.over { border-left: 4px solid #b3261e; background: #fdf0ef; padding: .5rem 1rem; }
@media (prefers-color-scheme: dark) { body { background: #12161c; color: #dfe5ec; } th, code { background: #1e252e; }
  .over { background: #3a1a18; } th, td { border-color: #333c47; } }
@media print { th { position: static; } }
"""


class _Table(NamedTuple):
    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]


def _shown(value: Value) -> str:
    if value is None or value == "":
        return "(blank)"
    return value.id if isinstance(value, Ref) else str(value)


def _tables(plan: Plan, values: bool) -> Iterator[_Table]:
    counts = [(name, action, f"{n:,}") for name, of in sorted(plan.counts.items()) for action, n in sorted(of.items())]
    yield _Table("Writes by connection", ("connection", "what", "how many"), counts)
    head = ("lead", "connection", "what", "record", "field", *(("before", "after") if values else ()), "why")
    writes = [
        (
            step.lead,
            step.connection,
            "create" if step.action == "upsert" else step.action,
            f"{step.target.kind} {step.target.id if step.action != 'upsert' else ''}".strip(),
            name,
            *((_shown(step.expect.get(name)), _shown(step.fields.get(name))) if values else ()),
            step.because.get(name, ""),
        )
        for step in plan.writes
        for name in (step.fields or step.because)
    ]
    yield _Table("Writes", head, writes)
    conflicts = [(o.lead, each.field, each.winner, each.rule) for o in plan.outcomes for each in o.conflicts]
    yield _Table("Both sides had changed", ("lead", "field", "winner", "rule"), conflicts)
    waiting = [*plan.gathered.unclear, *(each for outcome in plan.outcomes for each in outcome.quarantine)]
    people = [(e.connection, f"{e.ref.kind} {e.ref.id}", e.subject, e.reason, e.remedy) for e in waiting]
    yield _Table("For a person to decide", ("connection", "record", "what", "reason", "what to do"), people)


def html(plan: Plan, *, values: bool = False) -> str:
    """The plan as one HTML file.

    Args:
        plan: what is shown.
        values: whether the values of records are shown, before and after.
    """
    over = "".join(f"<li>{escape(each)}</li>" for each in plan.over)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Plan {escape(plan.hash)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Plan <code>{escape(plan.hash)}</code></h1><pre>{escape(plan.summary())}</pre>",
        f'<div class="over"><strong>Over the agreed limits</strong><ul>{over}</ul></div>' if over else "",
    ]
    for table in _tables(plan, values):
        if table.rows:
            head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
            rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
            parts.append(
                f"<h2>{escape(table.title)}</h2><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>"
            )
    return "\n".join([*(part for part in parts if part), "</body></html>\n"])


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("`", "\\`")


def markdown(plan: Plan, *, values: bool = False) -> str:
    """The plan as Markdown.

    Args:
        plan: what is shown.
        values: whether the values of records are shown, before and after.
    """
    lines = [f"# Plan {plan.hash}", "", *(f"    {line}" for line in plan.summary().splitlines()), ""]
    for table in _tables(plan, values):
        if table.rows:
            lines += [f"## {table.title}", "", f"| {' | '.join(table.head)} |", f"|{' --- |' * len(table.head)}"]
            lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in table.rows]
            lines.append("")
    return "\n".join(lines)
