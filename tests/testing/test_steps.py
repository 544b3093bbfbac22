"""What the laws of the suite share: nobody waits inside a law, and nobody else is disturbed by that."""

from __future__ import annotations

import threading
import time

import pytest

from leadbridge.testing.steps import no_sleeping


def test_waiting_inside_is_caught_in_this_thread_and_in_new_ones() -> None:
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            time.sleep(0)  # noqa: TID251  # what is tested
        except AssertionError as error:
            caught.append(error)

    with no_sleeping():
        with pytest.raises(AssertionError, match="waiting is the engine's business"):
            time.sleep(0)  # noqa: TID251  # what is tested
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_a_thread_that_was_there_before_may_go_on_waiting() -> None:
    begin, waited = threading.Event(), threading.Event()

    def wait() -> None:
        begin.wait(10)
        time.sleep(0)  # noqa: TID251  # what is tested
        waited.set()

    other = threading.Thread(target=wait)
    other.start()
    with no_sleeping():
        begin.set()
        other.join(10)
    assert waited.is_set()
