"""Pictures in cells: weeks of promises, days of hand-offs, functions and content by buying stage.

The number stands in every cell, so that nothing depends on telling shades apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from leadbridge.analytics.plot_frame import Look, Picture, charts, facets, finish, hints, shaded
from leadbridge.analytics.quality import plural
from leadbridge.analytics.result import Result, spoken
from leadbridge.clock import from_us

__all__ = ["calendar", "content", "coverage", "weeks"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LATEST = {True: 12, False: 26}
"""How many weeks a picture shows at most, on a telephone and elsewhere."""


def coverage(alt: Any, result: Result, look: Look) -> Picture:
    """Interactions of each function in each buying stage, with the share that was person to person."""
    rows = [
        {
            **row,
            "said": f"{row['interactions']:,}",
            "more": f"{row['person_share']:.0%} in person" if not look.narrow else f"{row['person_share']:.0%}",
        }
        for row in spoken(result)
    ]
    order = list(dict.fromkeys(row["buying_stage"] for row in rows))
    return _cells(alt, result, look, rows, "Who is with the buyer when", ("buying_stage", "function"), order)


def content(alt: Any, result: Result, look: Look) -> Picture:
    """Which asset was met in which buying stage; gaps stand empty."""
    rows = [
        {
            **row,
            "interactions": row["interactions"] or None,
            "said": f"{row['interactions']:,}" if row["leads"] else "·",
            "more": plural(row["leads"], "lead") if row["leads"] else "",
        }
        for row in spoken(result)
    ]
    order = sorted({row["asset"] for row in rows})
    text = "Content by buying stage: interactions and leads"
    return _cells(alt, result, look, rows, text, ("asset", "buying_stage"), order)


def _cells(
    alt: Any,
    result: Result,
    look: Look,
    rows: Sequence[Mapping[str, Any]],
    text: str,
    axes: tuple[str, str],
    order: Sequence[Any],
) -> Picture:
    """Cells that are filled by the number of interactions, with two lines of text in each."""
    down, across = axes
    columns = list(dict.fromkeys(row[across] for row in rows))
    plot = look.plot(order)
    slanted = plot / len(columns) < max(len(str(one)) for one in columns) * 7
    top = max((row["interactions"] or 0 for row in rows), default=0)
    fill, ink = shaded(alt, "interactions", top)
    base = alt.Chart(width=plot, height=alt.Step(40)).encode(
        tooltip=hints(alt, f"{down}:N", f"{across}:N", "interactions:Q", "leads:Q")
    )
    axis = alt.Axis(orient="top", labelAngle=-35 if slanted else 0, labelLimit=130, labelOverlap=False)
    x = alt.X(f"{across}:N", title=None, sort=columns, axis=axis)
    y = alt.Y(f"{down}:N", title=None, sort=list(order))
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(x=x, y=y, color=fill)
    said = base.mark_text(dy=-6).encode(x=x, y=y, text=alt.Text("said:N"), color=ink)
    more = base.mark_text(dy=9, fontSize=11).encode(x=x, y=y, text=alt.Text("more:N"), color=ink)
    placed = facets(alt, result, alt.layer(cells, said, more), rows, color="shared")
    return finish(alt, placed, look, text, result.definition, result.notes())


def weeks(alt: Any, result: Result, look: Look) -> Picture:
    """A heat map: a row for each function (or owner, or policy), a column for each week; weeks go down when narrow."""
    who = result.by or "all"
    rows = [{**row, who: row[result.by] if result.by else "all"} for row in spoken(result)]
    starts = sorted({row["week_us"] for row in rows})[-_LATEST[look.narrow] :]
    rows = [
        {
            **row,
            "week": _day(row["week_us"]),
            "said": "open" if row["attainment"] is None else f"{row['attainment']:.0%}",
            "of": f"n {row['counted']:,}",
        }
        for row in rows
        if row["week_us"] >= starts[0]
    ]
    order = [_day(start) for start in starts]
    groups = sorted({str(row[who]) for row in rows})
    there = {(row["week"], row[who]) for row in rows}
    rows += [
        {who: group, "week": week, "attainment": None, "said": "none", "of": ""}
        for week in order for group in groups if (week, group) not in there
    ]  # fmt: skip
    plot = look.plot(order if look.narrow else groups, more=12)
    fill, ink = shaded(alt, "attainment", 1.0)
    share = alt.Tooltip("attainment:Q", format=".1%")
    base = charts(alt, rows, width=plot, height=alt.Step(38)).encode(
        tooltip=hints(alt, "week:N", f"{who}:N", share, "met:Q", "met_late:Q", "breached:Q", "running:Q")
    )
    # Labels on columns that are too narrow for them would hide one another.
    tight = not look.narrow and plot / len(order) < 46
    axis = alt.Axis(orient="top", labelAngle=-90 if tight else 0, labelOverlap=False, labelLimit=90)
    if look.narrow:
        x, y = alt.X(f"{who}:N", title=None, axis=axis), alt.Y("week:N", sort=order, title=None)
    else:
        x, y = alt.X("week:N", sort=order, title=None, axis=axis), alt.Y(f"{who}:N", title=None)
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(x=x, y=y, color=fill)
    size = 9 if plot / len(order) < 30 and not look.narrow else 12
    said = base.mark_text(dy=-6, fontSize=size).encode(x=x, y=y, text=alt.Text("said:N"), color=ink)
    of = base.mark_text(dy=9, fontSize=min(size, 11)).encode(x=x, y=y, text=alt.Text("of:N"), color=ink)
    notes = [*result.notes(), *_left_out(result, "week_us", len(starts))]
    return finish(alt, alt.layer(cells, said, of), look, "Promises kept in time, by week", result.definition, notes)


def calendar(alt: Any, result: Result, look: Look) -> Picture:
    """A calendar: a row for each week, a column for each day, with the hand-offs that were offered on it."""
    counts: dict[int, dict[str, int]] = {}
    names = ("offered", "accepted", "refused", "expired", "undecided")
    for row in result.rows:
        day = counts.setdefault(row["day_us"], dict.fromkeys(names, 0))
        for name in names:
            day[name] += row[name]
    first, last = from_us(min(counts)).date(), from_us(max(counts)).date()
    first -= timedelta(days=first.weekday())
    shown = max(first, last - timedelta(days=last.weekday(), weeks=_LATEST[look.narrow] - 1))
    by_date = {from_us(us).date(): day for us, day in counts.items()}
    rows: list[dict[str, Any]] = []
    date = shown
    while date <= last or date.weekday():
        found = by_date.get(date)
        monday = date - timedelta(days=date.weekday())
        said = "" if found is None else f"{found['offered']:,}"
        rows.append(
            {"date": f"{date:%Y-%m-%d}", "week": f"{monday:%d %b %Y}", "day": _DAYS[date.weekday()], "said": said,
             **(found or dict.fromkeys(names))}
        )  # fmt: skip
        date += timedelta(days=1)
    order = list(dict.fromkeys(row["week"] for row in rows))
    top = max(row["offered"] or 0 for row in rows)
    fill, ink = shaded(alt, "offered", top)
    plot = min(look.plot(order), 520)
    base = charts(alt, rows, width=plot, height=alt.Step(24)).encode(
        tooltip=hints(alt, "date:N", *(f"{name}:Q" for name in names))
    )
    x = alt.X("day:N", sort=list(_DAYS), title=None, axis=alt.Axis(orient="top", labelAngle=0))
    y = alt.Y("week:N", sort=order, title=None)
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(x=x, y=y, color=fill)
    said = base.mark_text().encode(x=x, y=y, text=alt.Text("said:N"), color=ink)
    notes = [*result.notes(), *_left_out(result, "day_us", len(order), 7)]
    text = "Calendar of hand-offs: how many were offered each day (weeks begin on Monday)"
    return finish(alt, alt.layer(cells, said), look, text, result.definition, notes)


def _day(us: int) -> str:
    return f"{from_us(us):%d %b %y}"


def _left_out(result: Result, column: str, weeks: int, days: int = 1) -> list[str]:
    """A note where a picture begins later than the rows do."""
    starts = {row[column] for row in result.rows}
    span = len(starts) if days == 1 else (max(starts) - min(starts)) // 604_800_000_000
    return [f"only the latest {weeks} weeks are drawn"] if span > weeks else []
