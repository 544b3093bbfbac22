"""Pictures of waiting: the curve of leads that still wait, the split of delays, and promises before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.analytics.plot_frame import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    SHARE,
    Look,
    Picture,
    altair_there,
    charts,
    finish,
    hints,
    percent,
    reach,
)
from leadbridge.analytics.result import Result, spoken

__all__ = ["compared", "delays", "untouched", "waiting"]

_LINES = (BLUE, ORANGE, GREEN, PURPLE, GREY)
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [12, 4])


def waiting(alt: Any, result: Result, look: Look) -> Picture:
    """The Kaplan-Meier curve as steps; a tick where leads left while they waited, a dashed line at one half.

    Half of the leads are touched early and a few very late: the axis of time is a root, so that the beginning is seen.
    """
    unit, name = result.parameters["unit"], result.by
    rows: list[dict[str, Any]] = []
    for row in spoken(result):
        who = row[name] if name is not None else "all"
        if not any(each["who"] == who for each in rows):
            start = {"waited": 0, "still_waiting": 1, "still_waiting_low": 1, "still_waiting_high": 1, "censored": 0}
            rows.append({"who": who, "at_risk": row["at_risk"], **start})
        rows.append({**row, "who": who})
    groups = list(dict.fromkeys(row["who"] for row in rows))
    base = charts(alt, rows, width=look.plot(["100 %"]) - 26, height=280).encode(
        tooltip=hints(alt, "who:N", "waited:Q", alt.Tooltip("still_waiting:Q", format=".1%"), "at_risk:Q", "censored:Q")
    )
    ticks = _ticks(max(row["waited"] for row in rows), unit, 4 if look.narrow else 9)
    named = ", ".join(f"'{at:g}': '{words}'" for at, words in ticks.items())
    axis = alt.Axis(values=list(ticks), labelExpr=f"{{{named}}}['' + datum.value]", labelOverlap=True, grid=False)
    title = f"time since the hand-off ({'root scale' if look.narrow else 'the scale is a square root'})"
    x = alt.X("waited:Q", title=title, axis=axis, scale=alt.Scale(type="sqrt", nice=False))
    full = alt.Scale(domain=[0, 1])
    y = alt.Y("still_waiting:Q", title="still waiting", scale=full, axis=alt.Axis(**SHARE))
    legend = alt.Legend(
        orient="bottom", columns=2 if look.narrow else 4, symbolType="stroke", symbolStrokeWidth=2.5, symbolSize=600
    )
    kinds = {"domain": groups, "range": [_LINES[at % len(_LINES)] for at in range(len(groups))]}
    dashes = {"domain": groups, "range": [_DASHES[at % len(_DASHES)] for at in range(len(groups))]}
    colour: Any = alt.ColorValue(BLUE)
    told_apart: dict[str, Any] = {}
    if name is not None:
        colour = alt.Color("who:N", title=name, scale=alt.Scale(**kinds), legend=legend)
        told_apart["strokeDash"] = alt.StrokeDash("who:N", title=name, scale=alt.Scale(**dashes), legend=legend)
    steps = base.mark_line(interpolate="step-after", strokeWidth=2).encode(x=x, y=y, color=colour, **told_apart)
    left = base.transform_filter("datum.censored > 0").mark_tick(thickness=1.5, size=10, orient="vertical")
    half = charts(alt, [{"half": 0.5}]).mark_rule(color=GREY, strokeDash=[4, 4]).encode(y=alt.Y("half:Q"))
    drawn = [half, steps, left.encode(x=x, y=y, color=colour)]
    if name is None:
        # Several bands would hide one another.
        sure = base.mark_area(interpolate="step-after", opacity=0.18, color=BLUE)
        drawn.insert(0, sure.encode(x=x, y=alt.Y("still_waiting_low:Q", scale=full), y2=alt.Y2("still_waiting_high:Q")))
    layers = alt.layer(*drawn)
    ticked = "a small tick: leads left the curve there while they still waited (censored)"
    notes = [*result.notes(), ticked, *(["band: 95 % interval"] if name is None else []), _median(result)]
    text = "Speed to lead: the share of leads that still wait"
    return finish(alt, layers, look, text, result.definition, notes)


def _ticks(longest: float, unit: str, most: int) -> dict[float, str]:
    """Round times from zero on, as marks of the axis and as words; the longest of them that are far enough apart."""
    in_minutes = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10080}[unit]
    marks = {minutes / in_minutes: words for minutes, words in _MARKS.items()}
    fitting = [at for at in marks if longest / 150 <= at <= longest][-most:]
    return {0: "0", **{at: marks[at] for at in fitting}}


_MARKS = {
    1: "1 min", 5: "5 min", 15: "15 min", 60: "1 h", 240: "4 h", 720: "12 h", 1440: "1 d", 2880: "2 d", 5760: "4 d",
    10080: "7 d", 20160: "14 d", 43200: "30 d", 86400: "60 d", 129600: "90 d", 259200: "180 d", 525600: "365 d",
}  # fmt: skip


def delays(alt: Any, result: Result, look: Look) -> Picture:
    """The median of each part as a bar, up to the time within which nine of ten ended."""
    unit, name = result.parameters["unit"], result.by
    rows = [
        {**row, "what": f"{row[name]} · {row['part']}" if name is not None else row["part"]}
        for row in spoken(result)
        if row["n"]
    ]
    label = "'median ' + format(datum.p50, ',.3~r')"
    if not look.narrow:
        label += f" + ', 90 % within ' + format(datum.p90, ',.3~r') + ' {unit}'"
    share = f" + (datum.share == null ? '' : ' · ' + format(datum.share, '.0%'){'' if look.narrow else _OF_TIME})"
    base = (
        charts(alt, rows, width=look.plot(row["what"] for row in rows), height=alt.Step(30))
        .transform_calculate(label=label + share)
        .encode(tooltip=hints(alt, "what:N", "n:Q", "p50:Q", "p90:Q", alt.Tooltip("share:Q", format=".1%")))
    )
    x = reach(alt, (row["p90"] or 0 for row in rows), unit, 2.2 if look.narrow else 2.1)
    y = alt.Y("what:N", title=None, sort=None)
    whisker = base.mark_rule(color=GREY, strokeWidth=2).encode(x=alt.X("p50:Q", **x), x2=alt.X2("p90:Q"), y=y)
    bars = base.mark_bar(color=BLUE, height=15).encode(x=alt.X("p50:Q", **x), y=y)
    text = base.mark_text(align="left", dx=8).encode(x=alt.X("p90:Q", **x), y=y, text=alt.Text("label:N"))
    return finish(
        alt, alt.layer(whisker, bars, text), look, "Delay: system, queue, people", result.definition, result.notes()
    )


_OF_TIME = " + ' of the time'"


def untouched(alt: Any, result: Result, look: Look) -> Picture:
    """The share of untouched leads after each length of time."""
    name = result.by
    rows = [row for row in spoken(result) if row["mature"]]
    label = f"{percent('untouched_rate')} + ' of ' + format(datum.mature, ',')"
    base = (
        charts(alt, rows, width=look.plot(["100 %"]) - 26, height=220)
        .transform_calculate(label="format(datum.untouched_rate, '.0%')" if look.narrow else label)
        .encode(tooltip=hints(alt, "after:N", alt.Tooltip("untouched_rate:Q", format=".1%"), "untouched:Q", "mature:Q"))
    )
    x = alt.X("after:N", sort=None, title="time since the hand-off", axis=alt.Axis(labelAngle=0))
    y = alt.Y("untouched_rate:Q", title="untouched", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(**SHARE))
    colour: Any = alt.ColorValue(ORANGE)
    shape: dict[str, Any] = {}
    if name is not None:
        groups = list(dict.fromkeys(row[name] for row in rows))
        legend = alt.Legend(orient="bottom", columns=2 if look.narrow else 4)
        ranges = (_LINES[: len(groups)], ("circle", "square", "triangle-up", "diamond", "cross")[: len(groups)])
        colours, shapes = (alt.Scale(domain=groups, range=list(each)) for each in ranges)
        colour = alt.Color(f"{name}:N", scale=colours, legend=legend)
        shape["shape"] = alt.Shape(f"{name}:N", scale=shapes, legend=legend)
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour)
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=colour, **shape)
    layers = [line, dots]
    if name is None:
        layers.append(base.mark_text(align="left", dx=5, dy=-10).encode(x=x, y=y, text=alt.Text("label:N")))
    return finish(alt, alt.layer(*layers), look, "Leads that nobody had touched", result.definition, result.notes())


def compared(rows: Sequence[Mapping[str, Any]], before: str, after: str, definition: str) -> Picture:
    """A line for each promise, from its attainment before (grey) to that after (blue).

    Raises:
        AdapterMissing: when the extra ``analytics`` is not installed.
    """
    alt = altair_there()
    values = [{**row, "what": f"{row['policy']}.{row['target']}"} for row in rows]
    label = (
        "format(datum.before, '.1%') + ' → ' + format(datum.after, '.1%') + ' · ' + format(datum.affected, ',')"
        " + ' clocks affected'"
    )
    look = Look()
    base = charts(alt, values, width=look.plot(row["what"] for row in values), height=alt.Step(34)).transform_calculate(
        label=label, right="max(datum.before, datum.after)"
    )
    scale = alt.Scale(domain=[0, 1.7], nice=False)
    y = alt.Y("what:N", title=None)

    def x(name: str) -> Any:
        return alt.X(f"{name}:Q", title=None, scale=scale, axis=alt.Axis(**SHARE))

    line = base.mark_rule(strokeWidth=3, color=PALE).encode(x=x("before"), x2=alt.X2("after:Q"), y=y)
    first = base.mark_point(filled=True, size=90, color=GREY, opacity=1).encode(x=x("before"), y=y)
    second = base.mark_point(filled=True, size=110, color=BLUE, shape="diamond", opacity=1).encode(x=x("after"), y=y)
    text = base.mark_text(align="left", dx=10).encode(x=x("right"), y=y, text=alt.Text("label:N"))
    notes = [f"before (grey circle): {before}", f"after (blue diamond): {after}"]
    return finish(alt, alt.layer(line, first, second, text), look, "What if: promises kept in time", definition, notes)


def _median(result: Result) -> str:
    unit = result.parameters["unit"]
    if result.value_name == "median":
        return f"median {result.value:,.0f} {unit}"
    return f"median {result.parameters['median']}"
