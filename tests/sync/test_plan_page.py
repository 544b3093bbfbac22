"""A plan as a page that somebody can be sent."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from leadbridge.adapter import Ref
from leadbridge.store import Conflict, Quarantined
from leadbridge.sync import Plan
from leadbridge.sync.gather import Gathered
from leadbridge.sync.plan_page import html, markdown
from tests.sync.test_plan import outcome, plan, write

NASTY = "<script>alert('x')</script> | `a`\nb"


def made() -> Plan:
    waiting = Quarantined(
        "f", "right", Ref("person", "x"), None, "identity", "two look alike", "merge them", "identity"
    )
    conflict = Conflict("lead-1", "title", {"left": NASTY, "right": "CTO"}, "left", "the later record wins")
    return plan(
        outcome("lead-1", write("lead-1", {"title": NASTY}, {"title": "CTO"}), conflicts=[conflict]),
        outcome("lead-2", write("lead-2", {"email": "ada@buyer.example"}, action="upsert")),
        gathered=Gathered(unclear=[waiting]),
        over=("3 emptied fields (sync.guards.max_clears), agreed are 2",),
    )


class Balanced(HTMLParser):
    """Whether every tag is closed, and nothing comes from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


def test_the_page_is_one_file_with_everything_in_it_and_no_values() -> None:
    page = html(made())
    reader = Balanced()
    reader.feed(page)
    assert reader.open == []
    assert "script" not in reader.seen
    text = " ".join(reader.cells)
    for said in ("lead-1", "changed in left only", "the later record wins", "merge them", "sync.guards.max_clears"):
        assert said in text
    for value in ("ada@", "CTO", "alert"):
        assert value not in page


def test_values_are_on_the_page_only_when_asked_for_and_never_as_markup() -> None:
    page = html(made(), values=True)
    reader = Balanced()
    reader.feed(page)
    assert "script" not in reader.seen
    assert NASTY in reader.cells
    assert "(blank)" in reader.cells


@pytest.mark.parametrize("values", [False, True])
def test_markdown_has_one_line_a_row_whatever_a_value_says(values: bool) -> None:
    text = markdown(made(), values=values)
    rows = [line for line in text.splitlines() if line.startswith("| lead-1 | right")]
    assert len(rows) == 1
    assert ("ada@buyer.example" in text) == values
    assert "<script>" not in text
    assert text.count("\n## ") == 4


def test_an_empty_plan_is_a_short_page() -> None:
    assert "<table>" not in html(plan())
    assert "|" not in markdown(plan())
