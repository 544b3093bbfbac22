"""Who was deleted stays deleted: in the bin, beyond recovery, told by a webhook or met on the way to a write."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import Bench, make_bench, person

ADA = "person1@buyer1.example"


@pytest.fixture
def ada(bench: Bench) -> Ref:
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    return ref


def status(bench: Bench, connection: str) -> list[str]:
    return [link.status for link in bench.store.links() if link.connection == connection]


def hint(bench: Bench, ref: Ref) -> None:
    with bench.store.transaction() as tx:
        tx.hint("left", [ref], bench.clock.now())


def test_a_deleted_record_is_left_alone_on_the_other_side_and_never_made_again(bench: Bench, ada: Ref) -> None:
    bench.clock.advance(timedelta(minutes=1))
    bench.left.crm.delete(ada)
    bench.sync()
    bench.edit(bench.right, ADA, {"title": "CTO"})
    assert bench.sync().writes == {}
    assert status(bench, "left") == ["gone"]
    assert bench.left.crm.dump("person") == []
    assert bench.by_email(bench.right, ADA)["title"] == "CTO"


def test_a_record_that_a_webhook_told_of_and_that_is_gone_beyond_recovery_is_asked_about(
    bench: Bench, ada: Ref
) -> None:
    bench.left.crm.remove(ada)
    hint(bench, ada)
    assert bench.sync().writes == {}
    assert status(bench, "left") == ["gone"]
    (item,) = bench.store.quarantined()
    (lead,) = {link.lead for link in bench.store.links()}
    assert f"leadbridge erase {lead}" in item.remedy
    assert ADA not in repr(item)
    assert bench.by_email(bench.right, ADA)["company"] == "Buyer 1", "nothing is erased without a person"


def test_a_record_found_missing_when_it_was_to_be_written_is_gone_and_the_sync_comes_to_rest(
    bench: Bench, ada: Ref
) -> None:
    bench.left.crm.remove(ada)
    bench.edit(bench.right, ADA, {"title": "CTO"})
    bench.sync()
    assert status(bench, "left") == ["gone"]
    assert bench.left.crm.dump("person") == []
    assert bench.sync().writes == {}


def test_a_crm_that_shows_no_deleted_records_is_believed_when_it_is_asked(clock: ManualClock) -> None:
    bench = make_bench(clock, left=MemoryAdapter("left", clock=clock, sees_deleted=False))
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.left.crm.delete(ref)
    hint(bench, ref)
    bench.sync()
    assert status(bench, "left") == ["gone"]


def test_a_record_that_was_merged_unseen_is_followed_when_a_webhook_names_it(clock: ManualClock) -> None:
    bench = make_bench(clock, left=MemoryAdapter("left", clock=clock, sees_deleted=False))
    (old,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.clock.advance(timedelta(minutes=1))
    (survivor,) = bench.left.crm.seed("person", [{"email": "other@buyer.example", "last_name": "Other"}])
    bench.left.crm.merge(survivor, old)
    hint(bench, old)
    bench.sync()
    assert {link.ref.id for link in bench.store.links() if link.status == "live"} >= {survivor.id}
    assert len(bench.right.crm.dump("person")) == 1


def test_the_hint_of_a_record_that_nobody_knows_leaves_no_trace(bench: Bench) -> None:
    bench.sync()
    hint(bench, Ref("person", "nobody"))
    bench.sync()
    assert bench.store.observations("left") == []
