"""Snapshots are files: saved, opened again, read by any engine; and the metric files keep to the portable subset."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars
import pytest

from leadbridge.analytics import Metric, Result, Snapshot, metric, metrics
from leadbridge.analytics.engine import TABLES
from leadbridge.analytics.metric import lint
from leadbridge.analytics.plots import save
from leadbridge.errors import ConfigError, DataError
from tests.analytics.stories import START, small_funnel, take


def test_a_saved_snapshot_answers_the_same(snapshot: Snapshot, tmp_path: Path) -> None:
    with snapshot.save(tmp_path / "kept") as again:
        assert again.meta == snapshot.meta
        assert again.metrics.funnel(by="source") == snapshot.metrics.funnel(by="source")
    with Snapshot.open(tmp_path / "kept") as opened:
        assert opened.scorecard().to_dicts() == snapshot.scorecard().to_dicts()


def test_instants_are_integers_that_any_engine_reads_the_same_way(snapshot: Snapshot) -> None:
    for name, columns in TABLES.items():
        frame = polars.read_parquet(snapshot.directory / f"{name}.parquet")
        assert frame.columns == list(columns)
        assert all(frame.schema[column] == polars.Int64 for column in columns if column.endswith("_us"))
    captured = polars.read_parquet(snapshot.directory / "leads.parquet")["captured_us"]
    assert captured.to_list() == [int(START.timestamp()) * 1_000_000] * 8


def test_a_directory_that_is_no_snapshot_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a snapshot"):
        Snapshot.open(tmp_path)
    (tmp_path / "meta.json").write_text('{"path": 1}', encoding="utf-8")
    with pytest.raises(DataError, match="is not a snapshot"):
        Snapshot.open(tmp_path)


def test_a_forgotten_snapshot_takes_its_files_with_it(tmp_path: Path) -> None:
    made = take(small_funnel())
    place = made.directory
    assert place.is_dir()
    del made
    gc.collect()
    assert not place.exists()
    with take(small_funnel(), directory=tmp_path / "mine") as kept:
        place = kept.directory
    assert (place / "leads.parquet").is_file(), "a directory of one's own is kept"


def test_many_threads_may_ask_one_snapshot(snapshot: Snapshot) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: snapshot.metrics.funnel(), range(24)))
    assert all(answer == answers[0] for answer in answers)


def test_one_s_own_queries_run_on_the_tables(snapshot: Snapshot) -> None:
    assert snapshot.sql("select count(*) as n from handoffs where owner = $who", {"who": "bob"}) == [{"n": 4}]
    assert snapshot.count("outcomes") == 2
    assert "<table" in snapshot._repr_html_()


@pytest.mark.parametrize("name", list(metrics()))
def test_each_metric_file_is_complete_and_portable(name: str) -> None:
    one = metric(name)
    assert one.name == name
    assert lint(one) == []
    assert one.definition.endswith(".")
    assert one.headline in one.sql


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select l.source as at from leads l", "called at"),
        ("select 1.5 as x from leads l", "write 1.5e0"),
        ("select l.captured_us::double as x from leads l", "cast"),
        ("select cast(l.captured_us as timestamp) as x from leads l", "only bigint and int"),
        ("select cast(l.captured_us as double precision) as x from leads l", "write 1.0e0 * x"),
        ("select 1 as x from leads l asof join leads m on l.captured_us >= m.captured_us", "ASOF"),
    ],
)
def test_the_linter_sees_what_would_differ_between_engines(sql: str, problem: str) -> None:
    good = metric("coverage")
    values = {name: getattr(good, name) for name in Metric.__dataclass_fields__}
    assert any(problem in found for found in lint(Metric(**{**values, "sql": sql})))


HEADER = """-- name: x
-- title: X
-- definition: X.
-- basis: cohort
-- grain: one row
-- parameters: {a_us: an instant}
-- dimensions: {}
-- denominators: {}
-- needs: [stages]
-- headline: n
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1", "the header lacks"),
        (HEADER.replace("-- grain: one row\n", "") + "select :a_us as n", "grain"),
        (HEADER + "select 1 as n", "parameters differ: a_us"),
        (HEADER + "select :a_us + :b as n", "parameters differ: b"),
        (HEADER.replace("stages", "magic") + "select :a_us as n", "unknown need"),
        (HEADER.replace("cohort", "guess") + "select :a_us as n", "unknown need or basis"),
    ],
)
def test_a_metric_file_that_does_not_hold_together_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Metric.parse(text)


def test_an_unknown_metric_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="funnel"):
        metric("magic")


@pytest.mark.parametrize("by", [None, "source"])
@pytest.mark.parametrize(
    "name", ["funnel", "stage_duration", "sla_attainment", "reason_mix", "acceptance_rate", "coverage"]
)
def test_every_metric_has_a_picture_that_states_its_definition(
    snapshot: Snapshot, tmp_path: Path, name: str, by: str | None
) -> None:
    arguments = ("captured", "won") if name == "stage_duration" else ()
    result = getattr(snapshot.metrics, name)(*arguments, by=by)
    assert isinstance(result, Result)
    picture = result.plot()
    subtitle = " ".join(picture.to_dict()["title"]["subtitle"])
    assert result.definition in subtitle
    assert f"n = {result.n}" in subtitle
    svg = save(picture, tmp_path / "picture.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert by is None or any(str(row[by]) in svg for row in result.rows if row[by])


def test_pictures_are_saved_as_png_too_and_other_endings_refused(snapshot: Snapshot, tmp_path: Path) -> None:
    picture = snapshot.metrics.funnel().plot()
    assert save(picture, tmp_path / "funnel.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ConfigError, match="saved as"):
        save(picture, tmp_path / "funnel.docx")


def test_what_is_not_computable_cannot_be_drawn() -> None:
    with take([]) as empty, pytest.raises(DataError, match="funnel cannot be drawn: no stages were recorded"):
        empty.metrics.funnel().plot()
