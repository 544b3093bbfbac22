"""The front door: wires an agreement, one or two CRMs and a database, and offers what people do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from leadbridge.adapter import OWN_FIELDS, Adapter, Provision, Provisioned, Ref
from leadbridge.agreement import Agreement, lint
from leadbridge.agreement.offer import terms_of
from leadbridge.clock import Clock, SystemClock
from leadbridge.domain.board import Board
from leadbridge.domain.clocks import clocks
from leadbridge.domain.facts import Fact, LeadLinked
from leadbridge.domain.handoff import Handoff
from leadbridge.domain.lead import Lead
from leadbridge.errors import ConfigError, Unsupported
from leadbridge.ledger import Ledger
from leadbridge.registry import connect
from leadbridge.retry import Retry
from leadbridge.settings import Settings
from leadbridge.store import Link, Quarantined, Store
from leadbridge.sync import Engine, Plan, Progress, RoundResult, SyncResult
from leadbridge.sync.engine import silent
from leadbridge.sync.identity import unclear
from leadbridge.sync.inspect import CheckReport, inspect

if TYPE_CHECKING:
    from leadbridge.analytics import Snapshot
    from leadbridge.analytics.measures import Metrics

__all__ = ["Bridge", "Writes"]

Writes = Literal["off", "ask", "on"]


class Bridge:
    """An agreement at work between one or two CRMs.

    Args:
        agreement: what marketing and sales agreed on. connections: the CRM accounts by a name of your own; one or two.
        store: an SQLAlchemy address, or an open :class:`~leadbridge.store.Store`. writes: for each connection ``off``
        (never written), ``ask`` (only what a person has applied; the default) or ``on``. clock: where the time comes
        from. retry: how patient calls are. grace: how long a write whose answer was lost is left alone before it is
        looked up.

    Raises:
        ConfigError: no connection, too many of them, or a mode of writing that does not exist.
    """

    def __init__(
        self,
        agreement: Agreement,
        connections: Mapping[str, Adapter],
        store: str | Store = "sqlite:///leadbridge.db",
        *,
        writes: Mapping[str, Writes] | Writes = "ask",
        clock: Clock | None = None,
        retry: Retry | None = None,
        grace: timedelta = timedelta(seconds=120),
    ) -> None:
        if not 1 <= len(connections) <= 2:
            raise ConfigError(f"a bridge has one or two connections, not {len(connections)}")
        modes = {name: writes if isinstance(writes, str) else writes.get(name, "ask") for name in connections}
        for name, mode in modes.items():
            if mode not in ("off", "ask", "on"):
                raise ConfigError(f"writes of {name}: {mode!r} is unknown; use off, ask or on")
        self.agreement = agreement
        self.connections = dict(connections)
        self.clock: Clock = clock or SystemClock()
        self.store = Store(store) if isinstance(store, str) else store
        self.ledger = Ledger(self.store)
        self._retry = retry or Retry()
        self._engine = Engine(
            agreement, self.connections, self.store, writes=modes, clock=self.clock, retry=self._retry, grace=grace
        )

    @classmethod
    def open(cls, path: str | Path | None = None, *, only: str | None = None, clock: Clock | None = None) -> Bridge:
        """A bridge from ``leadbridge.toml`` and the environment.

        Args:
            path: the settings file, when it is not ``leadbridge.toml`` here.
            only: the one connection to use.

        Raises:
            ConfigError: a setting is missing or wrong; the message says which and what to do.
        """
        settings = Settings.load(path)
        if only is not None and only not in settings.connections:
            known = ", ".join(settings.connections) or "none"
            raise ConfigError(f"there is no connection {only} in the settings (there are: {known})")
        chosen = {name: each for name, each in settings.connections.items() if only in (None, name)}
        if not chosen:
            raise ConfigError('the settings name no connection: add [connections.hs] with adapter = "hubspot"')
        adapters = {name: connect(each.adapter, each.own()) for name, each in chosen.items()}
        return cls(
            Agreement.load(settings.agreement),
            adapters,
            settings.store,
            writes={name: each.writes for name, each in chosen.items()},
            clock=clock,
            retry=Retry(attempts=settings.sync.attempts),
            grace=timedelta(seconds=settings.sync.grace_seconds),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the database and the connections back. Closing twice is fine."""
        for adapter in self.connections.values():
            adapter.close()
        self.store.close()

    # -- before anything is written --------------------------------------------------------------------------------

    def check(self, *, progress: Callable[[str, int], None] | None = None) -> CheckReport:
        """How the agreement fits the CRMs: unmapped statuses, stages, reasons and owners with row counts. Read-only."""
        today = self.clock.now().date()
        report = inspect(
            self.agreement.standing(today),
            self._engine.mappings(),
            self.connections,
            retry=self._retry,
            progress=progress,
        )
        report.notes.extend(str(problem) for problem in lint(self.agreement))
        return report

    def provision(self, *, dry_run: bool = True) -> dict[str, list[Provisioned]]:
        """Adds our own fields to every connection that can; with ``dry_run`` only says what it would do.

        Raises:
            Unsupported: an adapter cannot add fields.
        """
        purposes = [own.purpose for own in OWN_FIELDS]
        done: dict[str, list[Provisioned]] = {}
        for name, adapter in self.connections.items():
            if not isinstance(adapter, Provision):
                raise Unsupported("adding fields (Provision)", connection=name, operation="provision")
            done[name] = adapter.provision(purposes, dry_run=dry_run)
        return done

    # -- sync ----------------------------------------------------------------------------------------------------------

    def plan(self, *, progress: Progress = silent) -> Plan:
        """What a sync would write, and why. Reads both CRMs, writes to neither."""
        return self._engine.plan(progress)

    def apply(self, plan: Plan, *, approve: str | None = None, progress: Progress = silent) -> RoundResult:
        """Does what a plan says, if it still holds.

        Args:
            approve: the plan's hash, when it exceeds the agreed limits and a person has approved it.

        Raises:
            StalePlan: make a new plan.
            ApprovalNeeded: the plan exceeds the agreed limits.
        """
        return self._engine.apply(plan, approve=approve, progress=progress)

    def sync(
        self, *, yes: bool = False, approve: str | None = None, rounds: int = 8, progress: Progress = silent
    ) -> SyncResult:
        """Rounds of pull, decide, record, deliver, until nothing is left to do.

        Args:
            yes: a person agrees to write to connections that are set to ``ask``.
        """
        return self._engine.sync(yes=yes, approve=approve, rounds=rounds, progress=progress)

    def record(self, facts: Fact | Iterable[Fact]) -> int:
        """Adds facts that a tool brings (a decision, feedback); the next sync shows them in the CRMs.

        Returns:
            How many facts were new: one that is known already is not added again.
        """
        given = [facts] if isinstance(facts, Fact) else list(facts)
        leads = {fact.lead for fact in given}
        known = {fact for _, fact in self.store.facts(leads)}
        new = [fact for fact in dict.fromkeys(given) if fact not in known]
        live = [(link.connection, link.ref) for link in self.store.links(leads) if link.status == "live"]
        with self.store.transaction() as tx:
            tx.append(new)
            tx.mark(live, dirty=True)
        return len(new)

    def handoff(self, who: str) -> Handoff:
        """The latest hand-off of a lead, to be answered: ``bridge.record(bridge.handoff(who).accept())``.

        Raises:
            ConfigError: the lead was never offered.
        """
        history = self.ledger.history(who)
        trail = history.handoff
        if trail is None or trail.offered_at is None:
            raise ConfigError("this lead was never offered: there is no hand-off to answer")
        story = [fact for fact in history.facts if getattr(fact, "handoff", None) == trail.id]
        opened = Handoff(
            id=trail.id,
            lead=history.lead,
            terms=terms_of(self.agreement),
            from_function=trail.from_function,
            to_function=trail.to_function,
            agreement=self.agreement.version,
            package=trail.package,
            missing=trail.missing,
            offered_at=trail.offered_at,
            expires_at=trail.expires_at,
            passage=trail.passage,
            now=self.clock.now,
        )
        return opened.after(story)

    def link(self, connection: str, record: Ref, lead: str) -> None:
        """A person says which lead a record stands for; the next sync follows.

        Raises:
            ConfigError: the connection or the lead is unknown, the lead has another record there, or the record stands
                for another lead.
        """
        if connection not in self.connections:
            raise ConfigError(f"there is no connection {connection} (there are: {', '.join(self.connections)})")
        owner = self.ledger.find(lead)
        for link in self.store.links():
            if (link.connection, link.ref, link.status) == (connection, record, "live") and link.lead != owner:
                raise ConfigError(
                    f"this {record.kind} stands for lead {link.lead} in {connection}: merge the two there"
                )
        for link in self.store.links([owner]):
            if link.connection == connection and link.status == "live" and link.ref != record:
                raise ConfigError(f"lead {owner} is {link.ref.kind} {link.ref.id} in {connection}: merge the two there")
        now = self.clock.now()
        fact = LeadLinked(
            lead=owner,
            occurred_at=now,
            recorded_at=now,
            system=connection,
            kind=record.kind,
            record=record.id,
            how="person",
        )
        with self.store.transaction() as tx:
            tx.append([fact])
            tx.save_links([Link(connection, record, owner)])
            tx.resolve([unclear(connection, record)], now)
            tx.mark([(connection, record)], dirty=True)

    # -- reading -------------------------------------------------------------------------------------------------------

    def lead(self, who: str) -> Lead:
        """A lead as it stands, by its id, the id of a record, or an address."""
        lead = self.ledger.find(who)
        fields: dict[str, object] = {}
        for (_, _), base in sorted(self.store.bases([lead]).items()):
            fields.update({name: value for name, value in base.items() if value not in (None, "")})
        history = self.ledger.history(lead)
        fields |= {"stage": history.stage, "status": history.status, "buying_stage": history.buying_stage}
        answer = history.handoff.answer if history.handoff else None
        if answer is not None:
            fields |= {"decision": answer.decision, "reason": answer.reason}
        return Lead.from_fields(lead, fields)

    def links(self) -> list[Link]:
        """Which record stands for which lead."""
        return self.store.links()

    def quarantine(self) -> list[Quarantined]:
        """What was refused or is unclear and waits for a person, with reason and remedy."""
        return self.store.quarantined()

    def clocks(self, *, at: datetime | None = None) -> Board:
        """Every promise about every lead as it stands now, or at an instant."""
        return self.ledger.clocks(self.agreement.slas, self.agreement.calendars, at or self.clock.now())

    def calls(self) -> dict[str, int]:
        """API calls made so far, by connection."""
        return {name: getattr(adapter, "calls", 0) for name, adapter in self.connections.items()}

    def snapshot(self, directory: str | Path | None = None) -> Snapshot:
        """The ledger as Parquet files, for metrics and notebooks (needs the extra ``analytics``)."""
        from leadbridge.analytics import Snapshot

        now = self.clock.now()
        histories = list(self.ledger.histories())
        slas, calendars = self.agreement.slas, self.agreement.calendars
        promises = (clock for history in histories for clock in clocks(history, slas, calendars, now))
        return Snapshot.from_histories(
            histories, agreement=self.agreement, clocks=promises, now=now, directory=directory
        )

    @property
    def metrics(self) -> Metrics:
        """The metrics over a fresh snapshot."""
        return self.snapshot().metrics
