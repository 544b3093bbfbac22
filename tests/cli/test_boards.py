"""``leadbridge due``, ``feedback`` and ``agreement picklist``: for people and for programs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadbridge.agreement import Agreement, offer
from leadbridge.clock import ManualClock, SystemClock
from leadbridge.domain.facts import Fact
from leadbridge.domain.feedback import NO_LEAD, raise_feedback
from leadbridge.domain.lead import Lead
from leadbridge.store import Store
from tests.cli.conftest import Shop

EXAMPLE = Agreement.preset("example")
DAY = timedelta(days=1)


@pytest.fixture
def told(shop: Shop) -> Shop:
    """A database in which one lead is due, one rests, and sales said something about a message."""
    now = SystemClock().now()
    clock = ManualClock(now - 70 * DAY)
    facts: list[Fact] = []
    for name, reason in (("L1", "evaluating"), ("L2", "no_budget")):
        fields = {"email": f"{name}@a.example", "company": "A", "title": "Head", "source": "web"}
        lead = Lead.from_fields(name, {**fields, "stage": "marketing_qualified"})
        facts += offer(lead, agreement=EXAMPLE, clock=clock).recycle(reason)
    facts.append(raise_feedback(NO_LEAD, "message", at=now - 5 * DAY, by="sales", about="one_view", to="marketing"))
    settings = shop.folder / "leadbridge.toml"
    settings.write_text('store = "sqlite:///told.db"\n' + settings.read_text(encoding="utf-8"), encoding="utf-8")
    store = Store("sqlite:///told.db")
    with store.transaction() as tx:
        tx.append(facts)
    store.close()
    return shop


def test_due_lists_who_may_be_offered_again(told: Shop) -> None:
    ran = told.run("due")
    assert (ran.code, "L1" in ran.out, "L2" in ran.out) == (0, True, False)
    assert "1 due again, 1 resting, 0 spent, 0 to and fro" in ran.out
    assert "evaluating" in ran.out
    both = told.run("due", "--all")
    assert ("L1" in both.out, "L2" in both.out, "resting" in both.out) == (True, True, True)
    assert "No such leads." in told.run("due", "--ping-pong").out


def test_due_is_one_document_for_programs(told: Shop) -> None:
    document = told.run("due", "--json").json
    assert [(one["lead"], one["reason"], one["passage"], one["state"]) for one in document["due"]] == [
        ("L1", "evaluating", 1, "due")
    ]
    assert [one["lead"] for one in document["resting"]] == ["L2"]
    assert len(told.run("due", "--at", "2100-01-01", "--json").json["due"]) == 2
    assert told.run("due", "--at", "someday").code == 2


def test_feedback_lists_what_is_owed_and_what_is_open(told: Shop) -> None:
    ran = told.run("feedback")
    assert ran.code == 0
    assert ("acknowledge" in ran.out, "message one_view" in ran.out, "Open feedback" in ran.out) == (True, True, True)
    late = told.run("feedback", "--by", "marketing", "--overdue")
    assert ("acknowledge" in late.out, "3 d" in late.out) == (True, True)
    assert "Nobody owes any feedback." in told.run("feedback", "--by", "legal").out


def test_feedback_is_one_document_for_programs(told: Shop) -> None:
    document = told.run("feedback", "--json").json
    assert [one["about"] for one in document["feedback"]] == ["one_view"]
    assert "acknowledge" in {one["what"] for one in document["owed"]}


def test_a_published_list_is_printed_as_part_of_an_agreement(bare: Shop) -> None:
    ran = bare.run("agreement", "picklist", "gitlab_recycle")
    assert ran.code == 0
    assert "No Budget: {reason: no_budget}" in ran.out
    assert "# not mapped: Doesn't see value (" in ran.out
    assert (
        "Recalled from Partner: {reason: recalled, decision: reject}"
        in bare.run("agreement", "picklist", "gitlab_recycle", "--decisions").out
    )
    assert (
        bare.run("agreement", "picklist", "gitlab_recycle", "--json").json["values"]["No Budget"]["reason"]
        == "no_budget"
    )
    assert "no value has a counterpart" in bare.run("agreement", "picklist", "template_codes").out


def test_all_lists_are_listed_and_an_unknown_one_is_answered_with_the_nearest(bare: Shop) -> None:
    assert "oracle_reject_code" in bare.run("agreement", "picklist").out
    assert len(bare.run("agreement", "picklist", "--json").json) == 12
    ran = bare.run("agreement", "picklist", "oracle")
    assert (ran.code, "oracle_reject_code" in ran.err) == (2, True)
    assert bare.run("agreement", "picklist", "--against", "x.yaml").code == 2


def test_a_list_is_held_against_an_agreement(bare: Shop) -> None:
    draft = Path("draft.yaml")
    draft.write_text("agreement: T\nversion: 1\neffective: 2026-01-01\nreasons: {remove: [spam]}\n", encoding="utf-8")
    ran = bare.run("agreement", "picklist", "gitlab_bad_data", "--against", "draft.yaml")
    assert (ran.code, "does not fit" in ran.err, "spam" in ran.err) == (0, True, True)
