from __future__ import annotations

import pytest

from leadbridge.errors import ConfigError
from leadbridge.simulator import Fault, FaultQueue


def test_the_first_fault_that_fits_happens_and_is_used_up() -> None:
    queue = FaultQueue()
    queue.add(Fault(effect="html", path="/search$"))
    queue.add(Fault(effect="empty", times=2))
    assert queue.pending == 3
    first = queue.take("POST", "/contacts")
    second = queue.take("POST", "/contacts/search")
    third = queue.take("POST", "/contacts/search")
    assert [fault.effect for fault in (first, second, third) if fault] == ["empty", "html", "empty"]
    assert queue.take("POST", "/contacts/search") is None
    assert queue.pending == 0


def test_fitting_requests_can_be_spared_first() -> None:
    queue = FaultQueue()
    queue.add(Fault(effect="timeout", method="post", after=2))
    taken = [queue.take(method, "/x") is not None for method in ("POST", "GET", "POST", "POST", "POST")]
    assert taken == [False, False, False, True, False]


def test_the_query_can_be_matched() -> None:
    fault = Fault(effect="html", path="query\\?q=SELECT .* FROM Lead")
    assert fault.fits("GET", "/services/data/query", "q=SELECT Id FROM Lead")
    assert not fault.fits("GET", "/services/data/query", "q=SELECT Id FROM Task")


def test_clearing_ends_all_trouble() -> None:
    queue = FaultQueue()
    queue.add(Fault(effect="html", times=9))
    queue.clear()
    assert queue.take("GET", "/") is None


@pytest.mark.parametrize("wrong", [{"effect": "explode"}, {"effect": "html", "path": "("}])
def test_a_fault_that_cannot_happen_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        Fault(**wrong)  # type: ignore[arg-type]  # that is the point
