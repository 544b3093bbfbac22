"""Salesforce's rows, of JSON or of CSV, to records of the contract: worked out once for a kind and a set of fields.

Both ways lead over the same plain values, so that a record read through the Bulk API has the version that it has when
it is read through REST. A version is the SystemModstamp, which has a resolution of one second, and a digest of what was
read, which tells apart two states within one second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Literal, TypeAlias

import orjson

from leadbridge.adapter import Record, Ref
from leadbridge.clock import iso
from leadbridge.errors import Unavailable
from leadbridge_salesforce.mappers import Shape, decoder, id18, instant, utc

__all__ = ["Plain", "Rows", "digest"]

Plain: TypeAlias = dict[str, Any]
"""One row as JSON scalars: instants as we write them, ids of 18 characters."""

_ALWAYS = {"Id": "id", "SystemModstamp": "datetime"}
_State: TypeAlias = Literal["live", "deleted", "merged", "converted"]


class Rows:
    """How the rows of one kind become records.

    Attributes:
        kind: the kind of record.
        columns: what to select: the fields asked for as far as the org has them, then what tells a record's state.
    """

    def __init__(self, shape: Shape, fields: Sequence[str]) -> None:
        self.kind = shape.kind
        names = sorted(shape.known(fields))
        self._extra = tuple(name for name in ("Id", "SystemModstamp", *shape.state) if name not in names)
        self.columns = (*names, *self._extra)
        self._values = itemgetter(*self.columns)
        types = {name: _ALWAYS.get(name) or shape.salesforce_types.get(name, "") for name in self.columns}
        self._typed = {name: _TYPED[type_] for name, type_ in types.items() if type_ in _TYPED}
        self._instants = tuple(name for name, type_ in types.items() if type_ == "datetime")
        self._ids = tuple(name for name, type_ in types.items() if type_ in ("id", "reference"))
        known = shape.info.fields
        self._last = [
            (name, reader)
            for name in names
            if known[name].type in ("ref", "options") and (reader := decoder(shape, known[name])) is not None
        ]

    def of_json(self, rows: Iterable[dict[str, Any]]) -> Iterator[Plain]:
        """Records as REST sends them, in their plain form. The rows themselves are changed."""
        instants, ids = self._instants, self._ids
        try:
            for row in rows:
                for name in instants:
                    value = row[name]
                    if value is not None:
                        row[name] = f"{value[:23]}Z" if value[23:] == "+0000" else utc(value)
                for name in ids:
                    value = row[name]
                    if value is not None and len(value) != 18:
                        row[name] = id18(value)
                yield row
        except (KeyError, TypeError, AttributeError):
            raise Unavailable("Salesforce sent a record without a field that was asked for: ask again") from None

    def of_csv(self, lines: Iterator[list[str]], head: Sequence[str]) -> Iterator[Plain]:
        """Records as the Bulk API sends them, in their plain form: all is text, with nothing for blank.

        Args:
            lines: the lines behind the first.
            head: the first line, which names the columns.

        Raises:
            ValueError: a line is not as long as the first, or holds what the type of its column cannot hold.
        """
        typed = [(place, self._typed[name]) for place, name in enumerate(head) if name in self._typed]
        instants = [place for place, name in enumerate(head) if name in self._instants]
        width = len(head)
        try:
            for line in lines:
                if len(line) != width:
                    raise ValueError("a line is not as long as the first")
                values: list[Any] = [text or None for text in line]
                for place, reader in typed:
                    text = values[place]
                    if text is not None:
                        values[place] = reader(text)
                for place in instants:
                    text = values[place]
                    if text is not None and (len(text) != 24 or text[23] != "Z"):
                        values[place] = utc(text)
                yield dict(zip(head, values))  # noqa: B905  # as long as each other, and asking for it is slow
        except KeyError:
            raise ValueError("a truth value is neither true nor false") from None

    def place(self, row: Plain) -> tuple[str, datetime]:
        """The id of a record, and when it was changed."""
        return row["Id"], _moment(row["SystemModstamp"])[0]

    def told(
        self, rows: Iterable[Plain], known: Set[bytes] = frozenset(), *, refs: bool = False
    ) -> Iterator[tuple[datetime, bytes, Record | Ref | None]]:
        """When each record was changed, the digest of its values, and what a page holds of it.

        Args:
            rows: the records; their rows become the fields and are not to be used afterwards.
            known: digests of what has been delivered already; of that, the page holds nothing.
            refs: whether the page holds addresses only.
        """
        values, kind, extra, last = self._values, self.kind, self._extra, self._last
        for row in rows:
            mine = digest(values(row))
            modified, text = _moment(row["SystemModstamp"])
            if mine in known:
                yield modified, mine, None
                continue
            ref = Ref(kind, row["Id"])
            if refs:
                yield modified, mine, ref
                continue
            state, successor = _state(kind, row) if row.get("IsDeleted") or row.get("IsConverted") else ("live", None)
            for name in extra:
                del row[name]
            for name, reader in last:
                value = row[name]
                if value is not None:
                    row[name] = reader(value)
            yield modified, mine, Record(ref, f"{text}~{mine.hex()}", modified, row, state, successor)

    def record(self, row: dict[str, Any]) -> Record:
        """The record of a row as REST sends it."""
        ((_, _, item),) = self.told(self.of_json([row]))
        assert isinstance(item, Record)
        return item


def digest(values: tuple[Any, ...]) -> bytes:
    """Eight bytes that change when any of some plain values does."""
    return blake2b(orjson.dumps(values), digest_size=8).digest()


def _state(kind: str, row: Plain) -> tuple[_State, Ref | None]:
    """What a record that is no longer live has become, and what took its place."""
    if row.get("IsDeleted") and (master := row.get("MasterRecordId")):
        return "merged", Ref(kind, master)
    if row.get("IsConverted"):
        contact = row.get("ConvertedContactId")
        return "converted", Ref("Contact", contact) if contact else None
    return "deleted", None


@lru_cache(maxsize=4096)  # records of one import share their stamp, and each is asked for it twice
def _moment(text: str) -> tuple[datetime, str]:
    """An instant, and the same as we write it."""
    at = instant(text)
    return at, iso(at)


_TYPED: Mapping[str, Callable[[str], bool | int | float]] = {
    "boolean": {"true": True, "false": False}.__getitem__,
    "int": lambda text: int(float(text)) if "." in text else int(text),
    "long": int,
    "double": float,
    "currency": float,
    "percent": float,
}
"""How the text of a CSV becomes plain, by Salesforce's word for the type."""
