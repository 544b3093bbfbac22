"""What Salesforce can answer, and what we make of it. Nothing of its texts is passed on: they quote records."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
import respx
from simple_salesforce import exceptions as sdk

from leadbridge.adapter import Receipt, Ref, Write
from leadbridge.errors import (
    AdapterError,
    AuthExpired,
    BadRequest,
    CursorExpired,
    Forbidden,
    RateLimited,
    SchemaDrift,
    Unavailable,
)
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.allowance import usage
from leadbridge_salesforce.errors import findings, from_sdk

ORG = "https://acme.my.salesforce.com"
CANARY = "canary@secret.example"


def error(code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": f"{message} {CANARY}", "fields": []}]


MATRIX: list[tuple[str, int, object, type[AdapterError]]] = [
    ("expired", 401, error("INVALID_SESSION_ID"), AuthExpired),
    ("expired, OAuth words", 401, {"error": "invalid_token", "error_description": CANARY}, AuthExpired),
    ("expired, no words", 401, None, AuthExpired),
    ("sign-in refused", 400, {"error": "invalid_grant", "error_description": CANARY}, AuthExpired),
    ("no permission", 403, error("INSUFFICIENT_ACCESS"), Forbidden),
    ("API off", 403, error("API_DISABLED_FOR_ORG"), Forbidden),
    ("daily allowance", 403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), RateLimited),
    ("too many at once", 403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), RateLimited),
    ("slow down", 429, None, RateLimited),
    ("locked", 400, error("UNABLE_TO_LOCK_ROW"), RateLimited),
    ("field gone", 400, error("INVALID_FIELD", "No such column 'Foo__c' on entity 'Lead'."), SchemaDrift),
    ("kind gone", 400, error("INVALID_TYPE", "sObject type 'Lead' is not supported."), SchemaDrift),
    ("field not filterable", 400, error("INVALID_FIELD", "field 'Description' can not be filtered"), BadRequest),
    ("malformed", 400, error("MALFORMED_QUERY"), BadRequest),
    ("place unknown", 400, error("INVALID_QUERY_LOCATOR"), CursorExpired),
    ("too slow", 400, error("QUERY_TIMEOUT"), Unavailable),
    ("not found", 404, error("NOT_FOUND"), BadRequest),
    ("retired", 410, error("UNSUPPORTED_API_VERSION"), BadRequest),
    (
        "too many of an app",
        403,
        error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests)"),
        RateLimited,
    ),
    ("locked, 503", 503, error("UNABLE_TO_LOCK_ROW"), RateLimited),
    ("locked for too long", 400, error("TXN_LOCK_TIMEOUT"), RateLimited),
    ("address too long", 414, None, BadRequest),
    ("headers too long", 431, None, BadRequest),
    ("retired, no words", 410, None, BadRequest),
    ("retired, code", 400, error("API_VERSION_RETIRED"), BadRequest),
    ("busy", 503, error("SERVER_UNAVAILABLE"), Unavailable),
    ("edge", 408, None, Unavailable),
    ("edge", 420, None, Unavailable),
    ("edge", 406, None, Unavailable),
    ("down", 500, error("UNKNOWN_EXCEPTION"), Unavailable),
    ("down", 503, None, Unavailable),
]


@pytest.fixture
def mock() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=ORG, assert_all_called=False) as router:
        yield router


def read(adapter: Salesforce) -> None:
    adapter.describe()


def raised(adapter: Salesforce) -> AdapterError:
    with pytest.raises(AdapterError) as caught:
        read(adapter)
    return caught.value


@pytest.mark.parametrize(("name", "status", "body", "expected"), MATRIX)
def test_every_answer_has_its_class_after_exactly_one_request(
    mock: respx.MockRouter,
    caplog: pytest.LogCaptureFixture,
    name: str,
    status: int,
    body: object,
    expected: type[AdapterError],
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = httpx.Response(status) if body is None else httpx.Response(status, json=body)
    route = mock.route().mock(return_value=answer)
    adapter = Salesforce(access_token="t0ken", instance_url=ORG, connection="crm")
    failure = raised(adapter)
    assert type(failure) is expected, name
    assert route.call_count == adapter.calls == 1
    assert failure.connection == "crm"
    assert failure.__cause__ is None
    said = f"{failure} {failure!r} {caplog.text}"
    assert "canary" not in said
    assert "t0ken" not in said


@pytest.mark.parametrize("status", [200, 403, 404, 406, 420, 500, 502, 503])
def test_a_web_page_is_not_the_api(mock: respx.MockRouter, status: int) -> None:
    mock.route().mock(return_value=httpx.Response(status, html=f"<html>{CANARY}</html>"))
    assert type(raised(Salesforce(access_token="t", instance_url=ORG))) is Unavailable


@pytest.mark.parametrize(
    ("problem", "sent"),
    [
        (httpx.ConnectTimeout("x"), False),
        (httpx.ConnectError("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.RemoteProtocolError("x"), True),
    ],
)
def test_a_broken_connection_says_whether_the_request_left(
    mock: respx.MockRouter, problem: httpx.TransportError, sent: bool
) -> None:
    mock.route().mock(side_effect=problem)
    failure = raised(Salesforce(access_token="t", instance_url=ORG))
    assert isinstance(failure, Unavailable)
    assert failure.sent is sent


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b'{"records": 1, "done": true}', b'{"records": [{}], "done": true}']
)
def test_an_answer_of_the_wrong_shape_is_unintelligible_and_no_crash(mock: respx.MockRouter, body: bytes) -> None:
    mock.route(path__regex="describe").mock(return_value=httpx.Response(200, json={"name": "Lead", "fields": []}))
    mock.route().mock(return_value=httpx.Response(200, content=body))
    adapter = Salesforce(access_token="t", instance_url=ORG)
    with pytest.raises(Unavailable):
        adapter.changes("Lead", None, fields=(), limit=10)


def test_a_next_page_elsewhere_is_not_followed(mock: respx.MockRouter) -> None:
    mock.route(path__regex="describe").mock(return_value=httpx.Response(200, json={"name": "Lead", "fields": []}))
    answer = {"records": [], "done": False, "nextRecordsUrl": ".evil.example/x"}
    mock.route().mock(return_value=httpx.Response(200, json=answer))
    adapter = Salesforce(access_token="t", instance_url=ORG)
    with pytest.raises(Unavailable):
        adapter.changes("Lead", None, fields=(), limit=10)
    assert adapter.calls == 2


def test_the_two_meanings_of_one_code_are_told_apart(mock: respx.MockRouter) -> None:
    adapter = Salesforce(access_token="t", instance_url=ORG)
    mock.route().mock(
        return_value=httpx.Response(403, json=error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
    )
    daily = raised(adapter)
    mock.route().mock(
        return_value=httpx.Response(403, json=error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."))
    )
    crowd = raised(adapter)
    assert isinstance(daily, RateLimited)
    assert isinstance(crowd, RateLimited)
    assert (daily.retry_after, crowd.retry_after) == (3600, None)


def test_a_long_address_says_what_to_do_even_with_a_web_page(mock: respx.MockRouter) -> None:
    for status in (414, 431):
        mock.route().mock(return_value=httpx.Response(status, html=f"<html>{CANARY}</html>"))
        failure = raised(Salesforce(access_token="t", instance_url=ORG))
        assert isinstance(failure, BadRequest)
        assert "fewer fields" in str(failure)


def test_lock_rows_are_limits_at_top_level_and_receipts_inside_a_200(mock: respx.MockRouter) -> None:
    fields = [{"name": name, "type": "string", "updateable": True} for name in ("Id", "Title")]
    mock.route(path__regex="describe").mock(return_value=httpx.Response(200, json={"name": "Lead", "fields": fields}))
    inside = [{"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": CANARY, "fields": []}]}]
    adapter = Salesforce(access_token="t", instance_url=ORG)
    write = Write("op", "update", Ref("Lead", "00QHs000000000AMAQ"), {"Title": "x"})
    mock.patch().mock(return_value=httpx.Response(200, json=inside))
    assert adapter.apply([write]) == [Receipt("op", "unknown", write.target, reason="UNABLE_TO_LOCK_ROW")]
    mock.patch().mock(return_value=httpx.Response(400, json=error("UNABLE_TO_LOCK_ROW")))
    with pytest.raises(RateLimited):
        adapter.apply([write])


def test_the_field_that_is_gone_is_named(mock: respx.MockRouter) -> None:
    text = "No such column 'Score__c' on entity 'Lead'. If you are attempting"
    mock.route().mock(return_value=httpx.Response(400, json=error("INVALID_FIELD", text)))
    failure = raised(Salesforce(access_token="t", instance_url=ORG))
    assert isinstance(failure, SchemaDrift)
    assert failure.field == "Lead.Score__c"


def test_the_four_shapes_of_an_error_are_read() -> None:
    assert findings(error("A_CODE"))[0].code == "A_CODE"
    assert findings([{"statusCode": "B", "message": "", "fields": ["Email", "x y"]}])[0].reason == "B: Email"
    assert (
        findings("STRING_TOO_LONG:Last Name: data value too large:LastName --")[0].reason == "STRING_TOO_LONG: LastName"
    )
    assert findings({"error": "invalid_grant", "error_description": ""})[0].code == "invalid_grant"
    assert findings(f"<html>{CANARY}") == findings(None) == findings([1]) == ()
    assert findings([{"errorCode": CANARY}])[0].code == "UNREADABLE_CODE"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("api-usage=10018/100000", (10018, 100000)),
        ("api-usage=18/5000; api-bursts=1/750", (18, 5000)),
        ("api-bursts=1/750; api-usage=18/5000; per-app-api-usage=17/250(appName=sample)", (18, 5000)),
    ],
)
def test_the_allowance_is_read_whatever_stands_beside_it(header: str, expected: tuple[int, int]) -> None:
    found = usage(header)
    assert found is not None
    assert (found.used, found.allowed) == expected
    assert usage("nothing") is None


def sdk_exceptions() -> list[type[Exception]]:
    return [
        member
        for _, member in inspect.getmembers(sdk, inspect.isclass)
        if issubclass(member, Exception) and member.__module__ == sdk.__name__
    ]


@pytest.mark.parametrize("kind", sdk_exceptions())
def test_every_exception_of_the_sdk_has_a_class_and_loses_its_content(kind: type[Exception]) -> None:
    if issubclass(kind, sdk.SalesforceAuthenticationFailed):
        raised: Exception = kind("INVALID_LOGIN", CANARY)
    elif issubclass(kind, sdk.SalesforceError):
        raised = kind(f"{ORG}/?q={CANARY}", 400, "Lead", cast("bytes", error("MALFORMED_QUERY")))
    else:
        raised = kind(CANARY)
    mapped = from_sdk(raised, operation="changes", connection="crm")
    assert type(mapped) is not AdapterError
    assert "canary" not in f"{mapped} {mapped!r}"


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (401, error("INVALID_SESSION_ID"), AuthExpired),
        (403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests"), RateLimited),
        (503, "<html>", Unavailable),
        (300, ["/services/data/x"], BadRequest),
        (404, error("NOT_FOUND"), BadRequest),
        (500, object(), Unavailable),
    ],
)
def test_an_exception_of_the_sdk_is_read_like_the_answer_it_holds(
    status: int, content: object, expected: type[AdapterError]
) -> None:
    held = cast("bytes", content)  # the SDK says bytes, and puts decoded JSON there
    assert type(from_sdk(sdk.SalesforceGeneralError(ORG, status, "Lead", held))) is expected
