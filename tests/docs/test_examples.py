"""Every Python example of the README and of the docs runs.

The examples of one page run in order and share their names, as a reader would type them. They run in an empty folder
with what ``prepared`` puts there; tests among them are called, with their fixtures. An example that cannot run says why
on the line before it: ``<!-- not run: why -->``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(
    r"^(?:<!-- not run: (?P<why>.+) -->\n)?```python[^\n]*\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if any(not match["why"] for match in EXAMPLE.finditer(page.read_text("utf-8")))
]


def examples(page: Path) -> Iterator[tuple[int, str]]:
    """The line at which each example of a page starts, and its code."""
    text = page.read_text("utf-8")
    for match in EXAMPLE.finditer(text):
        if not match["why"]:
            yield text.count("\n", 0, match.start("code")), match["code"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_run(page: Path, prepared: dict[str, object], request: pytest.FixtureRequest) -> None:
    names: dict[str, object] = {"__name__": "example", **prepared}
    for line, code in examples(page):
        # Empty lines in front make the line numbers of a traceback those of the page.
        exec(compile("\n" * line + code, str(page), "exec"), names)
    for name, thing in list(names.items()):
        if name.startswith("test_") and callable(thing):
            thing(**{wanted: request.getfixturevalue(wanted) for wanted in signature(thing).parameters})
