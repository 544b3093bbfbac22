"""Two simulated CRMs, a folder with an agreement and settings for them, and the command line to run there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadbridge.adapter import Ref
from leadbridge.cli.app import build
from leadbridge.clock import SystemClock
from leadbridge.registry import start_simulator
from leadbridge.simulator import Simulator

SETTINGS = """
[connections.hs]
adapter = "hubspot"
base_url = "{hs}"
writes = "{writes}"

[connections.sf]
adapter = "salesforce"
instance_url = "{sf}"
writes = "{writes}"

[sync]
attempts = 1
grace_seconds = 0
"""

STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What a terminal obeys: some servers that run tests claim to be one."""

STAGES = ("subscriber", "evangelist", "marketingqualifiedlead", "marketingqualifiedlead")


@dataclass(frozen=True)
class Ran:
    """What a run of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shop:
    """A folder in which the command line runs, and the CRMs that its settings name."""

    folder: Path
    hubspot: Simulator
    salesforce: Simulator

    def run(self, *arguments: str, stdin: str | None = None) -> Ran:
        """Runs a command. Whatever is no planned end of it, such as a bug, is raised."""
        result = CliRunner().invoke(build(), list(arguments), input=stdin, catch_exceptions=False)
        return Ran(result.exit_code, STYLE.sub("", result.stdout), STYLE.sub("", result.stderr))

    def settings(self, *, writes: str = "on") -> None:
        """Writes the settings file."""
        text = SETTINGS.format(hs=self.hubspot.base_url, sf=self.salesforce.base_url, writes=writes)
        (self.folder / "leadbridge.toml").write_text(text, encoding="utf-8")

    def market(self, leads: int) -> list[Ref]:
        """Marketing has contacts: half of them qualified, a quarter in a stage that nobody mapped."""
        rows = [
            {
                "email": f"person{number}@buyer{number}.example",
                "firstname": "Ada",
                "lastname": f"Secretname{number}",
                "company": f"Buyer {number}",
                "jobtitle": "COO",
                "lifecyclestage": STAGES[number % len(STAGES)],
                "hs_analytics_source": "ORGANIC_SEARCH",
            }
            for number in range(leads)
        ]
        return self.hubspot.crm.seed("contact", rows)


@pytest.fixture(scope="session")
def crms() -> Iterator[tuple[Simulator, Simulator]]:
    """The servers are started once; each test begins with empty accounts."""
    both = [start_simulator(name)(SystemClock()) for name in ("hubspot", "salesforce")]
    yield both[0], both[1]
    for each in both:
        each.stop()


@pytest.fixture
def bare(crms: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """An empty folder; the tokens are in the environment."""
    hubspot, salesforce = crms
    for each in crms:
        each.faults.clear()
        each.log.clear()
    hubspot.portal.reset()
    salesforce.reset()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEADBRIDGE_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LEADBRIDGE_HS_TOKEN", hubspot.token)
    monkeypatch.setenv("LEADBRIDGE_SF_ACCESS_TOKEN", salesforce.token)
    return Shop(tmp_path, hubspot, salesforce)


@pytest.fixture
def shop(bare: Shop) -> Shop:
    """A folder as ``init`` leaves it, with settings for the simulators, both of which may be written."""
    assert bare.run("init").code == 0
    bare.settings()
    return bare


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Whether a person sits at the terminal."""

    def sits(somebody: bool) -> None:
        monkeypatch.setattr("leadbridge.cli.output.interactive", lambda: somebody)

    return sits
