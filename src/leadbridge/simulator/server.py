"""A real HTTP server on this computer, in a thread: what the vendors' own SDKs can talk to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from leadbridge.errors import AdapterMissing, ConfigError

try:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as missing:  # pragma: no cover - the tests of this package have it
    raise AdapterMissing('simulators need an extra: pip install "leadbridge[simulator]"') from missing

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["Server"]

_PATIENCE = 5.0
"""Seconds that starting and stopping may take before something must be wrong."""


class _Protocol(H11Protocol):
    """Tells the application how to cut the connection that a request came by: ``scope["state"]["cut"]``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self.app_state = {**self.app_state, "cut": transport.abort}
        super().connection_made(transport)


class _Uvicorn(uvicorn.Server):
    """uvicorn without its polling: it says at once when it is ready, and ends at once when told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = set(self.server_state.tasks)
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=1)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()

    def end(self) -> None:
        """Asks the loop to end; called from another thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)


class Server:
    """Serves an ASGI application on 127.0.0.1 until it is stopped. Also a context manager.

    Args:
        app: what answers the requests.
        port: where to listen; 0 takes a free one.
        tls: speak https, with a certificate made for this server; ``ca_file`` is then what a client has to trust.

    Raises:
        ConfigError: when the port is taken.
    """

    def __init__(self, app: ASGIApp, *, port: int = 0, tls: bool = False) -> None:
        self._app = app
        self._port = port
        self._tls = tls
        self._running: tuple[_Uvicorn, threading.Thread] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.base_url = ""
        self.ca_file: Path | None = None

    def start(self) -> Self:
        """Begins to listen; returns when requests are answered."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError:
            listener.close()
            raise ConfigError(f"port {self._port} is taken: choose another, or 0 for any that is free") from None
        config = uvicorn.Config(
            cast("Any", self._app),
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=60,
        )
        config.load()
        if self._tls:
            config.ssl = self._certificates()
        server = _Uvicorn(config)
        thread = threading.Thread(target=server.run, args=([listener],), name="leadbridge-simulator", daemon=True)
        thread.start()
        if not server.ready.wait(_PATIENCE):
            raise ConfigError("the simulator's server did not start")
        self.base_url = f"{'https' if self._tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        self._running = (server, thread)
        return self

    def stop(self) -> None:
        """Cuts what is open and ends the thread; stopping twice is fine."""
        if self._running is not None:
            server, thread = self._running
            self._running = None
            server.end()
            thread.join(_PATIENCE)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self if self._running is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _certificates(self) -> ssl.SSLContext:
        import trustme

        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._folder = tempfile.TemporaryDirectory(prefix="leadbridge-simulator-")
        self.ca_file = Path(self._folder.name) / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        return context
