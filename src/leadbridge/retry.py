"""Asking again, with manners: the only place in leadbridge that repeats a call, and the only user of tenacity.

What is repeated follows from the class of the error, never from the place of the call: :class:`RateLimited` waits
exactly as long as the CRM said, :class:`Unavailable` and :class:`StoreBusy` wait a random time under a growing
ceiling, everything else is raised at once. Attempts and total time are both bounded. A call that must not happen
twice is repeated only when it surely did not happen.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import tenacity

from leadbridge.errors import ConfigError, RateLimited, StoreBusy, Unavailable

__all__ = ["Retry", "call"]

T = TypeVar("T")

_log = logging.getLogger(__name__)


def _no_wait(_: float) -> None:
    return


@dataclass(frozen=True, slots=True)
class Retry:
    """How patient a caller is. Times are in seconds.

    Attributes:
        attempts: how often a call is made at most; 1 never repeats.
        total_seconds: no wait begins that would end later than this after the first attempt.
        first: ceiling of the first wait; it doubles with every attempt.
        longest: ceiling of all waits that the CRM did not ask for.
        sleep: what waits.
        jitter: a number from 0 to 1, which part of the ceiling is waited.
    """

    attempts: int = 5
    total_seconds: float = 120.0
    first: float = 0.5
    longest: float = 30.0
    sleep: Callable[[float], None] = time.sleep  # noqa: TID251  # the engine's waiting happens here and nowhere else
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.total_seconds, self.first, self.longest) < 0:
            raise ConfigError("a retry policy needs at least one attempt and no negative times")

    def without_waiting(self) -> Self:
        """The same policy for tests: repeats as often, but never waits. Asked-for waits still count as time."""
        return replace(self, sleep=_no_wait)

    def wait(self, error: BaseException, attempt: int) -> float:
        """How long to wait after an attempt (1 is the first) failed with an error."""
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return max(0.0, error.retry_after)
        # "Full jitter": callers that failed together must not come back together. 2**30 seconds is for ever.
        return self.jitter() * min(self.longest, self.first * 2.0 ** min(attempt - 1, 30))


def call(fn: Callable[[], T], *, policy: Retry, repeatable: bool = True) -> T:
    """Calls a function, again if that can help, and returns what it returns.

    Args:
        fn: takes no arguments.
        policy: how often and how long.
        repeatable: whether it does no harm if the call happens twice: reading, and writing by key. Otherwise a lost
            answer (``Unavailable`` with ``sent``) is raised and left to the caller, who has to look what happened.

    Raises:
        LeadbridgeError: the last error, as it was.
    """

    def worth_it(error: BaseException) -> bool:
        if isinstance(error, Unavailable):
            return repeatable or not error.sent
        return isinstance(error, (RateLimited, StoreBusy))

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        return policy.wait(error, state.attempt_number) if error is not None else 0.0

    def stop(state: tenacity.RetryCallState) -> bool:
        # Waits count even when nobody really waited; so the bound can be tested.
        spent = max(state.seconds_since_start or 0.0, state.idle_for)
        return state.attempt_number >= policy.attempts or spent + state.upcoming_sleep > policy.total_seconds

    def note(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        _log.info(
            "%s in attempt %d of %d, again in %.1f s",
            type(error).__name__,
            state.attempt_number,
            policy.attempts,
            state.upcoming_sleep,
        )

    retrying = tenacity.Retrying(
        sleep=policy.sleep,
        stop=stop,
        wait=wait,
        retry=tenacity.retry_if_exception(worth_it),
        before_sleep=note,
        reraise=True,
    )
    return retrying(fn)
