"""Pictures of shares and of reasons, as bars."""

from __future__ import annotations

from typing import Any

from leadbridge.analytics.plot_frame import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    Draw,
    Look,
    Picture,
    aligned,
    charts,
    facets,
    finish,
    hints,
    percent,
)
from leadbridge.analytics.result import Result, spoken

__all__ = ["reasons", "shares"]


def reasons(alt: Any, result: Result, look: Look) -> Picture:
    """A Pareto picture: the reasons from the most to the least common, and the share that they make up together.

    Refusals without a reason come last, in grey, and are no part of the shares.
    """
    rows = _summed(result)
    plot = look.plot(row["what"] for row in rows)
    columns = (plot - 80, plot - 40, plot) if look.narrow else (plot - 170, plot - 90, plot)
    wide = columns[0] - 34
    most = max(row["n"] for row in rows)
    base = (
        alt.Chart(width=plot, height=alt.Step(24))
        .transform_calculate(
            count="format(datum.n, ',')",
            part="datum.share == null ? '' : format(datum.share, '.0%')",
            together="datum.cumulated == null ? '' : format(datum.cumulated, '.0%')",
        )
        .encode(tooltip=hints(alt, "what:N", "n:Q", "share:Q", "cumulated:Q"))
    )
    y = alt.Y("what:N", sort=alt.EncodingSortField("rank", op="min"), title=None)
    bars = base.mark_bar(height=15).encode(
        x=alt.X("n:Q", scale=alt.Scale(domain=[0, most], range=[0, wide], nice=False), axis=None),
        y=y,
        color=alt.condition("datum.share == null", alt.value(GREY), alt.value(BLUE)),
    )
    known = base.transform_filter("datum.cumulated != null")
    along = alt.X("cumulated:Q", scale=alt.Scale(domain=[0, 1], range=[0, wide], nice=False), axis=None)
    line = known.mark_line(color=ORANGE, strokeDash=[4, 2], strokeWidth=1.5).encode(
        x=along, y=y, order=alt.Order("rank:Q")
    )
    dots = known.mark_point(color=ORANGE, filled=True, size=28, opacity=1).encode(x=along, y=y)
    layers = [bars, line, dots]
    top = base.transform_filter("datum.rank == 0").encode(tooltip=alt.TooltipValue(None))
    heads = ("n", "share", "sum")
    for at, field, head in zip(columns, ("count", "part", "together"), heads, strict=True):
        layers.append(aligned(base, alt, at, f"{field}:N", y))
        layers.append(top.mark_text(align="right", dy=-20, color=MUTED, text=head).encode(x=alt.XValue(at), y=y))
    placed = facets(alt, result, alt.layer(*layers).resolve_scale(x="independent"), rows, y="independent")
    notes = [*result.notes(), "dashed line: the share that the reasons make up together"]
    return finish(alt, placed, look, "Why leads were refused", result.definition, notes)


def _summed(result: Result) -> list[dict[str, Any]]:
    """The rows from the most common reason on, each with the share that it and those before it make up."""
    found: list[dict[str, Any]] = []
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in spoken(result):
        groups.setdefault(row[result.by] if result.by else None, []).append(row)
    for rows in sorted(groups.values(), key=lambda rows: -sum(row["n"] for row in rows)):
        ordered = sorted(rows, key=lambda row: (row["share"] is None, -row["n"], row["reason"]))
        together = 0.0
        for rank, row in enumerate(ordered):
            together += row["share"] or 0
            what = f"{row['reason'].replace('_', ' ')} ({row['decision']})"
            found.append({**row, "rank": rank, "what": what, "cumulated": None if row["share"] is None else together})
    return found


def shares(count: str, share: str, title: str, *more: str) -> Draw:
    """A bar up to 100 % for each row, with the share and the number it is a share of, and how sure it is.

    ``more`` are columns that tell rows apart, besides those that many metrics have.
    """

    def draw(alt: Any, result: Result, look: Look) -> Picture:
        told_apart = (result.by, "policy", "target", "type", "buying_stage", *more)
        names = [name for name in told_apart if name and name in result.columns]
        rows = [
            {**row, "what": " · ".join(dict.fromkeys(str(row[name]).replace("_", " ") for name in names)) or "all"}
            for row in spoken(result)
        ]
        plot = look.plot(row["what"] for row in rows)
        room = 90 if look.narrow else 130
        base = (
            charts(alt, rows, width=plot, height=alt.Step(28))
            .transform_calculate(
                reach=f"datum['{share}'] == null ? 0 : datum['{share}']",
                most=f"max(datum['{share}'] || 0, datum['{share}_high'] || 0)",
                label=f"datum['{share}'] == null ? 'not computable: 0 of 0' : "
                f"{percent(share)} + ' of ' + format(datum['{count}'], ',')",
            )
            .encode(tooltip=hints(alt, "what:N", f"{share}:Q", f"{count}:Q"))
        )
        axis = alt.Axis(title=None, format=".0%", values=[0, 1] if look.narrow else [0, 0.25, 0.5, 0.75, 1])
        scale = alt.Scale(domain=[0, 1], range=[0, plot - room], nice=False)
        y = alt.Y("what:N", title=None, sort=None)
        bars = base.mark_bar(color=GREEN, height=16).encode(x=alt.X("reach:Q", scale=scale, axis=axis, stack=None), y=y)
        layers = [bars]
        end = "reach"
        if f"{share}_high" in result.columns:
            sure = base.transform_filter(f"datum['{share}_high'] != null").mark_rule(color=INK, strokeWidth=1.5)
            low = alt.X(f"{share}_low:Q", scale=scale, axis=axis)
            layers.append(sure.encode(x=low, x2=alt.X2(f"{share}_high:Q"), y=y))
            end = "most"
        text = base.mark_text(align="left", dx=6)
        layers.append(text.encode(x=alt.X(f"{end}:Q", scale=scale, axis=axis), y=y, text=alt.Text("label:N")))
        notes = [*result.notes(), *(["line: 95 % interval"] if end == "most" else [])]
        return finish(alt, alt.layer(*layers), look, title, result.definition, notes)

    return draw
