from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError
from leadbridge.simulator import Fault, FaultQueue, RequestLog, Server, build_app


class Counter:
    """A CRM that can count: every request that reaches it commits one."""

    def __init__(self) -> None:
        self.committed = 0
        self.clock = ManualClock(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
        self.faults = FaultQueue()
        self.log = RequestLog()

    async def commit(self, request: Request) -> Response:
        await request.body()
        self.committed += 1
        return JSONResponse({"committed": self.committed, "padding": "x" * 2000})

    async def empty(self, request: Request) -> Response:
        self.committed += 1
        return Response(status_code=204)

    def app(self, hold: float = 0.05) -> Server:
        routes = [
            Route("/commit", self.commit, methods=["GET", "POST"]),
            Route("/empty", self.empty, methods=["POST"]),
        ]
        return Server(build_app(routes, clock=self.clock, faults=self.faults, log=self.log, hold=hold))


@pytest.fixture
def crm() -> Counter:
    return Counter()


@pytest.fixture
def http(crm: Counter) -> Iterator[httpx.Client]:
    with crm.app() as server, httpx.Client(base_url=server.base_url) as client:
        yield client


def test_it_answers_with_the_crms_time(http: httpx.Client, crm: Counter) -> None:
    answer = http.get("/commit")
    assert answer.json()["committed"] == 1
    assert answer.headers["date"] == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert "server" not in answer.headers


def test_requests_are_logged_with_their_decoded_query(http: httpx.Client, crm: Counter) -> None:
    http.get("/commit", params={"q": "Email = 'a@acme.example'"})
    http.post("/nowhere")
    assert [(seen.method, seen.path, seen.status) for seen in crm.log.entries] == [
        ("GET", "/commit", 200),
        ("POST", "/nowhere", 404),
    ]
    assert crm.log.entries[0].at == crm.clock.now()
    assert (crm.log.count("^/commit$"), crm.log.count("Email = "), crm.log.count(method="post")) == (1, 1, 1)
    assert "acme" not in repr(crm.log.entries)
    crm.log.clear()
    assert crm.log.total == 0


@pytest.mark.parametrize(("effect", "committed"), [("drop_before", 0), ("drop_after", 1), ("cut", 1), ("timeout", 0)])
@pytest.mark.parametrize("path", ["/commit", "/empty"])
def test_lost_answers_are_errors_and_only_some_are_committed(
    http: httpx.Client, crm: Counter, effect: str, committed: int, path: str
) -> None:
    crm.faults.add(Fault(effect=effect))  # type: ignore[arg-type]  # a Literal
    with pytest.raises(httpx.TransportError):
        http.post(path)
    assert crm.committed == committed
    assert http.post("/commit").status_code == 200
    assert crm.log.total == 2


def test_canned_answers_do_not_commit(http: httpx.Client, crm: Counter) -> None:
    crm.faults.add(Fault(effect="status", status=429, body={"policy": "x"}, headers={"Retry-After": "3"}))
    crm.faults.add(Fault(effect="html", status=503))
    crm.faults.add(Fault(effect="empty", status=200))
    crm.faults.add(Fault(effect="status", status=400, body="plain"))
    limited, page, empty, plain = (http.post("/commit") for _ in range(4))
    assert (limited.status_code, limited.json(), limited.headers["retry-after"]) == (429, {"policy": "x"}, "3")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (503, "text/html")
    assert (empty.status_code, empty.content) == (200, b"")
    assert (plain.status_code, plain.text) == (400, "plain")
    assert crm.committed == 0
    assert [seen.status for seen in crm.log.entries] == [429, 503, 200, 400]


def test_a_client_that_gives_up_is_let_go(crm: Counter) -> None:
    with crm.app(hold=30) as server, httpx.Client(base_url=server.base_url, timeout=0.1) as client:
        crm.faults.add(Fault(effect="timeout"))
        with pytest.raises(httpx.ReadTimeout):
            client.post("/commit")
        assert client.post("/commit").json()["committed"] == 1


def test_stopping_does_not_wait_for_a_held_answer(crm: Counter) -> None:
    server = crm.app(hold=30).start()
    crm.faults.add(Fault(effect="timeout"))
    lost: list[Exception] = []

    def ask() -> None:
        try:
            httpx.post(f"{server.base_url}/commit", timeout=30)
        except httpx.TransportError as error:
            lost.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while crm.faults.pending:
        pass
    server.stop()
    thread.join()
    assert len(lost) == 1


def test_stopping_leaves_nothing_behind(crm: Counter) -> None:
    before = threading.active_count()
    server = crm.app().start()
    with httpx.Client(base_url=server.base_url) as client:
        client.get("/commit")
        server.stop()
        server.stop()
        with pytest.raises(httpx.TransportError):
            client.get("/commit")
    assert threading.active_count() == before


def test_a_server_can_be_started_again_on_its_port(crm: Counter) -> None:
    with crm.app() as server:
        port = int(server.base_url.rsplit(":", 1)[1])
        httpx.get(f"{server.base_url}/commit")
    app = build_app([], clock=crm.clock, faults=crm.faults, log=crm.log)
    with Server(app, port=port) as again:
        assert httpx.get(f"{again.base_url}/commit").status_code == 404


def test_a_taken_port_is_a_sentence(crm: Counter) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        app = build_app([], clock=crm.clock, faults=crm.faults, log=crm.log)
        with pytest.raises(ConfigError, match="is taken"):
            Server(app, port=other.getsockname()[1]).start()


def test_tls_is_trusted_through_the_file_and_not_otherwise(crm: Counter) -> None:
    app = build_app([Route("/commit", crm.commit)], clock=crm.clock, faults=crm.faults, log=crm.log)
    with Server(app, tls=True) as server:
        assert server.ca_file is not None
        trusted = ssl.create_default_context(cafile=str(server.ca_file))
        with httpx.Client(base_url=server.base_url, verify=trusted) as client:
            assert client.get("/commit").status_code == 200
            crm.faults.add(Fault(effect="drop_after"))
            with pytest.raises(httpx.TransportError):
                client.get("/commit")
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.base_url}/commit")
        file = server.ca_file
    assert not file.exists()
