"""The place in a stream of changes: opaque text that a later process can go on from.

One *scan* reads a window of SystemModstamp from its floor to the present, in the order of (SystemModstamp, Id). The
next scan begins ``look_back`` below where the one before ended, because a transaction stamps its records when it
writes them and shows them when it ends. What the overlap repeats unchanged is recognised by digests that travel in
the cursor.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from leadbridge.clock import iso, parse_iso
from leadbridge.errors import CursorExpired
from leadbridge_salesforce.mappers import is_id

__all__ = ["KEPT", "IdPlace", "Job", "Place"]

KEPT = 20_000
"""Most digests in a cursor (about 210 kB of text). What is beyond is repeated, never lost."""

_SIZE = 8
_MOMENTS = {"mark": "mark", "next": "next_mark", "until": "until", "asked": "asked", "held": "held", "again": "again"}
_OVERLAP = timedelta(seconds=5)
"""Always looked back over, on top of the setting: clocks of the servers of one org differ a little."""


@dataclass(frozen=True, slots=True)
class Job:
    """Where a reader of a bulk query's results stands: ``skip`` rows behind a locator; the first one is empty."""

    id: str
    locator: str = ""
    skip: int = 0


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
        found: digests of what the running scan saw inside the next overlap, oldest first and one after the other.
        read: how many records the running scan has read.
        job: the bulk query that reads the rest of the running scan, everything behind ``at``.
        alone: whether the running scan does without bulk queries, because one has failed.
        asked: until when Salesforce was asked which records it believes to have changed or gone.
        told: digests of what only Salesforce's record of changes has shown, as of its last answer.
        held: since when a transaction has been open, when that is longer than we look back over.
        again: from where the running scan reads, because such a transaction has ended.
    """

    kind: str
    mark: datetime | None = None
    next_mark: datetime | None = None
    until: datetime | None = None
    at: tuple[str, str] | None = None
    known: frozenset[bytes] = frozenset()
    found: bytes = b""
    read: int = 0
    job: Job | None = None
    alone: bool = False
    asked: datetime | None = None
    told: frozenset[bytes] = frozenset()
    held: datetime | None = None
    again: datetime | None = None

    def floor(self, look_back: timedelta) -> datetime | None:
        """The first stamp that the running scan reads (inclusive)."""
        if self.mark is None:
            return None
        usual = self.mark - look_back - _OVERLAP
        return usual if self.again is None else min(usual, self.again)

    @property
    def covered(self) -> datetime | None:
        """Before this moment nothing is missing, between scans."""
        return self.mark if self.mark is None or self.held is None else min(self.mark, self.held)

    def opened(self, asked_at: datetime | None, answered_at: datetime | None, last: datetime | None) -> Place:
        """The scan that a first answer has begun.

        Args:
            asked_at: the server's time of the question; ``None`` when the answer does not carry it.
            answered_at: the server's time of the answer.
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
        return Place(
            self.kind,
            mark=self.next_mark,
            known=frozenset(_each(self.found[-KEPT * _SIZE :])),
            asked=self.next_mark if self.mark is None else self.asked,
            told=self.told,
            held=self.held,
        )

    def dump(self) -> str:
        """The cursor."""
        body: dict[str, Any] = {"v": 1, "kind": self.kind}
        for name, attribute in _MOMENTS.items():
            moment = getattr(self, attribute)
            if moment is not None:
                body[name] = iso(moment)
        if self.read:
            body["read"] = self.read
        if self.job is not None:
            body["job"] = [self.job.id, self.job.locator, self.job.skip]
        if self.alone:
            body["alone"] = True
        if self.at is not None:
            body["at"] = list(self.at)
        for name, digests in (("known", self.known), ("told", self.told)):
            if digests:
                body[name] = b64encode(b"".join(sorted(digests)[:KEPT])).decode()
        if self.found:
            body["found"] = b64encode(self.found[-KEPT * _SIZE :]).decode()
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
            job = body.get("job")
            return cls(
                kind,
                **{attribute: _moment(body.get(name)) for name, attribute in _MOMENTS.items()},
                at=(iso(parse_iso(at[0])), _key(at[1])) if at else None,
                known=frozenset(_each(_unpacked(body.get("known", "")))),
                told=frozenset(_each(_unpacked(body.get("told", "")))),
                found=_unpacked(body.get("found", "")),
                read=int(body.get("read", 0)),
                job=Job(_key(job[0]), str(job[1]), int(job[2])) if job else None,
                alone=bool(body.get("alone")),
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
        if not isinstance(after, str) or (after and not is_id(after)):
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


def _key(text: str) -> str:
    """An id; whatever else stands in its place would become a part of a statement or of a path."""
    if not is_id(text):
        raise ValueError("not an id")
    return text


def _unpacked(text: str) -> bytes:
    raw = b64decode(text, validate=True)
    if len(raw) % _SIZE:
        raise ValueError("not a list of digests")
    return raw


def _each(digests: bytes) -> Iterator[bytes]:
    return (digests[start : start + _SIZE] for start in range(0, len(digests), _SIZE))
