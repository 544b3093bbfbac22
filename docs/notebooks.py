"""The notebooks of ``docs/examples`` as pages of the site: what was written, the code, and what it showed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import nbformat

__all__ = ["page"]

_read: Any = nbformat.read


def page(path: Path) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by the names under which the page shows them."""
    pictures: dict[str, bytes] = {}
    parts: list[str] = []
    for cell in _read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        else:
            parts += [f"```python\n{cell.source}\n```", *_shown(cell, path.stem, pictures)]
    parts.append(f"[The notebook itself]({path.name})")
    return "\n\n".join(parts) + "\n", pictures


def _shown(cell: Any, stem: str, pictures: dict[str, bytes]) -> Iterator[str]:
    """What a cell showed: the picture, else the table, else the text."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            name = f"{stem}-{len(pictures)}.png"
            pictures[name] = base64.b64decode(data["image/png"])
            yield f"![What this cell draws; its title says the definition and n]({name})"
        elif "text/html" in data:
            yield f'<div class="md-typeset__table">\n{data["text/html"].strip()}\n</div>'
        else:
            text = output.get("text") or data.get("text/plain", "")
            yield f"<pre><code>{escape(text.rstrip())}</code></pre>"
