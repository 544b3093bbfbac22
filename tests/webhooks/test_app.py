"""The ASGI application: what it believes, what it keeps, and how it answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Ref
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, StoreBusy, Unavailable
from leadbridge.memory import MemoryAdapter, MemoryCrm
from leadbridge.memory.webhooks import webhook
from leadbridge.store import Store
from leadbridge.webhooks import WebhookApp

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADDRESS = "https://hooks.acme.example/leadbridge"
REFS = [Ref("person", "crm-person-000001"), Ref("deal", "crm-deal-000002")]


class Deaf(MemoryAdapter):
    """An adapter that knows no webhooks."""

    hints = None  # type: ignore[assignment]  # that is what it lacks


@pytest.fixture
def crm() -> MemoryCrm:
    return MemoryCrm("crm")


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def app(crm: MemoryCrm, store: Store) -> WebhookApp:
    connections = {"left": MemoryAdapter(crm=crm), "deaf": Deaf("deaf")}
    return WebhookApp(connections, store, address=ADDRESS + "/", clock=ManualClock(NOW), max_body=5000)


def post(
    app: WebhookApp, headers: Mapping[str, str], body: bytes, *, path: str = "/left", method: str = "POST"
) -> httpx.Response:
    """One request through a real HTTP client, from an address that differs from the registered one."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8000") as client:
            return await client.request(method, path, headers=dict(headers), content=body)

    return asyncio.run(send())


def signed(crm: MemoryCrm, refs: Sequence[Ref] = REFS, url: str = f"{ADDRESS}/left") -> tuple[dict[str, str], bytes]:
    return webhook(crm.secret, url, refs)


def test_a_genuine_webhook_is_kept_as_hints_and_answered_without_content(
    app: WebhookApp, crm: MemoryCrm, store: Store
) -> None:
    answer = post(app, *signed(crm))
    assert (answer.status_code, answer.content) == (204, b"")
    assert store.hints("left") == dict.fromkeys(REFS, NOW)
    assert store.hints("deaf") == {}


def test_the_query_that_was_registered_belongs_to_the_address(app: WebhookApp, crm: MemoryCrm, store: Store) -> None:
    headers, body = signed(crm, url=f"{ADDRESS}/left?from=crm&x=%20")
    assert post(app, headers, body, path="/left?from=crm&x=%20").status_code == 204
    assert post(app, headers, body, path="/left?from=other").status_code == 403


def test_a_repeated_webhook_changes_nothing_but_the_time(app: WebhookApp, crm: MemoryCrm, store: Store) -> None:
    for _ in range(3):
        assert post(app, *signed(crm, [REFS[0], REFS[0]])).status_code == 204
    assert list(store.hints("left")) == [REFS[0]]


