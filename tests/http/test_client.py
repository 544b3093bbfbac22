from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable, Iterator

import httpx
import pytest
import respx

from leadbridge.errors import (
    AdapterError,
    AuthExpired,
    BadRequest,
    ConfigError,
    Forbidden,
    RateLimited,
    SchemaDrift,
    Unavailable,
)
from leadbridge.http import HttpClient, RateBudget, Reply

BASE = "https://api.crm.example"


def client(
    *,
    errors: Callable[[Reply, str], AdapterError | None] = lambda reply, operation: None,
    budget: RateBudget | None = None,
    auth: Callable[[], dict[str, str]] | None = None,
) -> HttpClient:
    return HttpClient(base_url=BASE, connection="crm", errors=errors, budget=budget, auth=auth)


@pytest.fixture
def api() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE, assert_all_called=False) as router:
        yield router


def test_an_answer_is_read_and_counted(api: respx.MockRouter) -> None:
    api.get("/leads", params={"after": "10"}).respond(200, json={"results": [1]})
    crm = client()
    reply = crm.request("GET", "/leads", operation="changes", params={"after": "10"})
    assert (reply.status, reply.json()) == (200, {"results": [1]})
    assert (crm.calls["changes"], crm.calls.total()) == (1, 1)


def test_what_is_sent_is_what_was_asked_for(api: respx.MockRouter) -> None:
    route = api.post("/leads").respond(201)
    crm = client(auth=lambda: {"Authorization": "Bearer t"})
    crm.request(
        "POST",
        "/leads?q=1",
        operation="apply",
        params={"id": ["a", "b"]},
        json={"name": "Ünal"},
        headers={"If-Match": "7"},
    )
    sent = route.calls.last.request
    assert sent.url.query == b"q=1&id=a&id=b"
    assert sent.content.decode() == '{"name":"Ünal"}'
    assert (sent.headers["authorization"], sent.headers["if-match"]) == ("Bearer t", "7")
    assert sent.headers["content-type"] == "application/json"


def test_content_is_sent_as_it_is(api: respx.MockRouter) -> None:
    route = api.put("/upload").respond(204)
    client().request("PUT", "/upload", operation="apply", content=b"a,b\n", headers={"Content-Type": "text/csv"})
    assert route.calls.last.request.content == b"a,b\n"
    assert route.calls.last.request.headers["content-type"] == "text/csv"


def test_compressed_answers_are_unpacked(api: respx.MockRouter) -> None:
    api.get("/leads").respond(200, content=gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"})
    assert client().request("GET", "/leads", operation="changes").json() == {"a": 1}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Unavailable),
        (302, Unavailable),
        (400, BadRequest),
        (401, AuthExpired),
        (403, Forbidden),
        (404, BadRequest),
        (405, BadRequest),
        (408, Unavailable),
        (409, BadRequest),
        (414, BadRequest),
        (420, Unavailable),
        (423, Unavailable),
        (429, RateLimited),
        (477, Unavailable),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (524, Unavailable),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>down</html>", b'{"message":"x"}', b"\xff\xfe"])
def test_each_status_has_its_class_whatever_the_body(
    api: respx.MockRouter, status: int, kind: type[AdapterError], body: bytes
) -> None:
    route = api.get("/leads").respond(status, content=body, headers={"Location": BASE})
    with pytest.raises(AdapterError) as caught:
        client().request("GET", "/leads", operation="changes")
    assert type(caught.value) is kind
    assert (caught.value.connection, caught.value.operation, caught.value.code) == ("crm", "changes", str(status))
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "1000"}, 1000.0),
        ({"Retry-After": "4000"}, 4.0),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Fri, 02 Jan 2026 00:00:09 GMT"}, None),
        ({"Retry-After": "Fri, 02 Jan 2026 00:00:09 GMT", "Date": "Fri, 02 Jan 2026 00:00:00 GMT"}, 9.0),
        ({"Retry-After": "Fri, 02 Jan 2026 00:00:00 GMT", "Date": "Fri, 02 Jan 2026 00:00:09 GMT"}, 0.0),
    ],
)
def test_the_waiting_time_is_carried_over(
    api: respx.MockRouter, headers: dict[str, str], seconds: float | None
) -> None:
    api.get("/leads").respond(429, headers=headers)
    with pytest.raises(RateLimited) as caught:
        client().request("GET", "/leads", operation="changes")
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("slow"), False),
        (httpx.PoolTimeout("full"), False),
        (httpx.ProxyError("no"), False),
        (httpx.UnsupportedProtocol("ftp"), False),
        (httpx.ReadTimeout("slow"), True),
        (httpx.WriteTimeout("slow"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
        (httpx.CloseError("reset"), True),
        (httpx.RemoteProtocolError("cut"), True),
        (httpx.LocalProtocolError("header"), True),
        (httpx.DecodingError("gzip"), True),
        (ConnectionResetError("from an SDK's transport"), True),
        (ssl.SSLError("from an SDK's transport"), True),
    ],
)
def test_every_failure_of_the_network_says_whether_it_was_sent(error: Exception, sent: bool) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    crm = HttpClient(base_url=BASE, transport=httpx.MockTransport(fail), errors=lambda reply, operation: None)
    with pytest.raises(Unavailable) as caught:
        crm.request("POST", "/leads", operation="apply", json={})
    assert caught.value.sent is sent
    assert type(error).__name__ in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_no_exception_of_httpx_is_forgotten() -> None:
    """Everything that httpx can raise while sending is a HTTPError, a StreamError, or about the address."""
    known = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict)
    every = [thing for thing in vars(httpx).values() if isinstance(thing, type) and issubclass(thing, Exception)]
    assert len(every) > 20
    assert [thing for thing in every if not issubclass(thing, known)] == []


