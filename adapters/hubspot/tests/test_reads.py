"""Finding and fetching: always current, in the order asked for, with what is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import Missing, Record, Ref, Value, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import SchemaDrift, Unsupported
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]
WAYS = ("2026-09", "2026-03", "v3", "sdk")


@pytest.mark.parametrize("way", WAYS)
def test_records_come_in_the_order_asked_for_whatever_became_of_them(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(250))
    simulator.crm.delete(refs[4])
    survivor = simulator.crm.merge(refs[1], refs[2])
    asked = [*reversed(refs), Ref("contact", "99999999"), Ref("contact", "../owners"), refs[0], survivor]
    found = connect(way).fetch(asked, fields=("email",))
    assert len(found) == len(asked)
    by_ref = dict(zip(asked, found, strict=True))
    for ref in refs[5:]:
        record = by_ref[ref]
        assert isinstance(record, Record)
        assert (record.ref, record.state) == (ref, "live")
    deleted = by_ref[refs[4]]
    assert isinstance(deleted, Record)
    assert deleted.state == "deleted"
    for old in refs[1:3]:
        record = by_ref[old]
        assert isinstance(record, Record)
        assert (record.ref, record.state) == (survivor, "live")
        assert record.fields["email"] == "person1@acme.example"
    assert by_ref[Ref("contact", "99999999")] == Missing(Ref("contact", "99999999"))
    assert by_ref[Ref("contact", "../owners")] == Missing(Ref("contact", "../owners"))


def test_the_survivor_names_who_went_into_it(simulator: HubSpotSimulator, connect: Connect, people: People) -> None:
    refs = simulator.crm.seed("contact", people(3))
    survivor = simulator.crm.merge(refs[0], refs[1])
    hubspot = connect()
    simulator.log.clear()
    found = hubspot.fetch([refs[0]], fields=())
    assert isinstance(found[0], Record)
    assert found[0].ref == survivor
    assert simulator.log.total == 2, "the survivor's own list of merged ids answers; nobody is asked for alone"


def test_merged_records_are_asked_for_alone_where_batches_do_not_follow_them(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    simulator.switches.batches_redirect = False
    refs = simulator.crm.seed("contact", people(4))
    survivor = simulator.crm.merge(refs[0], refs[1])
    asked = [*refs, Ref("contact", "777777")]
    found = connect().fetch(asked, fields=("email",))
    assert [record.ref for record in found] == [survivor, survivor, refs[2], refs[3], asked[-1]]
    assert isinstance(found[-1], Missing)


def test_nothing_that_is_no_id_becomes_part_of_an_address(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    refs = [Ref("contact", text) for text in ("", "abc", "1/../2", "1" * 30, "１２", "-1")]
    assert hubspot.fetch(refs, fields=()) == [Missing(ref) for ref in refs]
    assert simulator.log.total == 0


def test_an_address_finds_people_whatever_its_case_and_also_by_their_further_addresses(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(4))
    survivor = simulator.crm.merge(refs[0], refs[1])
    simulator.crm.delete(refs[2])
    asked = ["PERSON3@acme.example ", "person1@acme.example", "person2@acme.example", "nobody@acme.example", ""]
    found = connect().find("contact", "email", asked, fields=("firstname",))
    assert [[record.ref for record in records] for records in found] == [[refs[3]], [survivor], [refs[2]], [], []]
    assert found[2][0].state == "deleted"
    assert dict(found[0][0].fields) == {"firstname": "Person 3"}


def test_a_new_record_is_found_by_our_key_at_once_although_search_lags(
    simulator: HubSpotSimulator, connect: Connect, clock: ManualClock
) -> None:
    from datetime import timedelta

    simulator.switches.lag = timedelta(hours=1)
    hubspot = connect()
    receipt = hubspot.apply([Write("op-1", "upsert", Ref("contact", "Key-1"), {"firstname": "A"})])[0]
    found = hubspot.find("contact", "leadbridge_id", ["key-1", "Key-1"], fields=("leadbridge_op",))
    assert [[(record.ref, record.fields["leadbridge_op"]) for record in records] for records in found] == [
        [(receipt.ref, "op-1")]
    ] * 2


def test_any_unique_property_of_the_account_can_be_looked_up(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    simulator.crm.add_property("contact", "mql_id", unique=True)
    refs = simulator.crm.seed("contact", [{**row, "mql_id": f"m{n}"} for n, row in enumerate(people(3))])
    found = connect().find("contact", "mql_id", ["m2", "m9", "m0"], fields=("email",))
    assert [[record.ref for record in records] for records in found] == [[refs[2]], [], [refs[0]]]
    by_id = connect().find("contact", "hs_object_id", [refs[1].id, "12x"], fields=())
    assert [[record.ref for record in records] for records in by_id] == [[refs[1]], []]


def test_what_hubspot_would_look_up_late_is_not_promised(simulator: HubSpotSimulator, connect: Connect) -> None:
    hubspot = connect()
    hubspot.describe()
    simulator.log.clear()
    with pytest.raises(Unsupported, match="company"):
        hubspot.find("contact", "company", ["Acme"], fields=("email",))
    with pytest.raises(Unsupported, match="butterfly"):
        hubspot.find("butterfly", "email", ["a@acme.example"], fields=())
    assert simulator.log.total == 0


def test_a_property_that_is_not_there_is_drift_and_not_a_blank(simulator: HubSpotSimulator, connect: Connect) -> None:
    ref = simulator.crm.seed("contact", [{"email": "a@acme.example"}])[0]
    hubspot = connect()
    with pytest.raises(SchemaDrift) as caught:
        hubspot.fetch([ref], fields=("email", "favourite_colour"))
    assert caught.value.field == "contact.favourite_colour"
    simulator.crm.add_property("contact", "favourite_colour")
    record = hubspot.fetch([ref], fields=("email", "favourite_colour"))[0]
    assert isinstance(record, Record)
    assert dict(record.fields) == {"email": "a@acme.example", "favourite_colour": None}
    simulator.crm.remove_property("contact", "favourite_colour")
    record = hubspot.fetch([ref], fields=("email", "favourite_colour"))[0]
    assert isinstance(record, Record)
    assert dict(record.fields) == {"email": "a@acme.example"}, "what is absent is not blank"


@pytest.mark.parametrize("way", ["2026-09", "v3"])
def test_sweeps_walk_all_live_or_all_archived_records(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(130))
    for ref in refs[::5]:
        simulator.crm.delete(ref)
    for archived in (False, True):
        found: list[object] = []
        cursor: str | None = None
        while True:
            page = connect(way).ids("contact", cursor, archived=archived, limit=17)
            assert len(page.items) <= 17
            found += page.items
            cursor = page.cursor
            if not page.more:
                break
        assert found == [ref for place, ref in enumerate(refs) if (place % 5 == 0) == archived]


def test_versions_change_with_every_change_and_not_otherwise(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    ref = simulator.crm.seed("contact", people(1))[0]
    hubspot = connect()

    def version() -> str:
        record = hubspot.fetch([ref], fields=("email",))[0]
        assert isinstance(record, Record)
        return record.version

    versions = [version()]
    assert version() == versions[0]
    simulator.crm.edit(ref, {"firstname": "B"})
    versions.append(version())
    simulator.crm.delete(ref)
    versions.append(version())
    assert len(set(versions)) == 3
