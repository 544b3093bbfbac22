"""The agreement between marketing and sales: schema, loading, checking, comparing, showing."""

from __future__ import annotations

from leadbridge.agreement.crosswalk import BY_REASON, KindCrosswalk, Touch
from leadbridge.agreement.diff import Change, diff, grouped
from leadbridge.agreement.lint import lint
from leadbridge.agreement.offer import offer
from leadbridge.agreement.policies import FieldPolicy, Guard, Guards, Ruling, SyncRules
from leadbridge.agreement.promises import clocks
from leadbridge.agreement.render import html, markdown
from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements

__all__ = [
    "BY_REASON",
    "Agreement",
    "Agreements",
    "Change",
    "FieldPolicy",
    "Guard",
    "Guards",
    "KindCrosswalk",
    "Ruling",
    "SyncRules",
    "Touch",
    "clocks",
    "diff",
    "grouped",
    "html",
    "lint",
    "markdown",
    "offer",
]
