"""Figures that are kept with a snapshot are what the metrics say of the facts, and nobody has to count for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadbridge.analytics import DASHBOARD, Figure, Snapshot
from leadbridge.analytics import snapshot as module
from leadbridge.analytics.figures import figures_home
from leadbridge.analytics.result import Answer
from leadbridge.analytics.storage import PARTS
from leadbridge.errors import ConfigError
from tests.analytics.stories import NOW, START, Story
from tests.analytics.test_partitions import known, long_ago, near

FEW = (
    Figure("funnel", {"by": "source"}),
    Figure("speed_to_lead", {"unit": "hours"}),
    Figure("ignored_rate", {"horizon": "3 days", "by": "source"}),
    Figure("stage_duration", {"from_stage": "marketing_qualified", "to_stage": "sales_accepted", "unit": "hours"}),
)


def ask(snapshot: Snapshot, one: Figure) -> Answer:
    answer: Answer = getattr(snapshot.metrics, one.metric)(**one.arguments)
    return answer


def without_an_engine(patched: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise AssertionError("an engine was started")

    patched.setattr(module, "connect", refused)


@pytest.fixture(scope="module")
def whole() -> Iterator[Snapshot]:
    with known(long_ago(3, 40), NOW) as made:
        yield made


def test_a_dashboard_and_the_scorecard_are_there_without_an_engine(
    whole: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole.save(tmp_path, partition="quarter", figures=DASHBOARD).close()
    expected = [ask(whole, one).to_dict() for one in DASHBOARD]
    card = whole.scorecard().to_dicts()
    without_an_engine(monkeypatch)
    with Snapshot.open(tmp_path) as opened:
        assert [near(ask(opened, one).to_dict()) for one in DASHBOARD] == expected
        assert near(opened.scorecard().to_dicts()) == card
        with pytest.raises(AssertionError, match="an engine was started"):
            opened.metrics.funnel(by="company")


@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 10_000), days=st.lists(st.integers(0, 29), min_size=2, max_size=3, unique=True).map(sorted))
def test_after_any_updates_figures_are_those_of_a_new_snapshot(
    tmp_path_factory: pytest.TempPathFactory, seed: int, days: list[int]
) -> None:
    story = long_ago(seed, 16)
    first, *later = [START + timedelta(days=day) for day in days]
    with known(story, first) as before:
        saved = before.save(tmp_path_factory.mktemp("kept"), partition="quarter", figures=FEW)
    for then in later:
        changed = {one.lead for one in story if saved.now < one.occurred_at <= then} | set(saved.unsettled())
        with known(story, then, changed) as changes:
            saved = saved.update(changes)
        same_as_counted(saved, story, then)
    saved.close()


def same_as_counted(saved: Snapshot, story: Story, then: datetime) -> None:
    with known(story, then) as scratch, pytest.MonkeyPatch.context() as patched:
        expected = [ask(scratch, one) for one in FEW]
        without_an_engine(patched)
        for one, counted in zip(FEW, expected, strict=True):
            assert near(ask(saved, one).to_dict()) == counted.to_dict(), one


def test_saving_the_same_again_counts_nothing(whole: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = whole.save(tmp_path, partition="year", figures=FEW)
    home = figures_home(tmp_path, first.meta)
    assert home is not None
    times = {one: one.stat().st_mtime_ns for one in home.iterdir()}
    assert whole.save(tmp_path, partition="year", figures=FEW).meta == first.meta
    assert {one: one.stat().st_mtime_ns for one in home.iterdir()} == times


def test_other_figures_take_the_place_of_those_before_them(whole: Snapshot, tmp_path: Path) -> None:
    homes = []
    for figures in (FEW[:1], FEW[1:2], ()):
        with whole.save(tmp_path, partition="year", figures=figures) as saved:
            homes.append(figures_home(tmp_path, saved.meta))
            there = {one.name for one in (tmp_path / PARTS).glob("figures.*")}
            assert there == {home.name for home in homes[-2:] if home is not None}, "who reads the old ones reads on"
            assert saved.metrics.funnel(by="source").to_dict() == whole.metrics.funnel(by="source").to_dict()


@pytest.mark.parametrize(
    ("metric", "arguments", "problem"),
    [
        ("funel", {}, "no metric is called 'funel'"),
        ("funnel", {"per": "source"}, "the figure funnel cannot be asked so.*per"),
        ("stage_duration", {"from_stage": "won"}, "the figure stage_duration cannot be asked so.*to_stage"),
        ("funnel", {"since": START}, "texts and numbers only: leave out since"),
    ],
)
def test_a_figure_that_cannot_be_kept_is_refused_at_once(metric: str, arguments: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Figure(metric, arguments)


def test_figures_need_partitions(whole: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="partition='month'"):
        whole.save(tmp_path, figures=FEW)
