"""Bulk API 2.0 of the simulated org: query and ingest jobs, their states by the clock, and all their files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge_salesforce.simulator import SalesforceSimulator

API = "/services/data/v68.0"
Load = Callable[..., dict[str, Any]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.fixture
def leads(sim: SalesforceSimulator) -> list[Ref]:
    return sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme, Inc.", "Title": None} for n in range(5)])


def ask(http: httpx.Client, query: str, operation: str = "query", **more: str) -> httpx.Response:
    return http.post(f"{API}/jobs/query", json={"operation": operation, "query": query, **more})


@pytest.fixture
def load(http: httpx.Client) -> Load:
    """Makes an ingest job, gives it a file, closes it, and says what became of it."""

    def run(text: str, operation: str = "insert", kind: str = "Lead", **more: str) -> dict[str, Any]:
        job = http.post(f"{API}/jobs/ingest", json={"object": kind, "operation": operation, **more}).json()
        assert job["state"] == "Open"
        put = http.put(f"/{job['contentUrl']}", content=text.encode(), headers={"Content-Type": "text/csv"})
        assert put.status_code == 201, put.text
        closed = http.patch(f"{API}/jobs/ingest/{job['id']}", json={"state": "UploadComplete"})
        assert closed.json()["state"] == "UploadComplete"
        told: dict[str, Any] = http.get(f"{API}/jobs/ingest/{job['id']}").json()
        for name in ("successfulResults", "failedResults", "unprocessedrecords"):
            answer = http.get(f"{API}/jobs/ingest/{job['id']}/{name}")
            told[name] = rows(answer.text) if answer.status_code == 200 else answer.json()[0]["errorCode"]
        return told

    return run


# -- query ---------------------------------------------------------------------------------------------------------


def test_a_query_job_is_polled_and_its_results_come_part_by_part(
    http: httpx.Client, sim: SalesforceSimulator, leads: list[Ref]
) -> None:
    job = ask(http, "SELECT Id, lastname, IsConverted, CreatedDate, Title, Owner.Name FROM Lead ORDER BY Id").json()
    assert (job["state"], job["object"], job["jobType"]) == ("UploadComplete", "Lead", "V2Query")
    done = http.get(f"{API}/jobs/query/{job['id']}").json()
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 5)
    found: list[dict[str, str]] = []
    locator, parts, text = "", 0, ""
    while locator != "null":
        part = http.get(f"{API}/jobs/query/{job['id']}/results", params={"maxRecords": 2, "locator": locator})
        assert part.headers["content-type"].startswith("text/csv")
        text = text or part.text
        found += rows(part.text)
        locator, parts = part.headers["Sforce-Locator"], parts + 1
    assert parts == 3
    assert [row["Id"] for row in found] == [ref.id for ref in leads]
    assert found[0] == {
        "Id": leads[0].id,
        "LastName": "P0",
        "IsConverted": "false",
        "CreatedDate": "2026-03-02T09:00:00.000Z",
        "Title": "",
        "Owner.Name": "Integration User",
    }
    assert text.startswith('"Id","LastName","IsConverted"')


def test_a_query_job_works_as_long_as_the_clock_says(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, leads: list[Ref]
) -> None:
    sim.switches.bulk_takes = timedelta(minutes=8)
    path = f"{API}/jobs/query/{ask(http, 'SELECT Id FROM Lead').json()['id']}"
    states = []
    for _ in range(4):
        states.append(http.get(path).json()["state"])
        if states[-1] != "JobComplete":
            assert code(http.get(f"{path}/results")) == (400, "INVALIDJOBSTATE")
        clock.advance(timedelta(minutes=3))
    assert states == ["UploadComplete", "InProgress", "InProgress", "JobComplete"]
    assert len(rows(http.get(f"{path}/results").text)) == 5


def test_deleted_records_are_found_by_query_all_only(
    http: httpx.Client, sim: SalesforceSimulator, leads: list[Ref]
) -> None:
    sim.crm.delete(leads[0])
    numbers = []
    for operation in ("query", "queryAll"):
        job = ask(http, "SELECT Id, IsDeleted FROM Lead", operation).json()
        part = http.get(f"{API}/jobs/query/{job['id']}/results")
        numbers.append(part.headers["Sforce-NumberOfRecords"])
    assert numbers == ["4", "5"]


def test_an_empty_result_has_its_header_line(http: httpx.Client) -> None:
    job = ask(http, "SELECT Id, Owner.Email FROM Lead").json()
    part = http.get(f"{API}/jobs/query/{job['id']}/results")
    assert (part.text, part.headers["Sforce-Locator"]) == ('"Id","Owner.Email"\n', "null")


def test_results_come_in_the_form_that_was_asked_for(http: httpx.Client, leads: list[Ref]) -> None:
    job = ask(http, "SELECT LastName, Company FROM Lead LIMIT 1", columnDelimiter="PIPE", lineEnding="CRLF").json()
    text = http.get(f"{API}/jobs/query/{job['id']}/results").text
    assert text == '"LastName"|"Company"\r\n"P0"|"Acme, Inc."\r\n'


def test_a_proxy_may_take_the_headers_away(http: httpx.Client, sim: SalesforceSimulator, leads: list[Ref]) -> None:
    sim.switches.strip_headers = True
    job = ask(http, "SELECT Id FROM Lead").json()
    part = http.get(f"{API}/jobs/query/{job['id']}/results")
    assert not [name for name in part.headers if name.startswith("sforce-")]
    assert len(rows(part.text)) == 5


def test_parts_can_be_fetched_side_by_side(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.bulk_page = 2
    sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(13)])
    job = ask(http, "SELECT LastName FROM Lead").json()
    first = http.get(f"{API}/jobs/query/{job['id']}/resultPages").json()
    assert (len(first["resultPages"]), first["done"]) == (5, False)
    rest = http.get(first["nextRecordsUrl"]).json()
    assert (len(rest["resultPages"]), rest["done"]) == (2, True)
    texts = [http.get(f"/{page['resultLink']}").text for page in first["resultPages"] + rest["resultPages"]]
    assert {row["LastName"] for text in texts for row in rows(text)} == {f"P{n}" for n in range(13)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM LeadStatus", "INVALIDENTITY"),
        ("SELECT Id, Address FROM Lead", "API_ERROR"),
        ("SELECT Id FROM Lead LIMIT 5 OFFSET 5", "API_ERROR"),
        ("SELECT COUNT() FROM Lead", "API_ERROR"),
        ("SELECT Status, COUNT(Id) FROM Lead GROUP BY Status", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
    ],
)
def test_what_a_bulk_query_cannot_do_is_refused(http: httpx.Client, query: str, expected: str) -> None:
    assert code(ask(http, query)) == (400, expected)


def test_query_jobs_are_aborted_thrown_away_and_forgotten(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock
) -> None:
    sim.switches.bulk_takes = timedelta(hours=1)
    first, second = (f"{API}/jobs/query/{ask(http, 'SELECT Id FROM Lead').json()['id']}" for _ in range(2))
    assert code(http.delete(first)) == (400, "INVALIDJOBSTATE")
    assert code(http.patch(first, json={"state": "JobComplete"})) == (400, "INVALIDJOBSTATE")
    assert http.patch(first, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert code(http.patch(first, json={"state": "Aborted"})) == (400, "INVALIDJOBSTATE")
    assert len(http.get(f"{API}/jobs/query").json()["records"]) == 2
    assert http.delete(first).status_code == 204
    assert code(http.get(first)) == (404, "NOT_FOUND")
    clock.advance(timedelta(days=8))
    assert code(http.get(second)) == (404, "NOT_FOUND")


def test_results_belong_to_a_version_and_locators_to_a_job(http: httpx.Client, leads: list[Ref]) -> None:
    path = f"/jobs/query/{ask(http, 'SELECT Id FROM Lead').json()['id']}/results"
    assert http.get(f"/services/data/v60.0{path}").status_code == 409
    assert code(http.get(f"{API}{path}?locator=99999")) == (400, "INVALID_QUERY_LOCATOR")
    assert code(http.get(f"{API}{path.removesuffix('results')}resultPages?locator=!")) == (400, "INVALID_QUERY_LOCATOR")
    assert http.get(f"{API}{path.replace('query/750', 'ingest/750')}").status_code == 404


def test_there_are_so_many_jobs_in_a_day(http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock) -> None:
    sim.switches.bulk_jobs = 2
    assert [ask(http, "SELECT Id FROM Lead").status_code for _ in range(2)] == [200, 200]
    assert code(ask(http, "SELECT Id FROM Lead")) == (400, "EXCEEDEDQUOTA")
    assert http.get(f"{API}/limits").json()["DailyBulkV2QueryJobs"] == {"Max": 2, "Remaining": 0}
    clock.advance(timedelta(hours=25))
    assert ask(http, "SELECT Id FROM Lead").status_code == 200


# -- ingest --------------------------------------------------------------------------------------------------------


def test_records_are_inserted_and_each_has_its_result(sim: SalesforceSimulator, load: Load) -> None:
    told = load('LastName,Company,NumberOfEmployees,DoNotCall\nAda,"Acme, Inc.",7,true\nBob,,x,\n"C\ny",B,,false\n')
    assert (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    lead = sim.crm.dump("Lead")[0]
    assert (lead["Company"], lead["NumberOfEmployees"], lead["DoNotCall"]) == ("Acme, Inc.", 7, True)
    good = told["successfulResults"]
    assert (good[0]["sf__Id"], good[0]["sf__Created"], good[1]["LastName"]) == (lead["id"], "true", "C\ny")
    (bad,) = told["failedResults"]
    assert bad["sf__Error"].startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:")
    assert bad["sf__Error"].endswith(":NumberOfEmployees --")
    assert bad["LastName"] == "Bob"
    assert told["unprocessedrecords"] == []


def test_empty_leaves_a_field_alone_and_na_clears_it(sim: SalesforceSimulator, load: Load) -> None:
    ref = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme", "Title": "x", "Phone": "1"}])[0]
    told = load(f"Id,Title,Phone\n{ref.id[:15]},,#N/A\n", "update")
    assert told["successfulResults"][0]["sf__Created"] == "false"
    lead = sim.crm.dump("Lead")[0]
    assert (lead["Title"], lead["Phone"]) == ("x", None)


def test_upserts_go_by_an_external_id(sim: SalesforceSimulator, load: Load) -> None:
    text = "LeadBridge_Id__c,LastName,Company\na,Ada,Acme\nb,Bob,Acme\nb,Bo,Acme\n,Cy,Acme\n"
    told = load(text, "upsert", externalIdFieldName="LeadBridge_Id__c")
    assert [row["LastName"] for row in told["successfulResults"]] == ["Ada"]
    errors = [row["sf__Error"].partition(":")[0] for row in told["failedResults"]]
    assert errors == ["DUPLICATE_VALUE", "DUPLICATE_VALUE", "MISSING_ARGUMENT"]
    again = load("LeadBridge_Id__c,Title\nA,Dr\n", "upsert", externalIdFieldName="LeadBridge_Id__c")
    assert again["successfulResults"][0]["sf__Created"] == "false"
    assert [(lead["LastName"], lead["Title"]) for lead in sim.crm.dump("Lead")] == [("Ada", "Dr")]


def test_a_lookup_may_name_the_other_record_by_its_external_id(sim: SalesforceSimulator, load: Load) -> None:
    sim.add_field("Account", "Number__c", unique=True)
    account = sim.crm.seed("Account", [{"Name": "Acme", "Number__c": "7"}])[0]
    told = load("LastName,Account.Number__c\nAda,7\nBob,8\n", kind="Contact")
    assert sim.crm.dump("Contact")[0]["AccountId"] == account
    assert "Foreign key external ID: 8 not found" in told["failedResults"][0]["sf__Error"]


def test_records_are_deleted_for_the_bin_or_for_good(
    sim: SalesforceSimulator, http: httpx.Client, load: Load, leads: list[Ref]
) -> None:
    load(f"Id\n{leads[0].id}\n", "delete")
    load(f"Id\n{leads[1].id}\n", "hardDelete")
    assert load("Id\n00QHs0000000Zzz\n", "delete")["numberRecordsFailed"] == 1
    found = http.get(f"{API}/queryAll", params={"q": "SELECT Id FROM Lead"}).json()
    assert (found["totalSize"], len(sim.crm.dump("Lead"))) == (4, 3)


def test_locked_rows_are_failures_of_their_own(sim: SalesforceSimulator, load: Load) -> None:
    sim.switches.locked = 1
    told = load("LastName,Company\nAda,Acme\nBob,Acme\n")
    assert told["failedResults"][0]["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:")
    assert told["failedResults"][0]["sf__Error"].endswith(":--")
    assert told["successfulResults"][0]["LastName"] == "Bob"


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ("Shoe\n1\n", {}, "InvalidBatch : Field name not found : Shoe"),
        ("Owner.Shoe\n1\n", {}, "InvalidBatch : Field name not found : Owner.Shoe"),
        ("LastName,Company\nAda\n", {}, "InvalidBatch : The number of columns of a record is not that of the header"),
        ("LastName\r\nAda\r\n", {}, "ClientInputError : LineEnding is invalid on user data."),
        ("LastName\nAda\n", {"lineEnding": "CRLF"}, "ClientInputError : LineEnding is invalid on user data."),
        ("", {}, "InvalidBatch : The file is empty"),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_job(
    sim: SalesforceSimulator, load: Load, text: str, more: dict[str, str], message: str
) -> None:
    told = load(text, **more)
    assert told["state"] == "Failed"
    assert told["errorMessage"].startswith(message)
    assert sim.crm.dump("Lead") == []


def test_a_job_that_fails_half_way_tells_what_it_did_not_come_to(sim: SalesforceSimulator, load: Load) -> None:
    sim.switches.bulk_fails_after = 2
    told = load("LastName,Company\nAda,A\nBob,\nCy,C\nDi,D\n")
    assert (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]) == ("Failed", 2, 1)
    assert [row["LastName"] for row in told["unprocessedrecords"]] == ["Cy", "Di"]
    assert len(sim.crm.dump("Lead")) == 1


def test_an_ingest_job_works_when_its_time_has_come_whoever_asks(
    http: httpx.Client, sim: SalesforceSimulator, clock: ManualClock, load: Load
) -> None:
    sim.switches.bulk_takes = timedelta(minutes=10)
    told = load("LastName,Company\nAda,A\n")
    assert (told["state"], told["successfulResults"]) == ("UploadComplete", "INVALIDJOBSTATE")
    clock.advance(timedelta(minutes=5))
    path = f"{API}/jobs/ingest/{told['id']}"
    assert http.get(path).json()["state"] == "InProgress"
    assert sim.crm.dump("Lead") == []
    clock.advance(timedelta(minutes=5))
    assert len(sim.crm.dump("Lead")) == 1
    done = http.get(path).json()
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 1)


def test_an_aborted_job_did_nothing_and_its_rows_are_unprocessed(http: httpx.Client, sim: SalesforceSimulator) -> None:
    job = http.post(f"{API}/jobs/ingest", json={"object": "lead", "operation": "insert"}).json()
    path = f"{API}/jobs/ingest/{job['id']}"
    text = {"content": b"LastName,Company\nAda,A\n", "headers": {"Content-Type": "text/csv; charset=UTF-8"}}
    assert http.put(f"{path}/batches", **text).status_code == 201  # type: ignore[arg-type]  # content and headers
    assert code(http.put(f"{path}/batches", **text)) == (400, "CLIENTINPUTERROR")  # type: ignore[arg-type]  # as above
    assert http.patch(path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert code(http.put(f"{path}/batches", **text)) == (400, "INVALIDJOBSTATE")  # type: ignore[arg-type]  # as above
    assert rows(http.get(f"{path}/unprocessedRecords").text) == [{"LastName": "Ada", "Company": "A"}]
    assert rows(http.get(f"{path}/successfulResults").text) == []
    assert http.delete(path).status_code == 204
    assert sim.crm.dump("Lead") == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"object": "Lead", "operation": "dance"}, "INVALIDJOB"),
        ({"object": "Nope", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "LeadStatus", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Lead", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "upsert", "externalIdFieldName": "Title"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "insert", "columnDelimiter": "SPACE"}, "INVALIDJOB"),
        ({"object": "Lead", "operation": "insert", "contentType": "XML"}, "INVALIDJOB"),
    ],
)
def test_a_job_that_cannot_be_is_refused(http: httpx.Client, body: dict[str, str], expected: str) -> None:
    assert code(http.post(f"{API}/jobs/ingest", json=body)) == (400, expected)


def test_uploads_are_checked(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.switches.bulk_upload = 10
    job = http.post(f"{API}/jobs/ingest", json={"object": "Lead", "operation": "insert"}).json()
    path = f"{API}/jobs/ingest/{job['id']}"
    as_csv = {"Content-Type": "text/csv"}
    assert http.put(f"{path}/batches", json={}).status_code == 415
    assert http.put(f"{path}/batches", content=b"x" * 11, headers=as_csv).status_code == 413
    assert code(http.put(f"{path}/batches", content=b"\xff", headers=as_csv)) == (400, "CLIENTINPUTERROR")
    assert code(http.patch(path, json={"state": "Nope"})) == (400, "INVALIDJOBSTATE")


def test_uploads_may_come_in_chunks(http: httpx.Client, sim: SalesforceSimulator) -> None:
    job = http.post(f"{API}/jobs/ingest", json={"object": "Lead", "operation": "insert"}).json()
    path = f"{API}/jobs/ingest/{job['id']}"
    lines = (line for line in (b"LastName,Com", b"pany\nAda,", b"Acme\n"))
    put = http.put(f"{path}/batches", content=lines, headers={"Content-Type": "text/csv"})
    assert (put.status_code, put.request.headers["transfer-encoding"]) == (201, "chunked")
    http.patch(path, json={"state": "UploadComplete"})
    assert http.get(path).json()["numberRecordsProcessed"] == 1


def test_only_a_job_that_names_an_assignment_rule_runs_it(sim: SalesforceSimulator, load: Load) -> None:
    sim.switches.assignment_owner = sim.queues[0]
    load("LastName,Company\nAda,A\n")
    load("LastName,Company\nBob,A\n", assignmentRuleId="01QHs0000000000")
    assert [lead["OwnerId"] for lead in sim.crm.dump("Lead")] == [sim.users[0], sim.queues[0]]
