"""What all pictures share: colours, width, and a title that states the definition.

Colours are from the palette of Okabe and Ito, which people with colour-blindness can tell apart.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import altair

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "WIDTH", "Picture", "finish", "percent"]

Picture: TypeAlias = "altair.LayerChart | altair.FacetChart"

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#6F6F6F"
WIDTH = 560


def finish(alt: Any, layers: Any, text: str, definition: str, notes: Sequence[str]) -> Picture:
    """The layers with their title, so that the picture can travel without its notebook."""
    words = textwrap.wrap(definition, 110) + textwrap.wrap(" · ".join(notes), 110)
    title = alt.TitleParams(text, subtitle=words, anchor="start", subtitleColor=GREY, offset=14)
    picture: Picture = (
        layers.properties(title=title)
        .configure_view(stroke=None)
        .configure_axis(labelLimit=240, titleFontWeight="normal", domain=False, ticks=False)
        .configure_title(fontSize=15, subtitleFontSize=11)
        .configure_header(labelFontSize=12, titleFontWeight="normal")
    )
    return picture


def percent(name: str) -> str:
    """A share as text, in the words of a chart; empty where there is none."""
    return f"(datum['{name}'] == null ? '' : format(datum['{name}'], '.1%'))"
