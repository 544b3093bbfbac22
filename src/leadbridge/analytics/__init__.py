"""Numbers from a snapshot of the ledger, or of an export, each with its definition.

:class:`Snapshot` holds the tables, ``snapshot.metrics`` the numbers. The engine and the pictures are the extra
``analytics`` and are loaded when they are first used.
"""

from __future__ import annotations

from leadbridge.analytics.comparison import Comparison
from leadbridge.analytics.contrast import Contrast
from leadbridge.analytics.figures import DASHBOARD, Figure
from leadbridge.analytics.literature import Benchmark, Benchmarks, benchmarks
from leadbridge.analytics.meta import Finding, Meta, Quality
from leadbridge.analytics.metric import Metric, metric, metrics
from leadbridge.analytics.plots import save
from leadbridge.analytics.profile import Readiness
from leadbridge.analytics.reconciliation import Difference, Reconciliation, Step
from leadbridge.analytics.reconciling import reconcile
from leadbridge.analytics.redealing import Redeal
from leadbridge.analytics.replay import Replay, replay
from leadbridge.analytics.report import Report
from leadbridge.analytics.result import Answer, NotComputable, Result
from leadbridge.analytics.scorecard import Scorecard, ScoreLine
from leadbridge.analytics.snapshot import Snapshot
from leadbridge.analytics.whatif import what_if

__all__ = [
    "DASHBOARD",
    "Answer",
    "Benchmark",
    "Benchmarks",
    "Comparison",
    "Contrast",
    "Difference",
    "Figure",
    "Finding",
    "Meta",
    "Metric",
    "NotComputable",
    "Quality",
    "Readiness",
    "Reconciliation",
    "Redeal",
    "Replay",
    "Report",
    "Result",
    "ScoreLine",
    "Scorecard",
    "Snapshot",
    "Step",
    "benchmarks",
    "metric",
    "metrics",
    "reconcile",
    "replay",
    "save",
    "what_if",
]
