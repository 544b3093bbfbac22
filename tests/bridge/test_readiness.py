"""A snapshot of a bridge judges its leads as the agreement judges each of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from leadbridge import Bridge
from leadbridge.adapter import Value
from leadbridge.agreement import Agreement
from leadbridge.clock import ManualClock
from leadbridge.domain.interaction import Interaction
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, START, person

AGREED = Agreement.loads(
    AGREEMENT
    + """
target_market:
  companies: [{id: name, when: "company.name <> 'Buyer 2'"}]
  roles: [{id: boss, titles: [head of sales]}]
definitions:
  ready:
    criteria:
      - {id: target, when: target.company}
      - {id: role, when: "target.role = 'boss' or title is null"}
      - {id: stage, when: stage = 'marketing_qualified'}
      - {id: known, when: email is not null and captured_at > '2020-01-01'}
      - {id: quiet, when: last_30d.any < 1}
"""
)


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    clock = ManualClock(START)
    left, right = (MemoryAdapter(name, clock=clock) for name in ("left", "right"))
    titles: tuple[dict[str, Value], ...] = ({"title": "Head of Sales"}, {"title": "Clerk"}, {"title": "Clerk"}, {})
    left.crm.seed("person", [person(number, **more) for number, more in enumerate(titles, start=1)])
    with Bridge(AGREED, {"left": left, "right": right}, "sqlite://", writes="on", clock=clock) as opened:
        clock.advance(timedelta(minutes=1))
        assert opened.sync(yes=True).quiet
        yield opened


def test_all_leads_at_once_and_one_by_one_come_to_the_same(bridge: Bridge) -> None:
    with bridge.snapshot() as snapshot:
        found = snapshot.readiness(AGREED, "ready")
        rows = snapshot.sql(found.sql, {"now_us": snapshot.meta.now_us})
        recorded = snapshot.count("interactions") > 0
    assert found.leads == len(rows) == 4
    for row in rows:
        history = bridge.ledger.history(row["lead_id"])
        touches = [Interaction.of(touch.fact) for touch in history.touches] if recorded else None
        verdict = AGREED.readiness(bridge.lead(row["lead_id"]), "ready", touches, at=bridge.clock.now())
        assert row["ok"] is verdict.ok
        judged = {True: verdict.met, False: verdict.failed, None: verdict.unknown}
        assert all(criterion in judged[row[criterion]] for criterion in ("target", "role", "stage", "known", "quiet"))


def test_a_snapshot_of_a_bridge_does_not_say_who_its_leads_are(bridge: Bridge) -> None:
    with bridge.snapshot() as snapshot, bridge.snapshot(personal=True) as named:
        query = "select lead_email as email, lead_title as title from lead_profile order by company_name"
        assert snapshot.sql(query)[0] == {"email": "(given)", "title": "Head of Sales"}
        assert named.sql(query)[0]["email"] == "person1@buyer1.example"
