"""The demo on a real, public funnel: 8,000 marketing qualified leads of a marketplace, 842 of them won.

The two files are read where they lie and never copied (Olist, CC BY-NC-SA 4.0). The leads have no address: they are
known by their ``mql_id``. Nothing is invented about sales' behaviour, only the wins are played.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement
from leadbridge.cli.demo import show
from leadbridge.cli.demo.outcome import Outcome, figures
from leadbridge.cli.demo.scene import SALESFORCE, Scene, Stage
from leadbridge.clock import parse_iso
from leadbridge.errors import DataError

__all__ = ["LEADS", "WINS", "open_scene", "play", "read"]

LEADS = "olist_marketing_qualified_leads_dataset.csv"
WINS = "olist_closed_deals_dataset.csv"
START = datetime(2019, 1, 7, 9, 0, tzinfo=UTC)
"""After the last of these deals."""

Row = dict[str, str]


def read(folder: Path) -> tuple[list[Row], list[Row]]:
    """The two files.

    Raises:
        DataError: a file or a column is missing.
    """
    return (
        _rows(folder / LEADS, ("mql_id", "first_contact_date", "origin")),
        _rows(folder / WINS, ("mql_id", "won_date")),
    )


def _rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    if not path.is_file():
        raise DataError(f"there is no {path.name} in {path.parent}: give the folder that holds {LEADS} and {WINS}")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for column in columns:
        if not rows or column not in rows[0]:
            there = ", ".join(rows[0]) if rows else "nothing"
            raise DataError(f"{path.name} has no column {column} (it has: {there})")
    return rows


def open_scene(seed: int, folder: Path) -> Scene:
    """The scene: HubSpot knows the list's own properties."""
    scene = Scene.open(Agreement.preset("funnel"), START, seed=seed, folder=folder)
    add = scene.hubspot.crm.add_property  # type: ignore[attr-defined]  # an account's own properties: HubSpot's word
    add("contact", "mql_id", label="MQL id")
    add("contact", "first_contact_date", type="date", label="First contact")
    add("contact", "origin", label="Origin")
    return scene


def play(scene: Scene, stage: Stage, rows: list[Row], wins: list[Row]) -> Outcome:
    """Plays the funnel and gives its figures."""
    bridge = scene.bridge
    stage.heading(f"1  {len(rows):,} real leads go into HubSpot")
    scene.hubspot.crm.seed("contact", [_contact(row) for row in rows])
    scene.pass_time(timedelta(minutes=12))
    stage.say(show.provisioned(bridge.provision(dry_run=False)))

    stage.heading("2  Check, plan, apply")
    stage.say(show.check(bridge.check()))
    stage.begin("reading and deciding", None)
    plan = bridge.plan(progress=stage.progress)
    stage.end()
    stage.say(show.plan(plan))
    stage.begin("applying the plan", len(plan))
    first = dict(bridge.apply(plan, approve=plan.hash, progress=stage.progress).delivered.applied)
    stage.end()
    scene.pass_time(timedelta(minutes=12))
    scene.sync(stage)

    stage.heading(f"3  {len(wins)} deals are won in Salesforce")
    stage.begin("converting and winning", len(wins))
    records = {link.lead: link.ref for link in bridge.links() if link.connection == SALESFORCE}
    for row in wins:
        _win(scene, records[row["mql_id"]], row)
        stage.progress("deals", "", 1)
    stage.end()
    scene.pass_time(timedelta(minutes=12))
    stage.begin("syncing back", None)
    scene.sync(stage)
    stage.end()

    stage.heading("4  What the ledger says")
    snapshot = bridge.snapshot()
    days = snapshot.metrics.stage_duration("captured", "won", unit="days")
    stage.say(show.result(days), show.scorecard(snapshot.scorecard()), show.quality(snapshot.quality))
    scene.pass_time(timedelta(minutes=12))
    quiet = scene.sync(stage)
    outcome = figures(scene, snapshot, first, quiet.writes)
    outcome.more |= _facts(scene, snapshot, days)
    stage.heading("5  Once more: nothing is left to do")
    stage.say(f"writes: {outcome.writes_quiet_round}; API calls so far: {show.counts(outcome.api_calls)}")
    return outcome


def _contact(row: Row) -> dict[str, Value]:
    contact: dict[str, Value] = {
        "mql_id": row["mql_id"],
        "first_contact_date": row["first_contact_date"],
        "lifecyclestage": "marketingqualifiedlead",
    }
    if row["origin"]:
        contact["origin"] = row["origin"]
    return contact


def _win(scene: Scene, ref: Ref, row: Row) -> None:
    contact = scene.salesforce.crm.convert(ref, opportunity=row.get("business_segment") or "Marketplace seller")
    scene.salesforce.crm.win(contact, on=parse_iso(row["won_date"]).date())


def _facts(scene: Scene, snapshot: object, days: object) -> dict[str, object]:
    from leadbridge.analytics import Result, Snapshot

    assert isinstance(snapshot, Snapshot)
    won = snapshot.sql("select count(distinct lead_id) as won from entries where stage = 'won'")[0]["won"]
    origins = snapshot.sql("select source, count(*) as leads from leads group by source order by leads desc, source")
    leads = snapshot.count("leads")
    found: dict[str, object] = {
        "won": won,
        "won_share": won / leads,
        "origins": [{"origin": row["source"], "leads": row["leads"]} for row in origins],
        "quality": [
            {"kind": f.kind, "message": f.message, "count": f.count, "leads": list(f.leads)} for f in snapshot.quality
        ],
        "acceptance_rate": snapshot.metrics.acceptance_rate().to_dict(),
        "sla_attainment": snapshot.metrics.sla_attainment().to_dict(),
    }
    if isinstance(days, Result):
        found["days_to_won"] = {name: days.rows[0][name] for name in ("n", "p25", "p50", "p75", "p90")}
    return found
