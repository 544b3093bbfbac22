"""The engine: rounds of pull, decide, record, deliver over the connections of a bridge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from leadbridge.adapter import Adapter, Record, Ref
from leadbridge.agreement import Agreement, Agreements
from leadbridge.clock import Clock
from leadbridge.errors import AdapterError, ApprovalNeeded, ConfigError, StalePlan, WritesOff, named
from leadbridge.mapping import ConnectionMapping, compile_mapping
from leadbridge.retry import Retry, call
from leadbridge.store import Store
from leadbridge.sync.case import Rules
from leadbridge.sync.decide import decide
from leadbridge.sync.deliver import Delivered, deliver
from leadbridge.sync.gather import gather
from leadbridge.sync.plan import Plan, counted, over_limits, plan_hash
from leadbridge.sync.pull import Pulled, pull
from leadbridge.sync.record import record

__all__ = ["Engine", "Progress", "RoundResult", "SyncResult", "silent"]

Progress = Callable[[str, str, int], None]
"""Called with the step (``pull``, ``decide``, ``record``, ``deliver``), the connection or nothing, and an amount."""


@dataclass(slots=True)
class RoundResult:
    """What one round did."""

    pulled: Pulled = field(default_factory=Pulled)
    decided: int = 0
    queued: int = 0
    delivered: Delivered = field(default_factory=Delivered)

    @property
    def failed(self) -> dict[str, AdapterError]:
        """Connections that did not work, with the reason; what they missed is done in a later round."""
        return {**self.pulled.failed, **self.delivered.failed}

    def summary(self) -> str:
        """One line a connection."""
        return _summary(self.delivered.applied, self.delivered.refused.total(), self.delivered.in_doubt, self.failed)

    __str__ = summary

    @property
    def quiet(self) -> bool:
        """Nothing was written, queued or is in doubt."""
        done = self.delivered
        return not (self.queued or done.done or done.refused.total() or done.dropped.total() or done.in_doubt)


@dataclass(slots=True)
class SyncResult:
    """What a sync did, round by round."""

    rounds: list[RoundResult] = field(default_factory=list)

    @property
    def writes(self) -> dict[str, int]:
        """Writes that happened, by connection."""
        names = {name for each in self.rounds for name in each.delivered.applied}
        return {name: sum(each.delivered.applied[name] for each in self.rounds) for name in sorted(names)}

    @property
    def refused(self) -> int:
        """Writes that a CRM refused; they wait in quarantine."""
        return sum(each.delivered.refused.total() for each in self.rounds)

    @property
    def in_doubt(self) -> int:
        """Writes whose answer was lost and that a later sync will look up."""
        return self.rounds[-1].delivered.in_doubt if self.rounds else 0

    @property
    def failed(self) -> dict[str, AdapterError]:
        """Connections that did not work in the last round."""
        return self.rounds[-1].failed if self.rounds else {}

    def summary(self) -> str:
        """What the sync came to, in a few lines."""
        return _summary(self.writes, self.refused, self.in_doubt, self.failed)

    __str__ = summary

    @property
    def quiet(self) -> bool:
        """Whether everything is done: the last round had nothing to do."""
        return bool(self.rounds) and self.rounds[-1].quiet and not self.failed


def _summary(writes: Mapping[str, int], refused: int, in_doubt: int, failed: Mapping[str, AdapterError]) -> str:
    """What was written where, and what was not."""
    lines = [f"{name}: {counted(number, 'write')}" for name, number in sorted(writes.items()) if number]
    lines += [f"{counted(refused, 'write')} refused: see quarantine"] if refused else []
    lines += [f"{counted(in_doubt, 'write')} without an answer: looked up by the next sync"] if in_doubt else []
    lines += [f"{name} failed: {error}" for name, error in failed.items()]
    return "\n".join(lines or ["nothing to write"])


def silent(step: str, connection: str, amount: int) -> None:
    """Tells nobody how far things are."""
    return None


class Engine:
    """Syncs connections under an agreement. Built by :class:`leadbridge.Bridge`.

    Args:
        agreement: one, or several versions of it: the one in force decides.
        writes: for each connection ``off`` (never), ``ask`` (only what a person has applied) or ``on``.
        grace: how long a write whose answer was lost is left alone.
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
    ) -> None:
        self.agreements, self.adapters, self.store = Agreements.of(agreement), adapters, store
        self.writes, self.clock, self.retry, self.grace = writes, clock, retry, grace

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
        mappings = {}
        for name, adapter in self.adapters.items():
            try:
                description = call(adapter.describe, policy=self.retry)
            except AdapterError as error:
                raise named(error, name) from None
            mappings[name] = compile_mapping(name, description, self.agreement)
        with self.store.transaction() as tx:
            for name, mapping in mappings.items():
                tx.pin(name, mapping.description.system, mapping.description.account)
        return mappings

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
        pulled = pull(
            self.store,
            mappings,
            self.adapters,
            retry=self.retry,
            progress=lambda connection, amount: progress("pull", connection, amount),
        )
        for name in mappings:
            if name not in pulled.failed:
                try:
                    self._heirs(name, mappings[name])
                    self._hinted(name, mappings[name], pulled)
                except AdapterError as error:
                    pulled.failed[name] = named(error, name)
        return pulled

    def _heirs(self, name: str, mapping: ConnectionMapping) -> None:
        wanted = {
            o.record.successor
            for o in self.store.observations(name, dirty=True)
            if o.record.successor is not None and o.record.successor.kind in mapping.kinds
        }
        known = {o.ref for o in self.store.observations(name, refs=wanted)}
        missing = sorted(wanted - known)
        for records in self._fetched(name, mapping, missing):
            with self.store.transaction() as tx:
                tx.observe(name, records)

    def _hinted(self, name: str, mapping: ConnectionMapping, pulled: Pulled) -> None:
        """Asks about the records that webhooks named. After the streams: what ``fetch`` says is never late."""
        hints = self.store.hints(name)
        if not hints:
            return
        wanted = sorted(ref for ref in hints if ref.kind in mapping.kinds)
        for records in self._fetched(name, mapping, wanted):
            with self.store.transaction() as tx:
                pulled.changed[name] += tx.observe(name, records)
        with self.store.transaction() as tx:
            tx.forget_hints(name, hints)

    def _fetched(self, name: str, mapping: ConnectionMapping, refs: Sequence[Ref]) -> Iterator[list[Record]]:
        """The records as they are now, kind by kind."""
        for kind in sorted({ref.kind for ref in refs}):
            asked, reads = [ref for ref in refs if ref.kind == kind], mapping.kinds[kind].reads
            fetch = partial(self.adapters[name].fetch, asked, fields=reads)
            yield [answer for answer in call(fetch, policy=self.retry) if isinstance(answer, Record)]

    def decide(self, mappings: Mapping[str, ConnectionMapping], progress: Progress = silent) -> Plan:
        """Decides about everything undecided. Reads and writes nothing but the database's memory of what was seen."""
        now = self.clock.now()
        agreement = self.agreements.judging(now)
        rules = Rules(agreement, mappings, now, self.agreements)
        gathered = gather(self.store, mappings, now)
        outcomes = []
        names: dict[str, str] = {}
        for case in gathered.cases:
            outcomes.append(decide(rules, case))
            names[case.lead] = case.lead
            for side in case.sides.values():
                names[side.record.ref.id] = case.lead
                email = side.values.get("email")
                if isinstance(email, str):
                    names[email] = case.lead
            progress("decide", "", 1)
        known = frozenset(case.lead for case in gathered.cases if case.facts)
        return Plan(
            hash=plan_hash(outcomes),
            outcomes=outcomes,
            gathered=gathered,
            agreement=agreement.standing(now.date()),
            off=self.off,
            over=over_limits(outcomes, agreement.sync.guards, self.store.count("link"), known),
            names=names,
        )

    def plan(self, progress: Progress = silent) -> Plan:
        """Reads all connections, stores what it saw, writes to none: what would be written, and why.

        Raises:
            AdapterError: a connection does not work; a plan from one half of the truth would mislead.
        """
        self.complete()
        mappings = self.mappings()
        pulled = self.pull(mappings, progress)
        for error in pulled.failed.values():
            raise error
        return self.decide(mappings, progress)

    def apply(self, plan: Plan, *, approve: str | None = None, progress: Progress = silent) -> RoundResult:
        """Does what a plan says, if it still holds.

        Raises:
            StalePlan: something was read since the plan was made that changes it.
            ApprovalNeeded: the plan exceeds the agreed limits and ``approve`` is not its hash.
        """
        self.complete()
        mappings = self.mappings()
        fresh = self.decide(mappings)
        if fresh.hash != plan.hash:
            raise StalePlan("the CRMs moved on since this plan was made: make a new plan, look at it, apply that one")
        return self._carry_out(mappings, fresh, RoundResult(), approve, progress)

    def _carry_out(
        self,
        mappings: Mapping[str, ConnectionMapping],
        plan: Plan,
        result: RoundResult,
        approve: str | None,
        progress: Progress,
    ) -> RoundResult:
        if plan.over and approve != plan.hash:
            raise ApprovalNeeded("; ".join(plan.over), plan_hash=plan.hash)
        started = self.clock.now()
        result.decided = len(plan.outcomes)
        result.queued = record(self.store, plan.outcomes, plan.gathered, off=self.off, now=started)
        progress("record", "", result.queued)
        working = {n: m for n, m in mappings.items() if n not in self.off and n not in result.pulled.failed}
        result.delivered = deliver(
            self.store,
            working,
            self.adapters,
            clock=self.clock,
            retry=self.retry,
            grace=self.grace,
            progress=lambda connection, amount: progress("deliver", connection, amount),
        )
        counts = {"read": dict(result.pulled.read), "queued": result.queued, "applied": dict(result.delivered.applied)}
        with self.store.transaction() as tx:
            tx.log_round(started, self.clock.now(), counts)
        return result

    def round(
        self, mappings: Mapping[str, ConnectionMapping], *, approve: str | None = None, progress: Progress = silent
    ) -> RoundResult:
        """One pull, decide, record, deliver."""
        result = RoundResult(pulled=self.pull(mappings, progress))
        return self._carry_out(mappings, self.decide(mappings, progress), result, approve, progress)

    def sync(
        self, *, yes: bool = False, approve: str | None = None, rounds: int = 8, progress: Progress = silent
    ) -> SyncResult:
        """Rounds until nothing is left to do, or a connection fails.

        Args:
            yes: a person agrees to write to connections that are set to ``ask``.
            approve: the hash of a plan over the agreed limits that a person has approved.

        Raises:
            WritesOff: a connection is set to ``ask`` and nobody said yes.
            ApprovalNeeded: the agreed limits would be exceeded.
        """
        asking = sorted(name for name in self.adapters if self.writes[name] == "ask")
        if asking and not yes:
            raise WritesOff(
                f"{', '.join(asking)} may only be written after a person has agreed (writes = ask): "
                "look at a plan and apply it, or sync with yes"
            )
        self.complete()
        mappings = self.mappings()
        result = SyncResult()
        for _ in range(rounds):
            result.rounds.append(self.round(mappings, approve=approve, progress=progress))
            if result.rounds[-1].quiet or result.rounds[-1].failed:
                break
        return result
