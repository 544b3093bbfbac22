"""What every adapter needs to talk HTTP: one client, one rate budget, one place for tokens.

The client makes exactly one request for one call: it never retries, never follows a redirect, never stores a cookie. It
waits in one place only, the :class:`RateBudget`, before a request. Whatever goes wrong leaves as an
:class:`~leadbridge.errors.AdapterError` that says what to do and carries no URL, no header and no content; the vendor's
exception is not chained to it.

Requests go to the transport directly and not through ``httpx.Client``, because that one logs full URLs at level INFO,
and URLs hold queries and addresses of people. (httpcore shows the headers of answers to who sets its logger to DEBUG.)
"""

from __future__ import annotations

import ssl
import threading
import time
import urllib.request
from bisect import insort
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx
import orjson

from leadbridge.errors import (
    AdapterError,
    AuthExpired,
    BadRequest,
    ConfigError,
    Forbidden,
    RateLimited,
    Unavailable,
)

__all__ = ["HttpClient", "MemoryTokenStore", "RateBudget", "Reply", "TokenStore", "classify", "retry_after"]

_TRY_LATER = frozenset({408, 420, 423, 477})
"""Statuses below 500 that mean "not now": timeout, Salesforce's edge, a locked record, an account that is moving."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "leadbridge"}
_LARGEST_SECONDS = 1000.0
"""A larger ``Retry-After`` is in milliseconds: HubSpot sends both."""


class TokenStore(Protocol):
    """Where an adapter keeps what it got when it signed in, so that several processes can share one session."""

    def load(self, key: str) -> str | None:
        """What was saved under a key, or ``None``."""
        ...

    def save(self, key: str, value: str) -> None:
        """Keeps a secret under a key."""
        ...

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Holds a key while one process refreshes its token; the others wait, then load what was saved."""
        ...


class MemoryTokenStore:
    """A token store that forgets everything when the process ends: the default of every adapter."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()

    def load(self, key: str) -> str | None:
        with self._guard:
            return self._values.get(key)

    def save(self, key: str, value: str) -> None:
        with self._guard:
            self._values[key] = value

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(key, threading.RLock())
        with lock:
            yield


class RateBudget:
    """Keeps requests within rolling windows, for all threads that share it: the only thing in an adapter that waits.

    A caller reserves the earliest free moment, in the order of asking, and sleeps until then; so the ceiling is reached
    without ever being passed, and no thread is woken in vain.

    Args:
        windows: pairs of (requests, seconds); all of them hold at once.
        margin: the share of each window that is added to it, because requests overtake each other on their way.
        monotonic, sleep: what to use as the time and for waiting; tests give their own.
    """

    def __init__(
        self,
        *windows: tuple[int, float],
        margin: float = 0.005,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if any(maximum < 1 or seconds <= 0 for maximum, seconds in windows):
            raise ConfigError("a rate budget needs windows of at least one request in more than zero seconds")
        self._windows = {seconds: maximum for maximum, seconds in windows}
        self._stretch = 1.0 + margin
        self._monotonic = monotonic
        self._sleep = sleep
        self._moments: deque[float] = deque()
        self._lock = threading.Lock()

    @property
    def windows(self) -> tuple[tuple[int, float], ...]:
        """The windows in force, as pairs of (requests, seconds)."""
        return tuple((maximum, seconds) for seconds, maximum in self._windows.copy().items())

    def acquire(self) -> None:
        """Returns when one more request may be sent."""
        with self._lock:
            now, moments = self._monotonic(), self._moments
            moment = max(now, moments[-1]) if moments else now
            for seconds, maximum in self._windows.items():
                if len(moments) >= maximum:
                    moment = max(moment, moments[-maximum] + seconds * self._stretch)
            moments.append(moment)
            self._forget(now)
        if moment > now:
            self._sleep(moment - now)

    def learn(self, *, maximum: int, seconds: float, remaining: int | None = None) -> None:
        """Takes over what the CRM says in its answers: how many requests a window has, and how many are left.

        When fewer are left than we have used, somebody else uses the same account; their requests are counted as ours.
        Values that make no sense are ignored.
        """
        if maximum < 1 or seconds <= 0:
            return
        with self._lock:
            self._windows[seconds] = maximum
            if remaining is None:
                return
            now = self._monotonic()
            ours = sum(1 for moment in self._moments if now - seconds < moment <= now)
            for _ in range(min(maximum, maximum - remaining) - ours):
                insort(self._moments, now)

    def _forget(self, now: float) -> None:
        """Drops the moments that no window can still see."""
        horizon = now - max(self._windows, default=0.0) * self._stretch
        while self._moments and self._moments[0] < horizon:
            self._moments.popleft()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a CRM, read to its end. Only the status shows in its ``repr``."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    connection: str = ""
    operation: str = ""

    def json(self) -> Any:
        """The decoded body.

        Raises:
            Unavailable: when the body is empty, a web page or broken: then it is not the CRM's API that answered.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            what = {b"": "an empty body", b"<": "a web page"}.get(self.body.lstrip()[:1], "something else")
        raise Unavailable(
            f"the CRM answered {self.status} with {what} where JSON was expected: ask again later",
            connection=self.connection,
            operation=self.operation,
            code=str(self.status),
        )


