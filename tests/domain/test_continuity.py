"""Does the buyer continue a journey or start a new one when sales takes over?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.domain.continuity import Continuity, continuity, touches_after
from leadbridge.domain.facts import Fact, HandoffReclaimed, LeadCaptured
from leadbridge.domain.history import LeadHistory
from tests.domain.told import START, assigned, call, decided, fact, offered, read


def told(*facts: Fact, **options: dict[str, str]) -> Continuity:
    found = continuity(LeadHistory.fold([fact(LeadCaptured), *facts]), **options)  # type: ignore[arg-type]  # messages_of
    assert found is not None
    return found


def test_a_lead_that_was_never_offered_has_no_continuity_to_judge() -> None:
    assert continuity(LeadHistory.fold([fact(LeadCaptured), read(1)])) is None


def test_a_journey_goes_on_when_sales_speaks_of_what_the_buyer_knows_and_asks_nothing_twice() -> None:
    found = told(read(1, asset="guide"), offered(2), assigned(3), call(7, asset="guide", answers=(("budget", "yes"),)))
    assert (found.gap, found.same_theme, found.journey) == (timedelta(hours=6), True, "continued")
    assert found.repeated_questions == ()
    assert str(found).startswith("journey continued; 6 h between the last touch of marketing and the first of sales")


def test_a_question_that_was_answered_before_and_is_asked_again_starts_the_journey_anew() -> None:
    asked = (("budget", "none"), ("team", "ten"))
    found = told(read(1, asset="guide", answers=asked), offered(2), call(3, asset="guide", answers=(("team", "ten"),)))
    assert (found.repeated_questions, found.journey) == (("team",), "started anew")
    assert "asked the buyer again: team" in str(found)


def test_a_buyer_who_has_to_ask_again_was_not_heard() -> None:
    found = told(read(1, asked=("price",)), offered(2), call(3, asked=("price", "terms")))
    assert (found.asked_again, found.journey) == (("price",), "started anew")


def test_another_theme_is_a_new_journey_and_no_theme_leaves_it_open() -> None:
    assert told(read(1, message="one_view"), offered(2), call(3, message="cheap")).same_theme is False
    open_ = told(read(1, message="one_view"), offered(2), call(3))
    assert (open_.same_theme, open_.journey) == (None, "unclear")
    assert told(read(1), offered(2), call(3, message="cheap")).same_theme is None


def test_an_asset_and_the_message_that_it_carries_are_one_theme() -> None:
    story = [read(1, asset="guide"), offered(2), call(3, message="one_view")]
    assert told(*story).same_theme is False
    assert told(*story, messages_of={"guide": "one_view"}).same_theme is True


def test_what_marketing_does_after_the_offer_shortens_the_silence() -> None:
    assert told(read(1), offered(2), read(5), call(6)).gap == timedelta(hours=1)


def test_a_call_before_the_offer_is_not_the_first_touch_after_it() -> None:
    assert told(read(1), call(2), offered(3), call(9)).after == START + timedelta(hours=9)


@pytest.mark.parametrize(
    ("story", "why", "journey"),
    [
        ([read(1), offered(2)], "sales has not touched the lead since the offer", "not begun"),
        ([offered(2), call(3)], "marketing never touched the lead before", "started anew"),
    ],
)
def test_without_one_of_the_two_touches_there_is_no_gap_and_the_reason_is_said(
    story: list[Fact], why: str, journey: str
) -> None:
    found = told(*story)
    assert (found.gap, found.why, found.journey) == (None, why, journey)
    assert why in str(found)


def test_changes_of_owner_before_the_first_touch_are_counted_and_a_reclaim_alone_is_none() -> None:
    reclaimed = fact(HandoffReclaimed, 4, handoff="h1", owner="ann", why="owner_left")
    found = told(read(1), offered(2), assigned(3), reclaimed, assigned(5, "bob"), call(6), assigned(7, "cy"))
    assert found.owner_changes == 1
    assert told(offered(2), assigned(3), reclaimed, assigned(5, "ann"), call(6)).owner_changes == 0


def test_marketing_sees_what_happens_after_sales_has_answered() -> None:
    history = LeadHistory.fold([read(1), offered(2), call(3), decided(4), call(5), read(6)])
    assert [touch.fact.interaction for touch in touches_after(history)] == ["call-5", "read-6"]
    assert touches_after(LeadHistory.fold([offered(2), call(3)])) == ()
