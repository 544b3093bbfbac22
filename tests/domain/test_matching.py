"""Which company a lead belongs to: exact domain, then name within a country, and a person where it is unclear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.domain.company import Company
from leadbridge.domain.company_names import SHARED_DOMAINS, host_of_address, plain_host, plain_name
from leadbridge.domain.facts import CompanyMatched
from leadbridge.domain.handoff.engagement import company_key
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import Lead
from leadbridge.domain.matching import CompanyIndex, company_hosts, match_company
from leadbridge.errors import IllegalMove

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ACME = Company(id="C1", name="Acme GmbH", domain="acme.example", country="DE", owner="ann")
ACME_UK = Company(id="C2", name="ACME Ltd.", domain="acme-uk.example", country="GB")
CRATE = Company(id="C3", name="Crate & Sons, Inc.", domain="https://www.crate.example/", country="US")
NOWHERE = Company(id="C4", name="Nowhere")
COMPANIES = CompanyIndex([ACME, ACME_UK, CRATE, NOWHERE])


def lead(**fields: Any) -> Lead:
    return Lead.from_fields("L1", fields)


# -- by domain ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "company"),
    [
        ({"email": "ada@acme.example"}, "C1"),
        ({"email": "Ada@ACME.Example."}, "C1"),
        ({"website": "http://www.crate.example/about"}, "C3"),
        ({"website": "acme.example", "email": "ada@gmail.com"}, "C1"),
        ({"website": "unknown.example", "email": "ada@acme.example"}, "C1"),
        ({"email": "ada@eu.acme.example"}, "C1"),
        ({"email": "ada@acme.example", "company": "Crate", "country": "US"}, "C1"),
    ],
)
def test_the_domain_of_website_or_address_tells_the_company(fields: dict[str, str], company: str) -> None:
    match = COMPANIES.match(lead(**fields))
    assert (match.how, match.company and match.company.id) == ("domain", company)


@pytest.mark.parametrize(
    "email", ["ada@gmail.com", "ada@notacme.example", "ada@acme.example.com", "ada@example", "no address", "@", ""]
)
def test_an_address_that_is_shared_alike_or_broken_tells_nothing(email: str) -> None:
    companies = CompanyIndex([ACME, Company(id="C9", name="Mail", domain="gmail.com")])
    assert companies.match(lead(email=email)).how == "none"


def test_subdomains_of_one_domain_have_nothing_to_do_with_each_other_unless_a_company_wrote_the_domain_down() -> None:
    eu = Company(id="C5", domain="eu.big.example")
    assert CompanyIndex([eu]).match(lead(email="ada@us.big.example")).how == "none"
    assert CompanyIndex([eu]).match(lead(email="ada@big.example")).how == "none"
    both = CompanyIndex([eu, Company(id="C6", domain="big.example")])
    nearest = both.match(lead(email="ada@mail.eu.big.example")).company
    assert nearest is not None
    assert nearest.id == "C5"


def test_an_ending_under_which_everybody_registers_is_no_company_even_when_a_crm_says_so() -> None:
    junk = CompanyIndex([Company(id="C7", domain="co.uk"), Company(id="C8", domain="github.io")])
    assert junk.match(lead(email="ada@other.co.uk", website="other.github.io")).how == "none"


def test_an_agreement_adds_domains_that_many_share() -> None:
    assert match_company(lead(email="ada@acme.example"), [ACME], shared=["ACME.example"]).how == "none"


def test_a_website_and_an_address_of_different_companies_are_for_a_person_to_decide() -> None:
    match = COMPANIES.match(lead(website="acme.example", email="ada@crate.example"))
    assert (match.how, match.company) == ("ambiguous", None)
    assert [company.id for company in match.candidates] == ["C1", "C3"]
    twins = CompanyIndex([ACME, Company(id="C0", domain="acme.example")])
    assert [each.id for each in twins.match(lead(email="ada@acme.example")).candidates] == ["C0", "C1"]


def test_domains_of_other_scripts_are_the_same_however_they_are_written() -> None:
    companies = CompanyIndex([Company(id="C5", domain="münchen.example")])
    assert companies.match(lead(email="ada@xn--mnchen-3ya.example")).how == "domain"
    assert companies.match(lead(email="ada@MÜNCHEN.example")).how == "domain"


# -- by name -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        (
            "Acme GmbH",
            "ACME",
            "A.C.M.E.",
            "Acme GmbH & Co. KG",
            "acme, Inc.",
            "Acme S.A.",
            "Acme Gesellschaft mit beschränkter Haftung",
        ),
        ("株式会社アクメ", "アクメ㈱", "アクメ", "ｱｸﾒ株式会社", "アクメ 株式会社"),
        ("北京科技有限公司", "北京科技"),
        ("Acme K.K.", "Kabushiki Kaisha Acme", "Acme"),
        ("ООО Ромашка", "Ромашка ООО", "ромашка"),
        ("O'Reilly Media, Inc.", "O’Reilly Media", "oreilly media"),
        ("Ferrari S.p.A.", "Ferrari SpA", "FERRARI"),
        ("Mu\u0308ller AG", "M\u00fcller"),
        ("Foo Sp. z o.o.", "Foo"),
        ("Straße 7 UG (haftungsbeschränkt)", "STRASSE 7"),
    ],
)
def test_a_name_counts_without_legal_form_case_punctuation_and_spaces(same: tuple[str, ...]) -> None:
    assert len({plain_name(name) for name in same}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Müller", "Muller"), ("Wellness Spa", "Wellness AG"), ("Acme UK", "Acme"), ("The Limited", "The Company")],
)
def test_what_may_be_another_company_stays_another_name(one: str, other: str) -> None:
    assert plain_name(one) != plain_name(other)


@pytest.mark.parametrize(
    ("name", "kept"), [("GmbH", "gmbh"), ("", ""), ("!!!", ""), ("株式会社", "株式会社"), ("a", "a")]
)
def test_a_name_that_is_nothing_but_a_legal_form_is_kept(name: str, kept: str) -> None:
    assert plain_name(name) == kept


@given(st.text(max_size=40))
def test_a_plain_name_is_plain_already_and_any_text_has_one(name: str) -> None:
    plain = plain_name(name)
    assert not any(letter.isspace() for letter in plain)
    assert plain == plain_name(f"  {name}\n")
    host_of_address(name)
    plain_host(name)


def test_a_name_tells_the_company_within_one_country_only() -> None:
    match = COMPANIES.match(lead(company="Acme", country="de"))
    assert (match.how, match.company) == ("name", ACME)
    assert COMPANIES.match(lead(company="Acme", country="FR")).how == "none"
    assert COMPANIES.match(lead(company="Crate & Sons", country="US", email="ada@gmail.com")).company == CRATE


def test_a_name_in_an_unknown_country_is_for_a_person_to_decide() -> None:
    match = COMPANIES.match(lead(company="acme"))
    assert (match.how, [each.id for each in match.candidates]) == ("ambiguous", ["C1", "C2"])
    assert COMPANIES.match(lead(company="Nowhere", country="DE")).how == "ambiguous"
    twin = CompanyIndex([ACME, Company(id="C9", name="ACME")])
    assert twin.match(lead(company="Acme", country="DE")).how == "ambiguous"


def test_two_namesakes_in_one_country_are_for_a_person_to_decide() -> None:
    twins = CompanyIndex([ACME, Company(id="C9", name="Acme AG", country="DE")])
    match = twins.match(lead(company="Acme", country="DE"))
    assert (match.how, match.why) == ("ambiguous", "2 companies fit by name")


def test_a_lead_that_says_nothing_of_its_company_has_none() -> None:
    assert COMPANIES.match(lead()).how == "none"
    assert COMPANIES.match(lead(company="!!!", country="DE")).how == "none"
    assert CompanyIndex([]).match(lead(email="ada@acme.example")).how == "none"


# -- many, facts, choices ----------------------------------------------------------------------------------------------


def test_an_index_looks_at_no_company_that_does_not_fit() -> None:
    many = CompanyIndex(
        Company(id=f"C{n}", name=f"Company number {n}", domain=f"buyer{n}.example", country="DE") for n in range(5_000)
    )
    assert len(many) == 5_000
    found = many.match(lead(email="ada@buyer4711.example")).company
    assert found is not None
    assert found.id == "C4711"
    assert "C4711" in many


@pytest.mark.parametrize("ids", [("",), ("C1", "C1")])
def test_companies_need_ids_of_their_own(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="give every company an id of its own"):
        CompanyIndex(Company(id=each) for each in ids)


@given(st.permutations([ACME, ACME_UK, CRATE, NOWHERE]))
def test_the_order_of_the_companies_never_matters(companies: list[Company]) -> None:
    for fields in ({"email": "a@acme.example"}, {"company": "Acme"}, {"company": "acme", "country": "GB"}):
        assert match_company(lead(**fields), companies) == COMPANIES.match(lead(**fields))


def test_a_match_is_told_as_a_fact_of_ids_only() -> None:
    match = COMPANIES.match(lead(email="ada@acme.example"))
    told = match.fact(at=START, agreement=3)
    assert (told.lead, told.company, told.how, told.agreement) == ("L1", "C1", "domain", 3)
    assert "ada" not in f"{match.why}{told!r}{match}"


def test_what_is_unclear_becomes_a_fact_when_a_person_has_chosen() -> None:
    match = COMPANIES.match(lead(company="Acme"))
    with pytest.raises(IllegalMove, match=r"choose\(\.\.\.\) \(candidates: C1, C2\)"):
        match.fact(at=START)
    told = match.choose(ACME_UK).fact(at=START, actor="operations")
    assert (told.company, told.how, told.actor) == ("C2", "person", "operations")


def test_what_a_person_chose_holds_against_a_later_match() -> None:
    def matched(company: str, days: int, how: Any = "domain") -> CompanyMatched:
        when = START + timedelta(days=days)
        return CompanyMatched(lead="L1", occurred_at=when, recorded_at=when, company=company, how=how)

    assert LeadHistory.fold([matched("C1", 0), matched("C2", 1)]).company == "C2"
    assert LeadHistory.fold([matched("C1", 0, "person"), matched("C2", 1)]).company == "C1"
    assert LeadHistory.fold([matched("C1", 0, "person"), matched("C3", 1, "person")]).company == "C3"


def test_leads_of_one_company_have_a_key_in_common_even_when_the_company_is_not_on_record() -> None:
    none = CompanyIndex([], shared=["portal.example"])
    assert company_key(lead(email="ada@new.example"), none) == company_key(lead(website="new.example"), none)
    assert company_key(lead(email="ada@gmail.com"), none) is None
    assert company_key(lead(email="ada@portal.example"), none) is None
    assert company_key(lead(email="ada@one.example", website="two.example"), none) is None
    assert company_key(lead(email="ada@acme.example"), COMPANIES) == "company C1"
    assert company_key(lead(company="Acme", email="ada@new.example"), COMPANIES) is None, "a person has to say first"
    assert company_key(lead(email="ada@acme.example"), COMPANIES, "C3") == "company C3"


def test_well_known_mail_domains_are_written_as_they_are_compared() -> None:
    assert {plain_host(domain) for domain in SHARED_DOMAINS} == SHARED_DOMAINS
    assert company_hosts(lead(email="ada@qq.com", website="acme.example")) == ("acme.example",)
