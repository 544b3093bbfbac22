"""Other engines that SQL has to run on unchanged: a PostgreSQL of one's own for a test, and a local Spark."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

__all__ = ["postgres", "spark"]


def _server_programs() -> Path | None:
    """The folder of PostgreSQL's own programs: on the path, or where Debian and Ubuntu keep them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    return max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


@contextmanager
def postgres() -> Iterator[Any]:
    """A connection to a server that lives as long as the test; skips where there is no PostgreSQL."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'leadbridge[postgres]'")
    programs = _server_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is missing (initdb is not found): apt install postgresql")
    # The server refuses to run as root; the packages of the server make a user for it.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    with TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        control = [str(programs / "pg_ctl"), "-D", data, "-w"]
        settings = f"-k {folder} -c listen_addresses= -c fsync=off"
        make = [str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
        subprocess.run(make, check=True, **quiet)
        subprocess.run([*control, "-l", f"{folder}/log", "-o", settings, "start"], check=True, **quiet)
        try:
            with psycopg.connect(host=folder, user="postgres", dbname="postgres") as connection:
                yield connection
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)


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
