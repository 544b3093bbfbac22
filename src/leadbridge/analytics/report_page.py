"""A report as one HTML page that fetches nothing: styles and pictures are inside, there is no script.

For people who do not see it: landmarks, a link past the contents, headings in order, a text in place of every picture
and a table under it. Tables that are wider than the screen scroll by themselves and can be reached by keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from leadbridge import __version__
from leadbridge.analytics.plot_frame import Look, Picture
from leadbridge.analytics.plots import chart
from leadbridge.analytics.plots_reconcile import DEFINITION, bridge
from leadbridge.analytics.report_parts import Bridge, Card, Cards, Figure, Grid, Section
from leadbridge.analytics.report_pictures import drawings
from leadbridge.analytics.result import Result

if TYPE_CHECKING:
    from leadbridge.analytics.report import Report

__all__ = ["page"]

_STATES = {"reached": "✓ reached", "missed": "✗ missed"}


def page(report: Report, mark: str) -> str:
    """The whole page; ``mark`` stands in its head as the program that wrote it."""
    style = resources.files("leadbridge.analytics").joinpath("report.css").read_text("utf-8")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            # Whatever the data says, the page asks nobody for anything and runs nothing.
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f'<meta name="generator" content="leadbridge {escape(__version__)}, {escape(mark)}">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(report.title)}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            '<a class="skip" href="#numbers">Skip to the numbers</a>',
            *_head(report),
            '<main id="numbers" tabindex="-1">',
            *(line for section in report.sections for line in _section(section)),
            *_definitions(report),
            "</main>",
            f"<footer><p>Made by leadbridge {escape(__version__)} from a snapshot.</p></footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _head(report: Report) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>{escape(report.title)}</h1>"
    yield f"<p>{escape(report.standing)}</p>"
    yield '<nav aria-label="Contents"><ul>'
    names = [(section.name, section.title) for section in report.sections]
    for name, title in [*names, ("definitions", "Definitions")]:
        yield f'<li><a href="#{name}">{escape(title)}</a></li>'
    yield "</ul></nav></header>"


def _section(section: Section) -> Iterator[str]:
    yield f'<section id="{section.name}" aria-labelledby="{section.name}-title">'
    yield f'<h2 id="{section.name}-title">{escape(section.title)}</h2>'
    yield f'<p class="question">{escape(section.question)}</p>'
    for at, part in enumerate(section.parts):
        match part:
            case Bridge():
                yield from _bridge(part)
            case Cards(cards):
                yield '<ul class="cards">'
                yield from map(_card, cards)
                yield "</ul>"
            case Grid():
                yield from _table(part, f"{section.name}-{at}")
            case Figure():
                yield from _figure(part)
    yield "</section>"


def _card(card: Card) -> str:
    about = f'<span class="about">{escape(card.part)}</span>' if card.part else ""
    state = f'<span class="state {card.state}">{_STATES[card.state]}</span>' if card.state else ""
    target = f'<span class="target">target: {escape(card.target)}</span>' if card.target else ""
    name = f'<a href="#definition-{card.metric}">{escape(card.name)}</a>' if card.metric else escape(card.name)
    return f'<li>{about}<strong>{name}</strong><span class="value">{escape(card.value)}</span>{target}{state}</li>'


def _figure(figure: Figure) -> Iterator[str]:
    answer, name = figure.answer, figure.name
    link = f'<a href="#definition-{answer.metric}">Definition</a>'
    yield from _opened(figure, "headline" if answer.computable else "missing")
    if isinstance(answer, Result) and figure.drawn:
        yield from _drawn(figure, partial(chart, answer))
    yield f'<p class="notes">{link}: {escape(answer.definition)}</p>'
    if isinstance(answer, Result):
        yield f'<p class="notes">{escape(" · ".join(answer.notes()))}</p>'
        yield f"<details><summary>Table: {escape(figure.about)}</summary>"
        yield from _table(figure.grid(answer), name)
        yield "</details>"
    yield "</article>"


def _bridge(one: Bridge) -> Iterator[str]:
    yield from _opened(one, "headline")
    yield from _drawn(one, partial(bridge, one.found))
    yield f'<p class="notes">Definition: {escape(DEFINITION)}</p>'
    yield from _table(one.grid(), one.name)
    yield "</article>"


def _opened(part: Figure | Bridge, kind: str) -> Iterator[str]:
    yield f'<article id="{part.name}" aria-labelledby="{part.name}-title">'
    yield f'<h3 id="{part.name}-title">{escape(part.about)}</h3>'
    yield f'<p class="{kind}">{escape(part.headline)}</p>'


def _drawn(part: Figure | Bridge, draw: Callable[[Look], Picture]) -> Iterator[str]:
    said = f"{part.about}. {part.headline}. All numbers stand in the table that follows."
    yield "<figure>"
    for size, svg in drawings(draw, part.name).items():
        yield f'<div class="picture {size}" role="img" aria-label="{escape(said)}">{svg}</div>'
    yield "</figure>"


def _table(grid: Grid, name: str) -> Iterator[str]:
    if grid.rows:
        yield f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{name}-caption"><table>'
        yield f'<caption id="{name}-caption">{escape(grid.caption)}</caption><thead><tr>'
        yield "".join(f'<th scope="col">{escape(each)}</th>' for each in grid.head)
        yield "</tr></thead><tbody>"
        for first, *rest in grid.rows:
            cells = "".join(f"<td>{escape(each)}</td>" for each in rest)
            yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
        yield "</tbody></table></div>"
    else:
        yield f"<h3>{escape(grid.caption)}</h3>"
    if grid.note:
        yield f'<p class="notes">{escape(grid.note)}</p>'


def _definitions(report: Report) -> Iterator[str]:
    yield '<section id="definitions" aria-labelledby="definitions-title">'
    yield '<h2 id="definitions-title">Definitions</h2>'
    yield '<p class="question">What does every number on this page mean?</p><dl>'
    for one in report.definitions():
        counted = "".join(f" {escape(name)}: {escape(words)}." for name, words in one.denominators.items())
        yield f'<dt id="definition-{one.name}">{escape(one.title)} <code>{escape(one.name)}</code></dt>'
        yield f"<dd>{escape(one.definition)} Basis: {escape(one.basis)}; {escape(one.grain)}.{counted}</dd>"
    yield "</dl></section>"
