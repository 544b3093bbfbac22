"""Leads that wait for something else than a change: for other words of the agreement, a CRM, or a permission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from leadbridge.adapter import Missing, Record, Ref
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import ManualClock
from leadbridge.errors import Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.sync import Engine
from tests.sync.conftest import AGREEMENT, Bench, make_bench, person
from tests.sync.test_regressions import Interrupted, ref_of

ADDRESS = "person1@buyer1.example"


def under(bench: Bench, text: str) -> None:
    bench.engine.agreements = Agreements.of(Agreement.loads(text))


# -- the agreement -----------------------------------------------------------------------------------------------------


def test_leads_that_were_left_out_cross_when_the_agreement_takes_them_in(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, stage="captured"), person(2)])
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 1
    under(bench, AGREEMENT.replace("include: stage <> 'captured'", "include: email is not null"))
    bench.sync()
    assert len(bench.right.crm.dump("person")) == 2


def test_a_value_that_got_a_meaning_is_understood_in_records_that_nobody_changed(bench: Bench) -> None:
    unknown = AGREEMENT.replace("          rejected: {decision: by_reason}\n", "")
    meant = "          rejected: {decision: reject}\n"
    under(bench, AGREEMENT)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, ADDRESS, {"status": "rejected"})
    bench.sync()
    assert [item.subject for item in bench.store.quarantined()] == ["reason"]
    under(bench, unknown.replace("          accepted:", meant + "          accepted:"))
    bench.sync()
    assert bench.store.quarantined() == []


def test_an_agreement_that_says_the_same_has_nothing_decided_again(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, stage="captured"), person(2)])
    bench.sync()
    under(bench, AGREEMENT)
    assert bench.engine.sync().rounds[0].decided == 0


# -- a CRM that does not answer ----------------------------------------------------------------------------------------


def test_a_crm_that_does_not_answer_does_not_keep_the_other_from_being_read(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    bench.right.crm.fail(Unavailable("down"), operation="describe", times=3)
    result = bench.engine.sync()
    assert list(result.failed) == ["right"]
    assert result.rounds[0].pulled.read["left"] == 1
    bench.sync()
    assert bench.right.crm.dump("person")[0]["title"] == "CFO"


def test_without_having_known_a_crm_nothing_is_decided_but_what_waits_is_delivered(clock: ManualClock) -> None:
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.right, ADDRESS, {"title": "CFO"})
    bench.left.crm.fail(Unavailable("down", sent=False), operation="apply", times=3)
    bench.engine.sync(rounds=1)
    old = bench.engine
    fresh = Engine(
        old.agreements, old.adapters, old.store, writes=old.writes, clock=clock, retry=old.retry, grace=old.grace
    )
    bench.right.crm.fail(Unavailable("down"), operation="describe", times=3)
    clock.advance(timedelta(minutes=1))
    result = fresh.sync()
    assert list(result.failed) == ["right"]
    assert result.rounds[0].decided == 0
    assert bench.left.crm.dump("person")[0]["title"] == "CFO"


def test_when_no_crm_answers_a_sync_says_so(bench: Bench) -> None:
    for side in (bench.left, bench.right):
        side.crm.fail(Unavailable("down"), operation="describe", times=3)
    with pytest.raises(Unavailable):
        bench.engine.sync()


# -- edits in the gap --------------------------------------------------------------------------------------------------


def test_an_edit_between_our_look_and_our_write_is_not_overwritten_where_the_crm_can_tell(clock: ManualClock) -> None:
    right = Interrupted("right", clock=clock)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1, title="Engineer")])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    clock.advance(timedelta(minutes=1))
    right.before_apply = lambda: right.crm.edit(ref_of(right), {"title": "Director"})
    bench.sync()
    assert [side.crm.dump("person")[0]["title"] for side in (bench.left, right)] == ["Director", "Director"]
    assert bench.store.quarantined() == []
    assert [conflict.field for conflict in bench.store.conflicts()] == ["title"]


def test_an_edit_of_another_field_in_the_gap_only_delays_our_write(clock: ManualClock) -> None:
    right = Interrupted("right", clock=clock)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    right.before_apply = lambda: right.crm.edit(ref_of(right), {"country": "GB"})
    bench.sync()
    for side in (bench.left, right):
        assert (side.crm.dump("person")[0]["title"], side.crm.dump("person")[0]["country"]) == ("CFO", "GB")
    assert bench.store.quarantined() == []


# -- when it was said ----------------------------------------------------------------------------------------------


def test_of_two_edits_the_later_one_of_this_field_wins_not_the_record_that_was_touched_last(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1, title="Engineer")])
    bench.sync()
    bench.edit(bench.left, ADDRESS, {"title": "CFO"})
    bench.edit(bench.right, ADDRESS, {"title": "Director"})
    bench.edit(bench.left, ADDRESS, {"country": "GB"})
    bench.sync()
    assert [side.crm.dump("person")[0]["title"] for side in (bench.left, bench.right)] == ["Director", "Director"]


# -- records that cannot be read ---------------------------------------------------------------------------------------


class Hiding(MemoryAdapter):
    """A CRM in which converted records go on as a kind that we may not read."""

    def describe(self):  # type: ignore[no-untyped-def]  # as the original
        description = super().describe()
        kinds = {name: info for name, info in description.kinds.items() if name != "contact"}
        return replace(description, kinds=kinds)

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        return [
            Missing(ref) if ref.kind == "contact" else super(Hiding, self).fetch([ref], fields=fields)[0]
            for ref in refs
        ]


def test_a_lead_whose_record_went_on_where_nobody_may_read_it_becomes_a_persons_business(clock: ManualClock) -> None:
    right = Hiding("right", clock=clock, converts=True)
    bench = make_bench(clock, right=right)
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    right.crm.convert(ref_of(right))
    bench.sync()
    assert bench.store.quarantined() == [], "it may still appear"
    clock.advance(timedelta(hours=2))
    bench.sync()
    (item,) = bench.store.quarantined()
    assert "contact" in item.reason
    assert "read contact records" in item.remedy
