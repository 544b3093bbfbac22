"""In-memory adapters whose further abilities are wrong, on purpose; see :mod:`leadbridge.testing.broken`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from leadbridge.adapter import Page, Receipt, Record, Ref, Value
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.crm import Row
from leadbridge.memory.webhooks import SIGNATURE, sign


class NamesLookupsByText(MemoryAdapter):
    """Gives the id of a lookup and leaves out whose it is."""

    def _record(self, row: Row, fields: Sequence[str]) -> Record:
        record = super()._record(row, fields)
        plain = {name: value.id if isinstance(value, Ref) else value for name, value in record.fields.items()}
        return replace(record, fields=plain)


class StreamsLookupsBlank(MemoryAdapter):
    """Reads lookups of single records only: in the stream they are blank."""

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        page = super().changes(kind, since, fields=fields, limit=limit)
        return replace(page, items=tuple(self._blank(item) for item in page.items))

    def _blank(self, item: Record | Ref) -> Record | Ref:
        if isinstance(item, Ref):
            return item
        kept = {name: None if isinstance(value, Ref) else value for name, value in item.fields.items()}
        return replace(item, fields=kept)


class BelievesEverybody(MemoryAdapter):
    """Leaves checking the signature for later."""

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        signed = {SIGNATURE: sign(self.crm.secret, method, url, body)}
        return super().hints(method=method, url=url, headers=signed, body=body)


class RepeatsHints(MemoryAdapter):
    """Names a record once for each event."""

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        return 2 * super().hints(method=method, url=url, headers=headers, body=body)


class TellsHistoryBackward(MemoryAdapter):
    """Hands the past over as vendors send it: the newest value first."""

    def history(self, refs: Sequence[Ref], *, field: str) -> list[tuple[tuple[datetime, Value], ...]]:
        return [told[::-1] for told in super().history(refs, field=field)]


class TellsEverybodysHistory(MemoryAdapter):
    """Puts the values of all records that were asked for together into one history."""

    def history(self, refs: Sequence[Ref], *, field: str) -> list[tuple[tuple[datetime, Value], ...]]:
        told = tuple(each for past in super().history(refs, field=field) for each in past)
        return [told for _ in refs]


class ErasesIntoTheBin(MemoryAdapter):
    """Takes deleting for erasing."""

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        for ref in refs:
            row = self.crm.row(ref)
            if row is not None and row.state == "live":
                self.crm.delete(ref)
        return [Receipt(ref.id, "applied", ref) for ref in refs]


class SaysThatItErased(MemoryAdapter):
    """Promises and forgets."""

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        return [Receipt(ref.id, "applied", ref) for ref in refs]
