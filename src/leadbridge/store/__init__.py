"""The database of a bridge: facts, cursors, observations, links, bases, intents, timers (SQLAlchemy Core, Alembic)."""

from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.store import Store
from leadbridge.store.transaction import Transaction

__all__ = ["Conflict", "Intent", "KeptAgreement", "Link", "Observation", "Quarantined", "Store", "Transaction"]
