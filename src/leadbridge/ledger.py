"""The ledger: typed reading of the facts. It answers what happened to a lead, in order and in plain words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from leadbridge.domain.board import Board
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.clocks import clocks
from leadbridge.domain.facts import Fact
from leadbridge.domain.history import HandoffTrail, LeadHistory
from leadbridge.domain.lead import Lead
from leadbridge.domain.policy import SLAPolicy
from leadbridge.errors import ConfigError
from leadbridge.store import Store

__all__ = ["Ledger"]


class Ledger:
    """The facts of all leads, newest conclusions included. Reading only.

    Args:
        store: where the facts are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def __len__(self) -> int:
        return self._store.count("fact")

    def facts(self, lead: str | Lead | None = None) -> list[Fact]:
        """All facts, or those of one lead, in the order of recording."""
        leads = None if lead is None else [self.find(lead)]
        return [fact for _, fact in self._store.facts(leads)]

    def leads(self) -> list[str]:
        """The ids of all leads that have facts."""
        return sorted({fact.lead for _, fact in self._store.facts()})

    def find(self, who: str | Lead) -> str:
        """The lead id for a lead id, the id of a record in a CRM, or an address.

        Raises:
            ConfigError: nobody is known by this.
        """
        key = who.id if isinstance(who, Lead) else who.strip()
        if self._store.facts([key]):
            return key
        links = self._store.links()
        for link in links:
            if link.ref.id == key:
                return link.lead
        by_ref = {(link.connection, link.ref): link.lead for link in links}
        for observation in self._store.observations():
            lead = by_ref.get((observation.connection, observation.ref))
            if lead is not None and any(
                isinstance(value, str) and "@" in value and value.strip().lower() == key.lower()
                for value in observation.record.fields.values()
            ):
                return lead
        raise ConfigError("no lead is known by this: give a lead id, the id of its record in a CRM, or its address")

    def history(self, lead: str | Lead) -> LeadHistory:
        """Everything that happened to one lead, folded."""
        return LeadHistory.fold(self.facts(lead))

    def histories(self) -> Iterator[LeadHistory]:
        """The histories of all leads, by lead id."""
        by_lead: dict[str, list[Fact]] = defaultdict(list)
        for _, fact in self._store.facts():
            by_lead[fact.lead].append(fact)
        for lead in sorted(by_lead):
            yield LeadHistory.fold(by_lead[lead])

    def open_handoffs(self) -> list[tuple[str, HandoffTrail]]:
        """Offers that wait for an answer, the oldest first."""
        waiting = [
            (history.lead, trail)
            for history in self.histories()
            for trail in history.handoffs
            if trail.state not in ("decided", "expired")
        ]
        return sorted(waiting, key=lambda pair: (pair[1].offered_at is None, pair[1].offered_at, pair[0]))

    def clocks(self, policies: Iterable[SLAPolicy], calendars: Mapping[str, BusinessCalendar], now: datetime) -> Board:
        """Every promise about every lead as it stands at an instant."""
        rules = tuple(policies)
        histories = self.histories() if rules else ()
        return Board(clock for history in histories for clock in clocks(history, rules, calendars, now))

    def explain(self, lead: str | Lead) -> str:
        """The chain of facts about one lead in plain words, without personal data."""
        history = self.history(lead)
        return "\n".join([f"lead {history.lead}", *(f"  {line}" for line in history.explain())])

    def __repr__(self) -> str:
        return f"<Ledger: {len(self)} facts>"
