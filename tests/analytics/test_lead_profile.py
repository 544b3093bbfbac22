"""``lead_profile``: one row a lead of what criteria look at, without who it is; definitions judged on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars
import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import Snapshot
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError, DataError
from tests.analytics.random_rules import NOW

AGREEMENT = Agreement.loads(
    """
agreement: profiled
version: 1
effective: 2026-01-01
attributes: {Budget: number, visited: instant}
target_market:
  companies: [{id: size, when: company.employees >= 50}]
scores:
  fit: {points: [{id: size, when: target.company, points: 30}, {id: rich, when: lead.Budget > 1000, points: 20}]}
definitions:
  ready:
    criteria:
      - {id: fits, when: score.fit >= 50, why: fit for us}
      - {id: reachable, when: email is not null}
      - {id: stage, when: lead.stage = 'engaged'}
  interested:
    criteria: [{id: read, when: last_30d.content >= 1}]
  named:
    criteria: [{id: ours, when: "lower(email) <> 'x'"}]
"""
)
FIELDS = {
    "a": {"email": "ada@acme.example", "first_name": "Ada", "employees": "60", "Budget": 2000, "title": "Head"},
    "b": {"email": "b@bolt.example", "employees": 10, "opted_out": True, "visited": "2026-02-01"},
}


def told(lead: str, **more: object) -> list[f.Fact]:
    at = {"lead": lead, "occurred_at": NOW - timedelta(days=40), "recorded_at": NOW}
    return [f.LeadCaptured(**at, source="web"), f.StageEntered(**at, stage="engaged")]  # type: ignore[arg-type]


STORY = [*told("a"), *told("b"), *told("c")]
READ = f.Interacted(
    lead="a",
    occurred_at=NOW - timedelta(days=1),
    recorded_at=NOW,
    interaction="1",
    nature="content",
    function="marketing",
)


def taken(*facts: f.Fact, personal: bool = False) -> Snapshot:
    return Snapshot.from_facts([*STORY, *facts], agreement=AGREEMENT, profiles=FIELDS, personal=personal, now=NOW)


@pytest.fixture
def snapshot() -> Iterator[Snapshot]:
    with taken() as made:
        yield made


def test_the_profile_has_a_typed_column_for_each_name_and_attribute(snapshot: Snapshot) -> None:
    frame = polars.read_parquet(snapshot.directory / "lead_profile.parquet")
    assert frame.schema["company_employees"] == frame.schema["lead_Budget"] == polars.Float64
    assert frame.schema["lead_visited_us"] == frame.schema["lead_captured_at_us"] == polars.Int64
    assert frame.schema["lead_opted_out"] == polars.Boolean
    rows = {row["lead_id"]: row for row in frame.to_dicts()}
    assert list(rows) == ["a", "b", "c"]
    assert (rows["a"]["company_employees"], rows["a"]["lead_title"], rows["a"]["lead_stage"]) == (60, "Head", "engaged")
    assert rows["b"]["lead_visited_us"] == 1_769_904_000_000_000
    assert (rows["c"]["lead_source"], rows["c"]["lead_title"]) == ("web", None)


def test_who_a_lead_is_stays_out_unless_asked_for(snapshot: Snapshot) -> None:
    query = "select lead_email as email, lead_first_name as name from lead_profile order by lead_id"
    assert snapshot.sql(query)[0] == {"email": "(given)", "name": "(given)"}
    assert snapshot.sql(query)[2] == {"email": None, "name": None}
    for file in snapshot.directory.iterdir():
        assert b"acme.example" not in file.read_bytes()
    with taken(personal=True) as named:
        assert named.sql(query)[0] == {"email": "ada@acme.example", "name": "Ada"}


def test_a_definition_is_judged_for_all_leads_as_for_each(snapshot: Snapshot) -> None:
    found = snapshot.readiness(AGREEMENT, "ready")
    assert (found.leads, found.ready, found.not_ready, found.unknown) == (3, 1, 2, 0)
    counts = {row["criterion"]: (row["met"], row["failed"], row["unknown"]) for row in found.rows}
    assert counts == {"fits": (1, 1, 1), "reachable": (2, 1, 0), "stage": (3, 0, 0)}
    for lead in ("a", "b"):
        one = AGREEMENT.readiness({**FIELDS[lead], "stage": "engaged"}, "ready")
        (row,) = snapshot.sql(f"select ok from ({found.sql}) judged where lead_id = '{lead}'")
        assert row["ok"] is one.ok


def test_the_answer_shows_itself_with_the_standing_of_the_agreement(snapshot: Snapshot) -> None:
    found = snapshot.readiness(AGREEMENT)
    assert str(found).startswith("ready: 1 of 3 leads, 2 not, 0 cannot be said yet\n  fits: 1 met, 1 failed, 1 unknown")
    assert AGREEMENT.standing(NOW.date()) in str(found)
    assert "fit for us" in found._repr_html_()
    assert found.to_dict()["rows"][0]["criterion"] == "fits"


def test_windows_are_unknown_where_nothing_was_recorded_and_zero_for_the_lead_without(snapshot: Snapshot) -> None:
    assert snapshot.readiness(AGREEMENT, "interested").unknown == 3
    with taken(READ) as touched:
        found = touched.readiness(AGREEMENT, "interested")
        assert (found.ready, found.not_ready, found.unknown) == (1, 2, 0)


def test_a_criterion_about_who_a_lead_is_needs_a_snapshot_that_knows(snapshot: Snapshot) -> None:
    with pytest.raises(ConfigError, match="personal=True"):
        snapshot.readiness(AGREEMENT, "named")
    with taken(personal=True) as named:
        assert named.readiness(AGREEMENT, "named").ready == 2
        with named.save(Path(named.directory) / "copy") as again:
            assert again.readiness(AGREEMENT, "named").ready == 2


def test_a_criterion_about_what_the_snapshot_does_not_hold_says_so() -> None:
    with Snapshot.from_facts(STORY, now=NOW) as bare:
        with pytest.raises(ConfigError, match=r"fits looks at lead\.Budget, which this snapshot does not hold"):
            bare.readiness(AGREEMENT, "ready")
        with pytest.raises(ConfigError, match="did you mean ready"):
            bare.readiness(AGREEMENT, "redy")


def test_a_snapshot_without_leads_has_none_that_are_ready() -> None:
    with Snapshot.from_facts([], agreement=AGREEMENT, now=NOW) as empty:
        assert empty.readiness(AGREEMENT, "ready").leads == 0


def test_an_export_fills_the_profile_from_columns_with_such_roles(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(
        "id,mail,staff,money,created,engaged_on,answer\n"
        "1,a@acme.example,60,2000,2026-01-05,2026-01-06,accept\n"
        "2,,about 5,,2026-01-05,,\n",
        encoding="utf-8",
    )
    columns = {
        "lead": "id",
        "captured": "created",
        "stage:engaged": "engaged_on",
        "decision": "answer",
        "lead.email": "mail",
        "company.employees": "staff",
        "lead.Budget": "money",
    }
    with Snapshot.from_csv(file, columns=columns, agreement=AGREEMENT) as made:
        first, second = made.sql("select * from lead_profile order by lead_id")
        assert (first["lead_email"], first["company_employees"], first["lead_Budget"]) == ("(given)", 60, 2000)
        assert (first["lead_stage"], first["lead_decision"]) == ("engaged", "accept")
        assert (second["lead_stage"], second["company_employees"], second["lead_email"]) == ("captured", None, None)
        assert second["lead_captured_at_us"] == 1_767_571_200_000_000
        assert made.readiness(AGREEMENT, "ready").ready == 1


def test_an_export_with_an_unknown_field_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"did you mean lead\.title"):
        Snapshot.from_csv(tmp_path / "none.csv", columns={"lead": "id", "lead.titel": "x"})


def test_text_that_no_file_can_hold_does_not_stop_the_table() -> None:
    with Snapshot.from_facts(told("a"), profiles={"a": {"title": "\ud800 \x00 'x'"}}, now=NOW) as made:
        (row,) = made.sql("select lead_title as title from lead_profile")
        assert row["title"] == "? \x00 'x'"
