"""All kinds of a connection: the adapter's crosswalk under the agreement's own."""

from __future__ import annotations

import pytest

from leadbridge.agreement import Agreement
from leadbridge.errors import ConfigError
from leadbridge.mapping import ConnectionMapping, compile_mapping
from leadbridge.memory import MemoryAdapter
from leadbridge.memory.schema import default_kinds

HEAD = "{agreement: Two CRMs, version: 1, effective: 2026-01-01, lifecycle: {preset: spine}"
SYSTEMS = "sync: {systems: {marketing: left, sales: right}}"


def agreement(crosswalks: str = "{}") -> Agreement:
    return Agreement.loads(f"{HEAD}, {SYSTEMS}, crosswalks: {crosswalks}}}")


def compiled(crosswalks: str = "{}", *, connection: str = "right", **crm: bool) -> ConnectionMapping:
    return compile_mapping(connection, MemoryAdapter(connection, **crm).describe(), agreement(crosswalks))  # type: ignore[arg-type]  # options of the CRM


def test_without_a_word_in_the_agreement_the_adapters_crosswalk_holds() -> None:
    mapping = compiled()
    assert [kind.kind for kind in mapping.lead_kinds] == ["person"]
    assert mapping.kinds["person"].read({"status": "rejected"}) == {"decision": "reject"}
    assert mapping.function == "sales"


def test_the_agreement_replaces_the_tables_that_it_names_and_leaves_the_others() -> None:
    mapping = compiled("{right: {person: {values: {status: {rejected: {decision: by_reason}}}}}}")
    person = mapping.kinds["person"]
    assert person.read({"status": "rejected"}) == {"decision": "by_reason"}
    assert person.read({"status": "new"}) == {}
    assert person.read({"stage": "engaged"}) == {"stage": "engaged"}


def test_the_agreement_adds_fields_to_those_of_the_adapter() -> None:
    mapping = compiled("{right: {person: {fields: {campaign: title}}}}")
    assert mapping.kinds["person"].fields["campaign"] == "title"
    assert mapping.kinds["person"].fields["email"] == "email"


def test_what_is_said_of_the_other_connection_does_not_count_here() -> None:
    mapping = compiled("{left: {person: {fields: {campaign: title}}}}")
    assert "campaign" not in mapping.kinds["person"].fields


def test_the_name_of_the_connection_comes_before_the_name_of_the_system() -> None:
    sync = "sync: {systems: {marketing: left, sales: memory}}"
    both = Agreement.loads(f"{HEAD}, {sync}, crosswalks: {{memory: {{person: {{create: false}}}}}}}}")
    description = MemoryAdapter("crm").describe()
    assert compile_mapping("crm", description, both).function == "sales"
    assert compile_mapping("left", description, both).function == "marketing"
    assert compile_mapping("crm", description, both).creating is None


def test_a_connection_in_which_no_function_works_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigError, match=r"no function of the agreement works in elsewhere.*sync\.systems"):
        compiled(connection="elsewhere")


def test_a_crm_in_which_nothing_stands_for_a_lead_is_refused_with_a_remedy() -> None:
    kinds = {"deal": default_kinds()["deal"]}
    with pytest.raises(ConfigError, match="no kind of memory stands for a lead"):
        compile_mapping("right", MemoryAdapter("right", kinds=kinds).describe(), agreement())


def test_a_kind_that_the_account_does_not_have_is_no_kind_of_ours() -> None:
    mapping = compiled("{right: {partner: {as: lead, fields: {email: mail}}}}")
    assert "partner" not in mapping.kinds


def test_fields_that_the_account_does_not_have_are_frozen() -> None:
    kinds = default_kinds()
    del kinds["person"]["phone"]
    mapping = compile_mapping("right", MemoryAdapter("right", kinds=kinds).describe(), agreement())
    assert [(found.connection, found.kind, found.field) for found in mapping.frozen] == [("right", "person", "phone")]


def test_new_leads_are_only_made_where_our_key_makes_that_safe() -> None:
    safe = compiled().creating
    assert safe is not None
    assert safe.kind == "person"
    assert compiled(provisioned=False).creating is None
    assert compiled("{right: {person: {create: false}}}").creating is None


def test_a_kind_is_read_only_when_its_records_can_be_traced_to_a_lead() -> None:
    assert {kind.kind for kind in compiled().pulled} == {"person", "deal", "touch"}
    kinds = default_kinds()
    del kinds["touch"]["person"], kinds["deal"]["person"], kinds["person"]["deal"]
    mapping = compile_mapping("right", MemoryAdapter("right", kinds=kinds).describe(), agreement())
    assert {kind.kind for kind in mapping.pulled} == {"person"}


def test_a_converted_person_goes_on_as_a_contact_and_is_still_a_lead() -> None:
    mapping = compiled(converts=True)
    assert {kind.kind for kind in mapping.lead_kinds} == {"person", "contact"}
    assert mapping.creating is not None
    assert mapping.creating.kind == "person"
