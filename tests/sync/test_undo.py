"""A plan that was applied can be taken back, as far as nobody has worked on what it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import ApprovalNeeded, ConfigError, StalePlan
from leadbridge.memory import MemoryAdapter
from leadbridge.sync import Plan
from tests.sync.conftest import START, Bench, make_bench, person

WHO = "person1@buyer1.example"
OURS = ("leadbridge_id", "leadbridge_op")


def applied(bench: Bench) -> Plan:
    """Some time passes, a plan is made and applied."""
    bench.clock.advance(timedelta(minutes=1))
    plan = bench.engine.plan()
    bench.engine.apply(plan, approve=plan.hash)
    return plan


def taken_back(bench: Bench, plan: Plan) -> Plan:
    """What was applied is taken back, after somebody has read what that means."""
    bench.clock.advance(timedelta(minutes=1))
    back = bench.engine.undo(plan.hash)
    bench.engine.apply(back, approve=back.hash)
    return back


def content(bench: Bench) -> dict[tuple[str, str], dict[str, Value]]:
    """What people see in both CRMs: everything but our own keys."""
    own = {info for side in (bench.left, bench.right) for info in side.crm.kinds["person"].own.values()}
    return {
        (name, str(row["id"])): {k: v for k, v in row.items() if k not in own and k != "id" and v is not None}
        for name, side in (("left", bench.left), ("right", bench.right))
        for row in side.crm.dump("person")
    }


def standing(clock: ManualClock, people: int = 3) -> Bench:
    """People whom both CRMs agree on."""
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(n) for n in range(people)])
    bench.sync()
    return bench


def test_what_a_plan_changed_is_put_back_and_the_next_sync_leaves_it_so(clock: ManualClock) -> None:
    bench = standing(clock)
    bench.edit(bench.left, WHO, {"title": "CFO", "phone": "0123"})
    before = content(bench)
    plan = applied(bench)
    assert bench.by_email(bench.right, WHO)["title"] == "CFO"
    back = bench.engine.undo(plan.hash)
    assert str(back).startswith(f"plan {back.hash} takes back plan {plan.hash} under ")
    assert bench.by_email(bench.right, WHO)["title"] == "CFO", "it is a plan to be read first"
    assert "'CFO' → (blank)" in "\n".join(back.explain(each.lead) for each in back.outcomes)
    bench.engine.apply(back)
    assert content(bench) == before
    bench.sync()
    assert content(bench) == before, "what a person has taken back is not done again"


def test_another_value_is_written_as_usual_after_an_undo(clock: ManualClock) -> None:
    bench = standing(clock)
    bench.edit(bench.left, WHO, {"title": "CFO"})
    taken_back(bench, applied(bench))
    bench.edit(bench.left, WHO, {"title": "CEO"})
    bench.sync()
    assert bench.by_email(bench.right, WHO)["title"] == "CEO"
    assert [item for item in bench.store.quarantined() if item.subject == "title"] == []


def test_what_somebody_changed_since_is_kept(clock: ManualClock) -> None:
    bench = standing(clock)
    bench.edit(bench.left, WHO, {"title": "CFO", "phone": "0123"})
    plan = applied(bench)
    bench.edit(bench.right, WHO, {"title": "Treasurer"})
    back = taken_back(bench, plan)
    row = bench.by_email(bench.right, WHO)
    assert (row["title"], row["phone"]) == ("Treasurer", None)
    assert back.kept["the field was changed since"] == 1
    assert "1 thing left alone: the field was changed since" in back.summary()


def test_an_opt_out_is_never_undone(clock: ManualClock) -> None:
    bench = standing(clock)
    bench.edit(bench.left, WHO, {"opted_out": True, "title": "CFO"})
    plan = applied(bench)
    back = taken_back(bench, plan)
    row = bench.by_email(bench.right, WHO)
    assert (row["opted_out"], row["title"]) == (True, None)
    assert back.kept["an opt-out is never undone"] == 1


def test_a_record_that_a_plan_made_goes_only_when_a_person_has_approved_exactly_that(clock: ManualClock) -> None:
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(n) for n in range(3)])
    plan = applied(bench)
    assert len(bench.right.crm.dump("person")) == 3
    bench.clock.advance(timedelta(minutes=1))
    back = bench.engine.undo(plan.hash)
    assert "3 archives" in back.summary()
    with pytest.raises(ApprovalNeeded, match="deleted records"):
        bench.engine.apply(back)
    bench.engine.apply(back, approve=back.hash)
    assert bench.right.crm.dump("person") == []
    bench.sync()
    assert bench.right.crm.dump("person") == [], "what was taken back is not made again"


def test_a_record_that_somebody_has_worked_on_stays(clock: ManualClock) -> None:
    bench = make_bench(clock)
    bench.left.crm.seed("person", [person(n) for n in range(2)])
    plan = applied(bench)
    bench.edit(bench.right, WHO, {"title": "Treasurer"})
    back = taken_back(bench, plan)
    assert [row["email"] for row in bench.right.crm.dump("person")] == [WHO]
    assert back.kept["somebody has worked on the new record since"] == 1


def test_a_crm_that_cannot_archive_keeps_what_was_made(clock: ManualClock) -> None:
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, archives=False))
    bench.left.crm.seed("person", [person(1)])
    back = taken_back(bench, applied(bench))
    assert len(bench.right.crm.dump("person")) == 1
    assert back.kept["this CRM cannot archive a record for us"] == 1


def test_a_record_that_is_gone_is_left_alone(clock: ManualClock) -> None:
    bench = standing(clock)
    ref = bench.edit(bench.left, WHO, {"title": "CFO"})
    plan = applied(bench)
    gone = Ref("person", str(bench.by_email(bench.right, WHO)["id"]))
    bench.right.crm.delete(gone)
    back = bench.engine.undo(plan.hash)
    assert len(back) == 0
    assert sum(back.kept.values()) == 1
    assert bench.left.crm.row(ref) is not None


def test_an_undo_can_be_undone(clock: ManualClock) -> None:
    bench = standing(clock)
    bench.edit(bench.left, WHO, {"title": "CFO"})
    back = taken_back(bench, applied(bench))
    assert bench.by_email(bench.right, WHO)["title"] is None
    taken_back(bench, back)
    assert bench.by_email(bench.right, WHO)["title"] == "CFO"
    bench.sync()
    assert bench.by_email(bench.right, WHO)["title"] == "CFO"


def test_an_undo_that_no_longer_holds_is_refused(clock: ManualClock) -> None:
    bench = standing(clock)
    bench.edit(bench.left, WHO, {"title": "CFO"})
    plan = applied(bench)
    back = bench.engine.undo(plan.hash)
    bench.edit(bench.right, WHO, {"title": "Treasurer"})
    bench.engine.plan()
    with pytest.raises(StalePlan):
        bench.engine.apply(back)
    assert bench.by_email(bench.right, WHO)["title"] == "Treasurer"


@pytest.mark.parametrize("name", ["", "0123456789ab"])
def test_a_plan_that_was_never_applied_cannot_be_undone(bench: Bench, name: str) -> None:
    with pytest.raises(ConfigError, match="leadbridge undo lists"):
        bench.engine.undo(name)


# -- as laws -----------------------------------------------------------------------------------------------------------

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["CFO", "CEO", None]),
        "phone": st.sampled_from(["0123", "0456", None]),
        "industry": st.sampled_from(["Software", "Steel", "Retail"]),
        "opted_out": st.just(True),
        "stage": st.sampled_from(["engaged", "marketing_qualified", "sales_accepted"]),
    },
)
EDITS = st.lists(st.tuples(st.sampled_from(["left", "right"]), st.integers(0, 2), FIELDS), max_size=5)
LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CONSENT = "opted_out"


def edited(bench: Bench, edits: list[tuple[str, int, Mapping[str, Value]]]) -> None:
    for side, number, fields in edits:
        if fields:
            bench.edit(getattr(bench, side), f"person{number}@buyer{number}.example", fields)


def without_consent(seen: Mapping[tuple[str, str], Mapping[str, Value]]) -> dict[tuple[str, str], dict[str, Value]]:
    return {key: {n: v for n, v in row.items() if n != CONSENT} for key, row in seen.items()}


def with_consent(seen: Mapping[tuple[str, str], Mapping[str, Value]]) -> set[tuple[str, str]]:
    return {key for key, row in seen.items() if row.get(CONSENT)}


@LAWS
@given(edits=EDITS)
def test_undo_without_edits_meanwhile_restores_both_crms_but_for_consent(
    edits: list[tuple[str, int, Mapping[str, Value]]],
) -> None:
    bench = standing(ManualClock(START))
    edited(bench, edits)
    before = content(bench)
    plan = applied(bench)
    after = content(bench)
    if plan:
        taken_back(bench, plan)
    assert without_consent(content(bench)) == without_consent(before)
    assert with_consent(content(bench)) >= with_consent(after)


@LAWS
@given(edits=EDITS, later=EDITS)
def test_undo_keeps_everything_that_people_did_meanwhile(
    edits: list[tuple[str, int, Mapping[str, Value]]], later: list[tuple[str, int, Mapping[str, Value]]]
) -> None:
    bench = standing(ManualClock(START))
    edited(bench, edits)
    plan = applied(bench)
    written = content(bench)
    edited(bench, later)
    meanwhile = content(bench)
    if plan:
        taken_back(bench, plan)
    now = content(bench)
    for key, row in meanwhile.items():
        for name in row.keys() | written[key].keys():
            if row.get(name) != written[key].get(name):
                assert now[key].get(name) == row.get(name), "somebody's edit is not lost by an undo"
    assert with_consent(now) >= with_consent(meanwhile)
