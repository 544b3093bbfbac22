"""What holds together but will disappoint."""

from __future__ import annotations

from datetime import date

from leadbridge.agreement.schema import Agreement
from leadbridge.domain.model import listing
from leadbridge.errors import Problem

__all__ = ["lint"]


def lint(agreement: Agreement, *, on: date | None = None) -> list[Problem]:
    """What holds together but will disappoint: no error, worth a look before signing."""
    found: list[Problem] = []
    if agreement.unsigned:
        found.append(
            Problem(f"not signed by {listing(agreement.unsigned)}", "have it signed, under signatures", "signatures")
        )
    elif not agreement.signatures:
        found.append(Problem("nobody has signed", "add signatures with role, name and day", "signatures"))
    if not agreement.definitions:
        found.append(Problem("nothing is defined", "add definitions.sales_ready with criteria", "definitions"))
    if not agreement.slas:
        found.append(Problem("nobody promised anything in time", "add slas", "slas"))
    if not agreement.handoff.package.required:
        remedy = "list the fields that sales needs under handoff.package.required"
        found.append(Problem("marketing promises no information", remedy, "handoff.package"))
    silent = [stage.id for stage in agreement.buying_stages if not stage.evidence]
    if silent:
        remedy = "agree on evidence for each, under buying_stages.evidence"
        found.append(Problem(f"no evidence marks the entry into {listing(silent)}", remedy, "buying_stages"))
    if agreement.sync.include is None:
        found.append(Problem("every lead crosses", "say which leads may cross, under sync.include", "sync.include"))
    return found
