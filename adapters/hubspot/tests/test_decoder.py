"""Answers become values: all properties at once, and the same when some of them are missing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import FieldInfo, Value
from leadbridge_hubspot.rows import Decoder

KNOWN = {
    info.name: info
    for info in (
        FieldInfo("email", "Email", "string"),
        FieldInfo("numemployees", "Employees", "number"),
        FieldInfo("hs_email_optout", "Opted out", "bool"),
        FieldInfo("createdate", "Created", "datetime"),
        FieldInfo("closedate", "Closed", "date"),
        FieldInfo("interests", "Interests", "options"),
        FieldInfo("it's {odd}", "Odd", "string"),
    )
}
DECODER = Decoder("contact", KNOWN, tuple(KNOWN))
texts = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "12", "1.50", "1E+2", "N/A", "true", "False", "a;b", "2026-01-31", "2026-01-31T08:00:00.000Z"]
    ),
    st.sampled_from(["1767225600000", "Infinity", "1_000", " 7 "]),
    st.text(max_size=8),
)


@given(st.fixed_dictionaries(dict.fromkeys(KNOWN, texts)), st.dictionaries(st.text(), texts, max_size=2))
def test_all_properties_at_once_are_read_as_each_alone(
    properties: dict[str, str | None], besides: dict[str, str]
) -> None:
    alone: dict[str, Value] = {}
    for name, text in properties.items():
        alone.update(DECODER.fields({name: text}))
    assert DECODER.fields({**besides, **properties}) == alone


def test_what_the_answer_does_not_carry_is_absent_and_what_nobody_asked_for_too() -> None:
    assert DECODER.fields({"email": "", "city": "London"}) == {"email": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-3", -3), ("1.50", 1.5), ("2.0", 2), ("1E+2", 100), ("N/A", "N/A"), ("Infinity", "Infinity")],
)
def test_numbers_are_numbers_and_what_is_none_stays_text(text: str, value: Value) -> None:
    found: Mapping[str, Value] = DECODER.fields({"numemployees": text})
    assert found == {"numemployees": value}
    assert type(found["numemployees"]) is type(value)
