"""Leads never show who they are, and are never refused for their content."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leadbridge.domain.company import Company, domain_of
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import LEAD_FIELDS, Lead
from leadbridge.domain.opportunity import Opportunity

ADA = {
    "email": "ada@acme.example",
    "first_name": "Ada",
    "last_name": "Winter",
    "phone": "+44 20 7946 0000",
    "company": "Acme",
    "website": "https://www.acme.example/about",
    "industry": "Retail",
    "employees": "250",
    "country": "GB",
    "opted_out": "false",
    "captured_at": "2018-02-01",
    "score": "71.5",
    "stage": "engaged",
    "landing_page": "q1",
}


def test_flat_fields_become_a_lead_with_its_company() -> None:
    lead = Lead.from_fields("L1", ADA)
    assert lead.company == Company(name="Acme", domain="acme.example", industry="Retail", employees=250)
    assert lead.captured_at == datetime(2018, 2, 1, tzinfo=UTC)
    assert (lead.score, lead.opted_out) == (71.5, False)
    assert lead.attributes == {"landing_page": "q1"}


def test_a_lead_gives_back_the_flat_fields_that_it_was_made_of() -> None:
    lead = Lead.from_fields("L1", ADA)
    assert Lead.from_fields("L1", lead.fields()) == lead


def test_a_lead_never_shows_who_it_is() -> None:
    lead = Lead.from_fields("L1", ADA)
    for shown in (repr(lead), str(lead), f"{lead}", lead._repr_html_()):
        for secret in ("ada@", "Winter", "7946", "Ada"):
            assert secret not in shown
    assert "a…@acme.example" in lead._repr_html_()
    assert repr(lead) == "Lead(id='L1', stage='engaged', country='GB')"


def test_what_does_not_fit_its_field_is_kept_and_misleads_nobody() -> None:
    lead = Lead.from_fields("L1", {"employees": "about fifty", "score": "high", "captured_at": "soon", "email": ""})
    assert lead.company is None
    assert (lead.score, lead.captured_at, lead.email) == (None, None, None)
    assert lead.attributes == {"employees": "about fifty", "score": "high", "captured_at": "soon"}


def test_a_blank_origin_and_an_unknown_one_stay_two_things() -> None:
    assert Lead.from_fields("L1", {"source": " "}).source is None
    assert Lead.from_fields("L1", {"source": "unknown"}).source == "unknown"


scalars = st.one_of(st.none(), st.text(max_size=10), st.integers(), st.floats(), st.booleans())


@given(st.dictionaries(st.sampled_from([*LEAD_FIELDS, "other"]), scalars, max_size=8))
def test_no_content_of_a_crm_stops_a_lead_from_being_read(fields: dict[str, object]) -> None:
    lead = Lead.from_fields("L1", fields)
    assert lead.fields() is not None
    assert lead._repr_html_()


def test_a_wrong_value_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Lead.model_validate({"id": "L1", "email": ["secret@acme.example"]})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Acme.example/about", "acme.example"),
        ("acme.example", "acme.example"),
        ("http://acme.example:8080", "acme.example"),
        ("", None),
        ("n/a", None),
        ("not a site", None),
        ("http://[oops", None),
        ("bücher.example", "bücher.example"),
    ],
)
def test_the_domain_of_a_web_site_is_its_bare_host(website: str, domain: str | None) -> None:
    assert domain_of(website) == domain


def test_instants_need_a_time_zone() -> None:
    with pytest.raises(ValidationError, match="needs a time zone"):
        Interaction(at=datetime(2026, 1, 1), nature="content")  # noqa: DTZ001  # that is the point


def test_an_opportunity_shows_its_state_and_nothing_else() -> None:
    won = Opportunity(id="006", name="Acme renewal", amount=9000, closed=True, won=True, closed_at=date(2026, 1, 31))
    assert repr(won) == "Opportunity(id='006', won, leads=0)"
