"""Writing: every record gets its own receipt, whatever HubSpot does to the batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leadbridge.adapter import Receipt, Record, Ref, Value, Write
from leadbridge.errors import Forbidden, RateLimited, SchemaDrift, Unavailable, Unsupported
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")


def upsert(key: str, fields: dict[str, Value]) -> Write:
    return Write(f"op-{key}", "upsert", Ref("contact", key), fields)


def update(ref: Ref, fields: dict[str, Value], key: str = "") -> Write:
    return Write(key or f"op-{ref.id}", "update", ref, fields)


def outcomes(receipts: list[Receipt]) -> list[str]:
    return [receipt.outcome for receipt in receipts]


def fields_of(hubspot: HubSpot, ref: Ref | None, *names: str) -> dict[str, Value]:
    assert ref is not None
    record = hubspot.fetch([ref], fields=names)[0]
    assert isinstance(record, Record)
    return dict(record.fields)


@pytest.mark.parametrize("way", WAYS)
def test_twice_by_the_same_key_makes_one_record(simulator: HubSpotSimulator, connect: Connect, way: str) -> None:
    hubspot = connect(way)
    writes = [upsert(f"Key-{n}", {"email": f"p{n}@acme.example", "firstname": "A"}) for n in range(230)]
    first = hubspot.apply(writes)
    assert outcomes(first) == ["applied"] * 230
    assert len({receipt.ref for receipt in first}) == 230
    again = hubspot.apply([upsert(f"Key-{n}", {"firstname": f"B{n}"}) for n in range(230)])
    assert [receipt.ref for receipt in again] == [receipt.ref for receipt in first]
    rows = {row["leadbridge_id"]: row for row in simulator.crm.dump("contact")}
    assert len(rows) == 230
    for number in range(230):
        row = rows[f"Key-{number}"]
        assert (row["firstname"], row["email"]) == (f"B{number}", f"p{number}@acme.example")
        assert row["leadbridge_op"] == f"op-Key-{number}"


@pytest.mark.parametrize("way", WAYS)
def test_one_bad_record_of_each_sort_sinks_none_of_its_neighbours(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(100))
    hubspot = connect(way)
    writes = [update(ref, {"firstname": "New"}) for ref in refs]
    bad: dict[int, tuple[dict[str, Value], str, str]] = {
        3: ({"nope": "x"}, "rejected", "PROPERTY_DOESNT_EXIST: nope"),
        7: ({"createdate": "2020-01-01T00:00:00Z"}, "rejected", "READ_ONLY_VALUE: createdate"),
        20: ({"email": "no address"}, "rejected", "INVALID_EMAIL: email"),
        21: ({"hs_lead_status": "ASLEEP"}, "rejected", "INVALID_OPTION: hs_lead_status"),
        50: ({"email": "PERSON51@acme.example"}, "conflict", "CONFLICT"),
        77: ({"numemployees": "many"}, "rejected", "INVALID_INTEGER: numemployees"),
        99: ({"firstname": "\ud800"}, "rejected", "INVALID_VALUE: firstname"),
    }
    for place, (fields, _, _) in bad.items():
        writes[place] = update(refs[place], fields)
    writes.append(update(Ref("contact", "123456789"), {"firstname": "New"}))
    writes.append(update(Ref("contact", "x/y"), {"firstname": "New"}))
    receipts = hubspot.apply(writes)
    assert [receipt.key for receipt in receipts] == [write.key for write in writes]
    for place, receipt in enumerate(receipts[:100]):
        expected = bad.get(place)
        if expected is None:
            assert (receipt.outcome, receipt.ref) == ("applied", refs[place])
        else:
            assert (receipt.outcome, receipt.reason) == expected[1:]
    assert receipts[50].ref == refs[51]
    assert [receipt.reason for receipt in receipts[100:]] == ["OBJECT_NOT_FOUND", "INVALID_ID"]
    changed = [row["firstname"] for row in simulator.crm.dump("contact")]
    assert changed.count("New") == 100 - len(bad)


@pytest.mark.parametrize("way", ["2026-09", "v3"])
def test_an_address_that_exists_is_a_conflict_that_names_the_record(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(3))
    receipts = connect(way).apply(
        [
            upsert("a", {"email": "new@acme.example"}),
            upsert("b", {"email": "Person1@acme.example"}),
            upsert("c", {"firstname": "C"}),
        ]
    )
    assert outcomes(receipts) == ["applied", "conflict", "applied"]
    assert receipts[1].ref == refs[1]
    assert len(simulator.crm.dump("contact")) == 5


@pytest.mark.parametrize("way", ["2026-09", "v3"])
def test_two_records_of_one_batch_that_want_the_same_address_make_one_record_and_one_conflict(
    simulator: HubSpotSimulator, connect: Connect, way: str
) -> None:
    receipts = connect(way).apply(
        [upsert("a", {"email": "same@acme.example"}), upsert("b", {"email": "SAME@acme.example"})]
    )
    assert sorted(outcomes(receipts)) == ["applied", "conflict"]
    assert receipts[outcomes(receipts).index("conflict")].ref == receipts[outcomes(receipts).index("applied")].ref


def test_a_whole_batch_that_is_refused_as_a_conflict_is_halved_until_the_culprit_is_alone(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(40))
    hubspot = connect()
    hubspot.describe()
    refused = {"status": "error", "message": "Contact already exists", "category": "CONFLICT"}
    simulator.faults.add(Fault(effect="status", path="batch/update", status=409, body=refused, times=3))
    receipts = hubspot.apply([update(ref, {"firstname": "N"}) for ref in refs])
    assert outcomes(receipts) == ["applied"] * 40


def test_a_unique_value_of_ours_that_stands_elsewhere_is_a_conflict(
    simulator: HubSpotSimulator, connect: Connect
) -> None:
    simulator.crm.add_property("contact", "mql_id", unique=True)
    taken = simulator.crm.seed("contact", [{"mql_id": "m1"}, {"mql_id": "m2"}])
    receipts = connect().apply([update(taken[1], {"mql_id": "m1"}), update(taken[0], {"firstname": "A"})])
    assert outcomes(receipts) == ["conflict", "applied"]
    assert receipts[0].ref == taken[0]


def test_writes_to_one_record_are_done_in_their_order(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(3))
    hubspot = connect()
    writes = [
        update(refs[0], {"lifecyclestage": ""}, "clear"),
        update(refs[1], {"firstname": "Other"}, "other"),
        update(refs[0], {"lifecyclestage": "lead"}, "set"),
        update(refs[0], {"firstname": "Third"}, "third"),
        Write("gone", "archive", refs[1]),
    ]
    assert outcomes(hubspot.apply(writes)) == ["applied"] * 5
    now = fields_of(hubspot, refs[0], "lifecyclestage", "firstname", "leadbridge_op")
    assert now == {"lifecyclestage": "lead", "firstname": "Third", "leadbridge_op": "third"}
    assert refs[1].id not in {row["id"] for row in simulator.crm.dump("contact")}


def test_none_clears_and_what_is_absent_stays(simulator: HubSpotSimulator, connect: Connect, people: People) -> None:
    ref = simulator.crm.seed("contact", people(1))[0]
    hubspot = connect()
    hubspot.apply([update(ref, {"company": None, "phone": "+49 30 1"})])
    now = fields_of(hubspot, ref, "company", "phone", "firstname")
    assert now == {"company": None, "phone": "+49 30 1", "firstname": "Person 0"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("firstname", "Zoë Ångström-O'Neil \u202e 中文 🎉"),
        ("firstname", 'a "quoted"; semi,colon\nline'),
        ("numemployees", 12),
        ("numemployees", 0.2),
        ("numemployees", -3.75),
        ("numemployees", 1e21),
        ("closedate", "2026-02-28T23:59:59.999Z"),
        ("birthday", "2024-02-29"),
        ("topics", ("sla", "crm")),
        ("lifecyclestage", "customer"),
    ],
)
def test_values_come_back_as_they_were_written(
    simulator: HubSpotSimulator, connect: Connect, name: str, value: Value
) -> None:
    simulator.crm.add_property("contact", "birthday", type="date")
    simulator.crm.add_property("contact", "topics", type="enumeration", look="checkbox", options=("sla", "crm", "x"))
    hubspot = connect()
    receipt = hubspot.apply([upsert("k", {name: value})])[0]
    assert fields_of(hubspot, receipt.ref, name) == {name: value}


def test_a_lower_stage_is_answered_with_success_and_not_taken(simulator: HubSpotSimulator, connect: Connect) -> None:
    ref = simulator.crm.seed("contact", [{"lifecyclestage": "customer"}])[0]
    hubspot = connect()
    assert outcomes(hubspot.apply([update(ref, {"lifecyclestage": "lead"})])) == ["applied"]
    assert fields_of(hubspot, ref, "lifecyclestage") == {"lifecyclestage": "customer"}
    simulator.switches.ratchet = False
    hubspot.apply([update(ref, {"lifecyclestage": "lead"})])
    assert fields_of(hubspot, ref, "lifecyclestage") == {"lifecyclestage": "lead"}


def test_the_record_says_when_it_entered_a_stage(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    ref = hubspot.apply([upsert("k", {"lifecyclestage": "opportunity"})])[0].ref
    name = "hs_lifecyclestage_opportunity_date"
    assert fields_of(hubspot, ref, name) == {name: "2026-03-02T09:00:00.500Z"}


@pytest.mark.parametrize("effect", ["drop_after", "cut", "timeout"])
def test_a_lost_answer_leaves_receipts_in_doubt_and_repeating_makes_no_second_record(
    simulator: HubSpotSimulator, connect: Connect, effect: str
) -> None:
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    simulator.faults.add(Fault(effect=effect, path="batch/upsert"))  # type: ignore[arg-type]  # one of the literals
    writes = [upsert(f"k{n}", {"email": f"p{n}@acme.example"}) for n in range(5)]
    assert set(outcomes(hubspot.apply(writes))) == {"unknown"}
    assert simulator.log.total == 1
    assert outcomes(hubspot.apply(writes)) == ["applied"] * 5
    assert len(simulator.crm.dump("contact")) == 5


def test_what_follows_a_failure_is_in_doubt_and_not_sent(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(250))
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    limited = {"status": "error", "policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
    simulator.faults.add(Fault(effect="status", path="batch/update", status=429, body=limited, after=1))
    receipts = hubspot.apply([update(ref, {"firstname": "N"}) for ref in refs])
    assert outcomes(receipts) == ["applied"] * 100 + ["unknown"] * 150
    assert simulator.log.total == 2


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (403, Forbidden), (423, RateLimited)])
def test_a_request_that_is_refused_whole_raises(
    simulator: HubSpotSimulator, connect: Connect, people: People, status: int, error: type[Exception]
) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    simulator.faults.add(Fault(effect="status", path="batch/", status=status, body={"status": "error"}))
    with pytest.raises(error):
        hubspot.apply([update(ref, {"firstname": "N"}) for ref in refs])
    assert simulator.log.total == 1


def test_a_server_that_is_not_there_raises_because_nothing_was_sent(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect()
    hubspot.describe()
    hubspot.close()
    simulator.stop()
    with pytest.raises(Unavailable) as caught:
        hubspot.apply([update(ref, {"firstname": "N"}) for ref in refs])
    assert not caught.value.sent


def test_what_was_never_promised_is_refused_before_anything_is_sent(
    simulator: HubSpotSimulator, connect: Connect
) -> None:
    hubspot = connect()
    contact = Ref("contact", "1")
    good = upsert("k", {"firstname": "A"})
    for bad in (
        Write("a", "update", contact, {"firstname": "A"}, if_version="1"),
        Write("b", "upsert", Ref("company", "k"), {"name": "A"}),
        Write("c", "upsert", Ref("note", "k"), {"hs_note_body": "A"}),
        Write("d", "update", Ref("butterfly", "1"), {}),
    ):
        with pytest.raises(Unsupported):
            hubspot.apply([good, bad])
    assert simulator.log.total == 0
    assert hubspot.apply([]) == []


def test_an_account_without_our_fields_can_be_updated_but_nothing_is_created_there(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    ref = simulator.crm.seed("contact", people(1))[0]
    for name in ("leadbridge_id", "leadbridge_op"):
        simulator.crm.remove_property("contact", name)
    hubspot = connect()
    assert outcomes(hubspot.apply([update(ref, {"firstname": "N"})])) == ["applied"]
    with pytest.raises(SchemaDrift) as caught:
        hubspot.apply([upsert("k", {"firstname": "A"})])
    assert caught.value.field == "contact.leadbridge_id"


def test_writing_goes_on_when_somebody_removes_the_op_marker(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(5))
    hubspot = connect()
    hubspot.describe()
    simulator.crm.remove_property("contact", "leadbridge_op")
    assert outcomes(hubspot.apply([update(ref, {"firstname": "N"}) for ref in refs])) == ["applied"] * 5


def test_archiving_is_repeatable(simulator: HubSpotSimulator, connect: Connect, people: People) -> None:
    refs = simulator.crm.seed("contact", people(3))
    hubspot = connect()
    for _ in range(2):
        receipts = hubspot.apply([Write(f"a{ref.id}", "archive", ref) for ref in refs[:2]])
        assert outcomes(receipts) == ["applied"] * 2
    assert [row["id"] for row in simulator.crm.dump("contact")] == [refs[2].id]


def test_our_own_write_comes_back_with_its_marker(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    ref = simulator.crm.seed("contact", people(1))[0]
    hubspot = connect(settle=timedelta(minutes=1))
    receipt = hubspot.apply([update(ref, {"firstname": "N"}, "op-77")])[0]
    record = hubspot.fetch([ref], fields=("leadbridge_op",))[0]
    assert isinstance(record, Record)
    assert (record.fields["leadbridge_op"], record.version) == ("op-77", receipt.version)
