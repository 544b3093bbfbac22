"""What the service shows over HTTP, and where CRMs may call: an ASGI application.

=================== ===========================================================================
``GET /healthz``    200 while all is well, else 503; either way JSON with the reason
``GET /metrics``    numbers for Prometheus
``POST /hooks/…``   webhooks, as :mod:`leadbridge.webhooks` takes them; only with an address
=================== ===========================================================================

A proxy that CRMs reach need forward ``/hooks/`` only; the rest is nobody else's business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import orjson

from leadbridge.service.health import Health
from leadbridge.service.meters import CollectorRegistry, Meters, make_asgi_app
from leadbridge.service.service import Service
from leadbridge.webhooks import WebhookApp

__all__ = ["HOOKS", "Front", "front"]

HOOKS = "/hooks"
"""Below this path are the webhooks, each connection under its name."""

_Scope: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Front:
    """The application.

    Args:
        health: how the service stands.
        registry: the numbers.
        hooks: what takes webhooks, if there are any.
    """

    def __init__(self, health: Health, registry: CollectorRegistry, hooks: WebhookApp | None = None) -> None:
        self._health, self._hooks = health, hooks
        self._metrics = make_asgi_app(registry)

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """One request."""
        if scope["type"] != "http":
            raise RuntimeError(f"this application speaks http only, not {scope['type']}: serve it without lifespan")
        path = str(scope["path"])
        if self._hooks is not None and path.startswith(f"{HOOKS}/"):
            await self._hooks({**scope, "root_path": HOOKS}, receive, send)
        elif path not in ("/healthz", "/metrics"):
            await _answer(send, 404, {"status": "there is /healthz and /metrics"})
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, {"status": "only GET"})
        elif path == "/metrics":
            await self._metrics(scope, receive, send)
        else:
            standing = self._health.look()
            await _answer(send, 200 if standing.ok else 503, standing.to_dict())


def front(service: Service, *, address: str = "") -> Front:
    """The application of a service: its health, its numbers, and webhooks that wake it.

    Args:
        service: counted from now on.
        address: how CRMs reach :data:`HOOKS`, as it is registered there; without it no webhooks are taken.

    Raises:
        ConfigError: ``address`` is no such address.
    """
    bridge, meters = service.bridge, Meters(service.bridge.clock, service.health)
    service.watch(meters)

    def heard(connection: str, records: int) -> None:
        meters.heard(connection, records)
        service.bell.ring()

    hooks = (
        WebhookApp(bridge.connections, bridge.store, address=address, clock=bridge.clock, heard=heard)
        if address
        else None
    )
    return Front(service.health, meters.registry, hooks)


async def _answer(send: _Send, status: int, document: dict[str, object]) -> None:
    body = orjson.dumps(document)
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
