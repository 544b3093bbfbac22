"""Sync: pull, decide, record, deliver. Start reading at ``engine``; the decisions are made in ``decide``."""

from leadbridge.sync.budget import Budget
from leadbridge.sync.engine import Engine
from leadbridge.sync.plan import ALL, Plan, Selection
from leadbridge.sync.progress import Progress
from leadbridge.sync.results import RoundResult, SyncResult

__all__ = ["ALL", "Budget", "Engine", "Plan", "Progress", "RoundResult", "Selection", "SyncResult"]
