from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.errors import ConfigError
from leadbridge.http import RateBudget


class Time:
    """A time that only moves when somebody waits for it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def budget(time: Time, *windows: tuple[int, float], margin: float = 0.0) -> RateBudget:
    return RateBudget(*windows, margin=margin, monotonic=time.monotonic, sleep=time.sleep)


def sent(time: Time, limiter: RateBudget, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        limiter.acquire()
        moments.append(time.now)
    return moments


def most_in_any_window(moments: list[float], seconds: float) -> int:
    return max(sum(1 for other in moments if start <= other < start + seconds - 1e-9) for start in moments)


def test_a_burst_up_to_the_window_does_not_wait() -> None:
    time = Time()
    sent(time, budget(time, (5, 10.0)), 5)
    assert time.waits == []


def test_the_next_request_waits_until_the_first_leaves_the_window() -> None:
    time = Time()
    limiter = budget(time, (2, 10.0))
    limiter.acquire()
    time.now += 3
    limiter.acquire()
    limiter.acquire()
    assert time.waits == [pytest.approx(7.0)]
    limiter.acquire()
    assert time.now == pytest.approx(113.0)


@given(
    windows=st.lists(
        st.tuples(st.integers(1, 8), st.sampled_from([0.5, 1.0, 2.0, 10.0])),
        min_size=1,
        max_size=3,
        unique_by=lambda w: w[1],
    ),
    pauses=st.lists(st.sampled_from([0.0, 0.0, 0.1, 0.7, 3.0]), min_size=1, max_size=60),
)
def test_no_window_is_ever_passed(windows: list[tuple[int, float]], pauses: list[float]) -> None:
    time = Time()
    limiter = budget(time, *windows)
    moments = []
    for pause in pauses:
        time.now += pause
        limiter.acquire()
        moments.append(time.now)
    for maximum, seconds in windows:
        assert most_in_any_window(moments, seconds) <= maximum


def test_the_ceiling_is_reached() -> None:
    time = Time()
    moments = sent(time, budget(time, (190, 10.0)), 1 + 190 * 6)
    assert moments[-1] - moments[0] == pytest.approx(60.0)


def test_a_margin_stretches_the_window() -> None:
    time = Time()
    sent(time, budget(time, (1, 10.0), margin=0.01), 2)
    assert time.waits == [pytest.approx(10.1)]


def test_several_windows_hold_at_once() -> None:
    time = Time()
    moments = sent(time, budget(time, (2, 1.0), (3, 10.0)), 4)
    assert moments == pytest.approx([100.0, 100.0, 101.0, 110.0])


def test_no_window_means_no_waiting() -> None:
    time = Time()
    sent(time, budget(time), 1000)
    assert time.waits == []


def test_headers_change_the_window() -> None:
    time = Time()
    limiter = budget(time, (100, 10.0))
    limiter.acquire()
    limiter.learn(maximum=2, seconds=10.0)
    assert limiter.windows == ((2, 10.0),)
    sent(time, limiter, 2)
    assert time.waits == [pytest.approx(10.0)]


def test_requests_of_others_count_as_ours() -> None:
    time = Time()
    limiter = budget(time, (10, 10.0))
    limiter.acquire()
    limiter.learn(maximum=10, seconds=10.0, remaining=2)
    sent(time, limiter, 2)
    assert time.waits == []
    limiter.acquire()
    assert time.waits == [pytest.approx(10.0)]


def test_our_own_requests_are_not_counted_twice() -> None:
    time = Time()
    limiter = budget(time, (10, 10.0))
    for used in range(1, 11):
        limiter.acquire()
        limiter.learn(maximum=10, seconds=10.0, remaining=10 - used)
    assert time.waits == []


def test_others_get_back_no_more_than_they_use() -> None:
    time = Time()
    limiter = budget(time, (10, 10.0))
    limiter.learn(maximum=10, seconds=10.0, remaining=4)
    limiter.learn(maximum=10, seconds=10.0, remaining=9)
    sent(time, limiter, 9)
    assert time.waits == []
    limiter.acquire()
    assert time.waits == [pytest.approx(10.0)]


def test_a_window_that_others_fill_is_given_way_to_until_it_is_no_longer_full() -> None:
    time = Time()
    limiter = budget(time, (10, 10.0))
    limiter.acquire()
    for _ in range(3):
        limiter.learn(maximum=10, seconds=10.0, remaining=0)
    limiter.acquire()
    assert time.waits == [pytest.approx(10.0)], "one is always allowed, or we would never hear of it"
    limiter.learn(maximum=10, seconds=10.0, remaining=9)
    sent(time, limiter, 9)
    assert time.waits == [pytest.approx(10.0)]


def test_what_left_after_the_request_that_was_counted_is_not_taken_for_ours() -> None:
    time = Time()
    limiter = budget(time, (4, 10.0))
    first = limiter.acquire()
    time.now += 1
    limiter.acquire()
    limiter.learn(maximum=4, seconds=10.0, remaining=2, moment=first)
    limiter.acquire()
    assert time.waits == []
    limiter.acquire()
    assert time.waits == [pytest.approx(9.0)], "one of the two that were counted was somebody else's"


def test_a_request_counts_from_when_it_really_left() -> None:
    time = Time()
    limiter = budget(time, (1, 10.0))
    moment = limiter.acquire()
    time.now += 3
    assert limiter.departs(moment) == 103.0
    assert limiter.departs(103.0) == 103.0
    limiter.acquire()
    assert time.waits == [pytest.approx(10.0)]


def test_a_request_that_left_when_nobody_knew_it_any_more_counts_all_the_same() -> None:
    time = Time()
    limiter = budget(time, (1, 1.0))
    moment = limiter.acquire()
    time.now += 5
    limiter.acquire()
    limiter.departs(moment)
    limiter.acquire()
    assert time.waits == [pytest.approx(1.0)]


def test_a_slow_answer_counts_a_little_later_than_a_fast_one_to_the_same_question() -> None:
    time = Time()
    limiter = budget(time, (10, 10.0))

    def ask(operation: str, seconds: float) -> float:
        moment = limiter.departs(limiter.acquire())
        time.now += seconds
        return limiter.returns(moment, operation) - moment

    assert ask("fetch", 0.2) == 0.0
    assert ask("fetch", 0.25) == pytest.approx(0.05)
    assert ask("fetch", 5.0) == pytest.approx(0.15), "never more than a small share of the window"
    assert ask("apply", 1.0) == 0.0
    assert ask("fetch", 0.1) == 0.0
    assert RateBudget().returns(1.0, "fetch") == 1.0


@pytest.mark.parametrize(("maximum", "seconds"), [(0, 10.0), (-1, 10.0), (5, 0.0)])
def test_headers_without_sense_are_ignored(maximum: int, seconds: float) -> None:
    limiter = RateBudget((7, 10.0))
    limiter.learn(maximum=maximum, seconds=seconds, remaining=-5)
    assert limiter.windows == ((7, 10.0),)


@pytest.mark.parametrize("window", [(0, 1.0), (1, 0.0), (-3, 1.0)])
def test_a_window_without_sense_is_refused(window: tuple[int, float]) -> None:
    with pytest.raises(ConfigError):
        RateBudget(window)


def test_threads_share_one_window() -> None:
    """Time stands still, so the waits that the threads were given are exactly when they would have sent."""
    waits: list[float] = []
    guard = threading.Lock()

    def sleep(seconds: float) -> None:
        with guard:
            waits.append(seconds)

    limiter = RateBudget((4, 1.0), margin=0.0, monotonic=lambda: 0.0, sleep=sleep)

    def send_ten() -> None:
        for _ in range(10):
            limiter.acquire()

    threads = [threading.Thread(target=send_ten) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [float(n // 4) for n in range(4, 80)]
