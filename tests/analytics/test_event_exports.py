"""Exports with a row for each change: stages in turn, trips through the funnel, and what is doubtful about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import Result, Snapshot
from leadbridge.errors import DataError

HISTORY = """Lead ID,Created,Edit Date,New Value,Source
1,2026-01-01 08:00,2026-01-01 08:00,Open,web
1,2026-01-01 08:00,2026-01-03 09:00,Working,web
1,2026-01-01 08:00,2026-01-03 09:30,Working,web
1,2026-01-01 08:00,2026-01-05 10:00,Nurture,web
1,2026-01-01 08:00,2026-02-05 10:00,Working,web
1,2026-01-01 08:00,2026-02-09 10:00,Closed Won,web
2,2026-01-02 08:00,2026-01-02 08:00,Open,fair
2,2026-01-02 08:00,2026-01-04 08:00,Ringing,fair
2,2026-01-02 08:00,soon,Working,fair
"""
COLUMNS = {"lead": "Lead ID", "captured": "Created", "stage": "New Value", "entered": "Edit Date", "source": "Source"}
WORDS = {"stage": {"Open": "captured", "Working": "marketing_qualified", "Closed Won": "won", "Nurture": "recycled"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    export = tmp_path / "history.csv"
    export.write_text(HISTORY, encoding="utf-8")
    return export


def test_changes_become_stages_and_coming_back_begins_a_new_passage(file: Path) -> None:
    with Snapshot.from_csv(file, columns=COLUMNS, values=WORDS) as snapshot:
        rows = snapshot.sql("select stage, passage from entries where lead_id = '1' order by entered_us")
        assert [(row["stage"], row["passage"]) for row in rows] == [
            ("captured", 1),
            ("marketing_qualified", 1),
            ("recycled", 1),
            ("marketing_qualified", 2),
            ("won", 2),
        ]
        assert snapshot.count("leads") == 2
        assert snapshot.meta.path == ("captured", "marketing_qualified", "won")
        funnel = snapshot.metrics.funnel(by="source")
        assert isinstance(funnel, Result)
        assert {row["source"] for row in funnel.rows} == {"web", "fair"}


def test_what_is_doubtful_about_changes_is_found(file: Path) -> None:
    with Snapshot.from_csv(file, columns=COLUMNS, values=WORDS) as snapshot:
        kinds = {finding.kind: finding for finding in snapshot.quality}
        assert (kinds["duplicate"].count, kinds["duplicate"].leads) == (1, ("1",))
        assert "a stage in which the lead was already" in kinds["duplicate"].message
        assert "'Ringing'" in kinds["unmapped"].message
        assert kinds["unmapped"].count == kinds["unreadable"].count == 1
        assert all(finding.remedy for finding in snapshot.quality)


def test_an_agreement_says_the_order_of_the_stages(file: Path) -> None:
    with Snapshot.from_csv(file, columns=COLUMNS, values=WORDS, agreement=Agreement.preset("example")) as snapshot:
        assert snapshot.meta.path[:2] == ("captured", "engaged")
        assert snapshot.sql("select max(passage) as n from entries") == [{"n": 2}]


def test_without_a_day_of_capture_the_first_change_is_the_beginning(file: Path) -> None:
    columns = {role: name for role, name in COLUMNS.items() if role != "captured"}
    with Snapshot.from_csv(file, columns=columns, values=WORDS) as snapshot:
        assert snapshot.sql("select count(*) as n from entries where stage = 'captured'") == [{"n": 2}]


@pytest.mark.parametrize(
    ("columns", "values", "said"),
    [
        ({"lead": "Lead ID", "stage": "New Value"}, WORDS, "says stage and not entered"),
        ({"lead": "Lead ID", "entered": "Edit Date"}, WORDS, "says entered and not stage"),
        ({**COLUMNS, "stage:won": "Created"}, WORDS, "stage:won beside stage"),
        (COLUMNS, {}, "in which order the stages come"),
    ],
)
def test_half_a_history_is_refused_with_what_is_missing(
    file: Path, columns: dict[str, str], values: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        Snapshot.from_csv(file, columns=columns, values=values)
    if columns is not COLUMNS:
        with pytest.raises(DataError, match=said):
            Snapshot.from_csv(file, columns=columns, values=values, agreement=Agreement.preset("example"))
