"""The database of a bridge: facts, cursors, observations, links, bases, intents, timers (SQLAlchemy Core, Alembic)."""

from leadbridge.store.erasure import Doomed, Erasure, Suppression
from leadbridge.store.leases import Lease
from leadbridge.store.line import Line
from leadbridge.store.lineage import RECOVERED
from leadbridge.store.outbox import OPT_OUTS, Place
from leadbridge.store.reading import Reader
from leadbridge.store.rows import Conflict, Intent, KeptAgreement, Link, Observation, Quarantined
from leadbridge.store.store import Store
from leadbridge.store.sweeping import SweepPlace
from leadbridge.store.timers import Folded, Timer, Timers
from leadbridge.store.tokens import DatabaseTokens
from leadbridge.store.transaction import Transaction
from leadbridge.store.worker import Worker

__all__ = ["Conflict", "DatabaseTokens", "Doomed", "Erasure", "Folded", "Intent", "KeptAgreement", "Lease", "Link"]
__all__ += ["OPT_OUTS", "RECOVERED", "Line", "Observation", "Place"]
__all__ += ["Quarantined", "Reader", "Store", "Suppression", "SweepPlace", "Timer", "Timers", "Transaction", "Worker"]
