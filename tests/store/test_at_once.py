"""Rows that are stored many at once are stored as one by one: all of them, in order, the last word counting."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadbridge.domain.facts import StatusChanged
from leadbridge.store import Store
from leadbridge.store.schema import metadata
from leadbridge.store.wording import AT_ONCE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SIZES = [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 7]


@pytest.mark.parametrize("size", SIZES)
def test_facts_keep_their_order(store: Store, size: int) -> None:
    with store.transaction() as tx:
        tx.append(
            StatusChanged(lead=f"lead-{n % 7}", occurred_at=NOON, recorded_at=NOON, status=f"{n}") for n in range(size)
        )
    told = [fact.status for _, fact in store.facts() if isinstance(fact, StatusChanged)]
    assert told == [f"{n}" for n in range(size)]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_there_already_is_replaced(store: Store, size: int) -> None:
    for turn in ("old", "new"):
        with store.transaction() as tx:
            tx.save_bases({(f"lead-{n}", "left"): {"title": f"{turn} {n}"} for n in range(size)})
    kept = {lead: base["title"] for (lead, _), base in store.bases().items()}
    assert kept == {f"lead-{n}": f"new {n}" for n in range(size)}


def test_every_sqlite_takes_the_widest_table() -> None:
    assert max(len(table.columns) for table in metadata.tables.values()) * AT_ONCE <= 999
