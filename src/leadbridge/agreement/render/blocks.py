"""Headings, texts and tables, and how they become Markdown and HTML; what people wrote cannot break either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

__all__ = ["Block", "Heading", "Table", "Text", "as_html", "as_markdown", "plain", "table"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; ``level`` 2 begins a section, 3 a part of it."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; ``kind`` tells a style sheet apart what is signed on."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: str = ""


Block: TypeAlias = Heading | Text | Table


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, kind: str = "") -> Table:
    """A table of whatever the cells are; columns in which no row has anything are left out."""
    cells = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    kept = [at for at in range(len(head)) if at == 0 or kind or any(row[at] for row in cells)]
    return Table(tuple(head[at] for at in kept), tuple(tuple(row[at] for at in kept) for row in cells), kind)


def as_markdown(title: str, blocks: Iterable[Block]) -> str:
    """The blocks as Markdown under a title."""
    lines = [f"# {plain(title)}", ""]
    for block in blocks:
        match block:
            case Heading(text, level):
                lines += [f"{'#' * level} {plain(text)}", ""]
            case Text(text):
                lines += [plain(text), ""]
            case Table(head, rows) if rows:
                lines += [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
                lines += [f"| {' | '.join(plain(cell) for cell in row)} |" for row in rows]
                lines += [""]
    return "\n".join(lines)


def as_html(title: str, blocks: Iterable[Block]) -> str:
    """The blocks as an HTML fragment under a title; everything that people wrote is escaped."""
    parts = [f"<article><h1>{escape(title)}</h1>"]
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"<h{level}>{escape(text)}</h{level}>")
            case Text(text):
                parts.append(f"<p>{escape(text)}</p>")
            case Table(head, rows, kind) if rows:
                header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
                body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
                style = f' class="{escape(kind)}"' if kind else ""
                parts.append(f"<table{style}><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>")
    return "\n".join([*parts, "</article>"])


def plain(text: str) -> str:
    """Text for a line or a cell of Markdown: no pipe, line break or HTML of its own."""
    return escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
