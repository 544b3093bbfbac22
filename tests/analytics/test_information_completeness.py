"""The score of marketing's duty: how much of the promised information came with hand-offs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from leadbridge.analytics import NotComputable, Result, Snapshot
from leadbridge.domain import facts as f
from tests.analytics.stories import START, Story, fact

Make = Callable[..., Snapshot]


def offer(
    name: str, hours: float, promised: int | None, *missing: str, source: str = "web", to: str = "sales"
) -> Story:
    return [
        fact(f.LeadCaptured, name, 0, source=source),
        fact(f.HandoffOffered, name, hours, handoff=f"{name}-1", to_function=to, promised=promised, missing=missing),
    ]


STORY = [
    *offer("whole", 1, 4),
    *offer("half", 2, 4, "title", "phone or email"),
    *offer("fair", 30, 2, "title", source="fair", to="partner"),
    *offer("nothing", 3, 0),
    *offer("old", 4, None, "title"),
]


def computed(snapshot: Snapshot, **options: object) -> Result:
    answer = snapshot.metrics.information_completeness(**options)  # type: ignore[arg-type]  # options
    assert isinstance(answer, Result), str(answer)
    return answer


def test_pieces_that_came_are_counted_against_pieces_that_were_promised(make: Make) -> None:
    result = computed(make(STORY))
    (row,) = result.rows
    assert (row["promised"], row["present"], row["counted"], row["complete"]) == (10, 7, 3, 1)
    assert (result.value, result.n, result.excluded) == (0.7, 10, {"hand-offs without a promise": 2})


def test_completeness_is_told_by_source_and_by_receiver(make: Make) -> None:
    snapshot = make(STORY)
    shares = {row["source"]: row["share"] for row in computed(snapshot, by="source").rows}
    assert shares == {"fair": 0.5, "web": 6 / 8}
    assert {row["to_function"]: row["promised"] for row in computed(snapshot, by="to_function").rows} == {
        "partner": 2,
        "sales": 8,
    }


def test_a_window_takes_the_offers_made_in_it(make: Make) -> None:
    assert computed(make(STORY), since=START + timedelta(days=1)).value == 0.5


def test_a_group_of_which_nothing_is_promised_has_a_blank_and_no_zero(make: Make) -> None:
    story = [*STORY, *offer("bare", 5, 0, source="list")]
    shares = {row["source"]: row["share"] for row in computed(make(story), by="source").rows}
    assert shares["list"] is None


def test_without_a_promise_there_is_no_score(make: Make) -> None:
    for story in (offer("nothing", 1, 0), offer("old", 1, None, "title"), [fact(f.LeadCaptured, "a", 0)]):
        answer = make(story).metrics.information_completeness()
        assert isinstance(answer, NotComputable)
        assert "agree on what goes with an offer" in answer.reason


def test_an_empty_window_is_not_computable(make: Make) -> None:
    answer = make(STORY).metrics.information_completeness(since=START + timedelta(days=20))
    assert isinstance(answer, NotComputable)
    assert "0 of 0" in answer.reason


def test_the_score_has_a_picture(make: Make) -> None:
    picture = computed(make(STORY), by="source").plot()
    assert "promised" in " ".join(picture.to_dict()["title"]["subtitle"])
