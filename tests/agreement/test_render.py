"""The page that both functions read and sign, as Markdown and as HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from leadbridge.agreement import Agreement, html, markdown
from leadbridge.agreement.presets import agreement_text

EXAMPLE = Agreement.preset("example")
HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"


def changed(*pairs: tuple[str, str]) -> Agreement:
    text = agreement_text("example")
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return Agreement.loads(text)


class Reader(HTMLParser):
    """Reads a page as a browser does: which elements are open, which were never closed."""

    void = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}
        self.text: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.attributes.setdefault(tag, dict(attrs))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


WORDS = (
    "Version 1, effective from 2026-01-01",
    "marketing_qualified",
    "Justifying the decision",
    "our price fits companies of this size",
    "decided within 4 business hours of offered",
    "mon-fri 09:00-17:30",
    "One view of every lead",
    "trend-report",
    "wrong_industry",
    "Open - Not Contacted",
    "at least 0.9",
    "S. Example",
    "Brought by a partner",
    "shows what slow hand-off costs",
    "For leads from trade_fair: marketing always tells",
    "Of each of these at least one: phone or email.",
    "goes to the same owner for 120 days",
    "A lead goes through the funnel at most 3 times",
    "Feedback is welcome at any time on: lead, message",
    "First subscription",
    "Campaigns are named {year}-{region}-{topic} (region: emea, us, apac).",
    "2026-emea-launch",
    "leads in sales_accepted at least 40 (marketing)",
    "Plant managers first",
    "signed off",
    "2026-h1",
    "shared_bonus",
    "weekly_pipeline",
    "share of followed-up qualified leads that are won",
)


@pytest.mark.parametrize("word", WORDS)
def test_the_page_shows_everything_that_was_agreed(word: str) -> None:
    assert word in markdown(EXAMPLE)
    assert word in html(EXAMPLE)
    assert word in EXAMPLE.page()


def test_points_of_a_score_are_said_in_words() -> None:
    text = (
        "scores:\n  fit:\n    label: Fit\n    owner: marketing\n    at_most: 90\n    points:\n"
        "      - {id: reads, each: content, points: 5, within: 30 days, at_most: 25}\n"
        "      - {id: talks, each: person_to_person, points: 20, halves_every: 14 days}\n"
        "      - {id: gone, when: opted_out, points: -50, why: nobody may write}\n"
    )
    page = Agreement.loads(HEAD + text).markdown()
    assert "## Score: Fit" in page
    assert "It never exceeds 90 points" in page
    assert "each content interaction of the last 30 days, at most 25 points in all" in page
    assert "each person to person interaction, halved every 2 weeks" in page
    assert "| -50 | gone |" in page


def test_the_page_is_a_complete_document_in_the_language_of_the_agreement() -> None:
    japanese = Agreement.loads(HEAD.replace("Test", "営業との合意") + "language: ja\n")
    page = japanese.page()
    assert page.startswith("<!doctype html>\n")
    reader = read(page)
    assert reader.attributes["html"] == {"lang": "ja"}
    assert reader.attributes["meta"] == {"charset": "utf-8"}
    assert "営業との合意, version 1" in reader.text
    assert "@media print" in page
    assert "http" not in page
    assert (reader.seen["h1"], reader.seen["title"]) == (1, 1)


def test_what_people_wrote_cannot_break_the_page() -> None:
    agreement = changed(
        ("agreement: Acme lead agreement", 'agreement: "A | <script>alert(1)</script>"'),
        ("language: en", "language: '\"><script>'"),
        ("why: we have references there", "why: a | b <b>c</b>"),
    )
    for page in (html(agreement), markdown(agreement), agreement.page()):
        assert "<script>" not in page
    assert "a \\| b &lt;b&gt;c&lt;/b&gt;" in markdown(agreement)
    assert read(agreement.page()).seen["article"] == 1


def test_roles_that_have_not_signed_have_an_open_line() -> None:
    unsigned = changed(("  - {role: cro, name: S. Example, on: 2025-12-16}\n", ""))
    assert "Not yet signed by: cro." in markdown(unsigned)
    assert "| cmo | M. Example | 2025-12-15 | signed |" in markdown(unsigned)
    assert "| cro |  |  | open |" in markdown(unsigned)
    assert '<table class="signatures">' in unsigned.page()


def test_where_nobody_has_to_sign_both_functions_have_a_line() -> None:
    page = Agreement.loads(HEAD + "handoff: {from: growth, to: partners}").markdown()
    assert "Not yet signed by anybody." in page
    assert "| growth |  |  | open |" in page
    assert "| partners |  |  | open |" in page


def test_a_sign_off_that_is_missing_is_shown_open() -> None:
    page = Agreement.loads(HEAD + "campaigns: [{id: c, needs_sign_off_of: [sales]}]").markdown()
    assert "| c | sales | open |" in page


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    page = Agreement.loads(HEAD + "targets: [{metric: funnel, at_least: 0.1}]").markdown()
    assert "| metric | target | owner |\n| --- | --- | --- |\n| funnel | at least 0.1 | shared |" in page
