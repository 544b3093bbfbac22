"""A PostgreSQL that several workers share, empty for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import create_engine, text

from leadbridge.store import Store


@pytest.fixture(scope="session")
def server(new_database: Callable[[], str]) -> str:
    return new_database().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def session(server: str) -> Iterator[Callable[[], Store]]:
    """Opens the same empty database, as another process would."""
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    engine.dispose()
    with ExitStack() as opened:

        def one() -> Store:
            store = Store(server)
            opened.callback(store.close)
            return store

        yield one
