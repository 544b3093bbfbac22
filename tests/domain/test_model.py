"""Lengths of time are written and read by one table of units."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.domain.model import parse_span, span_text


@given(st.integers(min_value=0, max_value=5_000), st.sampled_from(("second", "minute", "hour", "day", "week")))
def test_a_length_of_time_reads_back_as_it_was_written(amount: int, unit: str) -> None:
    span = parse_span(f"{amount} {unit}{'s' if amount != 1 else ''}")
    assert isinstance(span, timedelta)
    assert parse_span(span_text(span)) == span


@pytest.mark.parametrize(
    "text", ["", "90", "days", "1.5 days", "-3 days", "3 fortnights", "３ days days", "6000 weeks"]
)
def test_what_is_no_length_of_time_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ValueError, match="; write "):
        parse_span(text)
