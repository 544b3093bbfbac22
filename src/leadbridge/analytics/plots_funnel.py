"""Pictures of the way along the success path: how many came how far, and how long it took them."""

from __future__ import annotations

from typing import Any

from leadbridge.analytics.plot_frame import (
    BLUE,
    GREY,
    MUTED,
    ORANGE,
    Look,
    Picture,
    aligned,
    charts,
    facets,
    finish,
    hints,
    reach,
)
from leadbridge.analytics.result import Result, spoken

__all__ = ["durations", "funnel"]


def funnel(alt: Any, result: Result, look: Look) -> Picture:
    """A bar for each stage, and beside it in columns: entries, conversion from the stage before, and from the first."""
    rows = [{**row, "called": row["stage"].replace("_", " ")} for row in spoken(result)]
    stages = list(dict.fromkeys(row["called"] for row in rows))
    plot = look.plot(stages)
    columns = (plot - 96, plot - 46, plot) if look.narrow else (plot - 230, plot - 105, plot)
    wide = columns[0] - (42 if look.narrow else 60)
    form = ".0%" if look.narrow else ".1%"
    numbers = ("entered", "inferred", "from_mature", "converted", "step_rate", "reached", "total_rate", "immature")
    tips = hints(alt, "called:N", *(f"{name}:Q" for name in numbers))
    base = (
        alt.Chart(width=plot, height=alt.Step(28))
        .transform_calculate(
            entries="format(datum.entered, ',')",
            before=f"datum.step == 0 ? '' : datum.step_rate == null ? '0 of 0' : format(datum.step_rate, '{form}')",
            first=f"datum.step < 2 ? '' : datum.total_rate == null ? '0 of 0' : format(datum.total_rate, '{form}')",
        )
        .encode(tooltip=tips)
    )
    y = alt.Y("called:N", sort=stages, title=None)
    most = max(result.column("entered")) or 1
    x = alt.X("entered:Q", scale=alt.Scale(domain=[0, most], range=[0, wide], nice=False), axis=None)
    layers = [base.mark_bar(color=BLUE, height=18).encode(x=x, y=y)]
    heads = ("entered", "step", "total") if look.narrow else ("entered", "of the stage before", "of the first")
    # The heads stand once above each panel: they hang on the row of the first stage.
    top = base.transform_filter("datum.step == 0").encode(tooltip=alt.TooltipValue(None))
    for at, field, head in zip(columns, ("entries", "before", "first"), heads, strict=True):
        layers.append(aligned(base, alt, at, f"{field}:N", y))
        layers.append(top.mark_text(align="right", dy=-22, color=MUTED, text=head).encode(x=alt.XValue(at), y=y))
    text = "Funnel: entries into each stage and cohort conversion"
    return finish(alt, facets(alt, result, alt.layer(*layers), rows), look, text, result.definition, result.notes())


def durations(alt: Any, result: Result, look: Look) -> Picture:
    """The middle half as a bar, the median as a tick, and a line up to the time within which nine of ten ended."""
    unit, stages = result.parameters["unit"], (result.parameters["from_stage"], result.parameters["to_stage"])
    words = " to ".join(stage.replace("_", " ") for stage in stages)
    name = result.by or "interval"
    rows = [row if result.by else {**row, "interval": words} for row in spoken(result) if row["n"]]
    label = "'median ' + format(datum.p50, ',.3~r')"
    if not look.narrow:
        label += f" + ', 90 % within ' + format(datum.p90, ',.3~r') + ' {unit}'"
    base = (
        charts(alt, rows, width=look.plot(row[name] for row in rows), height=alt.Step(32))
        .transform_calculate(label=f"{label} + ', n = ' + format(datum.n, ',')")
        .encode(tooltip=hints(alt, f"{name}:N", "n:Q", "p25:Q", "p50:Q", "p75:Q", "p90:Q", "censored:Q"))
    )
    y = alt.Y(f"{name}:N", title=None, sort=alt.EncodingSortField("p50", op="min", order="ascending"))
    x = reach(alt, (row["p90"] or 0 for row in rows), unit, 2.3 if look.narrow else 2.0)
    whisker = base.mark_rule(color=GREY, strokeWidth=2).encode(x=alt.X("p25:Q", **x), x2=alt.X2("p90:Q"), y=y)
    half = base.mark_bar(color=BLUE, height=15, opacity=0.6).encode(x=alt.X("p25:Q", **x), x2=alt.X2("p75:Q"), y=y)
    middle = base.mark_tick(color=ORANGE, thickness=3, size=21).encode(x=alt.X("p50:Q", **x), y=y)
    text = base.mark_text(align="left", dx=8).encode(x=alt.X("p90:Q", **x), y=y, text=alt.Text("label:N"))
    layers = alt.layer(whisker, half, middle, text)
    return finish(
        alt, layers, look, f"Time from {words}: middle half, median, up to 90 %", result.definition, result.notes()
    )
