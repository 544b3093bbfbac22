"""The front door: wires an agreement, one or two CRMs and a database, and offers what people do with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from leadbridge.adapter import Adapter, Provision, Provisioned, Ref
from leadbridge.agreement import Agreement, Agreements, lint
from leadbridge.agreement.brief import Brief
from leadbridge.agreement.promises import board
from leadbridge.agreement.reclaim import Leaving, leave, reclaims
from leadbridge.agreement.reopen import reopened
from leadbridge.boards import Boards
from leadbridge.clock import Clock, SystemClock
from leadbridge.domain.buying.group import BuyingGroup
from leadbridge.domain.facts import ConsentGiven, Fact
from leadbridge.domain.handoff import Handoff
from leadbridge.domain.handoff.dealing import Route
from leadbridge.domain.lead import Lead
from leadbridge.errors import ConfigError, Problem, Unsupported
from leadbridge.ledger import Ledger
from leadbridge.registry import connected
from leadbridge.retry import Retry
from leadbridge.settings import RetentionSettings, Settings
from leadbridge.store import DatabaseTokens, Link, Quarantined, Store
from leadbridge.sync import ALL, Budget, Engine, Plan, Progress, RoundResult, Selection, SyncResult
from leadbridge.sync.erase import ErasurePlan
from leadbridge.sync.inspect import CheckReport, inspect, strangers
from leadbridge.sync.own import own_purposes
from leadbridge.sync.people import agree_again, keep_apart, known, say_who, tell
from leadbridge.sync.progress import silent
from leadbridge.sync.recover import Recovery
from leadbridge.sync.sweep import SweepResult
from leadbridge.sync.upkeep import Upkeep

if TYPE_CHECKING:
    from leadbridge.analytics import Reconciliation, Snapshot
    from leadbridge.analytics.measures import Metrics

__all__ = ["Bridge", "Writes"]

Writes = Literal["off", "ask", "on"]


class Bridge(Boards):
    """An agreement at work between one or two CRMs.

    Args:
        agreement: what marketing and sales agreed on, or several versions of it; versions that the store was used with
            before are added, so that the past stays as it was judged.
        connections: the CRM accounts by a name of your own; one or two.
        store: an SQLAlchemy address, or an open :class:`~leadbridge.store.Store`.
        writes: for each connection ``off`` (never written), ``ask`` (only what a person has applied; the default) or
            ``on``.
        clock: where the time comes from.
        retry: how patient calls are.
        grace: how long a write whose answer was lost is left alone before it is looked up.
        budgets: how much of its account's calls a day each connection may use; see :class:`~leadbridge.sync.Budget`.

    Raises:
        ConfigError: no connection, too many of them, a mode of writing that does not exist, or a signed version of the
            agreement that says something else than when the store was used with it.
    """

    def __init__(
        self,
        agreement: Agreement | Agreements,
        connections: Mapping[str, Adapter],
        store: str | Store = "sqlite:///leadbridge.db",
        *,
        writes: Mapping[str, Writes] | Writes = "ask",
        clock: Clock | None = None,
        retry: Retry | None = None,
        grace: timedelta = timedelta(seconds=120),
        budgets: Mapping[str, Budget] | None = None,
    ) -> None:
        if not 1 <= len(connections) <= 2:
            raise ConfigError(f"a bridge has one or two connections, not {len(connections)}")
        modes = {name: writes if isinstance(writes, str) else writes.get(name, "ask") for name in connections}
        for name, mode in modes.items():
            if mode not in ("off", "ask", "on"):
                raise ConfigError(f"writes of {name}: {mode!r} is unknown; use off, ask or on")
        self.connections = dict(connections)
        self.clock: Clock = clock or SystemClock()
        self.store = Store(store) if isinstance(store, str) else store
        self.ledger = Ledger(self.store)
        self.agreements = self.ledger.keep(agreement, self.clock.now())
        self._retry = retry or Retry()
        self._engine = Engine(
            self.agreements,
            self.connections,
            self.store,
            writes=modes,
            clock=self.clock,
            retry=self._retry,
            grace=grace,
            budgets=budgets,
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
        return cls.of(Settings.load(path), only=only, clock=clock)

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        only: str | None = None,
        store: str | Store | None = None,
        agreement: Agreement | Agreements | None = None,
        clock: Clock | None = None,
    ) -> Bridge:
        """A bridge from settings that are read already.

        Args:
            only: the one connection to use.
            store: in place of the database of the settings.
            agreement: in place of the file of the settings.

        Raises:
            ConfigError: a setting is missing or wrong; the message says which and what to do.
        """
        chosen = settings.chosen(only)
        place = store or settings.store
        opened = Store(place) if isinstance(place, str) else place
        tokens = DatabaseTokens(opened, settings.token_key, clock=clock)
        return cls(
            agreement or Agreements.load(settings.agreement),
            {name: connected(name, each, tokens) for name, each in chosen.items()},
            opened,
            writes={name: each.writes for name, each in chosen.items()},
            clock=clock,
            retry=Retry(attempts=settings.sync.attempts),
            grace=timedelta(seconds=settings.sync.grace_seconds),
            budgets={name: Budget(each.daily_share, each.daily_reserve) for name, each in chosen.items()},
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

    @property
    def agreement(self) -> Agreement:
        """The version that decides now: the one in force."""
        return self.agreements.judging(self.clock.now())

    # -- before anything is written --------------------------------------------------------------------------------

    def check(self, *, progress: Callable[[str, int], None] | None = None) -> CheckReport:
        """How the agreement fits the CRMs: unmapped statuses, stages, reasons and owners with row counts. Read-only."""
        today, mappings = self.clock.now().date(), self._engine.mappings()
        words, purposes, retry = self.agreement.standing(today), own_purposes(self.agreements), self._retry
        report = inspect(words, mappings, self.connections, purposes=purposes, retry=retry, progress=progress)
        report.notes += [*strangers(self.agreement, mappings), *map(str, lint(self.agreement, on=today))]
        return report

    def lint(self) -> list[Problem]:
        """Remarks about the agreement: what will disappoint, and what the ledger shows no trace of."""
        from leadbridge.analytics import metrics

        return self.ledger.lint(self.agreements, self.clock.now(), metrics=tuple(metrics()))

    def provision(self, *, dry_run: bool = True) -> dict[str, list[Provisioned]]:
        """Adds the fields that the agreement has a use for to every connection; a dry run only says what it would do.

        Raises:
            Unsupported: an adapter cannot add fields.
        """
        purposes = own_purposes(self.agreements)
        done: dict[str, list[Provisioned]] = {}
        for name, adapter in self.connections.items():
            if not isinstance(adapter, Provision):
                raise Unsupported("adding fields (Provision)", connection=name, operation="provision")
            done[name] = adapter.provision(purposes, dry_run=dry_run)
        return done

    # -- sync ----------------------------------------------------------------------------------------------------------

    def plan(self, selection: Selection = ALL, *, progress: Progress = silent) -> Plan:
        """What a sync would write, or the wanted part of it, and why. Reads both CRMs, writes to neither."""
        return self._engine.plan(progress, selection)

    def undo(self, plan: str, *, progress: Progress = silent) -> Plan:
        """What takes back the applied plan of this hash, where it is still ours: to be read, then given to apply."""
        return self._engine.undo(plan, progress)

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
        self, *, yes: bool | None = False, approve: str | None = None, rounds: int = 8, progress: Progress = silent
    ) -> SyncResult:
        """Rounds of pull, decide, record, deliver, until nothing is left to do.

        Args:
            yes: a person agrees to write to connections that are set to ``ask``; ``None`` leaves those to a person.
        """
        return self._engine.sync(yes=yes, approve=approve, rounds=rounds, progress=progress)

    def record(self, facts: Fact | Iterable[Fact]) -> int:
        """Adds facts that a tool brings (a decision, feedback); the next sync shows them in the CRMs.

        Each is recorded under the version of the agreement that was in force when it happened.

        Returns:
            How many facts were new: one that is known already is not added again.
        """
        return tell(self.store, self.agreements, [facts] if isinstance(facts, Fact) else facts)

    def handoff(self, who: str) -> Handoff:
        """The latest hand-off of a lead, to be answered: ``bridge.record(bridge.handoff(who).accept())``.

        Raises:
            ConfigError: the lead was never offered.
        """
        return reopened(self.ledger.history(who), agreement=self.agreement, now=self.clock.now)

    def routes(self, *, away: Collection[str] = (), at: datetime | None = None) -> list[Route]:
        """Where every open offer that nobody has yet would go, and why. To take one: ``bridge.record(route.facts)``.

        Args:
            away: owners who are away, besides those whom the agreement says are.
        """
        return self.ledger.routes(self.agreement, at or self.clock.now(), away=away)

    def reclaims(self, *, at: datetime | None = None) -> tuple[Fact, ...]:
        """The facts of taking back what nobody touched for as long as was agreed, to be recorded."""
        return reclaims(self.ledger.histories(), agreement=self.agreement, at=at or self.clock.now())

    def leave(self, owner: str, *, at: datetime | None = None) -> Leaving:
        """What becomes of the leads of an owner who leaves. To do it: ``bridge.record(bridge.leave(owner).facts)``."""
        return leave(owner, self.ledger.histories(), agreement=self.agreement, at=at or self.clock.now())

    def sweep(
        self,
        *,
        every: timedelta | None = None,
        pages: int | None = None,
        approve: str | None = None,
        progress: Progress = silent,
    ) -> SweepResult:
        """Looks through all ids, to notice what vanished and what nobody ever read; see :meth:`Upkeep.sweep`."""
        return Upkeep(self._engine).sweep(every=every, pages=pages, approve=approve, progress=progress)

    def recover(self, *, yes: bool = False, everything: bool = False, progress: Progress = silent) -> Recovery:
        """What a restored database does not know, or with ``yes`` catches up with it; see :meth:`Upkeep.recover`."""
        return Upkeep(self._engine).recover(yes=yes, everything=everything, progress=progress)

    def prune(self, keep: RetentionSettings, *, yes: bool = False) -> dict[str, int]:
        """How many rows were kept for long enough, by table, or with ``yes`` removes them; see :meth:`Upkeep.prune`."""
        return Upkeep(self._engine).prune(keep, yes=yes)

    def link(self, connection: str, record: Ref, lead: str) -> None:
        """A person says which lead a record stands for; the next sync follows.

        Raises:
            ConfigError: the connection or the lead is unknown, or the two have other partners.
        """
        known(connection, self.connections)
        owner, version = self.ledger.find(lead), self.agreement.version
        say_who(self.store, connection, record, owner, now=self.clock.now(), version=version)

    def apart(self, connection: str, record: Ref) -> str:
        """A person says that a record stands for somebody of its own, whoever has the same address; the new lead.

        Raises:
            ConfigError: the connection is unknown, nobody has read such a record, or it belongs to a lead already.
        """
        known(connection, self.connections)
        return keep_apart(self.store, connection, record, now=self.clock.now(), version=self.agreement.version)

    def agree_again(self, who: str, *, given_at: datetime, evidence: str, by: str) -> ConsentGiven:
        """Records that somebody who had opted out agreed again; the next plan shows it, and needs approval.

        The arguments are those of :func:`leadbridge.sync.people.agree_again`.
        """
        lead, now = self.ledger.find(who), self.clock.now()
        given = agree_again(self.store, lead, given_at=given_at, evidence=evidence, by=by, now=now)
        self.record(given)
        return given

    def erase(self, who: str, *, yes: bool = False) -> ErasurePlan:
        """What erasing a person would remove, or with ``yes`` does it, or goes on with it; nobody known is an error."""
        return self._engine.erase(who, self.ledger.find, yes=yes)

    # -- reading -------------------------------------------------------------------------------------------------------

    def lead(self, who: str) -> Lead:
        """A lead as it stands, by its id, the id of a record, or an address."""
        return self.ledger.lead(who)

    def buying_group(self, opportunity: str) -> BuyingGroup:
        """Who decides about an opportunity together: members, roles, buying stages, who is missing."""
        return self.ledger.buying_group(opportunity, self.agreement, self.clock.now())

    def brief(self, who: str) -> Brief:
        """What the receiving function has to know about a lead before it speaks with the buyer."""
        return self.ledger.brief(who, self.agreements, self.clock.now())

    def links(self) -> list[Link]:
        """Which record stands for which lead."""
        return self.store.links()

    def quarantine(self) -> list[Quarantined]:
        """What was refused or is unclear and waits for a person, with reason and remedy."""
        return self.store.quarantined()

    def calls(self) -> dict[str, int]:
        """API calls made so far, by connection."""
        return {name: getattr(adapter, "calls", 0) for name, adapter in self.connections.items()}

    def snapshot(self, directory: str | Path | None = None, *, personal: bool = False) -> Snapshot:
        """The ledger as Parquet files, for metrics and notebooks (needs the extra ``analytics``).

        Args:
            directory: where it is kept; without it, in a temporary directory.
            personal: whether names, addresses and telephone numbers are kept in ``lead_profile``.
        """
        from leadbridge.analytics import Snapshot

        now = self.clock.now()
        histories = list(self.ledger.histories(unattached=True))
        promises = board(histories, self.agreements, now, fields=self.ledger.fields_for(self.agreements))
        return Snapshot.from_histories(
            histories,
            agreement=self.agreement,
            clocks=promises,
            profiles=self.ledger.profiles(),
            personal=personal,
            now=now,
            directory=directory,
        )

    def reconcile(self, what: str, *, since: datetime | None = None, until: datetime | None = None) -> Reconciliation:
        """Why the two CRMs count the same thing differently, record by record: reads both afresh, writes nothing."""
        from leadbridge.analytics import Snapshot

        read = Snapshot.from_crm(self.connections, agreement=self.agreement, retry=self._retry, clock=self.clock)
        with read as snapshot:
            return snapshot.reconcile(what, agreement=self.agreement, since=since, until=until)

    @property
    def metrics(self) -> Metrics:
        """The metrics over a fresh snapshot."""
        return self.snapshot().metrics
