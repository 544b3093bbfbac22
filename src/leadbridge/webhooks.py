"""An ASGI application that takes the webhooks of CRMs and turns them into hints.

::

    with Bridge.open() as bridge:
        app = WebhookApp(bridge.connections, bridge.store, address="https://hooks.example.com/leadbridge")
        uvicorn.run(app)  # or any other ASGI server

Each connection has the address ``<address>/<name of the connection>``. The adapter verifies the signature and names the
records; they are kept in the database, and the next pull asks the CRM about them. Nothing of a webhook's content is
believed or kept, so that a late, lost or repeated one can make us slow, never wrong.

An adapter whose CRM does not speak JSON, or wants to hear more than 204, says so in ``ACKNOWLEDGEMENT``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from leadbridge.adapter import Adapter, Hints
from leadbridge.clock import Clock, SystemClock
from leadbridge.errors import AdapterError, BadRequest, ConfigError, Forbidden, StoreError
from leadbridge.store import Store

__all__ = ["MAX_BODY", "Acknowledging", "WebhookApp"]

MAX_BODY = 1_000_000
"""Bytes that a webhook may have unless said otherwise: a hundred events of the longest kind are a tenth of it."""

_JSON = ("application/json", b"")

_log = logging.getLogger(__name__)

_Scope: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@runtime_checkable
class Acknowledging(Protocol):
    """An adapter whose CRM has a form of its own for webhooks."""

    ACKNOWLEDGEMENT: ClassVar[tuple[str, bytes]]
    """The media type of its webhooks, and the body that it takes for "received", in that same type."""


class WebhookApp:
    """Takes webhooks; answers 204 as soon as the hints are stored, or 200 with what the CRM wants to hear.

    Other answers: 400 the CRM's own events cannot be read, 403 the signature is wrong, 404 there is no such connection
    or it has no webhooks, 405 it is no POST, 413 it is too long, 415 it is not of the CRM's media type, 503 the
    database is busy: the CRM sends it again.

    Args:
        connections: the CRM accounts by name.
        store: where hints are kept.
        address: how the CRMs reach this application, as it is registered there. Signatures cover it, and behind a proxy
            nobody else knows it.
        clock: where the time comes from.
        max_body: bytes that a webhook may have.
        heard: called with the connection and the number of records after hints were stored, from any thread.

    Raises:
        ConfigError: ``address`` is no http or https address without a query.
    """

    def __init__(
        self,
        connections: Mapping[str, Adapter],
        store: Store,
        *,
        address: str,
        clock: Clock | None = None,
        max_body: int = MAX_BODY,
        heard: Callable[[str, int], None] | None = None,
    ) -> None:
        if not address.startswith(("https://", "http://")) or "?" in address or "#" in address:
            raise ConfigError("the address of webhooks is how CRMs reach us: https://hooks.example.com/leadbridge")
        self._hinting = {name: adapter for name, adapter in connections.items() if isinstance(adapter, Hints)}
        self._forms = {name: own.ACKNOWLEDGEMENT for name, own in connections.items() if isinstance(own, Acknowledging)}
        self._store = store
        self._address = address.rstrip("/")
        self._clock = clock or SystemClock()
        self._max_body = max_body
        self._heard = heard

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """One request, as the ASGI specification describes it."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            name = str(scope["path"]).removeprefix(scope.get("root_path", "")).removeprefix("/")
            status = await self._answer(scope, receive, name)
            if status:
                await self._say(send, name, status)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _say(self, send: _Send, name: str, status: int) -> None:
        media, body = self._forms.get(name, _JSON)
        headers = [(b"content-length", b"0")]
        if status == 204 and body:
            status, headers = 200, [(b"content-length", str(len(body)).encode()), (b"content-type", media.encode())]
        else:
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: _Scope, receive: _Receive, name: str) -> int:
        """The status to answer with; 0 when nobody is listening any more."""
        if name not in self._hinting:
            return 404
        if scope["method"] != "POST":
            return 405
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        if headers.get("content-type", "").partition(";")[0].strip().lower() != self._forms.get(name, _JSON)[0]:
            return 415
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._max_body:
            return 413
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return 0
            body += message.get("body", b"")
            if len(body) > self._max_body:
                return 413
            more = message.get("more_body", False)
        query = scope.get("query_string", b"").decode("latin-1")
        url = f"{self._address}/{name}{'?' + query if query else ''}"
        return await asyncio.to_thread(self._take, name, url, headers, body)

    def _take(self, name: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Verifies a webhook and keeps its hints."""
        try:
            refs = self._hinting[name].hints(method="POST", url=url, headers=headers, body=body)
            if refs:
                with self._store.transaction() as tx:
                    tx.hint(name, refs, self._clock.now())
                if self._heard is not None:
                    self._heard(name, len(refs))
        except Forbidden as error:
            _log.warning("a webhook for %s was refused: %s", name, error)
            return 403
        except BadRequest as error:
            _log.warning("a webhook for %s cannot be read: %s", name, error)
            return 400
        except (AdapterError, StoreError) as error:
            _log.warning("a webhook for %s could not be taken and will come again: %s", name, error)
            return 503
        return 204


async def _lifespan(receive: _Receive, send: _Send) -> None:
    """Starting and stopping need nothing: whoever made the store and the connections closes them."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
