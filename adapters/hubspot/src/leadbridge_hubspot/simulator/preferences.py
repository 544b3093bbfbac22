"""Communication preferences: who wants no e-mail, by address. An opt-out cannot be taken back through the API."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.mappers import OPT_OUT
from leadbridge_hubspot.simulator.answers import Refused, reply
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.values import iso_ms
from leadbridge_hubspot.simulator.web import Call

__all__ = ["opt_out_of", "unsubscribe_all", "unsubscribed"]


def unsubscribed(call: Call) -> Response:
    """Whether an address is unsubscribed from everything: one result if it is, none if it is not."""
    address = _address(call)
    found = [_status(call, address)] if address in call.portal.unsubscribed else []
    return reply(_answer(call, found))


def unsubscribe_all(call: Call) -> Response:
    """Unsubscribes an address from everything, whether a contact has it or not."""
    address = _address(call)
    if address in call.portal.unsubscribed:
        raise Refused(400, f"{address} is already unsubscribed from all communications", "VALIDATION_ERROR")
    opt_out_of(call.portal, address)
    return reply(_answer(call, [_status(call, address)]))


def opt_out_of(portal: Portal, address: str) -> None:
    """Remembers that an address wants nothing more; the contact that has it says so from now on."""
    portal.unsubscribed.add(address)
    contacts = portal.tables["contact"]
    entry = contacts.holder("email", address)
    if entry is not None:
        portal.update(contacts, entry, {OPT_OUT: "true"}, inside=True)


def _address(call: Call) -> str:
    if call.text("channel") != "EMAIL":
        raise Refused(400, "channel must be EMAIL", "VALIDATION_ERROR")
    address = call.params["address"].strip().lower()
    if "@" not in address:
        raise Refused(400, "The subscriber is not a valid email address", "VALIDATION_ERROR")
    return address


def _status(call: Call, address: str) -> dict[str, Any]:
    return {
        "channel": "EMAIL",
        "status": "UNSUBSCRIBED",
        "subscriberIdString": address,
        "timestamp": iso_ms(call.portal.now()),
        "wideStatusType": "PORTAL_WIDE",
    }


def _answer(call: Call, results: list[dict[str, Any]]) -> dict[str, Any]:
    now = iso_ms(call.portal.now())
    return {"completedAt": now, "results": results, "startedAt": now, "status": "COMPLETE"}
