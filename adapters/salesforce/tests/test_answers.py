"""Pages of queries: what they hold, in the type that was asked for, and what is no page."""

from __future__ import annotations

import httpx
import msgspec
import orjson
import pytest

from leadbridge.errors import Unavailable
from leadbridge.http import Reply
from leadbridge_salesforce.answers import answer, inner_answer


class Lead(msgspec.Struct):
    """A row with one column."""

    Id: str


ROW = {"attributes": {"type": "Lead"}, "Id": "00Q1"}
LAST = {"totalSize": 1, "done": True, "records": [ROW]}
NEXT = {"done": False, "records": [ROW], "nextRecordsUrl": "/services/data/v60.0/query/01g-2000"}


def reply(body: object) -> Reply:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Reply(200, httpx.Headers({"Date": "Fri, 02 Jan 2026 00:00:09 GMT"}), content)


def test_rows_are_what_they_are_wanted_as() -> None:
    assert answer(reply(LAST), Lead, 0.0).rows == [Lead("00Q1")]
    assert answer(reply(LAST), dict, 0.0).rows == [{"Id": "00Q1"}]
    assert inner_answer(LAST, reply({}), Lead, 0.0).rows == [Lead("00Q1")]


def test_a_page_says_where_the_next_one_is_and_when_it_was_asked_for() -> None:
    page = answer(reply(NEXT), Lead, 4.2)
    assert page.next == "/services/data/v60.0/query/01g-2000"
    assert page.answered_at is not None
    assert page.asked_at is not None
    assert (page.answered_at - page.asked_at).total_seconds() == 4
    assert answer(reply(LAST), Lead, 0.0).next is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b'{"records": [',
        [],
        {},
        {"done": True},
        {"done": True, "records": None},
        {"done": True, "records": [None]},
        {"done": True, "records": [{"Name": "canary"}]},
        {"done": True, "records": [{"Id": 7}]},
        {"done": False, "records": []},
    ],
)
def test_what_is_no_page_is_no_answer_and_is_not_quoted(body: object) -> None:
    with pytest.raises(Unavailable) as caught:
        answer(reply(body), Lead, 0.0)
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None
    if not isinstance(body, bytes):
        with pytest.raises(Unavailable, match="unknown way"):
            inner_answer(body, reply({}), Lead, 0.0)
