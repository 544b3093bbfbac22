"""Nothing of a request or an answer is left in errors, representations or logs."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from leadbridge.clock import SystemClock
from leadbridge.errors import AdapterError, BadRequest
from leadbridge.http import HttpClient, MemoryTokenStore
from leadbridge.simulator import Fault, FaultQueue, RequestLog, Server, build_app

CANARY = "canary.person"


async def echo(request: Request) -> Response:
    await request.body()
    return JSONResponse({"email": f"{CANARY}@acme.example"})


@pytest.mark.parametrize("effect", ["status", "html", "empty", "timeout", "drop_before", "drop_after", "cut"])
def test_a_canary_stays_where_it_is(effect: str, caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultQueue()
    app = build_app(
        [Route("/{rest:path}", echo, methods=["POST"])], clock=SystemClock(), faults=faults, log=RequestLog(), hold=0.05
    )
    with caplog.at_level(logging.DEBUG), Server(app) as server:
        crm = HttpClient(
            base_url=server.base_url,
            auth=lambda: {"Authorization": f"Bearer {CANARY}"},
            errors=lambda reply, operation: None,
        )

        def ask() -> str:
            reply = crm.request(
                "POST",
                f"/leads/{CANARY}@acme.example",
                operation="find",
                params={"q": f"Email='{CANARY}@acme.example'"},
                json={"email": f"{CANARY}@acme.example"},
            )
            return repr(reply)

        shown = [ask(), repr(crm), str(vars(crm).get("base_url"))]
        body = {"message": f"{CANARY}@acme.example is wrong"}
        faults.add(Fault(effect=effect, body=body))  # type: ignore[arg-type]  # a Literal
        with pytest.raises(AdapterError) as caught:
            ask()
        crm.close()
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    assert CANARY not in "".join([*shown, str(error), repr(error), *error.args])
    assert CANARY not in caplog.text


@pytest.mark.parametrize("token", ["sécret", "secret\n", "secret\r\nX-Other: 1", "secret\0"])
def test_a_token_that_cannot_be_a_header_is_not_quoted(token: str) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    crm = HttpClient(
        base_url="http://127.0.0.1:9",
        transport=httpx.MockTransport(never),
        auth=lambda: {"Authorization": f"Bearer {token}"},
        errors=lambda reply, operation: None,
    )
    with pytest.raises(BadRequest, match="perhaps a token") as caught:
        crm.request("GET", "/", operation="describe")
    assert "cret" not in str(caught.value)
    assert crm.calls.total() == 0


def test_a_token_store_keeps_and_does_not_show() -> None:
    store = MemoryTokenStore()
    assert store.load("a") is None
    with store.lock("a"), store.lock("b"), store.lock("a"):
        store.save("a", "secret")
    assert store.load("a") == "secret"
    assert "secret" not in repr(store)
