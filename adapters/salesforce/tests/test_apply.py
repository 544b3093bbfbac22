"""Writing: one receipt a write, in order; nothing twice; what is not known is said to be unknown."""

from __future__ import annotations

import pytest

from leadbridge.adapter import Missing, Record, Ref, Write
from leadbridge.errors import AuthExpired, RateLimited, SchemaDrift, Unavailable, Unsupported
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator

WRITES = "composite/sobjects"


def person(number: int, **more: str) -> dict[str, str]:
    return {"LastName": f"Person {number}", "Company": "Acme", "Email": f"p{number}@acme.example", **more}


def upsert(number: int, key: str | None = None, **more: str) -> Write:
    return Write(key or f"op-{number}", "upsert", Ref("Lead", f"lb-{number}"), person(number, **more))


def test_an_upsert_makes_one_record_however_often_it_is_sent(sim: SalesforceSimulator, sf: Salesforce) -> None:
    first = sf.apply([upsert(1)])[0]
    again = sf.apply([upsert(1, "op-again", Title="Buyer")])[0]
    assert first.outcome == again.outcome == "applied"
    assert first.ref == again.ref
    assert len(sim.crm.dump("Lead")) == 1
    assert again.ref is not None
    record = sf.fetch([again.ref], fields=["LeadBridge_Op__c", "LeadBridge_Id__c", "Title"])[0]
    assert isinstance(record, Record)
    assert record.fields == {"LeadBridge_Op__c": "op-again", "LeadBridge_Id__c": "lb-1", "Title": "Buyer"}


