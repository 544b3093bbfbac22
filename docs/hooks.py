"""What the site builder does besides: notebooks become pages; docstrings, written for ``help()``, lose their roles."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parents[1]))
from docs.notebooks import page

OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+tests/[^)]+\)")
NOTEBOOK = re.compile(r"(\]\([^)\s]*examples/[\w-]+)\.ipynb\)")
ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):(<code>)~?")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by mkdocs when it knows its files: every notebook gets a page and its pictures beside it."""
    for notebook in sorted(Path(config.docs_dir, "examples").glob("*.ipynb")):
        text, pictures = page(notebook)
        files.append(File.generated(config, f"examples/{notebook.stem}.md", content=text))
        for name, picture in pictures.items():
            files.append(File.generated(config, f"examples/{name}", content=picture))
    return files


def on_page_content(html: str, **_: object) -> str:
    """Called by mkdocs for each page, after Markdown and before the template."""
    return ROLE.sub(r"\1", html).replace("<p>::</p>", "")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Called by mkdocs for each page first: links to notebooks lead to their pages, those to tests nowhere."""
    return NOTEBOOK.sub(r"\1.md)", OUTSIDE.sub(r"\1", markdown))
