"""``updated`` and ``deleted`` of the simulated org, and what queries do not tell: purged records, archived tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge_salesforce.simulator import SalesforceSimulator

API = "/services/data/v68.0"


def ask(http: httpx.Client, what: str, start: datetime, end: datetime, kind: str = "Lead") -> httpx.Response:
    bounds = {"start": start.isoformat(), "end": end.isoformat()}
    return http.get(f"{API}/sobjects/{kind}/{what}/", params=bounds)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


@pytest.fixture
def leads(sim: SalesforceSimulator, clock: ManualClock) -> list[Ref]:
    refs = sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(4)])
    clock.advance(timedelta(minutes=10))
    return refs


def test_updated_and_deleted_share_the_records_between_them(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, leads: list[Ref]
) -> None:
    start = clock.now() - timedelta(hours=1)
    sim.crm.delete(leads[0])
    sim.crm.merge(leads[1], leads[2])
    clock.advance(timedelta(minutes=5))
    updated = ask(http, "updated", start, clock.now()).json()
    deleted = ask(http, "deleted", start, clock.now()).json()
    assert set(updated["ids"]) == {leads[1].id, leads[3].id}
    assert {row["id"] for row in deleted["deletedRecords"]} == {leads[0].id, leads[2].id}
    assert updated["latestDateCovered"] == deleted["latestDateCovered"] == "2026-03-02T09:15:00.000+0000"
    assert deleted["earliestDateAvailable"] == "2026-02-15T09:15:00.000+0000"


def test_seconds_of_the_bounds_are_ignored(http: httpx.Client, clock: ManualClock, leads: list[Ref]) -> None:
    start = clock.now() - timedelta(minutes=9, seconds=30)
    answer = ask(http, "updated", start, clock.now() + timedelta(seconds=59)).json()
    assert (len(answer["ids"]), answer["latestDateCovered"]) == (4, "2026-03-02T09:10:00.000+0000")
    assert code(ask(http, "updated", clock.now(), clock.now() + timedelta(seconds=59))) == (
        400,
        "INVALID_REPLICATION_DATE",
    )


def test_what_is_covered_ends_where_a_transaction_is_still_open(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, leads: list[Ref]
) -> None:
    sim.switches.late = timedelta(minutes=30)
    sim.crm.edit(leads[0], {"Title": "x"})
    clock.advance(timedelta(minutes=20))
    start = clock.now() - timedelta(minutes=25)
    answer = ask(http, "updated", start, clock.now()).json()
    assert (answer["ids"], answer["latestDateCovered"]) == ([], "2026-03-02T09:10:00.000+0000")
    clock.advance(timedelta(minutes=10))
    answer = ask(http, "updated", start, clock.now()).json()
    assert (answer["ids"], answer["latestDateCovered"]) == ([leads[0].id], "2026-03-02T09:40:00.000+0000")


def test_purged_records_are_in_no_query_but_still_told_as_deleted(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, leads: list[Ref]
) -> None:
    sim.crm.purge(leads[0])
    clock.advance(timedelta(minutes=1))
    found = http.get(f"{API}/queryAll", params={"q": "SELECT Id FROM Lead"}).json()
    assert found["totalSize"] == 3
    gone = ask(http, "deleted", clock.now() - timedelta(hours=1), clock.now()).json()["deletedRecords"]
    assert gone == [{"id": leads[0].id, "deletedDate": "2026-03-02T09:10:00.000+0000"}]


@pytest.mark.parametrize(("what", "days"), [("updated", 31), ("deleted", 16)])
def test_what_is_too_long_ago_is_refused(http: httpx.Client, clock: ManualClock, what: str, days: int) -> None:
    assert code(ask(http, what, clock.now() - timedelta(days=days), clock.now())) == (400, "INVALID_REPLICATION_DATE")


def test_an_org_that_deletes_much_knows_less(http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock) -> None:
    sim.switches.deletes_kept = timedelta(hours=2)
    assert ask(http, "deleted", clock.now() - timedelta(hours=1), clock.now()).status_code == 200
    assert code(ask(http, "deleted", clock.now() - timedelta(hours=3), clock.now())) == (
        400,
        "INVALID_REPLICATION_DATE",
    )


def test_too_many_ids_and_bad_dates_are_refused(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, leads: list[Ref]
) -> None:
    sim.switches.replicated = 3
    assert code(ask(http, "updated", clock.now() - timedelta(hours=1), clock.now())) == (400, "EXCEEDED_ID_LIMIT")
    answer = http.get(f"{API}/sobjects/Lead/updated", params={"start": "soon", "end": "later"})
    assert code(answer) == (400, "MALFORMED_QUERY")


def test_tasks_closed_a_year_ago_are_archived(http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock) -> None:
    rows: list[Any] = [{"Subject": "old", "Status": "Completed"}, {"Subject": "open"}]
    old = sim.crm.seed("Task", rows)[0]
    sim.crm.seed("Event", [{"Subject": "fair", "EndDateTime": "2026-03-01T09:00:00Z"}])
    clock.advance(timedelta(days=366))
    sim.crm.seed("Task", [{"Subject": "new", "Status": "Completed"}])
    sim.archive()
    subjects = {}
    for resource in ("query", "queryAll"):
        found = http.get(f"{API}/{resource}", params={"q": "SELECT Subject FROM Task ORDER BY Subject"}).json()
        subjects[resource] = [row["Subject"] for row in found["records"]]
    assert subjects == {"query": ["new", "open"], "queryAll": ["new", "old", "open"]}
    assert http.get(f"{API}/query", params={"q": "SELECT Id FROM Event"}).json()["totalSize"] == 0
    assert http.patch(f"{API}/sobjects/Task/{old.id}", json={"Subject": "older"}).status_code == 204