def test_none_clears_and_what_is_absent_stays(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sim.crm.seed("Lead", [person(1, Title="Buyer", Phone="1")])[0]
    assert sf.apply([Write("op", "update", ref, {"Phone": None})])[0].outcome == "applied"
    record = sf.fetch([ref], fields=["Title", "Phone"])[0]
    assert isinstance(record, Record)
    assert record.fields == {"Title": "Buyer", "Phone": None}


def test_one_bad_record_of_ten_is_rejected_in_its_place(sf: Salesforce) -> None:
    writes = [upsert(number) for number in range(10)]
    writes[4] = upsert(4, FirstName="x" * 41)
    receipts = sf.apply(writes)
    assert [receipt.key for receipt in receipts] == [write.key for write in writes]
    assert [receipt.outcome for receipt in receipts] == ["applied"] * 4 + ["rejected"] + ["applied"] * 5
    assert receipts[4].reason == "STRING_TOO_LONG: FirstName"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS: Email"),
        ({"Rejection_Reason__c": "Because"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Rejection_Reason__c"),
        ({"OwnerId": "005Hs0000000099"}, "MALFORMED_ID: OwnerId"),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE: IsConverted"),
        ({"Shoe_Size__c": 44}, "INVALID_FIELD: Shoe_Size__c"),
        ({"NumberOfEmployees": "many"}, "INVALID_TYPE_ON_FIELD_IN_RECORD: NumberOfEmployees"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING: LastName"),
    ],
)
def test_a_refusal_names_its_code_and_field_and_no_content(
    sim: SalesforceSimulator, sf: Salesforce, fields: dict[str, str], reason: str
) -> None:
    ref = sim.crm.seed("Lead", [person(1)])[0]
    receipt = sf.apply([Write("op", "update", ref, fields)])[0]
    assert (receipt.outcome, receipt.ref) == ("rejected", ref)
    assert receipt.reason.replace("INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID") == reason


def test_a_whole_number_is_written_as_one(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sim.crm.seed("Lead", [person(1)])[0]
    writes = [Write(f"op-{n}", "update", ref, {"NumberOfEmployees": n}) for n in (25.0, 2.5)]
    assert [receipt.outcome for receipt in sf.apply(writes)] == ["applied", "rejected"]
    assert sim.crm.dump("Lead")[0]["NumberOfEmployees"] == 25


def test_conflicts_name_the_record_that_stands_in_the_way(sim: SalesforceSimulator, sf: Salesforce) -> None:
    known, other = sim.crm.seed("Lead", [person(1), person(2)])
    sim.crm.edit(known, {"LeadBridge_Id__c": "lb-1"})
    taken = sf.apply([Write("op-1", "update", other, {"LeadBridge_Id__c": "lb-1"})])[0]
    assert (taken.outcome, taken.ref, taken.reason) == ("conflict", known, "DUPLICATE_VALUE")
    sim.switches.duplicate_rule = True
    doubled = sf.apply([Write("op-2", "upsert", Ref("Lead", "lb-9"), person(2))])[0]
    assert (doubled.outcome, doubled.ref, doubled.reason) == ("conflict", other, "DUPLICATES_DETECTED")


def test_a_duplicate_may_be_a_contact(sim: SalesforceSimulator, sf: Salesforce) -> None:
    contact = sim.crm.convert(sim.crm.seed("Lead", [person(1)])[0])
    sim.switches.duplicate_rule = True
    receipt = sf.apply([upsert(1)])[0]
    assert (receipt.outcome, receipt.ref) == ("conflict", contact)


def test_a_deleted_record_is_a_conflict_and_at_locked_and_converted_ones_one_has_to_look_again(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    converted, deleted, locked = sim.crm.seed("Lead", [person(number) for number in range(3)])
    contact = sim.crm.convert(converted)
    sim.crm.delete(deleted)
    receipts = sf.apply([Write(f"op-{ref.id}", "update", ref, {"Title": "x"}) for ref in (converted, deleted)])
    sim.switches.locked = 1
    receipts += sf.apply([Write("op-l", "update", locked, {"Title": "x"})])
    assert [(receipt.outcome, receipt.reason) for receipt in receipts] == [
        ("unknown", "CANNOT_UPDATE_CONVERTED_LEAD"),
        ("conflict", "ENTITY_IS_DELETED"),
        ("unknown", "UNABLE_TO_LOCK_ROW"),
    ]
    assert [receipt.ref for receipt in receipts] == [contact, deleted, locked]


def test_an_upsert_of_a_converted_lead_is_a_conflict_with_its_contact(sim: SalesforceSimulator, sf: Salesforce) -> None:
    made = sf.apply([upsert(1), upsert(2)])
    assert made[0].ref is not None
    contact = sim.crm.convert(made[0].ref)
    before = sim.crm.dump("Lead")
    again = sf.apply([upsert(1, "again-1", Title="x"), upsert(2, "again-2")])
    assert [(receipt.outcome, receipt.ref) for receipt in again] == [("conflict", contact), ("applied", made[1].ref)]
    assert next(row for row in sim.crm.dump("Lead") if row["id"] == made[0].ref.id) in before


def test_an_account_and_an_opportunity_get_a_key_when_asked(sim: SalesforceSimulator) -> None:
    adapter = Salesforce(access_token=sim.token, instance_url=sim.base_url, key_kinds=("Account", "Opportunity"))
    adapter.provision([], dry_run=False)
    assert adapter.describe().capabilities.key_kinds == {"Lead", "Contact", "Account", "Opportunity"}
    deal = {"Name": "Lamps", "StageName": "Prospecting", "CloseDate": "2026-04-01"}
    writes = [
        Write("op-a", "upsert", Ref("Account", "lb-a"), {"Name": "Acme"}),
        Write("op-o", "upsert", Ref("Opportunity", "lb-o"), deal),
    ]
    for _ in range(2):
        assert [receipt.outcome for receipt in adapter.apply(writes)] == ["applied", "applied"]
    assert [len(sim.crm.dump(kind)) for kind in ("Account", "Opportunity")] == [1, 1]
    adapter.close()


def test_activities_and_members_of_campaigns_are_updated_by_their_ids(sim: SalesforceSimulator, sf: Salesforce) -> None:
    lead = sim.crm.seed("Lead", [person(1)])[0]
    campaign = sim.crm.seed("Campaign", [{"Name": "Spring"}])[0]
    task = sim.crm.seed("Task", [{"Subject": "Call", "WhoId": lead}])[0]
    event = sim.crm.seed("Event", [{"Subject": "Meet", "WhoId": lead}])[0]
    member = sim.crm.seed("CampaignMember", [{"CampaignId": campaign, "LeadId": lead, "Status": "Sent"}])[0]
    writes = [
        Write("t", "update", task, {"Status": "Completed"}),
        Write("e", "update", event, {"Subject": "Met"}),
        Write("m", "update", member, {"Status": "Responded"}),
    ]
    assert [receipt.outcome for receipt in sf.apply(writes)] == ["applied"] * 3
    assert sim.crm.dump("CampaignMember")[0]["HasResponded"] is True
    assert sim.crm.dump("Event")[0]["Subject"] == "Met"


def test_archiving_puts_into_the_bin_and_twice_changes_nothing(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sim.crm.seed("Lead", [person(1)])[0]
    assert [sf.apply([Write(key, "archive", ref)])[0].outcome for key in ("a", "b")] == ["applied", "unchanged"]
    record = sf.fetch([ref], fields=())[0]
    assert isinstance(record, Record)
    assert record.state == "deleted"


def test_a_stale_version_is_a_conflict_and_a_fresh_one_is_not(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sim.crm.seed("Lead", [person(1)])[0]
    record = sf.fetch([ref], fields=["Title"])[0]
    assert isinstance(record, Record)
    stale = f"2001-01-01T00:00:00.000Z~{record.version.partition('~')[2]}"
    writes = [
        Write("stale", "update", ref, {"Title": "Lost"}, if_version=stale),
        Write("fresh", "update", ref, {"Title": "Won"}, if_version=record.version),
    ]
    assert [receipt.outcome for receipt in sf.apply(writes)] == ["conflict", "applied"]
    assert sim.crm.dump("Lead")[0]["Title"] == "Won"


def test_an_upsert_can_be_conditional_too(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sf.apply([upsert(1)])[0].ref
    assert ref is not None
    record = sf.fetch([ref], fields=())[0]
    assert isinstance(record, Record)
    write = Write("fresh", "upsert", Ref("Lead", "lb-1"), {"Title": "Won"}, if_version=record.version)
    new = Write("new", "upsert", Ref("Lead", "lb-2"), person(2), if_version=record.version)
    assert [receipt.outcome for receipt in sf.apply([write, new])] == ["applied", "conflict"]


def test_two_writes_to_one_record_come_one_after_the_other(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sim.crm.seed("Lead", [person(1)])[0]
    receipts = sf.apply([Write(f"op-{n}", "update", ref, {"Title": f"{n}"}) for n in range(3)])
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    assert sim.crm.dump("Lead")[0]["Title"] == "2"


def test_two_hundred_records_travel_in_one_request(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    sim.log.clear()
    receipts = sf.apply([upsert(number) for number in range(450)])
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    assert sim.log.total == sim.log.count(WRITES, "PATCH") == 3


def test_our_writes_do_not_hand_leads_to_the_default_owner(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sim.switches.assignment_owner = sim.users[2]
    sf.apply([upsert(1)])
    assert sim.crm.dump("Lead")[0]["OwnerId"] == sim.users[0]


@pytest.mark.parametrize("effect", ["drop_after", "cut"])
def test_a_lost_answer_is_unknown_and_repeating_it_makes_no_second_record(
    sim: SalesforceSimulator, sf: Salesforce, effect: str
) -> None:
    sf.describe()
    sim.faults.add(Fault(effect=effect, path=WRITES))  # type: ignore[arg-type]  # one of the effects
    receipts = sf.apply([upsert(1), upsert(2)])
    assert [(receipt.outcome, receipt.reason) for receipt in receipts] == [("unknown", "ANSWER_LOST")] * 2
    assert len(sim.crm.dump("Lead")) == 2
    assert [receipt.outcome for receipt in sf.apply([upsert(1), upsert(2)])] == ["applied"] * 2
    assert len(sim.crm.dump("Lead")) == 2


def test_after_a_lost_answer_the_rest_is_not_sent(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    sim.faults.add(Fault(effect="drop_before", path=WRITES, after=1))
    receipts = sf.apply([upsert(number) for number in range(600)])
    assert [receipts[at].outcome for at in (0, 199, 200, 399, 400, 599)] == ["applied"] * 2 + ["unknown"] * 4
    assert (receipts[200].reason, receipts[400].reason) == ("ANSWER_LOST", "NOT_SENT")
    assert sim.log.count(WRITES, "PATCH") == 2


def test_a_refusal_of_the_first_request_is_an_exception(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    sim.faults.add(Fault(effect="status", status=429, path=WRITES, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimited) as caught:
        sf.apply([upsert(1)])
    assert caught.value.retry_after == 7
    assert sim.log.count(WRITES, "PATCH") == 1


def test_a_refusal_after_a_success_is_told_in_receipts(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    sim.faults.add(Fault(effect="status", status=403, body=body, path=WRITES, after=1))
    receipts = sf.apply([upsert(number) for number in range(201)])
    assert (receipts[0].outcome, receipts[200].outcome) == ("applied", "unknown")
    assert receipts[200].reason == "REQUEST_LIMIT_EXCEEDED"


def test_a_batch_that_is_refused_for_one_record_is_split(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    sim.remove_field("Lead", "Title")
    writes = [upsert(number) for number in range(9)] + [upsert(9, Title="Buyer")]
    receipts = sf.apply(writes)
    assert [receipt.outcome for receipt in receipts] == ["applied"] * 9 + ["rejected"]
    assert receipts[9].reason == "INVALID_FIELD: Title"
    body = [{"errorCode": "JSON_PARSER_ERROR", "message": "no"}]
    sim.faults.add(Fault(effect="status", status=400, body=body, path=WRITES))
    assert {receipt.outcome for receipt in sf.apply([upsert(number) for number in range(8)])} == {"applied"}


def test_a_field_that_every_write_needs_and_that_is_gone_is_drift(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    sim.remove_field("Lead", "Title")
    with pytest.raises(SchemaDrift) as caught:
        sf.apply([upsert(number, Title="Buyer") for number in range(3)])
    assert caught.value.field == "Lead.Title"
    assert sim.crm.dump("Lead") == []


def test_what_was_not_promised_is_unsupported_and_nothing_is_sent(sim: SalesforceSimulator, sf: Salesforce) -> None:
    with pytest.raises(Unsupported):
        sf.apply([Write("op", "upsert", Ref("Opportunity", "lb-1"), {"Name": "x"})])
    assert sim.log.total == 0


def test_a_session_that_ended_is_a_matter_for_a_person(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sf.describe()
    sim.expire_tokens()
    sim.log.clear()
    with pytest.raises(AuthExpired):
        sf.apply([upsert(1)])
    assert sim.log.total == 1


def test_ids_of_both_lengths_are_the_same_record(sim: SalesforceSimulator, sf: Salesforce) -> None:
    ref = sim.crm.seed("Lead", [person(1)])[0]
    short, nothing, odd = Ref("Lead", ref.id[:15]), Ref("Lead", "00QHs0000000Zzz"), Ref("Lead", "../../x")
    found = sf.fetch([nothing, short, odd], fields=["LastName"])
    assert isinstance(found[1], Record)
    assert found[1].ref == ref
    assert (found[0], found[2]) == (Missing(nothing), Missing(odd))


def test_looking_in_a_field_that_is_hidden_is_drift_and_not_an_empty_answer(
    sim: SalesforceSimulator, sf: Salesforce
) -> None:
    sim.remove_field("Lead", "Email")
    with pytest.raises(SchemaDrift):
        sf.find("Lead", "Email", ["a@b.example"], fields=())


def test_find_takes_any_value_and_keeps_the_order(sim: SalesforceSimulator, sf: Salesforce) -> None:
    odd = 'O\'Neil \\ "x" %_ \n ü'
    a, b = sim.crm.seed("Lead", [{"LastName": odd, "Company": "A"}, {"LastName": "b", "Company": "B"}])
    found = sf.find("Lead", "LastName", ["B", "", "x" * 5000, odd, "nobody"], fields=["LastName"])
    assert [[record.ref for record in group] for group in found] == [[b], [], [], [a], []]


def test_a_long_search_is_split_and_travels_in_bodies(sim: SalesforceSimulator, sf: Salesforce) -> None:
    sim.crm.seed("Lead", [person(number) for number in range(1200)])
    sf.describe()
    sim.log.clear()
    found = sf.find("Lead", "Email", [f"p{number}@acme.example" for number in range(1200)], fields=())
    assert all(len(group) == 1 for group in found)
    assert sim.log.total == sim.log.count("/composite$", "POST") == 3


def test_no_connection_means_surely_not_sent() -> None:
    adapter = Salesforce(access_token="t", instance_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        adapter.apply([upsert(1)])
    assert caught.value.sent is False
