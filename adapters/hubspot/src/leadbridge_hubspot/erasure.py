"""Erasing people for good, as they may demand: HubSpot's GDPR delete, which is there for contacts only.

The recycle bin is no erasure: what lies there can be restored for 90 days. HubSpot also keeps a list of erased
addresses, so that importing an old file does not bring the person back.
"""

from __future__ import annotations

from collections.abc import Sequence

from leadbridge.adapter import Receipt, Ref
from leadbridge.errors import AdapterError, Unavailable
from leadbridge_hubspot.errors import body_of, refusal_of
from leadbridge_hubspot.reads import is_id
from leadbridge_hubspot.wire import Wire

__all__ = ["erase"]

_GONE = 404


def erase(wire: Wire, refs: Sequence[Ref]) -> list[Receipt]:
    """Erases contacts; one receipt a record, in order, with the record's id as its key.

    ``unchanged``: there is no such contact. ``rejected`` with ``NOT_ERASABLE``: HubSpot can only archive this kind.
    """
    receipts: list[Receipt] = []
    sent = False
    for ref in refs:
        if ref.kind != "contact":
            receipts.append(Receipt(ref.id, "rejected", ref, reason="NOT_ERASABLE"))
        elif not is_id(ref.id):
            receipts.append(Receipt(ref.id, "unchanged", ref))
        else:
            try:
                receipts.append(_erase(wire, ref))
            except AdapterError as error:
                lost = isinstance(error, Unavailable) and error.sent
                if not sent and not lost:
                    raise
                reason = error.code or type(error).__name__
                return [
                    *receipts,
                    *(Receipt(rest.id, "unknown", rest, reason=reason) for rest in refs[len(receipts) :]),
                ]
            sent = True
    return receipts


def _erase(wire: Wire, ref: Ref) -> Receipt:
    path = wire.objects(ref.kind, "erase", "/gdpr-delete")
    reply = wire.post(path, "erase", {"objectId": ref.id}, accept=frozenset({400, _GONE}))
    if reply.status == _GONE:
        return Receipt(ref.id, "unchanged", ref)
    if reply.status == 400:
        return Receipt(ref.id, "rejected", ref, reason=refusal_of(body_of(reply)).reason)
    return Receipt(ref.id, "applied", ref)
