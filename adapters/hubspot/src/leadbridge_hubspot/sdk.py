"""A customer's configured ``hubspot.HubSpot`` client as a transport: its token, proxy, certificates and connections.

The SDK's models, its retries and its exceptions stay out of the way: requests and answers pass as bytes, so that sizes,
statuses and headers arrive as HubSpot sent them.
"""

from __future__ import annotations

from typing import Any, Protocol

import httpx

from leadbridge.errors import ConfigError

__all__ = ["SdkClient", "SdkTransport"]

_SDK_VERSION = "v3"
"""hubspot-api-client speaks v3 and v4 only."""


class SdkClient(Protocol):
    """What we use of ``hubspot.HubSpot``."""

    @property
    def access_token(self) -> str | None:
        """The token that the client signs in with now."""
        ...

    @property
    def crm(self) -> Any:
        """The client's own way to its API clients."""
        ...


class SdkTransport(httpx.BaseTransport):
    """Sends requests through the connection pool of an SDK client.

    Raises:
        ConfigError: when the client cannot be used; then its own error says nothing that helps.
    """

    def __init__(self, client: SdkClient) -> None:
        try:
            self._api = client.crm.contacts.basic_api.api_client
            self.base_url = str(self._api.configuration.host)
            self._pool = self._api.rest_client.pool_manager
        except (AttributeError, ImportError, TypeError):
            raise ConfigError("from_sdk wants a client made by hubspot.HubSpot(access_token=...)") from None
        self._client = client

    def auth(self) -> dict[str, str]:
        """The header that signs a request in; asked before every request, because the client's token may be renewed."""
        token = self._client.access_token
        if not token:
            raise ConfigError("the HubSpot client has no access_token: set client.access_token first")
        return {"Authorization": f"Bearer {token}"}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request, once: the client's own retry setting is put aside, because the engine decides."""
        import urllib3
        from urllib3 import exceptions as failures

        limits = request.extensions.get("timeout", {})
        try:
            reply = self._pool.request(
                request.method,
                str(request.url),
                body=request.read() or None,
                headers=dict(request.headers),
                timeout=urllib3.Timeout(connect=limits.get("connect"), read=limits.get("read")),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            body = reply.read(decode_content=False)
            reply.release_conn()
        except (failures.NewConnectionError, failures.ConnectTimeoutError, failures.ProxyError) as error:
            raise httpx.ConnectError(type(error).__name__) from None
        except failures.TimeoutError as error:
            raise httpx.ReadTimeout(type(error).__name__) from None
        except failures.HTTPError as error:
            raise httpx.RemoteProtocolError(type(error).__name__) from None
        return httpx.Response(reply.status, headers=list(reply.headers.items()), content=body)

    def close(self) -> None:
        """Leaves the client alone: it belongs to whoever made it."""
