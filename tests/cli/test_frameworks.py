"""The published stage frameworks on the command line."""

from __future__ import annotations

from typer.testing import CliRunner

from leadbridge.cli.app import build
from leadbridge.domain.lifecycle.frameworks import ALL
from tests.cli.conftest import STYLE, Ran


def run(*names: str) -> Ran:
    result = CliRunner().invoke(build(), ["agreement", "frameworks", *names], catch_exceptions=False)
    return Ran(result.exit_code, STYLE.sub("", result.stdout), STYLE.sub("", result.stderr))


def test_without_a_name_every_framework_is_listed_with_marks_on_what_was_not_verified() -> None:
    ran = run()
    assert ran.code == 0
    for each in ALL:
        assert each.id in ran.out
    words = ran.out.replace("\n", " ").split()
    assert "detected?" in words
    assert "target_demand" in words
    assert "gitlab: GitLab's public handbook" in ran.out
    assert "? marks a name that was seen in no publication" in ran.err


def test_as_data_every_framework_has_its_source_and_its_stages() -> None:
    listed = {each["id"]: each for each in run("--json").json}
    assert list(listed) == [each.id for each in ALL]
    assert listed["gitlab"]["source"].startswith("GitLab's public handbook")
    assert listed["gitlab"]["lifecycle"]["success_path"][2] == "mql"
    assert listed["demand_waterfall_2012"]["lifecycle"]["entries"]["tgl"]["at"] == "tql"
    assert listed["b2b_revenue_waterfall_2021"]["unverified"][0] == "target"


def test_one_framework_is_shown_with_its_ways_in_and_its_source() -> None:
    ran = run("demand_waterfall_2012")
    assert "Leads of teleprospecting enter at tql (tgl: Teleprospecting generated lead)." in ran.out
    assert "recycled?" in ran.out
    assert "Source: SiriusDecisions" in ran.out
    assert [each["id"] for each in run("hubspot", "--json").json] == ["hubspot"]


def test_two_frameworks_are_translated_and_what_is_lost_is_said() -> None:
    ran = run("demand_waterfall_2012", "hubspot")
    assert ran.code == 0
    assert "aql, tal, tql become one" in ran.out
    assert "Ways in" in ran.out
    assert "12 stages: 3 exact, 3 merged, 1 split, 1 nearest, 4 none; 4 come back as themselves (33%)" in ran.out
    data = run("demand_waterfall_2012", "hubspot", "--json").json
    assert data["rows"][1] == {
        "stage": "aql",
        "targets": ["marketingqualifiedlead"],
        "how": "merged",
        "lost": "aql, tal, tql become one",
    }


def test_a_name_that_nobody_knows_and_a_third_one_are_refused_with_a_way_out() -> None:
    unknown = run("gitlap")
    assert unknown.code == 2
    assert "did you mean gitlab" in unknown.err
    third = run("spine", "hubspot", "gitlab")
    assert third.code == 2
    assert "name one framework, or two" in third.err
