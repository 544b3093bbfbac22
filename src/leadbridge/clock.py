"""The only place that asks for the time. Everything else is given a :class:`Clock`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock", "from_us", "iso", "parse_iso", "to_us"]


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """The present instant: timezone-aware, in UTC."""
        ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move: for tests, simulators and what-if questions.

    Args:
        start: an aware instant; it is kept in UTC.

    Raises:
        ValueError: when ``start`` has no time zone, or the clock would go backward.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware datetime: add a time zone, for example tzinfo=UTC")
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Moves the clock forward and returns the new time."""
        if by < timedelta(0):
            raise ValueError("a clock does not go backward")
        with self._lock:
            self._now += by
            return self._now

    def set(self, to: datetime) -> datetime:
        """Moves the clock forward to an instant and returns it."""
        return self.advance(to - self.now())


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def iso(instant: datetime) -> str:
    """An instant as text: UTC, milliseconds, ``Z``. The form in which instants travel as values of fields."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """The aware UTC instant of an ISO 8601 text; a plain date is its midnight in UTC."""
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def to_us(instant: datetime) -> int:
    """Microseconds since 1970 in UTC: how instants are stored and compared in the database and in Parquet."""
    return (instant - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def from_us(microseconds: int) -> datetime:
    """The aware UTC instant of microseconds since 1970. What is recorded together has one instant: it is made once."""
    return _EPOCH + timedelta(0, 0, microseconds)
