"""Workers that begin at the same time on an empty database: one brings it into shape, the others wait for that."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from leadbridge.store import Store


def test_workers_that_begin_together_all_find_the_database_in_shape(session: Callable[[], Store]) -> None:
    with ThreadPoolExecutor(max_workers=6) as pool:
        stores = [future.result() for future in [pool.submit(session) for _ in range(6)]]
    assert [store.count("fact") for store in stores] == [0] * 6
