"""Every metric as a dbt model: it parses in its dialect, and where an engine is at hand it gives the rows of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlglot
import yaml

from leadbridge.analytics import Snapshot, metrics
from leadbridge.analytics.dbt import BY_THE_RUN, export_dbt, usual
from leadbridge.analytics.dialects import DIALECTS, Holes, query_in
from leadbridge.analytics.engine import TABLES
from leadbridge.analytics.metric import Metric
from leadbridge.domain.lifecycle import SPINE
from leadbridge.errors import ConfigError
from tests.analytics.crowd import AGREEMENT, crowd

VARIABLES = {
    "leadbridge_stage_duration_from_stage": "marketing_qualified",
    "leadbridge_stage_duration_to_stage": "sales_accepted",
    "leadbridge_ignored_rate_horizon_us": 3 * 86_400_000_000,
    "leadbridge_waste_horizon_us": 3 * 86_400_000_000,
    "leadbridge_follow_up_depth_horizon_us": 7 * 86_400_000_000,
    "leadbridge_funnel_horizon_us": 20 * 86_400_000_000,
    "leadbridge_resonance_horizon_us": 10 * 86_400_000_000,
    "leadbridge_stage_conversion_from_stage": "marketing_qualified",
    "leadbridge_stage_conversion_to_stage": "sales_accepted",
    "leadbridge_stage_conversion_horizon_us": 20 * 86_400_000_000,
    "leadbridge_stage_survival_from_stage": "marketing_qualified",
    "leadbridge_stage_survival_to_stage": "sales_accepted",
    "leadbridge_cadence_adherence_touches": 1,
    "leadbridge_cadence_adherence_horizon_us": 7 * 86_400_000_000,
    "leadbridge_recycled_reconversion_horizon_us": 10 * 86_400_000_000,
    "leadbridge_request_fill_rate_horizon_us": 10 * 86_400_000_000,
}
"""What is set where nothing is usual, or the usual would leave most of the crowd out."""

ASSUMED = AGREEMENT.assumptions.model_dump(exclude_none=True, exclude_defaults=True)

Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with crowd() as made:
        yield made


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The directory of the export for each dialect."""
    home = tmp_path_factory.mktemp("dbt")
    for dialect in DIALECTS:
        export_dbt(home / dialect, dialect, assumptions=ASSUMED)
    return {dialect: home / dialect for dialect in DIALECTS}


def model(package: Path, name: str, snapshot: Snapshot, prefix: str = "", by: Sequence[str] = ()) -> str:
    """The SQL that dbt would run."""
    variables = {**VARIABLES, "leadbridge_now_us": snapshot.meta.now_us}
    variables |= {f"leadbridge_{name}_by": list(by)} if by else {}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # SQL, not HTML
    text = (package / "models" / f"leadbridge_{name}.sql").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        source=lambda schema, table: f"{prefix}{table}",
        var=variables.get,
        run_started_at=datetime.fromisoformat("2026-04-01T00:00:00+00:00"),
    )


def values_of(snapshot: Snapshot, one: Metric) -> dict[str, Any]:
    values = usual(one.name, SPINE, ASSUMED, snapshot.meta.now_us)
    return {name: VARIABLES.get(f"leadbridge_{one.name}_{name}", value) for name, value in values.items()}


@pytest.fixture(scope="module")
def expected(snapshot: Snapshot) -> Mapping[str, Sequence[Row]]:
    """The rows of DuckDB for every metric, as a whole and by every dimension."""
    return {
        name: [
            (by, *row.values())
            for by, expression in {"all": "'all'", **one.dimensions}.items()
            for row in snapshot.sql(one.query(expression), values_of(snapshot, one))
        ]
        for name, one in metrics().items()
    }


def same(found: Sequence[Sequence[Any]], wanted: Sequence[Row], name: str) -> None:
    """The same rows in any order, to the 12th digit."""

    def plain(rows: Sequence[Sequence[Any]]) -> list[Row]:
        numbers = [
            tuple(value if value is None or isinstance(value, str) else float(f"{float(value):.12e}") for value in row)
            for row in rows
        ]
        return sorted(numbers, key=lambda row: [str(value) for value in row])

    assert len(found) == len(wanted) > 0, name
    for mine, other in zip(plain(wanted), plain(found), strict=True):
        assert list(other) == [pytest.approx(value, rel=1e-11) if isinstance(value, float) else value for value in mine]


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - {"duckdb", "postgres"}))  # those two run for themselves
def test_every_model_gives_the_rows_of_duckdb_when_read_back(
    snapshot: Snapshot, expected: Mapping[str, Sequence[Row]], package: Mapping[str, Path], dialect: str
) -> None:
    for name in metrics():
        sql = model(package[dialect], name, snapshot)
        (text,) = sqlglot.transpile(sql, read=dialect, write="duckdb", error_level=sqlglot.ErrorLevel.RAISE)
        assert "approx" not in sql.lower(), name
        same([tuple(row.values()) for row in snapshot.sql(text)], expected[name], f"{dialect}: {name}")


