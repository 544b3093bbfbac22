"""A value in the type that a CRM keeps it in."""

from __future__ import annotations

from leadbridge.adapter import FieldInfo
from leadbridge.agreement import Agreement
from leadbridge.mapping import compile_mapping
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds

TEXT = """
agreement: Text
version: 1
effective: 2026-01-01
sync: {systems: {sales: memory, marketing: elsewhere}}
"""


def test_a_number_is_written_as_text_where_the_crm_keeps_text() -> None:
    kinds = default_kinds()
    kinds["person"]["employees"] = FieldInfo("employees", "Employees", "string")
    crm = MemoryAdapter("text", kinds=kinds)
    mapping = compile_mapping("memory", crm.describe(), Agreement.loads(TEXT)).kinds["person"]
    assert mapping.write({"employees": 250}, {}) == {"employees": "250"}
    assert mapping.write({"employees": 250}, {"employees": "250"}) == {}
