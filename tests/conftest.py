"""Engines of databases, which start once for all tests of a process that ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.analytics.engines import postgres_server, spark_context


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], str]]:
    """Makes an empty database of PostgreSQL and gives its address."""
    with postgres_server() as make:
        yield make


@pytest.fixture
def postgres(new_database: Callable[[], str]) -> Iterator[Any]:
    """A connection of psycopg to an empty database."""
    import psycopg

    with psycopg.connect(new_database()) as connection:
        yield connection


@pytest.fixture(scope="session")
def _spark() -> Iterator[Any]:
    with spark_context() as session:
        yield session


@pytest.fixture
def spark(_spark: Any) -> Any:
    """A Spark session that knows nothing of those of other tests."""
    return _spark.newSession()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with something slow come first: nobody waits for it at the end, and one Java is enough."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)