def retry_after(reply: Reply) -> float | None:
    """How many seconds the CRM asks us to wait, or ``None`` when it does not say.

    ``Retry-After`` is seconds or a date (RFC 9110 §10.2.3); a number above 1000 is taken for milliseconds.
    """
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        try:
            wait = parsedate_to_datetime(text) - parsedate_to_datetime(reply.headers.get("date", ""))
        except (TypeError, ValueError):
            return None
        return max(0.0, wait.total_seconds())
    if not 0 <= number < float("inf"):
        return None
    return number / 1000 if number > _LARGEST_SECONDS else number


def classify(reply: Reply) -> AdapterError:
    """The error class of a status, when the vendor's own classifier has nothing better to say."""
    status = reply.status
    error: AdapterError
    if status == 401:
        error = AuthExpired("the CRM no longer accepts the credentials: reconnect this connection")
    elif status == 403:
        error = Forbidden("the credentials lack a permission for this: grant it in the CRM")
    elif status == 429:
        error = RateLimited("the CRM asks us to slow down: wait, then ask again", retry_after=retry_after(reply))
    elif status >= 500 or status in _TRY_LATER:
        error = Unavailable("the CRM cannot answer at the moment: ask again later")
    elif status < 400:
        error = Unavailable("the CRM points to another address: check base_url, or sign in to the network")
    else:
        error = BadRequest("the CRM refused the request as malformed: repeating it will not help")
    error.code = str(status)
    return error


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
        for each in (budget, self._budget):
            if each is not None:
                each.acquire()
        with self._lock:
            self.calls[operation] += 1
        reply = self._send(request, operation)
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
        url = _parsed(self.base_url + path) if path.startswith("/") else None
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

    def _send(self, request: httpx.Request, operation: str) -> Reply:
        # The exceptions caught here know the request, with its address and headers. The error is raised after the
        # except clause has ended, so that they do not even become its hidden context.
        try:
            response = self._transport.handle_request(request)
            try:
                response.request = request
                body = response.read()
            finally:
                response.close()
            return Reply(response.status_code, response.headers, body, self.connection, operation)
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


def _parsed(text: str) -> httpx.URL | None:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL:
        return None


def _checked(base_url: str) -> httpx.URL:
    url = _parsed(base_url)
    if url is None or url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise ConfigError("base_url must be a plain address such as https://api.crm.example, without user or query")
    return url


def _network(url: httpx.URL, verify: ssl.SSLContext | bool) -> httpx.BaseTransport:
    """The ordinary way out, through the proxy that the environment names for this address."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if proxy is None or urllib.request.proxy_bypass(url.host):
        return httpx.HTTPTransport(verify=verify)
    return httpx.HTTPTransport(verify=verify, proxy=httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}"))
