"""An invented funnel as a CRM exports it: a row a lead, with the first offer, some rows twice."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from leadbridge.clock import from_us
from leadbridge.testing.funnel_draws import Draws

if TYPE_CHECKING:
    from leadbridge.testing.funnel import Funnel

__all__ = ["write_csv"]

_COLUMNS = {
    "lead": "Record ID",
    "source": "Original source",
    "captured": "Create date",
    "stage:engaged": "Became engaged",
    "stage:marketing_qualified": "Became MQL",
    "stage:sales_accepted": "Became SAL",
    "offered": "Offered",
    "assigned": "Assigned",
    "decided": "Answered",
    "decision": "Answer",
    "reason": "Reason",
}


def write_csv(funnel: Funnel, draws: Draws, directory: str | Path) -> tuple[Path, Mapping[str, str]]:
    """Writes ``leads.csv`` and returns it with its columns by role."""
    first = {lead: row for trip in draws.trips[:1] for row, lead in enumerate(trip.lead)}
    random = Random(funnel.seed)
    file = Path(directory) / "leads.csv"

    def at(instant: int | None) -> str:
        return "" if instant is None or instant > draws.now else from_us(instant).isoformat(sep=" ")

    with file.open("w", encoding="utf-8", newline="") as out:
        sheet = csv.writer(out)
        sheet.writerow(_COLUMNS.values())
        for lead, name in enumerate(draws.names):
            line = [name, draws.sources[lead] or "", at(draws.captured[lead]), at(draws.engaged[lead])]
            row = first.get(lead)
            if row is None:
                line += [""] * 7
            else:
                trip = draws.trips[0]
                known = not trip.ignored[row] and trip.decided[row] <= draws.now
                accepted = trip.decided[row] if known and trip.answer[row] == "accept" else None
                line += [at(trip.offered[row]), at(accepted), at(trip.offered[row]), at(trip.assigned[row])]
                line += [at(trip.decided[row]), trip.answer[row], trip.reason[row] or ""] if known else [""] * 3
            for _ in range(2 if random.random() < funnel.twice else 1):
                sheet.writerow(line)
    return file, _COLUMNS
