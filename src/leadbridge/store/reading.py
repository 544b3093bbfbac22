"""What can be read of the database: by anybody, or inside the transaction that goes on to change it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import RowMapping, func, select, text

from leadbridge.adapter import Ref, Value
from leadbridge.clock import from_us, to_us
from leadbridge.domain.facts import Fact, WriteApplied
from leadbridge.domain.sla.board import Teams
from leadbridge.store import schema
from leadbridge.store.among import among
from leadbridge.store.codec import load, load_dates, load_fields
from leadbridge.store.erasure import Erasure, Suppression
from leadbridge.store.line import Line
from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.timers import Timers, Unfold
from leadbridge.store.unpacking import FACT, INTENT, LINK, OBSERVATION, fact_of, intent_of, link_of, observation_of

__all__ = ["OPEN", "SUPPRESSION", "Reader"]

OPEN = ("pending", "inflight", "unknown")
"""States of an intent whose write may still happen or may have happened unseen."""

SUPPRESSION = "suppression"
"""Name of the key that erased people are remembered with."""

_CHUNK = 1000
_POSITION = itemgetter(0)


def _connections(table: Any) -> Any:
    """The connections in a table whose key they begin, found one by one: by index, however many rows there are."""
    each = select(func.min(table.c.connection).label("name")).cte("each", recursive=True)
    following = select(func.min(table.c.connection)).where(table.c.connection > each.c.name).scalar_subquery()
    each = each.union_all(select(following).where(each.c.name.is_not(None)))
    return select(each.c.name).where(each.c.name.is_not(None))


_BASED = _connections(schema.base)


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
    def _tuples(self, query: Any) -> Sequence[Any]:
        """Runs a query; gives its rows as tuples."""

    def _rows(self, query: Any) -> list[RowMapping]:
        """Runs a query; gives its rows by the names of their columns."""
        return [row._mapping for row in self._tuples(query)]

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

    def observations(self, connection: str | None = None, *, dirty: bool = False) -> list[Observation]:
        """What was last seen: all of it, one connection's, only what is undecided."""
        table = schema.observation
        query = select(*OBSERVATION)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        if dirty:
            query = query.where(text("observation.dirty"))  # spelt as in the index
        return [observation_of(row) for row in self._tuples(query)]

    def successors(self, connection: str) -> set[Ref]:
        """The records that took the place of undecided ones."""
        table = schema.observation
        query = select(table.c.successor_kind, table.c.successor_id).where(
            text("observation.dirty"), table.c.connection == connection, table.c.successor_id.is_not(None)
        )
        return {Ref(kind, id) for kind, id in self._tuples(query)}

    def seen(self, records: Iterable[tuple[str, Ref]]) -> list[Observation]:
        """What was last seen of certain records."""
        return [observation_of(row) for row in self._of_records(schema.observation, OBSERVATION, records)]

    def mentioning(self, words: str) -> list[Observation]:
        """What was last seen of records that have a text in one of their fields, in any case."""
        table = schema.observation
        query = select(*OBSERVATION)
        # A database knows small letters of ASCII alone; whoever asks for others reads everything.
        if words.isascii():
            query = query.where(func.lower(table.c.fields).contains(words.lower(), autoescape=True))
        return [observation_of(row) for row in self._tuples(query)]

    # -- what belongs together -----------------------------------------------------------------------------------

    def links(self, leads: Iterable[str] | None = None) -> list[Link]:
        """The links of all leads, or of some."""
        return [link_of(row) for row in self._of(schema.link, LINK, leads)]

    def links_of(self, records: Iterable[tuple[str, Ref]]) -> list[Link]:
        """The links of records."""
        return [link_of(row) for row in self._of_records(schema.link, LINK, records)]

    def links_to(self, id: str) -> list[Link]:
        """The links of records with an id, in any connection."""
        return [link_of(row) for row in self._tuples(select(*LINK).where(schema.link.c.id == id))]

    def alike(self, digests: Iterable[str]) -> set[tuple[str, Ref]]:
        """The records that can be recognised by one of these handles."""
        table = schema.handle
        query = select(table.c.connection, table.c.kind, table.c.id)
        return {
            (connection, Ref(kind, id))
            for chunk in _chunks(sorted(digests))
            for connection, kind, id in self._tuples(query.where(among(table.c.digest, chunk)))
        }

    def decided(self, connection: str, kind: str, *, after: str, limit: int) -> list[Observation]:
        """What was last seen of records that are decided about, in the order of their ids, behind one of them."""
        table = schema.observation
        of_kind = (table.c.connection == connection) & (table.c.kind == kind)
        query = (
            select(*OBSERVATION).where(of_kind, table.c.id > after, ~table.c.dirty).order_by(table.c.id).limit(limit)
        )
        return [observation_of(row) for row in self._tuples(query)]

    def linked(self) -> dict[str, int]:
        """How many links there are, by connection."""
        table = schema.link
        rows = self._rows(select(table.c.connection, func.count().label("n")).group_by(table.c.connection))
        return {row["connection"]: row["n"] for row in rows}

    def _of_records(self, table: Any, columns: Sequence[Any], records: Iterable[tuple[str, Ref]]) -> Iterator[Any]:
        by_kind: dict[tuple[str, str], list[str]] = {}
        for connection, ref in records:
            by_kind.setdefault((connection, ref.kind), []).append(ref.id)
        for (connection, kind), ids in by_kind.items():
            of_kind = (table.c.connection == connection) & (table.c.kind == kind)
            for chunk in _chunks(ids):
                yield from self._tuples(select(*columns).where(of_kind, among(table.c.id, chunk)))

    def relations(self, records: Iterable[tuple[str, Ref]] | None = None) -> dict[tuple[str, Ref], set[str]]:
        """Records that belong to leads without standing for them (opportunities, interactions): which leads."""
        related: dict[tuple[str, Ref], set[str]] = {}
        table = schema.relation
        rows = self._tuples(select(table)) if records is None else self._of_records(table, tuple(table.c), records)
        for connection, kind, id, lead in rows:
            related.setdefault((connection, Ref(kind, id)), set()).add(lead)
        return related

    def related(self, lead: str) -> list[tuple[str, Ref]]:
        """The records that belong to a lead without standing for it."""
        table = schema.relation
        query = select(table.c.connection, table.c.kind, table.c.id).where(table.c.lead == lead)
        return [(connection, Ref(kind, id)) for connection, kind, id in self._tuples(query)]

    def bases(self, leads: Iterable[str] | None = None) -> dict[tuple[str, str], dict[str, Value]]:
        """The values last agreed, by (lead, connection): of all leads, or of some."""
        table = schema.base
        # They are kept by connection, then lead: without the connections, all bases would be read to find a few.
        names = [name for (name,) in self._tuples(_BASED)]
        query = select(table.c.lead, table.c.connection, table.c.fields).where(table.c.connection.in_(names))
        rows = self._rows_of(table, query, leads)
        return {(lead, connection): load_fields(fields) for lead, connection, fields in rows}

    def _of(self, table: Any, columns: Sequence[Any], leads: Iterable[str] | None) -> list[Any]:
        return self._rows_of(table, select(*columns), leads)

    def _rows_of(self, table: Any, query: Any, leads: Iterable[str] | None) -> list[Any]:
        if leads is None:
            return list(self._tuples(query))
        return [row for chunk in _chunks(leads) for row in self._tuples(query.where(among(table.c.lead, chunk)))]

    # -- the ledger ------------------------------------------------------------------------------------------------

    def facts(
        self, leads: Iterable[str] | None = None, *, after: int = 0, but: Collection[str] = ()
    ) -> list[tuple[int, Fact]]:
        """Facts with their positions, in the order of recording: all after a position, or those of some leads.

        Args:
            leads: whose; without any named, everybody's.
            after: the last position that is not wanted.
            but: types that are not wanted.
        """
        table = schema.fact
        query = select(*FACT)
        if after:
            query = query.where(table.c.position > after)
        if but:
            query = query.where(table.c.type.not_in(but))
        if leads is None:
            return [fact_of(row) for row in self._tuples(query.order_by(table.c.position))]
        # In the order of recording all the same: sorting here leaves the database to its index of leads.
        rows = [row for chunk in _chunks(leads) for row in self._tuples(query.where(among(table.c.lead, chunk)))]
        return [fact_of(row) for row in sorted(rows, key=_POSITION)]

    def written_since(self, since: datetime, leads: Iterable[str], *, least: int) -> set[str]:
        """Of some leads, those of which that much was written after an instant."""
        table = schema.fact
        query = select(table.c.lead).where(table.c.type == WriteApplied.__name__, table.c.recorded_us > to_us(since))
        query = query.group_by(table.c.lead).having(func.count() >= least)
        found = (self._tuples(query.where(among(table.c.lead, chunk))) for chunk in _chunks(leads))
        return {lead for rows in found for (lead,) in rows}

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
        query = select(*INTENT).where(table.c.state.in_(states)).order_by(table.c.sequence, table.c.key)
        if connection is not None:
            query = query.where(table.c.connection == connection)
        if plan is not None:
            query = query.where(table.c.plan == plan)
        wanted, column = (keys, table.c.key) if keys is not None else (leads, table.c.lead)
        if wanted is None:
            return [intent_of(row) for row in self._tuples(query)]
        return [intent_of(row) for chunk in _chunks(wanted) for row in self._tuples(query.where(among(column, chunk)))]

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

    def quarantined(self, *, resolved: bool = False, leads: Iterable[str] | None = None) -> list[Quarantined]:
        """What was refused and still waits (or, with ``resolved``, what was settled since), of all leads or of some."""
        table = schema.quarantine
        settled = table.c.resolved_us.is_not(None) if resolved else table.c.resolved_us.is_(None)
        query = select(table).where(settled).order_by(table.c.since_us, table.c.fingerprint)
        rows = self._rows(query if leads is None else query.where(among(table.c.lead, leads)))
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
        table = schema.conflict
        rows = self._of(table, [table.c[name] for name in ("lead", "field", "values", "winner", "rule")], leads)
        return [Conflict(lead, field, load(values), winner, rule) for lead, field, values, winner, rule in rows]

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
