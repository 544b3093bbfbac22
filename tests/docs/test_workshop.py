"""The workshop answers the five questions of Dun & Bradstreet's essay from one document."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "agreement_workshop.py"


@pytest.fixture
def answers(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the script says: before the questions, then to each of them."""
    runpy.run_path(str(SCRIPT), run_name="__main__")
    return capsys.readouterr().out.split("\n\n")


def test_the_five_questions_are_answered_from_one_document(answers: list[str]) -> None:
    opening, believed, told, journey, heard, accountable = answers
    assert "in force, not signed by cro" in opening

    assert "L03 met every criterion and was refused: wrong_industry" in believed
    assert "L05 met every criterion and was refused: nobody said why" in believed
    assert "L06 was taken although it failed: size" in believed
    assert "L09 cannot be judged: company.employees, company.industry missing" in believed
    assert "L11" not in believed
    assert "L01" not in believed
    assert "25% of 8 leads that met the criteria were refused as outside the target" in believed
    assert believed.endswith("→ not yet: talk about wrong_industry")

    assert "promised: email, company, title, industry, phone or website" in told
    assert "L08: 3 of 5 promised pieces of information were there; missing: title, phone or website" in told
    assert told.endswith("→ 92% of 60 promised pieces came")

    assert "L01: journey continued; 1 d 3 h between the last touch of marketing and the first of sales" in journey
    assert "L07: journey started anew" in journey
    assert "asked the buyer again: how many halls" in journey
    assert "L10: journey not begun: sales has not touched the lead since the offer" in journey
    assert "changed hands 1 time" in journey
    assert "| # Brief for sales" in journey
    assert "buyer@l07.example" in journey

    assert "expected: sales tells marketing about the lead after reject or disqualify" in heard
    assert "message no_dark_halls: told, the message now names the cost of an hour in the dark" in heard
    assert "late: sales owes marketing: the reason of a decision, lead L05" in heard
    assert "late: marketing owes sales: to read feedback on definition sales_ready" in heard
    assert heard.endswith("→ 1 of 3 were told what came of what they said")

    assert "shared_bonus: marketing and sales share acceptance_rate, sla_attainment" in accountable
    assert "acceptance_rate: 56% of 80%, not reached; marketing owns it, both are paid for it" in accountable
    assert "information_completeness: 92% of 95%, not reached; marketing owns it, nobody else" in accountable
    assert "marketing kept 12 of 12 promises in time" in accountable
    assert accountable.rstrip().endswith("→ cro has not signed version 1, in force unsigned for 88 days")
