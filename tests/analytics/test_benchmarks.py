"""Figures from the literature: each with its source, population and caveat, and none of them a target."""

from __future__ import annotations

from pathlib import Path

import pytest

import leadbridge as lb
from leadbridge.analytics import Benchmark, Result, Snapshot
from leadbridge.analytics.literature import read_benchmarks
from leadbridge.errors import ConfigError

ONE = """
- id: x
  metrics: [acceptance_rate]
  about: leads that were accepted
  value: 0.5
  unit: share
  source: somebody
  year: 2020
  population: everybody
  caveat: none is known
  seen: quoted
"""


def test_every_figure_says_who_said_it_of_whom_and_what_it_is_not() -> None:
    everything = lb.benchmarks()
    assert len(everything) >= 12
    for each in everything:
        assert each.kind == "trigger, not target"
        assert each.source
        assert each.population
        assert each.caveat
        assert each.url or each.seen == "quoted"
        assert each.caveat in str(each)
        assert "trigger, not target" in str(each)


def test_a_figure_stands_beside_the_number_that_it_is_about(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,made,verdict\n1,2026-01-01,accept\n", encoding="utf-8")
    columns = {"lead": "id", "captured": "made", "decision": "verdict"}
    with Snapshot.from_csv(tmp_path / "x.csv", columns=columns) as snapshot:
        result = snapshot.metrics.acceptance_rate()
    assert isinstance(result, Result)
    (found,) = result.benchmarks
    assert (found.figure, found.low) == ("at least 90 %", 0.9)
    assert "benchmarks" not in result.to_dict()


def test_figures_are_written_as_people_write_them() -> None:
    said = {each.id: each.figure for each in lb.benchmarks()}
    assert said["ignored_by_sales"] == "70 to 94 %"
    assert said["average_answer"] == "42 hours"
    assert said["follow_up_within_three_days"] == "24 to 72 business hours"
    assert said["first_hour_counts"] == "7 times"
    assert read_benchmarks(ONE.replace("value", "high"))[0].figure == "at most 50 %"


def test_a_metric_about_which_nobody_wrote_has_none_and_says_so() -> None:
    assert list(lb.benchmarks("belief_gap")) == []
    assert str(lb.benchmarks("belief_gap")) == "the literature has no figure for this that we know of"
    with pytest.raises(ConfigError, match="no metric is called 'speed'"):
        lb.benchmarks("speed")


def test_they_can_be_looked_at_in_a_notebook() -> None:
    found = lb.benchmarks("speed_to_lead")
    assert "trigger, not target" in found._repr_html_()
    assert found.to_pandas()["kind"].unique().tolist() == ["trigger, not target"]
    assert found.to_polars().height == len(found) == len(found.to_dicts())
    assert isinstance(found[0], Benchmark)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  caveat: none is known\n", "", "caveat"),
        ("  source: somebody\n", "", "source"),
        ("  population: everybody\n", "", "population"),
        ("  value: 0.5\n", "", "give a value"),
        ("  value: 0.5\n", "  value: 0.5\n  low: 0.1\n", "give a value"),
        ("  value: 0.5\n", "  low: 0.5\n  high: 0.1\n", "low is less than high"),
        ("value: 0.5", "value: 50", "from 0 to 1"),
        ("[acceptance_rate]", "[acceptance]", "no metric is called acceptance"),
        ("  seen: quoted\n", "  seen: quoted\n  url: see there\n", "url"),
        ("- id: x", "- id: x\n  target: 1", "target"),
        ("\n- id", "\n- id: [", "no YAML"),
    ],
)
def test_a_figure_without_what_makes_it_readable_is_refused(before: str, after: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_benchmarks(ONE.replace(before, after))


def test_two_figures_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="x is there twice"):
        read_benchmarks(ONE + ONE)
