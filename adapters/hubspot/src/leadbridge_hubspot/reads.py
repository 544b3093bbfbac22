"""Reading records by what they are called: ids, addresses, our own key. From the live store, never from search.

A record that is not where it was asked for may lie in the recycle bin, or may have been merged into another one:
HubSpot then answers the old id with the record that it became.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from leadbridge.adapter import FieldInfo, Missing, Record, Ref, Value
from leadbridge.errors import Unavailable, Unsupported
from leadbridge_hubspot.associations import read_associations
from leadbridge_hubspot.errors import body_of, refusal_of
from leadbridge_hubspot.mappers import MERGED_IDS, Raw, merged_ids
from leadbridge_hubspot.rows import Decoder, Row
from leadbridge_hubspot.wire import HISTORY_BATCH, READ_BATCH, Wire, listing

__all__ = ["Reads", "chunks", "is_id"]

T = TypeVar("T")
_ID_DIGITS = 20
_FURTHER_EMAILS = "hs_additional_emails"


def is_id(text: str) -> bool:
    """Whether a text can be the id of a HubSpot record. Nothing else may become part of an address."""
    return text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Parts of a list, each of at most ``size`` items."""
    return (items[start : start + size] for start in range(0, len(items), size))


class Reads:
    """Strongly consistent reading."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def batch(
        self,
        kind: str,
        ids: Iterable[str],
        row: type[T],
        *,
        operation: str,
        properties: Sequence[str],
        archived: bool = False,
        id_property: str | None = None,
        history: Sequence[str] = (),
    ) -> list[T]:
        """The records with these ids, or values of a unique property, in any order; what is missing is left out.

        Args:
            kind: of the records.
            ids: their ids, or values of ``id_property``.
            row: what a record is decoded into: ``dict``, or the ``row`` of a decoder.
            operation: for error messages.
            properties: what to read of each.
            archived: read the recycle bin instead of the live records.
            id_property: the unique property that ``ids`` are values of.
            history: properties whose past values are wanted; HubSpot then reads fewer records at a time.
        """
        path = self._wire.objects(kind, operation, "/batch/read")
        found: list[T] = []
        for part in chunks(list(dict.fromkeys(ids)), HISTORY_BATCH if history else READ_BATCH):
            body: dict[str, Any] = {
                "inputs": [{"id": each} for each in part],
                "properties": list(properties),
                "propertiesWithHistory": list(history),
            }
            if id_property is not None:
                body["idProperty"] = id_property
            params = {"archived": "true"} if archived else None
            # When none of the records exists, some versions answer 404 instead of an empty list.
            reply = self._wire.post(path, operation, body, params=params, accept=frozenset({404}))
            if reply.status == 404:
                self._check(body_of(reply).get("errors") or (), operation)
                continue
            answer = listing(reply, row)
            self._check(answer.errors, operation)
            found.extend(answer.rows)
        return found

    def fetch(
        self, kind: str, ids: Sequence[str], *, known: Mapping[str, FieldInfo], fields: Sequence[str]
    ) -> dict[str, Record | Missing]:
        """The present state of records, by the id that was asked for."""
        decoder = Decoder(kind, known, fields)
        raws = self.present(kind, ids, operation="fetch", properties=decoder.properties)
        # Two old ids may have become one record, whose answer makes one record only.
        whose = {each: str(raw["id"]) for each, raw in raws.items()}
        answers = list({str(raw["id"]): raw for raw in raws.values()}.values())
        records = {each.ref.id: each for each in self.records(decoder, decoder.rows(answers), operation="fetch")}
        return {each: records[whose[each]] if each in whose else Missing(Ref(kind, each)) for each in ids}

    def present(
        self, kind: str, ids: Iterable[str], *, operation: str, properties: Sequence[str], history: Sequence[str] = ()
    ) -> dict[str, Raw]:
        """What became of each id: the live record, the archived one, or the one that it was merged into."""
        asked = [each for each in dict.fromkeys(ids) if is_id(each)]
        wanted = (*properties, MERGED_IDS)
        found: dict[str, Raw] = {}
        successors: dict[str, Raw] = {}
        for raw in self.batch(kind, asked, dict, operation=operation, properties=wanted, history=history):
            found[str(raw["id"])] = raw
            merged = (raw.get("properties") or {}).get(MERGED_IDS)
            successors.update(dict.fromkeys(merged_ids(merged, str(raw["id"])), raw))
        lost = [each for each in asked if each not in found]
        for raw in self.batch(kind, lost, dict, operation=operation, properties=wanted, history=history, archived=True):
            found.setdefault(str(raw["id"]), raw)
        lost = [each for each in lost if each not in found]
        heirs = {each: heir for each in lost if each not in successors and (heir := self._heir(kind, each, operation))}
        for raw in self.batch(kind, heirs.values(), dict, operation=operation, properties=wanted, history=history):
            successors.update((each, raw) for each, heir in heirs.items() if heir == str(raw["id"]))
        found.update((each, successors[each]) for each in lost if each in successors)
        return {each: found[each] for each in asked if each in found}

    def records(self, decoder: Decoder, rows: Sequence[Row[Any]], *, operation: str) -> list[Record]:
        """The records of answers, in their order; associations are read with as few calls as they need."""
        if not decoder.linked:
            return [decoder.record(row) for row in rows]
        live = [row.id for row in rows if not row.archived]
        values: dict[str, dict[str, Value]] = {id: {} for id in live}
        for field, to in decoder.linked.items():
            found = read_associations(self._wire, decoder.kind, to, live, operation=operation)
            for id in live:
                values[id][field] = found.get(id)
        return [decoder.record(row, values.get(row.id)) for row in rows]

    def find(
        self, kind: str, field: str, values: Sequence[str], *, known: Mapping[str, FieldInfo], fields: Sequence[str]
    ) -> list[tuple[Record, ...]]:
        """The records whose unique field has a value, for each value in order, the archived ones last."""
        if field != "hs_object_id" and not (field in known and known[field].unique):
            raise Unsupported(
                f"finding a {kind} by {field!r}: HubSpot looks only unique properties up without delay",
                operation="find",
            )
        decoder = Decoder(kind, known, fields)
        wanted = [_normal(value) for value in values]
        askable = [value for value in wanted if value and (field != "hs_object_id" or is_id(value))]
        further = (field, _FURTHER_EMAILS) if field == "email" else (field,)
        properties = tuple(dict.fromkeys((*decoder.properties, *further)))
        by_value: dict[str, dict[Ref, Record]] = {value: {} for value in wanted}
        for archived in (False, True):
            raws = self.batch(
                kind,
                askable,
                dict,
                operation="find",
                properties=properties,
                archived=archived,
                id_property=None if field == "hs_object_id" else field,
            )
            called = [_values_of(raw, field) for raw in raws]
            for names, record in zip(called, self.records(decoder, decoder.rows(raws), operation="find"), strict=True):
                for value in names:
                    if value in by_value:
                        by_value[value].setdefault(record.ref, record)
        return [tuple(by_value[value].values()) for value in wanted]

    def _heir(self, kind: str, id: str, operation: str) -> str | None:
        """The id of the record that an old id stands for; asked for alone, because batches need not follow merges."""
        path = self._wire.objects(kind, operation, f"/{id}")
        reply = self._wire.get(path, operation, {"properties": "hs_object_id"}, accept=frozenset({404}))
        return None if reply.status == 404 else str(reply.json()["id"])

    @staticmethod
    def _check(errors: Sequence[Mapping[str, Any]], operation: str) -> None:
        """A missing record is an answer; any other error in a batch would pass a live record off as missing."""
        for error in errors:
            code = refusal_of(error).code
            if code != "OBJECT_NOT_FOUND":
                raise Unavailable(
                    "HubSpot could not read some of the records: ask again", operation=operation, code=code
                )


def _values_of(raw: Raw, field: str) -> set[str]:
    if field == "hs_object_id":
        return {str(raw["id"])}
    properties = raw.get("properties") or {}
    values = {properties.get(field)}
    if field == "email":
        values.update((properties.get(_FURTHER_EMAILS) or "").split(";"))
    return {_normal(value) for value in values if value}


def _normal(value: str) -> str:
    """HubSpot compares unique values without case and without blanks at the ends."""
    return value.strip().lower()
