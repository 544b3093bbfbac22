"""Reading a record as a lead and writing a lead to a record: nothing is guessed, nothing is made up."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import FieldInfo, Fields, KindInfo, Option, Owner, Ref, Value
from leadbridge.agreement import Agreement, KindCrosswalk
from leadbridge.agreement.crosswalk import AXES
from leadbridge.mapping import KindMapping, People

AGREEMENT = Agreement.loads("{agreement: Two CRMs, version: 1, effective: 2026-01-01, lifecycle: {preset: spine}}")
OWNERS = (
    Owner("u-dana", "person", email="Dana.Reyes@vendor.example"),
    Owner("u-kofi", "person", email="kofi.mensah@vendor.example"),
    Owner("u-left", "person", active=False, email="left@vendor.example"),
    Owner("u-none", "person"),
    Owner("u-api", "person", email="integration@vendor.example"),
    Owner("q-inbound", "queue", email="inbound@vendor.example"),
)


def text(name: str, *, max_length: int = 0, writable: bool = True) -> FieldInfo:
    return FieldInfo(name, name, "string", max_length=max_length, writable=writable)


def choice(name: str, *values: str | tuple[str, str]) -> FieldInfo:
    pairs = [(value, value) if isinstance(value, str) else value for value in values]
    return FieldInfo(name, name, "option", options=tuple(Option(*pair) for pair in pairs), restricted=True)


FIELDS = (
    text("Email"),
    text("First"),
    text("Last", max_length=10),
    text("Company"),
    FieldInfo("Size", "Size", "number"),
    FieldInfo("Out", "Out", "bool"),
    FieldInfo("OwnerId", "Owner", "ref"),
    choice("Status", ("1", "New"), ("2", "Working"), ("3", "Qualified"), ("4", "Rejected"), ("5", "Closed")),
    choice("Country", ("GB", "United Kingdom"), ("JP", "Japan")),
    choice("Source", "Web", "Web form", "Fair"),
    text("Made", writable=False),
    text("Mql_Date"),
    text("leadbridge_id", max_length=64),
    text("leadbridge_decision", max_length=40),
)
CROSSWALK: dict[str, object] = {
    "as": "lead",
    "create": True,
    "fields": {
        "email": "Email",
        "first_name": "First",
        "last_name": "Last",
        "company": "Company",
        "employees": "Size",
        "opted_out": "Out",
        "owner": "OwnerId",
        "country": "Country",
        "source": "Source",
        "captured_at": "Made",
    },
    "values": {
        "Status": {
            "New": {"status": "new", "stage": "marketing_qualified"},
            "2": {"status": "attempting", "stage": "marketing_qualified"},
            "Qualified": {"decision": "accept", "stage": "sales_accepted"},
            "Closed": {"decision": "by_reason"},
        },
        "Source": {"Web": {"source": "website"}, "Web form": {"source": "website"}, "Fair": {"source": "event"}},
    },
    "fillers": {"Last": "(unknown)", "Company": "(none)", "Email": "nobody@filler.example"},
    "stage_dates": {"marketing_qualified": "Mql_Date"},
}


def mapping(
    over: Mapping[str, object] | None = None, *, fields: tuple[FieldInfo, ...] = FIELDS, writable: bool = True
) -> KindMapping:
    own = {"id": "leadbridge_id", "decision": "leadbridge_decision"}
    have = {info.name: info for info in fields}
    info = KindInfo("Lead", have, {purpose: name for purpose, name in own.items() if name in have}, writable=writable)
    return KindMapping(
        "sf",
        info,
        KindCrosswalk.model_validate({**CROSSWALK, **(over or {})}),
        People(OWNERS, "u-api"),
        AGREEMENT.lifecycle,
        {axis: AGREEMENT.closed_values[f"lead.{axis}"] for axis in AXES},
    )


LEAD = mapping()


# -- reading -----------------------------------------------------------------------------------------------------------


def test_what_the_record_did_not_carry_is_absent_and_what_is_blank_is_none() -> None:
    assert LEAD.read({"First": "", "Last": None}) == {"first_name": None, "last_name": None}
    assert LEAD.read({}) == {}


def test_outer_space_is_no_part_of_a_value_and_an_address_has_no_capitals() -> None:
    assert LEAD.read({"First": " Ada ", "Email": " Ada@Buyer.example "}) == {
        "first_name": "Ada",
        "email": "ada@buyer.example",
    }


@pytest.mark.parametrize(
    ("field", "filler", "name"),
    [
        ("Last", "(unknown)", "last_name"),
        ("Company", "(none)", "company"),
        ("Company", " (none) ", "company"),
        ("Email", "nobody@filler.example", "email"),
    ],
)
def test_a_filler_is_read_as_blank(field: str, filler: str, name: str) -> None:
    assert LEAD.read({field: filler}) == {name: None}


def test_the_stored_value_counts_first_and_then_what_people_see() -> None:
    assert LEAD.read({"Status": "1"}) == {"status": "new", "stage": "marketing_qualified"}
    assert LEAD.read({"Status": "2"})["status"] == "attempting"
    assert LEAD.read({"Status": "New"}) == {}


def test_a_value_that_the_crosswalk_does_not_know_has_no_meaning_and_is_reported() -> None:
    fields = {"Status": "4", "Source": "Radio", "OwnerId": "u-stranger"}
    assert LEAD.read(fields) == {"source": "Radio"}
    assert LEAD.unmapped(fields) == [("Status", "4"), ("Source", "Radio"), ("OwnerId", "u-stranger")]


def test_an_axis_field_only_says_what_the_agreement_knows() -> None:
    kind = mapping({"fields": {"email": "Email", "buying_stage": "First"}})
    known = AGREEMENT.buying_stages[0].id
    assert kind.read({"First": known}) == {"buying_stage": known}
    assert kind.read({"First": "somewhere"}) == {}
    assert kind.unmapped({"First": "somewhere"}) == [("First", "somewhere")]


@pytest.mark.parametrize(
    ("raw", "value"), [(True, True), (False, False), (None, None), ("true", True), ("false", False), ("False", False)]
)
def test_consent_is_read_as_yes_or_no_even_from_words(raw: Value, value: Value) -> None:
    assert LEAD.read({"Out": raw}) == {"opted_out": value}


def test_a_picklist_that_means_consent_is_read_and_written() -> None:
    table = {"Country": {"GB": {"opted_out": "false"}, "JP": {"opted_out": "true"}}}
    kind = mapping({"fields": {"email": "Email", "opted_out": "Country"}, "values": table})
    assert kind.read({"Country": "GB"}) == {"opted_out": False}
    assert kind.read({"Country": "JP"}) == {"opted_out": True}
    assert kind.write({"opted_out": True}, {"Country": "GB"}) == {"Country": "JP"}


def test_the_day_a_stage_was_entered_is_known_to_the_day() -> None:
    assert LEAD.stage_date("marketing_qualified", {"Mql_Date": "2026-03-02"}) == ("2026-03-02T00:00:00.000Z", True)
    instant = {"Mql_Date": "2026-03-02T10:30:00+02:00"}
    assert LEAD.stage_date("marketing_qualified", instant) == ("2026-03-02T08:30:00.000Z", False)
    assert LEAD.stage_date("marketing_qualified", {}) is None
    assert LEAD.stage_date("won", instant) is None


# -- owners ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "address"),
    [
        ("u-dana", "dana.reyes@vendor.example"),
        ("u-left", "left@vendor.example"),
        ("q-inbound", None),
        ("u-api", None),
    ],
)
def test_between_crms_an_owner_is_an_address_that_somebody_vouches_for(owner: str, address: str | None) -> None:
    assert LEAD.read({"OwnerId": owner})["owner"] == address
    assert LEAD.read({"OwnerId": Ref("User", owner)})["owner"] == address


@pytest.mark.parametrize("owner", ["u-none", "u-stranger"])
def test_an_owner_for_whom_nobody_vouches_is_somebody_and_not_blank(owner: str) -> None:
    assert LEAD.read({"OwnerId": owner}) == LEAD.read({"OwnerId": Ref("User", owner)}) == {}
    assert LEAD.read({"OwnerId": None}) == {"owner": None}


def test_an_owner_is_found_by_the_address_of_an_active_person_only() -> None:
    assert LEAD.write({"owner": "dana.reyes@vendor.example"}, {}) == {"OwnerId": "u-dana"}
    for address in ("left@vendor.example", "inbound@vendor.example", "nobody@vendor.example", "dana"):
        assert LEAD.write({"owner": address}, {"OwnerId": "u-kofi"}) == {}


def test_an_address_that_two_people_share_finds_neither() -> None:
    people = People((*OWNERS, Owner("u-dana-2", "person", email="dana.reyes@vendor.example")))
    assert people.local("dana.reyes@vendor.example") is None
    assert people.canonical("u-dana") == "dana.reyes@vendor.example"


def test_whoever_we_are_signed_in_as_owns_nothing() -> None:
    assert LEAD.owner({"OwnerId": "u-api"}) is None
    found = LEAD.owner({"OwnerId": "q-inbound"})
    assert found is not None
    assert found.kind == "queue"


# -- writing -----------------------------------------------------------------------------------------------------------


def test_what_the_record_says_already_is_not_written() -> None:
    record: Fields = {"Email": "ada@buyer.example", "First": "Ada", "Status": "1", "Source": "Web", "OwnerId": "u-dana"}
    assert LEAD.write(LEAD.read(record), record) == {}


def test_a_name_that_this_crm_does_not_have_is_not_written() -> None:
    assert LEAD.write({"phone": "+44 20 7946 0000"}, {}) == {}


def test_a_field_that_nobody_may_write_is_not_written() -> None:
    assert LEAD.write({"captured_at": "2026-03-02T09:00:00.000Z"}, {}) == {}


def test_none_clears_and_absent_stays() -> None:
    assert LEAD.write({"first_name": None}, {"First": "Ada", "Company": "Buyer"}) == {"First": None}


def test_clearing_a_picklist_with_meanings_clears_it() -> None:
    table = {"Source": {"Web": {"source": "website"}, "Fair": {"campaign": "fair"}}}
    kind = mapping({"values": table})
    assert kind.write({"source": None}, {"Source": "Web"}) == {"Source": None}


def test_a_text_that_is_too_long_is_cut_once() -> None:
    assert LEAD.write({"last_name": "Featherstonehaugh"}, {}) == {"Last": "Featherston"[:10]}
    assert LEAD.write({"last_name": "Featherstonehaugh"}, {"Last": "Feathersto"}) == {}


def test_only_options_are_written_to_a_picklist_and_never_a_guess() -> None:
    assert LEAD.write({"country": "JP"}, {}) == {"Country": "JP"}
    assert LEAD.write({"country": "Japan"}, {}) == {"Country": "JP"}
    for guess in ("japan", "JAPAN", "Nippon", "J"):
        assert LEAD.write({"country": guess}, {"Country": "GB"}) == {}


def test_a_value_too_long_for_a_picklist_is_not_cut_into_something_else() -> None:
    country = FieldInfo(
        "Country", "Country", "option", max_length=2, options=(Option("GB", "United Kingdom"),), restricted=True
    )
    fields = tuple(country if info.name == "Country" else info for info in FIELDS)
    assert mapping(fields=fields).write({"country": "GBR"}, {}) == {}
    assert mapping(fields=fields).write({"country": "United Kingdom"}, {}) == {"Country": "GB"}


def test_a_new_record_gets_its_fillers_and_no_blanks() -> None:
    assert LEAD.fill({"First": None, "Company": "Buyer"}) == {
        "Last": "(unknown)",
        "Company": "Buyer",
        "Email": "nobody@filler.example",
    }


def test_our_own_fields_are_written_by_purpose() -> None:
    assert LEAD.write({"id": "lead-1", "decision": "reject"}, {"leadbridge_id": "lead-1"})["leadbridge_decision"] == (
        "reject"
    )
    assert LEAD.own_value("id", {"leadbridge_id": "lead-1"}) == "lead-1"
    assert LEAD.own_value("buying_stage", {"leadbridge_id": "lead-1"}) is None


def test_a_kind_that_is_only_read_has_no_fields_of_ours_and_makes_nothing() -> None:
    kind = mapping(writable=False)
    assert (kind.own, kind.creates) == ({}, False)


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "first_name": words | st.none(),
            "last_name": words | st.none(),
            "employees": st.integers(0, 10_000) | st.none(),
            "opted_out": st.booleans(),
            "owner": st.sampled_from(["dana.reyes@vendor.example", "kofi.mensah@vendor.example"]),
            "country": st.sampled_from(["GB", "JP"]) | st.none(),
            "source": st.sampled_from(["website", "event"]) | st.none(),
        },
    )
)
def test_what_was_written_is_read_back(values: dict[str, Value]) -> None:
    stored = LEAD.write(values, {})
    read = LEAD.read(stored)
    for name, value in values.items():
        wanted = value.strip() or None if isinstance(value, str) else value
        if name == "last_name" and isinstance(value, str):
            wanted = value[:10].strip() or None
        if wanted is not None or LEAD.fields[name] in stored:
            assert read[name] == wanted
    assert LEAD.write(values, stored) == {}


@given(st.dictionaries(st.sampled_from([info.name for info in FIELDS]), words | st.none()))
def test_reading_never_fails_and_never_adds_what_was_not_there(fields: dict[str, Value]) -> None:
    read = LEAD.read(fields)
    plain = {name for name, field in LEAD.fields.items() if field in fields}
    assert set(read) <= plain | set(AXES)
    assert plain <= set(read) | {"owner"}


# -- axes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("current", ["1", "2", None])
def test_a_value_that_means_a_decision_is_not_written_before_the_decision(current: str | None) -> None:
    written = LEAD.write({"stage": "sales_accepted", "status": "connected"}, {"Status": current})
    assert written.get("Status") not in ("3", "5")


def test_a_decision_is_written_when_it_was_made() -> None:
    assert LEAD.write({"stage": "sales_accepted", "decision": "accept"}, {"Status": "1"})["Status"] == "3"


@pytest.mark.parametrize("decision", ["reject", "recycle", "disqualify", "ineligible"])
def test_where_only_the_reason_tells_every_refusal_is_closed(decision: str) -> None:
    assert LEAD.write({"decision": decision}, {"Status": "1"})["Status"] == "5"


def test_an_acceptance_is_never_shown_as_closed() -> None:
    kind = mapping({"values": {"Status": {"New": {"status": "new"}, "Closed": {"decision": "by_reason"}}}})
    assert "Status" not in kind.write({"decision": "accept"}, {"Status": "1"})


@pytest.mark.parametrize("order", [("Closed", "Rejected"), ("Rejected", "Closed")])
def test_a_value_that_names_the_decision_is_better_than_one_that_leaves_it_open(
    order: tuple[str, str],
) -> None:
    rows = {"Closed": {"decision": "by_reason"}, "Rejected": {"decision": "reject"}}
    kind = mapping({"values": {"Status": {"New": {"status": "new"}, **{name: rows[name] for name in order}}}})
    assert kind.write({"decision": "reject"}, {"Status": "1"})["Status"] == "4"
    assert kind.write({"decision": "recycle"}, {"Status": "1"})["Status"] == "5"
    assert "Status" not in kind.write({"decision": "reject"}, {"Status": "5"})


def test_a_value_that_nobody_gave_a_meaning_to_is_somebodys_own_word_and_stays() -> None:
    assert LEAD.write({"stage": "sales_accepted", "decision": "accept"}, {"Status": "4"}).get("Status") is None


def test_among_values_of_one_stage_the_present_one_stays() -> None:
    assert LEAD.write({"stage": "marketing_qualified"}, {"Status": "2"}) == {}
    assert LEAD.write({"stage": "marketing_qualified", "status": "new"}, {"Status": "2"}) == {"Status": "1"}


def test_a_detour_that_the_crm_has_no_word_for_is_shown_as_the_stage_it_sends_a_lead_back_to() -> None:
    kind = mapping({"values": {"Status": {"New": {"stage": "engaged"}, "Qualified": {"stage": "sales_accepted"}}}})
    assert kind.write({"stage": "rejected"}, {"Status": "3"}) == {"Status": "1"}


def test_a_detour_that_the_crm_has_a_word_for_is_shown_as_itself() -> None:
    kind = mapping({"values": {"Status": {"New": {"stage": "engaged"}, "Rejected": {"stage": "rejected"}}}})
    assert kind.write({"stage": "rejected"}, {"Status": "1"}) == {"Status": "4"}


# -- what the account does not have ------------------------------------------------------------------------------------


def test_a_field_that_the_account_does_not_have_is_frozen_and_reported_once() -> None:
    missing = {"Country", "Mql_Date", "Status"}
    kind = mapping(fields=tuple(info for info in FIELDS if info.name not in missing))
    assert sorted(found.field for found in kind.frozen) == sorted(missing)
    assert missing.isdisjoint(kind.reads)
    assert "country" not in kind.read({"Country": "GB"})
    assert kind.write({"country": "GB", "stage": "engaged"}, {}) == {}


def test_what_people_may_choose_and_nothing_understands_is_listed() -> None:
    assert ("Status", "4") in LEAD.choices()
    assert ("Status", "1") not in LEAD.choices()


def test_what_people_see_is_shown_for_values_and_never_for_owners() -> None:
    assert LEAD.label("Status", "1") == "New"
    assert LEAD.label("Status", "?") == "?"
    assert LEAD.label("OwnerId", "u-dana") == "u-dana"
