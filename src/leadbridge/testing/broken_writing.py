"""In-memory adapters that write wrongly, on purpose; see :mod:`leadbridge.testing.broken`."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from leadbridge.adapter import Description, FieldInfo, Fields, Page, Receipt, Ref, Value, Write
from leadbridge.errors import AdapterError, BadRequest
from leadbridge.memory import MemoryAdapter

_log = logging.getLogger(__name__)


class Replaces(MemoryAdapter):
    """Takes an update for the whole record: what is not mentioned is cleared."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return super().apply([replace(write, fields={**self._blank(write.target), **write.fields}) for write in writes])

    def _blank(self, ref: Ref) -> dict[str, Value]:
        row = self.crm.row(ref)
        names = [] if row is None else [name for name in row.fields if name not in ("created_at", "leadbridge_id")]
        return dict.fromkeys(names)


class NeverClears(MemoryAdapter):
    """Leaves out what is blank."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return super().apply([replace(write, fields=_without_blanks(write.fields)) for write in writes])


class AlwaysCreates(MemoryAdapter):
    """Makes a new record for every upsert."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        receipts = super().apply([write for write in writes if write.action != "upsert"])
        for write in writes:
            if write.action == "upsert":
                row = self.crm.insert(write.target.kind, {**write.fields, "leadbridge_op": write.key})
                receipts.append(Receipt(write.key, "applied", row.ref, str(row.version)))
        return receipts


class AllOrNothing(MemoryAdapter):
    """Gives up a whole batch because of one bad record."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        receipts = [receipt for write in writes for receipt in super(AllOrNothing, self).apply([write])]
        if any(receipt.outcome == "rejected" for receipt in receipts):
            return [replace(receipt, outcome="rejected", reason="BATCH_FAILED") for receipt in receipts]
        return receipts


class SwallowsRefusals(MemoryAdapter):
    """Calls a refusal a success."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return [
            replace(receipt, outcome="applied") if receipt.outcome == "rejected" else receipt
            for receipt in super().apply(writes)
        ]


class LeavesOutReadOnly(MemoryAdapter):
    """Leaves out what may not be written, and says that all went well."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return super().apply([replace(write, fields=self._allowed(write)) for write in writes])

    def _allowed(self, write: Write) -> dict[str, Value]:
        fields = self.crm.kinds[write.target.kind].fields
        return {name: value for name, value in write.fields.items() if name not in fields or fields[name].writable}


class SortsReceipts(MemoryAdapter):
    """Gives receipts in the order in which the vendor answered."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return sorted(super().apply(writes), key=lambda receipt: str(receipt.ref))


class WritesOneBatch(MemoryAdapter):
    """Does not send what does not fit into one request, and says it did."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        size = self.capabilities.write_batch
        return super().apply(writes[:size]) + [Receipt(write.key, "applied", write.target) for write in writes[size:]]


class IgnoresVersions(MemoryAdapter):
    """Declares conditional writes and forgets the condition."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return super().apply([replace(write, if_version=None) for write in writes])


class TakesUndeclaredVersions(IgnoresVersions):
    """Does not declare conditional writes, and makes them without the condition instead of refusing them."""


class ForgetsTheMarker(MemoryAdapter):
    """Does not store the op marker."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        receipts = super().apply(writes)
        for receipt in receipts:
            row = self.crm.row(receipt.ref) if receipt.ref is not None else None
            if row is not None:
                row.fields["leadbridge_op"] = None
        return receipts


class HidesTheMarker(MemoryAdapter):
    """Does not show the op marker in the stream of changes, so that our own writes look like somebody else's."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        shown = [name for name in fields if name != "leadbridge_op"]
        return super().changes(kind, since, fields=shown, limit=limit)


class TakesLostForRefused(MemoryAdapter):
    """Says *rejected* when only the answer was lost."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return [
            replace(receipt, outcome="rejected", reason="TIMEOUT") if receipt.outcome == "unknown" else receipt
            for receipt in super().apply(writes)
        ]


class MakesNewKeys(MemoryAdapter):
    """Gives every attempt an external key of its own, so that a repetition is a new record."""

    _attempts = count()

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return super().apply(
            [
                replace(write, target=Ref(write.target.kind, f"{write.target.id}-{next(self._attempts)}"))
                if write.action == "upsert"
                else write
                for write in writes
            ]
        )


class Normalises(MemoryAdapter):
    """Composes characters, although the CRM keeps them as they are."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        return super().apply(
            [
                replace(write, fields={name: _composed(value) for name, value in write.fields.items()})
                for write in writes
            ]
        )


class ArchivesNothing(MemoryAdapter):
    """Declares that it archives, and does nothing."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        if any(write.action == "archive" for write in writes):
            return [Receipt(write.key, "applied", write.target) for write in writes]
        return super().apply(writes)


class ArchivesUndeclared(MemoryAdapter):
    """Archives although it never promised to."""

    def _check_promises(self, writes: Sequence[Write]) -> None:
        super()._check_promises([write for write in writes if write.action != "archive"])


class HidesTheRatchet(MemoryAdapter):
    """Does not say that the CRM keeps a later stage."""

    forward_only = False

    def describe(self) -> Description:
        seen = super().describe()
        kinds = {name: replace(info, fields=self._fields(info.fields)) for name, info in seen.kinds.items()}
        return replace(seen, kinds=kinds)

    def _fields(self, fields: Mapping[str, FieldInfo]) -> dict[str, FieldInfo]:
        stage = fields.get("stage")
        return {**fields, **({"stage": replace(stage, forward_only=self.forward_only)} if stage is not None else {})}


class ClaimsARatchet(HidesTheRatchet):
    """Says that a stage only goes forward, and it does not: it would be cleared for nothing, for everybody to see."""

    forward_only = True


class CreatesUndeclared(MemoryAdapter):
    """Creates in an account that has no field for our key."""

    def _check_promises(self, writes: Sequence[Write]) -> None:
        super()._check_promises([write for write in writes if write.action != "upsert"])


class QuotesValues(MemoryAdapter):
    """Tells in its errors which value was wrong."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        try:
            return super().apply(writes)
        except AdapterError:
            raise BadRequest(f"the CRM refused {dict(writes[0].fields)}") from None


class LogsPayloads(MemoryAdapter):
    """Logs what it sends."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        _log.debug("sending %s", [dict(write.fields) for write in writes])
        return super().apply(writes)


class ChainsTheVendorsError(MemoryAdapter):
    """Says nothing itself, and drags an error of the vendor's client along that says it all."""

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        try:
            return super().apply(writes)
        except AdapterError as error:
            raise error from ValueError(f"400 Bad Request for {dict(writes[0].fields)}")


def _without_blanks(fields: Fields) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value is not None}


def _composed(value: Value) -> Value:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value
