"""Writing through sObject Collections, 200 records a call, or through a bulk job, and turning results into receipts.

* Creates go only through ``PATCH /composite/sobjects/{kind}/{our external id}``: repeating one never makes a second
  record.
* The op marker is a field of the same record, so it lands exactly when the rest does.
* ``if_version`` is honoured by reading SystemModstamp right before the write and comparing it. Between the two requests
  somebody may still be faster, and SystemModstamp has a resolution of one second: collections know no precondition
  for a record, and ``If-Unmodified-Since`` costs one request a record. The window is the time of one request.
* ``UNABLE_TO_LOCK_ROW`` is told as ``unknown``: somebody else was writing the record or its parent, which passes in
  seconds. Who gets ``unknown`` looks at the record and repeats the write; as a conflict it would wait for a person.
* A converted lead is never written. The receipt names its contact, so that the caller can decide about that one, whose
  fields have other names and other values. An update is told as ``unknown``, for the same reason: who looks at the lead
  finds what became of it. An upsert is a conflict with the contact.
* Records of one parent stand beside each other, so that their writes do not lock each other out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from leadbridge.adapter import Missing, Receipt, Record, Ref, Write
from leadbridge.errors import AdapterError, BadRequest, SchemaDrift, Unavailable, Unsupported
from leadbridge_salesforce.bulk_ingest import BULK_BATCH, BulkIngest, Item, bulkable
from leadbridge_salesforce.errors import RECORD_CODES, Finding, findings, is_locked, no_longer
from leadbridge_salesforce.mappers import Refused, Shape, encode, id18, is_id, kind_of, same_version
from leadbridge_salesforce.reading import Reader
from leadbridge_salesforce.settings import Options
from leadbridge_salesforce.wire import Wire

__all__ = ["WRITE_BATCH", "Writer"]

WRITE_BATCH = 200
"""Most records that one collection holds."""

_PARENTS = ("AccountId", "CampaignId", "WhatId", "WhoId", "ContactId", "LeadId")
"""Lookups whose record Salesforce locks while it writes one that points there."""

_CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"
_NOT_SENT = "NOT_SENT"
_LOST = "ANSWER_LOST"
_ID_IN_TEXT = re.compile(r"\b([a-zA-Z0-9]{18}|[a-zA-Z0-9]{15})\b")


class Writer:
    """The writing half of the adapter."""

    def __init__(
        self,
        wire: Wire,
        shape: Callable[[str], Shape],
        reader: Reader,
        options: Options | None = None,
        bulk: BulkIngest | None = None,
    ) -> None:
        self._wire = wire
        self._shape = shape
        self._reader = reader
        self._options = options or Options()
        self._bulk = bulk or BulkIngest(wire, shape)

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        """See :meth:`leadbridge.adapter.Adapter.apply`."""
        self._promised(writes)
        receipts: dict[str, Receipt] = {}
        ready: list[Item] = []
        for write in writes:
            try:
                ready.append((write, self._body(write)))
            except Refused as refused:
                receipts[write.key] = Receipt(write.key, "rejected", _named(write), reason=refused.reason)
        stale = self._stale([write for write, _ in ready])
        receipts.update(stale)
        sent = False
        batches = list(self._batches([item for item in ready if item[0].key not in stale]))
        for number, (batch, bulk) in enumerate(batches):
            try:
                receipts.update(self._send_bulk(batch) if bulk else self._send(batch))
                sent = True
            except AdapterError as error:
                lost = isinstance(error, Unavailable) and error.sent
                if not lost and not sent:
                    raise
                receipts.update(_unknown(batch, _LOST if lost else error.code or _NOT_SENT))
                for later, _ in batches[number + 1 :]:
                    receipts.update(_unknown(later, _NOT_SENT))
                break
        self._follow(writes, receipts)
        return [receipts[write.key] for write in writes]

    def _promised(self, writes: Sequence[Write]) -> None:
        upserted = {write.target.kind for write in writes if write.action == "upsert"}
        for kind in sorted(upserted - self._options.key_kinds):
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

    def _batches(self, items: Sequence[Item]) -> Iterator[tuple[list[Item], bool]]:
        """Batches of one action and kind, and whether each becomes a bulk job."""
        for group in _groups(items):
            least = self._options.bulk_writes
            many = [item for item in group if bulkable(item)] if least and len(group) >= least else []
            bulk = many if len(many) >= least else []
            taken = {item[0].key for item in bulk}
            for start in range(0, len(bulk), BULK_BATCH):
                yield bulk[start : start + BULK_BATCH], True
            rest = [item for item in group if item[0].key not in taken]
            for start in range(0, len(rest), WRITE_BATCH):
                yield rest[start : start + WRITE_BATCH], False

    def _send_bulk(self, batch: Sequence[Item]) -> dict[str, Receipt]:
        """One bulk job.

        What it did not come to, and a duplicate that it does not name, is sent again as a collection: neither was
        written.

        Raises:
            AdapterError: nothing of it was written, or (``Unavailable`` that was sent) nobody knows.
        """
        results = self._bulk.send(batch)
        receipts: dict[str, Receipt] = {}
        again: list[Item] = []
        for item in batch:
            write = item[0]
            receipt = _receipt(write, results[write.key]) if write.key in results else None
            if receipt is None or (receipt.reason == "DUPLICATES_DETECTED" and receipt.ref == _named(write)):
                again.append(item)
            else:
                receipts[write.key] = receipt
        for start in range(0, len(again), WRITE_BATCH):
            receipts.update(self._rest(again[start : start + WRITE_BATCH]))
        return receipts

    def _follow(self, writes: Sequence[Write], receipts: dict[str, Receipt]) -> None:
        """Lets the receipts about converted leads name the contacts."""
        mine = [write for write in writes if receipts[write.key].reason.startswith(_CONVERTED)]
        if not mine:
            return
        updates = [write for write in mine if write.action != "upsert"]
        upserts = [write for write in mine if write.action == "upsert"]
        found: dict[str, Record | Missing] = {}
        try:
            leads = self._reader.fetch([write.target for write in updates], ()) if updates else []
            found.update((write.key, lead) for write, lead in zip(updates, leads, strict=True))
            if upserts:
                key = self._shape("Lead").info.own["id"]
                keyed = self._reader.find("Lead", key, [write.target.id for write in upserts], ())
                found.update((w.key, lead[0]) for w, lead in zip(upserts, keyed, strict=True) if lead)
        except AdapterError:
            return  # the receipts are right without it
        for key, lead in found.items():
            if isinstance(lead, Record) and lead.successor is not None:
                receipts[key] = replace(receipts[key], ref=lead.successor)

    def _send(self, batch: Sequence[Item]) -> dict[str, Receipt]:
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

    def _rest(self, batch: Sequence[Item]) -> dict[str, Receipt]:
        """The second half of a split batch: the first half has been sent, so a failure is no exception any more."""
        try:
            return self._send(batch)
        except AdapterError as error:
            lost = isinstance(error, Unavailable) and error.sent
            return _unknown(batch, _LOST if lost else error.code or _NOT_SENT)

    def _request(self, batch: Sequence[Item]) -> Any:
        first = batch[0][0]
        if first.action == "archive":
            return self._wire.delete([id18(write.target.id) for write, _ in batch], operation="apply")
        records = [body for _, body in batch]
        if first.action == "upsert":
            shape = self._shape(first.target.kind)
            return self._wire.upsert(shape.kind, shape.info.own["id"], records, operation="apply")
        return self._wire.update(records, operation="apply")


def _groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Writes of one action and kind, in which no record occurs twice: Salesforce refuses such twins.

    A second write to a record goes into a later round, so that it comes after the first.
    """
    rounds: list[dict[tuple[str, str], list[Item]]] = []
    seen: dict[Ref, int] = {}
    for item in items:
        write = item[0]
        target = _named(write) or write.target
        number = seen.get(target, 0)
        seen[target] = number + 1
        if number == len(rounds):
            rounds.append({})
        rounds[number].setdefault((write.action, write.target.kind), []).append(item)
    for groups in rounds:
        for group in groups.values():
            yield sorted(group, key=_parent)


def _parent(item: Item) -> str:
    return next((str(item[1][name]) for name in _PARENTS if item[1].get(name)), "")


def _named(write: Write) -> Ref | None:
    """The record that a write itself names; an upsert names only our key."""
    return None if write.action == "upsert" else Ref(write.target.kind, id18(write.target.id))


def _unknown(batch: Sequence[Item], reason: str) -> dict[str, Receipt]:
    return {write.key: Receipt(write.key, "unknown", _named(write), reason=reason) for write, _ in batch}


def _receipts(batch: Sequence[Item], results: Any) -> dict[str, Receipt]:
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
    if is_locked(first.code) or (first.code == _CONVERTED and write.action == "update"):
        return Receipt(write.key, "unknown", target, reason=first.code)
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
