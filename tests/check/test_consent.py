"""A check says where an opt-out cannot be written: people have to do it themselves."""

from __future__ import annotations

from dataclasses import replace

from leadbridge.agreement import Agreement
from leadbridge.bridge import Bridge
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds

BARE = """
agreement: Nothing mapped yet
version: 1
effective: 2026-01-01
sync: {systems: {marketing: crm}}
"""


def notes(adapter: MemoryAdapter) -> list[str]:
    with Bridge(Agreement.loads(BARE), {"crm": adapter}, "sqlite://") as bridge:
        return [note for note in bridge.check().notes if "opt" in note]


def test_an_opt_out_that_can_only_be_read_is_said_in_a_sentence() -> None:
    kinds = {name: dict(fields) for name, fields in default_kinds().items()}
    kinds["person"]["opted_out"] = replace(kinds["person"]["opted_out"], writable=False)
    (note,) = notes(MemoryAdapter("crm", kinds=kinds))
    assert note.startswith("crm: opted_out of person can be read and not be written → ")
    assert note.endswith("by hand")


def test_an_opt_out_that_can_be_written_is_no_remark() -> None:
    assert notes(MemoryAdapter("crm")) == []
