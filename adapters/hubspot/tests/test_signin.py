"""Signing in: by a ready token, or as an installed app whose tokens are renewed in time, once for everybody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from leadbridge.adapter import Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import AuthExpired, ConfigError, LeadbridgeError, RateLimited, Unavailable
from leadbridge.http import MemoryTokenStore, TokenStore
from leadbridge_hubspot import HubSpot, OAuthApp
from leadbridge_hubspot.simulator import HubSpotSimulator

APP = OAuthApp("the-app", "the-secret", "the-refresh-token")
SECRETS = ("the-secret", "the-refresh-token", "access-")


class Portal:
    """A HubSpot that gives tokens, numbered, and lists no contacts."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response] = []
        self.life: object = 1800
        self.forms: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.bearers: list[str] = []
        self.before: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "/oauth/" not in request.url.path:
            with self._lock:
                self.bearers.append(request.headers["authorization"].removeprefix("Bearer "))
            return httpx.Response(200, json={"results": []})
        self.before()
        with self._lock:
            form = parse_qs(request.content.decode(), strict_parsing=True)
            self.forms.append({name: value for name, (value,) in form.items()})
            self.paths.append(request.url.path)
            if self.answers:
                return self.answers.pop(0)
            token = f"access-{len(self.forms)}-{'x' * 3000}"
            return httpx.Response(
                200, json={"access_token": token, "expires_in": self.life, "refresh_token": "the-refresh-token"}
            )


class Locked(MemoryTokenStore):
    """A store that notes what happens in it."""

    def __init__(self) -> None:
        super().__init__()
        self.held = self.times = 0
        self.saved_while_held: list[bool] = []

    def save(self, key: str, value: str) -> None:
        self.saved_while_held.append(self.held == 1)
        assert not any(secret in key for secret in SECRETS)
        super().save(key, value)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        with super().lock(key):
            self.held += 1
            self.times += 1
            try:
                yield
            finally:
                self.held -= 1


@pytest.fixture
def portal() -> Portal:
    return Portal()


def opened(
    portal: Portal, clock: ManualClock, tokens: TokenStore | None = None, *, app: OAuthApp = APP, **more: Any
) -> HubSpot:
    return HubSpot(app=app, tokens=tokens, clock=clock, connection="hs", transport=httpx.MockTransport(portal), **more)


def ask(hubspot: HubSpot) -> None:
    hubspot.ids("contact", None, archived=False, limit=1)


@pytest.mark.parametrize(
    ("version", "path"),
    [("2026-09", "/oauth/2026-09/token"), ("2026-03", "/oauth/2026-03/token"), ("v3", "/oauth/v1/token")],
)
def test_an_app_signs_in_with_a_form_and_no_secret_stands_in_an_address(
    portal: Portal, clock: ManualClock, version: str, path: str
) -> None:
    ask(opened(portal, clock, api_version=version))
    assert portal.paths == [path]
    assert portal.forms == [
        {
            "grant_type": "refresh_token",
            "client_id": "the-app",
            "client_secret": "the-secret",
            "refresh_token": "the-refresh-token",
        }
    ]
    assert len(portal.bearers[0]) > 3000, "tokens may be of any length"


def test_a_token_is_renewed_by_the_clock_before_it_expires(portal: Portal, clock: ManualClock) -> None:
    hubspot = opened(portal, clock)
    for minutes in (0, 20, 7, 1, 5):
        clock.advance(timedelta(minutes=minutes))
        ask(hubspot)
    assert [bearer[:8] for bearer in portal.bearers] == ["access-1", "access-1", "access-1", "access-2", "access-2"]


@pytest.mark.parametrize(("life", "minutes"), [(60, 1), (None, 29), ("soon", 29), (-5, 29), (True, 29)])
def test_a_short_or_untold_life_is_lived_with(portal: Portal, clock: ManualClock, life: object, minutes: int) -> None:
    portal.life = life
    hubspot = opened(portal, clock)
    ask(hubspot)
    ask(hubspot)
    assert len(portal.forms) == 1
    clock.advance(timedelta(minutes=minutes))
    ask(hubspot)
    assert len(portal.forms) == 2


