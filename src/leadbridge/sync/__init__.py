"""Sync: pull, decide, record, deliver. Start reading at ``engine``; the decisions are made in ``decide``."""

from leadbridge.sync.engine import Engine, Progress, RoundResult, SyncResult
from leadbridge.sync.plan import Plan

__all__ = ["Engine", "Plan", "Progress", "RoundResult", "SyncResult"]
