"""Salesforce's rows, of JSON or of CSV, to records of the contract: worked out once for a kind and a set of fields.

Both ways lead over the same plain values, so that a record read through the Bulk API has the version that it has when
it is read through REST. A version is the SystemModstamp, which has a resolution of one second, and a digest of what was
read, which tells apart two states within one second.

The way from a row to its values is a function that is written for the columns and compiled: a loop over columns would
ask the same of each of them again for every record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, cast

import msgspec
import orjson
from xxhash import xxh3_64_digest

from leadbridge.adapter import Record, Ref
from leadbridge.clock import iso
from leadbridge.errors import Unavailable
from leadbridge_salesforce.mappers import Shape, decoder, id18, instant, utc
from leadbridge_salesforce.soql import name as checked

__all__ = ["Plain", "Rows", "digest"]

Plain: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]
"""One row as JSON scalars, instants as we write them, ids of 18 characters: all columns, and the fields by name."""

_Columns: TypeAlias = tuple[tuple[str, str], ...]
"""Names, each with Salesforce's word for its type."""

_TEXTS = frozenset({"datetime", "id", "reference"})
_ALWAYS = {"Id": "id", "SystemModstamp": "datetime"}
_State: TypeAlias = Literal["live", "deleted", "merged", "converted"]


class Rows:
    """How the rows of one kind become records.

    Attributes:
        kind: the kind of record.
        columns: what to select: the fields asked for as far as the org has them, then what tells a record's state.
        row: what a row of JSON is decoded into.

    Raises:
        BadRequest: a column has a name that Salesforce's names cannot have.
    """

    def __init__(self, shape: Shape, fields: Sequence[str]) -> None:
        self.kind = shape.kind
        names = sorted(shape.known(fields))
        self.columns = (*names, *(name for name in ("Id", "SystemModstamp", *shape.state) if name not in names))
        self._place = {name: place for place, name in enumerate(self.columns)}
        self._types = {name: _ALWAYS.get(name) or shape.salesforce_types.get(name, "") for name in self.columns}
        self._names = tuple(names)
        self.row, self._of_row = _of_row(tuple(self._types.items()), self._names)
        known = shape.info.fields
        self._last = [
            (name, reader)
            for name in names
            if known[name].type in ("ref", "options") and (reader := decoder(shape, known[name])) is not None
        ]

    def of_json(self, rows: Iterable[msgspec.Struct]) -> Iterator[Plain]:
        """Records as REST sends them, decoded into :attr:`row`, in their plain form."""
        return map(self._of_row, rows)

    def of_dicts(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Plain]:
        """Records as REST sends them, decoded into dictionaries that may hold more, in their plain form.

        Raises:
            Unavailable: a record is without a column, or holds in it what cannot stand there.
        """
        try:
            for row in rows:
                yield self._of_row(msgspec.convert(row, self.row))
        except msgspec.ValidationError:
            raise Unavailable("Salesforce sent a record without a field that was asked for: ask again") from None

    def of_csv(self, lines: Iterator[list[str]], head: Sequence[str]) -> Iterator[Plain]:
        """Records as the Bulk API sends them, in their plain form: all is text, with nothing for blank.

        Args:
            lines: the lines behind the first.
            head: the first line, which names the columns.

        Raises:
            ValueError: a line is not as long as the first, or holds what the type of its column cannot hold.
        """
        of_line = _of_line(tuple(self._types.items()), self._names, tuple(head))
        try:
            for line in lines:
                yield of_line(line)
        except KeyError:
            raise ValueError("a truth value is neither true nor false") from None

    def id(self, row: Plain) -> str:
        """The id of a record."""
        return str(row[0][self._place["Id"]])

    def place(self, row: msgspec.Struct) -> tuple[str, datetime]:
        """The id of a record that REST has sent, and when it was changed."""
        plain = self._of_row(row)
        return self.id(plain), _moment(plain[0][self._place["SystemModstamp"]])[0]

    def told(
        self, rows: Iterable[Plain], known: Set[bytes] = frozenset(), *, refs: bool = False
    ) -> Iterator[tuple[datetime, bytes, Record | Ref | None]]:
        """When each record was changed, the digest of its values, and what a page holds of it.

        Args:
            rows: the records; their fields become those of the items and are not to be used afterwards.
            known: digests of what has been delivered already; of that, the page holds nothing.
            refs: whether the page holds addresses only.
        """
        kind, last, place = self.kind, self._last, self._place
        id_at, stamp_at = place["Id"], place["SystemModstamp"]
        deleted_at, converted_at = place.get("IsDeleted"), place.get("IsConverted")
        for values, fields in rows:
            mine = digest(values)
            modified, text = _moment(values[stamp_at])
            if mine in known:
                yield modified, mine, None
                continue
            ref = Ref(kind, values[id_at])
            if refs:
                yield modified, mine, ref
                continue
            for name, reader in last:
                value = fields[name]
                if value is not None:
                    fields[name] = reader(value)
            version = f"{text}~{mine.hex()}"
            if (deleted_at is not None and values[deleted_at]) or (converted_at is not None and values[converted_at]):
                state, successor = _state(kind, dict(zip(self.columns, values, strict=True)))
                yield modified, mine, Record(ref, version, modified, fields, state, successor)
            else:
                yield modified, mine, Record(ref, version, modified, fields)

    def record(self, row: Mapping[str, Any]) -> Record:
        """The record of a row as REST sends it."""
        ((_, _, item),) = self.told(self.of_dicts([row]))
        assert isinstance(item, Record)
        return item


