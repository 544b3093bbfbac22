"""The engine: rounds of pull, decide, record, deliver over the connections of a bridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from leadbridge.adapter import Adapter
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import Clock
from leadbridge.errors import AdapterError, ApprovalNeeded, ConfigError, StalePlan, StoreBusy, WritesOff, named
from leadbridge.mapping import ConnectionMapping
from leadbridge.retry import Retry
from leadbridge.store import RECOVERED, Lease, Store, Transaction, Worker
from leadbridge.sync.around import keep_handles
from leadbridge.sync.asking import Asking
from leadbridge.sync.behind import refuse_if_behind, refuse_if_restored
from leadbridge.sync.budget import Budget, Meter, estimate
from leadbridge.sync.case import Rules
from leadbridge.sync.collecting import collected_rarely
from leadbridge.sync.dating import dated
from leadbridge.sync.decide import decide
from leadbridge.sync.deliver import deliver
from leadbridge.sync.described import Described
from leadbridge.sync.erase import Eraser, ErasurePlan
from leadbridge.sync.gather import Gathered, gather
from leadbridge.sync.guards import Ground, over_limits
from leadbridge.sync.opt_outs import never_held
from leadbridge.sync.plan import ALL, Plan, Selection, plan_hash
from leadbridge.sync.progress import Progress, silent
from leadbridge.sync.pull import Pulled, pull
from leadbridge.sync.record import LEASE, record
from leadbridge.sync.recover import FIRST_AFTER
from leadbridge.sync.results import RoundResult, SyncResult
from leadbridge.sync.selection import selected
from leadbridge.sync.undo import undone

__all__ = ["Engine"]

NONE_DOWN: Mapping[str, AdapterError] = MappingProxyType({})
"""Every connection answers."""


class Engine:
    """Syncs connections under an agreement. Built by :class:`leadbridge.Bridge`.

    Args:
        agreement: one, or several versions of it: the one in force decides.
        writes: for each connection ``off`` (never), ``ask`` (only what a person has applied) or ``on``.
        grace: how long a write whose answer was lost is left alone.
        workers: most calls that are under way at once; with one, they follow each other in the order of planning.
        budgets: how much of its account's calls each connection may use; what is not named, the usual.
    """

    def __init__(
        self,
        agreement: Agreement | Agreements,
        adapters: Mapping[str, Adapter],
        store: Store,
        *,
        writes: Mapping[str, str],
        clock: Clock,
        retry: Retry,
        grace: timedelta,
        workers: int = 4,
        budgets: Mapping[str, Budget] | None = None,
    ) -> None:
        self.agreements, self.adapters, self.store = Agreements.of(agreement), adapters, store
        self.writes, self.clock, self.retry, self.grace = writes, clock, retry, grace
        self.meter = Meter(store, self.adapters, budgets or {})
        self.worker, self.workers = Worker(), workers
        self._crms = Described()

    @property
    def agreement(self) -> Agreement:
        """The version that decides now."""
        return self.agreements.judging(self.clock.now())

    @property
    def off(self) -> frozenset[str]:
        """Connections that are never written."""
        return frozenset(name for name in self.adapters if self.writes[name] == "off")

    def mappings(self) -> dict[str, ConnectionMapping]:
        """Describes every connection afresh, pins its account, and compiles its crosswalk."""
        mappings, down = self._described()
        for error in down.values():
            raise error
        return mappings

    def _described(self) -> tuple[dict[str, ConnectionMapping], dict[str, AdapterError]]:
        """The mappings, of a connection that does not answer the last one known; and the connections that do not."""
        mappings, down = self._crms.ask(self.adapters, self.agreement, self.retry)
        with self.store.transaction() as tx:
            for name, mapping in mappings.items():
                tx.pin(name, mapping.description.system, mapping.description.account)
            if not down:
                tx.reconsider(self._crms.digest(self.agreement))
        return mappings, down

    def erase(self, who: str, find: Callable[[str], str], *, yes: bool) -> ErasurePlan:
        """What erasing somebody would remove, or with ``yes`` does it; see :class:`leadbridge.sync.erase.Eraser`.

        Args:
            find: the lead that somebody is known by.
        """
        self.complete()
        eraser = Eraser(self.store, self.mappings(), self.adapters, off=self.off, retry=self.retry, grace=self.grace)
        lead = eraser.find(who, find)
        if lead is None:
            return ErasurePlan(None)
        return eraser.carry_out(lead, self.clock.now()) if yes else eraser.plan(lead)

    def complete(self) -> None:
        """A database that two CRMs were synced with is not synced with one of them alone: changes would get lost.

        Raises:
            ConfigError: with the connection that is missing.
        """
        missing = sorted(self.store.accounts().keys() - self.adapters.keys())
        if missing:
            raise ConfigError(
                f"this database also belongs to {', '.join(missing)}: open the bridge with that connection as well, "
                "or use another store"
            )

    def pull(self, mappings: Mapping[str, ConnectionMapping], progress: Progress = silent) -> Pulled:
        """Reads what changed, the records that took the place of others, and those that webhooks were about."""
        with ExitStack() as stack:
            taken = {name: stack.enter_context(self._leased(f"pull {name}")) for name in mappings}
            leases = {name: lease for name, lease in taken.items() if lease is not None}

            def beat(tx: Transaction, name: str) -> None:
                tx.leases.hold(leases[name], self.clock.now() + LEASE)

            pulled = pull(
                self.store,
                {name: mappings[name] for name in leases},
                self.adapters,
                retry=self.retry,
                workers=self.workers,
                beat=beat,
                progress=lambda connection, amount: progress("pull", connection, amount),
            )
            pulled.busy |= mappings.keys() - leases.keys()
            for name in leases.keys() - pulled.failed.keys() - pulled.busy:
                try:
                    asking = Asking(self.store, name, mappings[name], self.adapters[name], self.retry)
                    asking.heirs(self.clock.now())
                    pulled.changed[name] += asking.hinted(self.clock.now())
                except AdapterError as error:
                    pulled.failed[name] = named(error, name)
        return pulled

    def _leased(self, name: str) -> AbstractContextManager[Lease | None]:
        return self.store.leased(name, self.worker, self.clock, lasting=LEASE)

    def decide(
        self, mappings: Mapping[str, ConnectionMapping], progress: Progress = silent, selection: Selection = ALL
    ) -> Plan:
        """Decides about everything undecided. Reads and writes nothing but the database's memory of what was seen."""
        now = self.clock.now()
        agreement = self.agreements.judging(now)
        rules = Rules(agreement, mappings, now, self.agreements)
        keep_handles(self.store, mappings)
        gathered = gather(self.store, mappings, now)
        refuse_if_behind(gathered.ahead)
        outcomes = []
        names: dict[str, str] = {}
        for case in dated(rules, gathered.cases, self.adapters, self.retry):
            outcomes.append(decide(rules, case))
            names[case.lead] = case.lead
            for side in case.sides.values():
                names[side.record.ref.id] = case.lead
                email = side.values.get("email")
                if isinstance(email, str):
                    names[email] = case.lead
            progress("decide", "", 1)
        plan = Plan(plan_hash(outcomes), outcomes, gathered, agreement.standing(now.date()), self.off, names=names)
        return self._measured(mappings, selected(plan, selection))

    def _measured(self, mappings: Mapping[str, ConnectionMapping], plan: Plan) -> Plan:
        """A plan with the limits that it exceeds."""
        over = over_limits(plan.outcomes, self.agreement.sync.guards, self._ground(mappings, plan))
        over += (FIRST_AFTER,) if plan.writes and self.store.basis(RECOVERED) else ()
        return replace(plan, over=over, estimate=estimate(plan.writes, mappings))

    def _ground(self, mappings: Mapping[str, ConnectionMapping], plan: Plan) -> Ground:
        return Ground.of(mappings, self.store.linked(), plan.gathered)

    def _read(self, progress: Progress) -> Mapping[str, ConnectionMapping]:
        self.complete()
        mappings = self.mappings()
        pulled = self.pull(mappings, progress)
        for error in pulled.failed.values():
            raise error
        for name in sorted(pulled.busy):
            raise StoreBusy(f"another worker is reading {name}: wait for it to finish, then run again")
        return mappings

    @collected_rarely()
    def plan(self, progress: Progress = silent, selection: Selection = ALL) -> Plan:
        """Reads all connections, stores what it saw, writes to none: what would be written, and why.

        Args:
            progress: told how far it is.
            selection: the part of it that is wanted.

        Raises:
            AdapterError: a connection does not work; a plan from one half of the truth would mislead.
        """
        return self.decide(self._read(progress), progress, selection)

    def undo(self, plan: str, progress: Progress = silent) -> Plan:
        """Reads all connections, writes to none: what would take an applied plan back.

        Args:
            plan: its hash.
            progress: told how far it is.

        Raises:
            ConfigError: nothing was written under such a plan.
            StoreBehind: the database was restored, or is a copy: what was written since is not known to it.
            AdapterError: a connection does not work.
        """
        return self._undoing(self._read(progress), plan)

    def _undoing(self, mappings: Mapping[str, ConnectionMapping], plan: str) -> Plan:
        refuse_if_restored(self.store, mappings)
        found = undone(self.store, mappings, plan)
        words = self.agreement.standing(self.clock.now().date())
        hashed = plan_hash(found.outcomes)
        back = Plan(
            hashed, found.outcomes, Gathered(), words, self.off, names=found.names, undoes=plan, kept=found.kept
        )
        return self._measured(mappings, back)

    @collected_rarely()
    def apply(self, plan: Plan, *, approve: str | None = None, progress: Progress = silent) -> RoundResult:
        """Does what a plan says, if it still holds.

        Raises:
            StalePlan: something was read since the plan was made that changes it.
            ApprovalNeeded: the plan exceeds the agreed limits, ``approve`` is not its hash, and its opt-outs were sent.
        """
        self.complete()
        mappings = self.mappings()
        result = RoundResult()
        with self._leased("decide") as lease:
            if lease is None:
                raise StoreBusy("another worker is deciding about leads: wait for it to finish, then run again")
            fresh = self._again(mappings, plan)
            if fresh.hash != plan.hash:
                raise StalePlan(
                    "the CRMs moved on since this plan was made: make a new plan, look at it, apply that one"
                )
            self._record(mappings, fresh, result, approve, lease, progress)
        self._deliver(mappings, result, progress)
        if fresh.held(approve):
            rest = fresh if result.quiet else self._again(mappings, fresh)
            raise ApprovalNeeded("; ".join(rest.over or fresh.over), plan_hash=rest.hash)
        return result

    def _again(self, mappings: Mapping[str, ConnectionMapping], plan: Plan) -> Plan:
        """The same plan, as it is now."""
        if plan.undoes:
            return self._undoing(mappings, plan.undoes)
        return replace(self.decide(mappings, selection=plan.selection), off=plan.off)

    def _record(
        self,
        mappings: Mapping[str, ConnectionMapping],
        plan: Plan,
        result: RoundResult,
        approve: str | None,
        lease: Lease,
        progress: Progress,
    ) -> None:
        if plan.held(approve):
            plan = never_held(plan, self.agreement.sync.guards, self._ground(mappings, plan))
        started = self.clock.now()
        result.decided, result.later, result.estimate = len(plan.outcomes), plan.gathered.later, plan.estimate
        result.left.update(step.connection for step in plan.writes if step.connection in plan.off)
        result.queued = record(
            self.store, plan.outcomes, plan.gathered, off=plan.off, now=started, plan=plan.hash, lease=lease
        )
        whole = plan.selection == ALL and not plan.undoes and not plan.gathered.later
        if whole and (approve == plan.hash or not plan.writes) and self.store.basis(RECOVERED):
            with self.store.transaction() as tx:
                tx.lineage.approved()
        progress("record", "", result.queued)

    def _deliver(
        self, mappings: Mapping[str, ConnectionMapping], result: RoundResult, progress: Progress
    ) -> RoundResult:
        started = self.clock.now()
        before, spent = self.meter.made(), self.meter.spent(started)
        idle = self.off | result.pulled.failed.keys()
        working = {name: mapping for name, mapping in mappings.items() if name not in idle}
        result.delivered = deliver(
            self.store,
            working,
            self.adapters,
            clock=self.clock,
            retry=self.retry,
            grace=self.grace,
            worker=self.worker,
            workers=self.workers,
            spent=spent,
            most_refused=self.agreement.sync.guards.max_refused.limit,
            progress=lambda connection, amount: progress("deliver", connection, amount),
        )
        result.delivered.failed |= {name: error for name, error in spent.items() if self.store.intents(connection=name)}
        result.calls = self.meter.since(before)
        counts = {"read": dict(result.pulled.read), "queued": result.queued, "applied": dict(result.delivered.applied)}
        counts["calls"] = self.meter.note()
        with self.store.transaction() as tx:
            tx.log_round(started, self.clock.now(), counts)
        return result

    def round(
        self,
        mappings: Mapping[str, ConnectionMapping],
        *,
        approve: str | None = None,
        progress: Progress = silent,
        down: Mapping[str, AdapterError] = NONE_DOWN,
        left: frozenset[str] = frozenset(),
    ) -> RoundResult:
        """One pull, decide, record, deliver.

        Args:
            mappings: of every connection, perhaps the last one known.
            approve: see :meth:`sync`.
            progress: told how far it is.
            down: connections that do not answer; the others are read and written all the same.
            left: connections whose new writes are left to a person.
        """
        result = RoundResult(pulled=self.pull({n: m for n, m in mappings.items() if n not in down}, progress))
        result.pulled.failed.update(down)
        if mappings.keys() < self.adapters.keys():
            # Nobody knows how to read what was seen there: what is decided now would be half of the truth.
            return self._deliver(mappings, result, progress)
        plan: Plan | None = None
        with self._leased("decide") as lease:
            if lease is None:
                result.pulled.busy |= mappings.keys()
            else:
                plan = self.decide(mappings, progress)
                plan = replace(plan, off=plan.off | left)
                self._record(mappings, plan, result, approve, lease, progress)
        self._deliver(mappings, result, progress)
        if plan is not None and plan.held(approve):
            rest = plan if result.quiet else self._again(mappings, plan)
            if rest.held(approve):
                raise ApprovalNeeded("; ".join(rest.over), plan_hash=rest.hash)
        return result

    @collected_rarely()
    def sync(
        self, *, yes: bool | None = False, approve: str | None = None, rounds: int = 8, progress: Progress = silent
    ) -> SyncResult:
        """Rounds until nothing is left to do, or a connection fails.

        Args:
            yes: a person agrees to write to connections that are set to ``ask``; ``None`` leaves those to a person.
            approve: the hash of a plan over the agreed limits that a person has approved.

        Raises:
            WritesOff: a connection is set to ``ask`` and nobody said yes.
            ApprovalNeeded: the agreed limits would be exceeded; opt-outs, and what was approved before, were sent.
            AdapterError: no connection answers.
        """
        asking = sorted(name for name in self.adapters if self.writes[name] == "ask")
        if asking and yes is False:
            raise WritesOff(
                f"{', '.join(asking)} may only be written after a person has agreed (writes = ask): "
                "look at a plan and apply it, or sync with yes"
            )
        self.complete()
        mappings, down = self._described()
        if down.keys() == self.adapters.keys():
            raise next(iter(down.values()))
        result, left = SyncResult(), frozenset(() if yes else asking)
        for _ in range(rounds):
            result.rounds.append(self.round(mappings, approve=approve, progress=progress, down=down, left=left))
            last = result.rounds[-1]
            if last.quiet or last.failed or (last.busy and not last.delivered.done):
                break
        return result
