"""While a round is under way, garbage is looked for rarely; before and afterwards as the process has it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from leadbridge.sync.collecting import EVERY, collected_rarely


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_is_rare_inside_and_as_often_as_before_afterwards() -> None:
    gc.set_threshold(700, 10, 10)
    with collected_rarely():
        assert gc.get_threshold() == (EVERY, 10, 10)
        with collected_rarely():
            assert gc.get_threshold() == (EVERY, 10, 10)
        assert gc.get_threshold() == (EVERY, 10, 10), "the outer round goes on"
    assert gc.get_threshold() == (700, 10, 10)


def test_it_is_as_often_as_before_after_an_error() -> None:
    gc.set_threshold(700, 10, 10)
    with pytest.raises(RuntimeError), collected_rarely():
        raise RuntimeError
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("often", [0, EVERY, EVERY * 10])
def test_a_process_that_looks_more_rarely_or_never_keeps_to_that(often: int) -> None:
    gc.set_threshold(often, 10, 10)
    with collected_rarely():
        assert gc.get_threshold()[0] == often
    assert gc.get_threshold()[0] == often
