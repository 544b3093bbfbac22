"""Rows of JSON and lines of CSV become the same records."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from leadbridge.adapter import FieldInfo, KindInfo, Ref
from leadbridge.errors import BadRequest, Unavailable
from leadbridge_salesforce.mappers import Shape
from leadbridge_salesforce.rows import Rows

ODD = 'it\'s "odd"\n{x}__c'
INFOS = (
    FieldInfo("Company", "Company", "string"),
    FieldInfo("NumberOfEmployees", "Employees", "number"),
    FieldInfo("HasOptedOutOfEmail", "Opted out", "bool"),
    FieldInfo("CreatedDate", "Created", "datetime"),
    FieldInfo("OwnerId", "Owner", "ref"),
)
TYPES = {"NumberOfEmployees": "int", "HasOptedOutOfEmail": "boolean", "CreatedDate": "datetime", "OwnerId": "reference"}
SHAPE = Shape(
    KindInfo("Lead", {info.name: info for info in INFOS}, {}),
    ("IsDeleted", "MasterRecordId"),
    {"OwnerId": ("User",)},
    {**TYPES, "IsDeleted": "boolean", "MasterRecordId": "reference"},
)
ROWS = Rows(SHAPE, [info.name for info in INFOS])
ROW: dict[str, Any] = {
    "Company": "Acme",
    "NumberOfEmployees": 7,
    "HasOptedOutOfEmail": False,
    "CreatedDate": "2026-01-01T08:00:00.000+0000",
    "OwnerId": None,
    "Id": "00Q20000000abcd",
    "SystemModstamp": "2026-01-02T08:00:00.000+0000",
    "IsDeleted": True,
    "MasterRecordId": "00Q20000000abceEAA",
}
LINE = {
    **{name: "" if value is None else str(value) for name, value in ROW.items()},
    "HasOptedOutOfEmail": "false",
    "CreatedDate": "2026-01-01T08:00:00.000Z",
    "Id": "00Q20000000abcdEAA",
    "SystemModstamp": "2026-01-02T08:00:00.000Z",
    "IsDeleted": "true",
}


def test_a_row_becomes_a_record_with_the_fields_that_were_asked_for() -> None:
    record = ROWS.record(dict(ROW))
    assert record.ref == Ref("Lead", "00Q20000000abcdEAA")
    assert record.fields == {
        "Company": "Acme",
        "NumberOfEmployees": 7,
        "HasOptedOutOfEmail": False,
        "CreatedDate": "2026-01-01T08:00:00.000Z",
        "OwnerId": None,
    }
    assert (record.state, record.successor) == ("merged", Ref("Lead", "00Q20000000abceEAA"))


@pytest.mark.parametrize("seed", range(20))
def test_a_line_is_the_same_record_whatever_the_order_of_its_columns(seed: int) -> None:
    head = Random(seed).sample(list(LINE), len(LINE))
    lines = iter([[LINE[name] for name in head]])
    ((_, _, item),) = ROWS.told(ROWS.of_csv(lines, head))
    assert item == ROWS.record(dict(ROW))


def test_columns_that_nobody_asked_for_are_left_out_of_a_line() -> None:
    lines = iter([["more", *LINE.values(), "and more"]])
    ((_, _, item),) = ROWS.told(ROWS.of_csv(lines, ["First", *LINE, "Last"]))
    assert item == ROWS.record(dict(ROW))


@pytest.mark.parametrize(
    "wrong",
    [{"NumberOfEmployees": "seven"}, {"HasOptedOutOfEmail": "yes"}],
    ids=["a number", "a truth value"],
)
def test_a_line_that_holds_what_its_column_cannot_hold_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"invalid literal|neither true nor false"):
        list(ROWS.of_csv(iter([[*({**LINE, **wrong}).values()]]), list(LINE)))


@pytest.mark.parametrize("line", [[], ["one"], [*LINE.values(), "more"]], ids=["empty", "short", "long"])
def test_a_line_of_another_length_is_refused(line: list[str]) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        list(ROWS.of_csv(iter([line]), list(LINE)))


@pytest.mark.parametrize("missing", list(ROW))
def test_a_row_without_a_field_that_was_asked_for_is_no_answer(missing: str) -> None:
    row = {name: value for name, value in ROW.items() if name != missing}
    with pytest.raises(Unavailable, match="without a field that was asked for"):
        ROWS.record(row)


@pytest.mark.parametrize(
    "wrong",
    [{"Id": None}, {"SystemModstamp": None}, {"CreatedDate": 1}, {"OwnerId": []}, {"NumberOfEmployees": 10**30}],
)
def test_a_row_that_holds_what_its_column_cannot_hold_is_no_answer(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        ROWS.record({**ROW, **wrong})


def test_what_is_no_name_of_salesforce_is_no_column() -> None:
    shape = Shape(KindInfo("Lead", {ODD: FieldInfo(ODD, "Odd", "string")}, {}), (), {}, {})
    with pytest.raises(BadRequest, match="name"):
        Rows(shape, [ODD])
