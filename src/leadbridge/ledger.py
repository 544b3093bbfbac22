"""The ledger: typed reading of the facts. It answers what happened to a lead, in order and in plain words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from leadbridge.agreement import Agreement, Agreements, lint
from leadbridge.agreement.brief import Brief, brief
from leadbridge.agreement.holidays import as_written, kept_holidays, looked_up, with_holidays
from leadbridge.agreement.promises import board
from leadbridge.agreement.route import routes
from leadbridge.agreement.target import Target
from leadbridge.agreement.versions import digest, merged
from leadbridge.domain.buying.group import BuyingGroup
from leadbridge.domain.criteria.profile import standing_fields
from leadbridge.domain.facts import Fact, SLAEscalated
from leadbridge.domain.feedback import NO_LEAD
from leadbridge.domain.handoff.dealing import Route
from leadbridge.domain.history import HandoffTrail, LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.sla.board import Board
from leadbridge.errors import AgreementError, ConfigError, Problem
from leadbridge.store import KeptAgreement, Link, Store, Timers
from leadbridge.store.handles import handle
from leadbridge.store.refold import kept_timers

__all__ = ["Ledger"]


class Ledger:
    """The facts of all leads, newest conclusions included. Reading only, but for the versions of the agreement.

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
        return sorted({fact.lead for _, fact in self._store.facts()} - {NO_LEAD})

    def find(self, who: str | Lead) -> str:
        """The lead id for a lead id, the id of a record in a CRM, or an address.

        Raises:
            ConfigError: nobody is known by this.
        """
        key = who.id if isinstance(who, Lead) else who.strip()
        if key != NO_LEAD and self._store.facts([key]):
            return key
        for links in self._known_by(key):
            if links:
                return links[0].lead
        raise ConfigError("no lead is known by this: give a lead id, the id of its record in a CRM, or its address")

    def _known_by(self, key: str) -> Iterator[list[Link]]:
        """The links of records with an id; of those that are recognised by an address; that have it in any field."""
        yield self._store.links_to(key)
        address = key.lower()
        if "@" in address:
            yield self._store.links_of(sorted(self._store.alike([handle("email", address)])))
            yield self._store.links_of(
                (observation.connection, observation.ref)
                for observation in self._store.mentioning(address)
                if any(
                    isinstance(value, str) and value.strip().lower() == address
                    for value in observation.record.fields.values()
                )
            )

    def history(self, lead: str | Lead) -> LeadHistory:
        """Everything that happened to one lead, folded."""
        return LeadHistory.fold(self.facts(lead))

    def lead(self, who: str | Lead) -> Lead:
        """A lead as it stands: the values that its records last agreed on, and what the facts say of its axes.

        Raises:
            ConfigError: nobody is known by this.
        """
        lead = self.find(who)
        bases = [base for _, base in sorted(self._store.bases([lead]).items())]
        return Lead.from_fields(lead, standing_fields(bases, self.history(lead)))

    def brief(self, who: str | Lead, agreement: Agreement | Agreements, now: datetime) -> Brief:
        """What the receiving function has to know about a lead before it speaks with the buyer.

        Args:
            who: a lead, its id, the id of a record, or an address.
            agreement: one, or several versions of it; the lead is explained with the one in force.
            now: when it is read.
        """
        series, history = Agreements.of(agreement), self.history(who)
        promised = board([history], series, now, fields=self.fields_for(series))
        return brief(history, self.lead(who), series.judging(now), at=now, clocks=promised)

    def profiles(self) -> dict[str, dict[str, object]]:
        """The flat canonical fields that the records of each lead last agreed on, by lead id."""
        found: dict[str, dict[str, object]] = {}
        for (lead, _), base in sorted(self._store.bases().items()):
            said = {name: value for name, value in base.items() if value not in (None, "")}
            found.setdefault(lead, {}).update(said)
        return found

    def buying_group(self, opportunity: str, agreement: Agreement, now: datetime) -> BuyingGroup:
        """Who decides about an opportunity together, each with the buying role that the agreement sees.

        Raises:
            ConfigError: no lead takes part in an opportunity of this id.
        """
        many = [one for one in self.histories() if any(trail.id == opportunity for trail in one.opportunities)]
        profiles, target = self.profiles(), Target(agreement)
        roles: dict[str, str | None] = {}
        for one in many:
            fields = standing_fields([profiles.get(one.lead, {})], one)
            touches = [Interaction.of(touch.fact) for touch in one.touches]
            roles[one.lead] = target.of(fields, touches, at=now).role
        return BuyingGroup.of(
            opportunity,
            many,
            agreement.buying_stages,
            roles=roles,
            wanted=[role.id for role in agreement.target_market.roles],
            functions=(agreement.handoff.from_, agreement.handoff.to),
        )

    def histories(self, *, unattached: bool = False) -> Iterator[LeadHistory]:
        """The histories of all leads, by lead id.

        Args:
            unattached: begin with the facts that are about no lead, such as feedback on a message, as the history of
                :data:`~leadbridge.domain.feedback.NO_LEAD`.
        """
        by_lead: dict[str, list[Fact]] = defaultdict(list)
        for _, fact in self._store.facts():
            by_lead[fact.lead].append(fact)
        for lead in sorted(by_lead):
            if unattached or lead != NO_LEAD:
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

    def routes(self, agreement: Agreement, now: datetime, *, away: Collection[str] = ()) -> list[Route]:
        """Where every open offer that nobody has yet would go, and why; see :func:`leadbridge.agreement.route.routes`.

        Args:
            away: owners who are away, besides those whom the agreement says are.
        """
        histories = list(self.histories())
        leads = self.standing(histories)
        return routes(histories, agreement=agreement, leads=leads, facts=self.facts(), away=away, at=now)

    def standing(self, histories: Iterable[LeadHistory]) -> dict[str, Lead]:
        """The leads of these histories as they stand now, by id."""
        known = list(histories)
        bases: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for (lead, _), base in sorted(self._store.bases(history.lead for history in known).items()):
            bases[lead].append(base)
        return {
            history.lead: Lead.from_fields(history.lead, standing_fields(bases[history.lead], history))
            for history in known
        }

    def agreements(self, given: Agreement | Agreements) -> Agreements:
        """The given versions of the agreement together with those that this ledger was kept under before.

        Raises:
            ConfigError: a version that was signed and used came back with other words, see
                :func:`leadbridge.agreement.versions.merged`; or a kept version cannot be read any more.
        """
        return _series(Agreements.of(given), self._store.agreements())

    def kept(self) -> list[Agreement]:
        """The versions of the agreement that this ledger was kept under, the oldest first.

        Raises:
            ConfigError: one of them cannot be read any more.
        """
        return [_read(each) for each in self._store.agreements()]

    def keep(self, given: Agreement | Agreements, now: datetime) -> Agreements:
        """Like :meth:`agreements`, and remembers the given versions from now on, with the dates of their holidays.

        Raises:
            ConfigError: as :meth:`agreements` does; then nothing is remembered.
        """
        known = self._store.agreements()
        series = Agreements(looked_up(each) for each in _series(Agreements.of(given), known))
        before = {each.version: (each.digest, each.holidays) for each in known}
        new = [
            KeptAgreement(each.version, each.name, each.effective, digest(words), words.to_yaml(), now, dates)
            for each in series
            if before.get(each.version) != (digest(words := as_written(each)), dates := kept_holidays(each))
        ]
        if new:
            with self._store.transaction() as tx:
                tx.keep_agreements(new)
        return series

    def clocks(self, agreement: Agreement | Agreements, now: datetime) -> Board:
        """Every promise about every lead as it stands at an instant, each under the version it was made in.

        Args:
            agreement: one, or several versions of it, such as :meth:`agreements` gives.
        """
        series = Agreements.of(agreement)
        promised = any(each.slas for each in series)
        return board(self.histories() if promised else (), series, now, fields=self.fields_for(series))

    def fields_for(self, series: Agreements) -> Mapping[str, Mapping[str, object]]:
        """The fields of all leads, when any promise depends on them."""
        return self.profiles() if any(each.sla_rules for each in series) else {}

    def escalations(self, agreement: Agreement | Agreements, now: datetime) -> tuple[SLAEscalated, ...]:
        """Who is to be told now of a promise that is about to break or broke, and was not told yet."""
        return self.clocks(agreement, now).escalations(self.facts(), now)

    def escalate(self, agreement: Agreement | Agreements, now: datetime) -> tuple[SLAEscalated, ...]:
        """:meth:`escalations` at the present instant, recorded: nobody gets one of them a second time, whoever asks."""
        late = self.timers(agreement, now).alerting().board()
        told = self._store.facts({clock.lead for clock in late})
        alerts = late.escalations(fact for _, fact in told)
        if not alerts:
            return ()
        with self._store.transaction() as tx:
            return tuple(tx.tell(alerts))

    def timers(self, agreement: Agreement | Agreements, now: datetime) -> Timers:
        """The open promises as they stand at the present instant, from what the database keeps of them.

        Only leads about which something was recorded since the last time are folded; under other words of the agreement
        all are.

        Args:
            agreement: one, or several versions of it.
            now: the present instant; for an earlier one ask :meth:`clocks`.
        """
        return kept_timers(self._store, Agreements.of(agreement), now)

    def lint(
        self, agreement: Agreement | Agreements, now: datetime, *, metrics: Collection[str] | None = None
    ) -> list[Problem]:
        """Remarks about the version in force: what will disappoint, and what this ledger shows no trace of.

        Args:
            metrics: the names of all metrics; without them targets are not compared with metrics.
        """
        histories = list(self.histories())
        bases: dict[str, list[Mapping[str, object]]] = defaultdict(list)
        for (lead, _), base in sorted(self._store.bases([each.lead for each in histories]).items()):
            bases[lead].append(base)
        fields = {each.lead: standing_fields(bases[each.lead], each) for each in histories if each.lead in bases}
        version = Agreements.of(agreement).judging(now)
        return lint(version, on=now.date(), metrics=metrics, histories=histories, fields=fields, now=now)

    def explain(self, lead: str | Lead) -> str:
        """The chain of facts about one lead in plain words, without personal data."""
        history = self.history(lead)
        return "\n".join([f"lead {history.lead}", *(f"  {line}" for line in history.explain())])

    def __repr__(self) -> str:
        return f"<Ledger: {len(self)} facts>"


def _series(given: Agreements, kept: list[KeptAgreement]) -> Agreements:
    """The given versions and the kept ones, each with the public holidays that it was first used with."""
    words = Agreements(as_written(each) for each in given)
    prints = {each.version: digest(each) for each in words}
    other = [each for each in kept if each.digest != prints.get(each.version)]
    series = merged(words, (_read(each) for each in other)) if other else words
    first = {each.version: each for each in given}
    dates = {each.version: each.holidays for each in kept}
    return Agreements(with_holidays(first.get(each.version, each), dates.get(each.version, {})) for each in series)


def _read(kept: KeptAgreement) -> Agreement:
    try:
        return Agreement.loads(kept.document, source=f"version {kept.version} in the database")
    except AgreementError as error:
        raise ConfigError(
            f"version {kept.version} of {kept.name}, which this database was used with, cannot be read by this release "
            f"of leadbridge: {error}"
        ) from None
