"""One poisoned record delays nobody: whoever is healthy crosses in the same round with it and without it."""

from __future__ import annotations

from leadbridge.adapter import FieldInfo, Option, Value
from leadbridge.clock import ManualClock
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds
from leadbridge.testing import invariants as must
from tests.sync.conftest import START, make_bench, person
from tests.sync.judge import uphold

HEALTHY = range(2, 8)


def rounds_until_there(clock: ManualClock, *poisons: dict[str, Value]) -> dict[str, float]:
    """The round in which each healthy person got a record in the other CRM."""
    kinds = default_kinds()
    options = (Option("retail", "Retail"),)
    kinds["person"]["employees"] = FieldInfo("employees", "Employees", "option", options=options, restricted=True)
    kinds["person"]["phone"] = FieldInfo("phone", "Phone", "string", max_length=255, unique=True)
    bench = make_bench(clock, right=MemoryAdapter("right", clock=clock, kinds=kinds, write_batch=3))
    bench.left.crm.seed("person", [person(number, **poison) for number, poison in enumerate(poisons)])
    bench.left.crm.seed("person", [person(number) for number in HEALTHY])
    there: dict[str, float] = {}
    for number in range(1, 5):
        bench.engine.sync(rounds=1)
        for row in bench.right.crm.dump("person"):
            there.setdefault(str(row["email"]), number)
    return {email: number for email, number in there.items() if email in {str(person(n)["email"]) for n in HEALTHY}}


def test_a_record_that_a_crm_refuses_delays_nobody_else() -> None:
    poisoned = rounds_until_there(ManualClock(START), {"employees": 12}, {"phone": "1", "employees": 13})
    alone = rounds_until_there(ManualClock(START))
    assert alone.keys() == poisoned.keys()
    assert len(alone) == len(HEALTHY)
    uphold(must.nobody_waits_for_another(poisoned, alone))
