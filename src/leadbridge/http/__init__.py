"""What every adapter needs to talk HTTP: one client, one rate budget, one place for tokens.

The client makes exactly one request for one call: it never retries, never follows a redirect, never stores a cookie. It
waits in one place only, the :class:`RateBudget`, before a request. Whatever goes wrong leaves as an
:class:`~leadbridge.errors.AdapterError` that says what to do and carries no URL, no header and no content; the vendor's
exception is not chained to it.
"""

from __future__ import annotations

from leadbridge.http.client import HttpClient
from leadbridge.http.rate import RateBudget
from leadbridge.http.replies import Allowance, Reply, Usage, classify, retry_after
from leadbridge.http.tokens import MemoryTokenStore, TokenStore

__all__ = [
    "Allowance",
    "HttpClient",
    "MemoryTokenStore",
    "RateBudget",
    "Reply",
    "TokenStore",
    "Usage",
    "classify",
    "retry_after",
]
