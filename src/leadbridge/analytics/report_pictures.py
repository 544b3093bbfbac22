"""Pictures inside a page: SVG at two widths, whose ink follows the colours of the page."""

from __future__ import annotations

import re
from collections.abc import Callable

from leadbridge.analytics.plot_frame import Look, Picture

__all__ = ["drawings"]

_LOOKS = {"wide": Look(width=760, titled=False), "narrow": Look(width=366, titled=False)}
_ID = re.compile(r'\bid="([^"]+)"')


def drawings(draw: Callable[[Look], Picture], name: str) -> dict[str, str]:
    """A picture as ``wide`` and as ``narrow`` SVG; ``name`` keeps their ids apart from all others on the page."""
    return {size: _own(_svg(draw, look), f"{name}-{size}") for size, look in _LOOKS.items()}


def _svg(draw: Callable[[Look], Picture], look: Look) -> str:
    import vl_convert
    from altair import SCHEMA_VERSION
    from altair.utils.schemapi import debug_mode

    # Checked against the schema neither in parts nor as a whole, which takes longer than drawing: tests do that.
    with debug_mode(False):
        said = draw(look).to_dict(validate=False)
    svg: str = vl_convert.vegalite_to_svg(said, SCHEMA_VERSION.rpartition(".")[0])
    return svg


def _own(svg: str, prefix: str) -> str:
    """With ids that no other picture on the page has."""
    for found in dict.fromkeys(_ID.findall(svg)):
        svg = svg.replace(f'id="{found}"', f'id="{prefix}-{found}"')
        svg = svg.replace(f"url(#{found})", f"url(#{prefix}-{found})")
    return svg
