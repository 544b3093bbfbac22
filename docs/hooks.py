"""What the site builder does besides: docstrings are written for ``help()``; the site drops roles and ``::``."""

from __future__ import annotations

import re

OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+tests/[^)]+\)")
ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):(<code>)~?")


def on_page_content(html: str, **_: object) -> str:
    """Called by mkdocs for each page, after Markdown and before the template."""
    return ROLE.sub(r"\1", html).replace("<p>::</p>", "")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Called by mkdocs for each page first: a link to a test leads somewhere in the repository, nowhere on the site."""
    return OUTSIDE.sub(r"\1", markdown)
