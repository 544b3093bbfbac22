"""How many calls an account has: in ten seconds, in a day, and searches in one second."""

from __future__ import annotations

import time
from collections import deque

from leadbridge_hubspot.simulator.answers import Refused
from leadbridge_hubspot.simulator.portal import Portal

__all__ = ["Limits"]

_DAY = 86_400.0


class Limits:
    """Counts calls, for the headers, and to refuse what is too much. A call that was refused does not count.

    They are counted in real time, or by the account's clock: ``Switches.limits_by_clock``.
    """

    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()
        self._day = 0
        self._today = 0

    def take(self, portal: Portal, *, search: bool) -> dict[str, str]:
        """The headers of an answer; searches carry none.

        Raises:
            Refused: with 429, when limits are enforced and were reached.
        """
        switches = portal.switches
        now = portal.now() / 1000 if switches.limits_by_clock else time.monotonic()
        self._new_day(portal.now())
        if search:
            self._search(now, portal)
            return {}
        within = _within(self._calls, now, switches.interval)
        if switches.enforce_limits:
            if self._today >= switches.daily:
                raise _refused("daily", "DAILY", self._headers(portal, within))
            if within >= switches.calls:
                raise _refused("ten_secondly_rolling", "TEN_SECONDLY_ROLLING", self._headers(portal, within))
        self._calls.append(now)
        self._today += 1
        return self._headers(portal, within + 1)

    def _search(self, now: float, portal: Portal) -> None:
        if _within(self._searches, now, 1.0) >= portal.switches.searches and portal.switches.enforce_limits:
            # HubSpot's answer to too many searches names neither a policy nor an error type.
            raise Refused(429, "You have reached your secondly limit.", "RATE_LIMITS")
        self._searches.append(now)
        self._today += 1

    def _new_day(self, now: int) -> None:
        day = int(now / 1000 // _DAY)
        if day != self._day:
            self._day, self._today = day, 0

    def _headers(self, portal: Portal, used: int) -> dict[str, str]:
        switches = portal.switches
        return {
            "X-HubSpot-RateLimit-Max": str(switches.calls),
            "X-HubSpot-RateLimit-Remaining": str(max(0, switches.calls - used)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(switches.interval * 1000)),
            "X-HubSpot-RateLimit-Daily": str(switches.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, switches.daily - self._today)),
        }


def _refused(words: str, policy: str, headers: dict[str, str]) -> Refused:
    refused = Refused(
        429,
        f"You have reached your {words} limit.",
        errorType="RATE_LIMIT",
        policyName=policy,
        groupName="publicapi:private-apps:api-calls:simulator",
    )
    refused.headers = headers
    return refused


def _within(moments: deque[float], now: float, seconds: float) -> int:
    while moments and moments[0] <= now - seconds:
        moments.popleft()
    return len(moments)
