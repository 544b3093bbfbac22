"""What HubSpot's error answers become: one class each, exactly one request, and no content."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from leadbridge.adapter import Ref, Write
from leadbridge.errors import (
    AdapterError,
    AuthExpired,
    BadRequest,
    Forbidden,
    RateLimited,
    SchemaDrift,
    Unavailable,
)
from leadbridge.http import Usage
from leadbridge_hubspot import HubSpot

CANARY = "canary-7"


def error(message: str = CANARY, category: str = "", **more: Any) -> dict[str, Any]:
    return {"status": "error", "message": message, "correlationId": "aaaa-1", "category": category, **more}


MATRIX: list[tuple[str, httpx.Response, type[AdapterError]]] = [
    ("401", httpx.Response(401, json=error(category="INVALID_AUTHENTICATION")), AuthExpired),
    ("401 without body", httpx.Response(401), AuthExpired),
    (
        "403 with scopes",
        httpx.Response(
            403,
            json=error(
                category="MISSING_SCOPES",
                errors=[{"message": CANARY, "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}],
            ),
        ),
        Forbidden,
    ),
    ("403 as a page", httpx.Response(403, text="<html>no</html>"), Forbidden),
    ("404", httpx.Response(404, json=error(category="OBJECT_NOT_FOUND")), BadRequest),
    ("400", httpx.Response(400, json=error(category="VALIDATION_ERROR")), BadRequest),
    (
        "400 unknown property",
        httpx.Response(
            400,
            json=error(
                category="VALIDATION_ERROR",
                errors=[{"code": "PROPERTY_DOESNT_EXIST", "message": CANARY, "context": {"propertyName": ["colour"]}}],
            ),
        ),
        SchemaDrift,
    ),
    (
        "400 unknown property inside the message",
        httpx.Response(
            400,
            json=error(
                f'Property values were not valid: [{{"isValid":false,"message":"{CANARY}",'
                '"error":"PROPERTY_DOESNT_EXIST","name":"colour"}]',
                "VALIDATION_ERROR",
            ),
        ),
        SchemaDrift,
    ),
    ("400 unknown kind", httpx.Response(400, json=error("Unable to infer object type from: contacts")), SchemaDrift),
    ("409", httpx.Response(409, json=error(category="CONFLICT")), BadRequest),
    ("414", httpx.Response(414, json=error()), BadRequest),
    ("414 merging", httpx.Response(414, json=error("Cannot have more than 250 identities on a profile")), BadRequest),
    ("423", httpx.Response(423, json=error()), RateLimited),
    ("429 rolling", httpx.Response(429, json=error(policyName="TEN_SECONDLY_ROLLING")), RateLimited),
    ("429 without body", httpx.Response(429), RateLimited),
    ("477", httpx.Response(477, headers={"Retry-After": "600"}), RateLimited),
    ("500", httpx.Response(500, json=error()), Unavailable),
    ("502", httpx.Response(502, text="<html>bad gateway</html>"), Unavailable),
    ("503", httpx.Response(503), Unavailable),
    ("504", httpx.Response(504), Unavailable),
    ("524", httpx.Response(524), Unavailable),
    ("302 to a login page", httpx.Response(302, headers={"Location": "https://app.hubspot.com"}), Unavailable),
    ("200 as a web page", httpx.Response(200, text="<html>hello</html>"), Unavailable),
    ("200 without body", httpx.Response(200), Unavailable),
    ("200 broken", httpx.Response(200, text='{"results": ['), Unavailable),
]


def connected(answer: httpx.Response | Exception) -> tuple[HubSpot, respx.Router]:
    router = respx.Router(assert_all_called=False)
    route = router.route()
    if isinstance(answer, Exception):
        route.mock(side_effect=answer)
    else:
        route.mock(return_value=answer)
    transport = httpx.MockTransport(router.handler)
    return HubSpot(token="secret-token", connection="hs", transport=transport), router


@pytest.mark.parametrize(("answer", "kind"), [row[1:] for row in MATRIX], ids=[row[0] for row in MATRIX])
def test_every_answer_has_its_class(answer: httpx.Response, kind: type[AdapterError]) -> None:
    hubspot, router = connected(answer)
    with pytest.raises(AdapterError) as caught:
        hubspot.ids("contact", None, archived=False, limit=10)
    assert type(caught.value) is kind
    assert router.calls.call_count == hubspot.calls == 1
    told = f"{caught.value!s} {caught.value!r} {vars(caught.value)}"
    assert CANARY not in told
    assert "secret-token" not in told
    assert caught.value.__cause__ is None
    assert str(caught.value).startswith("hs.ids: ")


@pytest.mark.parametrize(
    ("problem", "sent"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.RemoteProtocolError("x"), True),
    ],
)
def test_no_answer_says_whether_the_request_left(problem: Exception, sent: bool) -> None:
    hubspot, _ = connected(problem)
    with pytest.raises(Unavailable) as caught:
        hubspot.ids("contact", None, archived=False, limit=10)
    assert caught.value.sent is sent


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, error(), 7.0),
        ({"Retry-After": "2500"}, error(), 2.5),
        ({}, error(policyName="TEN_SECONDLY_ROLLING", errorType="RATE_LIMIT"), 10.0),
        ({}, error("You have reached your ten_secondly_rolling limit."), None),
        ({}, error("You have reached your secondly limit.", "RATE_LIMITS"), 1.0),
        ({}, error(policyName="DAILY"), None),
    ],
)
def test_how_long_to_wait_is_carried_over(headers: dict[str, str], body: object, seconds: float | None) -> None:
    hubspot, _ = connected(httpx.Response(429, headers=headers, json=body))
    with pytest.raises(RateLimited) as caught:
        hubspot.ids("contact", None, archived=False, limit=10)
    assert caught.value.retry_after == seconds


def test_the_error_names_scope_property_code_and_request() -> None:
    by_name = {name: answer for name, answer, _ in MATRIX}
    hubspot, _ = connected(by_name["403 with scopes"])
    with pytest.raises(Forbidden, match=r"crm\.objects\.contacts\.read.*code MISSING_SCOPES, request aaaa-1"):
        hubspot.ids("contact", None, archived=False, limit=10)
    hubspot, _ = connected(by_name["400 unknown property"])
    with pytest.raises(SchemaDrift) as caught:
        hubspot.ids("contact", None, archived=False, limit=10)
    assert caught.value.field == "contact.colour"


def test_what_is_no_code_and_no_name_is_not_repeated() -> None:
    told = {
        "status": "error",
        "category": f"bad {CANARY}",
        "correlationId": f"{CANARY} x",
        "context": {"ids": [CANARY]},
    }
    hubspot, _ = connected(httpx.Response(400, json=told))
    with pytest.raises(BadRequest) as caught:
        hubspot.ids("contact", None, archived=False, limit=10)
    assert CANARY not in f"{caught.value!s} {vars(caught.value)}"


def test_the_budget_learns_from_answers() -> None:
    headers = {
        "X-HubSpot-RateLimit-Max": "190",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Remaining": "189",
    }
    hubspot, _ = connected(httpx.Response(200, headers=headers, json={"results": []}))
    assert hubspot._wire._budget.windows == ((100, 10.0),)
    hubspot.ids("contact", None, archived=False, limit=10)
    assert hubspot._wire._budget.windows == ((190, 10.0),)
    assert hubspot._wire._search_budget.windows == ((5, 1.0),)


def test_what_is_left_of_the_day_is_kept_as_long_as_no_answer_says_otherwise() -> None:
    headers = {"X-HubSpot-RateLimit-Daily": "650000", "X-HubSpot-RateLimit-Daily-Remaining": "649000"}
    hubspot, router = connected(httpx.Response(200, headers=headers, json={"results": []}))
    seen = [hubspot.usage]
    hubspot.ids("contact", None, archived=False, limit=10)
    seen.append(hubspot.usage)
    router.route().mock(return_value=httpx.Response(200, json={"results": []}))
    hubspot.ids("contact", None, archived=False, limit=10)
    seen.append(hubspot.usage)
    assert seen == [None, Usage(1000, 650_000), Usage(1000, 650_000)]


def test_too_many_identities_are_told_apart_from_a_request_that_is_too_long() -> None:
    by_name = {name: answer for name, answer, _ in MATRIX}
    for name, says in (("414", "fewer properties"), ("414 merging", "cannot be merged")):
        hubspot, _ = connected(by_name[name])
        with pytest.raises(BadRequest, match=says):
            hubspot.ids("contact", None, archived=False, limit=10)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (423, {}, 2.0),
        (423, {"Retry-After": "5"}, 5.0),
        (423, {"Retry-After": "1"}, 2.0),
        (477, {}, None),
        (477, {"Retry-After": "600"}, 600.0),
    ],
)
def test_a_locked_record_and_a_moving_account_say_how_long(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    hubspot, _ = connected(httpx.Response(status, headers=headers))
    with pytest.raises(RateLimited) as caught:
        hubspot.ids("contact", None, archived=False, limit=10)
    assert caught.value.retry_after == seconds


def test_an_answer_without_a_date_cannot_be_trusted_for_reading_on() -> None:
    hubspot, _ = connected(httpx.Response(200, json={"results": []}))
    with pytest.raises(Unavailable, match="no date"):
        hubspot.changes("contact", None, fields=(), limit=10)


def answering(*answers: tuple[str, httpx.Response]) -> HubSpot:
    """An adapter on canned answers by the end of the path; the account has no field of ours."""
    router = respx.Router(assert_all_called=False)
    for tail, answer in answers:
        router.route(path__regex=rf".*{tail}$").mock(return_value=answer)
    router.route(path__regex=r".*/properties/.*").mock(return_value=httpx.Response(200, json={"results": []}))
    return HubSpot(token="secret-token", connection="hs", transport=httpx.MockTransport(router.handler))


def apply_two(answer: httpx.Response) -> list[tuple[str, str, Ref | None]]:
    hubspot = answering(("batch/update", answer))
    writes = [Write(f"op-{n}", "update", Ref("contact", str(n)), {"firstname": "A"}) for n in (1, 2)]
    return [(receipt.outcome, receipt.reason, receipt.ref) for receipt in hubspot.apply(writes)]


def row(id: str, **more: object) -> dict[str, object]:
    return {
        "id": id,
        "properties": {},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        **more,
    }


def test_results_belong_to_inputs_by_trace_or_id_and_never_by_place() -> None:
    answer = httpx.Response(200, json={"results": [row("2"), row("9", objectWriteTraceId="0")]})
    assert apply_two(answer) == [("applied", "", Ref("contact", "9")), ("applied", "", Ref("contact", "2"))]


def test_an_input_that_nobody_mentions_is_in_doubt() -> None:
    answer = httpx.Response(207, json={"results": [row("2")], "errors": []})
    assert apply_two(answer) == [("unknown", "NO_ANSWER", None), ("applied", "", Ref("contact", "2"))]


def test_an_error_without_a_name_belongs_to_the_input_that_is_left() -> None:
    errors = [{"status": "error", "category": "VALIDATION_ERROR", "message": CANARY}]
    answer = httpx.Response(207, json={"results": [row("2")], "errors": errors})
    assert apply_two(answer) == [("rejected", "VALIDATION_ERROR", None), ("applied", "", Ref("contact", "2"))]


@pytest.mark.parametrize("body", ["<html>", "", '{"results": ['])
def test_a_broken_answer_to_a_write_leaves_everything_in_doubt(body: str) -> None:
    assert [outcome for outcome, _, _ in apply_two(httpx.Response(200, text=body))] == ["unknown"] * 2


def test_a_refusal_that_is_about_no_record_raises() -> None:
    with pytest.raises(BadRequest):
        apply_two(httpx.Response(400, json={"status": "error", "message": "Invalid input JSON"}))
    with pytest.raises(SchemaDrift):
        apply_two(httpx.Response(400, json={"status": "error", "message": "Unable to infer object type from: x"}))


def test_a_batch_of_reading_that_failed_in_part_is_not_passed_off_as_missing() -> None:
    errors = [{"status": "error", "category": "INTERNAL_ERROR", "message": CANARY}]
    hubspot = answering(("batch/read", httpx.Response(207, json={"results": [], "errors": errors})))
    with pytest.raises(Unavailable):
        hubspot.fetch([Ref("contact", "1")], fields=())
