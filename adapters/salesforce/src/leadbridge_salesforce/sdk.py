"""A configured ``simple_salesforce.Salesforce`` as a transport: its session, proxies and sign-in are reused.

Only its ``requests`` session sends; its own methods are not used, because they have no timeout, drop headers when they
repeat a request after a 401, and put addresses and content of records into exceptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

import httpx
import requests

from leadbridge.errors import AdapterError, ConfigError, Unavailable
from leadbridge_salesforce.errors import from_sdk

__all__ = ["SdkToken", "SdkTransport", "address"]

_NEVER_SENT = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "SSLError", "ProxyError")
_DECODED = {"content-encoding", "content-length", "transfer-encoding"}


def address(client: Any) -> str:
    """Where the SDK's requests go. The SDK speaks https only, whatever address it was given."""
    host = getattr(client, "sf_instance", None)
    if not isinstance(host, str) or not host:
        raise ConfigError("salesforce: from_sdk needs a simple_salesforce.Salesforce that is signed in")
    return f"https://{host}"


class SdkTransport(httpx.BaseTransport):
    """Sends through the SDK's session. Closing it leaves the session open: it belongs to the caller."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        timeout: dict[str, float | None] = request.extensions.get("timeout", {})
        failure: httpx.TransportError
        try:
            answer = self._session.request(
                request.method,
                str(request.url),
                headers=dict(request.headers),
                data=request.read(),
                timeout=(timeout.get("connect"), timeout.get("read")),
                allow_redirects=False,
            )
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _DECODED]
            return httpx.Response(answer.status_code, headers=kept, content=answer.content)
        except requests.exceptions.ConnectTimeout:
            failure = httpx.ConnectTimeout("no connection")
        except requests.exceptions.Timeout:
            failure = httpx.ReadTimeout("no answer in time")
        except requests.exceptions.ConnectionError as error:
            lost = not any(name in repr(error) for name in _NEVER_SENT)
            failure = httpx.ReadError("connection lost") if lost else httpx.ConnectError("no connection")
        except requests.exceptions.RequestException:
            failure = httpx.RemoteProtocolError("the answer is broken")
        except OSError:
            # Such as a file of certificates that is not there: requests wraps whatever happens later.
            failure = httpx.ConnectError("no connection")
        # Raised here and not in the except clause: the SDK's exception, which holds the address, is not chained.
        raise failure


class SdkToken:
    """The SDK's session id, renewed by the SDK's own sign-in when it has one."""

    def __init__(self, client: Any, connection: str = "") -> None:
        self._client = client
        self._connection = connection
        self._lock = Lock()

    def header(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._client.session_id}"}

    def close(self) -> None:
        return None

    def renew(self, refused: Mapping[str, str]) -> bool:
        from simple_salesforce.exceptions import SalesforceError

        if self._client._salesforce_login_partial is None:
            return False
        with self._lock:
            if self.header() != refused:
                return True
            try:
                self._client._refresh_session()
                return True
            except requests.exceptions.RequestException:
                failure: AdapterError = Unavailable(
                    "the SDK could not reach Salesforce to sign in: check the network, then ask again",
                    sent=False,
                    operation="sign_in",
                    connection=self._connection,
                )
            except SalesforceError as error:
                failure = from_sdk(error, operation="sign_in", connection=self._connection)
        raise failure
