"""The application around a vendor's routes: logs requests, lets them go wrong on command, tells the CRM's time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from leadbridge.clock import Clock
from leadbridge.errors import AdapterMissing
from leadbridge.simulator.control import Control, control_routes
from leadbridge.simulator.faults import Fault, FaultQueue
from leadbridge.simulator.requests import RequestLog, SeenRequest

try:
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, JSONResponse, Response
except ImportError as missing:  # pragma: no cover - the tests of this package have it
    raise AdapterMissing('simulators need an extra: pip install "leadbridge[simulator]"') from missing

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["build_app"]

_PAGE = (
    "<!DOCTYPE html><html><head><title>Unavailable</title></head><body><h1>Please come back later</h1></body></html>"
)
_CONTROL = "/_control/"
_CANNED = frozenset({"status", "html", "empty"})


def build_app(
    routes: Sequence[BaseRoute],
    *,
    clock: Clock,
    faults: FaultQueue,
    log: RequestLog,
    control: Control | None = None,
    hold: float = 2.0,
) -> ASGIApp:
    """A vendor's routes with everything that all simulators have.

    Args:
        routes: Starlette routes; handlers are ``async`` and do their work in memory.
        clock: what the ``Date`` header and the log say.
        faults: what goes wrong.
        log: where requests are noted.
        control: what the control API under ``/_control/`` works on; without it there is none.
        hold: for how many seconds at most the effect ``timeout`` holds an answer back.
    """
    every = [*routes, *(control_routes(control, clock=clock, faults=faults, log=log) if control is not None else ())]
    return _Chassis(Starlette(routes=every), clock=clock, faults=faults, log=log, hold=hold)


class _Chassis:
    """The middleware; plain ASGI, because it has to be able to keep an answer from being sent."""

    def __init__(self, app: ASGIApp, *, clock: Clock, faults: FaultQueue, log: RequestLog, hold: float) -> None:
        self._app = app
        self._clock = clock
        self._faults = faults
        self._log = log
        self._hold = hold

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_CONTROL):
            await self._app(scope, receive, send)
            return
        method, path = str(scope["method"]), str(scope["path"])
        query = unquote_plus(scope.get("query_string", b"").decode("latin-1"))

        def note(status: int) -> None:
            self._log.add(SeenRequest(method, path, status, self._clock.now(), query))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
                # Noted before it leaves, so that who has the answer finds the request in the log.
                note(message["status"])
            await send(message)

        fault = self._faults.take(method, path, query)
        if fault is None:
            await self._app(scope, receive, answer)
        elif fault.effect in _CANNED:
            await _canned(fault)(scope, receive, answer)
        else:
            note(0)
            for message in await self._lose(fault, scope, receive):
                await send(message)
            await _cut(scope, receive)

    async def _lose(self, fault: Fault, scope: Scope, receive: Receive) -> list[Message]:
        """Does what an effect lets happen before the connection is cut; returns what is still sent."""
        if fault.effect == "timeout":
            await _gone(receive, self._hold)
        if fault.effect in ("timeout", "drop_before"):
            return []
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        return _half(kept) if fault.effect == "cut" else []


def _canned(fault: Fault) -> Response:
    headers = dict(fault.headers)
    if fault.effect == "html":
        return HTMLResponse(_PAGE, fault.status, headers)
    if fault.effect == "empty" or fault.body is None:
        return Response(b"", fault.status, headers)
    if isinstance(fault.body, str):
        return Response(fault.body, fault.status, headers, media_type="text/plain")
    return JSONResponse(json.loads(json.dumps(fault.body)), fault.status, headers)


def _half(kept: list[Message]) -> list[Message]:
    body = b"".join(message.get("body", b"") for message in kept if message["type"] == "http.response.body")
    start = next(message for message in kept if message["type"] == "http.response.start")
    if not body:
        return []  # nothing can be cut out of it, and a 204 would be complete with its headers
    headers = [(name, value) for name, value in start.get("headers", ()) if name.lower() != b"content-length"]
    return [
        {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]},
        {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True},
    ]


async def _cut(scope: Scope, receive: Receive) -> None:
    """Closes the connection, and waits until the server knows, so that it does not answer in our place."""
    abort: Callable[[], None] | None = scope.get("state", {}).get("cut")
    if abort is None:
        raise ConnectionAbortedError("this server cannot cut connections: use leadbridge.simulator.Server")
    abort()
    await _gone(receive, 1.0)


async def _gone(receive: Receive, seconds: float) -> None:
    async def until_gone() -> None:
        message: Any = {}
        while message.get("type") != "http.disconnect":
            message = await receive()

    try:
        await asyncio.wait_for(until_gone(), seconds)
    except TimeoutError:
        return
