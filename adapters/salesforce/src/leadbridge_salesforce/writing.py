"""Writing through sObject Collections, 200 records a call, and turning each result into a receipt.

* Creates go only through ``PATCH /composite/sobjects/{kind}/{our external id}``: repeating one never makes a second
  record.
* The op marker is a field of the same record, so it lands exactly when the rest does.
* ``if_version`` is honoured by reading SystemModstamp right before the write and comparing it. Between the two requests
  somebody may still be faster, and SystemModstamp has a resolution of one second: collections know no precondition
  for a record, and ``If-Unmodified-Since`` costs one request a record. The window is the time of one request.
* ``UNABLE_TO_LOCK_ROW`` is a conflict: nothing was written because somebody else was writing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from leadbridge.adapter import Receipt, Ref, Write
from leadbridge.errors import AdapterError, BadRequest, SchemaDrift, Unavailable, Unsupported
from leadbridge_salesforce.errors import RECORD_CODES, Finding, findings, no_longer
from leadbridge_salesforce.mappers import Refused, Shape, encode, id18, is_id, kind_of, same_version
from leadbridge_salesforce.reading import Reader
from leadbridge_salesforce.settings import KEY_KINDS
from leadbridge_salesforce.wire import Wire

__all__ = ["WRITE_BATCH", "Writer"]

WRITE_BATCH = 200
"""Most records that one collection holds."""

_NOT_SENT = "NOT_SENT"
_LOST = "ANSWER_LOST"
_ID_IN_TEXT = re.compile(r"\b([a-zA-Z0-9]{18}|[a-zA-Z0-9]{15})\b")


class Writer:
    """The writing half of the adapter."""

    def __init__(self, wire: Wire, shape: Callable[[str], Shape], reader: Reader) -> None:
        self._wire = wire
        self._shape = shape
        self._reader = reader

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        """See :meth:`leadbridge.adapter.Adapter.apply`."""
        self._promised(writes)
        receipts: dict[str, Receipt] = {}
        ready: list[tuple[Write, dict[str, object]]] = []
        for write in writes:
            try:
                ready.append((write, self._body(write)))
            except Refused as refused:
                receipts[write.key] = Receipt(write.key, "rejected", _named(write), reason=refused.reason)
        stale = self._stale([write for write, _ in ready])
        receipts.update(stale)
        sent = False
        batches = list(_batches([item for item in ready if item[0].key not in stale]))
        for number, batch in enumerate(batches):
            try:
                receipts.update(self._send(batch))
                sent = True
            except AdapterError as error:
                lost = isinstance(error, Unavailable) and error.sent
                if not lost and not sent:
                    raise
                receipts.update(_unknown(batch, _LOST if lost else error.code or _NOT_SENT))
                for later in batches[number + 1 :]:
                    receipts.update(_unknown(later, _NOT_SENT))
                break
        return [receipts[write.key] for write in writes]

    def _promised(self, writes: Sequence[Write]) -> None:
        upserted = {write.target.kind for write in writes if write.action == "upsert"}
        for kind in sorted(upserted - KEY_KINDS):
            raise Unsupported(f"upsert of {kind} by our external key", operation="apply")
        for kind in sorted(upserted):
            if "id" not in self._shape(kind).info.own:
                raise Unsupported(f"upsert of {kind} before its own fields are provisioned", operation="apply")

    def _body(self, write: Write) -> dict[str, object]:
        """The record to send.

        Raises:
            Refused: this org cannot take it.
        """
        shape = self._shape(write.target.kind)
        if write.action != "upsert" and not is_id(write.target.id):
            raise Refused("MALFORMED_ID", "Id")
        if write.action == "archive":
            return {}
        body: dict[str, object] = {"attributes": {"type": shape.kind}, **encode(shape, write.fields)}
        own = shape.info.own
        if "op" in own:
            body[own["op"]] = write.key
        if write.action == "upsert":
            body[own["id"]] = write.target.id
        else:
            body["Id"] = id18(write.target.id)
        return body

    def _stale(self, writes: Sequence[Write]) -> dict[str, Receipt]:
        """Conflicts of those conditional writes whose record is no longer what the caller read."""
        conditional = [write for write in writes if write.if_version is not None]
        receipts: dict[str, Receipt] = {}
        for kind in dict.fromkeys(write.target.kind for write in conditional):
            mine = [write for write in conditional if write.target.kind == kind]
            targets = self._targets(kind, mine)
            stamps = self._reader.stamps(kind, [target.id for target in targets.values() if target])
            for write in mine:
                target = targets[write.key]
                stamp = stamps.get(id18(target.id)) if target else None
                if stamp is None or not same_version(write.if_version or "", stamp):
                    receipts[write.key] = Receipt(write.key, "conflict", target, reason="STALE_VERSION")
        return receipts

    def _targets(self, kind: str, writes: Sequence[Write]) -> dict[str, Ref | None]:
        """Which record each write is about; an upsert names it by our key."""
        targets: dict[str, Ref | None] = {
            write.key: Ref(kind, id18(write.target.id)) for write in writes if write.action != "upsert"
        }
        upserts = [write for write in writes if write.action == "upsert"]
        if upserts:
            field = self._shape(kind).info.own["id"]
            found = self._reader.find(kind, field, [write.target.id for write in upserts], ())
            for write, records in zip(upserts, found, strict=True):
                live = [record.ref for record in records if record.state == "live"]
                targets[write.key] = live[0] if len(live) == 1 else None
        return targets

    def _send(self, batch: Sequence[tuple[Write, dict[str, object]]]) -> dict[str, Receipt]:
        """One batch; split when Salesforce refuses all of it because of some records in it.

        Raises:
            AdapterError: the batch as a whole failed.
        """
        try:
            return _receipts(batch, self._request(batch))
        except SchemaDrift as drift:
            name = drift.field.partition(".")[2]
            clean = [item for item in batch if name not in item[1]]
            if not clean or not name:
                raise
            refused = {
                write.key: Receipt(write.key, "rejected", reason=f"INVALID_FIELD: {name}")
                for write, body in batch
                if name in body
            }
            return {**refused, **self._send(clean)}
        except BadRequest as error:
            if error.code not in RECORD_CODES:
                raise
            if len(batch) == 1:
                return {batch[0][0].key: Receipt(batch[0][0].key, "rejected", reason=error.code)}
            middle = len(batch) // 2
            return {**self._send(batch[:middle]), **self._rest(batch[middle:])}

    def _rest(self, batch: Sequence[tuple[Write, dict[str, object]]]) -> dict[str, Receipt]:
        """The second half of a split batch: the first half has been sent, so a failure is no exception any more."""
        try:
            return self._send(batch)
        except AdapterError as error:
            lost = isinstance(error, Unavailable) and error.sent
            return _unknown(batch, _LOST if lost else error.code or _NOT_SENT)

    def _request(self, batch: Sequence[tuple[Write, dict[str, object]]]) -> Any:
        first = batch[0][0]
        if first.action == "archive":
            return self._wire.delete([id18(write.target.id) for write, _ in batch], operation="apply")
        records = [body for _, body in batch]
        if first.action == "upsert":
            shape = self._shape(first.target.kind)
            return self._wire.upsert(shape.kind, shape.info.own["id"], records, operation="apply")
        return self._wire.update(records, operation="apply")


def _batches(
    items: Sequence[tuple[Write, dict[str, object]]],
) -> Iterator[list[tuple[Write, dict[str, object]]]]:
    """Batches of one action and kind, in which no record occurs twice: Salesforce refuses such twins.

    A second write to a record goes into a later round, so that it comes after the first.
    """
    rounds: list[dict[tuple[str, str], list[tuple[Write, dict[str, object]]]]] = []
    seen: dict[Ref, int] = {}
    for item in items:
        write = item[0]
        number = seen.get(write.target, 0)
        seen[write.target] = number + 1
        if number == len(rounds):
            rounds.append({})
        rounds[number].setdefault((write.action, write.target.kind), []).append(item)
    for groups in rounds:
        for group in groups.values():
            for start in range(0, len(group), WRITE_BATCH):
                yield group[start : start + WRITE_BATCH]


def _named(write: Write) -> Ref | None:
    """The record that a write itself names; an upsert names only our key."""
    return None if write.action == "upsert" else Ref(write.target.kind, id18(write.target.id))


def _unknown(batch: Sequence[tuple[Write, dict[str, object]]], reason: str) -> dict[str, Receipt]:
    return {write.key: Receipt(write.key, "unknown", _named(write), reason=reason) for write, _ in batch}


def _receipts(batch: Sequence[tuple[Write, dict[str, object]]], results: Any) -> dict[str, Receipt]:
    """One receipt a write; results come in the order of the records."""
    if not isinstance(results, list) or len(results) != len(batch):
        raise Unavailable("Salesforce answered for other records than were sent: look them up", operation="apply")
    return {write.key: _receipt(write, result) for (write, _), result in zip(batch, results, strict=True)}


def _receipt(write: Write, result: Any) -> Receipt:
    if not isinstance(result, Mapping) or "success" not in result:
        return Receipt(write.key, "unknown", _named(write), reason=_LOST)
    target = _named(write)
    if result["success"]:
        text = result.get("id")
        ref = Ref(write.target.kind, id18(text)) if isinstance(text, str) and is_id(text) else target
        return Receipt(write.key, "applied", ref)
    errors = result.get("errors")
    found = findings(errors)
    if not found:
        return Receipt(write.key, "rejected", target, reason="UNKNOWN_EXCEPTION")
    first = found[0]
    if write.action == "archive" and first.code == "ENTITY_IS_DELETED":
        return Receipt(write.key, "unchanged", target)
    if no_longer(first.code):
        return Receipt(write.key, "conflict", _duplicate(first, errors) or target, reason=first.reason)
    return Receipt(write.key, "rejected", target, reason=first.reason)


def _duplicate(finding: Finding, errors: Any) -> Ref | None:
    """The record that stands in the way, when Salesforce names exactly one."""
    ids: list[str] = []
    if finding.code == "DUPLICATES_DETECTED":
        result = errors[0].get("duplicateResult") if isinstance(errors[0], Mapping) else None
        matches = result.get("matchResults") if isinstance(result, Mapping) else None
        for match in matches or ():
            ids.extend(str(entry["record"]["Id"]) for entry in match.get("matchRecords") or () if "record" in entry)
    elif finding.code == "DUPLICATE_VALUE":
        # The id stands in the sentence only: "… duplicates value on record with id: 00Q…".
        ids = _ID_IN_TEXT.findall(finding.message.partition(" id:")[2])
    unique = list(dict.fromkeys(id18(text) for text in ids if is_id(text)))
    kind = kind_of(unique[0]) if len(unique) == 1 else None
    return Ref(kind, unique[0]) if kind else None
