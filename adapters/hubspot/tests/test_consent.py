"""Consent: an opt-out goes through the communication preferences, and never comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import Ref, Value, Write
from leadbridge.errors import Forbidden, Unavailable
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
OUT = "hs_email_optout"


def update(ref: Ref, fields: dict[str, Value], key: str = "op") -> Write:
    return Write(key, "update", ref, fields)


def upsert(id: str, fields: dict[str, Value]) -> Write:
    return Write(f"op-{id}", "upsert", Ref("contact", id), fields)


def opted_out(hubspot: HubSpot, ref: Ref) -> Value:
    record = hubspot.fetch([ref], fields=(OUT,))[0]
    return record.fields[OUT]  # type: ignore[union-attr]  # it is there


@pytest.mark.parametrize("way", ["2026-09", "2026-03", "v3", "sdk"])
def test_an_opt_out_is_written_with_the_rest_of_the_record(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect(way)
    receipts = hubspot.apply([update(refs[0], {OUT: True, "company": "New"}, "a"), update(refs[1], {OUT: False}, "b")])
    assert [(receipt.key, receipt.outcome) for receipt in receipts] == [("a", "applied"), ("b", "applied")]
    record = hubspot.fetch([refs[0]], fields=(OUT, "company", "leadbridge_op"))[0]
    assert record.fields == {OUT: True, "company": "New", "leadbridge_op": "a"}  # type: ignore[union-attr]
    assert opted_out(hubspot, refs[1]) in (None, False)
    assert simulator.portal.unsubscribed == {"person0@acme.example"}


def test_the_property_says_that_it_can_be_written_although_hubspot_calls_it_read_only(connect: Connect) -> None:
    assert connect().describe().kinds["contact"].fields[OUT].writable


def test_a_new_contact_can_be_made_opted_out(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    (receipt,) = hubspot.apply([upsert("k1", {"email": "Ada@acme.example", OUT: True})])
    assert receipt.outcome == "applied"
    assert receipt.ref is not None
    assert opted_out(hubspot, receipt.ref) is True
    again = hubspot.apply([upsert("k1", {"email": "Ada@acme.example", OUT: True})])
    assert [each.outcome for each in again] == ["applied"]
    assert simulator.log.count("unsubscribe-all") == 1


def test_an_address_that_was_unsubscribed_before_anybody_had_it_is_fine(
    simulator: HubSpotSimulator, connect: Connect
) -> None:
    simulator.portal.unsubscribed.add("ada@acme.example")
    hubspot = connect()
    (receipt,) = hubspot.apply([upsert("k1", {"email": "ada@acme.example", OUT: True})])
    assert receipt.outcome == "applied"
    assert receipt.ref is not None
    assert opted_out(hubspot, receipt.ref) is True


def test_an_opt_out_cannot_be_taken_back(simulator: HubSpotSimulator, connect: Connect, people: People) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect()
    hubspot.apply([update(refs[0], {OUT: True})])
    taken_back = [update(refs[0], {OUT: value, "company": "X"}, f"op-{value}") for value in (False, None)]
    receipts = hubspot.apply([*taken_back, update(refs[1], {"company": "Y"}, "other")])
    assert [receipt.outcome for receipt in receipts] == ["rejected", "rejected", "applied"]
    assert receipts[0].reason == f"READ_ONLY_VALUE: {OUT}"
    assert opted_out(hubspot, refs[0]) is True
    assert [row["company"] for row in simulator.crm.dump("contact")] == ["Acme", "Y"]


def test_who_has_no_address_cannot_be_unsubscribed(simulator: HubSpotSimulator, connect: Connect) -> None:
    (ref,) = simulator.crm.seed("contact", [{"firstname": "Ada"}])
    (receipt,) = connect().apply([update(ref, {OUT: True, "firstname": "Bea"})])
    assert (receipt.outcome, receipt.reason) == ("rejected", f"NO_ADDRESS: {OUT}")
    assert simulator.crm.dump("contact")[0]["firstname"] == "Ada"


def test_writes_without_consent_cost_nothing_more(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(5))
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    hubspot.apply([update(ref, {"company": "Z"}, f"op-{ref.id}") for ref in refs])
    assert simulator.log.total == 1


def test_making_contacts_that_have_not_opted_out_costs_nothing_more(
    simulator: HubSpotSimulator, connect: Connect
) -> None:
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    writes = [upsert(f"k{n}", {"email": f"p{n}@acme.example", OUT: (False, None)[n % 2]}) for n in range(100)]
    assert {receipt.outcome for receipt in hubspot.apply(writes)} == {"applied"}
    assert simulator.log.total == 1
    (ref,) = [receipt.ref for receipt in hubspot.apply([upsert("k0", {OUT: True})])]
    assert ref is not None
    hubspot.apply([upsert("k0", {OUT: False, "company": "New"})])
    assert opted_out(hubspot, ref) is True


def test_a_token_that_lacks_the_scope_is_told_its_name(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    (ref,) = simulator.crm.seed("contact", people(1))
    simulator.portal.scopes_missing.add("communication_preferences.read_write")
    with pytest.raises(Forbidden, match=r"communication_preferences\.read_write"):
        connect().apply([update(ref, {OUT: True})])


def test_a_lost_answer_is_unknown_and_can_be_repeated(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect()
    hubspot.describe()
    simulator.faults.add(Fault(effect="drop_after", path="unsubscribe-all"))
    writes = [update(refs[0], {OUT: True, "company": "New"}, "a"), update(refs[1], {"company": "Other"}, "b")]
    receipts = hubspot.apply(writes)
    assert [receipt.outcome for receipt in receipts] == ["unknown", "applied"]
    assert "@" not in repr(receipts)
    assert [receipt.outcome for receipt in hubspot.apply(writes)] == ["applied", "applied"]
    assert opted_out(hubspot, refs[0]) is True


def test_trouble_after_consent_was_withdrawn_is_in_the_receipts(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect()
    hubspot.describe()
    simulator.faults.add(Fault(effect="status", status=403, path="batch/update"))
    receipts = hubspot.apply([update(refs[0], {OUT: True, "company": "New"}, "a"), update(refs[1], {"company": "X"})])
    assert [receipt.outcome for receipt in receipts] == ["unknown", "unknown"]
    simulator.faults.add(Fault(effect="status", status=503, path="batch/read"))
    with pytest.raises(Unavailable):
        hubspot.apply([update(refs[1], {OUT: True})])


def test_what_hubspot_refuses_about_an_address_is_a_receipt(simulator: HubSpotSimulator, connect: Connect) -> None:
    (ref,) = simulator.crm.seed("contact", [{"firstname": "Ada"}])
    hubspot = connect()
    (receipt,) = hubspot.apply([update(ref, {OUT: True, "email": "ada/..@acme.example"})])
    assert receipt.outcome == "applied"
    simulator.faults.add(
        Fault(
            effect="status", status=400, path="unsubscribe-all", body={"category": "VALIDATION_ERROR", "message": "x"}
        )
    )
    (ref,) = simulator.crm.seed("contact", [{"email": "bob@acme.example"}])
    (receipt,) = hubspot.apply([update(ref, {OUT: True})])
    assert (receipt.outcome, receipt.reason) == ("rejected", f"VALIDATION_ERROR: {OUT}")
