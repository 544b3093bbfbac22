"""Exports without a CRM: columns get roles, and whatever is doubtful is reported and not swallowed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas
import polars
import pytest

from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.analytics.result import Answer
from leadbridge.errors import DataError

LEADS = """id,made,origin,won_on,verdict,why,rep,segment
1,2026-01-01,web,2026-01-11 12:00:00,accept,,ann,big
2,2026-01-02,,,reject,wrong_industry,bob,small
3,2026-01-03,unknown,2026-01-02 08:00:00,ACCEPTED,,ann,big
4,2026-01-04,web,2026-01-05T23:30:00-05:00,Junk,spam,bob,
5,2026-01-05,web,,,,,small
"""
COLUMNS = {
    "lead": "id",
    "captured": "made",
    "source": "origin",
    "stage:won": "won_on",
    "decision": "verdict",
    "reason": "why",
    "owner": "rep",
    "by:segment": "segment",
}
VALUES = {"decision": {"Junk": "disqualify"}}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "leads.csv"
    file.write_text(LEADS, encoding="utf-8")
    return file


def computed(answer: Answer) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def check(snapshot: Snapshot) -> None:
    """What LEADS has to give, however it came in."""
    metrics = snapshot.metrics
    funnel = computed(metrics.funnel())
    assert (funnel.column("entered"), funnel.value) == ([5, 3], 3 / 5)
    days = computed(metrics.stage_duration("captured", "won"))
    assert (days.n, days.value, days.excluded["impossible intervals"], days.censored) == (2, 6.0, 1, 2)
    (impossible,) = snapshot.quality.of("impossible")
    assert impossible.leads == ("3",)
    acceptance = computed(metrics.acceptance_rate())
    assert (acceptance.rows[0]["accepted"], acceptance.rows[0]["rejected"], acceptance.rows[0]["other_answers"]) == (
        2,
        1,
        1,
    )
    reasons = computed(metrics.reason_mix())
    assert [(row["decision"], row["reason"]) for row in reasons.rows] == [
        ("disqualify", "spam"),
        ("reject", "wrong_industry"),
    ]
    by_segment = {row["segment"]: row["rate"] for row in computed(metrics.acceptance_rate(by="segment")).rows}
    assert by_segment == {None: None, "big": 1.0, "small": 0.0}
    assert {row["source"] for row in computed(metrics.funnel(by="source")).rows} == {None, "unknown", "web"}
    missing = [(finding.count, str(finding)) for finding in snapshot.quality.of("missing")]
    assert missing == [
        (1, "1 lead without a source: blank"),
        (1, "1 lead with the source 'unknown', kept as a value of its own"),
    ]
    assert isinstance(metrics.sla_attainment(), NotComputable)


def test_a_csv_file_is_enough_for_the_numbers(export: Path) -> None:
    with Snapshot.from_csv(export, columns=COLUMNS, values=VALUES) as snapshot:
        check(snapshot)
        assert snapshot.now == datetime(2026, 1, 11, 12, tzinfo=UTC), "the last instant in the data"


def test_an_export_is_as_old_as_the_last_thing_that_happened_in_it(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("id,made,answered\n1,2026-01-01,2026-03-01 10:00:00\n2,2026-01-02,\n", encoding="utf-8")
    with Snapshot.from_csv(file, columns={"lead": "id", "captured": "made", "decided": "answered"}) as snapshot:
        assert snapshot.now == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_pandas_frame_gives_the_same(export: Path) -> None:
    frame = pandas.read_csv(export)
    with Snapshot.from_dataframe(frame, columns=COLUMNS, values=VALUES) as snapshot:
        check(snapshot)
    parsed = frame.assign(made=pandas.to_datetime(frame["made"]).dt.date)
    with Snapshot.from_dataframe(parsed, columns=COLUMNS, values=VALUES) as snapshot:
        check(snapshot)


def test_a_polars_frame_gives_the_same(export: Path) -> None:
    frame = polars.read_csv(export, try_parse_dates=False)
    with Snapshot.from_dataframe(frame, columns=COLUMNS, values=VALUES) as snapshot:
        check(snapshot)
    typed = frame.with_columns(polars.col("made").str.to_date())
    with Snapshot.from_dataframe(typed, columns=COLUMNS, values=VALUES) as snapshot:
        check(snapshot)


def test_missing_values_of_every_kind_are_blank() -> None:
    frame = pandas.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "src": ["web", None, float("nan"), pandas.NA, "  "],
            "made": [pandas.Timestamp("2026-01-01 10:00"), pandas.NaT, date(2026, 1, 2), None, "2026-01-03"],
        }
    )
    with Snapshot.from_dataframe(frame, columns={"lead": "id", "source": "src", "captured": "made"}) as snapshot:
        assert [finding.count for finding in snapshot.quality.of("missing")] == [4]
        assert snapshot.count("entries") == 3
        assert [str(finding) for finding in snapshot.quality.of("mixed")] == [
            "captured has 2 dates among 3 times: compared by date"
        ]


def test_further_files_add_columns_and_strangers_are_reported(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(
        "id,made\n1,2026-01-01\n2,2026-01-02\n2,2026-01-09\n,2026-01-03\n", encoding="utf-8"
    )
    (tmp_path / "deals.csv").write_text("id,won_on\n1,2026-02-01\n1,2026-03-01\n9,2026-02-01\n", encoding="utf-8")
    files = [tmp_path / "leads.csv", tmp_path / "deals.csv"]
    columns = {"lead": "id", "captured": "made", "stage:won": "won_on"}
    with Snapshot.from_csv(files, columns=columns) as snapshot:
        assert computed(snapshot.metrics.funnel()).column("entered") == [2, 1]
        assert computed(snapshot.metrics.stage_duration("captured", "won")).value == 31
        assert [str(finding) for finding in snapshot.quality] == [
            "1 lead of deals.csv not in the first file: left out (9)",
            "1 row of deals.csv for a lead that was there already: the first row is kept (1)",
            "1 row without a lead id: left out",
            "1 row for a lead that was there already: the first row of each lead is kept (2)",
        ]


def test_a_missing_column_is_named_with_its_neighbours(export: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'origine' \(for source\): did you mean origin\? known: id, made"):
        Snapshot.from_csv(export, columns={**COLUMNS, "source": "origine"})
    with pytest.raises(DataError, match=r"the frame has no column 'nr' \(for lead\)"):
        Snapshot.from_dataframe(pandas.read_csv(export), columns={"lead": "nr"})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"captured": "made"}, "which column identifies a lead"),
        ({"lead": "id", "sourse": "origin"}, "unknown role 'sourse': did you mean source"),
        ({"lead": "id", "stage:": "made"}, "unknown role 'stage:'"),
        ({"lead": "id", "captured": "origin"}, "'origin' .for captured. holds no times"),
        ({"lead": "id", "decision": "rep"}, "holds 2 values that say no decision"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(export: Path, columns: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Snapshot.from_csv(export, columns=columns)


def test_a_refused_export_leaves_no_files_behind(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with pytest.raises(DataError):
        Snapshot.from_csv(export, columns={"lead": "id", "captured": "origin"})
    assert not list(scratch.iterdir())


def test_an_unknown_decision_in_values_is_refused(export: Path) -> None:
    with pytest.raises(DataError, match="did you mean reject"):
        Snapshot.from_csv(export, columns=COLUMNS, values={"decision": {"Junk": "rejekt"}})


def test_files_that_are_not_there_or_no_csv_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        Snapshot.from_csv(tmp_path / "nothing.csv", columns={"lead": "id"})
    with pytest.raises(DataError, match="no file to read"):
        Snapshot.from_csv([], columns={"lead": "id"})
    (tmp_path / "broken.csv").write_bytes(b"\xff\xfe\x00id\x00\xff\n\xff")
    with pytest.raises(DataError, match=r"broken\.csv"):
        Snapshot.from_csv(tmp_path / "broken.csv", columns={"lead": "id"})
    with pytest.raises(DataError, match="no data frame"):
        Snapshot.from_dataframe([1, 2], columns={"lead": "id"})  # type: ignore[arg-type]  # what a beginner passes


def test_times_that_cannot_be_read_are_reported_by_lead_without_their_content(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,made\n1,2026-01-01\n2,01/02/2026\n3,2026-13-01\n", encoding="utf-8")
    with Snapshot.from_csv(tmp_path / "x.csv", columns={"lead": "id", "captured": "made"}) as snapshot:
        (finding,) = snapshot.quality.of("unreadable")
        assert (finding.count, finding.leads) == (2, ("2", "3"))
        assert "01/02" not in str(finding)


def test_names_of_columns_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text('"Lead ""ID""",at,Größe; drop table raw\n1,2026-01-01,L\n', encoding="utf-8")
    columns = {"lead": 'Lead "ID"', "captured": "at", "by:größe": "Größe; drop table raw"}
    with Snapshot.from_csv(tmp_path / "odd.csv", columns=columns) as snapshot:
        assert snapshot.meta.dimensions == ("größe",)
        assert snapshot.sql('select "by_größe" as size from leads') == [{"size": "L"}]
        assert snapshot.sql("select captured_us from leads")[0]["captured_us"] == 1_767_225_600_000_000


def test_an_empty_export_has_nothing_to_compute(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("id,made,won_on\n", encoding="utf-8")
    columns = {"lead": "id", "captured": "made", "stage:won": "won_on"}
    with Snapshot.from_csv(tmp_path / "empty.csv", columns=columns) as snapshot:
        assert isinstance(snapshot.metrics.funnel(), NotComputable)
        assert "nothing to report" in str(snapshot.quality)
    empty = pandas.DataFrame({"id": [], "made": [], "won_on": []})
    with Snapshot.from_dataframe(empty, columns=columns) as snapshot:
        assert isinstance(snapshot.metrics.funnel(), NotComputable)
