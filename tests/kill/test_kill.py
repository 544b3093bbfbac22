"""Killed with SIGKILL at random moments of the first sync and started again each time, everything ends as it should."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from leadbridge.clock import SystemClock
from leadbridge.registry import start_simulator

LEADS = 500
KILLS = {"sqlite": 10, "postgresql": 4}
"""By the kind of database: one that is shared takes four times as long to begin with."""
PATIENCE = 280
"""Seconds for a whole sync, on a machine that has other things to do."""
WORKER = Path(__file__).parent / "worker.py"


@contextmanager
def two_crms() -> Iterator[dict[str, Any]]:
    """Two CRMs that live on while the sync between them dies; each time the same people."""
    hubspot = start_simulator("hubspot")(SystemClock(), seed=1)
    salesforce = start_simulator("salesforce")(SystemClock(), seed=1)
    rows = [
        {
            "email": f"person{n}@buyer{n}.example",
            "firstname": "Ada",
            "lastname": f"Number {n}",
            "company": f"Buyer {n}",
            "lifecyclestage": "marketingqualifiedlead",
        }
        for n in range(LEADS)
    ]
    hubspot.crm.seed("contact", rows)
    # Some are known to sales already: they must be recognised, also by a run that was interrupted.
    known = [{"Email": row["email"], "LastName": row["lastname"], "Company": row["company"]} for row in rows[:40]]
    salesforce.crm.seed("Lead", known)
    try:
        yield {"hubspot": hubspot, "salesforce": salesforce}
    finally:
        hubspot.stop()
        salesforce.stop()


@pytest.fixture
def crms() -> Iterator[dict[str, Any]]:
    with two_crms() as both:
        yield both


def start(crms: dict[str, Any], database: str) -> subprocess.Popen[str]:
    hubspot, salesforce = crms["hubspot"], crms["salesforce"]
    arguments = [database, hubspot.base_url, salesforce.base_url, hubspot.token, salesforce.token]
    return subprocess.Popen([sys.executable, str(WORKER), *arguments], stdout=subprocess.PIPE, text=True)


def run(crms: dict[str, Any], database: str) -> None:
    with start(crms, database) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    assert said.split() == ["begun", "quiet"], said


def killed(crms: dict[str, Any], database: str, after: float) -> bool:
    """Starts a sync and kills it so many seconds after it began; whether it was still at work then."""
    with start(crms, database) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "begun"
        time.sleep(after)  # noqa: TID251  # the moment of the kill is the point of this test
        working = process.poll() is None
        process.kill()
        process.communicate()
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    return working


def state(crms: dict[str, Any]) -> dict[str, list[tuple[tuple[str, str], ...]]]:
    """What stands in both CRMs, without ids and times that differ from run to run."""
    kinds = {"hubspot": ("contact", ("email", "leadbridge_id", "lifecyclestage", "company", "leadbridge_sla_state"))}
    kinds["salesforce"] = ("Lead", ("Email", "LeadBridge_Id__c", "Status", "Company", "LastName"))
    return {
        name: sorted(tuple((field, str(row.get(field))) for field in fields) for row in crms[name].crm.dump(kind))
        for name, (kind, fields) in kinds.items()
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'leadbridge.db'}"
    address: str = request.getfixturevalue("new_database")()
    return address.replace("postgresql://", "postgresql+psycopg://", 1)


def everybody_once(crms: dict[str, Any]) -> None:
    """Everybody is in both CRMs, once, under one key."""
    people = {name: Counter(row[0][1] for row in rows) for name, rows in state(crms).items()}
    assert people["hubspot"] == people["salesforce"]
    assert set(people["salesforce"].values()) == {1}
    assert len(people["salesforce"]) == LEADS
    keys = {name: {row[0][1]: row[1][1] for row in rows} for name, rows in state(crms).items()}
    assert keys["hubspot"] == keys["salesforce"]
    assert "None" not in keys["hubspot"].values()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sync_killed_time_and_again_ends_as_if_nothing_had_happened(
    crms: dict[str, Any], database: str, tmp_path: Path
) -> None:
    random = Random(20260302)
    tries = KILLS[database.partition(":")[0].partition("+")[0]]
    kills = [killed(crms, database, random.uniform(0.0, 2.0)) for _ in range(tries)]
    assert sum(kills) >= tries // 2, f"only {sum(kills)} of {tries} kills met a sync at work"
    run(crms, database)
    everybody_once(crms)
    assert {row[2][1] for row in state(crms)["salesforce"]} == {"Open - Not Contacted"}

    with two_crms() as undisturbed:
        run(undisturbed, f"sqlite:///{tmp_path / 'undisturbed.db'}")
        assert state(crms) == state(undisturbed)

    before = state(crms)
    crms["hubspot"].log.clear()
    crms["salesforce"].log.clear()
    run(crms, database)
    assert state(crms) == before
    assert crms["hubspot"].log.count("/batch/(update|upsert|create)") == 0
    assert crms["salesforce"].log.count("composite/sobjects", method="PATCH") == 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(15))
def test_three_hundred_kills_double_and_lose_nobody(crms: dict[str, Any], database: str, seed: int) -> None:
    random = Random(seed)
    met = 0
    for _ in range(10):
        met += killed(crms, database, random.uniform(0.0, 1.5))
    assert met
    run(crms, database)
    everybody_once(crms)
