"""Faults as they are written on a command line."""

from __future__ import annotations

import pytest

from leadbridge.errors import ConfigError
from leadbridge.simulator import Fault, FaultQueue


def test_a_line_says_for_which_requests_and_what_happens() -> None:
    fault = Fault.parse('POST /crm/objects* status=503 times=2 after=1 header=Retry-After:1 body="come back"')
    assert (fault.effect, fault.method, fault.status, fault.times, fault.after) == ("status", "POST", 503, 2, 1)
    assert fault.headers == {"Retry-After": "1"}
    assert fault.body == "come back"
    assert fault.fits("POST", "/crm/objects/2026-09/contacts")
    assert not fault.fits("GET", "/crm/objects/2026-09/contacts")
    assert not fault.fits("POST", "/crm/v3/objects/contacts")


def test_method_and_path_may_be_left_out() -> None:
    anything = Fault.parse("effect=drop_after")
    assert (anything.effect, anything.times) == ("drop_after", 1)
    assert anything.fits("PATCH", "/any/thing")
    assert Fault.parse("/a/*/c").fits("GET", "/a/b/c")
    assert not Fault.parse("/a/*/c").fits("GET", "/a/b/c/d")


def test_the_query_belongs_to_the_path() -> None:
    fault = Fault.parse("GET *?archived=true*")
    assert fault.fits("GET", "/crm/v3/objects/contacts", "archived=true&limit=1")
    assert not fault.fits("GET", "/crm/v3/objects/contacts", "limit=1")


def test_a_share_of_the_requests_goes_wrong_the_same_ones_for_a_seed() -> None:
    def befallen(seed: int) -> list[bool]:
        queue = FaultQueue(seed=seed)
        queue.add(Fault.parse("effect=empty times=1000000 share=0.1"))
        return [queue.take("GET", "/") is not None for _ in range(2000)]

    assert befallen(1) == befallen(1) != befallen(2)
    assert 120 < sum(befallen(1)) < 280


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("POST objects", "no part of a fault"),
        ("colour=red", "no part of a fault"),
        ("status=99", "from 200 to 599"),
        ("times=often", "from 1 to"),
        ("times=0", "from 1 to"),
        ("share=much", "such as 0.02"),
        ("share=2", "at most 1"),
        ("share=nan", "at most 1"),
        ("effect=explode", "effect is one of"),
        ('body="half', "quotation mark"),
        ("/a POST", "no part of a fault"),
    ],
)
def test_what_cannot_be_read_is_refused_with_advice(line: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Fault.parse(line)
