"""The report in a real browser: drawn, readable on a telephone and on a desk, in light and dark, and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadbridge import clocks
from leadbridge.analytics import Snapshot
from leadbridge.analytics.agreed import LeadStanding
from leadbridge.testing.funnel import Funnel
from tests.analytics.browser import Tab, chromium
from tests.analytics.crowd import crowd

WIDTHS = (400, 1400)
SCHEMES = ("light", "dark")

VISIBLE = "const visible = e => { const b = e.getBoundingClientRect(); return b.width > 0 && b.height > 0; };"

PICTURES = (
    VISIBLE
    + """
[...document.querySelectorAll('figure')].map(figure => {
  const shown = [...figure.querySelectorAll('svg')].filter(visible);
  return {name: figure.closest('article').id, shown: shown.length,
          marks: shown.length ? shown[0].querySelectorAll('path, text').length : 0};
})"""
)

CLIPPED = (
    VISIBLE
    + """
const found = [];
for (const svg of [...document.querySelectorAll('svg')].filter(visible)) {
  const frame = svg.getBoundingClientRect(), name = svg.closest('article').id;
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim() && visible(t));
  const boxes = texts.map(t => t.getBoundingClientRect());
  texts.forEach((t, i) => {
    const b = boxes[i];
    if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1)
      found.push(name + ' clips ' + t.textContent);
    for (let j = i + 1; j < texts.length; j++) {
      const wide = Math.min(b.right, boxes[j].right) - Math.max(b.left, boxes[j].left);
      const high = Math.min(b.bottom, boxes[j].bottom) - Math.max(b.top, boxes[j].top);
      if (wide > 2 && high > 4) found.push(name + ' puts ' + t.textContent + ' on ' + texts[j].textContent);
    }
  });
}
found"""
)

CONTRAST = """
const parse = text => { const m = text.match(/[\\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
const over = (top, below, a) => [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a));
const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = c => { const l = c.map(v => linear(v / 255));
  return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
const ratio = (a, b) => { const both = [light(a), light(b)];
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05); };
const paper = e => { for (; e; e = e.parentElement) {
  const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
const under = t => { const b = t.getBoundingClientRect(), svg = t.closest('svg');
  let ground = paper(svg.parentElement);
  for (const shape of svg.querySelectorAll('path')) {
    if (!(shape.compareDocumentPosition(t) & Node.DOCUMENT_POSITION_FOLLOWING)) break;
    const style = getComputedStyle(shape);
    if (style.fill === 'none') continue;
    const at = new DOMPoint(b.x + b.width / 2, b.y + b.height / 2).matrixTransform(shape.getScreenCTM().inverse());
    const c = parse(style.fill), a = c[3] * Number(style.fillOpacity) * Number(style.opacity);
    if (a > 0 && shape.isPointInFill(at)) ground = over(c.slice(0, 3), ground, a);
  } return ground; };
const low = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement, b = e.getBoundingClientRect();
  if (!walk.currentNode.textContent.trim() || !b.width || b.right < 0) continue;
  const drawn = e.closest('svg'), style = getComputedStyle(e);
  const found = ratio(parse(drawn ? style.fill : style.color).slice(0, 3), drawn ? under(e) : paper(e));
  if (found < 4.5) low.push(found.toFixed(2) + ' ' + e.textContent.slice(0, 40));
}
low"""

REACHABLE = (
    VISIBLE
    + """
[...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
  .filter(e => !e.closest('details:not([open])') || e.tagName === 'SUMMARY').filter(visible).map(label)"""
)
LABEL = "const label = e => e.tagName + ' ' + (e.getAttribute('href') || e.textContent.slice(0, 40).trim());"


@pytest.fixture(scope="module", params=["crowd", "months"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page about everything that can happen in a month, and one about five months of a funnel."""
    with crowd() if request.param == "crowd" else months() as snapshot:
        path = tmp_path_factory.mktemp("page") / "report.html"
        snapshot.report(path)
        return path


def months() -> Snapshot:
    funnel = Funnel(seed=11, leads=300, days=150)
    facts = list(funnel.facts())
    promises = clocks(facts, agreement=funnel.agreement, at=funnel.now)
    standings = {
        lead: LeadStanding(in_target=known["in_target"], ready=known["ready"])
        for lead, known in funnel.standings.items()
    }
    return Snapshot.from_facts(
        facts, agreement=funnel.agreement, clocks=promises, standings=standings, views=funnel.views, now=funnel.now
    )


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def run(tab: Tab, script: str) -> Any:
    """What a script finds; in a block, so that names of one do not meet those of another."""
    *before, last = script.strip().rsplit("\n", 1)
    return tab.run(f"(() => {{ {before[0] if before else ''}\nreturn {last}; }})()")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_opens_without_a_complaint_and_asks_for_nothing_but_itself(
    tab: Tab, page: Path, width: int, scheme: str
) -> None:
    tab.requests.clear()
    tab.open(page, width=width, scheme=scheme)
    assert tab.complaints == []
    assert set(tab.requests) == {page.as_uri()}


@pytest.mark.parametrize("width", WIDTHS)
def test_every_picture_is_drawn_once(tab: Tab, page: Path, width: int) -> None:
    tab.open(page, width=width)
    found = tab.run(f"(() => {{ {PICTURES.replace('[...document', 'return [...document', 1)} }})()")
    assert len(found) > 15
    assert all(each["shown"] == 1 and each["marks"] > 5 for each in found), found


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_not_wider_than_the_screen_and_its_text_is_large_enough(tab: Tab, page: Path, width: int) -> None:
    tab.open(page, width=width)
    assert tab.run("document.documentElement.scrollWidth") <= width
    tab.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert tab.run("document.documentElement.scrollWidth") <= width
    small = "[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().width > 0)"
    scale = "t => parseFloat(getComputedStyle(t).fontSize) * t.closest('svg').getBoundingClientRect().width"
    smallest = tab.run(f"Math.min(...{small}.map({scale} / t.closest('svg').viewBox.baseVal.width))")
    assert smallest >= 9


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_is_cut_off_and_none_lies_on_another(tab: Tab, page: Path, width: int) -> None:
    tab.open(page, width=width)
    assert run(tab, CLIPPED) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_text_stands_out_from_what_is_behind_it(tab: Tab, page: Path, width: int, scheme: str) -> None:
    tab.open(page, width=width, scheme=scheme)
    tab.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert run(tab, CONTRAST) == []


BAD = """<!doctype html><title>bad</title><article id="x"><svg width="60" height="30" viewBox="0 0 60 30">
<path d="M0,0h60v30h-60Z" fill="#0072B2"/><text x="-20" y="20" fill="#0b5394">one label</text>
<text x="-15" y="20" fill="white">another</text></svg></article><p style="color: #aaa">pale</p>"""


def test_these_tests_see_what_is_wrong(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(BAD, "utf-8")
    tab.open(tmp_path / "bad.html")
    assert run(tab, CLIPPED) == ["x clips one label", "x puts one label on another", "x clips another"]
    assert [each.partition(" ")[2] for each in run(tab, CONTRAST)] == ["one label", "pale"]


def test_a_keyboard_reaches_everything_in_order_and_sees_where_it_is(tab: Tab, page: Path) -> None:
    tab.open(page)
    wanted = tab.run(f"(() => {{ {LABEL} {REACHABLE.replace('[...document', 'return [...document', 1)} }})()")
    assert wanted[0] == "A #numbers"
    reached, unseen = [], []
    for _ in wanted:
        tab.press("Tab")
        reached.append(tab.run(f"(() => {{ {LABEL} return label(document.activeElement); }})()"))
        if tab.run("getComputedStyle(document.activeElement).outlineStyle") == "none":
            unseen.append(reached[-1])
    assert reached == wanted
    assert unseen == []


def test_the_first_key_leads_past_the_contents(tab: Tab, page: Path) -> None:
    tab.open(page)
    tab.press("Tab")
    left = tab.run("document.activeElement.getBoundingClientRect().left")
    assert left >= 0, "the link is not seen while it has the focus"
    tab.press("Enter")
    tab.press("Tab")
    assert tab.run("document.activeElement.closest('main') !== null")


def test_every_link_of_the_contents_shows_its_section(tab: Tab, page: Path) -> None:
    tab.open(page)
    links = tab.run("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
    for link in links:
        tab.run(f"document.querySelector('nav a[href=\"{link}\"]').click()")
        assert tab.run("location.hash") == link
        top = tab.run("document.querySelector(location.hash).getBoundingClientRect().top")
        at_end = "window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 2"
        assert abs(top) < 60 or tab.run(at_end), link


def test_it_is_printed_with_its_tables(tab: Tab, page: Path) -> None:
    tab.open(page)
    paper = tab.printed()
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") > 5
    tab.call("Emulation.setEmulatedMedia", media="print", features=[])
    tables = "[...document.querySelectorAll('details table')]"
    assert tab.run(f"{tables}.every(table => table.getBoundingClientRect().height > 20)")
    tab.call("Emulation.setEmulatedMedia", media="", features=[])
