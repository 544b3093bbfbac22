"""Erasing people for good, as they may demand: deleting, then emptying the recycle bin of them.

What is only deleted can be restored for 15 days. Only ``emptyRecycleBin()`` of the SOAP API takes a record out of the
bin at once; the user needs "Modify All Data" for records that somebody else has deleted. Salesforce may go on showing
an erased record to ``queryAll`` for a day or so, and keeps it in backups and in the history of other records; this is
for the org's own administrators to know.

Source: SOAP API Developer Guide, "emptyRecycleBin()".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from leadbridge.adapter import Receipt, Ref
from leadbridge.errors import AdapterError, Unavailable
from leadbridge_salesforce.errors import findings
from leadbridge_salesforce.mappers import id18, is_id
from leadbridge_salesforce.soap import Soap, argument, error_of, text_of
from leadbridge_salesforce.wire import Wire

__all__ = ["Eraser"]

_BATCH = 200
_IN_THE_BIN = "ENTITY_IS_DELETED"
_GONE = frozenset({"INVALID_CROSS_REFERENCE_KEY", "INVALID_ID_FIELD", "MALFORMED_ID", "NOT_FOUND"})

_Outcome: TypeAlias = tuple[Literal["applied", "unchanged", "rejected", "unknown"], str]
"""What became of one record, and the code of Salesforce that says why."""


class Eraser:
    """The ability ``Erase`` of the adapter."""

    def __init__(self, wire: Wire, soap: Soap) -> None:
        self._wire = wire
        self._soap = soap

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        """Erases records; one receipt a record, in order, with the record's id as its key.

        ``unchanged``: there is no such record, not even in the recycle bin. ``rejected``: it could not be deleted, or
        it lies in the recycle bin and this user may not take it out of there.

        Raises:
            AdapterError: nothing was deleted.
        """
        self._soap.ready(operation="erase")
        outcomes: dict[str, _Outcome] = {}
        ids = list(dict.fromkeys(id18(ref.id) for ref in refs if is_id(ref.id)))
        sent = False
        for start in range(0, len(ids), _BATCH):
            try:
                deleted = self._delete(ids[start : start + _BATCH])
                sent = True
                outcomes.update(self._purge(deleted))
            except AdapterError as error:
                if not sent and not (isinstance(error, Unavailable) and error.sent):
                    raise
                # Deleted or not: erasing them again finds out.
                outcomes.update((key, ("unknown", error.code or type(error).__name__)) for key in ids[start:])
                break
        return [_receipt(ref, outcomes.get(id18(ref.id), ("unchanged", ""))) for ref in refs]

    def _delete(self, ids: Sequence[str]) -> dict[str, str]:
        """Puts records into the recycle bin; for each the code that refused it, empty for none."""
        results = self._wire.delete(ids, operation="erase")
        if not isinstance(results, list) or len(results) != len(ids):
            raise Unavailable("Salesforce answered for other records than were sent: erase again", operation="erase")
        return {key: _code(result) for key, result in zip(ids, results, strict=True)}

    def _purge(self, deleted: Mapping[str, str]) -> dict[str, _Outcome]:
        """Takes records out of the recycle bin for good."""
        outcomes: dict[str, _Outcome] = {
            key: ("unchanged", "") if code in _GONE else ("rejected", code) for key, code in deleted.items()
        }
        ids = [key for key, code in deleted.items() if code in ("", _IN_THE_BIN)]
        if not ids:
            return outcomes
        results = self._soap.call("emptyRecycleBin", [argument("ids", key) for key in ids], operation="erase")
        if len(results) != len(ids):
            raise Unavailable("Salesforce answered for other records than were sent: erase again", operation="erase")
        for key, result in zip(ids, results, strict=True):
            problem = error_of(result)
            if text_of(result, "success") == "true":
                outcomes[key] = ("applied", "")
            elif problem is not None and problem.code not in _GONE | {_IN_THE_BIN}:
                outcomes[key] = ("rejected", problem.code)
            else:
                outcomes[key] = ("unchanged" if deleted[key] else "applied", "")
        return outcomes


def _code(result: Any) -> str:
    if isinstance(result, Mapping) and result.get("success"):
        return ""
    found = findings(result.get("errors")) if isinstance(result, Mapping) else ()
    return found[0].code if found else "UNKNOWN_EXCEPTION"


def _receipt(ref: Ref, outcome: _Outcome) -> Receipt:
    return Receipt(ref.id, outcome[0], Ref(ref.kind, id18(ref.id)), reason=outcome[1])
