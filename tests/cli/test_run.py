"""``leadbridge run`` as a process, and what it refuses to begin with."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from leadbridge.simulator import Fault
from tests.cli.conftest import Shop
from tests.cli.test_processes import command
from tests.workers.conftest import server, session  # fixtures

__all__ = ["server", "session"]

CANARIES = ("Secretname", "@buyer", "Buyer 1", "Ada")


class Running:
    """The process, and its log as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.lines = process, list[str]()

    def until(self, event: str, **said: Any) -> dict[str, Any]:
        """The next event of this name that says this."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            found: dict[str, Any] = json.loads(line)
            if found["event"] == event and all(found.get(key) == value for key, value in said.items()):
                return found
        raise AssertionError(f"the service ended without {event}:\n{''.join(self.lines[-20:])}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stops it as a supervisor does; its exit code."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        self.lines += err.splitlines(keepends=True)
        assert out == ""
        return self.process.returncode


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    with subprocess.Popen(
        command("run", "--log", "json", *arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_syncs_shows_itself_and_stops_when_asked(shop: Shop, number: signal.Signals) -> None:
    shop.market(8)
    with running(shop.folder, "--every", "1h", "--port", "0") as service:
        address = service.until("listen")["address"]
        assert service.until("begin")["writes"] == {"hs": "on", "sf": "on"}
        assert service.until("turn")["ok"] is True
        assert len(shop.salesforce.crm.dump("Lead")) == 4
        health, metrics = httpx.get(f"{address}/healthz"), httpx.get(f"{address}/metrics")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert 'leadbridge_writes_total{connection="sf",outcome="applied"}' in metrics.text
        assert service.stop(number) == 0
    assert json.loads(service.lines[-1])["event"] == "end"
    seen = "".join(service.lines) + metrics.text + health.text
    secrets = (shop.hubspot.token, shop.salesforce.token)
    assert [word for word in (*CANARIES, *secrets) if word in seen] == []


@pytest.mark.slow
def test_stopped_in_the_middle_it_ends_well_and_the_next_one_carries_on(shop: Shop) -> None:
    shop.market(200)
    with running(shop.folder, "--every", "1h") as service:
        service.until("begin")
        assert service.stop() == 0
    with running(shop.folder, "--every", "1h") as service:
        assert service.until("turn")["ok"] is True
        assert service.stop() == 0
    rows = shop.salesforce.crm.dump("Lead")
    assert len({row["Email"] for row in rows}) == len(rows) == 100


def test_a_crm_that_calls_is_asked_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    hubspot: Any = shop.hubspot
    monkeypatch.setenv("LEADBRIDGE_HS_WEBHOOK_SECRET", hubspot.app.client_secret)
    # The address that the CRM calls has to be known before the port is: the simulator is given it later.
    registered = "http://hooks.acme.example/leadbridge"
    with running(shop.folder, "--every", "1h", "--port", "0", "--address", registered) as service:
        address = service.until("listen")["address"]
        service.until("turn")
        hubspot.webhooks.subscribe(f"{registered}/hs")
        shop.market(4)
        for delivery in hubspot.webhooks.take():
            url = delivery.url.replace(registered, f"{address}/hooks")
            assert httpx.post(url, headers=delivery.headers, content=delivery.body).status_code == 204
        service.until("turn")
        assert len(shop.salesforce.crm.dump("Lead")) == 2
        assert service.stop() == 0


@pytest.mark.slow
def test_a_crm_that_is_down_does_not_end_it(shop: Shop) -> None:
    shop.hubspot.faults.add(Fault(effect="status", status=503, times=2))
    shop.market(4)
    with running(shop.folder, "--every", "1s") as service:
        assert service.until("problem")["alert"] == "provider_down"
        service.until("recovered")
        service.until("turn", ok=True)
        assert service.stop() == 0
    assert len(shop.salesforce.crm.dump("Lead")) == 2


def test_connections_set_to_ask_are_planned_only(shop: Shop) -> None:
    shop.settings(writes="ask")
    shop.market(4)
    with running(shop.folder, "--every", "1h") as service:
        assert service.until("record")["left_to_a_person"]["sf"] == 2
        assert service.until("turn")["ok"] is True
        assert service.stop() == 0
    assert shop.salesforce.crm.dump("Lead") == []


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_services_on_one_database_do_not_disturb_each_other(
    shop: Shop, database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "postgresql":
        request.getfixturevalue("session")
        monkeypatch.setenv("LEADBRIDGE_STORE", request.getfixturevalue("server"))
    shop.market(60)
    with running(shop.folder, "--every", "1s") as one, running(shop.folder, "--every", "1s") as other:
        readers = [Thread(target=each.until, args=("turn",), kwargs={"ok": True, "busy": []}) for each in (one, other)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert (one.stop(), other.stop()) == (0, 0), (one.lines[-5:], other.lines[-5:])
    rows = shop.salesforce.crm.dump("Lead")
    assert len({row["Email"] for row in rows}) == len(rows) == 30


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--every", "soon"), 2, "--every"),
        (("--every", "0s"), 2, "--every"),
        (("--every", "2 business hours"), 2, "business time"),
        (("--address", "https://hooks.acme.example"), 2, "--port 8000"),
        (("--port", "0", "--address", "hooks.acme.example"), 2, "how CRMs reach us"),
        (("--log", "xml"), 2, "--log"),
        (("--notify", ""), 2, "is a command"),
    ],
)
def test_what_cannot_work_is_refused_before_it_begins(
    shop: Shop, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ran = shop.run("run", *arguments)
    assert ran.code == code
    assert words in ran.err


def test_the_settings_say_how_often_and_where(shop: Shop) -> None:
    path = shop.folder / "leadbridge.toml"
    path.write_text(path.read_text("utf-8") + '\n[run]\nevery = "2 hours"\nport = 0\n', encoding="utf-8")
    with running(shop.folder) as service:
        assert service.until("listen")["address"].startswith("http://127.0.0.1:")
        assert service.until("begin")["every_seconds"] == 7200
        assert service.stop() == 0


def test_an_interval_that_is_none_is_refused_in_the_settings(shop: Shop) -> None:
    path = shop.folder / "leadbridge.toml"
    path.write_text(path.read_text("utf-8") + '\n[run]\nevery = "often"\n', encoding="utf-8")
    ran = shop.run("run")
    assert ran.code == 2
    assert "run.every" in ran.err
