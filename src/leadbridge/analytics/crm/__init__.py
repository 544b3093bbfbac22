"""CRM accounts as snapshots: everything is read, nothing is written, and no person is kept."""

from __future__ import annotations

from leadbridge.analytics.crm.read import Connections, Progress
from leadbridge.analytics.crm.told import Told, told_by
from leadbridge.analytics.crm.views import FILTERS

__all__ = ["FILTERS", "Connections", "Progress", "Told", "told_by"]
