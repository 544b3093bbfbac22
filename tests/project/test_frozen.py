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


@quick
@dataclass(frozen=True, slots=True)
class Made:
    items: list[str] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    name: str
    number: int = 1


def test_what_has_a_factory_gets_a_value_of_its_own_each_time() -> None:
    one, other, given = Made(), Made(), ["x"]
    assert one.items == []
    assert one.items is not other.items
    assert Made(given).items is given


def test_keywords_stay_keywords() -> None:
    assert (Named(name="x").number, Named(number=2, name="x").number) == (1, 2)
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        Named("x")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        Named()  # type: ignore[call-arg]  # that is the point


def test_what_does_more_when_it_is_made_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        number: int

        def __post_init__(self) -> None:
            assert self.number

    with pytest.raises(TypeError, match=r"Checked\.number cannot be set this quickly"):
        quick(Checked)
