"""For which leads of a snapshot each policy holds: conditions on their fields, and policies that replace each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from leadbridge.agreement import Agreement
from leadbridge.agreement.promises import fitting
from leadbridge.analytics.engine import PROFILE_KINDS, quoted
from leadbridge.analytics.replay_time import Turns
from leadbridge.clock import from_us
from leadbridge.domain.calendar.slots import load_numpy
from leadbridge.domain.criteria import Rule
from leadbridge.domain.criteria.closures import FieldType
from leadbridge.domain.criteria.names import column_of, window_of
from leadbridge.domain.model import listing
from leadbridge.domain.show import PERSONAL

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from leadbridge.domain.calendar.slots import Int64s

__all__ = ["Segments"]

_MANY = 50_000


class Segments:
    """Which policies of one version of the agreement hold for which leads.

    ``notes`` name the conditions that look at what the snapshot does not hold: that is unknown, and a policy holds for
    those leads only for which its condition is surely true.
    """

    def __init__(self, connection: DuckDBPyConnection, agreement: Agreement, *, personal: bool) -> None:
        self.notes: tuple[str, ...] = ()
        self._leads: dict[str, Int64s] | None = None
        rules = agreement.sla_rules
        if not rules and not any(policy.group for policy in agreement.slas):
            return
        there = {row[0]: row[1] for row in connection.execute("describe lead_profile").fetchall()}
        known: dict[str, FieldType] = {}
        for policy, rule in rules.items():
            asked = [name for name in rule.names if window_of(name) is None]
            held = {name: rule.types[name] for name in asked if _held(name, rule, there, personal=personal)}
            known |= held
            lacking = [name for name in asked if name not in held]
            if lacking:
                note = (
                    f"the condition of {policy} looks at {listing(lacking)}, which this snapshot does not hold: take "
                    "one under this agreement, with agreement=... and the leads' fields (and personal=True for names "
                    "and addresses)"
                )
                self.notes += (note,)
        self._leads = _fitting_leads(connection, agreement, known, personal=personal)

    def of(self, policy: str, turns: Turns) -> Turns:
        """Those turns that are about leads for which a policy holds."""
        if self._leads is None:
            return turns
        np = load_numpy()
        return turns.where(np.isin(turns.lead, self._leads[policy]))


def _held(name: str, rule: Rule, there: Mapping[str, str], *, personal: bool) -> bool:
    kind = rule.types[name]
    return there.get(column_of(name, kind)) == PROFILE_KINDS[kind] and (personal or not _hides(name, rule))


def _hides(name: str, rule: Rule) -> bool:
    """Whether a condition looks at a personal value, of which a snapshot may only know that it was given."""
    return name in rule.read and name.removeprefix("lead.") in PERSONAL


def _fitting_leads(
    connection: DuckDBPyConnection, agreement: Agreement, known: Mapping[str, FieldType], *, personal: bool
) -> dict[str, Int64s]:
    """The numbers of the leads for which each policy holds; each combination of values is judged once."""
    np = load_numpy()
    columns = "".join(f", x.{quoted(column_of(name, kind))}" for name, kind in known.items())
    rows = connection.execute(f"select l.l{columns} from l left join lead_profile x on x.lead_id = l.lead_id")
    judged: dict[tuple[object, ...], tuple[str, ...]] = {}
    found: dict[str, list[int]] = {policy.id: [] for policy in agreement.slas}
    while block := rows.fetchmany(_MANY):
        for lead, *row in block:
            given = tuple(row)
            if given not in judged:
                asked = partial(_values, known, given, personal=personal)
                judged[given] = tuple(policy.id for policy in fitting(agreement, asked))
            for policy in judged[given]:
                found[policy].append(lead)
    return {policy: np.array(leads, np.int64) for policy, leads in found.items()}


def _values(
    known: Mapping[str, FieldType], row: tuple[object, ...], rule: Rule, *, personal: bool
) -> dict[str, object]:
    return {
        name: from_us(value) if kind == "instant" and isinstance(value, int) else value
        for (name, kind), value in zip(known.items(), row, strict=True)
        if value is not None and name in rule.names and (personal or not _hides(name, rule))
    }