def digest(values: tuple[Any, ...]) -> bytes:
    """Eight bytes that change when any of some plain values does."""
    return xxh3_64_digest(orjson.dumps(values))


def _state(kind: str, row: Mapping[str, Any]) -> tuple[_State, Ref | None]:
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

# Salesforce's numbers have 18 digits at most; what has more could not be written as JSON again.
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | float | None

_JSON: Mapping[str, Any] = {
    **dict.fromkeys(_TEXTS, str | None),
    **dict.fromkeys(("int", "long", "double", "currency", "percent"), _Number),
}
"""What JSON may hold, by Salesforce's word for the type, for the types that we rely on."""


@lru_cache(maxsize=256)  # every page of a scan has the same columns
def _of_row(
    columns: _Columns, names: tuple[str, ...]
) -> tuple[type[msgspec.Struct], Callable[[msgspec.Struct], Plain]]:
    """What a row of JSON is decoded into, and a function from that to its plain form."""
    place = {name: f"v{each}" for each, (name, _) in enumerate(columns)}
    kept = [(place[name], str if name in _ALWAYS else _JSON.get(type_, Any)) for name, type_ in columns]
    row = msgspec.defstruct("Row", kept, rename={place[name]: checked(name) for name, _ in columns}, gc=False)
    lines = [f"{', '.join(place.values())}, = astuple(row)"]
    for name, type_ in columns:
        value = place[name]
        if type_ == "datetime":
            ours = f"{value}[:23] + 'Z' if {value}[23:] == '+0000' else utc({value})"
            lines.append(f"if {value} is not None: {value} = {ours}")
        elif type_ in _TEXTS:
            lines.append(f"if {value} is not None and len({value}) != 18: {value} = id18({value})")
    lines += _plain(place, names)
    made = _compiled("row", lines, {"astuple": msgspec.structs.astuple})
    return row, cast("Callable[[msgspec.Struct], Plain]", made)


@lru_cache(maxsize=256)
def _of_line(columns: _Columns, names: tuple[str, ...], head: tuple[str, ...]) -> Callable[[list[str]], Plain]:
    """A function from a line of CSV, whose columns may have any order, to its plain form."""
    place = {name: f"v{head.index(name)}" for name, _ in columns}
    lines = [f"({', '.join(f'v{each}' for each in range(len(head)))},) = line"]
    for name, type_ in columns:
        value = place[name]
        if type_ in _TYPED:
            lines.append(f"{value} = read_{type_}({value}) if {value} else None")
            continue
        lines.append(f"if not {value}: {value} = None")
        if type_ == "datetime":
            lines.append(f"elif len({value}) != 24 or {value}[23] != 'Z': {value} = utc({value})")
    lines += _plain(place, names)
    readers = {f"read_{type_}": reader for type_, reader in _TYPED.items()}
    return cast("Callable[[list[str]], Plain]", _compiled("line", lines, readers))


def _plain(place: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """The last lines of a function to a plain form: all columns, and the fields by name."""
    # Python takes longer over a display of more than fifteen items.
    fields = (f"fields[{name!r}] = {place[name]}" for name in names)
    return ["fields = {}", *fields, f"return ({', '.join(place.values())},), fields"]


def _compiled(argument: str, lines: Sequence[str], given: Mapping[str, Callable[..., Any]]) -> object:
    """A function of one argument. Names of columns stand in it as literals, so that they can be nothing but texts."""
    room: dict[str, Any] = {**given, "utc": utc, "id18": id18}
    body = "".join(f"\n {line}" for line in lines)
    exec(compile(f"def read({argument}):{body}", "<columns written out>", "exec"), room)
    return room["read"]
