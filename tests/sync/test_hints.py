"""Hints make a sync faster and never wrong: late, lost, repeated and untrue ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.adapter import Ref
from leadbridge.errors import Unavailable
from tests.sync.conftest import Bench, person


def hint(bench: Bench, *refs: Ref, connection: str = "left") -> None:
    with bench.store.transaction() as tx:
        tx.hint(connection, refs, bench.clock.now())


def test_a_change_that_the_stream_does_not_show_yet_is_taken_over_at_once(bench: Bench) -> None:
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.left.crm.lag = timedelta(hours=1)
    bench.left.crm.edit(ref, {"company": "Renamed"})
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["company"] == "Buyer 1"
    hint(bench, ref)
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["company"] == "Renamed"
    assert bench.store.hints("left") == {}


def test_a_new_record_that_only_a_webhook_told_of_is_carried_over(bench: Bench) -> None:
    bench.sync()
    bench.left.crm.lag = timedelta(hours=1)
    (ref,) = bench.left.crm.seed("person", [person(1)])
    hint(bench, ref)
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["company"] == "Buyer 1"


def test_hints_about_nothing_are_forgotten(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    hint(bench, Ref("person", "nobody"), Ref("ticket", "17"), Ref("", ""))
    quiet = bench.sync()
    assert quiet.writes == {}
    assert bench.store.hints("left") == {}


def test_repeated_and_late_hints_change_nothing(bench: Bench) -> None:
    refs = bench.left.crm.seed("person", [person(number) for number in range(5)])
    bench.sync()
    before = bench.right.crm.dump("person")
    for _ in range(3):
        hint(bench, *refs, *refs)
        assert bench.sync().writes == {}
    assert bench.right.crm.dump("person") == before


def test_without_hints_nothing_more_is_asked(bench: Bench) -> None:
    bench.left.crm.seed("person", [person(1)])
    bench.sync()
    before = bench.left.calls_by["fetch"]
    bench.sync()
    assert bench.left.calls_by["fetch"] == before


def test_hints_wait_for_a_crm_that_does_not_answer(bench: Bench) -> None:
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    bench.left.crm.lag = timedelta(hours=1)
    bench.left.crm.edit(ref, {"company": "Renamed"})
    hint(bench, ref)
    bench.left.crm.fail(Unavailable("down"), operation="fetch", times=100)
    assert "left" in bench.engine.sync().failed
    assert set(bench.store.hints("left")) == {ref}
    bench.left.crm.recover()
    bench.sync()
    assert bench.by_email(bench.right, "person1@buyer1.example")["company"] == "Renamed"


def test_what_happens_while_hints_are_followed_is_not_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    hint(bench, ref)
    fetch = bench.left.fetch
    calls: list[int] = []

    def meanwhile(refs: object, *, fields: object) -> object:
        answers = fetch(refs, fields=fields)  # type: ignore[arg-type]  # passed on as it came
        if not calls:
            calls.append(1)
            bench.clock.advance(timedelta(seconds=1))
            hint(bench, ref)
        return answers

    monkeypatch.setattr(bench.left, "fetch", meanwhile)
    mappings = bench.engine.mappings()
    bench.engine.pull(mappings)
    assert calls
    assert set(bench.store.hints("left")) == {ref}
    bench.engine.pull(mappings)
    assert bench.store.hints("left") == {}


def test_hints_of_one_connection_say_nothing_about_the_other(bench: Bench) -> None:
    (ref,) = bench.left.crm.seed("person", [person(1)])
    bench.sync()
    hint(bench, ref, connection="right")
    bench.sync()
    assert bench.store.hints("right") == {}
