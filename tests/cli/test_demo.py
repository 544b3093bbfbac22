"""The demo tells the truth: its figures hold on invented people and on a real, public funnel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PUBLIC = Path(os.environ.get("LEADBRIDGE_PUBLIC_DATA", Path(__file__).parents[3] / "shared" / "data"))
LEADS = PUBLIC / "olist_marketing_qualified_leads_dataset.csv"


def demo(*arguments: str) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "leadbridge", "demo", "--json", *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_demo_ends_with_two_crms_in_step_and_nothing_left_to_write() -> None:
    figures = demo("--leads", "60", "--seed", "3")
    assert figures["leads"] == figures["links"]["hs"] == figures["links"]["sf"] > 20
    assert figures["writes_first_round"]["hs"] == figures["writes_first_round"]["sf"] > 0
    assert figures["writes_quiet_round"] == 0
    assert figures["sales"]["routed"] == figures["leads"]
    assert sum(figures["clocks"].values()) > 0
    assert {line["name"] for line in figures["scorecard"]} >= {"acceptance rate", "SLA attainment"}
    assert min(figures["api_calls"].values()) > 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_same_seed_tells_the_same_story() -> None:
    one, two = demo("--leads", "30", "--seed", "11"), demo("--leads", "30", "--seed", "11")
    assert one == two


def test_a_folder_without_the_public_funnel_is_said(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "leadbridge", "demo", "--from", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "olist_marketing_qualified_leads_dataset.csv" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_real_funnel_gives_the_known_figures() -> None:
    if not LEADS.is_file() and "LEADBRIDGE_REQUIRE_PUBLIC_DATA" not in os.environ:
        pytest.skip(f"the public file {LEADS.name} is not here (LEADBRIDGE_PUBLIC_DATA names its folder)")
    figures = demo("--from", str(PUBLIC))
    assert figures["leads"] == 8000
    assert figures["links"] == {"hs": 8000, "sf": 8000}
    assert figures["won"] == 842
    assert figures["won_share"] == pytest.approx(0.10525, abs=1e-12)
    assert figures["days_to_won"] == {"n": 841, "p25": 5.0, "p50": 14.0, "p75": 55.0, "p90": 162.0}
    impossible = [finding for finding in figures["quality"] if finding["kind"] == "impossible"]
    assert [finding["leads"] for finding in impossible] == [["b91cf8812365f50ff4bda4bcd6206b05"]]
    origins = {row["origin"]: row["leads"] for row in figures["origins"]}
    assert (origins[None], origins["unknown"]) == (60, 1099)
    assert figures["acceptance_rate"]["not_computable"]
    assert figures["sla_attainment"]["not_computable"]
    assert figures["writes_quiet_round"] == 0
