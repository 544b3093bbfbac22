"""``leadbridge what-if``: the past under another promise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leadbridge.agreement import Agreement, offer
from leadbridge.clock import ManualClock, SystemClock
from leadbridge.domain.lead import Lead
from leadbridge.store import Store
from tests.cli.conftest import Shop


@pytest.fixture
def answered(shop: Shop) -> Shop:
    """A database in which one lead was accepted three weeks ago, seven days after it was offered."""
    clock = ManualClock(SystemClock().now() - timedelta(days=28))
    fields = {"email": "L1@a.example", "company": "A", "title": "Head", "source": "web", "stage": "marketing_qualified"}
    handoff = offer(Lead.from_fields("L1", fields), agreement=Agreement.preset("example"), clock=clock)
    clock.advance(timedelta(days=7))
    settings = shop.folder / "leadbridge.toml"
    settings.write_text('store = "sqlite:///told.db"\n' + settings.read_text(encoding="utf-8"), encoding="utf-8")
    store = Store("sqlite:///told.db")
    with store.transaction() as tx:
        tx.append([*handoff.facts, *handoff.accept()])
    store.close()
    return shop


def test_another_time_for_a_promise_says_who_is_affected(answered: Shop) -> None:
    ran = answered.run("what-if", "sales_response.accept", "30 days")
    assert ran.code == 0
    assert "0.0% of 1 -> 100.0% of 1" in ran.out
    assert "met only after: 1, met only before: 0, leads: 1" in ran.out
    document = answered.run("what-if", "sales_response.accept", "30 days", "--json").json
    assert document["leads"] == ["L1"]
    assert document["rows"][0]["difference"] == 1


def test_a_promise_that_is_not_there_or_a_time_that_is_none_is_a_sentence(answered: Shop) -> None:
    assert answered.run("what-if", "sales_response.accepted", "1h").code == 2
    assert answered.run("what-if", "sales_response.accept", "soon").code != 0
    assert "no clock of it has started" in answered.run("what-if", "marketing_information.offer_in_time", "1 day").out
