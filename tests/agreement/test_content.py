"""Messages, assets and plays: they fit together, and are found by buying stage and role."""

from __future__ import annotations

from datetime import date

import pytest

from leadbridge.agreement import Agreement
from leadbridge.agreement.content import assets_for, coverage_of_plays, messages_for, value_propositions_for
from leadbridge.domain.buying import coverage
from leadbridge.domain.interaction import Interaction
from leadbridge.errors import AgreementError

TEXT = """\
agreement: Content
version: 1
effective: 2026-01-01
buying_stages:
  preset: gartner
  plays:
    problem_identification:
      - {function: marketing, does: writes about the problem, assets: [report], messages: [why_change]}
      - {function: sales, does: asks what hurts, nature: person_to_person}
    validation:
      - {function: sales, assets: [reference]}
target_market:
  roles: [{id: champion}, {id: budget_holder}]
value_propositions:
  - {id: faster, text: Faster, roles: [champion]}
  - {id: cheaper, text: Cheaper}
messages:
  - {id: why_change, text: Why change, value_proposition: faster, buying_stages: [problem_identification]}
  - {id: payback, text: Payback, roles: [budget_holder], buying_stages: [validation, consensus_creation]}
  - {id: always, text: For everybody}
assets:
  - {id: report, type: paper, message: why_change, available_until: 2026-06-30, buying_stages: [problem_identification]}
  - {id: reference, type: case, roles: [budget_holder], available_from: 2026-02-01}
"""
AGREEMENT = Agreement.loads(TEXT)


def refusal(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(text)
    return str(caught.value)


def test_messages_are_found_by_buying_stage_and_role() -> None:
    def found(stage: str | None, role: str | None) -> list[str]:
        return [message.id for message in messages_for(AGREEMENT, stage, role)]

    assert found("problem_identification", "champion") == ["why_change", "always"]
    assert found("validation", "budget_holder") == ["payback", "always"]
    assert found("problem_identification", "budget_holder") == ["always"], "its value proposition is for champions"
    assert found("validation", None) == found(None, None) == ["always"], "what is not known fits what is for everybody"


def test_assets_are_found_by_stage_role_and_day() -> None:
    def found(stage: str | None, role: str | None, on: date | None = None) -> list[str]:
        return [asset.id for asset in assets_for(AGREEMENT, stage, role, on=on)]

    assert found("problem_identification", "budget_holder") == ["report", "reference"]
    assert found("problem_identification", None, date(2026, 6, 30)) == ["report"]
    assert found("problem_identification", None, date(2026, 7, 1)) == []
    assert found(None, "budget_holder", date(2026, 1, 31)) == []
    assert found(None, "budget_holder", date(2026, 2, 1)) == ["reference"]


def test_value_propositions_are_found_by_role() -> None:
    assert [one.id for one in value_propositions_for(AGREEMENT, "champion")] == ["faster", "cheaper"]
    assert [one.id for one in value_propositions_for(AGREEMENT)] == ["cheaper"]


def test_the_plan_shows_the_stages_in_which_a_function_has_nothing_to_do() -> None:
    plan = coverage_of_plays(AGREEMENT)
    assert plan.functions == ("marketing", "sales")
    assert plan.rows()[0] == ("problem_identification", "writes about the problem", "asks what hurts")
    assert plan.rows()[4] == ("validation", "", "offers reference")
    assert ("validation", "marketing") in plan.gaps
    assert ("validation", "sales") not in plan.gaps
    assert len(plan.gaps) == 12 - 3
    assert "<td>asks what hurts</td>" in plan._repr_html_()


def test_the_plan_stands_beside_what_was_lived() -> None:
    touches = [
        Interaction.model_validate(
            {"at": "2026-03-02T09:00:00Z", "nature": "content", "function": function, "buying_stage": stage}
        )
        for function, stage in (
            ("marketing", "problem_identification"),
            ("marketing", "validation"),
            ("partner", "validation"),
            ("sales", None),
        )
    ]
    cells = coverage_of_plays(AGREEMENT).beside(coverage(touches, AGREEMENT.buying_stages))
    verdicts = {(cell.stage, cell.function): cell.verdict for cell in cells}
    assert verdicts["problem_identification", "marketing"] == "lived"
    assert verdicts["problem_identification", "sales"] == "not lived"
    assert verdicts["validation", "marketing"] == verdicts["validation", "partner"] == "not planned"
    assert verdicts["supplier_selection", "sales"] == "absent"
    assert len(cells) == 6 * 3


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("    validation:\n", "    validaton:\n", 10, "unknown buying stage validaton → did you mean validation?"),
        ("function: sales, does", "function: sale, does", 9, "unknown function sale → did you mean sales?"),
        ("assets: [report]", "assets: [raport]", 8, "unknown asset raport → did you mean report?"),
        ("messages: [why_change]", "messages: [why_chang]", 8, "unknown message why_chang →"),
        ("assets: [reference]", "assets: [report]", 11, "the asset report is offered in validation, but"),
        ("messages: [why_change]", "messages: [payback]", 8, "the message payback is offered in problem"),
        ("roles: [budget_holder], buying", "roles: [budget_owner], buying", 19, "unknown buying role budget_owner"),
        ("roles: [budget_holder], available", "roles: [chief], available", 23, "unknown buying role chief"),
        ("until: 2026-06-30", "until: 2026-06-30, available_from: 2026-07-01", 22, "before it comes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_with_line_and_remedy(old: str, new: str, line: int, words: str) -> None:
    text = refusal((old, new))
    assert words in text
    assert f"line {line}" in text
    assert "→" in text


def test_a_stage_that_is_listed_may_bring_its_plays() -> None:
    stages = "buying_stages:\n  stages: [{id: now, plays: [{function: sales, assets: [later]}]}, {id: then}]\n"
    head = "agreement: T\nversion: 1\neffective: 2026-01-01\n"
    good = Agreement.loads(head + stages + "assets: [{id: later, type: report}]")
    assert coverage_of_plays(good).gaps == (("now", "marketing"), ("then", "marketing"), ("then", "sales"))
    with pytest.raises(AgreementError, match="offered in now, but it is meant for then → offer it in one of those"):
        Agreement.loads(head + stages + "assets: [{id: later, type: report, buying_stages: [then]}]")