def test_the_models_for_duckdb_and_postgresql_run_there(
    snapshot: Snapshot, expected: Mapping[str, Sequence[Row]], package: Mapping[str, Path], postgres: Any
) -> None:
    with snapshot.on(postgres, schema="crm", load=True):
        for name, wanted in expected.items():
            rows = postgres.execute(model(package["postgres"], name, snapshot, "crm.")).fetchall()
            same(rows, wanted, name)
            same([tuple(row.values()) for row in snapshot.sql(model(package["duckdb"], name, snapshot))], wanted, name)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
def test_the_models_for_spark_run_there(
    snapshot: Snapshot, expected: Mapping[str, Sequence[Row]], package: Mapping[str, Path], spark: Any, every: int
) -> None:
    for table in TABLES:
        frame = spark.read.parquet(str(snapshot.directory / f"{table}.parquet"))
        frame.coalesce(1).createOrReplaceTempView(table)
    for name in [*metrics()][::every]:
        rows = spark.sql(model(package["spark"], name, snapshot, by=["all"])).collect()
        same(rows, [row for row in expected[name] if row[0] == "all"], name)


def test_the_keys_of_a_metric_tell_its_rows_apart(snapshot: Snapshot, expected: Mapping[str, Sequence[Row]]) -> None:
    for name, one in metrics().items():
        at = list(snapshot.sql(one.query("'all'"), values_of(snapshot, one))[0]).index
        rows = expected[name]
        kept = {(row[0], *(row[1 + at(key)] for key in ("dimension", *one.keys))) for row in rows}
        assert len(kept) == len(rows), f"{name}: name the columns that tell its rows apart in the header, under keys"


def test_descriptions_are_the_definitions_and_tests_hold_the_grain(package: Mapping[str, Path]) -> None:
    described = yaml.safe_load((package["snowflake"] / "models/schema.yml").read_text(encoding="utf-8"))
    models = {one["name"]: one for one in described["models"]}
    assert set(models) == {f"leadbridge_{name}" for name in metrics()}
    for name, one in metrics().items():
        there = models[f"leadbridge_{name}"]
        assert there["description"].startswith(one.definition)
        tested = [column["name"] for column in there["columns"] if "not_null" in column.get("data_tests", ())]
        assert tested == ["broken_down_by", "dimension", *one.keys]
        assert all(isinstance(column["description"], str) for column in there["columns"]), name
        assert f"ref('leadbridge_{name}')" in (package["snowflake"] / f"tests/leadbridge_{name}_grain.sql").read_text()
    sources = yaml.safe_load((package["snowflake"] / "models/sources.yml").read_text(encoding="utf-8"))
    assert {table["name"] for table in sources["sources"][0]["tables"]} == set(TABLES)


def test_what_depends_on_the_present_is_known() -> None:
    for name in metrics():
        long_ago, now = (usual(name, SPINE, {}, us) for us in (0, 1_775_000_000_000_000))
        assert {parameter for parameter in now if now[parameter] != long_ago[parameter]} <= set(BY_THE_RUN), name


def test_an_unknown_dialect_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="snowflake"):
        export_dbt(tmp_path, "snowflak")
    assert list(tmp_path.iterdir()) == []


def test_percentiles_of_a_join_are_refused_for_bigquery() -> None:
    one = metrics()["coverage"]
    values = {name: getattr(one, name) for name in Metric.__dataclass_fields__}
    sql = (
        "select percentile_cont(0.5) within group (order by a.captured_us) as p from leads a "
        "join leads b on a.lead_id = b.lead_id"
    )
    holes = Holes(table=str, parameter=str, dimension="'all'")
    with pytest.raises(ConfigError, match="put those into a step"):
        query_in(Metric(**{**values, "sql": sql}), "bigquery", holes)
