"""What holds in the simulator whatever is done: both sides of an association agree, history ends in the present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.clock import ManualClock
from leadbridge_hubspot.simulator.history import history_of
from leadbridge_hubspot.simulator.links import Links
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.webhooks import Webhooks

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
IDS = st.sampled_from(["1", "2", "3"])
STEP = st.tuples(
    st.sampled_from(["add", "primary", "unlabel", "remove", "drop", "move", "backward"]), IDS, IDS, st.booleans()
)


@given(st.lists(STEP, max_size=30))
def test_both_sides_of_an_association_agree(steps: list[tuple[str, str, str, bool]]) -> None:
    links = Links()
    for what, one, other, _ in steps:
        contact, company = ("contact", one), ("company", other)
        match what:
            case "add":
                links.add(contact, company, [279])
            case "backward":
                links.add(company, contact, [2])
            case "primary":
                links.add(contact, company, [1])
            case "unlabel":
                links.remove(contact, company, [1])
            case "remove":
                links.remove(company, contact)
            case "drop":
                links.drop("contact", one)
            case "move":
                links.move("contact", one, other)
    back = {279: 280, 1: 2}
    forth = {
        (person, firm): {back[each] for each in types}
        for person in ("1", "2", "3")
        for firm, types in links.of("contact", person, "company").items()
    }
    assert forth == {
        (person, firm): set(types)
        for firm in ("1", "2", "3")
        for person, types in links.of("company", firm, "contact").items()
    }
    for person in ("1", "2", "3"):
        companies = links.of("contact", person, "company").values()
        assert sum(1 in types for types in companies) <= 1, "one primary company"
        assert all(279 in types for types in companies), "a label never stands alone"


VALUES = st.sampled_from(["", "Oslo", "Rome", "Bern"])


@given(st.lists(st.tuples(VALUES, st.integers(0, 5)), max_size=20))
def test_history_begins_with_the_present_value_and_never_repeats_one(writes: list[tuple[str, int]]) -> None:
    clock = ManualClock(START)
    portal = Portal(clock)
    table = portal.tables["contact"]
    entry = portal.create(table, {})
    for value, wait in writes:
        clock.advance(timedelta(seconds=wait))
        portal.update(table, entry, {"city": value})
    found = history_of(entry.versions, ["city"], 45)["city"]
    assert (found[0]["value"] if found else "") == entry.props.get("city", "")
    values = [each["value"] for each in found]
    assert all(one != other for one, other in pairwise(values))
    stamps = [each["timestamp"] for each in found]
    assert stamps == sorted(set(stamps), reverse=True)


STAGES = st.sampled_from(["", "subscriber", "lead", "marketingqualifiedlead", "opportunity", "customer"])


@given(st.lists(st.tuples(STAGES, st.booleans()), max_size=12))
def test_a_stage_never_goes_back_unless_it_was_cleared(writes: list[tuple[str, bool]]) -> None:
    portal = Portal(ManualClock(START))
    contacts, deals = portal.tables["contact"], portal.tables["deal"]
    entry = portal.create(contacts, {})
    order = [value for value, _ in contacts.properties["lifecyclestage"].options]
    before = entry.props.get("lifecyclestage")
    for value, deal in writes:
        portal.update(contacts, entry, {"lifecyclestage": value})
        if deal:
            portal.associate(deals, portal.create(deals, {"dealname": "Big"}), contacts, entry, [3])
        after = entry.props.get("lifecyclestage")
        if before and after and value:
            assert order.index(after) >= order.index(before)
        before = after


@settings(max_examples=25)
@given(st.integers(0, 1 << 32), st.floats(0, 1), st.integers(0, 40))
def test_every_event_is_told_at_least_once(seed: int, duplicates: float, count: int) -> None:
    portal = Portal(ManualClock(START), seed=seed)
    webhooks = Webhooks(portal)
    webhooks.duplicates = duplicates
    webhooks.batch = 7
    webhooks.subscribe("https://us.example/hooks", types=["contact.creation"])
    made = [portal.create(portal.tables["contact"], {}).number for _ in range(count)]
    requests = webhooks.take()
    assert all(0 < len(request.events) <= 7 for request in requests)
    told = [event["objectId"] for request in requests for event in request.events]
    assert sorted(set(told)) == made
    assert len(told) <= 2 * count
