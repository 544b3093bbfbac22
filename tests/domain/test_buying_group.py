"""The buying group of an opportunity: its members, where it stands, who is missing, who was with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.domain import facts as f
from leadbridge.domain.buying import BuyingStage
from leadbridge.domain.buying.group import BuyingGroup
from leadbridge.domain.history import LeadHistory
from leadbridge.errors import ConfigError

START = datetime(2026, 3, 2, tzinfo=UTC)
STAGES = tuple(BuyingStage(id=name) for name in ("education", "solution", "selection"))


def fact(cls: type[f.Fact], lead: str, day: float, **values: Any) -> f.Fact:
    when = START + timedelta(days=day)
    return cls(**{"lead": lead, "occurred_at": when, "recorded_at": when, **values})


def entered(lead: str, day: float, stage: str, *, inferred: bool = False) -> f.Fact:
    return fact(f.BuyingStageEntered, lead, day, buying_stage=stage, inferred=inferred)


def met(lead: str, day: float, nature: str, function: str) -> f.Fact:
    return fact(f.Interacted, lead, day, interaction=f"{lead}{day}", nature=nature, function=function)


def history(lead: str, *facts: f.Fact, deal: str = "D1") -> LeadHistory:
    return LeadHistory.fold(
        [fact(f.LeadCaptured, lead, 0), fact(f.OpportunityOpened, lead, 9, opportunity=deal), *facts]
    )


ADA = history(
    "ada", entered("ada", 1, "education"), met("ada", 2, "content", "marketing"), entered("ada", 6, "selection")
)
BOB = history(
    "bob", entered("bob", 3, "solution", inferred=True), met("bob", 4, "person_to_person", "sales"),
    met("bob", 5, "content", "sales"),
)  # fmt: skip
EVE = history("eve", entered("eve", 2, "selection"), deal="D2")


def group(**more: Any) -> BuyingGroup:
    return BuyingGroup.of("D1", [ADA, BOB, EVE], STAGES, **more)


def test_the_group_is_who_takes_part_in_the_opportunity() -> None:
    made = group(roles={"ada": "champion"}, wanted=("champion", "budget_holder"))
    assert [(member.lead, member.role, member.buying_stage) for member in made.members] == [
        ("ada", "champion", "selection"),
        ("bob", None, "solution"),
    ]
    assert made.missing_roles == ("budget_holder",)
    assert "<td>ada</td><td>champion</td><td>selection</td>" in made._repr_html_()


def test_the_group_stands_where_its_furthest_member_stands_and_the_spread_is_said() -> None:
    assert (group().buying_stage, group().spread) == ("selection", 1)
    alone = BuyingGroup.of("D2", [EVE], STAGES)
    assert (alone.buying_stage, alone.spread) == ("selection", None)


def test_the_group_has_a_history_of_its_own() -> None:
    assert [(one.buying_stage, (one.since - START).days, one.lead, one.inferred) for one in group().entries] == [
        ("education", 1, "ada", False),
        ("solution", 3, "bob", True),
        ("selection", 6, "ada", False),
    ]  # fmt: skip


def test_a_group_whose_leader_goes_back_goes_back_to_the_next_member() -> None:
    back = history("ada", entered("ada", 1, "selection"), entered("ada", 7, "education"))
    made = BuyingGroup.of("D1", [back, BOB], STAGES)
    assert [entry.buying_stage for entry in made.entries] == ["selection", "solution"]
    assert (made.entries[-1].lead, made.entries[-1].inferred) == ("bob", True)
    assert made.buying_stage == "solution"


def test_reading_and_talking_are_counted_in_the_stage_in_which_the_member_stood() -> None:
    made = group()
    assert (made.mix("education"), made.mix("solution"), made.mix("selection")) == (0.0, 0.5, None)
    assert made.functions == ("marketing", "sales")
    assert ("education", "sales") in made.coverage.gaps


def test_what_nobody_knows_stays_unknown() -> None:
    silent = BuyingGroup.of("D1", [history("ada"), history("bob", entered("bob", 1, "a stage of long ago"))], STAGES)
    assert (silent.buying_stage, silent.spread, silent.entries, silent.functions) == (None, None, (), ())


def test_an_opportunity_that_nobody_takes_part_in_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigError, match="D9: give the id that the ledger has"):
        BuyingGroup.of("D9", [ADA, BOB], STAGES)


moves = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 20), st.sampled_from(["education", "solution", "selection"])),
    max_size=15,
    unique_by=lambda move: (move[0], move[1]),
)


@given(moves)
def test_the_latest_entry_of_the_group_is_where_it_stands(found: list[tuple[str, int, str]]) -> None:
    many = [history(name, *(entered(name, day, stage) for lead, day, stage in found if lead == name)) for name in "abc"]
    made = BuyingGroup.of("D1", many, STAGES)
    assert (made.entries[-1].buying_stage if made.entries else None) == made.buying_stage
    assert all(one.buying_stage != two.buying_stage for one, two in zip(made.entries, made.entries[1:], strict=False))
