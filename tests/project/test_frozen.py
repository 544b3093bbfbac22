"""What is made by the million is frozen all the same."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from datetime import UTC, datetime
from inspect import signature

import pytest

from leadbridge.adapter import Record, Ref
from leadbridge.frozen import quick

REF = Ref("person", "7")
RECORD = Record(REF, "1", datetime(2026, 1, 1, tzinfo=UTC), {"email": "ada@buyer.example"})


def test_a_field_cannot_be_set_or_removed() -> None:
    with pytest.raises(FrozenInstanceError):
        RECORD.version = "2"  # type: ignore[misc]  # that is the point
    with pytest.raises(FrozenInstanceError):
        del REF.id
    assert RECORD.version == "1"


def test_arguments_and_defaults_are_those_of_the_dataclass() -> None:
    assert list(signature(Record).parameters) == ["ref", "version", "modified_at", "fields", "state", "successor"]
    assert (RECORD.state, RECORD.successor) == ("live", None)
    assert Ref(id="7", kind="person") == REF
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'id'"):
        Ref("person")  # type: ignore[call-arg]  # that is the point


def test_equality_order_hash_and_repr_stay() -> None:
    assert {REF, Ref("person", "7")} == {REF}
    assert Ref("person", "8") > REF
    assert replace(RECORD, version="2") != RECORD
    assert "buyer" not in repr(RECORD)


def test_copies_through_pickle_and_copy_are_equal() -> None:
    assert pickle.loads(pickle.dumps(RECORD)) == copy.deepcopy(RECORD) == RECORD


def test_what_needs_a_factory_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        items: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match=r"Made\.items cannot be set this quickly"):
        quick(Made)
