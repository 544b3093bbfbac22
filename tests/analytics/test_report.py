"""The report: what stands in it, that it holds nobody's name, and that it asks nobody for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from leadbridge.analytics import Report, Snapshot, metrics
from leadbridge.analytics.report_parts import Figure
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError
from tests.analytics.crowd import AGREEMENT, crowd
from tests.analytics.stories import START, fact, lead, small_funnel, take
from tests.analytics.two_crms import Market

SECTIONS = (
    "Scorecard", "Funnel", "Speed", "Promises", "Reasons", "Recycling", "Content", "Coverage", "Disagreement",
    "Literature", "Quality of the data", "Agreement",
)  # fmt: skip

Make = Callable[..., Snapshot]


@pytest.fixture(scope="module")
def report() -> Iterator[Report]:
    with crowd() as snapshot:
        yield snapshot.report()


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return report.html()


class Outline(HTMLParser):
    """What a reader of the page's structure finds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.labels: list[str] = []
        self.unscoped = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        self.labels += [each for name in ("aria-labelledby",) for each in (given.get(name) or "").split()]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "srcset", "xlink:href", "action")]
        self.unscoped += tag == "th" and given.get("scope") not in ("col", "row")


def test_every_section_is_there_in_order(report: Report, html: str) -> None:
    assert tuple(section.title for section in report.sections) == SECTIONS
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", html) == [*SECTIONS, "Definitions"]
    assert re.findall(r"^## (.+)$", report.markdown(), re.MULTILINE) == [*SECTIONS, "Definitions"]


def test_every_number_has_its_definition_and_n_or_the_reason_why_there_is_none(report: Report, html: str) -> None:
    text = report.markdown()
    figures = list(report.figures())
    assert len(figures) > 20
    for figure in figures:
        assert figure.answer.definition
        assert figure.answer.definition in text
        assert f'href="#definition-{figure.answer.metric}"' in html
        assert figure.answer.computable == ("n = " in figure.headline), figure.name
        assert figure.answer.computable or "ot computable: " in figure.headline
    assert {one.name for one in report.definitions()} == {figure.answer.metric for figure in figures} <= set(metrics())


def test_what_cannot_be_computed_says_why(make: Make) -> None:
    page = make(lead("a", "web", offered=1)).report()
    assert "Not computable: no decisions were recorded" in page.html()
    missing = [figure for figure in page.figures() if not figure.answer.computable]
    assert len(missing) > 5


def test_a_page_about_nothing_is_a_page() -> None:
    with take([]) as empty:
        made = empty.report()
        assert all(not figure.answer.computable for figure in made.figures())
        assert "<svg" not in made.html()
        assert "no stages were recorded" in made.markdown()


def test_ids_are_unique_and_every_link_leads_somewhere(html: str) -> None:
    found = Outline(html)
    assert len(set(found.ids)) == len(found.ids)
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert set(found.labels) <= set(found.ids)
    assert not set(re.findall(r"url\(#([^)]+)\)", html)) - set(found.ids)


