"""What commands show: tables and sentences for people, one JSON document for programs.

Results go to stdout, everything else to stderr. Text that comes from a CRM is shown as it is, but never as markup and
never as a control sequence of the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["clean", "complain", "console", "cut", "emit", "interactive", "note", "rest", "say", "show", "table", "text"]

T = TypeVar("T")

_PIPE_WIDTH = 160
"""Columns of a table when nobody looks at it: a pipe has no width to adapt to."""


def clean(value: object) -> str:
    """A value as text in which whatever a terminal would obey is spelled out."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in str(value))


def text(value: object, style: str = "") -> Text:
    """A cell: the cleaned text, never read as markup."""
    from rich.text import Text

    return Text(clean(value), style=style)


def console(*, errors: bool = False) -> Console:
    """The console for results, or for everything else. Colours only where a terminal shows them and nobody objects."""
    from rich.console import Console

    found = Console(stderr=errors, highlight=False, soft_wrap=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found = Console(stderr=errors, highlight=False, width=_PIPE_WIDTH)
    return found


def show(*things: Table | Text | str) -> None:
    """Shows results; an empty text is none."""
    out = console()
    for thing in things:
        if isinstance(thing, str):
            if thing:
                out.print(text(thing), soft_wrap=True)
        else:
            out.print(thing)


def say(message: str, style: str = "") -> None:
    """Tells a person something that is no result: on stderr."""
    console(errors=True).print(text(message, style), soft_wrap=True)


def note(message: str) -> None:
    """A remark on stderr, less loud."""
    say(message, "dim")


def complain(message: str) -> None:
    """An error, on stderr."""
    from rich.text import Text

    console(errors=True).print(Text.assemble(("error: ", "bold red"), clean(message)), soft_wrap=True)


def emit(document: object) -> None:
    """Prints the one JSON document of a command on stdout."""
    import orjson
    import typer

    body = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    typer.echo(body.decode())


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Iterable[str] = (),
    styles: Mapping[int, str] | None = None,
) -> Table:
    """A table for people.

    Args:
        right: the columns whose values are numbers.
        styles: a style for some rows, by their position.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    numbers = set(right)
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for position, row in enumerate(rows):
        cells = [cell if isinstance(cell, Text) else text(cell) for cell in row]
        made.add_row(*cells, style=(styles or {}).get(position, ""))
    return made


def cut(rows: Sequence[T], limit: int) -> tuple[Sequence[T], str]:
    """At most so many rows, and a line that says how many are left out (empty when none)."""
    return rows[:limit], rest(len(rows), limit)


def rest(count: int, limit: int) -> str:
    """A line that says how many of so many rows are left out (empty when none)."""
    left = count - limit
    return f"... and {left:,} more (--limit, or --json for all)" if left > 0 else ""


def interactive() -> bool:
    """Whether a person sits in front of this and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
