"""Every figure says under which agreement it stands: unsigned, expired, not yet in force; and what was aimed at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import Snapshot
from leadbridge.domain import facts as f

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEAD = "agreement: Test\nversion: 3\neffective: 2026-01-01\n"
SIGNED = "signatures: [{role: cmo, name: A, on: 2025-12-01}]\n"
TARGETS = """
targets:
  - {metric: acceptance_rate, at_least: 0.9, owner: marketing}
  - {metric: coverage, at_least: 0.5}
plan:
  - id: q1
    starts: 2026-01-01
    ends: 2026-03-31
    targets: [{metric: acceptance_rate, at_least: 0.5, owner: marketing}]
  - id: q2
    starts: 2026-04-01
    ends: 2026-06-30
    targets: [{metric: acceptance_rate, at_least: 0.7, owner: marketing}]
"""


def snapshot(body: str, now: datetime = NOW) -> Snapshot:
    facts: list[f.Fact] = []
    for number, decision in enumerate(("accept", "accept", "reject")):
        lead, when = f"lead-{number}", now - timedelta(days=5)
        facts += [
            f.LeadCaptured(lead=lead, occurred_at=when, recorded_at=when),
            f.HandoffOffered(
                lead=lead, occurred_at=when, recorded_at=when, handoff=f"h{number}",
                from_function="marketing", to_function="sales", package=(), missing=(),
            ),
            f.HandoffDecided(
                lead=lead, occurred_at=when, recorded_at=when, handoff=f"h{number}",
                decision=decision, reason="" if decision == "accept" else "price",  # type: ignore[arg-type]  # a word
            ),
        ]  # fmt: skip
    return Snapshot.from_facts(facts, agreement=Agreement.loads(HEAD + body), now=now)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (SIGNED, "under Test, version 3, signed"),
        ("", "under Test, version 3, not signed"),
        (SIGNED + "required_signatures: [cmo, cro]", "under Test, version 3, not signed by cro"),
        (SIGNED + "until: 2026-03-02", "under Test, version 3, signed, expired on 2026-03-02"),
        (SIGNED + "until: 2026-03-03", "under Test, version 3, signed"),
    ],
)
def test_a_figure_names_the_standing_of_its_agreement(body: str, expected: str) -> None:
    with snapshot(body) as shot:
        result = shot.metrics.acceptance_rate()
        card = shot.scorecard()
        assert result.computable
        assert result.agreement == shot.meta.under == card.agreement == expected
        assert expected in str(card)
        assert expected in card._repr_html_()
        assert expected in repr(shot)
        assert expected in result._repr_html_()
        assert (expected in repr(result)) is not expected.endswith(", signed")
        assert shot.open(shot.directory).meta == shot.meta


def test_before_its_first_day_an_agreement_is_not_in_force() -> None:
    with snapshot(SIGNED, datetime(2025, 12, 1, tzinfo=UTC)) as shot:
        assert shot.meta.under.endswith("signed, not in force before 2026-01-01")


def test_without_an_agreement_nothing_is_said_about_signatures() -> None:
    with Snapshot.from_facts([f.LeadCaptured(lead="a", occurred_at=NOW, recorded_at=NOW)], now=NOW) as shot:
        assert shot.meta.under == "without an agreement"
        assert "under" not in repr(shot.metrics.funnel())


def test_the_scorecard_shows_the_targets_of_the_day_and_who_looks_after_them() -> None:
    with snapshot(TARGETS) as shot:
        lines = {line.name: line for line in shot.scorecard()}
    assert lines["acceptance rate"].target == "at least 0.5 (marketing, q1)"
    assert lines["acceptance rate"].reached is True
    assert lines["coverage"].target == "at least 0.5 (shared)"
    assert lines["coverage"].reached is None
    assert lines["SLA attainment"].target == ""
    assert lines["acceptance rate"].to_dict()["targets"][0]["period"] == "q1"
    with snapshot(TARGETS, datetime(2026, 5, 1, tzinfo=UTC)) as shot:
        (line,) = [line for line in shot.scorecard() if line.name == "acceptance rate"]
    assert (line.target, line.reached) == ("at least 0.7 (marketing, q2)", False)


def test_an_export_stands_under_its_agreement_too(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("id,created\na,2026-02-01\n", encoding="utf-8")
    agreement = Agreement.loads(HEAD + SIGNED + "until: 2026-01-15" + TARGETS)
    with Snapshot.from_csv(path, columns={"lead": "id", "captured": "created"}, agreement=agreement) as shot:
        assert shot.meta.under.endswith("signed, expired on 2026-01-15")
        assert [target["period"] for target in shot.metrics.targets] == ["q1", ""]
