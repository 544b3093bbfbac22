"""A log of changes as a snapshot: loops are seen, and a real help desk gives the figures that are known of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadbridge.analytics import Result, Snapshot
from leadbridge.errors import DataError

PLACE = Path(os.environ.get("LEADBRIDGE_PUBLIC_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
HELPDESK = PLACE / "helpdesk.csv"
LOG = """lead,to,at,team
a,new,2026-03-02 09:00:00,x
a,working,2026-03-02 10:00:00,x
b,new,2026-03-02 09:00:00,y
a,new,2026-03-03 09:00:00,y
,new,2026-03-03 09:00:00,y
b,,2026-03-03 09:00:00,y
b,won,2026-03-03 12:00:00,y
a,working,2026-03-04 09:00:00,y
"""
COLUMNS = {"lead": "lead", "stage": "to", "entered": "at", "by:team": "team"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "log.csv"
    place.write_text(LOG, encoding="utf-8")
    return place


def test_a_stage_that_was_entered_before_begins_a_new_passage(file: Path) -> None:
    with Snapshot.from_log(file, columns=COLUMNS, values={"stage": {"working": "engaged"}}) as log:
        rows = log.sql(
            "select lead_id, passage, stage, left_us is null as last from entries order by lead_id, entered_us"
        )
        assert [tuple(row.values()) for row in rows] == [
            ("a", 1, "new", False),
            ("a", 1, "engaged", False),
            ("a", 2, "new", False),
            ("a", 2, "engaged", True),
            ("b", 1, "new", False),
            ("b", 1, "won", True),
        ]
        assert log.meta.path == ("new", "won", "engaged")
        (finding,) = log.quality.of("missing")[:1]
        assert finding.count == 2
        by_team = log.metrics.ping_pong(by="team", passages=2)
        assert isinstance(by_team, Result)
        assert {row["team"]: (row["ping_pong"], row["leads"]) for row in by_team.rows} == {"x": (1, 1), "y": (0, 1)}


def test_a_log_without_stages_or_times_is_refused_with_what_it_lacks(file: Path) -> None:
    with pytest.raises(DataError, match="which column is 'stage'"):
        Snapshot.from_log(file, columns={"lead": "lead", "entered": "at"})
    with pytest.raises(DataError, match="unknown role 'stages'"):
        Snapshot.from_log(file, columns={**COLUMNS, "stages": "to"})
    with pytest.raises(DataError, match="no times that can be read"):
        Snapshot.from_log(file, columns={**COLUMNS, "entered": "team"})


def test_a_help_desk_repeats_work_in_1043_of_3804_cases() -> None:
    if not HELPDESK.is_file():
        message = f"public data is missing: {HELPDESK.name} (looked in {PLACE})"
        pytest.fail(message) if "LEADBRIDGE_REQUIRE_PUBLIC_DATA" in os.environ else pytest.skip(message)
    columns = {"lead": "CaseID", "stage": "ActivityID", "entered": "CompleteTimestamp"}
    with Snapshot.from_log(HELPDESK, columns=columns) as log:
        assert (log.count("entries"), log.count("leads")) == (13_710, 3_804)
        again, loops = log.metrics.rework(), log.metrics.ping_pong(passages=2)
        assert isinstance(again, Result)
        assert isinstance(loops, Result)
        assert (again.rows[0]["stage"], again.rows[0]["again"], again.n) == ("(any)", 1_043, 3_804)
        assert (loops.rows[0]["ping_pong"], loops.n) == (1_043, 3_804)
        assert again.value == loops.value == 1_043 / 3_804
