"""The conformance suite: derive from it, give it a bench, and every law becomes a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from leadbridge.testing.abilities import AbilityLaws
from leadbridge.testing.bench import Bench
from leadbridge.testing.manners import MannersLaws
from leadbridge.testing.reading import ReadingLaws
from leadbridge.testing.writing import WritingLaws

__all__ = ["SUITE_VERSION", "AdapterSuite", "Law", "Verdict", "laws", "try_laws"]

SUITE_VERSION = "2"
"""Counts up when a law is added or sharpened; a certificate names it."""


class AdapterSuite(ReadingLaws, WritingLaws, MannersLaws, AbilityLaws):
    """All laws of the contract.

    ::

        class TestMyCrm(AdapterSuite):
            @pytest.fixture
            def bench(self):
                with my_simulator() as simulator:
                    yield MyBench(simulator)

    A law that an adapter cannot keep yet is overridden with ``pytest.mark.xfail(strict=True, reason=...)`` on a
    method that calls ``super()``; any other override fails :meth:`test_no_law_is_weakened`.
    """

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        """The adapter under test and its CRM, new and empty for every law: override this."""
        raise NotImplementedError("give the suite a bench: override the fixture bench")

    def test_no_law_is_weakened(self) -> None:
        """Laws are not overridden or deleted, unless they are marked as an expected failure that says why.

        If this fails, mark the law as xfail with a reason instead of changing it.
        """
        for law in laws():
            mine = getattr(type(self), law.name, None)
            if mine is getattr(AdapterSuite, law.name):
                continue
            marks: list[pytest.Mark] = getattr(mine, "pytestmark", [])
            excused = any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
            assert excused, f"{law.name} is overridden: mark it as xfail with a reason"


@dataclass(frozen=True, slots=True)
class Law:
    """One law: the name of its test, its sentence, and why it matters and what to check."""

    name: str
    sentence: str
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one law: it held, it failed, or it was not tried because the bench lacks a part."""

    law: str
    outcome: Literal["held", "failed", "not tried"]
    detail: str = ""


def laws() -> tuple[Law, ...]:
    """Every law of the suite, in the order in which they are written."""
    found: list[Law] = []
    for group in (ReadingLaws, WritingLaws, MannersLaws, AbilityLaws):
        for name, function in vars(group).items():
            if name.startswith("test_"):
                sentence = name.removeprefix("test_").replace("_", " ")
                found.append(Law(name, sentence[0].upper() + sentence[1:], " ".join((function.__doc__ or "").split())))
    return tuple(found)


def try_laws(make_bench: Callable[[], AbstractContextManager[Bench]]) -> list[Verdict]:
    """Tries every law without pytest's machinery, each on a new bench.

    Args:
        make_bench: gives a context manager that makes a bench and tears it down.
    """
    suite = AdapterSuite()
    return [_try(getattr(suite, law.name), law.name, make_bench) for law in laws()]


def _try(law: Callable[[Bench], Any], name: str, make_bench: Callable[[], AbstractContextManager[Bench]]) -> Verdict:
    with make_bench() as bench:
        try:
            law(bench)
        except pytest.skip.Exception as skipped:
            return Verdict(name, "not tried", str(skipped.msg))
        except pytest.fail.Exception as failed:
            return Verdict(name, "failed", str(failed.msg))
        except Exception as error:  # noqa: BLE001  # whatever a wrong adapter raises is a finding about it
            return Verdict(name, "failed", f"{type(error).__name__}: {error}")
    return Verdict(name, "held")
