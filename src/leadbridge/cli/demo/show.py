"""How the demo shows things to people: rich tables and short texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from leadbridge.adapter import Provisioned, Value
from leadbridge.domain.explain import moment
from leadbridge.domain.sla.board import Board
from leadbridge.sync import Plan
from leadbridge.sync.inspect import CheckReport

if TYPE_CHECKING:
    from leadbridge.analytics import NotComputable, Result
    from leadbridge.analytics.meta import Quality
    from leadbridge.analytics.scorecard import Scorecard

__all__ = [
    "check",
    "clocks",
    "counts",
    "coverage",
    "explained",
    "plan",
    "provisioned",
    "quality",
    "reasons",
    "result",
    "scorecard",
]

_STATES = {"exists": "there", "planned": "planned", "created": "created", "manual": "for a person to set up"}
_COLOURS = {"breached": "red", "running": "yellow", "met": "green", "met_late": "magenta"}


def _table(*columns: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in ("rows", "leads", "records") else "left")
    return table


def counts(numbers: Mapping[str, int]) -> str:
    """``3 accepted, 2 refused``."""
    return ", ".join(f"{number:,} {name}" for name, number in numbers.items()) or "nothing"


def check(report: CheckReport) -> Table | Text:
    """Values without a meaning."""
    if report.ok:
        return Text("Every status, stage, reason and owner has a meaning.", style="green")
    table = _table("connection", "field", "value", "rows", "what to do")
    for item in report.unmapped:
        say = "give it a meaning in the crosswalk, or leave these be"
        table.add_row(item.connection, f"{item.kind}.{item.field}", item.label, f"{item.rows}", say)
    for frozen in report.frozen:
        table.add_row(frozen.connection, f"{frozen.kind}.{frozen.field}", "", "", frozen.problem)
    return table


def provisioned(made: Mapping[str, Sequence[Provisioned]]) -> Text:
    """Our own fields, by connection."""
    parts = []
    for connection, steps in made.items():
        states: dict[str, int] = {}
        for step in steps:
            states[step.state] = states.get(step.state, 0) + 1
        parts.append(f"{connection}: {counts({_STATES[state]: number for state, number in states.items()})}")
    return Text("Our own fields. " + "; ".join(parts), style="dim")


def plan(what: Plan) -> Text:
    """The summary, and one lead explained."""
    text = Text(what.summary())
    lead = next((o.lead for o in what.outcomes if any(s[0].action == "upsert" for s in o.intents)), None)
    if lead is not None:
        text.append("\n\nFor example " + what.explain(lead), style="dim")
    return text


def reasons(contacts: Iterable[Mapping[str, Value]]) -> Table:
    """Decisions and reasons as marketing sees them."""
    seen: dict[tuple[str, str], int] = {}
    for row in contacts:
        if row.get("leadbridge_decision"):
            key = (str(row["leadbridge_decision"]), str(row.get("leadbridge_reason") or ""))
            seen[key] = seen.get(key, 0) + 1
    table = _table("decision", "reason", "leads")
    for (decision, reason), number in sorted(seen.items(), key=lambda pair: -pair[1]):
        table.add_row(decision, reason, f"{number}")
    return table


def clocks(board: Board) -> Table:
    """The most urgent promises."""
    table = _table("state", "promise", "lead", "owner", "due")
    urgent = [*board.breached(), *board.due_within("1 day")]
    for clock in urgent[:8]:
        colour = _COLOURS.get(clock.state, "white")
        due = moment(clock.due_at) if clock.due_at else ""
        table.add_row(
            f"[{colour}]{clock.state}[/]", f"{clock.policy}.{clock.target}", clock.lead[:12], clock.owner, due
        )
    table.caption = f"{counts({s: n for s, n in board.by_state().items() if n})}; the first 8 of {len(urgent)} shown"
    table.caption_justify = "left"
    return table


def explained(text: str) -> Text:
    """The chain of facts."""
    return Text(text)


def coverage(answer: Result | NotComputable, stages: Sequence[str]) -> Table | Text:
    """Buying stage by function."""
    if not answer.computable:
        return Text(str(answer))
    table = _table("buying stage", "marketing", "sales")
    cells: dict[tuple[str, str], int] = {}
    for row in answer.rows:
        cells[row["buying_stage"] or "(not known yet)", row["function"]] = row["interactions"]
    names = [*stages, *({stage for stage, _ in cells} - set(stages))]
    for stage in names:
        table.add_row(stage, *(f"{cells.get((stage, function), 0)}" for function in ("marketing", "sales")))
    return table


def result(answer: Result | NotComputable) -> Table | Text:
    """One metric with what a reader has to know."""
    if not answer.computable:
        return Text(str(answer))
    table = Table(show_edge=False, pad_edge=False, header_style="bold", title=answer.title, title_justify="left")
    for column in answer.columns:
        table.add_column(column)
    for row in answer.rows:
        table.add_row(
            *(
                "" if row[c] is None else f"{row[c]:g}" if isinstance(row[c], float) else f"{row[c]}"
                for c in answer.columns
            )
        )
    table.caption = "; ".join(answer.notes())
    table.caption_justify = "left"
    return table


def scorecard(card: Scorecard) -> Table:
    """The small scorecard."""
    table = _table("", "figure")
    for line in card:
        table.add_row(line.name, line.text)
    return table


def quality(found: Quality) -> Text:
    """What is wrong with the data, with lead ids where there are few."""
    lines = []
    for finding in found:
        leads = f": {', '.join(finding.leads)}" if 0 < len(finding.leads) <= 3 else ""
        lines.append(f"data quality: {finding.message}{leads}")
    return Text("\n".join(lines))
