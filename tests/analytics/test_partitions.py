"""Snapshots in partitions answer as others do; taking over what changed gives what a new snapshot would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadbridge.analytics import Snapshot, metrics, updating
from leadbridge.analytics.engine import TABLES
from leadbridge.analytics.kept import from_kept, lint_steps, steps_of, steps_to_keep
from leadbridge.analytics.metric import Metric
from leadbridge.analytics.parts import Partition
from leadbridge.analytics.storage import PARTS
from leadbridge.errors import ConfigError, DataError
from tests.analytics.crowd import AGREEMENT, everybody
from tests.analytics.stories import NOW, START, Story, small_funnel, take

ARGUMENTS = dict.fromkeys(
    ("stage_duration", "stage_conversion", "stage_survival"), ("marketing_qualified", "sales_accepted")
)


def long_ago(seed: int, leads: int = 24) -> Story:
    """A crowd that came over half a year."""
    story, _ = everybody(seed, leads)
    random = Random(seed)
    back = {lead: timedelta(days=31 * random.randrange(6)) for lead in sorted({one.lead for one in story})}
    return [
        replace(one, occurred_at=one.occurred_at - back[one.lead], recorded_at=one.recorded_at - back[one.lead])
        for one in story
    ]


def known(story: Story, now: datetime, leads: set[str] | None = None, **values: object) -> Snapshot:
    facts = [one for one in story if one.occurred_at <= now and (leads is None or one.lead in leads)]
    return take(facts, now, agreement=AGREEMENT, **values)


def rows(snapshot: Snapshot, table: str) -> list[str]:
    return sorted(str(row) for row in snapshot.sql(f'select * from "{table}"'))


def near(value: Any) -> Any:
    """The same, but for the last digits of numbers that were added up in another order."""
    if isinstance(value, dict):
        return {name: near(each) for name, each in value.items()}
    if isinstance(value, list):
        return [near(each) for each in value]
    return pytest.approx(value, rel=1e-12) if isinstance(value, float) else value


def names(directory: Path) -> set[str]:
    return {one.name for one in (directory / PARTS).iterdir()}


@pytest.fixture(scope="module")
def whole() -> Iterator[Snapshot]:
    with known(long_ago(3, 60), NOW) as made:
        yield made


@pytest.mark.parametrize("partition", ["month", "quarter", "year"])
def test_a_snapshot_in_partitions_holds_the_same_rows(whole: Snapshot, tmp_path: Path, partition: Partition) -> None:
    with whole.save(tmp_path, partition=partition) as saved:
        assert len(saved.meta.parts) > (1 if partition == "year" else 2)
        for table in TABLES:
            assert rows(saved, table) == rows(whole, table), table
        assert saved.scorecard().to_dicts() == whole.scorecard().to_dicts()
        assert saved.quality.of("missing") == whole.quality.of("missing")


def test_every_metric_says_the_same_from_kept_steps(whole: Snapshot, tmp_path: Path) -> None:
    with whole.save(tmp_path, partition="month") as saved:
        read = 0
        for name, one in metrics().items():
            for by in (None, *[*one.dimensions][:1]):
                arguments = ARGUMENTS.get(name, ())
                expected = getattr(whole.metrics, name)(*arguments, by=by)
                found = getattr(saved.metrics, name)(*arguments, by=by)
                assert near(found.to_dict()) == expected.to_dict(), (name, by)
            read += from_kept(one.sql, steps_to_keep()) != one.sql
        assert read >= 9


def test_kept_steps_look_at_one_lead_at_a_time() -> None:
    assert [problem for one in metrics().values() for problem in lint_steps(one)] == []


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("select lead_id, :now_us as now_us from leads", "takes a parameter"),
        ("select source, count(*) as n from leads group by source", "brings several leads together"),
        ("select lead_id, row_number() over (order by captured_us) as n from leads", "brings several leads together"),
        ("select a.lead_id from leads a join outcomes b on b.reason = a.source", "joins without lead_id"),
    ],
)
def test_a_step_that_could_not_be_kept_is_named(step: str, problem: str) -> None:
    one = metrics()["coverage"]
    values = {name: getattr(one, name) for name in Metric.__dataclass_fields__}
    sql = f"with lead_some as (\n  {step}\n)\nselect * from lead_some"
    assert any(problem in found for found in lint_steps(Metric(**{**values, "sql": sql})))


def test_a_step_of_another_text_is_another_step() -> None:
    first, _ = steps_of("with lead_some as (\n  select lead_id from leads\n)\nselect * from lead_some")
    other, _ = steps_of("with lead_some as (\n  select lead_id from entries\n)\nselect * from lead_some")
    assert first["lead_some"].table != other["lead_some"].table
    query = "with lead_some as (\n  select lead_id from leads\n)\nselect * from lead_some"
    assert from_kept(query, [other["lead_some"].table]) == query
    assert "from kept.lead_some" in from_kept(query, [first["lead_some"].table])


@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 10_000), days=st.integers(0, 29))
def test_what_is_taken_over_is_what_a_new_snapshot_would_be(
    tmp_path_factory: pytest.TempPathFactory, seed: int, days: int
) -> None:
    story, then = long_ago(seed), START + timedelta(days=days)
    place = tmp_path_factory.mktemp("kept")
    with known(story, then) as before, before.save(place, partition="month") as saved:
        changed = {one.lead for one in story if then < one.occurred_at <= NOW} | set(saved.unsettled())
        with known(story, NOW, changed) as changes, saved.update(changes) as updated, known(story, NOW) as scratch:
            for table in TABLES:
                assert rows(updated, table) == rows(scratch, table), table
            with scratch.save(tmp_path_factory.mktemp("scratch"), partition="month") as other:
                assert updated.meta == other.meta, "the partitions have the same names, so they hold the same rows"


def test_only_the_partitions_of_changed_leads_are_written(whole: Snapshot, tmp_path: Path) -> None:
    with whole.save(tmp_path, partition="month") as saved:
        lead = saved.sql("select lead_id from leads order by captured_us, lead_id limit 1")[0]["lead_id"]
        times = {part.name: part.stat().st_mtime_ns for part in (tmp_path / PARTS).iterdir()}
        with take([], NOW, agreement=AGREEMENT) as nothing, saved.update(nothing, gone=[lead]) as updated:
            assert updated.count("leads") == whole.count("leads") - 1
            others = {
                name
                for name in updated.meta.parts.values()
                if times.get(name) == (tmp_path / PARTS / name).stat().st_mtime_ns
            }
            assert len(set(updated.meta.parts.values()) - others) <= 2, "its partition, and the assets at most"
            assert names(tmp_path) >= set(saved.meta.parts.values()), "who reads the old one reads on"
            assert saved.count("leads") == whole.count("leads")


def test_saving_again_writes_nothing(whole: Snapshot, tmp_path: Path) -> None:
    first = whole.save(tmp_path, partition="month")
    times = {part.name: part.stat().st_mtime_ns for part in (tmp_path / PARTS).iterdir()}
    assert whole.save(tmp_path, partition="month").meta == first.meta
    assert {part.name: part.stat().st_mtime_ns for part in (tmp_path / PARTS).iterdir()} == times


def test_an_update_that_is_broken_off_leaves_the_old_snapshot_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, then = long_ago(5), NOW - timedelta(days=10)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with (
        known(story, then) as before,
        known(story, NOW) as changes,
        before.save(tmp_path, partition="month") as saved,
    ):
        with monkeypatch.context() as patched:
            patched.setattr(updating, "publish", stopped)
            with pytest.raises(KeyboardInterrupt):
                saved.update(changes)
        (tmp_path / PARTS / ".broken-off").mkdir()
        finished = names(tmp_path) - set(saved.meta.parts.values()) - {".broken-off"}
        assert Snapshot.open(tmp_path).meta == saved.meta
        assert rows(saved, "entries") == rows(before, "entries")
        updated = saved.update(changes)
        assert finished <= set(updated.meta.parts.values())
        assert ".broken-off" not in names(tmp_path)
        assert rows(updated, "entries") == rows(changes, "entries")


def test_what_does_not_go_together_is_refused(whole: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="month"):
        whole.save(tmp_path / "a", partition="week")  # type: ignore[arg-type]  # that is the mistake
    with take(small_funnel()) as other, whole.save(tmp_path / "b", partition="year") as saved:
        with pytest.raises(ConfigError, match="no partitions to update"):
            whole.save(tmp_path / "c").update(other)
        with pytest.raises(DataError, match="differ in agreement and version"):
            saved.update(other)
        with known(small_funnel(), NOW - timedelta(days=1)) as older, pytest.raises(DataError, match="older"):
            saved.update(older)