def test_a_forged_webhook_is_refused_and_leaves_nothing(
    app: WebhookApp, crm: MemoryCrm, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    headers, body = signed(crm)
    with caplog.at_level(logging.DEBUG):
        assert post(app, headers, body + b" ").status_code == 403
        assert post(app, {"Content-Type": "application/json"}, body).status_code == 403
    assert store.hints("left") == {}
    assert "a webhook for left was refused" in caplog.text
    assert crm.secret not in caplog.text


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/", "POST", {}, 404),
        ("/right", "POST", {}, 404),
        ("/deaf", "POST", {}, 404),
        ("/left/more", "POST", {}, 404),
        ("/left", "GET", {}, 405),
        ("/left", "PUT", {}, 405),
        ("/left", "POST", {}, 415),
        ("/left", "POST", {"Content-Type": "text/plain"}, 415),
        ("/left", "POST", {"Content-Type": "application/jsonp"}, 415),
    ],
)
def test_what_is_no_webhook_is_refused(
    app: WebhookApp, crm: MemoryCrm, store: Store, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    genuine, body = signed(crm)
    del genuine["Content-Type"]
    assert post(app, {**genuine, **headers}, body, path=path, method=method).status_code == status
    assert store.hints("left") == {}


def test_json_with_a_character_set_is_json(app: WebhookApp, crm: MemoryCrm) -> None:
    headers, body = signed(crm)
    assert post(app, {**headers, "Content-Type": "Application/JSON; charset=utf-8"}, body).status_code == 204


def test_a_signed_webhook_that_cannot_be_read_is_answered_with_400(app: WebhookApp, crm: MemoryCrm) -> None:
    from leadbridge.memory.webhooks import SIGNATURE, sign

    signature = sign(crm.secret, "POST", f"{ADDRESS}/left", b"{")
    assert post(app, {"Content-Type": "application/json", SIGNATURE: signature}, b"{").status_code == 400


def test_a_webhook_without_any_record_is_fine(app: WebhookApp, crm: MemoryCrm, store: Store) -> None:
    assert post(app, *signed(crm, [])).status_code == 204
    assert store.hints("left") == {}


def test_what_is_too_long_is_refused_before_it_is_read(app: WebhookApp, crm: MemoryCrm) -> None:
    headers, _ = signed(crm)
    assert post(app, headers, b"x" * 5001).status_code == 413
    sizes = iter([3000, 3000, 3000])
    read: list[int] = []

    async def receive() -> dict[str, Any]:
        read.append(next(sizes))
        return {"type": "http.request", "body": b"x" * read[-1], "more_body": True}

    assert _run(app, receive, headers=[(b"content-type", b"application/json"), (b"content-length", b"lots")]) == [413]
    assert read == [3000, 3000]


def test_who_hangs_up_gets_no_answer(app: WebhookApp, store: Store) -> None:
    told: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"[", "more_body": True},
        {"type": "http.disconnect"},
    ]
    messages = iter(told)

    async def receive() -> dict[str, Any]:
        return next(messages)

    assert _run(app, receive) == []
    assert store.hints("left") == {}


def test_when_the_database_is_busy_the_crm_is_asked_to_come_again(
    app: WebhookApp, crm: MemoryCrm, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise StoreBusy("somebody else holds the database: try again")

    monkeypatch.setattr(store, "transaction", busy)
    assert post(app, *signed(crm)).status_code == 503


def test_when_the_adapter_cannot_verify_now_the_crm_is_asked_to_come_again(store: Store) -> None:
    class Late(MemoryAdapter):
        def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
            raise Unavailable("the keys of the vendor cannot be read")

    late = WebhookApp({"left": Late()}, store, address=ADDRESS)
    assert post(late, {"Content-Type": "application/json"}, b"[]").status_code == 503


def test_mounted_below_another_application_only_its_own_part_of_the_path_counts(
    app: WebhookApp, crm: MemoryCrm, store: Store
) -> None:
    headers, body = signed(crm)
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    assert _run(app, receive, headers=raw, path="/hooks/left", root_path="/hooks") == [204]
    assert set(store.hints("left")) == set(REFS)


def test_it_starts_and_stops_as_servers_ask(app: WebhookApp) -> None:
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    said: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        said.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    asyncio.run(app({"type": "websocket"}, receive, send))
    assert said[-1] == "websocket.close"


@pytest.mark.parametrize(
    "address", ["", "hooks.acme.example", "ftp://x.example", "https://x.example/?a=1", "https://x/#y"]
)
def test_an_address_that_nobody_can_call_is_refused(store: Store, address: str) -> None:
    with pytest.raises(ConfigError, match="https://hooks"):
        WebhookApp({}, store, address=address)


def _run(
    app: WebhookApp,
    receive: Any,
    *,
    headers: Sequence[tuple[bytes, bytes]] = ((b"content-type", b"application/json"),),
    path: str = "/left",
    root_path: str = "",
) -> list[int]:
    """The statuses that were answered, to a request put together by hand."""
    said: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            said.append(message["status"])

    scope = {"type": "http", "method": "POST", "path": path, "root_path": root_path, "headers": headers}
    asyncio.run(app(scope, receive, send))
    return said
