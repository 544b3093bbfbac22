"""Offers and answers that a sync concludes carry the promise, what is missing of it, and how often sales had tried."""

from __future__ import annotations

from datetime import timedelta

from leadbridge.adapter import Ref, Value
from leadbridge.agreement import Agreement, offer
from leadbridge.bridge import Bridge
from leadbridge.clock import ManualClock, iso
from leadbridge.domain import facts as f
from leadbridge.domain.lead import Lead
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, person

PROMISED = AGREEMENT.replace(
    "  package: {required: [email, company]}\n",
    "  package: {required: [email, company], one_of: [[phone, website]], optional: [source]}\n"
    "  packages:\n    - {sources: [fair], required: [last_name, title]}\n",
)
ADA = "person1@buyer1.example"


def synced(clock: ManualClock, **fields: Value) -> tuple[Bridge, MemoryAdapter]:
    left, right = MemoryAdapter("left", clock=clock), MemoryAdapter("right", clock=clock)
    left.crm.seed("person", [person(1, **fields)])
    agreement = Agreement.loads(PROMISED)
    bridge = Bridge(
        agreement, {"left": left, "right": right}, "sqlite://", writes="on", clock=clock, grace=timedelta(0)
    )
    sync(bridge, clock)
    return bridge, right


def sync(bridge: Bridge, clock: ManualClock) -> None:
    clock.advance(timedelta(minutes=1))
    assert bridge.sync().quiet


def offered(bridge: Bridge) -> f.HandoffOffered:
    (fact,) = (fact for fact in bridge.ledger.facts(ADA) if isinstance(fact, f.HandoffOffered))
    return fact


def test_a_group_of_which_nothing_is_known_is_missing_in_words(clock: ManualClock) -> None:
    bridge, _ = synced(clock)
    fact = offered(bridge)
    assert (fact.package, fact.missing, fact.promised) == (("email", "company", "source"), ("phone or website",), 3)
    handoff = bridge.handoff(ADA)
    assert handoff.completeness is not None
    assert handoff.completeness.share == 2 / 3


def test_the_package_for_the_source_of_the_lead_is_the_one_that_counts(clock: ManualClock) -> None:
    bridge, _ = synced(clock, source="fair", title="COO")
    fact = offered(bridge)
    assert (fact.package, fact.missing, fact.promised) == (("last_name", "title"), (), 2)


def test_an_offer_by_hand_and_one_by_sync_come_with_the_same_information(clock: ManualClock) -> None:
    bridge, _ = synced(clock, phone="+44 20")
    by_hand = offer(Lead.from_fields("L1", bridge.lead(ADA).fields()), agreement=bridge.agreement)
    fact = offered(bridge)
    assert (by_hand.package, by_hand.missing, by_hand.promised) == (fact.package, fact.missing, fact.promised)


def test_an_answer_in_the_crm_keeps_how_often_sales_had_tried(clock: ManualClock) -> None:
    bridge, right = synced(clock)
    (row,) = right.crm.dump("person")
    ref = Ref("person", str(row["id"]))
    for _ in range(2):
        clock.advance(timedelta(minutes=5))
        right.crm.seed("touch", [{"person": ref, "channel": "phone", "at": iso(clock.now())}])
    clock.advance(timedelta(minutes=5))
    right.crm.edit(ref, {"status": "accepted"})
    sync(bridge, clock)
    (decided,) = (fact for fact in bridge.ledger.facts(ADA) if isinstance(fact, f.HandoffDecided))
    assert (decided.decision, decided.attempts) == ("accept", 2)


def test_an_answer_where_nobody_wrote_conversations_down_has_no_count(clock: ManualClock) -> None:
    bridge, right = synced(clock)
    (row,) = right.crm.dump("person")
    clock.advance(timedelta(minutes=5))
    right.crm.edit(Ref("person", str(row["id"])), {"status": "accepted"})
    sync(bridge, clock)
    (decided,) = (fact for fact in bridge.ledger.facts(ADA) if isinstance(fact, f.HandoffDecided))
    assert decided.attempts is None
