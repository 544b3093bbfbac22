"""A proxy through which clients with fixed addresses reach the simulated org: every host of Salesforce is this one.

``simple_salesforce`` signs in at ``https://{domain}.salesforce.com`` and nowhere else. Told to use this proxy and to
trust its certificates, it talks to the simulator, unmodified.
"""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import trustme

__all__ = ["ConnectProxy"]

_LONGEST = 65_536


class ConnectProxy:
    """Answers ``CONNECT`` on a free port of this computer until it is stopped. Also a context manager.

    Args:
        simulator_url: where the simulator answers; it must have been started with ``tls``.
        simulator_ca: what its certificate is signed by.

    Attributes:
        url: the proxy's address.
        ca_file: what a client has to trust.
    """

    def __init__(self, simulator_url: str, simulator_ca: Path) -> None:
        parts = urlsplit(simulator_url)
        self._target = (str(parts.hostname), int(parts.port or 443))
        self._outwards = ssl.create_default_context(cafile=str(simulator_ca))
        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="leadbridge-proxy-")
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))
        self._end, self._ended = socket.socketpair()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                proxy._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="leadbridge-proxy", daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Cuts what is open and ends the threads; stopping twice is fine."""
        self._end.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._ended.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self, client: socket.socket) -> None:
        method, host = _asked(client)
        if method != "CONNECT" or not host.endswith(".salesforce.com"):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with (
                self._context(host).wrap_socket(client, server_side=True) as inside,
                socket.create_connection(self._target) as plain,
                self._outwards.wrap_socket(plain, server_hostname=self._target[0]) as outside,
            ):
                self._relay(inside, outside)
        except OSError:
            # Either side hung up, or the client does not trust this certificate: there is nobody to tell.
            return

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(host).configure_cert(self._contexts[host])
            return self._contexts[host]

    def _relay(self, inside: ssl.SSLSocket, outside: ssl.SSLSocket) -> None:
        """Passes on what comes from either side, until one of them or the proxy ends."""
        ways = ((inside, outside), (outside, inside))
        while True:
            if not inside.pending() and not outside.pending():
                ready = select.select([inside, outside, self._ended], [], [])[0]
                if self._ended in ready:
                    return
            for one, other in ways:
                data = _received(one)
                if data is None:
                    return
                other.sendall(data)


def _received(side: ssl.SSLSocket) -> bytes | None:
    """What has come; nothing when it was for TLS itself, ``None`` at the end."""
    side.setblocking(False)
    try:
        return side.recv(_LONGEST) or None
    except ssl.SSLWantReadError:
        return b""
    finally:
        side.setblocking(True)


def _asked(client: socket.socket) -> tuple[str, str]:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _LONGEST:
        more = client.recv(_LONGEST)
        if not more:
            break
        head += more
    words = head.decode("latin-1").split(" ")
    return (words[0], words[1].rpartition(":")[0]) if len(words) > 1 else ("", "")
