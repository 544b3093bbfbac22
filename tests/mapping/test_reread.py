"""After a write only what changed is read again, with the same result as reading everything."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import Value
from tests.mapping.test_kind import LEAD

TOLD: Mapping[str, st.SearchStrategy[Value]] = {
    "Email": st.sampled_from([None, "", " Ada@Buyer.example", "b@c.example", "nobody@filler.example"]),
    "First": st.sampled_from([None, "", "Ada ", "Bo"]),
    "Size": st.sampled_from([None, 0, 12.5]),
    "Out": st.sampled_from([None, True, False]),
    "OwnerId": st.sampled_from([None, "u-dana", "q-inbound", "u-none", "u-api", "who"]),
    "Status": st.sampled_from([None, "1", "2", "4", "5", "9"]),
    "Country": st.sampled_from([None, "GB", "JP", "FR"]),
    "Source": st.sampled_from([None, "Web", "Fair", "Other"]),
    "leadbridge_id": st.sampled_from([None, "l-1"]),
    "leadbridge_decision": st.sampled_from([None, "accept", "nonsense"]),
}
RECORDS = st.fixed_dictionaries({}, optional=dict(TOLD))


@given(RECORDS, RECORDS)
def test_reading_what_changed_gives_the_same_as_reading_everything(
    before: dict[str, Value], changes: dict[str, Value]
) -> None:
    after = {**before, **changes}
    assert LEAD.reread(LEAD.read(before), changes, after) == LEAD.read(after)
