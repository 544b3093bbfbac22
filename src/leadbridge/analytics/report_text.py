"""A report as Markdown: the same sections, with tables in place of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadbridge.agreement.render.blocks import Block, Heading, Table, Text, as_markdown
from leadbridge.analytics.plots_reconcile import DEFINITION
from leadbridge.analytics.report_parts import Bridge, Cards, Figure, Grid
from leadbridge.analytics.result import Result

if TYPE_CHECKING:
    from leadbridge.analytics.report import Report

__all__ = ["text"]


def text(report: Report) -> str:
    """The report as Markdown."""
    return as_markdown(report.title, _blocks(report))


def _blocks(report: Report) -> Iterator[Block]:
    yield Text(report.standing)
    for section in report.sections:
        yield Heading(section.title)
        yield Text(section.question)
        for part in section.parts:
            match part:
                case Bridge():
                    yield Heading(part.about, 3)
                    yield Text(part.headline)
                    yield Text(f"Definition: {DEFINITION}")
                    yield from _grid(part.grid())
                case Cards(cards):
                    head = ("number", "value", "target", "state")
                    yield Table(head, tuple((card.name, card.value, card.target, card.state) for card in cards))
                case Grid():
                    yield from _grid(part)
                case Figure():
                    yield from _figure(part)
    yield Heading("Definitions")
    for one in report.definitions():
        counted = "".join(f" {name}: {words}." for name, words in one.denominators.items())
        yield Heading(one.title, 3)
        yield Text(f"{one.definition} Basis: {one.basis}; {one.grain}.{counted}")


def _figure(figure: Figure) -> Iterator[Block]:
    yield Heading(figure.about, 3)
    yield Text(figure.headline)
    yield Text(f"Definition: {figure.answer.definition}")
    if isinstance(figure.answer, Result):
        yield Text(" · ".join(figure.answer.notes()))
        yield from _grid(figure.grid(figure.answer))


def _grid(grid: Grid) -> Iterator[Block]:
    yield Table(grid.head, grid.rows)
    if grid.note:
        yield Text(grid.note)
