"""Pictures of waiting: the curve of leads that still wait, the split of delays, and promises before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadbridge.analytics.plot_frame import BLUE, GREEN, GREY, ORANGE, WIDTH, Picture, finish, percent
from leadbridge.analytics.result import Result
from leadbridge.errors import AdapterMissing

__all__ = ["compared", "delays", "untouched", "waiting"]

_SHARE: dict[str, Any] = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}


def waiting(alt: Any, result: Result, data: Any) -> Picture:
    """The Kaplan-Meier curve as steps; a tick where leads left while they waited, a dashed line at one half."""
    del data  # every curve begins at 1, which no row says
    unit, name = result.parameters["unit"], result.by
    rows: list[dict[str, Any]] = []
    for row in result.rows:
        who = "(blank)" if name is not None and row[name] is None else row[name] if name is not None else "all"
        if not any(each["who"] == who for each in rows):
            rows.append({"who": who, "waited": 0, "still_waiting": 1.0, "censored": 0})
        rows.append({"who": who, **{key: row[key] for key in ("waited", "still_waiting", "censored")}})
    values = alt.InlineData(values=rows)
    base = alt.Chart(width=WIDTH, height=280)
    x = alt.X("waited:Q", title=f"{unit} since the hand-off")
    y = alt.Y("still_waiting:Q", title="still waiting", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(**_SHARE))
    many = alt.Color("who:N", title=name, scale=alt.Scale(range=[BLUE, ORANGE, GREEN, GREY, "#CC79A7", "#56B4E9"]))
    colour = alt.value(BLUE) if name is None else many
    steps = base.mark_line(interpolate="step-after", strokeWidth=2).encode(x=x, y=y, color=colour)
    left = base.transform_filter("datum.censored > 0").mark_tick(thickness=1, size=9, orient="vertical")
    half = alt.Chart(alt.InlineData(values=[{"half": 0.5}])).mark_rule(color=GREY, strokeDash=[4, 4]).encode(y="half:Q")
    layers = alt.layer(steps, left.encode(x=x, y=y, color=colour), data=values) + half
    return finish(alt, layers, "Speed to lead: who still waits", result.definition, [*result.notes(), *_median(result)])


def delays(alt: Any, result: Result, data: Any) -> Picture:
    """The median of each part as a bar, up to the time within which nine of ten ended."""
    unit, name = result.parameters["unit"], result.by
    label = f"'median ' + format(datum.p50, ',.3~r') + ', 90 % within ' + format(datum.p90, ',.3~r') + ' {unit}'"
    label += f" + (datum.share == null ? '' : ' · ' + {percent('share')} + ' of the time')"
    what = f"datum['{name}'] + ' · ' + datum.part" if name is not None else "datum.part"
    base = alt.Chart(width=WIDTH, height=alt.Step(30)).transform_filter("datum.n > 0")
    base = base.transform_calculate(label=label, what=what)
    longest = max((row["p90"] or 0 for row in result.rows), default=0) or 1
    x = {"scale": alt.Scale(domain=[0, longest * 1.9], nice=False), "axis": alt.Axis(title=unit, grid=False)}
    y = alt.Y("what:N", title=None, sort=None)
    whisker = base.mark_rule(color=GREY, strokeWidth=2).encode(x=alt.X("p50:Q", **x), x2="p90:Q", y=y)
    bars = base.mark_bar(color=BLUE, height=15).encode(x=alt.X("p50:Q", **x), y=y)
    text = base.mark_text(align="left", dx=8, fontSize=11).encode(x=alt.X("p90:Q", **x), y=y, text="label:N")
    layers = alt.layer(whisker, bars, text, data=data)
    return finish(alt, layers, "Delay: system, queue, people", result.definition, result.notes())


def untouched(alt: Any, result: Result, data: Any) -> Picture:
    """The share of untouched leads after each length of time."""
    name = result.by
    label = f"{percent('untouched_rate')} + ' of ' + format(datum.mature, ',')"
    base = alt.Chart(width=WIDTH, height=220).transform_filter("datum.mature > 0").transform_calculate(label=label)
    x = alt.X("after:N", sort=None, title="time since the hand-off", axis=alt.Axis(labelAngle=0))
    axis = alt.Axis(**_SHARE)
    y = alt.Y("untouched_rate:Q", title="untouched", scale=alt.Scale(domain=[0, 1]), axis=axis)
    colour = alt.value(ORANGE) if name is None else alt.Color(f"{name}:N")
    line = base.mark_line(point=True, strokeWidth=2).encode(x=x, y=y, color=colour)
    text = base.mark_text(dy=-12, fontSize=11).encode(x=x, y=y, text="label:N")
    layers = alt.layer(line, text, data=data) if name is None else alt.layer(line, data=data)
    return finish(alt, layers, "Leads that nobody had touched", result.definition, result.notes())


def compared(rows: Sequence[Mapping[str, Any]], before: str, after: str, definition: str) -> Picture:
    """A line for each promise, from its attainment before (grey) to that after (blue).

    Raises:
        AdapterMissing: when the extra ``analytics`` is not installed.
    """
    try:
        import altair as alt
    except ImportError:
        raise AdapterMissing("pictures need one more package: pip install 'leadbridge[analytics]'") from None
    values = [{**row, "what": f"{row['policy']}.{row['target']}"} for row in rows]
    label = (
        "format(datum.before, '.1%') + ' → ' + format(datum.after, '.1%') + ' · ' + format(datum.affected, ',')"
        " + ' clocks affected'"
    )
    base = alt.Chart(width=WIDTH, height=alt.Step(34)).transform_calculate(
        label=label, right="max(datum.before, datum.after)"
    )
    scale = alt.Scale(domain=[0, 1.5], nice=False)
    y = alt.Y("what:N", title=None)

    def x(name: str) -> Any:
        return alt.X(f"{name}:Q", title=None, scale=scale, axis=alt.Axis(**_SHARE))

    line = base.mark_rule(strokeWidth=3, color="#BBBBBB").encode(x=x("before"), x2="after:Q", y=y)
    first = base.mark_point(filled=True, size=90, color=GREY).encode(x=x("before"), y=y)
    second = base.mark_point(filled=True, size=90, color=BLUE).encode(x=x("after"), y=y)
    text = base.mark_text(align="left", dx=10, fontSize=11).encode(x=x("right"), y=y, text="label:N")
    layers = alt.layer(line, first, second, text, data=alt.InlineData(values=values))
    notes = [f"before (grey): {before}", f"after (blue): {after}"]
    return finish(alt, layers, "What if: promises kept in time", definition, notes)


def _median(result: Result) -> list[str]:
    unit = result.parameters["unit"]
    if result.value_name == "median":
        return [f"median {result.value:,.0f} {unit}"]
    return [f"median {result.parameters['median']}"]