def test_a_refused_token_is_not_renewed_because_hubspot_says_that_401_is_no_sign_of_its_age(clock: ManualClock) -> None:
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        body = {"access_token": "a", "expires_in": 1800}
        return httpx.Response(200, json=body) if "oauth" in request.url.path else httpx.Response(401)

    hubspot = HubSpot(app=APP, clock=clock, transport=httpx.MockTransport(refuse))
    for _ in range(2):
        with pytest.raises(AuthExpired):
            ask(hubspot)
    assert [path for path in asked if "oauth" in path] == ["/oauth/2026-09/token"]


def test_many_threads_sign_in_once(portal: Portal, clock: ManualClock) -> None:
    tokens = Locked()
    hubspot = opened(portal, clock, tokens)
    together = threading.Barrier(8)

    def work(_: int) -> None:
        together.wait(10)
        ask(hubspot)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
        assert len(portal.forms) == 1
        clock.advance(timedelta(minutes=29))
        list(pool.map(work, range(8)))
    assert len(portal.forms) == 2
    assert tokens.saved_while_held == [True, True]


def test_processes_that_share_a_store_share_a_token(portal: Portal, clock: ManualClock) -> None:
    tokens = MemoryTokenStore()
    one, other = opened(portal, clock, tokens), opened(portal, clock, tokens)
    ask(one)
    ask(other)
    clock.advance(timedelta(minutes=29))
    ask(other)
    ask(one)
    assert len(portal.forms) == 2
    assert [bearer[:8] for bearer in portal.bearers] == ["access-1", "access-1", "access-2", "access-2"]


def test_two_accounts_of_one_app_do_not_share_a_token(portal: Portal, clock: ManualClock) -> None:
    tokens = MemoryTokenStore()
    ask(opened(portal, clock, tokens))
    ask(opened(portal, clock, tokens, app=OAuthApp("the-app", "the-secret", "another-refresh-token")))
    assert [form["refresh_token"] for form in portal.forms] == ["the-refresh-token", "another-refresh-token"]


def test_a_new_refresh_token_is_the_one_to_renew_with(portal: Portal, clock: ManualClock) -> None:
    portal.answers = [httpx.Response(200, json={"access_token": "a", "expires_in": 1800, "refresh_token": "second"})]
    tokens = MemoryTokenStore()
    ask(opened(portal, clock, tokens))
    clock.advance(timedelta(minutes=29))
    ask(opened(portal, clock, tokens))
    assert [form["refresh_token"] for form in portal.forms] == ["the-refresh-token", "second"]


@pytest.mark.parametrize("kept", ["", "nonsense", "[]", "{}", '{"access_token": "a", "renew_at": 5}'])
def test_what_somebody_else_put_into_the_store_is_not_believed(portal: Portal, clock: ManualClock, kept: str) -> None:
    class Odd(MemoryTokenStore):
        def load(self, key: str) -> str | None:
            return kept

    ask(opened(portal, clock, Odd()))
    assert len(portal.forms) == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "the-refresh-token"}, "install the app again"),
        (400, {"error": "invalid_grant", "error_description": "the-refresh-token"}, "install the app again"),
        (400, {"status": "BAD_CLIENT_ID", "message": "the-app"}, "client_id and client_secret"),
        (401, {"error": "invalid_client"}, "client_id and client_secret"),
    ],
)
def test_an_app_that_was_taken_out_has_to_be_installed_again(
    portal: Portal, clock: ManualClock, status: int, body: object, says: str
) -> None:
    portal.answers = [httpx.Response(status, json=body)]
    with pytest.raises(AuthExpired, match=says) as caught:
        ask(opened(portal, clock))
    assert portal.bearers == []
    _tells_nothing(caught.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(429, headers={"Retry-After": "7"}), RateLimited),
        (httpx.Response(503, text="<html>the-secret</html>"), Unavailable),
        (httpx.Response(200, text="<html>hello</html>"), Unavailable),
        (httpx.Response(200, json={"no": "token"}), Unavailable),
        (httpx.Response(200, json=["a"]), Unavailable),
        (httpx.Response(200, json={"access_token": "two\nlines", "expires_in": 5}), Unavailable),
    ],
)
def test_a_first_sign_in_that_fails_is_told_and_can_be_tried_again(
    portal: Portal, clock: ManualClock, answer: httpx.Response, error: type[LeadbridgeError]
) -> None:
    portal.answers = [answer]
    hubspot = opened(portal, clock)
    with pytest.raises(error) as caught:
        ask(hubspot)
    _tells_nothing(caught.value)
    assert getattr(caught.value, "retry_after", None) in (None, 7.0)
    ask(hubspot)
    assert len(portal.forms) == 2


