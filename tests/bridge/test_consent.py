"""Consent: an opt-out holds whatever a CRM does; it ends with dated evidence and a person's approval, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from leadbridge import Bridge
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import ConsentGiven, ConsentWithdrawn
from leadbridge.errors import ApprovalNeeded, ConfigError
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, person

ADA = "person1@buyer1.example"


@pytest.fixture
def bridge(clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter) -> Iterator[Bridge]:
    """Ada has opted out in both CRMs."""
    left.crm.seed("person", [person(1, opted_out=True)])
    connections = {"left": left, "right": right}
    agreed = Agreement.loads(AGREEMENT)
    with Bridge(agreed, connections, store="sqlite://", writes="on", clock=clock, grace=timedelta(0)) as opened:
        sync(opened, clock)
        yield opened


def sync(bridge: Bridge, clock: ManualClock) -> None:
    clock.advance(timedelta(minutes=1))
    assert bridge.sync(yes=True).quiet


def opted_out(*crms: MemoryAdapter) -> list[object]:
    return [row.get("opted_out") for crm in crms for row in crm.crm.dump("person")]


def again(bridge: Bridge, when: datetime, **more: str) -> ConsentGiven:
    given = {"evidence": "form-118", "by": "ann", **more}
    return bridge.agree_again(ADA, given_at=when, evidence=given["evidence"], by=given["by"])


def test_an_opt_out_that_somebody_takes_back_in_a_crm_is_set_again(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    (row,) = right.crm._rows["person"].values()
    clock.advance(timedelta(minutes=1))
    right.crm.edit(row.ref, {"opted_out": False})
    sync(bridge, clock)
    assert opted_out(left, right) == [True, True]


def test_who_agreed_again_on_evidence_is_written_to_once_a_person_has_approved_the_plan(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    clock.advance(timedelta(days=1))
    given = again(bridge, clock.now())
    assert (given.actor, given.evidence) == ("ann", "form-118")
    with pytest.raises(ApprovalNeeded) as asked:
        bridge.sync(yes=True)
    assert opted_out(left, right) == [True, True]
    bridge.apply(bridge.plan(), approve=asked.value.plan_hash)
    sync(bridge, clock)
    assert opted_out(left, right) == [False, False]
    assert not bridge.ledger.history(ADA).opted_out


def test_an_opt_out_after_that_holds_again(
    bridge: Bridge, clock: ManualClock, left: MemoryAdapter, right: MemoryAdapter
) -> None:
    clock.advance(timedelta(days=1))
    again(bridge, clock.now())
    bridge.apply(plan := bridge.plan(), approve=plan.hash)
    sync(bridge, clock)
    (row,) = right.crm._rows["person"].values()
    clock.advance(timedelta(minutes=1))
    right.crm.edit(row.ref, {"opted_out": True})
    sync(bridge, clock)
    assert opted_out(left, right) == [True, True]
    kinds = [type(fact) for fact in bridge.ledger.facts(ADA) if isinstance(fact, (ConsentGiven, ConsentWithdrawn))]
    assert kinds == [ConsentWithdrawn, ConsentGiven, ConsentWithdrawn]


@pytest.mark.parametrize("days", [-1, 0])
def test_evidence_that_is_not_newer_than_the_opt_out_does_not_count(bridge: Bridge, days: int) -> None:
    (withdrawn,) = [fact for fact in bridge.ledger.facts(ADA) if isinstance(fact, ConsentWithdrawn)]
    with pytest.raises(ConfigError, match="only an agreement that is newer counts"):
        again(bridge, withdrawn.occurred_at + timedelta(days=days))


def test_evidence_of_tomorrow_does_not_count(bridge: Bridge, clock: ManualClock) -> None:
    with pytest.raises(ConfigError, match="in the future"):
        again(bridge, clock.now() + timedelta(days=1))


@pytest.mark.parametrize("more", [{"evidence": " "}, {"by": ""}])
def test_without_evidence_and_a_person_nobody_has_agreed(
    bridge: Bridge, clock: ManualClock, more: dict[str, str]
) -> None:
    clock.advance(timedelta(days=1))
    with pytest.raises(ConfigError, match="consent needs evidence"):
        again(bridge, clock.now(), **more)


@pytest.mark.parametrize("more", [{"evidence": "mail of ada@x.example"}, {"by": "ann@seller.example"}])
def test_the_ledger_takes_no_addresses_as_evidence(bridge: Bridge, clock: ManualClock, more: dict[str, str]) -> None:
    clock.advance(timedelta(days=1))
    with pytest.raises(ConfigError, match="facts hold no addresses"):
        again(bridge, clock.now(), **more)


def test_who_never_opted_out_has_nothing_to_agree_to(bridge: Bridge, clock: ManualClock, left: MemoryAdapter) -> None:
    left.crm.seed("person", [person(2)])
    sync(bridge, clock)
    clock.advance(timedelta(days=1))
    with pytest.raises(ConfigError, match="has not opted out"):
        bridge.agree_again("person2@buyer2.example", given_at=clock.now(), evidence="form-1", by="ann")
