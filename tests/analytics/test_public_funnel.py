"""A real funnel: 8,000 marketing qualified leads of a Brazilian marketplace, of which 842 were won.

The files may not be copied into the project. They are looked for in ``../shared/data`` beside the checkout, or in
``LEADBRIDGE_PUBLIC_DATA``; in continuous integration they have to be there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest

from leadbridge.analytics import NotComputable, Result, Snapshot

PLACE = Path(os.environ.get("LEADBRIDGE_PUBLIC_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
FILES = [
    PLACE / "olist_marketing_qualified_leads_dataset.csv",
    PLACE / "olist_closed_deals_dataset.csv",
]
COLUMNS = {"lead": "mql_id", "source": "origin", "captured": "first_contact_date", "stage:won": "won_date"}


def _from_files() -> Snapshot:
    return Snapshot.from_csv(FILES, columns=COLUMNS)


def _from_frame() -> Snapshot:
    leads, deals = (pandas.read_csv(file) for file in FILES)
    return Snapshot.from_dataframe(leads.merge(deals, on="mql_id", how="left"), columns=COLUMNS)


@pytest.fixture(scope="module", params=[_from_files, _from_frame], ids=["csv", "dataframe"])
def funnel(request: pytest.FixtureRequest) -> Iterator[Snapshot]:
    for file in FILES:
        if not file.is_file():
            message = f"public data is missing: {file.name} (looked in {PLACE})"
            pytest.fail(message) if "LEADBRIDGE_REQUIRE_PUBLIC_DATA" in os.environ else pytest.skip(message)
    with request.param() as snapshot:
        yield snapshot


def test_eight_thousand_leads_of_which_842_were_won(funnel: Snapshot) -> None:
    result = funnel.metrics.funnel()
    assert isinstance(result, Result)
    assert funnel.count("leads") == 8_000
    assert (result.n, result.rows[-1]["reached"]) == (8_000, 842)
    assert result.value == 0.10525


def test_days_to_won_are_whole_elapsed_days_without_the_impossible_one(funnel: Snapshot) -> None:
    result = funnel.metrics.stage_duration("captured", "won", unit="days")
    assert isinstance(result, Result)
    (row,) = result.rows
    assert (row["p25"], row["p50"], row["p75"], row["p90"], row["longest"]) == (5, 14, 55, 162, 427)
    assert (result.n, result.excluded["impossible intervals"], result.censored) == (841, 1, 7_158)
    (finding,) = funnel.quality.of("impossible")
    assert finding.leads == ("b91cf8812365f50ff4bda4bcd6206b05",)
    assert isinstance(funnel.metrics.stage_duration("captured", "won", unit="hours"), NotComputable)


def test_blank_and_unknown_origins_are_two_kinds_of_missing(funnel: Snapshot) -> None:
    result = funnel.metrics.funnel(by="source")
    assert isinstance(result, Result)
    won = {row["source"]: (row["reached"], row["first_mature"]) for row in result.rows if row["stage"] == "won"}
    assert won[None] == (14, 60)
    assert won["unknown"] == (179, 1_099)
    assert won["paid_search"] == (195, 1_586)
    assert won["organic_search"] == (271, 2_296)
    assert [finding.count for finding in funnel.quality.of("missing")] == [60, 1_099]


def test_what_only_winners_tell_is_not_computable(funnel: Snapshot) -> None:
    acceptance, attainment = funnel.metrics.acceptance_rate(), funnel.metrics.sla_attainment()
    assert isinstance(acceptance, NotComputable)
    assert isinstance(attainment, NotComputable)
    assert "no decisions were recorded" in acceptance.reason
    assert "no SLA clocks were recorded" in attainment.reason
