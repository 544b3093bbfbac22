"""Writing beyond contacts: associations, activities, our key on other kinds, and what isolating a culprit costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import Receipt, Record, Ref, Value, Write
from leadbridge.errors import SchemaDrift, Unsupported
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")


def outcomes(receipts: list[Receipt]) -> list[str]:
    return [receipt.outcome for receipt in receipts]


def value(hubspot: HubSpot, ref: Ref | None, name: str) -> Value:
    assert ref is not None
    record = hubspot.fetch([ref], fields=(name,))[0]
    assert isinstance(record, Record)
    return record.fields[name]


def posts(simulator: HubSpotSimulator, tail: str) -> int:
    return sum(1 for each in simulator.log.entries if each.path.endswith(tail))


@pytest.mark.parametrize("way", WAYS)
def test_a_record_and_what_it_belongs_to_are_written_together(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    first, second = simulator.crm.seed("contact", people(2))
    deals = simulator.crm.seed("deal", [{"dealname": "One"}, {"dealname": "Two"}])
    hubspot = connect(way)
    receipts = hubspot.apply(
        [
            Write("a", "update", deals[0], {"dealname": "Uno", "associations.contacts": (first, second)}),
            Write("b", "update", deals[1], {"associations.contacts": first}),
        ]
    )
    assert outcomes(receipts) == ["applied"] * 2
    assert set(value(hubspot, deals[0], "associations.contacts") or ()) == {first, second}  # type: ignore[arg-type]  # refs
    assert value(hubspot, deals[1], "associations.contacts") == (first,)
    assert value(hubspot, deals[0], "dealname") == "Uno"
    hubspot.apply([Write("c", "update", deals[0], {"associations.contacts": None})])
    assert value(hubspot, deals[0], "associations.contacts") is None
    assert value(hubspot, deals[0], "dealname") == "Uno"


def test_two_writes_to_one_record_keep_the_associations_of_both(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    (person,) = simulator.crm.seed("contact", people(1))
    (company,) = simulator.crm.seed("company", [{"name": "Acme"}])
    (deal,) = simulator.crm.seed("deal", [{"dealname": "One"}])
    hubspot = connect()
    writes = [
        Write("a", "update", deal, {"associations.contacts": person}),
        Write("b", "update", deal, {"associations.companies": company}),
    ]
    assert outcomes(hubspot.apply(writes)) == ["applied"] * 2
    assert value(hubspot, deal, "associations.contacts") == (person,)
    assert value(hubspot, deal, "associations.companies") == (company,)


def test_a_record_that_belongs_to_nobody_known_is_rejected_by_the_name_of_the_field(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    (person,) = simulator.crm.seed("contact", people(1))
    deals = simulator.crm.seed("deal", [{"dealname": "One"}, {"dealname": "Two"}])
    receipts = connect().apply(
        [
            Write("a", "update", deals[0], {"associations.contacts": Ref("company", "5")}),
            Write("b", "update", deals[1], {"associations.contacts": person}),
        ]
    )
    assert outcomes(receipts) == ["rejected", "applied"]
    assert receipts[0].reason == "INVALID_VALUE: associations.contacts"


def test_a_lost_answer_about_associations_leaves_the_record_in_doubt(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    (person,) = simulator.crm.seed("contact", people(1))
    deals = simulator.crm.seed("deal", [{"dealname": "One"}, {"dealname": "Two"}])
    hubspot = connect()
    hubspot.describe()
    simulator.faults.add(Fault(effect="drop_after", path="associations"))
    receipts = hubspot.apply(
        [
            Write("a", "update", deals[0], {"associations.contacts": person}),
            Write("b", "update", deals[1], {"dealname": "Due"}),
        ]
    )
    assert outcomes(receipts) == ["unknown", "applied"]


def test_trouble_in_a_later_batch_leaves_unwritten_associations_in_doubt(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    (person,) = simulator.crm.seed("contact", people(1))
    (deal,) = simulator.crm.seed("deal", [{"dealname": "One"}])
    hubspot = connect()
    hubspot.describe()
    simulator.faults.add(Fault(effect="status", status=503, path="contacts/batch/update"))
    receipts = hubspot.apply(
        [
            Write("a", "update", deal, {"associations.contacts": person}),
            Write("b", "update", person, {"firstname": "N"}),
        ]
    )
    assert outcomes(receipts) == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("note", "hs_note_body"),
        ("call", "hs_call_title"),
        ("meeting", "hs_meeting_title"),
        ("email", "hs_email_subject"),
        ("task", "hs_task_subject"),
    ],
)
def test_activities_are_changed_and_archived_but_never_made(
    simulator: HubSpotSimulator, connect: Connect, kind: str, name: str
) -> None:
    (ref,) = simulator.crm.seed(kind, [{"hs_timestamp": "2026-03-01T09:00:00.000Z"}])
    hubspot = connect()
    assert outcomes(hubspot.apply([Write("a", "update", ref, {name: "Said"})])) == ["applied"]
    assert value(hubspot, ref, name) == "Said"
    with pytest.raises(Unsupported):
        hubspot.apply([Write("b", "upsert", Ref(kind, "k"), {name: "New"})])
    assert outcomes(hubspot.apply([Write("c", "archive", ref)])) == ["applied"]
    assert simulator.crm.dump(kind) == []


@pytest.mark.parametrize("way", WAYS)
def test_companies_and_deals_are_made_by_our_key_where_that_is_wanted(
    simulator: HubSpotSimulator, connect: Connect, way: str
) -> None:
    hubspot = connect(way)
    wide = HubSpot(
        token=simulator.token, base_url=simulator.base_url, key_kinds=("contact", "company", "deal"),
        api_version="v3" if way == "sdk" else way,
    )  # fmt: skip
    company = Write("a", "upsert", Ref("company", "k1"), {"name": "Acme"})
    deal = Write("b", "upsert", Ref("deal", "k2"), {"dealname": "Big"})
    with pytest.raises(Unsupported, match="company"):
        hubspot.apply([company])
    with pytest.raises(SchemaDrift) as caught:
        wide.apply([company])
    assert caught.value.field == "company.leadbridge_id"
    wide.provision([], dry_run=False)
    first = wide.apply([company, deal])
    again = wide.apply([company, deal])
    assert outcomes(first) == outcomes(again) == ["applied"] * 2
    assert [receipt.ref for receipt in first] == [receipt.ref for receipt in again]
    assert wide.describe().capabilities.key_kinds == {"contact", "company", "deal"}
    assert hubspot.describe().capabilities.key_kinds == {"contact"}
    wide.close()


@pytest.mark.parametrize("said", ["Lead", "LEAD", "Marketing Qualified Lead", "nothing of the kind"])
def test_an_option_is_named_by_its_internal_value_and_by_nothing_else(
    simulator: HubSpotSimulator, connect: Connect, people: People, said: str
) -> None:
    refs = simulator.crm.seed("contact", people(2))
    hubspot = connect()
    receipts = hubspot.apply(
        [
            Write("a", "update", refs[0], {"lifecyclestage": said}),
            Write("b", "update", refs[1], {"lifecyclestage": "marketingqualifiedlead"}),
        ]
    )
    assert [(each.outcome, each.reason) for each in receipts] == [
        ("rejected", "INVALID_OPTION: lifecyclestage"),
        ("applied", ""),
    ]


def test_lifecycle_stages_are_declared_as_going_forward_only(simulator: HubSpotSimulator, connect: Connect) -> None:
    kinds = connect().describe().kinds
    for kind in ("contact", "company"):
        assert kinds[kind].fields["lifecyclestage"].forward_only
    assert not kinds["contact"].fields["hs_lead_status"].forward_only


@pytest.mark.parametrize("written", [("b", "a"), ("a",), ()])
def test_several_options_are_written_as_one_value(
    simulator: HubSpotSimulator, connect: Connect, people: People, written: tuple[str, ...]
) -> None:
    simulator.crm.add_property("contact", "topics", type="enumeration", look="checkbox", options=("a", "b", "c"))
    (ref,) = simulator.crm.seed("contact", [{"topics": "c"}])
    hubspot = connect()
    hubspot.apply([Write("a", "update", ref, {"topics": written})])
    assert value(hubspot, ref, "topics") == (written or None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("culprits", "most"),
    [
        ({40: {"nope": "x"}}, 2),
        ({40: {"numemployees": "many"}}, 3),
        ({40: {"numemployees": "many"}, 41: {"nope": "x"}, 77: {"hs_lead_status": "ASLEEP"}}, 6),
    ],
    ids=["unknown property", "bad value", "three"],
)
def test_one_culprit_among_a_hundred_costs_a_few_calls_and_no_neighbour(
    simulator: HubSpotSimulator,
    connect: Connect,
    people: People,
    way: str,
    culprits: dict[int, dict[str, Value]],
    most: int,
) -> None:
    refs = simulator.crm.seed("contact", people(100))
    hubspot = connect(way)
    hubspot.describe()
    simulator.log.clear()
    writes = [
        Write(f"op-{place}", "update", ref, culprits.get(place, {"firstname": "New"})) for place, ref in enumerate(refs)
    ]
    receipts = hubspot.apply(writes)
    assert {place for place, each in enumerate(receipts) if each.outcome != "applied"} == set(culprits)
    assert {each.outcome for each in receipts} == {"applied", "rejected"}
    assert posts(simulator, "batch/update") <= most


def test_writing_five_thousand_costs_a_call_for_each_hundred(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    writes = [
        Write(f"op-{n}", "upsert", Ref("contact", f"k{n}"), {"email": f"p{n}@acme.example"}) for n in range(5_000)
    ]
    assert set(outcomes(hubspot.apply(writes))) == {"applied"}
    assert simulator.log.total == 50
