"""The calls that an org may make in 24 hours, and the share of them that we take at most.

Salesforce says with every answer how much of the allowance is used, by everybody together. A sync that uses it up stops
every other integration of the company for hours, so a share can be set that it does not pass.

Source: REST API Developer Guide, "API Usage Header"; the header may hold other items before and behind ``api-usage``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from leadbridge.errors import RateLimited
from leadbridge.http import Usage

__all__ = ["DAILY_PAUSE", "Allowance", "usage"]

DAILY_PAUSE = 3600.0
"""Seconds to leave an org alone whose rolling 24-hour allowance is used up; Salesforce itself does not say."""

_OLD = 900.0
"""Seconds after which what we know is old: the allowance rolls, so one call finds out."""

_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")


def usage(header: str) -> Usage | None:
    """The item ``api-usage`` of ``Sforce-Limit-Info``; the header may hold others before and behind it."""
    found = _USAGE.search(header)
    return Usage(int(found[1]), int(found[2])) if found else None


class Allowance:
    """What is known of the allowance, and whether one more call is within our share.

    Args:
        share: of the allowance, above 0 and up to 1; with 1 Salesforce itself says when it is used up.
        monotonic: what to use as the time; tests give their own.
    """

    def __init__(self, share: float = 1.0, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._monotonic = monotonic
        self._known: tuple[Usage, float] | None = None

    @property
    def usage(self) -> Usage | None:
        """As of the last answer; ``None`` before the first."""
        return self._known[0] if self._known is not None else None

    def learn(self, header: str) -> None:
        """Takes over what an answer says."""
        found = usage(header)
        if found is not None:
            self._known = (found, self._monotonic())

    def check(self, *, operation: str, connection: str) -> None:
        """Called before every request.

        Raises:
            RateLimited: the org has used our share of its allowance; nothing was sent.
        """
        if self._share >= 1 or self._known is None:
            return
        known, learned = self._known
        if known.used < self._share * known.allowed:
            return
        if self._monotonic() - learned > _OLD:
            self._known = (known, self._monotonic())  # this one call asks; the others wait for what it learns
            return
        raise RateLimited(
            f"the org has used {known.used} of its {known.allowed} API calls for 24 hours, and daily_share says to "
            "stop there: wait, or raise daily_share",
            retry_after=DAILY_PAUSE,
            connection=connection,
            operation=operation,
            code="DAILY_SHARE",
        )
