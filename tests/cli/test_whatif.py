"""``leadbridge what-if``: the past under another promise."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

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
    assert re.search(r"sales_response\.accept +0\.0% of 1 +100\.0% of 1 +\+100\.0 +1 +0 +1", ran.out)
    assert "affected leads (1): L1" in ran.out
    document = answered.run("what-if", "sales_response.accept", "30 days", "--json").json
    assert document["leads"] == ["L1"]
    assert document["rows"][0]["difference"] == 1


def test_a_promise_that_is_not_there_or_a_time_that_is_none_is_a_sentence(answered: Shop) -> None:
    assert answered.run("what-if", "sales_response.accepted", "1h").code == 2
    assert answered.run("what-if", "sales_response.accept", "soon").code != 0
    assert "no clock of it has started" in answered.run("what-if", "marketing_information.offer_in_time", "1 day").out


@pytest.fixture
def dealt(answered: Shop) -> Path:
    """Another version of the agreement, in which the queue deals its leads to ann and bob by turn."""
    queues = [{"id": "sales_emea", "deal": "round_robin", "members": ["ann", "bob"]}]
    file = answered.folder / "v2.yaml"
    file.write_text(Agreement.preset("example").with_routing(queues=queues).to_yaml(), encoding="utf-8")
    return file


def test_another_agreement_or_roster_says_who_would_have_had_which_lead(answered: Shop, dealt: Path) -> None:
    ran = answered.run("what-if", "--agreement", str(dealt))
    assert ran.code == 0
    assert re.search(r"ann +0 +0 +1 +1 +0", ran.out), "nobody had it: people picked"
    assert "1 of 1 hand-offs change hands" in ran.out
    assert "wait in a queue for somebody to pick them: 1 before, 0 after" in ran.out
    assert "No promise counts in the zone" in ran.err
    roster = answered.folder / "roster.yaml"
    roster.write_text("queues: {sales_emea: [cy]}\npeople: {cy: {zone: Europe/Berlin}}\n", encoding="utf-8")
    document = answered.run("what-if", "--agreement", str(dealt), "--roster", str(roster), "--json").json
    assert document["dealt"]["owners"]["cy"]["after"] == 1
    assert document["leads"] == ["L1"]
    assert document["notes"]
    both = answered.run("what-if", "sales_response.accept", "30 days", "--agreement", str(dealt), "--json").json
    assert [(row["target"], row["difference"]) for row in both["rows"]] == [("accept", 1)]


def test_the_same_agreement_makes_no_difference(answered: Shop) -> None:
    document = answered.run("what-if", "--agreement", "agreement.yaml", "--json").json
    assert (document["leads"], document["dealt"]) == ([], None)
    assert {row["difference"] for row in document["rows"]} <= {0, None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "what is to be different"),
        (("sales_response.accept",), "a promise needs another time"),
        (("--roster", "nobody.yaml"), "cannot be opened"),
        (("--roster", "list.yaml"), "is no roster"),
        (("--roster", "rules.yaml"), "is no roster"),
        (("--roster", "broken.yaml"), "is no YAML"),
        (("--roster", "queue.yaml"), "no queue is called"),
        (("--agreement", "nobody.yaml"), "nobody.yaml"),
    ],
)
def test_what_is_no_question_is_a_sentence(answered: Shop, given: tuple[str, ...], said: str) -> None:
    texts = {
        "list": "[ann, bob]",
        "rules": "rules: [{id: all, queue: sales_emea}]",
        "broken": "queues: {sales_emea: [",
        "queue": "queues: {sales: [ann]}",
    }
    for name, text in texts.items():
        (answered.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    ran = answered.run("what-if", *given)
    assert ran.code == 2
    assert said in ran.err
