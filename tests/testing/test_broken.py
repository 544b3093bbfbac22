"""The suite itself is proved: every wrong adapter is caught, and every law catches one."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache

import pytest

from leadbridge.memory import MemoryAdapter
from leadbridge.testing import AdapterSuite, MemoryBench, laws, try_laws
from leadbridge.testing.broken import BROKEN, Broken
from leadbridge.testing.suite import Verdict


@cache
def verdicts(broken: Broken) -> dict[str, Verdict]:
    return {verdict.law: verdict for verdict in try_laws(lambda: nullcontext(broken.bench()))}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.adapter.__name__)
def test_every_wrong_adapter_is_caught_by_its_law(broken: Broken) -> None:
    assert verdicts(broken)[broken.caught_by].outcome == "failed", verdicts(broken)[broken.caught_by]


def test_every_law_catches_a_wrong_adapter() -> None:
    assert {law.name for law in laws()} == {broken.caught_by for broken in BROKEN}


@pytest.mark.parametrize("promises", [True, False])
def test_without_its_mistake_the_same_adapter_is_right(promises: bool) -> None:
    honest = Broken(MemoryAdapter, "", promises=promises)
    assert [verdict for verdict in verdicts(honest).values() if verdict.outcome == "failed"] == []


def test_a_law_that_cannot_be_tried_says_why() -> None:
    class Bare(MemoryBench):
        """A live account: no faults, no log, no clock."""

        def __init__(self) -> None:
            super().__init__()
            self.faults = self.log = self.clock = None

    found = {verdict.law: verdict for verdict in try_laws(lambda: nullcontext(Bare()))}
    assert {verdict.outcome for verdict in found.values()} == {"held", "not tried"}
    assert all(verdict.detail for verdict in found.values() if verdict.outcome == "not tried")
    assert found["test_find_is_complete_in_order_and_never_late"].outcome == "held"


def test_every_law_is_a_sentence_that_says_what_to_check() -> None:
    for law in laws():
        assert law.sentence[0].isupper()
        assert "If this fails, check" in law.why, law.name
    assert len(laws()) >= 30


def test_a_law_cannot_be_weakened_quietly() -> None:
    class Cheating(AdapterSuite):
        def test_every_record_appears(self, bench: object) -> None:
            """Nothing to see."""

    class Deleting(AdapterSuite):
        test_closing_twice_is_fine = None  # type: ignore[assignment]  # that is the cheating

    class Unexplained(AdapterSuite):
        @pytest.mark.xfail(strict=True)
        def test_every_record_appears(self, bench: object) -> None:
            """No reason is given."""

    class Excused(AdapterSuite):
        @pytest.mark.xfail(strict=True, reason="the vendor has no such thing")
        def test_every_record_appears(self, bench: object) -> None:
            """A reason is given."""

    AdapterSuite().test_no_law_is_weakened()
    Excused().test_no_law_is_weakened()
    for suite in (Cheating, Deleting, Unexplained):
        with pytest.raises(AssertionError, match="is overridden"):
            suite().test_no_law_is_weakened()
