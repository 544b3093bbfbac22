"""What can be changed in the database: facts, cursors, observations, links, bases, intents, timers, together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from leadbridge.adapter import Fields, Ref
from leadbridge.clock import from_us, to_us
from leadbridge.domain.fact_codec import decode, encode
from leadbridge.domain.facts import Fact, SLAEscalated
from leadbridge.domain.sla.escalations import identity
from leadbridge.errors import ConfigError
from leadbridge.store import schema
from leadbridge.store.among import among, among_given
from leadbridge.store.codec import dump, dump_dates, dump_fields, load
from leadbridge.store.erasing import Erasing
from leadbridge.store.handles import Handles
from leadbridge.store.leases import Leases
from leadbridge.store.lineage import Lineage
from leadbridge.store.observing import Observing
from leadbridge.store.outbox import Outbox
from leadbridge.store.pruning import Pruning
from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Quarantined
from leadbridge.store.sweeping import Sweeping
from leadbridge.store.timers import Folded

__all__ = ["Transaction"]

_UNTIMED = delete(schema.timer).where(among_given(schema.timer.c.lead, "leads"))
_RESOLVED = (
    update(schema.quarantine)
    .where(among_given(schema.quarantine.c.fingerprint, "prints"))
    .values(resolved_us=bindparam("at"))
)


class Transaction(Observing):
    """One all-or-nothing step. Made by :meth:`leadbridge.store.Store.transaction` only.

    Attributes:
        leases: what only one worker may do at a time.
        outbox: who delivers what.
        handles: what records can be recognised by.
        erasing: what is removed on request.
        lineage: which op markers this database has given out.
        sweeping: how far the sweeps over all ids have come.
        pruning: what has been kept for long enough.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.leases = Leases(connection)
        self.outbox = Outbox(connection)
        self.handles = Handles(connection)
        self.erasing = Erasing(connection)
        self.lineage = Lineage(connection)
        self.sweeping = Sweeping(connection)
        self.pruning = Pruning(connection)

    def pin(self, name: str, system: str, account: str) -> None:
        """Ties a connection's name to a CRM account, for good.

        Raises:
            ConfigError: the database already knows another account under this name.
        """
        known = self.read.accounts().get(name)
        if known is None:
            self._insert(schema.connection, [{"name": name, "system": system, "account": account}])
        elif known != (system, account):
            raise ConfigError(
                f"connection {name} leads to {system} account {account}, but this database was made for "
                f"{known[0]} account {known[1]}: use another store, or the account it was made for"
            )

    def keep_agreements(self, versions: Iterable[KeptAgreement]) -> None:
        """Stores versions of the agreement; one that is stored already gets its new words and keeps its first use."""
        rows = [
            {
                "version": each.version,
                "name": each.name,
                "effective": each.effective.isoformat(),
                "digest": each.digest,
                "document": each.document,
                "first_used_us": to_us(each.first_used_at),
                "holidays": dump_dates(each.holidays),
            }
            for each in versions
        ]
        self._upsert(schema.agreement, rows, keep=("first_used_us",))

    def keep_secret(self, key: str, value: str) -> None:
        """Keeps what an adapter got when it signed in, encrypted."""
        self._upsert(schema.secret, [{"key": key, "value": value}])

    # -- pull ------------------------------------------------------------------------------------------------------

    def save_cursor(self, connection: str, kind: str, cursor: str, fields_hash: str) -> None:
        """Remembers where to go on reading a kind."""
        row = {"connection": connection, "kind": kind, "cursor": cursor, "fields_hash": fields_hash}
        self._upsert(schema.cursor, [row])

    def hint(self, connection: str, refs: Iterable[Ref], now: datetime) -> None:
        """Remembers records to ask the CRM about, because it says that something happened to them."""
        rows = [{"connection": connection, "kind": r.kind, "id": r.id, "seen_us": to_us(now)} for r in set(refs)]
        self._upsert(schema.hint, rows)

    def forget_hints(self, connection: str, hints: Mapping[Ref, datetime]) -> None:
        """Forgets hints, unless something happened again since they were read."""
        table = schema.hint
        statement = delete(table).where(
            table.c.connection == connection,
            table.c.kind == bindparam("of_kind"),
            table.c.id == bindparam("of_id"),
            table.c.seen_us == bindparam("of_us"),
        )
        rows = [{"of_kind": ref.kind, "of_id": ref.id, "of_us": to_us(seen)} for ref, seen in hints.items()]
        if rows:
            self._connection.execute(statement, rows)

    # -- record ----------------------------------------------------------------------------------------------------

    def append(self, facts: Iterable[Fact]) -> None:
        """Adds facts to the ledger."""
        rows = [
            {
                "lead": fact.lead,
                "type": type(fact).__name__,
                "version": type(fact).version,
                "occurred_us": to_us(fact.occurred_at),
                "recorded_us": to_us(fact.recorded_at),
                "actor": fact.actor,
                "system": fact.system,
                "cause": fact.cause,
                "agreement": fact.agreement,
                "precision": fact.precision,
                "body": dump(encode(fact)),
            }
            for fact in facts
        ]
        self._insert(schema.fact, rows)
        self._stale(str(row["lead"]) for row in rows)

    def tell(self, alerts: Sequence[SLAEscalated]) -> list[SLAEscalated]:
        """Adds those alerts that nobody was given yet, and returns them: whoever gets one back is to be told now.

        Of several processes that ask at the same time, one gets each alert.
        """
        self._alone("fact")
        table, leads = schema.fact, sorted({alert.lead for alert in alerts})
        told: set[tuple[str, ...]] = set()
        for start in range(0, len(leads), 500):
            query = select(table.c.lead, table.c.version, table.c.body).where(
                table.c.lead.in_(leads[start : start + 500]), table.c.type == SLAEscalated.__name__
            )
            for row in self._connection.execute(query):
                envelope = {"lead": row.lead, "occurred_at": from_us(0), "recorded_at": from_us(0)}
                known = decode(SLAEscalated.__name__, row.version, envelope, load(row.body))
                told |= {identity(known)} if isinstance(known, SLAEscalated) else set()
        new = [alert for alert in {identity(each): each for each in alerts}.values() if identity(alert) not in told]
        self.append(new)
        return new

    def save_links(self, links: Iterable[Link]) -> None:
        """Stores links; those that end come first, because only one may be live."""
        rows = [
            {
                "connection": link.connection,
                "kind": link.ref.kind,
                "id": link.ref.id,
                "lead": link.lead,
                "status": link.status,
            }
            for link in links
        ]
        self._upsert(schema.link, [row for row in rows if row["status"] != "live"])
        self._upsert(schema.link, [row for row in rows if row["status"] == "live"])

    def relate(self, relations: Iterable[tuple[str, Ref, str]]) -> None:
        """Notes which records belong to which leads without standing for them."""
        rows = [
            {"connection": connection, "kind": ref.kind, "id": ref.id, "lead": lead}
            for connection, ref, lead in relations
        ]
        self._upsert(schema.relation, rows)

    def save_bases(self, bases: Mapping[tuple[str, str], Fields]) -> None:
        """Stores the values last agreed, by (lead, connection)."""
        self._upsert(
            schema.base,
            [
                {"lead": lead, "connection": connection, "fields": dump_fields(fields)}
                for (lead, connection), fields in bases.items()
            ],
        )
        self._stale({lead for lead, _ in bases})

    # -- open promises -------------------------------------------------------------------------------------------------

    def rebase(self, digest: str) -> None:
        """Forgets all open promises, if they stand under other words than those that this digest is of.

        They are folded anew.
        """
        self._alone("clock")
        refold, fact, basis = schema.refold, schema.fact, schema.basis
        if self._connection.execute(select(basis.c.name).where(basis.c.digest == digest)).first() is not None:
            return
        self._connection.execute(delete(schema.clock))
        self._connection.execute(delete(refold))
        leads = select(fact.c.lead, literal(0), literal(uuid4().hex)).where(fact.c.lead != "").distinct()
        self._connection.execute(insert(refold).from_select(["lead", "from_us", "stamp"], leads))
        self._upsert(schema.basis, [{"name": "clock", "digest": digest}])

    def keep_clocks(self, folded: Iterable[Folded]) -> None:
        """Stores the open promises of leads in place of what was known of them.

        What was folded before something else was recorded, or before another process was faster, is of no use any more:
        it is dropped, and the lead stays to be folded again if nobody has done it.
        """
        self._alone("clock")
        clock, refold = schema.clock, schema.refold
        given = list(folded)
        stamps: dict[str, str] = {}
        for start in range(0, len(given), 500):
            wanted = refold.c.lead.in_([each.lead for each in given[start : start + 500]])
            # Whoever is just recording something has locked the row: never wait for that, it would be of no use.
            query = select(refold.c.lead, refold.c.stamp).where(wanted).with_for_update(skip_locked=True)
            stamps |= {row.lead: row.stamp for row in self._connection.execute(query)}
        many = [each for each in given if stamps.get(each.lead) == each.stamp]
        leads = [each.lead for each in many]
        for start in range(0, len(leads), 500):
            self._connection.execute(delete(clock).where(clock.c.lead.in_(leads[start : start + 500])))
        rows = [timer._asdict() for each in many for timer in each.timers]
        if rows:
            self._connection.execute(insert(clock), rows)
        seen = [{"one": each.lead, "seen": each.stamp} for each in many]
        if seen:
            done = delete(refold).where(refold.c.lead == bindparam("one"), refold.c.stamp == bindparam("seen"))
            self._connection.execute(done, seen)
        later = [
            {"lead": each.lead, "from_us": to_us(each.again_at), "stamp": each.stamp}
            for each in many
            if each.again_at is not None
        ]
        if later:
            dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
            self._connection.execute(dialect.insert(refold).on_conflict_do_nothing(), later)

    def enqueue(self, intents: Iterable[Intent]) -> None:
        """Adds writes to the outbox, or stores their new state."""
        rows = [
            {
                "key": intent.key,
                "lead": intent.lead,
                "connection": intent.connection,
                "kind": intent.target.kind,
                "action": intent.action,
                "target": intent.target.id,
                "fields": dump_fields(intent.fields),
                "expect": dump_fields(intent.expect),
                "agreed": dump({name: dump_fields(fields) for name, fields in intent.agreed.items()}),
                "because": dump(dict(intent.because)),
                "after": intent.after,
                "state": intent.state,
                "attempts": intent.attempts,
                "sent_us": to_us(intent.sent_at) if intent.sent_at is not None else None,
                "reason": intent.reason,
                "sequence": intent.sequence,
                "plan": intent.plan,
            }
            for intent in intents
        ]
        self._upsert(schema.intent, rows)

    def set_timers(self, timers: Mapping[str, datetime | None]) -> None:
        """Sets when a lead has to be looked at again even if nothing changes; ``None`` removes the timer."""
        self._upsert(
            schema.timer, [{"lead": lead, "due_us": to_us(due)} for lead, due in timers.items() if due is not None]
        )
        gone = [lead for lead, due in timers.items() if due is None]
        if gone:
            self._connection.execute(_UNTIMED, {"leads": dump(gone)})

    def keep(self, conflicts: Iterable[Conflict], settled_at: datetime) -> None:
        """Stores both values of settled conflicts."""
        rows = [
            {
                "lead": conflict.lead,
                "field": conflict.field,
                "values": dump(dict(conflict.values)),
                "winner": conflict.winner,
                "rule": conflict.rule,
                "settled_us": to_us(settled_at),
            }
            for conflict in conflicts
        ]
        self._insert(schema.conflict, rows)

    def quarantine(self, items: Iterable[Quarantined], since: datetime) -> None:
        """Sets things aside; what is set aside already keeps its date, and was tried once more."""
        items, table = list(items), schema.quarantine
        tried: dict[str, int] = {}
        if items:
            wanted = among(table.c.fingerprint, (item.fingerprint for item in items))
            query = select(table.c.fingerprint, table.c.tries).where(wanted, table.c.resolved_us.is_(None))
            tried = {row.fingerprint: row.tries for row in self._connection.execute(query)}
        rows = [
            {
                "fingerprint": item.fingerprint,
                "connection": item.connection,
                "kind": item.ref.kind,
                "record": item.ref.id,
                "lead": item.lead,
                "origin": item.origin,
                "subject": item.subject,
                "reason": item.reason,
                "remedy": item.remedy,
                "since_us": to_us(since),
                "resolved_us": None,
                "stamp": item.stamp,
                "tries": tried.get(item.fingerprint, 0) + 1,
                "tried_us": to_us(since),
            }
            for item in items
        ]
        self._upsert(schema.quarantine, rows, keep=("since_us",))

    def resolve(self, fingerprints: Iterable[str], at: datetime) -> None:
        """Says that things set aside have been settled."""
        prints = list(fingerprints)
        if prints:
            self._connection.execute(_RESOLVED, {"prints": dump(prints), "at": to_us(at)})

    def log_round(self, started_at: datetime, finished_at: datetime, counts: Mapping[str, object]) -> None:
        """Notes what a round did."""
        row = {"started_us": to_us(started_at), "finished_us": to_us(finished_at), "counts": dump(dict(counts))}
        self._insert(schema.round_, [row])
