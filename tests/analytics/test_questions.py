"""Every metric file is a question that can be asked, in Python and with every dimension that its header promises."""

from __future__ import annotations

from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import Result, Snapshot, metric, metrics
from leadbridge.analytics.agreed import LeadStanding
from leadbridge.domain import facts as f
from leadbridge.errors import DataError
from tests.analytics.stories import fact, small_funnel, take

MORE: dict[str, dict[str, Any]] = {
    "stage_duration": {"from_stage": "captured", "to_stage": "won"},
    "stage_conversion": {"from_stage": "captured", "to_stage": "won"},
    "stage_survival": {"from_stage": "captured"},
}
CASES = [(name, by) for name, one in metrics().items() for by in (None, *one.dimensions)]


@pytest.fixture(scope="module")
def everything() -> Any:
    """A snapshot in which every kind of fact is there."""
    story = [
        *small_funnel(),
        fact(f.CompanyMatched, "a", 1, company="C1", how="domain"),
        fact(f.Interacted, "a", 3, interaction="deck", nature="content", function="sales", asset="guide"),
        fact(f.BuyingStageEntered, "b", 0, buying_stage="exploring_solutions"),
    ]
    standings = {name: LeadStanding(in_target=name < "d", role="champion", ready=name < "e") for name in "abcdefgh"}
    with take(story, agreement=Agreement.preset(), standings=standings) as snapshot:
        yield snapshot


@pytest.mark.parametrize(("name", "by"), CASES)
def test_every_metric_is_a_method_that_answers_by_every_dimension(
    everything: Snapshot, name: str, by: str | None
) -> None:
    answer = getattr(everything.metrics, name)(by=by, **MORE.get(name, {}))
    assert answer.metric == name
    assert answer.definition == metric(name).definition
    if isinstance(answer, Result):
        assert answer.by == by
        assert by is None or by in answer.columns
        assert metric(name).headline in answer.columns
        assert answer.to_dict()["n"] == answer.n
        assert "<table" in answer._repr_html_()


def test_a_metric_about_assets_is_not_broken_down_by_a_property_of_leads(everything: Snapshot) -> None:
    with pytest.raises(DataError, match="cannot be broken down by 'source'"):
        everything.metrics.content_usage("source")


def test_the_metrics_say_which_they_are(everything: Snapshot) -> None:
    assert all(name in repr(everything.metrics) for name in metrics())


@pytest.mark.parametrize("name", ["content_usage", "definitional_rejection", "ignored_rate", "interaction_mix"])
def test_shares_have_a_picture(everything: Snapshot, name: str) -> None:
    options = {"horizon": "7 days"} if name == "ignored_rate" else {}
    answer = getattr(everything.metrics, name)(**options)
    assert isinstance(answer, Result)
    assert answer.title.split()[0]
    assert "vega" in answer.plot().to_dict()["$schema"]
