"""Opt-outs: ``hs_email_optout`` of a contact, which HubSpot shows as a property and takes only through its preferences.

The property says whether an address is unsubscribed from everything; it cannot be written. Withdrawing consent goes
through the communication preferences, by address, and nobody can take it back through the API: so ``True`` is written
there before the rest of the record, and ``False`` is refused unless there is nothing to take back. An upsert that says
``False`` says what a new contact is anyway: nobody is asked, and an opt-out that is there already stays.

https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from leadbridge.adapter import Receipt, Write
from leadbridge.errors import AdapterError, Unavailable
from leadbridge_hubspot.errors import body_of, refusal_of
from leadbridge_hubspot.mappers import OPT_OUT, own_name
from leadbridge_hubspot.reads import Reads, is_id
from leadbridge_hubspot.wire import Wire

__all__ = ["apply_with_consent"]

_KEY = own_name("id")
_READ = ("email", OPT_OUT, _KEY)
_CHANNEL = {"channel": "EMAIL"}

Apply = Callable[[Sequence[Write]], list[Receipt]]


def apply_with_consent(wire: Wire, reads: Reads, writes: Sequence[Write], apply: Apply) -> list[Receipt]:
    """Makes changes of which some withdraw consent; one receipt each, in order.

    Args:
        apply: makes the changes that are left when consent is taken care of.
    """
    about = [place for place, write in enumerate(writes) if OPT_OUT in write.fields and write.target.kind == "contact"]
    if not about:
        return apply(writes)
    known = _Known.read(reads, [writes[place] for place in about if _matters(writes[place])])
    receipts: dict[int, Receipt] = {}
    sent = False
    for place in about:
        write = writes[place]
        try:
            problem, asked = _withdraw(wire, write, known.of(write))
        except AdapterError as error:
            lost = isinstance(error, Unavailable) and error.sent
            if not sent and not lost:
                raise
            receipts[place] = Receipt(write.key, "unknown", reason=error.code or type(error).__name__)
            continue
        sent = sent or asked
        if problem:
            receipts[place] = Receipt(write.key, "rejected", reason=f"{problem}: {OPT_OUT}")
    rest = [(place, _without(write)) for place, write in enumerate(writes) if place not in receipts]
    try:
        done = apply([write for _, write in rest]) if rest else []
    except AdapterError as error:
        if not sent:
            raise
        done = [Receipt(write.key, "unknown", reason=error.code or type(error).__name__) for _, write in rest]
    receipts.update((place, receipt) for (place, _), receipt in zip(rest, done, strict=True))
    return [receipts[place] for place in range(len(writes))]


def _withdraw(wire: Wire, write: Write, properties: Mapping[str, Any]) -> tuple[str, bool]:
    """Withdraws consent if the write asks for it: a code when HubSpot refuses, and whether anything was sent."""
    already = properties.get(OPT_OUT) == "true"
    if write.fields[OPT_OUT] is not True:
        return ("READ_ONLY_VALUE" if already else ""), False
    if already:
        return "", False
    address = str(write.fields.get("email") or properties.get("email") or "").strip()
    if not address:
        return "NO_ADDRESS", False
    path = f"{wire.paths.preferences}/{quote(address, safe='')}/unsubscribe-all"
    reply = wire.post(path, "apply", None, params=_CHANNEL, accept=frozenset({400, 404}))
    if reply.status < 300:
        return "", True
    # An address that nobody holds yet may be unsubscribed already: HubSpot answers that as an error.
    if wire.get(path, "apply", _CHANNEL).json().get("results"):
        return "", True
    return refusal_of(body_of(reply)).code, True


def _matters(write: Write) -> bool:
    return write.action != "upsert" or write.fields[OPT_OUT] is True


def _without(write: Write) -> Write:
    if OPT_OUT not in write.fields or write.target.kind != "contact":
        return write
    return replace(write, fields={name: value for name, value in write.fields.items() if name != OPT_OUT})


@dataclass(frozen=True, slots=True)
class _Known:
    """What HubSpot knows of the contacts that are written, by our key and by their id."""

    by_key: Mapping[str, Mapping[str, Any]]
    by_id: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, reads: Reads, writes: Sequence[Write]) -> _Known:
        keys = [write.target.id for write in writes if write.action == "upsert"]
        ids = [write.target.id for write in writes if write.action != "upsert" and is_id(write.target.id)]

        def properties(found: Sequence[Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
            for raw in found:
                values = raw.get("properties") or {}
                yield str(values.get(name) if name == _KEY else raw["id"]).lower(), values

        keyed = (
            reads.batch("contact", keys, dict, operation="apply", properties=_READ, id_property=_KEY) if keys else []
        )
        named = reads.batch("contact", ids, dict, operation="apply", properties=_READ) if ids else []
        return cls(dict(properties(keyed, _KEY)), dict(properties(named, "id")))

    def of(self, write: Write) -> Mapping[str, Any]:
        found = self.by_key if write.action == "upsert" else self.by_id
        return found.get(write.target.id.lower(), {})
