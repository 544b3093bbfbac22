"""Values as text and back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import Ref, Value
from leadbridge.store.codec import dump, dump_fields, fingerprint, load, load_fields

texts = st.text(st.characters(exclude_categories=["Cs"]))
refs = st.builds(Ref, texts, texts)
scalars = texts | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
values: st.SearchStrategy[Value] = st.none() | scalars | refs | st.lists(texts | refs, max_size=4).map(tuple)
fields = st.dictionaries(texts, values, max_size=6)


@given(fields)
def test_every_value_comes_back_as_it_was(given: dict[str, Value]) -> None:
    back = load_fields(dump_fields(given))
    assert back == given
    assert {name: type(value) for name, value in back.items()} == {name: type(value) for name, value in given.items()}


@given(fields)
def test_the_order_of_fields_does_not_change_the_text(given: dict[str, Value]) -> None:
    assert dump_fields(dict(reversed(given.items()))) == dump_fields(given)


@given(fields)
def test_what_is_stored_is_json_that_others_can_read(given: dict[str, Value]) -> None:
    assert set(json.loads(dump_fields(given))) == set(given)


def test_an_empty_selection_is_not_blank() -> None:
    assert load_fields(dump_fields({"topics": (), "title": None})) == {"topics": (), "title": None}


def test_a_text_that_looks_like_a_ref_stays_a_text() -> None:
    text = '{"$ref": ["person", "1"]}'
    assert load_fields(dump_fields({"note": text})) == {"note": text}


def test_plain_values_keep_their_shape() -> None:
    assert load(dump({"b": [1, 2.5, None], "a": {"c": True}})) == {"a": {"c": True}, "b": [1, 2.5, None]}


@given(texts, texts)
def test_a_fingerprint_tells_texts_apart_and_shows_nothing(one: str, other: str) -> None:
    assert (fingerprint(one) == fingerprint(other)) is (one == other)
    assert len(fingerprint(one)) == 24