def test_a_token_that_still_lives_is_used_while_hubspot_cannot_renew_it(portal: Portal, clock: ManualClock) -> None:
    hubspot = opened(portal, clock)
    ask(hubspot)
    clock.advance(timedelta(minutes=28, seconds=1))
    portal.answers = [httpx.Response(429, headers={"Retry-After": "30"}), httpx.Response(503)]
    for seconds in (0, 0, 29, 2, 9):
        clock.advance(timedelta(seconds=seconds))
        ask(hubspot)
    assert len(portal.forms) == 3, "one, then one refused, then one more after 30 seconds"
    assert {bearer[:8] for bearer in portal.bearers} == {"access-1"}
    clock.advance(timedelta(seconds=2))
    ask(hubspot)
    assert portal.bearers[-1].startswith("access-4")


def test_a_token_that_no_longer_lives_is_not_used(portal: Portal, clock: ManualClock) -> None:
    hubspot = opened(portal, clock)
    ask(hubspot)
    clock.advance(timedelta(minutes=30))
    portal.answers = [httpx.Response(503)]
    with pytest.raises(Unavailable):
        ask(hubspot)
    assert len(portal.bearers) == 1


def test_secrets_are_not_shown(portal: Portal, clock: ManualClock) -> None:
    hubspot = opened(portal, clock)
    ask(hubspot)
    shown = f"{APP!r} {hubspot!r} {vars(hubspot)!r} {vars(hubspot._http)!r}"
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"client_id": "a", "client_secret": "b"}, "refresh_token is missing"),
        ({"refresh_token": "a"}, "client_id is missing"),
        ({"token": "t", "client_id": "a", "client_secret": "b", "refresh_token": "c"}, "either token or"),
        ({"client_id": "a", "client_secret": "b b", "refresh_token": "c"}, "client_secret is blank or broken"),
    ],
)
def test_settings_of_an_app_are_checked(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        HubSpot.from_settings(settings)
    assert "b b" not in str(caught.value)


def test_settings_make_an_app_that_uses_the_store_it_is_given() -> None:
    tokens = Locked()
    hubspot = HubSpot.from_settings(
        {
            "client_id": " a ",
            "client_secret": "b",
            "refresh_token": "c",
            "base_url": "http://127.0.0.1:9",
        },
        tokens=tokens,
    )
    with pytest.raises(Unavailable) as caught:
        ask(hubspot)
    assert not caught.value.sent
    assert (tokens.times, tokens.saved_while_held) == (1, [])
    hubspot.close()


def _tells_nothing(error: BaseException) -> None:
    told = f"{error!s} {error!r} {vars(error)}"
    assert not any(secret in told for secret in SECRETS)
    assert error.__cause__ is None


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "v3"])
def test_an_installed_app_works_for_hours_until_it_is_taken_out(
    simulator: HubSpotSimulator, clock: ManualClock, version: str
) -> None:
    installed = simulator.app
    app = OAuthApp(installed.client_id, installed.client_secret, next(iter(installed.refresh_tokens)))
    hubspot = HubSpot(app=app, base_url=simulator.base_url, api_version=version, clock=clock)
    for _ in range(12):
        assert hubspot.apply([Write("op", "upsert", Ref("contact", "k"), {"firstname": "A"})])[0].outcome == "applied"
        clock.advance(timedelta(minutes=14, seconds=30))
    assert 6 <= sum("/oauth/" in each.path for each in simulator.log.entries) <= 12
    installed.refresh_tokens.clear()
    clock.advance(timedelta(minutes=30))
    with pytest.raises(AuthExpired, match="install the app again"):
        ask(hubspot)
    hubspot.close()
