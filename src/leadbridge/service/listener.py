"""The port of the service: uvicorn in a thread beside the loop, gone when the loop ends."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from leadbridge.errors import AdapterMissing, ConfigError

if TYPE_CHECKING:
    from leadbridge.service.front import Front

try:
    import uvicorn
except ImportError as missing:  # pragma: no cover - the tests of this package have it
    raise AdapterMissing('listening on a port needs an extra: pip install "leadbridge[service]"') from missing

__all__ = ["Listener"]

_PATIENCE = 10.0
"""Seconds that starting and stopping may take before something must be wrong."""


class _Uvicorn(uvicorn.Server):
    """uvicorn that says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class Listener:
    """Serves an application while the block runs.

    Args:
        app: what answers.
        host: the address to listen on; anything but this computer's own needs a proxy with TLS in front.
        port: 0 takes a free one.

    Attributes:
        base_url: where it can be reached, once it listens.

    Raises:
        ConfigError: the port or the address cannot be used.
    """

    def __init__(self, app: Front, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app, self._host, self._port = app, host, port
        self._running: tuple[_Uvicorn, threading.Thread] | None = None
        self.base_url = ""

    def __enter__(self) -> Self:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            listener = socket.create_server((self._host, self._port), family=found[0])
        except OSError as error:
            raise ConfigError(
                f"{self._host} port {self._port} cannot be listened on ({error.strerror}): "
                "choose another, or 0 for any port that is free"
            ) from None
        config = uvicorn.Config(
            cast("Any", self._app),
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        server = _Uvicorn(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="leadbridge-listener", daemon=True)
        thread.start()
        if not server.ready.wait(_PATIENCE):
            raise ConfigError("the server for health and metrics did not start")
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self.base_url = f"http://{shown}:{listener.getsockname()[1]}"
        self._running = (server, thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            server, thread = self._running
            self._running = None
            server.should_exit = True
            thread.join(_PATIENCE)
