"""Enrichment fills blanks, remembers the provider, and never touches consent or where the lead stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadbridge.domain.company import Company
from leadbridge.domain.enrichment import NOT_ENRICHED, Provenance, enrich, provenance
from leadbridge.domain.fact_codec import encode
from leadbridge.domain.facts import LeadCaptured, LeadEnriched
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import Lead
from leadbridge.errors import DataError
from tests.domain.told import START, fact

LEAD = Lead(id="L1", email="ada@acme.example", company=Company(name="Acme", country="GB"), opted_out=True)


def add(values: dict[str, Any], lead: Lead = LEAD, **options: Any) -> tuple[Lead, LeadEnriched | None]:
    return enrich(lead, values, provider="register", at=START, **options)


def test_blanks_are_filled_and_what_the_buyer_said_stays() -> None:
    after, told = add({"industry": "Logistics", "employees": 400, "company": "ACME Ltd", "phone": "+44 20"})
    assert after.company is not None
    assert (after.company.name, after.company.industry, after.company.employees) == ("Acme", "Logistics", 400)
    assert (after.phone, after.company.country, after.email) == ("+44 20", "GB", "ada@acme.example")
    assert told is not None
    assert (told.enriched, told.provider, told.occurred_at) == (("industry", "employees", "phone"), "register", START)


def test_overwriting_has_to_be_asked_for() -> None:
    after, told = add({"company": "ACME Ltd"}, overwrite=True)
    assert after.company is not None
    assert (after.company.name, after.company.country) == ("ACME Ltd", "GB")
    assert told is not None
    assert told.enriched == ("company",)


@pytest.mark.parametrize("values", [{}, {"phone": None, "title": "  "}, {"company": "Else"}, {"company": "Acme"}])
def test_what_changes_nothing_is_no_fact(values: dict[str, Any]) -> None:
    assert add(values) == (LEAD, None)


def test_the_fact_names_fields_and_holds_no_value() -> None:
    _, told = add({"phone": "+44 20 7946 0000", "last_name": "Winter"})
    assert told is not None
    said = repr(told) + repr(encode(told))
    assert "7946" not in said
    assert "Winter" not in said


def test_who_opted_out_may_be_enriched_and_stays_opted_out() -> None:
    after, _ = add({"phone": "+44 20"})
    assert after.opted_out is True
    with pytest.raises(DataError, match="opted_out is not filled in from elsewhere"):
        add({"opted_out": False}, overwrite=True)


@pytest.mark.parametrize("name", NOT_ENRICHED)
def test_consent_and_where_a_lead_stands_are_nothing_that_a_provider_knows(name: str) -> None:
    with pytest.raises(DataError, match=name):
        add({name: "won"})


def test_every_wrong_field_is_named_at_once_and_no_value_is_repeated() -> None:
    with pytest.raises(DataError) as caught:
        add({"employes": 5, "employees": "Winter and sons", "title": 7})
    said = str(caught.value)
    assert "unknown field employes: did you mean employees?" in said
    assert "the value of employees is not of its type" in said
    assert "the value of title is not of its type" in said
    assert "Winter" not in said


def test_fields_of_the_agreement_have_the_types_that_it_says() -> None:
    types: Any = {"sites": "number", "family_owned": "boolean", "segment": "text"}
    after, told = add({"sites": 3, "family_owned": True, "segment": "mid"}, attributes=types)
    assert after.attributes == {"sites": 3, "family_owned": True, "segment": "mid"}
    assert told is not None
    for wrong in ({"sites": True}, {"sites": "3"}, {"family_owned": "yes"}, {"segment": 3}):
        with pytest.raises(DataError, match="not of its type"):
            add(wrong, attributes=types)


def test_without_a_provider_or_a_time_zone_nothing_is_filled_in() -> None:
    with pytest.raises(ValueError, match="name the provider"):
        enrich(LEAD, {"phone": "1"}, provider=" ", at=START)
    with pytest.raises(ValueError, match="time zone"):
        enrich(LEAD, {"phone": "1"}, provider="register", at=datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point


def test_provenance_names_the_last_provider_of_each_field() -> None:
    later = START + timedelta(hours=5)
    history = LeadHistory.fold(
        [
            fact(LeadCaptured),
            fact(LeadEnriched, 5, enriched=("phone",), provider="phone_book"),
            fact(LeadEnriched, 1, enriched=("phone", "industry"), provider="register"),
        ]
    )
    assert provenance(history) == {
        "phone": Provenance("phone_book", later),
        "industry": Provenance("register", START + timedelta(hours=1)),
    }
