"""Ways in: an agreement says who brings leads in at which stage, beside a preset or its own stages."""

from __future__ import annotations

import pytest

from leadbridge.agreement import Agreement
from leadbridge.errors import AgreementError

HEAD = """agreement: Ways in
version: 1
effective: 2026-01-01
"""

OWN = """lifecycle:
  stages: [{id: anfrage, spine: engaged}, {id: geprüft, spine: marketing_qualified}, {id: angebot, spine: opportunity}]
  success_path: [anfrage, geprüft, angebot]
  entries:
    vertrieb: {function: sales, at: angebot, label: Vom Vertrieb}
handoff: {from: marketing, to: sales, at: geprüft}
"""


def test_an_agreement_adds_its_own_ways_in_to_a_preset() -> None:
    text = HEAD + "lifecycle:\n  preset: spine\n  entries:\n    fair: {function: events, at: engaged}\n"
    lifecycle = Agreement.loads(text).lifecycle
    assert set(lifecycle.entries) == {"marketing", "partner", "sales", "fair"}
    assert lifecycle.skipped(None, "marketing_qualified", function="events") == ("engaged",)


def test_an_agreement_changes_a_way_in_of_a_preset_by_its_name() -> None:
    text = HEAD + "lifecycle:\n  preset: spine\n  entries:\n    sales: {function: sales, at: opportunity}\n"
    assert Agreement.loads(text).lifecycle.skipped(None, "won", function="sales") == ("opportunity",)


def test_own_stages_have_ways_in_too() -> None:
    lifecycle = Agreement.loads(HEAD + OWN).lifecycle
    assert lifecycle.entries["vertrieb"].label == "Vom Vertrieb"
    assert [step.stage for step in lifecycle.steps(None, "angebot", function="sales")] == ["angebot"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            HEAD + "lifecycle:\n  preset: spine\n  entries:\n    own: {function: sales, at: sales_acepted}\n",
            7,
            "did you mean sales_accepted",
        ),
        (
            HEAD + "lifecycle:\n  preset: spine\n  entries:\n    own: {function: sales, at: recycled}\n",
            7,
            "success path",
        ),
        (HEAD + OWN.replace("at: angebot", "at: angebto"), 8, "did you mean angebot"),
        (
            HEAD + "lifecycle:\n  preset: spine\n  entries:\n    own: {function: sales, at: sales_accepted}\n",
            7,
            "sales lets leads of sales in at sales_accepted already",
        ),
    ],
)
def test_a_way_in_that_leads_nowhere_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(text)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert words in str(problem)


@pytest.mark.parametrize("preset", ["demand_waterfall_2002", "gitlab", "salesforce", "b2b_revenue_waterfall_2021"])
def test_every_published_framework_can_stand_in_an_agreement(preset: str) -> None:
    text = HEAD + f"lifecycle: {{preset: {preset}}}\nhandoff: {{from: marketing, to: sales, at: STAGE}}\n"
    at = Agreement.loads(HEAD).lifecycle.preset(preset).find("marketing_qualified")
    agreement = Agreement.loads(text.replace("STAGE", str(at)))
    assert agreement.lifecycle.find("marketing_qualified") == at
