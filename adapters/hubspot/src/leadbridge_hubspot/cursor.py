"""Where a stream of changes goes on: everything that reading has to remember, as text."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import sub
from types import MappingProxyType
from typing import Any

import orjson

from leadbridge.errors import CursorExpired

__all__ = ["Cursor"]

_FORM = 1
_MOST_REMEMBERED = 10_000
"""Records of the overlap whose stamps a cursor keeps. Beyond that some are handed out twice, which is allowed."""
_MOST_PARTS = 200

_PLAIN = ("phase", "mark", "began", "hi", "last", "after", "bin_mark", "bin_due", "bin_pages")


@dataclass(slots=True)
class Cursor:
    """A place in the stream. Times are epoch milliseconds of HubSpot's own clock.

    Attributes:
        phase: ``list`` (the first load), ``idle`` (between windows), ``window`` or ``bin`` (the recycle bin).
        mark: what changed before this was handed out, apart from what the index shows late.
        began: when the running walk began; 0 when none runs.
        hi: where the open window ends.
        last: the highest id of the window that was looked at.
        after: HubSpot's own place within a list or a query.
        bin_mark, bin_due, bin_pages: when the recycle bin was last walked, is walked again, and how large it is.
        seen: stamps of records that earlier walks handed out and that lie in the overlap, by id.
        added: the same of the running walk, page by page, packed; a walk goes up the ids and never meets them again.
        gone: stamps of archived records that were handed out and lie in the overlap, by id.
        pending: merged records to hand out next: (old id, survivor's id, stamp).
        packed: ``seen`` as text, while it stays what it was: a walk of many pages packs it once.
    """

    phase: str = "list"
    mark: int = 0
    began: int = 0
    hi: int = 0
    last: int = 0
    after: str = ""
    bin_mark: int = 0
    bin_due: int = 0
    bin_pages: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    pending: list[tuple[str, str, int]] = field(default_factory=list)
    packed: str = ""

    @classmethod
    def load(cls, text: str | None) -> Cursor:
        """The place that a text names; ``None`` is the beginning.

        Raises:
            CursorExpired: when the text is none of ours.
        """
        if text is None:
            return cls()
        try:
            data = orjson.loads(text)
            if data.pop("form") != _FORM:
                raise ValueError("another form")
            return cls(
                **{name: data[name] for name in _PLAIN if name in data},
                seen=_unpack(data.get("seen", "")),
                packed=data.get("seen", ""),
                added=[str(part) for part in data.get("added", ())],
                gone=dict(_unpack(data.get("gone", ""))),
                pending=[(str(old), str(new), int(at)) for old, new, at in data.get("pending", ())],
            )
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error, binascii.Error):
            pass
        raise CursorExpired("this place in the stream was not made by this version: read again from the beginning")

    def dump(self) -> str:
        """The place as text; equal places give equal texts."""
        data: dict[str, Any] = {"form": _FORM}
        data.update((name, value) for name in _PLAIN if (value := getattr(self, name)))
        if self.seen:
            data["seen"] = self.packed or _pack(self.seen)
        if self.added:
            data["added"] = self.added
        if self.gone:
            data["gone"] = _pack(self.gone)
        if self.pending:
            data["pending"] = self.pending
        return orjson.dumps(data).decode()

    def remember(self, stamps: Mapping[str, int], oldest: int) -> None:
        """Notes what was handed out, as far as the next walk can meet it."""
        kept = {id: stamp for id, stamp in stamps.items() if stamp >= oldest}
        if kept and len(self.added) < _MOST_PARTS:
            self.added.append(_pack(kept))

    def end_walk(self, settle_ms: int) -> None:
        """All that changed before the walk began has been handed out."""
        self.mark, self.began, self.hi, self.last = self.began, 0, 0, 0
        stamps = dict(self.seen)
        for part in self.added:
            stamps.update(_unpack(part))
        self.seen, self.added, self.packed = _newest(stamps, self.mark - settle_ms), [], ""

    def end_bin(self, *, pace_ms: int, settle_ms: int) -> None:
        """The recycle bin was walked to its end; the next walk comes the later, the more pages this one had."""
        self.bin_mark, self.bin_due = self.began, self.began + (self.bin_pages - 1) * pace_ms
        self.forget_gone(settle_ms)
        self.phase, self.began, self.bin_pages = "idle", 0, 0

    def forget_gone(self, settle_ms: int) -> None:
        """Forgets archived records that the next walk through the bin passes over anyway."""
        self.gone = _newest(self.gone, self.began - settle_ms)


def _newest(stamps: Mapping[str, int], oldest: int) -> dict[str, int]:
    kept = {id: stamp for id, stamp in stamps.items() if stamp >= oldest}
    if len(kept) > _MOST_REMEMBERED:
        newest = sorted(kept.items(), key=lambda item: (item[1], item[0]))[-_MOST_REMEMBERED:]
        kept = dict(newest)
    return kept


def _pack(stamps: Mapping[str, int]) -> str:
    """Ids ascending, as differences: a few bytes a record even when thousands changed at once."""
    ids, values = zip(*sorted(zip(map(int, stamps), stamps.values(), strict=True)), strict=True) if stamps else ((), ())
    numbers = [0] * (2 * len(ids))
    numbers[::2] = map(sub, ids, (0, *ids))
    numbers[1::2] = map(sub, values, (0, *values))
    return base64.b64encode(zlib.compress(orjson.dumps(numbers), 6)).decode()


@lru_cache(maxsize=8)  # the pages of one walk carry the same text
def _unpack(text: str) -> Mapping[str, int]:
    if not text:
        return {}
    numbers = orjson.loads(zlib.decompress(base64.b64decode(text)))
    stamps: dict[str, int] = {}
    id = stamp = 0
    for id_step, stamp_step in zip(numbers[::2], numbers[1::2], strict=True):
        id, stamp = id + id_step, stamp + stamp_step
        stamps[str(id)] = stamp
    return MappingProxyType(stamps)
