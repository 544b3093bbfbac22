"""What a CRM can hold of a value, and what it shows of a lead that it has no word for."""

from __future__ import annotations

import pytest

from leadbridge.adapter import FieldInfo, Value
from leadbridge.mapping.fitting import fitted
from tests.mapping.test_kind import mapping

STAGES_ONLY = {"New": {"stage": "engaged"}, "Qualified": {"stage": "sales_accepted"}}


def test_a_stage_that_is_no_longer_true_is_taken_away_where_there_is_no_word_for_the_detour() -> None:
    kind = mapping({"values": {"Status": STAGES_ONLY}})
    assert kind.write({"stage": "disqualified"}, {"Status": "3"}) == {"Status": None}
    assert kind.write({"stage": "disqualified"}, {"Status": None}) == {}
    assert kind.write({"stage": "disqualified"}, {"Status": "5"}) == {}, "somebody's own word stays"


def test_a_picklist_that_says_other_things_as_well_is_not_emptied() -> None:
    kind = mapping({"values": {"Status": {**STAGES_ONLY, "Working": {"status": "attempting"}}}})
    assert kind.write({"stage": "disqualified"}, {"Status": "3"}) == {}


def test_the_crosswalk_may_name_the_stage_that_is_shown_for_a_detour() -> None:
    kind = mapping({"values": {"Status": STAGES_ONLY}, "detours": {"disqualified": "engaged"}})
    assert kind.write({"stage": "disqualified"}, {"Status": "3"}) == {"Status": "1"}


def test_of_several_values_that_mean_the_same_the_one_that_is_there_stays() -> None:
    kind = mapping()
    assert kind.write({"source": "website"}, {"Source": "Web form"}) == {}
    assert kind.write({"source": "website"}, {"Source": "Fair"}) == {"Source": "Web"}


def test_a_filler_says_nothing_in_its_own_field_only() -> None:
    kind = mapping()
    assert kind.read({"Company": "(none)", "Last": "(none)"}) == {"company": None, "last_name": "(none)"}


def test_a_value_that_no_option_stands_for_cannot_be_written_and_is_known_to() -> None:
    kind = mapping()
    assert kind.inexpressible("country", "Atlantis")
    assert not kind.inexpressible("country", "Japan")
    assert not kind.inexpressible("country", None)
    assert not kind.inexpressible("first_name", "Atlantis")


@pytest.mark.parametrize(
    ("info", "value", "stored"),
    [
        (FieldInfo("f", "f", "number"), " 250 ", 250),
        (FieldInfo("f", "f", "number"), "2.5", 2.5),
        (FieldInfo("f", "f", "number"), "about 250", "about 250"),
        (FieldInfo("f", "f", "number"), "1e400", "1e400"),
        (FieldInfo("f", "f", "bool"), "No", False),
        (FieldInfo("f", "f", "date"), "2026-03-02T09:30:00.000Z", "2026-03-02"),
        (FieldInfo("f", "f", "datetime"), "2026-03-02", "2026-03-02T00:00:00.000Z"),
        (FieldInfo("f", "f", "date"), "next week", "next week"),
        (FieldInfo("f", "f", "string"), 250.0, "250"),
        (FieldInfo("f", "f", "string", max_length=3), "abcdef", "abc"),
    ],
)
def test_a_value_takes_the_form_of_the_field_or_stays_for_the_crm_to_refuse(
    info: FieldInfo, value: Value, stored: Value
) -> None:
    assert fitted(info, value) == stored
