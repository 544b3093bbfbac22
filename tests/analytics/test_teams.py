"""Numbers by team: the queue of the agreement that whoever holds a hand-off or a promise serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leadbridge.analytics import Result, Snapshot, metrics
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.terms import terms
from leadbridge.errors import DataError
from tests.analytics.crowd import AGREEMENT, crowd
from tests.analytics.test_metrics_everywhere import ARGUMENTS, Rows

HELD = sorted(name for name, one in metrics().items() if one.dimensions.get("owner") in ("h.owner", "c.owner"))


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with crowd() as made:
        yield made


class Renamed:
    """The same snapshot under an agreement that calls its teams otherwise."""

    def __init__(self, snapshot: Snapshot, **teams: str) -> None:
        self._snapshot, self.meta = snapshot, replace(snapshot.meta, teams=teams)

    def sql(self, query: str, values: Any = None) -> Rows:
        return self._snapshot.sql(query, values)


def result(answer: object) -> Result:
    assert isinstance(answer, Result), str(answer)
    return answer


def test_who_serves_two_queues_belongs_to_both_together() -> None:
    assert terms(AGREEMENT)["teams"] == {"ann": "north", "bob": "south", "cat": "north + south"}


@pytest.mark.parametrize("name", HELD)
def test_the_teams_have_the_numbers_of_their_members(snapshot: Snapshot, name: str) -> None:
    asked = ARGUMENTS.get(name, {})
    by_owner = result(getattr(snapshot.metrics, name)(by="owner", **asked)).rows
    by_team = result(getattr(snapshot.metrics, name)(by="team", **asked)).rows
    # Here each of the three has a team of her own: the rows are the same but for the name.
    renamed = [
        {"team": snapshot.meta.teams.get(row["owner"]), **{k: v for k, v in row.items() if k != "owner"}}
        for row in by_owner
    ]
    assert sorted(map(repr, by_team)) == sorted(map(repr, renamed))
    assert len({row["team"] for row in by_team} - {None}) >= 2


def test_a_team_of_several_is_counted_as_one(snapshot: Snapshot) -> None:
    owners = {row["owner"]: row for row in result(snapshot.metrics.acceptance_rate(by="owner")).rows}
    source = Renamed(snapshot, ann="all", bob="all")
    teams = {row["team"]: row for row in result(Metrics(source).acceptance_rate(by="team")).rows}
    assert teams["all"]["accepted"] == owners["ann"]["accepted"] + owners["bob"]["accepted"]
    # A person whom no queue names is in no team, like a hand-off that nobody holds.
    assert teams[None]["accepted"] == sum(row["accepted"] for who, row in owners.items() if who not in ("ann", "bob"))


def test_without_teams_in_the_agreement_there_are_no_numbers_by_team(snapshot: Snapshot) -> None:
    with pytest.raises(DataError, match="cannot be broken down by 'team'"):
        Metrics(Renamed(snapshot)).acceptance_rate(by="team")
    with pytest.raises(DataError, match="did you mean team"):
        snapshot.metrics.acceptance_rate(by="teams")


def test_what_nobody_holds_has_no_team(snapshot: Snapshot) -> None:
    with pytest.raises(DataError, match="content_usage cannot be broken down by 'team'"):
        snapshot.metrics.content_usage(by="team")


def test_teams_are_kept_with_a_saved_snapshot_and_one_without_them_can_be_read(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    snapshot.save(tmp_path / "kept")
    with Snapshot.open(tmp_path / "kept") as kept:
        assert kept.meta.teams == snapshot.meta.teams
    file = tmp_path / "kept" / "meta.json"
    file.write_text(file.read_text("utf-8").replace('"teams"', '"assumptions"'), encoding="utf-8")
    assert Meta.load(file).teams == {}
