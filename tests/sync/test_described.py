"""What the CRMs say of themselves is compiled again only when it, or the agreement, is another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from leadbridge.adapter import Owner
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.errors import Unavailable
from leadbridge.memory import MemoryAdapter
from leadbridge.retry import Retry
from leadbridge.sync.described import Described

AGREEMENT = "agreement: Test\nversion: 1\neffective: 2026-01-01\nsync: {systems: {marketing: left}}\n"


@pytest.fixture
def left() -> Iterator[MemoryAdapter]:
    adapter = MemoryAdapter("left", clock=ManualClock(datetime(2026, 3, 2, tzinfo=UTC)))
    yield adapter
    adapter.close()


def test_a_mapping_is_compiled_once(left: MemoryAdapter) -> None:
    crms, agreement = Described(), Agreement.loads(AGREEMENT)
    first, _ = crms.ask({"left": left}, agreement, Retry())
    again, _ = crms.ask({"left": left}, agreement, Retry())
    assert again["left"] is first["left"]
    assert crms.digest(agreement) == crms.digest(Agreement.loads(AGREEMENT))


def test_another_agreement_or_another_description_is_compiled(
    left: MemoryAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    crms, agreement = Described(), Agreement.loads(AGREEMENT)
    first, _ = crms.ask({"left": left}, agreement, Retry())
    other = Agreement.loads(AGREEMENT.replace("version: 1", "version: 2"))
    assert crms.ask({"left": left}, other, Retry())[0]["left"].agreement == 2
    assert crms.digest(agreement) != crms.digest(other)
    hired = replace(left.describe(), owners=(Owner("7", "person", email="sam@seller.example"),))
    monkeypatch.setattr(left, "describe", lambda: hired)
    now, _ = crms.ask({"left": left}, agreement, Retry())
    assert now["left"].description is hired
    assert now["left"] is not first["left"]


def test_of_a_crm_that_does_not_answer_the_last_mapping_is_known(
    left: MemoryAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silence() -> NoReturn:
        raise Unavailable("no answer", sent=False)

    crms, agreement, once = Described(), Agreement.loads(AGREEMENT), Retry(attempts=1)
    first, _ = crms.ask({"left": left}, agreement, once)
    monkeypatch.setattr(left, "describe", silence)
    mappings, down = crms.ask({"left": left}, agreement, once)
    assert mappings["left"] is first["left"]
    assert down.keys() == {"left"}
    assert Described().ask({"left": left}, agreement, once)[0] == {}
