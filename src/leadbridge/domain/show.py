"""How objects of the domain show themselves to people without showing persons: masked values, small HTML tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["PERSONAL", "html_table", "mask"]

PERSONAL = frozenset({"email", "first_name", "last_name", "phone"})
"""The canonical fields whose values are never shown unless somebody asks for them by name."""


def mask(name: str, value: object) -> str:
    """A value as it may be shown on a screen: an address keeps its domain, a name its first letter."""
    if value is None:
        return ""
    text = str(value)
    field = name.rpartition(".")[2]
    if field not in PERSONAL or not text:
        return text
    if field == "email":
        return f"{text[0]}…@{text.rpartition('@')[2]}" if "@" in text else "…"
    return "…" if field == "phone" else f"{text[0]}…"


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain HTML table; every cell is escaped."""
    header = f"<thead><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption>{header}<tbody>{body}</tbody></table>"
