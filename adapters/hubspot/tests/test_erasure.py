"""Erasing people, and what a webhook about it leads to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadbridge.adapter import Erase, Missing, Ref, Value
from leadbridge.errors import Forbidden, RateLimited
from leadbridge.simulator import Fault
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.simulator import HubSpotSimulator

Connect = Callable[..., HubSpot]
People = Callable[..., list[dict[str, Value]]]


@pytest.mark.parametrize("way", ["2026-09", "2026-03", "v3", "sdk"])
def test_an_erased_person_is_gone_for_good_and_nobody_else_is(
    simulator: HubSpotSimulator, connect: Connect, people: People, way: str
) -> None:
    refs = simulator.crm.seed("contact", people(3))
    hubspot = connect(way)
    assert isinstance(hubspot, Erase)
    receipts = hubspot.erase([refs[1], Ref("contact", "999999")])
    assert (receipts[0].outcome, receipts[0].ref) == ("applied", refs[1])
    assert [receipt.key for receipt in receipts] == [refs[1].id, "999999"]
    answers = hubspot.fetch(refs, fields=("email",))
    assert [isinstance(answer, Missing) for answer in answers] == [False, True, False]
    assert hubspot.find("contact", "email", ["person1@acme.example"], fields=())[0] == ()
    assert refs[1] not in hubspot.ids("contact", None, archived=True, limit=100).items


def test_erasing_twice_is_fine(simulator: HubSpotSimulator, connect: Connect, people: People) -> None:
    (ref,) = simulator.crm.seed("contact", people(1))
    hubspot = connect()
    hubspot.erase([ref])
    assert hubspot.erase([ref])[0].outcome in ("applied", "unchanged")


def test_what_lies_in_the_recycle_bin_can_be_erased(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    (ref,) = simulator.crm.seed("contact", people(1))
    simulator.crm.delete(ref)
    hubspot = connect()
    assert hubspot.erase([ref])[0].outcome == "applied"
    assert isinstance(hubspot.fetch([ref], fields=())[0], Missing)


def test_kinds_that_hubspot_only_archives_are_rejected_and_stay(simulator: HubSpotSimulator, connect: Connect) -> None:
    (company,) = simulator.crm.seed("company", [{"name": "Acme"}])
    simulator.log.clear()
    (receipt, strange) = connect().erase([company, Ref("contact", "no id")])
    assert (receipt.outcome, receipt.reason, receipt.ref) == ("rejected", "NOT_ERASABLE", company)
    assert strange.outcome == "unchanged"
    assert simulator.log.total == 0
    assert simulator.crm.dump("company")


def test_trouble_before_anything_was_erased_is_raised_and_later_trouble_is_in_the_receipts(
    simulator: HubSpotSimulator, connect: Connect, people: People
) -> None:
    refs = simulator.crm.seed("contact", people(3))
    hubspot = connect()
    simulator.faults.add(Fault(effect="status", status=429, path="gdpr-delete"))
    with pytest.raises(RateLimited):
        hubspot.erase(refs[:1])
    assert len(simulator.crm.dump("contact")) == 3
    simulator.faults.add(Fault(effect="drop_after", path="gdpr-delete"))
    assert [receipt.outcome for receipt in hubspot.erase(refs)] == ["unknown"] * 3
    simulator.portal.scopes_missing.add("crm.objects.contacts.write")
    with pytest.raises(Forbidden, match=r"crm\.objects\.contacts\.write"):
        hubspot.erase(refs[1:])
