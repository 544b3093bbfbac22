"""Writing through bulk jobs: the receipts are those of a collection, and a job that fails loses nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.adapter import Receipt, Record, Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import Forbidden, Unavailable
from leadbridge.http import RateBudget
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.bulk_ingest import BulkIngest
from leadbridge_salesforce.settings import Options
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.writing import Writer

JOBS = "/jobs/ingest"
COLLECTION = "composite/sobjects"


@pytest.fixture(params=["http", "sdk"])
def writer(sim: SalesforceSimulator, clock: ManualClock, request: pytest.FixtureRequest) -> Iterator[Writer]:
    """The writing half of an adapter, from three writes on by bulk; waiting moves the simulated clock."""
    client = sim.sdk() if request.param == "sdk" else None
    adapter = Salesforce.from_sdk(client) if client is not None else sim.connect()

    def polls() -> RateBudget:
        time = [0.0]

        def sleep(seconds: float) -> None:
            time[0] += seconds
            clock.advance(timedelta(seconds=seconds))

        return RateBudget((1, 10.0), monotonic=lambda: time[0], sleep=sleep)

    bulk = BulkIngest(adapter._wire, adapter._shapes, polls=polls)
    adapter.describe()
    sim.log.clear()
    yield Writer(adapter._wire, adapter._shapes, adapter._reader, Options(bulk_writes=3), bulk)
    adapter.close()
    if client is not None:
        client.session.close()


def upsert(number: int, **more: Any) -> Write:
    fields = {"LastName": f"Person {number}", "Company": "Acme", "Email": f"p{number}@acme.example", **more}
    return Write(f"op-{number}", "upsert", Ref("Lead", f"lb-{number}"), fields)


def told(receipts: list[Receipt]) -> list[tuple[str, str]]:
    return [(receipt.outcome, receipt.reason) for receipt in receipts]


def test_many_writes_become_one_job_and_few_do_not(
    sim: SalesforceSimulator, writer: Writer, clock: ManualClock
) -> None:
    sim.switches.bulk_takes = timedelta(minutes=2)
    began = clock.now()
    receipts = writer.apply([upsert(number) for number in range(1, 501)])
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    assert [receipt.key for receipt in receipts] == [f"op-{number}" for number in range(1, 501)]
    rows = {str(row["LeadBridge_Id__c"]): row for row in sim.crm.dump("Lead")}
    assert all(receipt.ref and rows[f"lb-{n}"]["id"] == receipt.ref.id for n, receipt in enumerate(receipts, 1))
    assert rows["lb-7"]["LeadBridge_Op__c"] == "op-7"
    assert sim.log.count(COLLECTION) == 0
    assert clock.now() - began >= timedelta(minutes=2)
    sim.log.clear()
    assert writer.apply([upsert(1), upsert(2)])[0].outcome == "applied"
    assert sim.log.count(JOBS) == 0
    assert len(sim.crm.dump("Lead")) == 500


def test_null_clears_empty_text_too_and_what_is_absent_stays(sim: SalesforceSimulator, writer: Writer) -> None:
    a, b, c = sim.crm.seed("Lead", [{"LastName": "x", "Company": "Acme", "Title": "T", "Phone": "1"}] * 3)
    writes = [
        Write("a", "update", a, {"Title": None}),
        Write("b", "update", b, {"Phone": "", "HasOptedOutOfEmail": True}),
        Write("c", "update", c, {"NumberOfEmployees": 12}),
    ]
    assert told(writer.apply(writes)) == [("applied", "")] * 3
    assert sim.log.count(JOBS, "POST") == 1
    rows = {row["id"]: row for row in sim.crm.dump("Lead")}
    assert [(rows[ref.id]["Title"], rows[ref.id]["Phone"]) for ref in (a, b, c)] == [
        (None, "1"),
        ("T", None),
        ("T", "1"),
    ]
    assert (rows[b.id]["HasOptedOutOfEmail"], rows[c.id]["NumberOfEmployees"]) == (True, 12)


def test_any_text_survives_a_file(sim: SalesforceSimulator, writer: Writer) -> None:
    odd = ['a,b;"c"', "two\nlines\r\nthree", "=1+1", " x ", "ü\u2028🎉", "'; DROP", "#N/A", "NULL", "\\N", '"']
    receipts = writer.apply([upsert(number, Description=text) for number, text in enumerate(odd)])
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    found = {row["LeadBridge_Id__c"]: row["Description"] for row in sim.crm.dump("Lead")}
    assert [found[f"lb-{number}"] for number in range(len(odd))] == [text.strip() for text in odd]
    assert sim.log.count(COLLECTION) == 1, "the one text that means null in a file goes by a collection"


def test_refusals_stand_in_their_place_and_hold_no_content(sim: SalesforceSimulator, writer: Writer) -> None:
    writes = [
        upsert(1, FirstName="x" * 41),
        upsert(2),
        upsert(3, Email="canary"),
        upsert(4, LastName=None),
        upsert(5),
    ]
    assert told(writer.apply(writes)) == [
        ("rejected", "STRING_TOO_LONG: FirstName"),
        ("applied", ""),
        ("rejected", "INVALID_EMAIL_ADDRESS: Email"),
        ("rejected", "REQUIRED_FIELD_MISSING: LastName"),
        ("applied", ""),
    ]


def test_a_duplicate_that_the_file_does_not_name_is_asked_for(sim: SalesforceSimulator, writer: Writer) -> None:
    known = sim.crm.seed("Lead", [{"LastName": "x", "Company": "Acme", "Email": "p2@acme.example"}])[0]
    sim.switches.duplicate_rule = True
    receipts = writer.apply([upsert(number) for number in range(1, 5)])
    assert told(receipts) == [("applied", ""), ("conflict", "DUPLICATES_DETECTED"), ("applied", ""), ("applied", "")]
    assert receipts[1].ref == known
    assert sim.log.count(COLLECTION) == 1


def test_a_record_is_deleted_by_bulk_and_deleting_again_changes_nothing(
    sim: SalesforceSimulator, writer: Writer
) -> None:
    refs = sim.crm.seed("Lead", [{"LastName": "x", "Company": "Acme"}] * 4)
    for outcome in ("applied", "unchanged"):
        receipts = writer.apply([Write(f"{outcome}-{ref.id}", "archive", ref) for ref in refs])
        assert {receipt.outcome for receipt in receipts} == {outcome}
    assert sim.crm.dump("Lead") == []


def test_what_a_failed_job_did_not_come_to_is_written_after_all(sim: SalesforceSimulator, writer: Writer) -> None:
    sim.switches.bulk_fails_after = 4
    receipts = writer.apply([upsert(number) for number in range(10)])
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    assert len(sim.crm.dump("Lead")) == 10
    assert sim.log.count(COLLECTION) == 1


def test_a_field_that_is_gone_fails_the_job_and_is_named(sim: SalesforceSimulator, writer: Writer) -> None:
    sim.remove_field("Lead", "Title")
    receipts = writer.apply([upsert(1, Title="T"), upsert(2), upsert(3)])
    assert told(receipts) == [("rejected", "INVALID_FIELD: Title"), ("applied", ""), ("applied", "")]


@pytest.mark.parametrize("effect", ["drop_after", "cut"])
@pytest.mark.parametrize("which", ["PATCH", "GET"])
def test_once_a_job_is_begun_a_lost_answer_is_unknown(
    sim: SalesforceSimulator, writer: Writer, effect: Any, which: str
) -> None:
    sim.faults.add(Fault(effect=effect, path=JOBS, method=which))
    receipts = writer.apply([upsert(number) for number in range(4)])
    assert told(receipts) == [("unknown", "ANSWER_LOST")] * 4
    assert len(sim.crm.dump("Lead")) == 4
    assert {receipt.outcome for receipt in writer.apply([upsert(number) for number in range(4)])} == {"applied"}
    assert len(sim.crm.dump("Lead")) == 4


@pytest.mark.parametrize("which", ["POST", "PUT"])
def test_before_a_job_is_begun_nothing_is_written_whatever_is_lost(
    sim: SalesforceSimulator, writer: Writer, which: str
) -> None:
    sim.faults.add(Fault(effect="drop_after", path=JOBS, method=which))
    with pytest.raises(Unavailable) as caught:
        writer.apply([upsert(number) for number in range(4)])
    assert caught.value.sent is False
    assert sim.crm.dump("Lead") == []


def test_who_may_not_use_bulk_is_told(sim: SalesforceSimulator, writer: Writer) -> None:
    body = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    sim.faults.add(Fault(effect="status", status=403, body=body, path=JOBS))
    with pytest.raises(Forbidden):
        writer.apply([upsert(number) for number in range(4)])


def test_results_that_are_no_table_leave_the_outcome_open(sim: SalesforceSimulator, writer: Writer) -> None:
    sim.faults.add(Fault(effect="status", status=200, body='a,"', path="successfulResults"))
    assert told(writer.apply([upsert(number) for number in range(4)])) == [("unknown", "ANSWER_LOST")] * 4


def test_two_writes_to_one_record_become_two_steps(sim: SalesforceSimulator, writer: Writer) -> None:
    refs = sim.crm.seed("Lead", [{"LastName": "x", "Company": "Acme"}] * 3)
    writes = [Write(f"{n}-{ref.id}", "update", ref, {"Title": f"{n}"}) for n in (1, 2) for ref in refs]
    assert {receipt.outcome for receipt in writer.apply(writes)} == {"applied"}
    assert {row["Title"] for row in sim.crm.dump("Lead")} == {"2"}
    assert sim.log.count(JOBS, "POST") == 2


def test_children_of_one_parent_stand_beside_each_other(
    sim: SalesforceSimulator, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = sim.crm.seed("Account", [{"Name": f"A{n}"} for n in range(3)])
    contacts = sim.crm.seed("Contact", [{"LastName": "x"}] * 9)
    files: list[bytes] = []
    real = writer._wire.call

    def watching(method: str, path: str, **more: Any) -> Any:
        files.append(more.get("content") or b"")
        return real(method, path, **more)

    monkeypatch.setattr(writer._wire, "call", watching)
    writes = [Write(f"{n}", "update", ref, {"AccountId": accounts[n % 3]}) for n, ref in enumerate(contacts)]
    receipts = writer.apply(writes)
    assert [receipt.key for receipt in receipts] == [str(n) for n in range(9)]
    rows = csv.DictReader(io.StringIO(next(each for each in files if each).decode()))
    assert [row["AccountId"] for row in rows] == [ref.id for ref in accounts for _ in range(3)]


def test_an_adapter_with_the_setting_hands_over_more_at_once(sim: SalesforceSimulator) -> None:
    adapter = Salesforce(access_token=sim.token, instance_url=sim.base_url, bulk_writes=2)
    assert adapter.describe().capabilities.write_batch == 10_000
    receipts = adapter.apply([upsert(1), upsert(2)])
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    assert sim.log.count(JOBS, "POST") == 1
    refs = [receipt.ref for receipt in receipts if receipt.ref]
    records = adapter.fetch(refs, fields=["LeadBridge_Op__c"])
    assert [r.fields["LeadBridge_Op__c"] for r in records if isinstance(r, Record)] == ["op-1", "op-2"]
    adapter.close()
