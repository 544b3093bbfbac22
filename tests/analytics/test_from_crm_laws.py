"""Laws of telling a history from CRMs: whatever people did there, in whatever order the CRMs are read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Ref
from leadbridge.analytics.crm import Told, told_by
from leadbridge.domain import facts as f
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from tests.analytics.two_crms import AGREEMENT, Market

STAGES = ("captured", "engaged", "marketing_qualified", "sales_accepted", "sales_qualified", "opportunity", "won")
STATUSES = ("new", "attempting", "connected", "accepted", "rejected", "recycled", "disqualified", "ineligible")

deeds = st.lists(
    st.tuples(
        st.sampled_from(["hs", "sf"]),
        st.integers(0, 3),
        st.one_of(
            st.tuples(st.just("stage"), st.sampled_from(STAGES)),
            st.tuples(st.just("status"), st.sampled_from(STATUSES)),
            st.tuples(st.just("owner"), st.sampled_from(["u-dana", "u-kofi", "q-inbound"])),
            st.tuples(st.just("delete"), st.just("")),
            st.tuples(st.just("win"), st.just("")),
        ),
        st.integers(0, 72),
    ),
    max_size=14,
)


def play(done: list[Any]) -> tuple[Market, dict[tuple[str, int], Ref]]:
    """People work in both CRMs; who is not there yet is entered first."""
    market, known = Market(), dict[tuple[str, int], Ref]()
    crms: dict[str, MemoryAdapter] = {"hs": market.hs, "sf": market.sf}
    for name, number, (what, value), hours in done:
        crm = crms[name]
        if (name, number) not in known:
            known[name, number] = market.person(crm, f"p{number}@buyer{number}.example")
        ref = known[name, number]
        market.later(hours=hours)
        if what == "delete":
            crm.crm.delete(known.pop((name, number)))
        elif what == "win":
            # A deal is closed on a day and not at an instant: what else happens that day may be earlier or later.
            market.later(days=1)
            crm.crm.win(ref)
            market.later(days=1)
        else:
            crm.crm.edit(ref, {what: value})
    return market, known


def told(market: Market, names: tuple[str, ...]) -> Told:
    crms = {"hs": market.hs, "sf": market.sf}
    connections = {name: crms[name] for name in names}
    retry = Retry(attempts=1)
    now = market.clock.now()
    return told_by(connections, AGREEMENT, retry=retry, progress=lambda *_: None, now=now)


@given(done=deeds)
@settings(max_examples=150, deadline=None)
def test_everybody_with_a_record_in_use_is_one_lead_and_nothing_lies_ahead(done: list[Any]) -> None:
    market, known = play(done)
    found = told(market, ("hs", "sf"))
    assert len(found.histories) == len({number for _, number in known})
    now = market.clock.now()
    for history in found.histories:
        assert all(fact.occurred_at <= now for fact in history.facts)
        assert isinstance(history.facts[0], f.LeadCaptured)
        passages = [passage.number for passage in history.passages]
        assert passages == list(range(1, len(passages) + 1))
        for passage in history.passages:
            # Within a passage, what was seen on the success path only goes up.
            path = AGREEMENT.lifecycle.success_path
            ranks = [path.index(entry.stage) for entry in passage.entries if entry.stage in path]
            assert ranks == sorted(ranks)


@given(done=deeds)
@settings(max_examples=80, deadline=None)
def test_the_order_in_which_crms_are_read_changes_nothing(done: list[Any]) -> None:
    market, _ = play(done)
    one, other = told(market, ("hs", "sf")), told(market, ("sf", "hs"))

    def content(each: Told) -> Counter[tuple[object, ...]]:
        return Counter(
            (fact.lead, type(fact).__name__, fact.occurred_at, getattr(fact, "stage", ""))
            for history in each.histories
            for fact in history.facts
        )

    assert content(one) == content(other)
    for name in ("records", "said"):
        assert sorted(map(str, one.views[name])) == sorted(map(str, other.views[name]))
