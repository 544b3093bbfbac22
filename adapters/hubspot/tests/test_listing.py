"""Lists of records: what they hold, in the type that was asked for, and what is no list."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from leadbridge.adapter import FieldInfo
from leadbridge.errors import SchemaDrift, Unavailable
from leadbridge.http import Reply
from leadbridge_hubspot.rows import Decoder
from leadbridge_hubspot.wire import listing

KNOWN = {"email": FieldInfo("email", "Email", "string"), "city": FieldInfo("city", "City", "string")}
DECODER = Decoder("contact", KNOWN, tuple(KNOWN))
ROW: dict[str, Any] = {
    "id": "7",
    "properties": {"email": "a@acme.example", "city": None, "lastmodifieddate": "2026-01-01T00:00:00.000Z"},
    "createdAt": "2026-01-01T00:00:00.000Z",
    "updatedAt": None,
    "archived": False,
}


def reply(body: object) -> Reply:
    return Reply(200, httpx.Headers(), body if isinstance(body, bytes) else orjson.dumps(body))


def test_rows_are_what_they_are_wanted_as() -> None:
    answer = reply({"results": [ROW]})
    assert listing(answer, dict).rows == [ROW]
    assert listing(answer, DECODER.row).rows == DECODER.rows([ROW])
    (row,) = DECODER.rows([ROW])
    record = DECODER.record(row)
    assert (record.ref.id, record.version, record.state) == ("7", "1767225600000", "live")
    assert record.fields == {"email": "a@acme.example", "city": None}


def test_a_property_that_an_answer_does_not_carry_is_absent() -> None:
    (row,) = DECODER.rows([{**ROW, "properties": {"city": "London"}}])
    assert DECODER.record(row).fields == {"city": "London"}


@pytest.mark.parametrize(
    ("paging", "after"),
    [
        (None, ""),
        ({}, ""),
        ({"next": None}, ""),
        ({"next": {"link": "?after=9"}}, ""),
        ({"next": {"after": "9"}}, "9"),
        ({"next": {"after": 9}}, "9"),
    ],
)
def test_the_place_behind_a_list_is_text(paging: object, after: str) -> None:
    assert listing(reply({"results": [], "paging": paging}), dict).after == after


@pytest.mark.parametrize("body", [b"", b"<html></html>", [], {}, {"results": None}, {"results": 7}, {"results": [7]}])
def test_what_is_no_list_is_no_answer(body: object) -> None:
    with pytest.raises(Unavailable):
        listing(reply(body), dict)


@pytest.mark.parametrize("wrong", [{"id": 7}, {"properties": None}, {"createdAt": None}, {"archived": "canary"}])
def test_what_is_no_record_is_no_answer_and_is_not_quoted(wrong: dict[str, object]) -> None:
    row = {**ROW, **wrong}
    with pytest.raises(Unavailable) as caught:
        listing(reply({"results": [row]}), DECODER.row)
    with pytest.raises(Unavailable) as again:
        DECODER.rows([row])
    assert "canary" not in f"{caught.value} {again.value}"


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"])
def test_what_no_property_can_be_called_is_not_asked_for(name: str) -> None:
    with pytest.raises(SchemaDrift, match="take it out"):
        Decoder("contact", {}, (name,))