def test_the_page_asks_nobody_for_anything(html: str) -> None:
    found = Outline(html)
    assert found.addresses == []
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(found.tags)
    assert set(re.findall(r"https?://[^\"' <]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "@import" not in html


def test_tables_and_headings_can_be_read_aloud(html: str) -> None:
    found = Outline(html)
    assert found.unscoped == 0
    assert found.tags.count("table") == found.tags.count("caption")
    assert found.tags.count("h1") == found.tags.count("main") == found.tags.count("header") == 1
    levels = [int(tag[1]) for tag in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(later - sooner <= 1 for sooner, later in pairwise(levels))
    assert html.count('role="img"') == html.count("<svg")
    assert len(re.findall(r'role="img" aria-label="[^"]{20,}"', html)) == html.count("<svg")


def test_nobody_is_named_in_a_report(make: Make) -> None:
    story = [
        *lead(
            "ada@secretbuyer.example", "web", offered=1, touched=2, answer=(3, "accept", None), owner="Grace Secretname"
        ),
        fact(f.StageEntered, "ada@secretbuyer.example", -5, stage="won"),
        *small_funnel(),
    ]
    made = make(story, agreement=AGREEMENT).report()
    assert any("entered won before" in str(section.to_dict()) for section in made.sections)
    for text in (made.html(), made.markdown(), json.dumps(made.to_dict()), repr(made)):
        assert "secret" not in text.lower()


def test_what_people_wrote_cannot_break_the_page(make: Make) -> None:
    evil = "<script>alert(1)</script>|`x`\n# heading"
    made = make([*lead("a", evil, offered=1, touched=2, answer=(3, "reject", evil)), *small_funnel()]).report()
    page = made.html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    text = made.markdown()
    assert "<script" not in text
    assert "\n# heading" not in text


def test_every_row_of_a_table_in_markdown_has_as_many_cells_as_its_head(report: Report) -> None:
    width = 0
    for line in report.markdown().splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not cells or not width or cells == width, line
        width = cells


def test_a_curve_of_hundreds_of_steps_is_a_short_table(make: Make) -> None:
    story = [one for n in range(60) for one in lead(f"l{n}", "web", offered=1, touched=2 + n / 3)]
    figure = next(each for each in make(story).report().figures() if each.name == "waiting")
    assert figure.answer.computable
    grid = figure.grid(figure.answer)
    assert len(grid.rows) == 40
    assert grid.note == "40 of 60 rows, from the first to the last"


def test_a_window_is_said_and_kept(report: Report, make: Make) -> None:
    made = make(small_funnel()).report(until=START)
    assert "Window: before 2026-03-02T09:00:00.000Z" in made.html()
    offered = next(figure for figure in made.figures() if figure.name == "days")
    assert not offered.answer.computable
    assert "Window: all that was recorded" in report.markdown()


def test_a_report_is_saved_as_html_or_markdown_and_replaces_only_reports(make: Make, tmp_path: Path) -> None:
    snapshot = make(small_funnel())
    for name in ("page.html", "page.md"):
        snapshot.report(tmp_path / name)
        assert snapshot.report(tmp_path / name).title in (tmp_path / name).read_text("utf-8")
    mine = tmp_path / "mine.md"
    mine.write_text("my own words", "utf-8")
    with pytest.raises(ConfigError, match="is no report of leadbridge and is left alone"):
        snapshot.report(mine)
    assert mine.read_text("utf-8") == "my own words"
    with pytest.raises(ConfigError, match=r"page\.pdf: a report is saved as \.html or \.md"):
        snapshot.report(tmp_path / "page.pdf")


def test_two_crms_are_laid_side_by_side_without_their_records(tmp_path: Path) -> None:
    market = Market()
    for n in range(5):
        market.person(market.hs, f"p{n}@secretbuyer.example", stage="marketing_qualified")
    for n in range(3):
        stage = "sales_accepted" if n == 0 else "marketing_qualified"
        market.person(market.sf, f"p{n}@secretbuyer.example", stage=stage, status="new")
    market.later(days=1)
    with market.snapshot() as snapshot:
        made = snapshot.report()
        (section,) = (each for each in made.sections if each.name == "disagreement")
        assert {type(part).__name__ for part in section.parts} == {"Figure", "Grid", "Bridge"}
        page = made.html()
    assert "hs counts 5, sf 2; 2 are counted in both" in page
    assert "the other CRM has nobody who is recognised as this person" in page
    assert 'aria-label="Marketing qualified in both.' in page
    for text in (page, made.markdown(), json.dumps(made.to_dict())):
        assert "secret" not in text.lower()


def test_a_report_says_how_many_numbers_it_has(report: Report) -> None:
    assert re.fullmatch(r"<Report of 2026-04-01, under Crowd, .+: \d+ numbers, \d+ not computable>", repr(report))
    assert all(isinstance(figure, Figure) for figure in report.figures())
