"""The buying group as the ledger and the agreement know it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.domain import facts as f
from leadbridge.errors import ConfigError
from leadbridge.ledger import Ledger
from leadbridge.store import Store

START = datetime(2026, 3, 2, tzinfo=UTC)
AGREEMENT = Agreement.loads("""
agreement: Group
version: 1
effective: 2026-01-01
buying_stages: {preset: gartner}
target_market:
  roles: [{id: champion, when: last_30d.person_to_person >= 1}, {id: budget_holder, titles: [CFO]}, {id: end_user}]
""")


def fact(cls: type[f.Fact], lead: str, **values: Any) -> f.Fact:
    return cls(lead=lead, occurred_at=START, recorded_at=START, **values)


def test_the_ledger_knows_who_decides_about_an_opportunity() -> None:
    store = Store("sqlite://")
    with store.transaction() as tx:
        tx.append(
            [
                *[fact(f.LeadCaptured, name) for name in ("L1", "L2", "L3")],
                *[fact(f.OpportunityOpened, name, opportunity="sf:D1") for name in ("L1", "L2")],
                fact(f.BuyingStageEntered, "L1", buying_stage="validation"),
                fact(f.Interacted, "L1", interaction="i", nature="person_to_person", function="sales"),
            ]
        )
        tx.save_bases({("L2", "sf"): {"title": "cfo", "phone": ""}, ("L3", "sf"): {"title": "CEO"}})
    ledger = Ledger(store)
    assert ledger.profiles() == {"L2": {"title": "cfo"}, "L3": {"title": "CEO"}}
    group = ledger.buying_group("sf:D1", AGREEMENT, START + timedelta(days=1))
    assert [(member.lead, member.role) for member in group.members] == [("L1", "champion"), ("L2", "budget_holder")]
    assert (group.buying_stage, group.functions) == ("validation", ("sales",))
    assert group.missing_roles == ("end_user",)
    later = ledger.buying_group("sf:D1", AGREEMENT, START + timedelta(days=60))
    assert later.members[0].role is None, "what the role rests on lies too far back"
    with pytest.raises(ConfigError, match="give the id that the ledger has"):
        ledger.buying_group("D9", AGREEMENT, START)
    store.close()
