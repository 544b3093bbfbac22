from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.errors import (
    AuthExpired,
    BadRequest,
    ConfigError,
    CursorExpired,
    Forbidden,
    RateLimited,
    SchemaDrift,
    StoreBusy,
    StoreConflict,
    Unavailable,
    Unsupported,
)
from leadbridge.retry import Retry, call


class Flaky:
    """Fails with these errors, one a call, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def patient(waits: list[float], *, jitter: Callable[[], float] = lambda: 1.0, attempts: int = 5) -> Retry:
    return Retry(attempts=attempts, sleep=waits.append, jitter=jitter)


def test_a_call_that_works_is_made_once() -> None:
    waits: list[float] = []
    fn = Flaky()
    assert call(fn, policy=patient(waits)) == "answer"
    assert (fn.calls, waits) == (1, [])


def test_rate_limits_wait_exactly_as_long_as_the_crm_said() -> None:
    waits: list[float] = []
    assert call(Flaky(RateLimited("slow", retry_after=7.25)), policy=patient(waits)) == "answer"
    assert waits == [7.25]


def test_without_a_word_from_the_crm_the_wait_grows_under_a_ceiling() -> None:
    waits: list[float] = []
    policy = Retry(attempts=9, first=1.0, longest=5.0, total_seconds=1000, sleep=waits.append, jitter=lambda: 1.0)
    call(Flaky(*[Unavailable("down")] * 5, RateLimited("slow"), StoreBusy()), policy=policy)
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0]


@given(part=st.floats(0, 1), attempt=st.integers(1, 2000))
def test_jitter_takes_any_part_of_the_ceiling(part: float, attempt: int) -> None:
    wait = Retry(jitter=lambda: part).wait(Unavailable("down"), attempt)
    assert 0 <= wait <= 30


def test_attempts_are_bounded_and_the_last_error_comes_out_as_it_was() -> None:
    waits: list[float] = []
    last = Unavailable("third")
    fn = Flaky(Unavailable("first"), Unavailable("second"), last, Unavailable("fourth"))
    with pytest.raises(Unavailable) as caught:
        call(fn, policy=patient(waits, attempts=3))
    assert caught.value is last
    assert (fn.calls, len(waits)) == (3, 2)


def test_no_wait_begins_that_would_end_too_late() -> None:
    waits: list[float] = []
    fn = Flaky(RateLimited("a", retry_after=50), RateLimited("b", retry_after=60), RateLimited("c", retry_after=20))
    with pytest.raises(RateLimited, match="c"):
        call(fn, policy=Retry(total_seconds=120, sleep=waits.append))
    assert waits == [50, 60]


def test_a_write_whose_answer_was_lost_is_not_repeated() -> None:
    fn = Flaky(Unavailable("lost", sent=True))
    with pytest.raises(Unavailable, match="lost"):
        call(fn, policy=Retry().without_waiting(), repeatable=False)
    assert fn.calls == 1


@pytest.mark.parametrize("error", [Unavailable("never left", sent=False), RateLimited("refused"), StoreBusy()])
def test_a_write_that_surely_did_not_happen_is_repeated(error: Exception) -> None:
    fn = Flaky(error)
    assert call(fn, policy=Retry().without_waiting(), repeatable=False) == "answer"
    assert fn.calls == 2


@pytest.mark.parametrize(
    "error",
    [
        AuthExpired("a"),
        Forbidden("a"),
        BadRequest("a"),
        CursorExpired("a"),
        SchemaDrift("a", field="Lead.Email"),
        Unsupported("archive"),
        StoreConflict("a"),
        ConfigError("a"),
        ValueError("a bug"),
    ],
)
def test_nothing_else_is_repeated(error: Exception) -> None:
    fn = Flaky(error)
    with pytest.raises(type(error)):
        call(fn, policy=Retry().without_waiting())
    assert fn.calls == 1


def test_one_attempt_never_repeats() -> None:
    fn = Flaky(Unavailable("down"))
    with pytest.raises(Unavailable):
        call(fn, policy=Retry(attempts=1))
    assert fn.calls == 1


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"total_seconds": -1.0}, {"first": -1.0}, {"longest": -0.1}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Retry(**wrong)  # type: ignore[arg-type]  # the values are of both types


def test_waiting_is_logged_without_the_message(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        call(Flaky(Unavailable("a secret")), policy=Retry().without_waiting())
    assert "Unavailable in attempt 1 of 5" in caplog.text
    assert "secret" not in caplog.text
