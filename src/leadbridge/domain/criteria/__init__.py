"""What words such as sales-ready mean: criteria, compiled and judged; scores; the target market; the same in SQL."""

from __future__ import annotations

from leadbridge.domain.criteria.verdict import (
    PROFILE_TYPES,
    CriteriaError,
    Criterion,
    Evidence,
    FieldType,
    Rule,
    Verdict,
    compile_rule,
    judge,
    profile,
)

__all__ = [
    "PROFILE_TYPES",
    "CriteriaError",
    "Criterion",
    "Evidence",
    "FieldType",
    "Rule",
    "Verdict",
    "compile_rule",
    "judge",
    "profile",
]
