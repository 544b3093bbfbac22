from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.routing import Route

from leadbridge.adapter import Ref
from leadbridge.clock import Clock, ManualClock, SystemClock
from leadbridge.memory import MemoryCrm
from leadbridge.simulator import Control, FaultQueue, RequestLog, Server, build_app


def serve(crm: MemoryCrm, clock: Clock, resets: list[str]) -> Server:
    control = Control(crm, lambda: resets.append("reset"))
    routes: list[Route] = []
    return Server(build_app(routes, clock=clock, faults=FaultQueue(), log=RequestLog(), control=control))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def crm(clock: ManualClock) -> MemoryCrm:
    return MemoryCrm("a", clock=clock, converts=True)


@pytest.fixture
def resets() -> list[str]:
    return []


@pytest.fixture
def http(crm: MemoryCrm, clock: ManualClock, resets: list[str]) -> Iterator[httpx.Client]:
    with serve(crm, clock, resets) as server, httpx.Client(base_url=f"{server.base_url}/_control") as client:
        yield client


def test_the_back_door_is_open_to_other_processes(http: httpx.Client, crm: MemoryCrm) -> None:
    rows = [{"email": "ada@acme.example"}, {"email": "bo@acme.example"}, {"email": "cy@acme.example"}]
    ada, bo, cy = http.post("/seed", json={"kind": "person", "rows": rows}).json()
    http.post("/edit", json={"ref": ada, "fields": {"title": "CTO"}})
    http.post("/assign", json={"ref": ada, "owner": "u-dana"})
    assert http.post("/merge", json={"winner": ada, "loser": bo}).json() == ada
    http.post("/delete", json={"ref": cy})
    contact = http.post("/convert", json={"ref": ada, "owner": "u-kofi", "opportunity": "Big", "amount": 10}).json()
    http.post("/win", json={"ref": contact, "on": "2026-02-03", "amount": 12.5})
    assert http.get("/dump/person").json() == []
    (person,) = http.get("/dump/contact").json()
    assert (person["title"], person["owner"]) == ("CTO", "u-kofi")
    (deal,) = http.get("/dump/deal").json()
    assert (deal["person"], deal["won"], deal["closed_at"], deal["amount"]) == (contact, True, "2026-02-03", 12.5)
    linked = http.post("/seed", json={"kind": "touch", "rows": [{"person": contact}]}).json()
    row = crm.row(Ref("touch", linked[0]["id"]))
    assert row is not None
    assert row.fields["person"] == Ref("contact", contact["id"])


def test_faults_requests_and_reset(http: httpx.Client, resets: list[str]) -> None:
    plain = httpx.URL(str(http.base_url).replace("/_control", ""))
    http.post("/faults", json={"effect": "html", "path": "^/x", "status": 502})
    assert http.get("/faults").json() == {"pending": 1}
    assert http.get(plain.join("/x?a=1")).status_code == 502
    assert http.get(plain.join("/x")).status_code == 404
    first, _ = http.get("/requests").json()
    assert (first["path"], first["query"], first["status"], first["at"]) == (
        "/x",
        "a=1",
        502,
        "2026-01-01T00:00:00.000Z",
    )
    http.delete("/requests")
    assert http.get("/requests").json() == []
    http.post("/faults", json={"effect": "html"})
    http.delete("/faults")
    http.post("/faults", json={"effect": "html"})
    http.post("/reset")
    assert (http.get("/faults").json(), resets) == ({"pending": 0}, ["reset"])


def test_time_is_moved(http: httpx.Client, clock: ManualClock) -> None:
    assert http.post("/clock", json={"advance": 90}).json() == {"now": "2026-01-01T00:01:30.000Z"}
    assert http.post("/clock", json={"set": "2026-01-02T00:00:00Z"}).json() == {"now": "2026-01-02T00:00:00.000Z"}
    assert http.get("/clock").json() == {"now": "2026-01-02T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"effect": "explode"}),
        ("/faults", {"unknown": 1}),
        ("/clock", {"advance": -1}),
        ("/clock", {}),
        ("/seed", {"kind": "unicorn", "rows": [{}]}),
        ("/seed", {"kind": "person", "rows": [{"email": {"no": "ref"}}]}),
        ("/edit", {"ref": {"kind": "person", "id": "nobody"}, "fields": {}}),
    ],
)
def test_what_cannot_be_done_is_said(http: httpx.Client, path: str, body: dict[str, object]) -> None:
    answer = http.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_computers_clock_is_not_moved() -> None:
    with serve(MemoryCrm(), SystemClock(), []) as server:
        answer = httpx.post(f"{server.base_url}/_control/clock", json={"advance": 1})
    assert answer.status_code == 400
    assert "manual" in answer.json()["error"]


def test_the_chassis_is_imported_without_its_servers() -> None:
    code = (
        "import sys\n"
        "for name in ('starlette', 'uvicorn', 'trustme'): sys.modules[name] = None\n"
        "import leadbridge.simulator as simulator\n"
        "simulator.FaultQueue, simulator.RecordTable, simulator.Crm\n"
        "for name in ('Server', 'build_app'):\n"
        "    try: getattr(simulator, name)\n"
        "    except simulator.faults.ConfigError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['simulators need an extra: pip install "leadbridge[simulator]"'] * 2


def test_there_are_no_other_names() -> None:
    from leadbridge import simulator

    assert all(getattr(simulator, name) is not None for name in dir(simulator))
    with pytest.raises(AttributeError, match="nonsense"):
        simulator.nonsense  # noqa: B018  # asking is the point
