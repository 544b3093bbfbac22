"""Erasing people: deleted, and taken out of the recycle bin."""

from __future__ import annotations

from typing import Any

import pytest

from leadbridge.adapter import Erase, Missing, Record, Ref
from leadbridge.errors import Forbidden, Unavailable
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator

SOAP = "/services/Soap/"
DELETE = "composite/sobjects"


def leads(sim: SalesforceSimulator, number: int) -> list[Ref]:
    return sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(number)])


def test_who_is_erased_is_not_even_in_the_recycle_bin(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    assert isinstance(adapter, Erase)
    refs = leads(sim, 4)
    sim.crm.delete(refs[3])
    nobody, odd = Ref("Lead", "00QHs0000000Zzz"), Ref("Lead", "../x")
    receipts = adapter.erase([refs[2], Ref("Lead", refs[0].id[:15]), refs[3], nobody, odd])
    assert [receipt.outcome for receipt in receipts] == ["applied", "applied", "applied", "unchanged", "unchanged"]
    assert (receipts[1].key, receipts[1].ref) == (refs[0].id[:15], refs[0])
    found = adapter.fetch(refs, fields=())
    assert [isinstance(each, Missing) for each in found] == [True, False, True, True]
    assert isinstance(found[1], Record)
    assert adapter.ids("Lead", None, archived=True, limit=100).items == ()


def test_erasing_again_changes_nothing(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    refs = leads(sim, 2)
    assert [adapter.erase(refs)[0].outcome for _ in range(2)] == ["applied", "unchanged"]


def test_two_hundred_are_erased_with_two_calls(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    refs = leads(sim, 401)
    sim.log.clear()
    assert {receipt.outcome for receipt in adapter.erase(refs)} == {"applied"}
    assert (sim.log.count(DELETE, "DELETE"), sim.log.count(SOAP)) == (3, 3)
    assert sim.crm.dump("Lead") == []


@pytest.mark.parametrize("path", [DELETE, SOAP])
@pytest.mark.parametrize("effect", ["drop_before", "drop_after"])
def test_a_lost_answer_is_unknown_and_erasing_again_mends_it(
    sim: SalesforceSimulator, adapter: Salesforce, path: str, effect: Any
) -> None:
    refs = leads(sim, 201)
    sim.faults.add(Fault(effect=effect, path=path, after=1))
    receipts = adapter.erase(refs)
    assert (receipts[0].outcome, receipts[200].outcome) == ("applied", "unknown")
    assert adapter.erase(refs)[200].outcome in ("applied", "unchanged")
    assert all(isinstance(each, Missing) for each in adapter.fetch(refs, fields=()))


def test_what_may_not_be_deleted_is_rejected_and_nobody_else(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    refs = leads(sim, 3)
    sim.switches.locked = 1
    receipts = adapter.erase(refs)
    assert [(receipt.outcome, receipt.reason) for receipt in receipts] == [
        ("rejected", "UNABLE_TO_LOCK_ROW"),
        ("applied", ""),
        ("applied", ""),
    ]


def test_what_lies_in_the_bin_and_may_not_be_taken_out_is_rejected(
    sim: SalesforceSimulator, adapter: Salesforce
) -> None:
    refs = leads(sim, 1)
    answer = (
        '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><emptyRecycleBinResponse><result><errors>'
        "<message>canary</message><statusCode>INSUFFICIENT_ACCESS_OR_READONLY</statusCode></errors>"
        "<success>false</success></result></emptyRecycleBinResponse></Body></Envelope>"
    )
    sim.faults.add(Fault(effect="status", status=200, body=answer, path=SOAP))
    receipt = adapter.erase(refs)[0]
    assert (receipt.outcome, receipt.reason) == ("rejected", "INSUFFICIENT_ACCESS_OR_READONLY")


def test_when_nothing_was_deleted_it_is_an_exception(sim: SalesforceSimulator, adapter: Salesforce) -> None:
    refs = leads(sim, 1)
    body = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    sim.faults.add(Fault(effect="status", status=403, body=body, path=DELETE))
    with pytest.raises(Forbidden):
        adapter.erase(refs)
    sim.stop()
    with pytest.raises(Unavailable) as caught:
        adapter.erase(refs)
    assert caught.value.sent is False
