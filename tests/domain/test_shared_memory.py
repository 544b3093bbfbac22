"""One memory for both functions: what the buyer read, was told, asked and answered, and how often sales tried."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.domain.facts import Fact, HandoffReclaimed, LeadCaptured
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.shared_memory import attempts_of, memory_of
from tests.domain.told import START, assigned, call, fact, offered, read

STORY: list[Fact] = [
    fact(LeadCaptured),
    read(1, asset="guide", message="one_view"),
    read(2, asset="guide", channel="email"),
    read(3, channel="form", answers=(("budget", "none"), ("team", "ten")), asked=("price",)),
    call(5, asset="slides", answers=(("budget", "planned"),), asked=("price", "terms")),
]


def history(*facts: Fact) -> LeadHistory:
    return LeadHistory.fold(facts or STORY)


def test_what_the_buyer_read_is_remembered_once_with_how_often_and_from_whom() -> None:
    guide, slides = memory_of(history()).read
    assert (guide.id, guide.times, guide.functions, guide.last_at) == (
        "guide", 2, ("marketing",), START + timedelta(hours=2),
    )  # fmt: skip
    assert (slides.id, slides.functions) == ("slides", ("sales",))


def test_who_read_an_asset_was_told_the_message_that_it_carries() -> None:
    assert [each.id for each in memory_of(history()).told] == ["one_view"]
    told = memory_of(history(), messages_of={"slides": "savings", "guide": "one_view"}).told
    assert [(each.id, each.times) for each in told] == [("one_view", 2), ("savings", 1)]


def test_the_latest_answer_counts_and_the_earlier_one_is_kept() -> None:
    memory = memory_of(history())
    budget = memory.answers["budget"]
    assert (budget.answer, budget.function, budget.earlier) == ("planned", "sales", ("none",))
    assert memory.knows("team")
    assert not memory.knows("authority")


def test_a_question_that_the_buyer_asks_twice_is_one_question_put_to_two_functions() -> None:
    price, terms = memory_of(history()).asked
    assert (price.id, price.times, price.functions) == ("price", 2, ("marketing", "sales"))
    assert terms.times == 1


def test_interactions_are_counted_by_nature_and_function_at_any_stage() -> None:
    memory = memory_of(history(*STORY, call(6, function="marketing"), read(7, function="sales")))
    assert (memory.count(), memory.count("content"), memory.count(function="sales")) == (6, 4, 2)
    assert memory.count("person_to_person", "marketing") == 1
    assert memory.last_touch["sales"].occurred_at == START + timedelta(hours=7)


def test_the_memory_of_an_earlier_day_knows_nothing_of_later_days() -> None:
    memory = memory_of(history(), until=START + timedelta(hours=2))
    assert (memory.answers, memory.count(), memory.asked) == ({}, 2, ())


@given(st.permutations(STORY))
def test_the_memory_does_not_depend_on_the_order_in_which_facts_arrive(story: list[Fact]) -> None:
    assert memory_of(history(*story)) == memory_of(history())


def test_a_memory_can_be_looked_at_in_a_notebook() -> None:
    assert "<td>guide</td>" in memory_of(history())._repr_html_()


# -- attempts ----------------------------------------------------------------------------------------------------------


def tried(*facts: Fact) -> int | None:
    told = history(*facts)
    assert told.handoff is not None
    return attempts_of(told, told.handoff)


def test_only_what_the_receiving_function_tried_since_the_assignment_counts() -> None:
    story = [
        call(1),
        offered(2),
        call(3),
        assigned(4),
        call(5),
        call(6, channel="note"),
        call(7, direction="inbound"),
        call(8, function="marketing"),
        read(9, function="sales"),
        call(10),
    ]
    assert tried(*story) == 2


def test_attempts_of_the_owner_before_count_after_a_transfer_or_a_reclaim() -> None:
    reclaimed = fact(HandoffReclaimed, 4, handoff="h1", owner="ann", why="untouched")
    assert tried(offered(1), assigned(2), call(3), reclaimed, assigned(5, "bob"), call(6)) == 2


def test_without_an_assignment_attempts_count_from_the_offer() -> None:
    assert tried(call(1), offered(2), call(3)) == 1


def test_where_no_conversation_is_on_record_nobody_counted() -> None:
    assert tried(offered(1), assigned(2), read(3)) is None
    assert tried(call(0), offered(1), assigned(2)) == 0
