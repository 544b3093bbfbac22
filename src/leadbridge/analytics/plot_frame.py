"""What all pictures share: colours, sizes, scales, and a title that states the definition.

Colours are after Okabe and Ito and Paul Tol: people with colour-blindness can tell them apart, each stands out from
white and from black by 3 : 1 or more, and none says anything that a label, a dash or a shape does not say as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from leadbridge.analytics.result import Result
from leadbridge.errors import AdapterMissing

if TYPE_CHECKING:
    import altair

__all__ = [
    "BLUE",
    "EMPTY",
    "GREEN",
    "GREY",
    "GRID",
    "INK",
    "MUTED",
    "ON_DARK",
    "ON_LIGHT",
    "ORANGE",
    "PALE",
    "PURPLE",
    "SHADES",
    "SHARE",
    "Draw",
    "Look",
    "Picture",
    "aligned",
    "altair_there",
    "charts",
    "facets",
    "finish",
    "hints",
    "percent",
    "reach",
    "shaded",
]

Picture: TypeAlias = "altair.LayerChart | altair.FacetChart"

BLUE, ORANGE, GREEN, GREY, PURPLE = "#0072B2", "#D55E00", "#00886A", "#767676", "#AA4499"
INK, MUTED, GRID, PALE, EMPTY = "#1F2328", "#59636E", "#D9DEE3", "#9BB8CC", "#F1F3F5"
ON_DARK, ON_LIGHT = "#FFFFFE", "#000001"
"""The ink on filled cells, spelled so that a page in dark mode changes all other ink and leaves these."""

SHADES = ("#E6F0F7", "#0B4F7D")
"""From few to many; the text on a cell turns from dark to light where both stand out by 4.5 : 1."""

SHARE: dict[str, Any] = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
_LETTER = 6.5
"""Pixels of a letter at 12 px, as a generous mean."""

_SLACK = (24, 10)
"""Pixels left and right of a picture inside a page, whose letters may be wider than those it was laid out with."""


@dataclass(frozen=True, slots=True)
class Look:
    """How large a picture is, and whether it says its own title.

    Attributes:
        width: pixels from edge to edge.
        titled: whether title, definition and notes stand above it; a page that says them itself leaves them out.
    """

    width: int = 760
    titled: bool = True

    @property
    def narrow(self) -> bool:
        """Whether it is for a telephone: less text beside marks, and rows in place of columns."""
        return self.width < 560

    def limit(self) -> int:
        """The pixels that the label of a row may take."""
        return 140 if self.narrow else 240

    def plot(self, labels: Iterable[object], more: int = 0) -> int:
        """The pixels that are left for marks beside the labels of the rows, less ``more``."""
        longest = max((len(str(label)) for label in labels), default=0)
        return (
            self.width - min(self.limit(), round(longest * _LETTER)) - 24 - more - (0 if self.titled else sum(_SLACK))
        )


Draw: TypeAlias = Callable[[Any, Result, Look], Any]
"""How a result is drawn: from altair, the result and the look."""


def altair_there() -> Any:
    """The package that draws.

    Raises:
        AdapterMissing: when the extra ``analytics`` is not installed.
    """
    try:
        import altair
    except ImportError:
        raise AdapterMissing("pictures need one more package: pip install 'leadbridge[analytics]'") from None
    return altair


def charts(alt: Any, rows: Sequence[Mapping[str, Any]], **values: Any) -> Any:
    """A chart of rows to make layers of."""
    return alt.Chart(_data(alt, rows), **values)


def finish(alt: Any, layers: Any, look: Look, text: str, definition: str, notes: Sequence[str]) -> Picture:
    """The layers with their title, so that the picture can travel without its notebook, and a text in their place."""
    letters = round(look.width / 5.6)
    words = [*textwrap.wrap(definition, letters), *textwrap.wrap(" · ".join(notes), letters)]
    title = alt.TitleParams(
        textwrap.wrap(text, round(look.width / 8.2)), subtitle=words, anchor="start", frame="bounds", offset=16
    )
    said = {"description": f"{text}. {definition} {'; '.join(notes)}."}
    left, right = (0, 0) if look.titled else _SLACK
    # All settings at once: every call would copy the whole picture.
    picture: Picture = layers.properties(**said, **({"title": title} if look.titled else {})).configure(
        font="Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif",
        padding={"left": 6 + left, "right": 6 + right, "top": 6, "bottom": 6},
        aria=look.titled,
        background="white" if look.titled else "transparent",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelLimit=look.limit(),
            labelFontSize=12,
            labelPadding=6,
            labelColor=INK,
            titleFontSize=12,
            titleFontWeight="normal",
            titleColor=MUTED,
            gridColor=GRID,
            domain=False,
            ticks=False,
        ),
        text=alt.MarkConfig(fontSize=12, color=INK),
        title=alt.TitleConfig(fontSize=16, subtitleFontSize=12, color=INK, subtitleColor=MUTED),
        header=alt.HeaderConfig(labelFontSize=12, labelColor=INK, titleFontWeight="normal"),
        legend=alt.LegendConfig(labelFontSize=12, labelColor=INK, titleColor=MUTED, labelLimit=200),
    )
    return picture


def _data(alt: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """The rows as one text: Altair would check and copy each of them again for every layer, which takes seconds."""
    text = orjson.dumps([dict(row) for row in rows]).decode()
    return alt.InlineData(values=text, format=alt.DataFormat(type="json"))


def facets(alt: Any, result: Result, layers: Any, rows: Sequence[Mapping[str, Any]], **shared: str) -> Any:
    """One row of panels for each value of the dimension, when there is one; the layers have no data of their own."""
    data = _data(alt, rows)
    if result.by is None:
        return layers.properties(data=data)
    header = alt.Header(labelAngle=0, labelAlign="left", labelOrient="top", labelAnchor="start", labelFontWeight="bold")
    order = list(dict.fromkeys(row[result.by] for row in rows))
    row = alt.Row(f"{result.by}:N", title=None, header=header, sort=order)
    return layers.facet(row=row, data=data, spacing=10).resolve_scale(**shared)


def hints(alt: Any, *fields: Any) -> list[Any]:
    """What is said about a mark that is pointed at: fields as ``name:type``, or tooltips with a format of their own.

    Everywhere in these pictures channels are objects: what is a text, Altair tries against each class that it has.
    """
    return [alt.Tooltip(field) if isinstance(field, str) else field for field in fields]


def percent(name: str) -> str:
    """A share as text, in the words of a chart; empty where there is none."""
    return f"(datum['{name}'] == null ? '' : format(datum['{name}'], '.1%'))"


def reach(alt: Any, values: Iterable[float], title: str | None, room: float) -> dict[str, Any]:
    """A scale of counts with room for labels to the right of the longest bar."""
    longest = max(values, default=0) or 1
    scale = alt.Scale(domain=[0, longest * room], nice=False)
    ticks = sorted({0, round(longest / 2), round(longest)}) if longest >= 1 else [0, longest]
    return {"scale": scale, "axis": alt.Axis(title=title, grid=False, format=",.3~r", values=ticks)}


def aligned(base: Any, alt: Any, at: float, text: str, y: Any, **mark: Any) -> Any:
    """A column of texts that ends at ``at`` pixels from the left of the marks."""
    return base.mark_text(align="right", **mark).encode(x=alt.XValue(at), y=y, text=alt.Text(text))


def shaded(alt: Any, field: str, top: float) -> tuple[Any, Any]:
    """The fill of a cell by a number from 0 to ``top``, and the ink that can be read on it; both say what is blank."""
    blank, dark = f"datum['{field}'] == null", f"datum['{field}'] > {0.72 * (top or 1)}"
    scale = alt.Scale(domain=[0, top or 1], range=list(SHADES), interpolate="lab")
    fill = alt.condition(blank, alt.value(EMPTY), alt.Color(f"{field}:Q", scale=scale, legend=None))
    ink = alt.when(blank).then(alt.value(MUTED)).when(dark).then(alt.value(ON_DARK)).otherwise(alt.value(ON_LIGHT))
    return fill, ink
