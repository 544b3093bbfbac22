"""What can be read of the database: by anybody, or inside the transaction that goes on to change it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, func, select, text, tuple_

from leadbridge.adapter import Record, Ref, Value
from leadbridge.clock import from_us, to_us
from leadbridge.domain.fact_codec import decode
from leadbridge.domain.facts import Fact
from leadbridge.domain.sla.board import Teams
from leadbridge.store import schema
from leadbridge.store.codec import load, load_dates, load_fields
from leadbridge.store.erasure import Erasure, Suppression
from leadbridge.store.line import Line
from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.timers import Timers, Unfold

__all__ = ["OPEN", "SUPPRESSION", "Reader", "intent_of"]

OPEN = ("pending", "inflight", "unknown")
"""States of an intent whose write may still happen or may have happened unseen."""

SUPPRESSION = "suppression"
"""Name of the key that erased people are remembered with."""

_CHUNK = 500


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == _CHUNK:
            yield batch
            batch = []
    if batch:
        yield batch


class Reader(ABC):
    """Everything that can be asked."""

    @abstractmethod
    def _rows(self, query: Any) -> list[RowMapping]:
        """Runs a query."""

    # -- where we stand in each CRM ------------------------------------------------------------------------------

    def accounts(self) -> dict[str, tuple[str, str]]:
        """For each connection that this database knows: its system and account."""
        return {row["name"]: (row["system"], row["account"]) for row in self._rows(select(schema.connection))}

    def agreements(self) -> list[KeptAgreement]:
        """The versions of the agreement that this database was used with, the oldest first."""
        return [
            KeptAgreement(
                version=row["version"],
                name=row["name"],
                effective=date.fromisoformat(row["effective"]),
                digest=row["digest"],
                document=row["document"],
                first_used_at=from_us(row["first_used_us"]),
                holidays=load_dates(row["holidays"]),
            )
            for row in self._rows(select(schema.agreement).order_by(schema.agreement.c.version))
        ]

    def cursor(self, connection: str, kind: str, fields_hash: str) -> str | None:
        """Where to go on reading; ``None`` when nothing was read yet, or other fields are wanted than then."""
        table = schema.cursor
        rows = self._rows(
            select(table.c.cursor).where(
                table.c.connection == connection, table.c.kind == kind, table.c.fields_hash == fields_hash
            )
        )
        return rows[0]["cursor"] if rows else None

    def hints(self, connection: str) -> dict[Ref, datetime]:
        """The records that webhooks were about, and when the last one came."""
        table = schema.hint
        rows = self._rows(select(table).where(table.c.connection == connection))
        return {Ref(row["kind"], row["id"]): from_us(row["seen_us"]) for row in rows}

    def observations(
        self, connection: str | None = None, *, dirty: bool = False, refs: Iterable[Ref] | None = None
    ) -> list[Observation]:
        """What was last seen: all of it, one connection's, only what is undecided, or certain records'."""
        table = schema.observation
        query = select(table)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        if dirty:
            query = query.where(text("observation.dirty"))  # spelt as in the index
        if refs is None:
            return [_observation(row) for row in self._rows(query)]
        found: list[Observation] = []
        for chunk in _chunks(refs):
            keys = [(ref.kind, ref.id) for ref in chunk]
            found += [_observation(row) for row in self._rows(query.where(tuple_(table.c.kind, table.c.id).in_(keys)))]
        return found

    # -- what belongs together -----------------------------------------------------------------------------------

    def links(self, leads: Iterable[str] | None = None) -> list[Link]:
        """The links of all leads, or of some."""
        rows = self._of(schema.link, leads)
        return [Link(row["connection"], Ref(row["kind"], row["id"]), row["lead"], row["status"]) for row in rows]

    def links_of(self, records: Iterable[tuple[str, Ref]]) -> list[Link]:
        """The links of records."""
        rows = self._of_records(schema.link, records)
        return [Link(row["connection"], Ref(row["kind"], row["id"]), row["lead"], row["status"]) for row in rows]

    def alike(self, digests: Iterable[str]) -> set[tuple[str, Ref]]:
        """The records that can be recognised by one of these handles."""
        table = schema.handle
        return {
            (row["connection"], Ref(row["kind"], row["id"]))
            for chunk in _chunks(sorted(digests))
            for row in self._rows(select(table).where(table.c.digest.in_(chunk)))
        }

    def decided(self, connection: str, kind: str, *, after: str, limit: int) -> list[Observation]:
        """What was last seen of records that are decided about, in the order of their ids, behind one of them."""
        table = schema.observation
        of_kind = (table.c.connection == connection) & (table.c.kind == kind)
        query = select(table).where(of_kind, table.c.id > after, ~table.c.dirty).order_by(table.c.id).limit(limit)
        return [_observation(row) for row in self._rows(query)]

    def linked(self) -> dict[str, int]:
        """How many links there are, by connection."""
        table = schema.link
        rows = self._rows(select(table.c.connection, func.count().label("n")).group_by(table.c.connection))
        return {row["connection"]: row["n"] for row in rows}

    def _of_records(self, table: Any, records: Iterable[tuple[str, Ref]]) -> Iterator[RowMapping]:
        by_kind: dict[tuple[str, str], list[str]] = {}
        for connection, ref in records:
            by_kind.setdefault((connection, ref.kind), []).append(ref.id)
        for (connection, kind), ids in by_kind.items():
            of_kind = (table.c.connection == connection) & (table.c.kind == kind)
            for chunk in _chunks(ids):
                yield from self._rows(select(table).where(of_kind, table.c.id.in_(chunk)))

    def relations(self, records: Iterable[tuple[str, Ref]] | None = None) -> dict[tuple[str, Ref], set[str]]:
        """Records that belong to leads without standing for them (opportunities, interactions): which leads."""
        related: dict[tuple[str, Ref], set[str]] = {}
        table = schema.relation
        for row in self._rows(select(table)) if records is None else self._of_records(table, records):
            related.setdefault((row["connection"], Ref(row["kind"], row["id"])), set()).add(row["lead"])
        return related

    def bases(self, leads: Iterable[str] | None = None) -> dict[tuple[str, str], dict[str, Value]]:
        """The values last agreed, by (lead, connection): of all leads, or of some."""
        return {(row["lead"], row["connection"]): load_fields(row["fields"]) for row in self._of(schema.base, leads)}

    def _of(self, table: Any, leads: Iterable[str] | None) -> list[RowMapping]:
        if leads is None:
            return self._rows(select(table))
        return [row for chunk in _chunks(leads) for row in self._rows(select(table).where(table.c.lead.in_(chunk)))]

    # -- the ledger ------------------------------------------------------------------------------------------------

    def facts(self, leads: Iterable[str] | None = None, *, after: int = 0) -> list[tuple[int, Fact]]:
        """Facts with their positions, in the order of recording: all after a position, or those of some leads."""
        table = schema.fact
        query = select(table).where(table.c.position > after).order_by(table.c.position)
        if leads is None:
            return [_fact(row) for row in self._rows(query)]
        found = [_fact(row) for chunk in _chunks(leads) for row in self._rows(query.where(table.c.lead.in_(chunk)))]
        return sorted(found, key=lambda pair: pair[0])

    def due(self, now: datetime) -> list[str]:
        """Leads whose timer has run out."""
        table = schema.timer
        return [row["lead"] for row in self._rows(select(table.c.lead).where(table.c.due_us <= to_us(now)))]

    def to_refold(self, now: datetime, limit: int = _CHUNK) -> list[tuple[str, str]]:
        """Leads whose open promises have to be folded again by now, with the stamp of what was recorded last."""
        table = schema.refold
        query = select(table.c.lead, table.c.stamp).where(table.c.from_us <= to_us(now)).order_by(table.c.lead)
        return [(row["lead"], row["stamp"]) for row in self._rows(query.limit(limit))]

    def basis(self, name: str = "clock") -> str:
        """The digest of the words that the open promises (or something else) were worked out under; empty before."""
        rows = self._rows(select(schema.basis.c.digest).where(schema.basis.c.name == name))
        return rows[0]["digest"] if rows else ""

    def line(self) -> Line:
        """Which op markers this database has given out."""
        return Line(self.basis("line"), int(self.basis("issued") or 0))

    def timers(self, now: datetime, unfold: Unfold, teams: Teams) -> Timers:
        """The open promises at an instant, as they were folded last; see :class:`Timers`."""
        return Timers(self._rows, now, unfold, teams)

    def secret(self, key: str) -> str | None:
        """What an adapter keeps under a key, encrypted."""
        rows = self._rows(select(schema.secret.c.value).where(schema.secret.c.key == key))
        return rows[0]["value"] if rows else None

    # -- the outbox ------------------------------------------------------------------------------------------------

    def intents(
        self,
        *,
        states: Sequence[str] = OPEN,
        leads: Iterable[str] | None = None,
        connection: str | None = None,
        keys: Iterable[str] | None = None,
        plan: str | None = None,
    ) -> list[Intent]:
        """Rows of the outbox, in the order of planning; by default the open ones."""
        table = schema.intent
        query = select(table).where(table.c.state.in_(states)).order_by(table.c.sequence, table.c.key)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        if plan is not None:
            query = query.where(table.c.plan == plan)
        wanted, column = (keys, table.c.key) if keys is not None else (leads, table.c.lead)
        if wanted is None:
            return [intent_of(row) for row in self._rows(query)]
        return [intent_of(row) for chunk in _chunks(wanted) for row in self._rows(query.where(column.in_(chunk)))]

    def applied_plans(self) -> list[tuple[str, datetime, int]]:
        """The plans that something was written under: hash, when last, and how many writes; the latest first."""
        table = schema.intent
        last = func.max(table.c.sent_us).label("last")
        query = select(table.c.plan, last, func.count().label("writes"))
        query = query.where(table.c.state == "done", table.c.plan != "").group_by(table.c.plan).order_by(last.desc())
        return [(row["plan"], from_us(row["last"] or 0), row["writes"]) for row in self._rows(query)]

    def rounds(self, *, since: datetime) -> list[dict[str, Any]]:
        """What the rounds counted that began at an instant or later."""
        table = schema.round_
        query = select(table.c.counts).where(table.c.started_us >= to_us(since)).order_by(table.c.id)
        return [load(row["counts"]) for row in self._rows(query)]

    # -- what needs a person ---------------------------------------------------------------------------------------

    def quarantined(self, *, resolved: bool = False) -> list[Quarantined]:
        """What was refused and still waits (or, with ``resolved``, what was settled since)."""
        table = schema.quarantine
        settled = table.c.resolved_us.is_not(None) if resolved else table.c.resolved_us.is_(None)
        rows = self._rows(select(table).where(settled).order_by(table.c.since_us, table.c.fingerprint))
        return [
            Quarantined(
                row["fingerprint"],
                row["connection"],
                Ref(row["kind"], row["record"]),
                row["lead"],
                row["subject"],
                row["reason"],
                row["remedy"],
                row["origin"],
                row["stamp"],
                row["tries"],
                from_us(row["tried_us"]),
            )
            for row in rows
        ]

    def conflicts(self, leads: Iterable[str] | None = None) -> list[Conflict]:
        """Conflicts that were settled, with what each side said."""
        rows = self._of(schema.conflict, leads)
        return [Conflict(r["lead"], r["field"], load(r["values"]), r["winner"], r["rule"]) for r in rows]

    # -- who was erased --------------------------------------------------------------------------------------------

    def suppression(self) -> Suppression:
        """Who was erased on request, as keyed hashes."""
        keys = self._rows(select(schema.keyring.c.key).where(schema.keyring.c.name == SUPPRESSION))
        if not keys:
            return Suppression("", frozenset())
        digests = frozenset(row["digest"] for row in self._rows(select(schema.suppressed.c.digest)))
        leaving = frozenset(
            (each.connection, each.ref) for erasure in self.erasures(done=False) for each in erasure.records
        )
        return Suppression(keys[0]["key"], digests, leaving)

    def erasures(self, *, done: bool) -> list[Erasure]:
        """Erasures that are under way, or the receipts of those that are done, the oldest first."""
        table = schema.erasure
        state = table.c.done_us.is_not(None) if done else table.c.done_us.is_(None)
        return [
            Erasure.read(dict(row))
            for row in self._rows(select(table).where(state).order_by(table.c.begun_us, table.c.id))
        ]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._rows(select(func.count().label("n")).select_from(schema.metadata.tables[table]))[0]["n"])


def _observation(row: RowMapping) -> Observation:
    successor = Ref(row["successor_kind"], row["successor_id"]) if row["successor_id"] is not None else None
    record = Record(
        ref=Ref(row["kind"], row["id"]),
        version=row["version"],
        modified_at=from_us(row["modified_us"]),
        fields=load_fields(row["fields"]),
        state=row["state"],
        successor=successor,
    )
    return Observation(row["connection"], record, bool(row["dirty"]), row["hash"])


def _fact(row: RowMapping) -> tuple[int, Fact]:
    envelope = {
        "lead": row["lead"],
        "occurred_at": from_us(row["occurred_us"]),
        "recorded_at": from_us(row["recorded_us"]),
        "actor": row["actor"],
        "system": row["system"],
        "cause": row["cause"],
        "agreement": row["agreement"],
        "precision": row["precision"],
    }
    return row["position"], decode(row["type"], row["version"], envelope, load(row["body"]))


def intent_of(row: RowMapping) -> Intent:
    """A row of the outbox as a value."""
    return Intent(
        key=row["key"],
        lead=row["lead"],
        connection=row["connection"],
        action=row["action"],
        target=Ref(row["kind"], row["target"]),
        fields=load_fields(row["fields"]),
        expect=load_fields(row["expect"]),
        agreed={name: load_fields(text) for name, text in load(row["agreed"]).items()},
        because=load(row["because"]),
        after=row["after"],
        state=row["state"],
        attempts=row["attempts"],
        sent_at=from_us(row["sent_us"]) if row["sent_us"] is not None else None,
        reason=row["reason"],
        sequence=row["sequence"],
        plan=row["plan"],
        fence=row["fence"],
    )