@pytest.mark.parametrize("body", [b"", b"  \n", b"<html></html>", b"{broken", b"\xff\xfe"])
def test_what_is_not_json_is_unavailable_and_not_quoted(api: respx.MockRouter, body: bytes) -> None:
    api.get("/leads").respond(200, content=body)
    reply = client().request("GET", "/leads", operation="changes")
    with pytest.raises(Unavailable, match="where JSON was expected") as caught:
        reply.json()
    assert caught.value.__context__ is None
    assert "broken" not in str(caught.value)


def test_the_vendors_classifier_has_the_first_word(api: respx.MockRouter) -> None:
    def errors(reply: Reply, operation: str) -> AdapterError | None:
        return SchemaDrift("gone", field="Lead.Foo") if reply.json().get("code") == "INVALID_FIELD" else None

    api.get("/leads").mock(
        side_effect=[
            httpx.Response(400, json={"code": "INVALID_FIELD"}),
            httpx.Response(400, json={"code": "OTHER"}),
            httpx.Response(401, text="<html>"),
        ]
    )
    crm = client(errors=errors)
    with pytest.raises(SchemaDrift) as caught:
        crm.request("GET", "/leads", operation="changes")
    assert (caught.value.connection, caught.value.operation) == ("crm", "changes")
    with pytest.raises(BadRequest):
        crm.request("GET", "/leads", operation="changes")
    with pytest.raises(AuthExpired):
        crm.request("GET", "/leads", operation="changes")


def test_accepted_statuses_are_answers(api: respx.MockRouter) -> None:
    api.get("/lead/1").respond(404, json={"gone": True})
    reply = client().request("GET", "/lead/1", operation="fetch", accept=frozenset({404}))
    assert (reply.status, reply.json()) == (404, {"gone": True})


def test_redirects_are_not_followed_and_cookies_not_kept(api: respx.MockRouter) -> None:
    elsewhere = api.get("/elsewhere").respond(200)
    api.get("/a").respond(302, headers={"Location": f"{BASE}/elsewhere", "Set-Cookie": "sid=canary; Path=/"})
    route = api.get("/b").respond(200)
    crm = client()
    with pytest.raises(Unavailable):
        crm.request("GET", "/a", operation="changes")
    crm.request("GET", "/b", operation="changes")
    assert not elsewhere.called
    assert "cookie" not in route.calls.last.request.headers


@pytest.mark.parametrize("path", ["leads", ".evil.example/leads", "https://evil.example/", "@evil.example/", ""])
def test_a_path_cannot_lead_to_another_server(path: str) -> None:
    with pytest.raises(BadRequest, match="path"):
        client().request("GET", path, operation="changes")


@pytest.mark.parametrize(
    "base_url", ["", "api.crm.example", "ftp://crm.example", "https://", "https://u:secret@crm.example", "https://\x00"]
)
def test_a_base_url_that_is_no_plain_address_is_refused_without_quoting_it(base_url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        HttpClient(base_url=base_url, errors=lambda reply, operation: None)
    assert "secret" not in str(caught.value)


def test_both_budgets_are_asked_before_a_request(api: respx.MockRouter) -> None:
    api.get("/leads").respond(200)
    order: list[str] = []

    class Noting(RateBudget):
        def __init__(self, name: str) -> None:
            super().__init__((1, 1.0))
            self.name = name

        def acquire(self) -> float:
            order.append(self.name)
            return 0.0

    crm = client(budget=Noting("all"))
    crm.request("GET", "/leads", operation="changes", budget=Noting("search"))
    crm.request("GET", "/leads", operation="changes")
    assert order == ["search", "all", "all"]


def test_closing_twice_is_fine() -> None:
    crm = HttpClient(base_url=BASE, errors=lambda reply, operation: None)
    crm.close()
    crm.close()


def test_the_environments_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting to a proxy that is not there fails before anything is sent."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    crm = HttpClient(base_url=BASE, errors=lambda reply, operation: None)
    with pytest.raises(Unavailable, match="proxy") as caught:
        crm.request("GET", "/leads", operation="changes")
    assert caught.value.sent is False
    crm.close()
