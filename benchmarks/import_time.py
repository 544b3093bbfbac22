"""What ``import leadbridge`` costs, beside the standard library's own modules, the SDKs and the engines.

Each import runs in fresh interpreters, in turns with the others, with compiled files in a folder of its own. Printed is
the median processor time above that of an interpreter that imports nothing, and its ratio to the standard library's.

Usage: ``python benchmarks/import_time.py [rounds]`` (9 by default). No import is timed that is not installed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from importlib.util import find_spec
from statistics import median
from tempfile import TemporaryDirectory

STDLIB = "import dataclasses, enum, datetime, zoneinfo, json, hashlib, sqlite3"
CASES = {
    "nothing": "pass",
    "standard library": STDLIB,
    "leadbridge": "import leadbridge",
    "leadbridge, one error used": "import leadbridge; leadbridge.LeadbridgeError",
    "pydantic": "import pydantic; pydantic.BaseModel",
    "httpx": "import httpx",
    "simple_salesforce": "import simple_salesforce",
    "hubspot": "import hubspot",
    "duckdb": "import duckdb",
    "polars": "import polars",
}


def installed(code: str) -> bool:
    """Whether the first module that some code imports is there."""
    words = code.replace(",", " ").replace(";", " ").split()
    return words[0] != "import" or find_spec(words[1]) is not None


def processor_ms(code: str, environment: dict[str, str]) -> float:
    """Processor time of a fresh interpreter that runs some code, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main(rounds: int) -> None:
    """Measures and prints the table."""
    cases = {name: code for name, code in CASES.items() if installed(code)}
    with TemporaryDirectory() as compiled:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        for code in cases.values():
            processor_ms(code, environment)
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, code in cases.items():
                times[name].append(processor_ms(code, environment))
    bare = median(times["nothing"])
    unit = median(times["standard library"]) - bare
    print(f"bare interpreter {bare:.1f} ms; above it, median of {rounds} rounds:")
    for name in cases:
        if name != "nothing":
            above = median(times[name]) - bare
            print(f"  {name:<28}{above:8.1f} ms   {above / unit:6.2f} x the standard library")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
