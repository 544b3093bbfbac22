"""The place in a stream of changes: opaque text that a later process can go on from.

One *scan* reads a window of SystemModstamp from its floor to the present, in the order of (SystemModstamp, Id). The
next scan begins ``look_back`` below where the one before ended, because a transaction stamps its records when it
writes them and shows them when it ends. What the overlap repeats unchanged is recognised by digests that travel in
the cursor.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from leadbridge.clock import iso, parse_iso
from leadbridge.errors import CursorExpired

__all__ = ["KEPT", "IdPlace", "Place"]

KEPT = 20_000
"""Most digests in a cursor (about 210 kB of text). What is beyond is repeated, never lost."""

_SIZE = 8
_OVERLAP = timedelta(seconds=5)
"""Always looked back over, on top of the setting: clocks of the servers of one org differ a little."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader of one kind stands.

    Attributes:
        kind: what is read; a cursor of another kind is refused.
        mark: everything committed before this moment was seen by finished scans; ``None`` before the first one.
        next_mark: what ``mark`` becomes when the running scan is finished; ``None`` between scans.
        until: where the running scan ends (exclusive).
        at: stamp and id of the last record read by the running scan.
        known: digests of what the finished scans saw inside the overlap.
        found: digests of what the running scan saw inside the next overlap, oldest first.
    """

    kind: str
    mark: datetime | None = None
    next_mark: datetime | None = None
    until: datetime | None = None
    at: tuple[str, str] | None = None
    known: frozenset[bytes] = frozenset()
    found: tuple[bytes, ...] = field(default=())

    def floor(self, look_back: timedelta) -> datetime | None:
        """The first stamp that the running scan reads (inclusive)."""
        return None if self.mark is None else self.mark - look_back - _OVERLAP

    def opened(self, asked_at: datetime | None, answered_at: datetime | None, last: datetime | None) -> Place:
        """The scan that a first answer has begun.

        Args:
            asked_at, answered_at: the server's time; ``None`` when the answer does not carry it.
            last: the last stamp in the answer, which stands in for the time.

        ``mark`` never goes back, even if the server's clock does.
        """
        moments = [moment for moment in (self.mark, asked_at or last) if moment is not None]
        if not moments:
            return self
        until = None if answered_at is None else max(*moments, answered_at) + timedelta(seconds=1)
        return replace(self, next_mark=max(moments), until=until)

    def closed(self) -> Place:
        """The place after the running scan has come to its end."""
        return Place(self.kind, mark=self.next_mark, known=frozenset(self.found[-KEPT:]))

    def dump(self) -> str:
        """The cursor."""
        body: dict[str, Any] = {"v": 1, "kind": self.kind}
        for name, moment in (("mark", self.mark), ("next", self.next_mark), ("until", self.until)):
            if moment is not None:
                body[name] = iso(moment)
        if self.at is not None:
            body["at"] = list(self.at)
        if self.known:
            body["known"] = _packed(sorted(self.known))
        if self.found:
            body["found"] = _packed(self.found[-KEPT:])
        return orjson.dumps(body).decode()

    @classmethod
    def load(cls, kind: str, cursor: str | None) -> Place:
        """The place that a cursor names; the beginning for ``None``.

        Raises:
            CursorExpired: it is not one of ours, or of another kind.
        """
        if cursor is None:
            return cls(kind)
        body = _body(cursor, kind)
        try:
            at = body.get("at")
            return cls(
                kind,
                mark=_moment(body.get("mark")),
                next_mark=_moment(body.get("next")),
                until=_moment(body.get("until")),
                at=(str(at[0]), str(at[1])) if at else None,
                known=frozenset(_unpacked(body.get("known", ""))),
                found=_unpacked(body.get("found", "")),
            )
        except (TypeError, ValueError, IndexError, NotBase64):
            raise _foreign() from None


@dataclass(frozen=True, slots=True)
class IdPlace:
    """Where a sweep over the ids of one kind stands: behind the last id."""

    kind: str
    after: str = ""

    def dump(self) -> str:
        """The cursor."""
        return orjson.dumps({"v": 1, "kind": self.kind, "id": self.after}).decode()

    @classmethod
    def load(cls, kind: str, cursor: str | None) -> IdPlace:
        """The place that a cursor names; the beginning for ``None``.

        Raises:
            CursorExpired: it is not one of ours, or of another kind.
        """
        if cursor is None:
            return cls(kind)
        after = _body(cursor, kind).get("id")
        if not isinstance(after, str):
            raise _foreign()
        return cls(kind, after)


def _body(cursor: str, kind: str) -> dict[str, Any]:
    try:
        body = orjson.loads(cursor)
    except orjson.JSONDecodeError:
        raise _foreign() from None
    if not isinstance(body, dict) or body.get("v") != 1 or body.get("kind") != kind:
        raise _foreign()
    return body


def _foreign() -> CursorExpired:
    return CursorExpired("this cursor does not belong to this stream: read again from a safe time", operation="changes")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_iso(text)


def _packed(digests: list[bytes] | tuple[bytes, ...]) -> str:
    return b64encode(b"".join(digests)).decode()


def _unpacked(text: str) -> tuple[bytes, ...]:
    raw = b64decode(text, validate=True)
    if len(raw) % _SIZE:
        raise ValueError("not a list of digests")
    return tuple(raw[start : start + _SIZE] for start in range(0, len(raw), _SIZE))
