"""``leadbridge report`` over a ledger, an export and a saved snapshot."""

from __future__ import annotations

import pytest

from leadbridge.analytics import Snapshot
from tests.cli.conftest import Shop

EXPORT = "id,made,qualified,won\n1,2026-01-05,2026-01-07,2026-02-10\n2,2026-01-06,2026-01-09,\n3,2026-01-08,,\n"
COLUMNS = ("--column", "lead=id", "--column", "captured=made", "--column", "stage:won=won")


def test_the_ledger_becomes_one_page_that_names_nobody(shop: Shop) -> None:
    shop.market(8)
    assert shop.run("sync").code == 0
    ran = shop.run("report")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("leadbridge-report.html: ")
    assert "not computable: no decisions were recorded" in ran.err
    page = (shop.folder / "leadbridge-report.html").read_text("utf-8")
    assert "<svg" in page
    assert "buyer.example" not in page


def test_an_export_becomes_markdown_without_settings(bare: Shop) -> None:
    (bare.folder / "leads.csv").write_text(EXPORT, "utf-8")
    ran = bare.run("report", "weekly.md", "--csv", "leads.csv", *COLUMNS)
    assert ran.code == 0, ran.err
    text = (bare.folder / "weekly.md").read_text("utf-8")
    assert "33.3% (" in text
    assert "of the leads that entered captured reached won, n = 3" in text


def test_json_goes_to_stdout_and_writes_a_file_only_where_one_is_named(bare: Shop) -> None:
    (bare.folder / "leads.csv").write_text(EXPORT, "utf-8")
    before = set(bare.folder.iterdir())
    said = bare.run("report", "--json", "--csv", "leads.csv", *COLUMNS).json
    assert [section["name"] for section in said["sections"]][:2] == ["scorecard", "funnel"]
    assert set(bare.folder.iterdir()) == before
    both = bare.run("report", "kept.md", "--json", "--csv", "leads.csv", *COLUMNS)
    assert both.json["definitions"]
    assert (bare.folder / "kept.md").is_file()


def test_a_saved_snapshot_is_reported_with_its_window(bare: Shop) -> None:
    (bare.folder / "leads.csv").write_text(EXPORT, "utf-8")
    columns = {"lead": "id", "captured": "made", "stage:won": "won"}
    Snapshot.from_csv(bare.folder / "leads.csv", columns=columns, directory=bare.folder / "kept").close()
    ran = bare.run("report", "--json", "--snapshot", "kept", "--since", "2026-01-06")
    assert ran.json["since"] == "2026-01-06T00:00:00.000Z"
    funnel = ran.json["sections"][1]["parts"][0]
    assert funnel["n"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report", "page.pdf"), "saved as .html or .md"),
        (("report", "leads.csv.md"), "is no report of leadbridge and is left alone"),
        (("report", "--snapshot", "kept"), "give one of --csv and --snapshot"),
        (("report", "--since", "yesterday"), "write a date or an instant"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(bare: Shop, arguments: tuple[str, ...], message: str) -> None:
    (bare.folder / "leads.csv").write_text(EXPORT, "utf-8")
    (bare.folder / "leads.csv.md").write_text("my own words", "utf-8")
    ran = bare.run(*arguments, "--csv", "leads.csv", *COLUMNS)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert (bare.folder / "leads.csv.md").read_text("utf-8") == "my own words"
