"""The agreement as a page that both functions can read, discuss and sign: Markdown and HTML from one list of blocks.

Headings are English; what people wrote stays in their language and script.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from leadbridge.agreement.render.blocks import Block, Text, as_html, as_markdown
from leadbridge.agreement.render.content import market, reasons
from leadbridge.agreement.render.governance import aims, signatures, systems
from leadbridge.agreement.render.process import process
from leadbridge.domain.model import listing

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["html", "markdown", "page"]

_STYLE = """
body { font: 11pt/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #bbb; }
table { border-collapse: collapse; width: 100%; margin: .7rem 0; font-size: .9em; }
th, td { border: 1px solid #bbb; padding: .3rem .5rem; text-align: start; vertical-align: top;
  overflow-wrap: anywhere; }
th { background: #f2f2f2; }
table.signatures td { height: 3rem; vertical-align: bottom; }
table.signatures td:last-child { width: 40%; color: #777; }
@page { size: A4; margin: 18mm; }
@media print { body { margin: 0; max-width: none; font-size: 9.5pt; } h2, h3 { break-after: avoid; }
  tr, table.signatures { break-inside: avoid; } thead { display: table-header-group; } }
""".strip()


def _blocks(agreement: Agreement) -> Iterator[Block]:
    until = f" until {agreement.until}" if agreement.until else ""
    yield Text(f"Version {agreement.version}, effective from {agreement.effective}{until}.")
    if agreement.unsigned:
        yield Text(f"Not yet signed by: {listing(agreement.unsigned)}.")
    elif not agreement.signatures:
        yield Text("Not yet signed by anybody.")
    yield from process(agreement)
    yield from reasons(agreement)
    yield from market(agreement)
    yield from aims(agreement)
    yield from systems(agreement)
    yield from signatures(agreement)


def markdown(agreement: Agreement) -> str:
    """The agreement as Markdown."""
    return as_markdown(agreement.name, _blocks(agreement))


def html(agreement: Agreement) -> str:
    """The agreement as an HTML fragment, for notebooks; everything that people wrote is escaped."""
    return as_html(agreement.name, _blocks(agreement))


def page(agreement: Agreement) -> str:
    """The agreement as a complete HTML document that needs nothing from elsewhere and prints well, to be signed."""
    title = escape(f"{agreement.name}, version {agreement.version}")
    return (
        f'<!doctype html>\n<html lang="{escape(agreement.language, quote=True)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n{html(agreement)}\n</body>\n</html>\n"
    )
