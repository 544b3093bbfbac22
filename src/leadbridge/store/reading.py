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
from leadbridge.domain.facts import Fact
from leadbridge.domain.sla.board import Teams
from leadbridge.store import questions as q
from leadbridge.store import schema
from leadbridge.store.among import among
from leadbridge.store.codec import dump, load, load_dates, load_fields
from leadbridge.store.erasure import Erasure, Suppression
from leadbridge.store.line import Line
from leadbridge.store.prepared import Prepared
from leadbridge.store.questions import OPEN
from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.timers import Timers, Unfold
from leadbridge.store.unpacking import (
    FACT,
    LINK,
    OBSERVATION,
    RELATION,
    fact_of,
    intent_of,
    link_of,
    observation_of,
    quarantined_of,
)

__all__ = ["OPEN", "SUPPRESSION", "Reader"]

SUPPRESSION = "suppression"
"""Name of the key that erased people are remembered with."""

_CHUNK = 1000
_POSITION = itemgetter(0)


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

    @abstractmethod
    def _ask(self, question: Prepared, **given: object) -> list[Any]:
        """Asks what every round asks; gives the rows as tuples."""

    def _ask_of(self, question: Prepared, name: str, texts: Iterable[str], **given: object) -> Iterator[Any]:
        """The same of any number of texts, which the question knows under a name."""
        for chunk in _chunks(texts):
            yield from self._ask(question, **{name: dump(chunk)}, **given)

    def _rows(self, query: Any) -> list[RowMapping]:
        """Runs a query; gives its rows by the names of their columns."""
        return [row._mapping for row in self._tuples(query)]

    # -- where we stand in each CRM ------------------------------------------------------------------------------

    def accounts(self) -> dict[str, tuple[str, str]]:
        """For each connection that this database knows: its system and account."""
        return {name: (system, account) for name, system, account in self._ask(q.ACCOUNTS)}

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
        rows = self._ask(q.CURSOR, of=connection, kind_of=kind, asked=fields_hash)
        return str(rows[0][0]) if rows else None

    def hints(self, connection: str) -> dict[Ref, datetime]:
        """The records that webhooks were about, and when the last one came."""
        return {Ref(kind, id): from_us(seen) for kind, id, seen in self._ask(q.HINTS, of=connection)}

    def observations(self, connection: str | None = None, *, dirty: bool = False) -> list[Observation]:
        """What was last seen: all of it, one connection's, only what is undecided."""
        if dirty and connection is None:
            return [observation_of(row) for row in self._ask(q.DIRTY)]
        query = select(*OBSERVATION)
        if connection is not None:
            query = query.where(schema.observation.c.connection == connection)
        if dirty:
            query = query.where(text("observation.dirty"))  # spelt as in the index
        return [observation_of(row) for row in self._tuples(query)]

    def successors(self, connection: str) -> set[Ref]:
        """The records that took the place of undecided ones."""
        return {Ref(kind, id) for kind, id in self._ask(q.SUCCESSORS, of=connection)}

    def seen(self, records: Iterable[tuple[str, Ref]]) -> list[Observation]:
        """What was last seen of certain records."""
        return [observation_of(row) for row in self._of_records(q.SEEN, records)]

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
        rows = self._tuples(select(*LINK)) if leads is None else self._ask_of(q.LINKS, "leads", leads)
        return [link_of(row) for row in rows]

    def links_of(self, records: Iterable[tuple[str, Ref]]) -> list[Link]:
        """The links of records."""
        return [link_of(row) for row in self._of_records(q.LINKS_OF, records)]

    def links_to(self, id: str) -> list[Link]:
        """The links of records with an id, in any connection."""
        return [link_of(row) for row in self._tuples(select(*LINK).where(schema.link.c.id == id))]

    def alike(self, digests: Iterable[str]) -> set[tuple[str, Ref]]:
        """The records that can be recognised by one of these handles."""
        rows = self._ask_of(q.ALIKE, "digests", sorted(digests))
        return {(connection, Ref(kind, id)) for connection, kind, id in rows}

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
        return dict(self._ask(q.LINKED))

    def _of_records(self, question: Prepared, records: Iterable[tuple[str, Ref]]) -> Iterator[Any]:
        by_kind: dict[tuple[str, str], list[str]] = {}
        for connection, ref in records:
            by_kind.setdefault((connection, ref.kind), []).append(ref.id)
        for (connection, kind), ids in by_kind.items():
            yield from self._ask_of(question, "ids", ids, of=connection, kind_of=kind)

    def relations(self, records: Iterable[tuple[str, Ref]] | None = None) -> dict[tuple[str, Ref], set[str]]:
        """Records that belong to leads without standing for them (opportunities, interactions): which leads."""
        related: dict[tuple[str, Ref], set[str]] = {}
        rows = self._tuples(select(*RELATION)) if records is None else self._of_records(q.RELATED, records)
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
        if leads is None:
            table = schema.base
            rows: Iterable[Any] = self._tuples(select(table.c.lead, table.c.connection, table.c.fields))
        else:
            names = dump([name for (name,) in self._ask(q.BASED)])
            rows = self._ask_of(q.BASES, "leads", leads, names=names)
        return {(lead, connection): load_fields(fields) for lead, connection, fields in rows}

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
        if leads is not None:
            later = {"after": after} if after else {}
            rows = self._ask_of(q.facts_of(tuple(but), later=bool(after)), "leads", leads, **later)
            # In the order of recording all the same: sorting here leaves the database to its index of leads.
            return [fact_of(row) for row in sorted(rows, key=_POSITION)]
        if not but:
            return [fact_of(row) for row in self._ask(q.ALL_FACTS, after=after)]
        table = schema.fact
        query = select(*FACT).where(table.c.position > after, table.c.type.not_in(but))
        return [fact_of(row) for row in self._tuples(query.order_by(table.c.position))]

    def written_since(self, since: datetime, leads: Iterable[str], *, least: int) -> set[str]:
        """Of some leads, those of which that much was written after an instant."""
        found = self._ask_of(q.WRITTEN_SINCE, "leads", leads, since=to_us(since), least=least)
        return {lead for (lead,) in found}

    def due(self, now: datetime) -> list[str]:
        """Leads whose timer has run out."""
        return [lead for (lead,) in self._ask(q.DUE, now=to_us(now))]

    def to_refold(self, now: datetime, limit: int = _CHUNK) -> list[tuple[str, str]]:
        """Leads whose open promises have to be folded again by now, with the stamp of what was recorded last."""
        table = schema.refold
        query = select(table.c.lead, table.c.stamp).where(table.c.from_us <= to_us(now)).order_by(table.c.lead)
        return [(row["lead"], row["stamp"]) for row in self._rows(query.limit(limit))]

    def basis(self, name: str = "clock") -> str:
        """The digest of the words that the open promises (or something else) were worked out under; empty before."""
        rows = self._ask(q.BASIS, of=name)
        return str(rows[0][0]) if rows else ""

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
        given: dict[str, object] = {} if connection is None else {"of": connection}
        given |= {} if plan is None else {"under": plan}
        by = "key" if keys is not None else "lead" if leads is not None else ""
        question = q.intents_of(tuple(states), by, connection=connection is not None, plan=plan is not None)
        wanted = keys if keys is not None else leads
        rows = self._ask(question, **given) if wanted is None else self._ask_of(question, "some", wanted, **given)
        return [intent_of(row) for row in rows]

    def applied_plans(self) -> list[tuple[str, datetime, int]]:
        """The plans that something was written under: hash, when last, and how many writes; the latest first."""
        table = schema.intent
        last = func.max(table.c.sent_us).label("last")
        query = select(table.c.plan, last, func.count().label("writes"))
        query = query.where(table.c.state == "done", table.c.plan != "").group_by(table.c.plan).order_by(last.desc())
        return [(row["plan"], from_us(row["last"] or 0), row["writes"]) for row in self._rows(query)]

    def rounds(self, *, since: datetime) -> list[dict[str, Any]]:
        """What the rounds counted that began at an instant or later."""
        return [load(counts) for (counts,) in self._ask(q.ROUNDS, since=to_us(since))]

    # -- what needs a person ---------------------------------------------------------------------------------------

    def quarantined(self, *, resolved: bool = False, leads: Iterable[str] | None = None) -> list[Quarantined]:
        """What was refused and still waits (or, with ``resolved``, what was settled since), of all leads or of some."""
        question = q.quarantined(resolved=resolved, some=leads is not None)
        rows = self._ask(question) if leads is None else self._ask(question, leads=dump(list(leads)))
        return [quarantined_of(row) for row in rows]

    def conflicts(self, leads: Iterable[str] | None = None) -> list[Conflict]:
        """Conflicts that were settled, with what each side said."""
        table = schema.conflict
        query = select(*(table.c[name] for name in ("lead", "field", "values", "winner", "rule")))
        chunks = [query] if leads is None else [query.where(among(table.c.lead, chunk)) for chunk in _chunks(leads)]
        rows = [row for each in chunks for row in self._tuples(each)]
        return [Conflict(lead, field, load(values), winner, rule) for lead, field, values, winner, rule in rows]

    # -- who was erased --------------------------------------------------------------------------------------------

    def suppression(self) -> Suppression:
        """Who was erased on request, as keyed hashes."""
        keys = self._ask(q.KEY, of=SUPPRESSION)
        if not keys:
            return Suppression("", frozenset())
        digests = frozenset(digest for (digest,) in self._ask(q.SUPPRESSED))
        leaving = frozenset(
            (each.connection, each.ref) for erasure in self.erasures(done=False) for each in erasure.records
        )
        return Suppression(keys[0][0], digests, leaving)

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
