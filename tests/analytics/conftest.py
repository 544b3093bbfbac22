"""Snapshots for tests, closed when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadbridge.analytics import Snapshot
from tests.analytics.stories import Story, small_funnel, take


@pytest.fixture
def snapshot() -> Iterator[Snapshot]:
    with take(small_funnel()) as made:
        yield made


@pytest.fixture
def make() -> Iterator[Callable[..., Snapshot]]:
    """Makes snapshots from stories and closes them afterwards."""
    made: list[Snapshot] = []

    def one(story: Story, **values: Any) -> Snapshot:
        made.append(take(story, **values))
        return made[-1]

    yield one
    for snapshot in made:
        snapshot.close()
