"""The reader that is written out for a kind says what a field by itself says, whatever a record holds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import FieldInfo, KindInfo, Option, Owner, Ref, Value
from leadbridge.agreement import Agreement, KindCrosswalk
from leadbridge.agreement.crosswalk import AXES
from leadbridge.mapping import KindMapping, People

AGREEMENT = Agreement.loads("{agreement: Two CRMs, version: 1, effective: 2026-01-01, lifecycle: {preset: spine}}")
OWNERS = (
    Owner("u-dana", "person", email="Dana.Reyes@vendor.example"),
    Owner("u-none", "person"),
    Owner("u-api", "person", email="integration@vendor.example"),
    Owner("q-inbound", "queue"),
)
FIELDS = (
    FieldInfo("Email", "Email", "string"),
    FieldInfo("Last", "Last", "string"),
    FieldInfo("Size", "Size", "number"),
    FieldInfo("Out", "Out", "bool"),
    FieldInfo("OwnerId", "Owner", "ref"),
    FieldInfo("Status", "Status", "option", options=(Option("1", "New"), Option("2", "Closed"))),
    FieldInfo("Source", "Source", "option", options=(Option("Web", "Web"), Option("Fair", "Fair"))),
    FieldInfo("Made", "Made", "datetime"),
)
CROSSWALK: Mapping[str, object] = {
    "as": "lead",
    "fields": {
        "email": "Email",
        "last_name": "Last",
        "employees": "Size",
        "opted_out": "Out",
        "owner": "OwnerId",
        "source": "Source",
        "captured_at": "Made",
    },
    "values": {
        "Status": {"New": {"status": "new"}, "Closed": {"decision": "by_reason"}},
        "Source": {"Web": {"source": "website"}},
    },
    "fillers": {"Last": "(unknown)", "Email": "nobody@filler.example"},
}
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(["", " ", "(unknown)", " (unknown)", "nobody@filler.example", "New", "1", "2", "Web", "False"]),
    st.sampled_from(["u-dana", "u-none", "u-api", "q-inbound", "Ada@Buyer.example "]),
    st.text(max_size=10),
    st.builds(Ref, st.just("user"), st.sampled_from(["u-dana", "u-api", "nobody"])),
    st.tuples(st.text(max_size=3)),
)


def mapping(crosswalk: Mapping[str, object], fields: tuple[FieldInfo, ...]) -> KindMapping:
    return KindMapping(
        "sf",
        KindInfo("Lead", {info.name: info for info in fields}, {}),
        KindCrosswalk.model_validate(crosswalk),
        People(OWNERS, "u-api"),
        AGREEMENT.lifecycle,
        {axis: AGREEMENT.closed_values[f"lead.{axis}"] for axis in AXES},
    )


LEAD = mapping(CROSSWALK, FIELDS)


@given(st.fixed_dictionaries({info.name: anything for info in FIELDS}))
def test_a_whole_record_says_what_its_fields_say_one_by_one(fields: dict[str, Value]) -> None:
    said: dict[str, Value] = {}
    for name in (*LEAD.fields.values(), *LEAD.tables):
        said.update(LEAD.read({name: fields[name]}))
    assert LEAD.read(fields) == said


def test_a_filler_is_blank_in_whole_records_too() -> None:
    record = dict.fromkeys((info.name for info in FIELDS), "")
    assert LEAD.read({**record, "Last": " (unknown) ", "Email": "nobody@filler.example", "Status": "1"}) == {
        **dict.fromkeys(LEAD.fields),
        "status": "new",
    }


@pytest.mark.parametrize("name", ["it's", 'a "b"', "line\nbreak", "back\\slash", "{x!r}", "'] or 1/0 #", "日本語"])
def test_whatever_a_field_is_called_it_is_read(name: str) -> None:
    kind = mapping({"as": "lead", "fields": {name: name}}, (FieldInfo(name, name, "string"),))
    assert kind.read({name: " x "}) == {name: "x"}
