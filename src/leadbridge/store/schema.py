"""The tables. Instants are microseconds since 1970 in UTC; JSON is text written by ``codec``.

One database belongs to one bridge: ``connection`` pins the CRM accounts that it knows, and refuses others.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, text

__all__ = [
    "OPEN",
    "agreement",
    "base",
    "basis",
    "clock",
    "conflict",
    "connection",
    "cursor",
    "erasure",
    "fact",
    "handle",
    "hint",
    "intent",
    "keyring",
    "lease",
    "link",
    "metadata",
    "observation",
    "quarantine",
    "refold",
    "relation",
    "round_",
    "secret",
    "suppressed",
    "sweep",
    "timer",
]

metadata = MetaData()

# SQLite only counts a plain INTEGER primary key up by itself.
_Position = BigInteger().with_variant(Integer, "sqlite")

connection = Table(
    "connection",
    metadata,
    Column("name", Text, primary_key=True),
    Column("system", Text, nullable=False),
    Column("account", Text, nullable=False),
)

agreement = Table(
    "agreement",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("effective", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("first_used_us", BigInteger, nullable=False),
    Column("holidays", Text, nullable=False, server_default="{}"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("fields_hash", Text, nullable=False),
)

# What a webhook was about, until a pull has asked the CRM.
hint = Table(
    "hint",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("seen_us", BigInteger, nullable=False),
)

observation = Table(
    "observation",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("successor_kind", Text),
    Column("successor_id", Text),
    Column("fields", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("dirty", Boolean, nullable=False),
    # Number of the last full sweep that met it.
    Column("swept", Integer, nullable=False, server_default="0"),
)
Index("observation_dirty", observation.c.dirty, sqlite_where=text("dirty"), postgresql_where=text("dirty"))

link = Table(
    "link",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("lead", Text, nullable=False, index=True),
    Column("status", Text, nullable=False),
)
Index(
    "link_one_live_record",
    link.c.lead,
    link.c.connection,
    unique=True,
    sqlite_where=text("status = 'live'"),
    postgresql_where=text("status = 'live'"),
)

relation = Table(
    "relation",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("lead", Text, primary_key=True),
)
Index("relation_lead", relation.c.lead)

base = Table(
    "base",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("lead", Text, primary_key=True),
    Column("fields", Text, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("position", _Position, primary_key=True, autoincrement=True),
    Column("lead", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("occurred_us", BigInteger, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("agreement", Integer, nullable=False),
    Column("precision", Text, nullable=False),
    Column("body", Text, nullable=False),
)

intent = Table(
    "intent",
    metadata,
    Column("key", Text, primary_key=True),
    Column("lead", Text, nullable=False, index=True),
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("expect", Text, nullable=False),
    Column("agreed", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("after", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_us", BigInteger),
    Column("reason", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("plan", Text, nullable=False, server_default=""),
    # Which worker delivers it, and until when; the fence grows with every claim.
    Column("owner", Text, nullable=False, server_default=""),
    Column("until_us", BigInteger, nullable=False, server_default="0"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
)
Index("intent_plan", intent.c.plan)
OPEN = "state in ('pending', 'inflight', 'unknown')"
"""The condition of an open write, spelt as in the index: a database uses that index for no other spelling."""
Index(
    "intent_open",
    *(intent.c[name] for name in ("connection", "kind", "action", "sequence", "key")),
    sqlite_where=text(OPEN),
    postgresql_where=text(OPEN),
)

# What only one worker may do at a time; the fence grows with every taking.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
)

# What adapters got when they signed in, encrypted.
secret = Table(
    "secret",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# What a record that stands for a lead can be recognised by, as digests.
handle = Table(
    "handle",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
)
Index("handle_digest", handle.c.digest)

# How far the full sweep over the ids of a kind has come; the last finished one.
sweep = Table(
    "sweep",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("cursor", Text),
    Column("finished_us", BigInteger, nullable=False),
)

timer = Table(
    "timer",
    metadata,
    Column("lead", Text, primary_key=True),
    Column("due_us", BigInteger, nullable=False, index=True),
)

# Open promises as they were folded last: what has to be known of each to say how it stands at any later instant.
clock = Table(
    "clock",
    metadata,
    Column("lead", Text, primary_key=True),
    Column("policy", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    # Two versions may each have begun a clock of the same name about the same passage.
    Column("agreement", Integer, primary_key=True, autoincrement=False),
    Column("duty_of", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("warns_us", BigInteger),
    Column("due_us", BigInteger),
    Column("broken_us", BigInteger),
)
# Every count of a board is answered from this index alone.
Index("clock_board", *(clock.c[name] for name in ("owner", "queue", "duty_of", "state", "due_us", "broken_us")))

# Leads whose promises have to be folded again from an instant on; 0: something was recorded about them.
refold = Table(
    "refold",
    metadata,
    Column("lead", Text, primary_key=True),
    Column("from_us", BigInteger, nullable=False, index=True),
    Column("stamp", Text, nullable=False),
)

# The words of the agreement that the open promises were folded under.
basis = Table(
    "basis",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", _Position, primary_key=True, autoincrement=True),
    Column("lead", Text, nullable=False, index=True),
    Column("field", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("winner", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("settled_us", BigInteger, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("lead", Text, index=True),
    Column("origin", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("resolved_us", BigInteger),
    # What the record and the field's rules were like when it was refused; how often, and when last, it was tried.
    Column("stamp", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="1"),
    Column("tried_us", BigInteger, nullable=False, server_default="0"),
)

round_ = Table(
    "round",
    metadata,
    Column("id", _Position, primary_key=True, autoincrement=True),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger),
    Column("counts", Text, nullable=False),
)

# The key of the hashes below; made once, never shown.
keyring = Table(
    "keyring",
    metadata,
    Column("name", Text, primary_key=True),
    Column("key", Text, nullable=False),
)

# Who was erased on request: keyed hashes of what the person or a record of the person could be recognised by.
suppressed = Table(
    "suppressed",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
)

# Erasures: while one is under way its lead and records are known; what is left when it is done is a receipt.
erasure = Table(
    "erasure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lead", Text),
    Column("begun_us", BigInteger, nullable=False),
    Column("done_us", BigInteger),
    Column("records", Text, nullable=False),
    Column("counts", Text, nullable=False),
)
