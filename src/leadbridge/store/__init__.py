"""The database of a bridge: facts, cursors, observations, links, bases, intents, timers (SQLAlchemy Core, Alembic)."""

from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.store import Store
from leadbridge.store.timers import Folded, Timer, Timers
from leadbridge.store.transaction import Transaction

__all__ = ["Conflict", "Folded", "Intent", "KeptAgreement", "Link", "Observation", "Quarantined", "Store", "Timer"]
__all__ += ["Timers", "Transaction"]
