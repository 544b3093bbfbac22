"""Pictures of results in Altair. Every title states the definition, so that a picture can travel without its notebook.

Colours are from the palette of Okabe and Ito, which people with colour-blindness can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from leadbridge.analytics.plot_frame import BLUE, GREEN, GREY, ORANGE, WIDTH, finish, percent
from leadbridge.analytics.plots_time import delays, untouched, waiting
from leadbridge.analytics.result import Result
from leadbridge.errors import AdapterMissing, ConfigError

if TYPE_CHECKING:
    import altair

__all__ = ["chart", "save"]

Picture: TypeAlias = "altair.LayerChart | altair.FacetChart"

_BLANK = ("buying_stage", "function", "type")


def chart(result: Result) -> Picture:
    """The picture of a result.

    Raises:
        AdapterMissing: when the extra ``analytics`` is not installed.
        ConfigError: for a metric that has no picture.
    """
    try:
        import altair as alt
    except ImportError:
        raise AdapterMissing("pictures need one more package: pip install 'leadbridge[analytics]'") from None
    draw = _PICTURES.get(result.metric)
    if draw is None:
        raise ConfigError(f"{result.metric} has no picture: there are pictures of {', '.join(_PICTURES)}")
    words = {"reason": "no reason", result.by or "": "(blank)"} | dict.fromkeys(_BLANK, "(blank)")
    rows = [{name: words.get(name) if value is None else value for name, value in row.items()} for row in result.rows]
    return draw(alt, result, alt.InlineData(values=rows))


def save(picture: Picture, path: str | Path, *, scale: float = 2.0) -> Path:
    """Writes a picture as ``.png``, ``.svg``, ``.html`` or ``.json``, without a browser.

    Raises:
        ConfigError: for another ending.
    """
    file = Path(path)
    if file.suffix not in (".png", ".svg", ".html", ".json"):
        raise ConfigError(f"{file.name}: a picture is saved as .png, .svg, .html or .json")
    picture.save(str(file), scale_factor=scale)
    return file


def _facets(alt: Any, result: Result, layers: Any, data: Any, **shared: str) -> Any:
    """One row of panels for each value of the dimension, when there is one; the layers have no data of their own."""
    if result.by is None:
        return layers.properties(data=data)
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start", labelFontWeight="bold")
    row = alt.Row(f"{result.by}:N", title=None, header=header)
    return layers.facet(row=row, data=data, spacing=8).resolve_scale(**shared)


def _reach(alt: Any, values: list[float], title: str, room: float) -> Any:
    """A scale of counts with room for labels to the right of the longest bar."""
    longest = max(values, default=0) or 1
    scale = alt.Scale(domain=[0, longest * room], nice=False)
    ticks = sorted({0, round(longest / 2), round(longest)})
    return {"scale": scale, "axis": alt.Axis(title=title, grid=False, format=",d", values=ticks)}


def _funnel(alt: Any, result: Result, data: Any) -> Picture:
    stages = list(dict.fromkeys(row["stage"] for row in result.rows))
    step, total = percent("step_rate"), percent("total_rate")
    label = (
        "format(datum.entered, ',')"
        f" + (datum.step_rate == null ? '' : ' · ' + {step} + ' of the stage before')"
        f" + (datum.step > 1 && datum.total_rate != null ? ' · ' + {total} + ' of the first' : '')"
    )
    base = alt.Chart(width=WIDTH, height=alt.Step(26)).transform_calculate(label=label)
    y = alt.Y("stage:N", sort=stages, title=None)
    x = alt.X("entered:Q", **_reach(alt, result.column("entered"), "entries into the stage", 1.8))
    bars = base.mark_bar(color=BLUE, height=17).encode(x=x, y=y)
    text = base.mark_text(align="left", dx=6, fontSize=11).encode(x=x, y=y, text="label:N")
    layers = _facets(alt, result, alt.layer(bars, text), data)
    return finish(alt, layers, "Funnel: entries into each stage", result.definition, result.notes())


def _durations(alt: Any, result: Result, data: Any) -> Picture:
    unit, stages = result.parameters["unit"], (result.parameters["from_stage"], result.parameters["to_stage"])
    name = result.by or "interval"
    label = (
        "'median ' + format(datum.p50, ',.3~r') + ', 90 % within ' + format(datum.p90, ',.3~r')"
        f" + ' {unit}, n = ' + format(datum.n, ',')"
    )
    base = (
        alt.Chart(width=WIDTH, height=alt.Step(32))
        .transform_filter("datum.n > 0")
        .transform_calculate(label=label, **({} if result.by else {"interval": f"'{stages[0]} to {stages[1]}'"}))
    )
    y = alt.Y(f"{name}:N", title=None, sort=alt.EncodingSortField("p50", op="min", order="ascending"))
    x = _reach(alt, [value or 0 for value in result.column("p90")], unit, 1.9)
    whisker = base.mark_rule(color=GREY, strokeWidth=2).encode(x=alt.X("p25:Q", **x), x2="p90:Q", y=y)
    half = base.mark_bar(color=BLUE, height=15, opacity=0.6).encode(x=alt.X("p25:Q", **x), x2="p75:Q", y=y)
    middle = base.mark_tick(color=ORANGE, thickness=3, size=21).encode(x=alt.X("p50:Q", **x), y=y)
    text = base.mark_text(align="left", dx=8, fontSize=11).encode(x=alt.X("p90:Q", **x), y=y, text="label:N")
    layers = alt.layer(whisker, half, middle, text, data=data)
    return finish(
        alt,
        layers,
        f"Time from {stages[0]} to {stages[1]}: middle half, median, up to 90 %",
        result.definition,
        result.notes(),
    )


def _reasons(alt: Any, result: Result, data: Any) -> Picture:
    share = f"(datum.share == null ? 'no reason given' : {percent('share')})"
    base = alt.Chart(width=WIDTH, height=alt.Step(22)).transform_calculate(
        label=f"format(datum.n, ',') + ' · ' + {share}", what="datum.reason + ' (' + datum.decision + ')'"
    )
    x = alt.X("n:Q", **_reach(alt, result.column("n"), "refused hand-offs", 1.35))
    y = alt.Y("what:N", sort=alt.EncodingSortField("n", op="sum", order="descending"), title=None)
    colour = alt.condition("datum.share == null", alt.value(GREY), alt.value(BLUE))
    bars = base.mark_bar(height=15).encode(x=x, y=y, color=colour)
    text = base.mark_text(align="left", dx=6, fontSize=11).encode(x=x, y=y, text="label:N")
    layers = _facets(alt, result, alt.layer(bars, text), data, y="independent")
    return finish(alt, layers, "Why leads were refused", result.definition, result.notes())


def _shares(count: str, share: str, title: str) -> Callable[[Any, Result, Any], Picture]:
    def draw(alt: Any, result: Result, data: Any) -> Picture:
        told_apart = (result.by, "policy", "target", "type", "buying_stage")
        names = [name for name in told_apart if name and name in result.columns]
        base = alt.Chart(width=WIDTH, height=alt.Step(26)).transform_calculate(
            what=" + ' · ' + ".join(f"datum['{name}']" for name in names) or "'all'",
            reach=f"datum['{share}'] == null ? 0 : datum['{share}']",
            label=f"datum['{share}'] == null ? 'not computable: 0 of 0' : "
            f"{percent(share)} + ' of ' + format(datum['{count}'], ',')",
        )
        axis = alt.Axis(title=None, format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
        x = alt.X("reach:Q", scale=alt.Scale(domain=[0, 1.3], nice=False), axis=axis)
        y = alt.Y("what:N", title=None)
        bars = base.mark_bar(color=GREEN, height=16).encode(x=x, y=y)
        text = base.mark_text(align="left", dx=6, fontSize=11).encode(x=x, y=y, text="label:N")
        return finish(alt, alt.layer(bars, text, data=data), title, result.definition, result.notes())

    return draw


def _coverage(alt: Any, result: Result, data: Any) -> Picture:
    base = alt.Chart(width=alt.Step(150), height=alt.Step(34)).transform_calculate(
        label=f"format(datum.interactions, ',') + ', ' + {percent('person_share')} + ' in person'"
    )
    x = alt.X("function:N", title=None, axis=alt.Axis(orient="top", labelAngle=0))
    y = alt.Y("buying_stage:N", title=None)
    colour = alt.Color("interactions:Q", scale=alt.Scale(scheme="blues"), legend=None)
    dark = f"datum.interactions > {0.55 * max(result.column('interactions'))}"
    cells = base.mark_rect(stroke="white").encode(x=x, y=y, color=colour)
    ink = alt.condition(dark, alt.value("white"), alt.value("black"))
    text = base.mark_text(fontSize=11).encode(x=x, y=y, text="label:N", color=ink)
    layers = _facets(alt, result, alt.layer(cells, text), data, color="shared")
    return finish(alt, layers, "Who is with the buyer when", result.definition, result.notes())


_PICTURES: dict[str, Callable[[Any, Result, Any], Picture]] = {
    "funnel": _funnel,
    "stage_duration": _durations,
    "reason_mix": _reasons,
    "acceptance_rate": _shares("counted", "rate", "Hand-offs accepted"),
    "information_completeness": _shares("promised", "share", "Promised information that came with hand-offs"),
    "sla_attainment": _shares("counted", "attainment", "Promises kept in time"),
    "coverage": _coverage,
    "content_usage": _shares("available", "usage_rate", "Agreed content that was used"),
    "definitional_rejection": _shares("decided", "rejection_rate", "Hand-offs refused as not wanted"),
    "ignored_rate": _shares("mature", "ignored_rate", "Hand-offs that nobody followed up"),
    "delay_split": delays,
    "speed_to_lead": waiting,
    "untouched": untouched,
    "interaction_mix": _shares("interactions", "person_share", "Person to person, by buying stage"),
}
