"""One client for one CRM's API: one request for one call, and errors that carry nothing private.

Requests go to the transport directly and not through ``httpx.Client``, because that one logs full URLs at level INFO,
and URLs hold queries and addresses of people. (httpcore shows the headers of answers to who sets its logger to DEBUG.)
"""

from __future__ import annotations

import ssl
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache

import httpx
import orjson

from leadbridge.errors import AdapterError, BadRequest, ConfigError, Unavailable
from leadbridge.http.rate import RateBudget
from leadbridge.http.replies import Reply, classify

__all__ = ["HttpClient"]

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "leadbridge"}


class HttpClient:
    """A connection to one CRM's API. May be used by many threads at once.

    Args:
        base_url: what every path is appended to.
        connection: the connection's name, for error messages; may be set later.
        auth: gives the headers that sign a request in; asked before every request.
        transport: sends the requests; by default one over the network, through the proxy that the environment names.
        budget: waited for before every request.
        connect_timeout, read_timeout: seconds until a connection stands, and between two parts of an answer.
        verify: the certificates to trust, or whether to check them.
        errors: the vendor's classifier: turns an answer into an error, or returns ``None`` for the general rule. It is
            given the answer and the operation.

    Raises:
        ConfigError: when ``base_url`` is not a plain http or https address.
    """

    calls: Counter[str]
    """How many requests were sent so far, by operation."""

    def __init__(
        self,
        *,
        base_url: str,
        connection: str = "",
        auth: Callable[[], Mapping[str, str]] | None = None,
        transport: httpx.BaseTransport | None = None,
        budget: RateBudget | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        verify: ssl.SSLContext | bool = True,
        errors: Callable[[Reply, str], AdapterError | None],
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.connection = connection
        self.calls = Counter()
        self._auth = auth
        self._transport = transport or _network(_checked(self.base_url), verify)
        self._budget = budget
        self._timeout = httpx.Timeout(read_timeout, connect=connect_timeout, pool=connect_timeout).as_dict()
        self._errors = errors
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        params: Mapping[str, str | list[str]] | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        budget: RateBudget | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> Reply:
        """Sends one request and returns its answer.

        Args:
            method: the HTTP method.
            path: what follows ``base_url``; begins with a slash and may have a query of its own.
            operation: the step of the contract, for error messages and ``calls``.
            params: more of the query; a list repeats its name.
            json: sent as JSON, unless it is ``None``.
            content: sent as it is; needs a ``Content-Type`` in ``headers``.
            headers: added to ours, and stronger than they are.
            budget: waited for as well as the client's own budget.
            accept: statuses from 300 up that are answers and no errors.

        Raises:
            Unavailable: no proper answer came; ``sent`` is False when the request surely did not leave.
            AdapterError: what the vendor's classifier made of a status from 300 up.
        """
        request = self._build(method, path, operation, params=params, json=json, content=content, headers=headers)
        departure = _Departure([(each, each.acquire()) for each in (budget, self._budget) if each is not None])
        with self._lock:
            self.calls[operation] += 1
        reply = self._send(request, operation, departure)
        if reply.status < 300 or reply.status in accept:
            return reply
        raise self._error(reply, operation)

    def close(self) -> None:
        """Gives connections back; closing twice is fine."""
        self._transport.close()

    def _build(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        params: Mapping[str, str | list[str]] | None,
        json: object,
        content: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        signed = {**(self._auth() if self._auth is not None else {}), **(headers or {})}
        sendable = all(value.isascii() and value.isprintable() for value in signed.values())
        # Without the slash, "https://api.example" + ".evil.example" would carry our credentials to somebody else.
        # An address without a query is asked for again and again.
        parse = _parsed if "?" in path else _parsed_before
        url = parse(self.base_url + path) if path.startswith("/") else None
        if url is None or not sendable:
            what = "its path does not form an address" if sendable else "a header, perhaps a token, cannot be sent"
            raise BadRequest(f"the request cannot be made: {what}", connection=self.connection, operation=operation)
        all_headers = httpx.Headers(_HEADERS)
        if json is not None:
            content = orjson.dumps(json)
            all_headers["Content-Type"] = "application/json"
        all_headers.update(signed)
        if params:
            url = url.copy_merge_params(dict(params))
        return httpx.Request(method, url, headers=all_headers, content=content, extensions={"timeout": self._timeout})

    def _send(self, request: httpx.Request, operation: str, departure: _Departure) -> Reply:
        # The exceptions caught here know the request, with its address and headers. The error is raised after the
        # except clause has ended, so that they do not even become its hidden context.
        request.extensions["trace"] = departure
        departure.now()
        try:
            response = self._transport.handle_request(request)
            try:
                response.request = request
                body = response.read()
            finally:
                response.close()
            departure.answered(operation)
            return Reply(
                response.status_code, response.headers, body, self.connection, operation, moment=departure.moment
            )
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            name, never_sent = type(error).__name__, isinstance(error, _NEVER_SENT)
        reason = (
            f"no connection to the CRM ({name}): check the address, the network, the proxy and the certificates"
            if never_sent
            else f"the CRM gave no proper answer ({name}): ask again later"
        )
        raise Unavailable(reason, sent=not never_sent, connection=self.connection, operation=operation)

    def _error(self, reply: Reply, operation: str) -> AdapterError:
        try:
            error = self._errors(reply, operation)
        except Unavailable:
            error = None  # the classifier met a web page where it wanted JSON: the status says more than that
        if error is None:
            error = classify(reply)
        error.connection = error.connection or self.connection
        error.operation = error.operation or operation
        return error


class _Departure:
    """Tells the budgets when a request really left: the transport calls it at each step of sending."""

    def __init__(self, reserved: list[tuple[RateBudget, float]]) -> None:
        self._reserved = reserved

    @property
    def moment(self) -> float | None:
        """What counts for the client's own budget, which is the last one that is asked."""
        return self._reserved[-1][1] if self._reserved else None

    def now(self) -> None:
        self._reserved = [(budget, budget.departs(moment)) for budget, moment in self._reserved]

    def answered(self, operation: str) -> None:
        self._reserved = [(budget, budget.returns(moment, operation)) for budget, moment in self._reserved]

    def __call__(self, event: str, _: Mapping[str, object]) -> None:
        # By now the connection stands, however long that took.
        if event.endswith("send_request_headers.started"):
            self.now()


def _parsed(text: str) -> httpx.URL | None:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL:
        return None


_parsed_before = lru_cache(maxsize=256)(_parsed)


def _checked(base_url: str) -> httpx.URL:
    url = _parsed(base_url)
    if url is None or url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise ConfigError("base_url must be a plain address such as https://api.crm.example, without user or query")
    return url


def _network(url: httpx.URL, verify: ssl.SSLContext | bool) -> httpx.BaseTransport:
    """The ordinary way out, through the proxy that the environment names for this address."""
    if url.scheme == "http":
        # No certificate is needed, and reading all that are trusted takes longer than many calls; this trusts none.
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if proxy is None or urllib.request.proxy_bypass(url.host):
        return httpx.HTTPTransport(verify=verify)
    return httpx.HTTPTransport(verify=verify, proxy=httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}"))
