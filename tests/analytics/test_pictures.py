"""Every picture says its definition and n, fits the width it was given, and needs no eye for colour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import vl_convert

from leadbridge.analytics import Reconciliation, Result, Snapshot
from leadbridge.analytics.plot_frame import BLUE, GREEN, GREY, INK, ON_DARK, ON_LIGHT, ORANGE, PURPLE, SHADES, Look
from leadbridge.analytics.plots import chart, pictured
from leadbridge.analytics.plots_flow import _laid_out
from leadbridge.analytics.plots_reconcile import DEFINITION, _rows, bridge
from leadbridge.analytics.reconciliation import Difference
from leadbridge.errors import ConfigError
from tests.analytics.crowd import crowd

ASKED: Mapping[str, Mapping[str, Any]] = {
    "stage_duration": {"from_stage": "captured", "to_stage": "won"},
    "ignored_rate": {"horizon": "3 days"},
    "recycled_reconversion": {"horizon": "3 days"},
}
BROKEN_DOWN = ("funnel", "speed_to_lead", "reason_mix", "untouched", "delay_split", "coverage", "acceptance_rate")
LOOKS = (Look(), Look(width=366, titled=False))
PAGE = ("#FFFFFF", "#12161B")


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with crowd() as made:
        yield made


def drawn(snapshot: Snapshot) -> Iterator[Result]:
    """Every result of which there is a picture, as a whole and broken down where that is another picture."""
    from leadbridge.analytics import metrics

    for name in metrics():
        if pictured(name):
            ask = getattr(snapshot.metrics, name)
            bys = [None, "source"] if name in BROKEN_DOWN else ["duty_of"] if name == "promises_by_week" else [None]
            for by in bys:
                answer = ask(by=by, **ASKED.get(name, {}))
                if isinstance(answer, Result):
                    yield answer


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_picture_is_valid_and_says_its_definition_and_n(snapshot: Snapshot) -> None:
    names = set()
    for result in drawn(snapshot):
        names.add(result.metric)
        said = chart(result).to_dict()
        assert result.definition in " ".join(said["title"]["subtitle"])
        assert f"n = {result.n:,}" in " ".join(said["title"]["subtitle"])
        assert result.definition in said["description"]
        assert "tooltip" in str(said), result.metric
    assert {"funnel", "speed_to_lead", "promises_by_week", "reason_mix", "stage_moves", "handoffs_by_day"} <= names
    assert "content_by_stage" in names


@pytest.mark.parametrize("look", LOOKS, ids=["wide", "narrow"])
def test_every_picture_keeps_to_its_width(snapshot: Snapshot, look: Look) -> None:
    for result in drawn(snapshot):
        spec = chart(result, look).to_dict()
        assert ("title" in spec) == look.titled
        svg = vl_convert.vegalite_to_svg(spec)
        found = re.match(r'<svg[^>]* width="([\d.]+)"', svg)
        assert found is not None
        # The legend of a title may be a few pixels wider than was reckoned; nothing is much wider, or half as wide.
        assert look.width / 2 < float(found[1]) <= look.width * 1.08, (result.metric, result.by, found[1])


def test_colours_stand_out_from_light_and_dark_pages() -> None:
    for colour in (BLUE, ORANGE, GREEN, GREY, PURPLE):
        assert all(contrast(colour, page) >= 3 for page in PAGE), colour
    assert contrast(INK, PAGE[0]) >= 7
    assert contrast(ON_LIGHT, SHADES[0]) >= 7
    assert contrast(ON_DARK, SHADES[1]) >= 7


def test_lines_of_groups_differ_in_more_than_their_colour(snapshot: Snapshot) -> None:
    curves = str(chart(snapshot.metrics.speed_to_lead("source")).to_dict())  # type: ignore[arg-type]  # it is computable
    assert "strokeDash" in curves
    points = str(chart(snapshot.metrics.untouched("source")).to_dict())  # type: ignore[arg-type]  # it is computable
    assert "shape" in points


def test_a_metric_without_a_picture_is_refused_with_those_that_have_one(snapshot: Snapshot) -> None:
    answer = snapshot.metrics.sourced_by()
    assert isinstance(answer, Result)
    with pytest.raises(ConfigError, match="sourced_by has no picture: there are pictures of funnel"):
        answer.plot()


@pytest.mark.parametrize("look", LOOKS, ids=["wide", "narrow"])
def test_bands_are_as_wide_as_the_moves_are_many_and_stay_inside(snapshot: Snapshot, look: Look) -> None:
    result = snapshot.metrics.stage_moves()
    assert isinstance(result, Result)
    layout = _laid_out(result, look)
    moved = sum(row["moves"] for row in result.rows if row["direction"] != "new")
    assert sum(move.count for move in layout.moves) == moved == result.n
    entered = {
        row["stage"]: row["n"] for row in snapshot.sql("select stage, count(*) as n from entries group by stage")
    }
    assert {node.name: node.come + node.new for node in layout.nodes.values()} == entered
    for move in layout.moves:
        assert layout.wide(move.count) == max(1.5, move.count * layout.scale)
    points = [*layout.bands, *layout.loops, *layout.texts]
    assert all(0 <= point["x"] <= look.plot(()) and -12 <= point["y"] <= layout.height for point in points)
    assert len(layout.heads) == sum(1 for move in layout.moves if move.direction == "back") > 0


def test_a_calendar_shows_every_hand_off_and_whole_weeks(snapshot: Snapshot) -> None:
    result = snapshot.metrics.handoffs_by_day()
    assert isinstance(result, Result)
    cells = chart(result).to_dict()["layer"][0]
    rows = _values(chart(result).to_dict(), cells)
    assert sum(row["offered"] or 0 for row in rows) == result.n
    assert len(rows) % 7 == 0
    assert [row["day"] for row in rows[:7]] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def test_a_heat_map_says_the_share_and_n_in_every_cell(snapshot: Snapshot) -> None:
    result = snapshot.metrics.promises_by_week("duty_of")
    assert isinstance(result, Result)
    spec = chart(result).to_dict()
    rows = _values(spec, spec["layer"][0])
    assert sum(row.get("counted") or 0 for row in rows) == result.n
    assert all(row["said"] in ("open", "none") or row["said"] == f"{row['attainment']:.0%}" for row in rows)


def _values(spec: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    import orjson

    data = layer.get("data") or spec["data"]
    text = spec["datasets"][data["name"]] if "name" in data else data["values"]
    rows: list[dict[str, Any]] = orjson.loads(text)
    return rows


def reconciled(left: int, right: int, agreed: int) -> Reconciliation:
    given: dict[str, Any] = {"lead": "1", "record": "r", "says": "won", "at": None}
    rows = [Difference(cause="not_linked", side="hs", delta=-1, **given) for _ in range(left - agreed)]
    rows += [Difference(cause="late", side="sf", delta=1, **given) for _ in range(right - agreed)]
    counts = {"left_count": left, "right_count": right, "agreed": agreed}
    return Reconciliation(what="won", basis="whenever", left="hs", right="sf", rows=tuple(rows), **counts)


def test_a_bridge_goes_from_one_total_to_the_other() -> None:
    found = reconciled(12, 10, 7)
    rows = _rows(found)
    assert [row["said"] for row in rows] == ["12", "-5", "+3", "10"]
    assert [(row["low"], row["high"]) for row in rows] == [(0, 12), (7, 12), (7, 10), (0, 10)]
    said = found.plot().to_dict()
    assert " ".join(said["title"]["subtitle"]).startswith(DEFINITION)
    assert "axis begins" not in str(said)


def test_a_bridge_of_few_among_many_says_that_its_axis_does_not_begin_at_zero() -> None:
    said = str(bridge(reconciled(10_000, 9_999, 9_998)).to_dict()["title"])
    assert "the axis begins at 9,992" in said


def test_two_counts_that_agree_are_a_bridge_without_steps() -> None:
    assert [row["said"] for row in _rows(reconciled(0, 0, 0))] == ["0", "0"]
    assert "svg" in vl_convert.vegalite_to_svg(bridge(reconciled(0, 0, 0)).to_dict())
