"""Making a record belong to exactly the records that somebody names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Record, Ref, Value
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.associations_writes import split_associations, write_associations
from leadbridge_hubspot.simulator import HubSpotSimulator
from leadbridge_hubspot.simulator import associations as served
from leadbridge_hubspot.simulator.answers import Refused

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")
CONTACTS, COMPANIES = "associations.contacts", "associations.companies"


def held(hubspot: HubSpot, deal: Ref) -> object:
    found = hubspot.fetch([deal], fields=[CONTACTS])[0]
    assert isinstance(found, Record)
    return found.fields[CONTACTS]


def write(hubspot: HubSpot, deal: Ref, value: Value) -> dict[str, str]:
    return write_associations(hubspot._wire, "deal", [(deal.id, {CONTACTS: value})])


@pytest.mark.parametrize("way", WAYS)
def test_a_record_belongs_to_what_was_named_and_to_nothing_else(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    ada, bob, eve = simulator.crm.seed("contact", people(3))
    deal = simulator.crm.seed("deal", [{"dealname": "One"}])[0]
    hubspot = connect(way)
    assert write(hubspot, deal, (ada, bob)) == {}
    assert held(hubspot, deal) == (ada, bob)
    assert write(hubspot, deal, (bob, eve)) == {}
    assert held(hubspot, deal) == (bob, eve)
    assert write(hubspot, deal, eve) == {}
    assert held(hubspot, deal) == (eve,)
    assert write(hubspot, deal, None) == {}
    assert held(hubspot, deal) is None


def test_writing_what_is_already_so_only_asks(simulator: HubSpotSimulator, connect: Connect, people: People) -> None:
    ada, bob = simulator.crm.seed("contact", people(2))
    deal = simulator.crm.seed("deal", [{"dealname": "One"}])[0]
    hubspot = connect()
    write(hubspot, deal, (ada, bob))
    before = hubspot.calls
    assert write(hubspot, deal, (bob, ada)) == {}
    assert hubspot.calls - before == 1


def test_two_thousand_pairs_travel_in_one_call(simulator: HubSpotSimulator, connect: Connect) -> None:
    contacts = simulator.crm.seed("contact", [{"firstname": "one of many"} for _ in range(2_001)])
    company = simulator.crm.seed("company", [{"name": "Acme"}])[0]
    hubspot = connect()
    before = hubspot.calls
    assert write_associations(hubspot._wire, "company", [(company.id, {CONTACTS: tuple(contacts)})]) == {}
    assert hubspot.calls - before == 1 + 2
    found = hubspot.fetch([company], fields=[CONTACTS])[0]
    assert isinstance(found, Record)
    assert found.fields[CONTACTS] == tuple(contacts)


def test_a_record_that_is_not_there_is_refused_alone(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    ada, bob = simulator.crm.seed("contact", people(2))
    one, two = simulator.crm.seed("deal", [{"dealname": "One"}, {"dealname": "Two"}])
    nobody = Ref("contact", "999999999")
    hubspot = connect()
    pairs: list[tuple[str, Mapping[str, Value]]] = [
        (one.id, {CONTACTS: (ada, nobody)}),
        (two.id, {CONTACTS: (bob,)}),
    ]
    assert write_associations(hubspot._wire, "deal", pairs) == {one.id: f"OBJECT_NOT_FOUND: {CONTACTS}"}
    assert (held(hubspot, one), held(hubspot, two)) == ((ada,), (bob,))


@pytest.mark.parametrize(
    "value",
    ["17", (Ref("company", "17"),), Ref("company", "17"), (Ref("contact", "17"), "17"), Ref("contact", "../1"), 17],
)
def test_what_is_no_ref_to_that_kind_is_refused_and_nothing_is_written(
    simulator: HubSpotSimulator, connect: Connect, people: People, value: Value
) -> None:
    ada = simulator.crm.seed("contact", people(1))[0]
    deal = simulator.crm.seed("deal", [{"dealname": "One"}])[0]
    simulator.crm.associate(deal, ada)
    hubspot = connect()
    assert write(hubspot, deal, value) == {deal.id: f"INVALID_VALUE: {CONTACTS}"}
    assert held(hubspot, deal) == (ada,)


def test_what_hubspot_refuses_as_a_whole_is_isolated(
    simulator: HubSpotSimulator, connect: Connect, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = simulator.crm.seed("contact", people(9))
    deals = simulator.crm.seed("deal", [{"dealname": f"Deal {number}"} for number in range(9)])
    culprit = contacts[4].id
    answered = served._pair

    def refuse(item: Mapping[str, object]) -> tuple[str, str]:
        pair = answered(item)
        if pair[1] == culprit:
            raise Refused(400, "this one not", "VALIDATION_ERROR")
        return pair

    monkeypatch.setattr(served, "_pair", refuse)
    hubspot = connect()
    pairs = [(deal.id, {CONTACTS: contact}) for deal, contact in zip(deals, contacts, strict=True)]
    # The pairs before the culprit were taken before the refusal came: telling HubSpot again does no harm.
    assert write_associations(hubspot._wire, "deal", pairs) == {deals[4].id: f"VALIDATION_ERROR: {CONTACTS}"}
    expected = [(contact,) if contact.id != culprit else None for contact in contacts]
    assert [held(hubspot, deal) for deal in deals] == expected


def test_associations_and_properties_are_told_apart() -> None:
    plain, linked = split_associations({"dealname": "One", CONTACTS: None, COMPANIES: ()})
    assert (plain, linked) == ({"dealname": "One"}, {CONTACTS: None, COMPANIES: ()})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.dictionaries(st.integers(0, 2), st.sets(st.integers(0, 3))), min_size=1, max_size=4))
def test_whatever_was_written_last_holds(
    simulator: HubSpotSimulator, connect: Connect, people: People, rounds: list[dict[int, set[int]]]
) -> None:
    simulator.portal.reset()
    contacts = simulator.crm.seed("contact", people(4))
    deals = simulator.crm.seed("deal", [{"dealname": f"Deal {number}"} for number in range(3)])
    hubspot = connect()
    expected: dict[Ref, object] = dict.fromkeys(deals)
    for wanted in rounds:
        pairs: list[tuple[str, Mapping[str, Value]]] = []
        for number, chosen in wanted.items():
            refs = tuple(contacts[each] for each in sorted(chosen))
            pairs.append((deals[number].id, {CONTACTS: refs}))
            expected[deals[number]] = refs or None
        assert write_associations(hubspot._wire, "deal", pairs) == {}
    assert {deal: held(hubspot, deal) for deal in deals} == expected
