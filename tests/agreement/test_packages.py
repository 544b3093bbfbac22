"""The information duty in an agreement: which package applies, what an offer lacks, and what is refused when loaded."""

from __future__ import annotations

import pytest

from leadbridge.agreement import Agreement, offer
from leadbridge.domain.facts import HandoffOffered
from leadbridge.domain.lead import Lead
from leadbridge.errors import AgreementError, ConfigError, IncompletePackage

HEAD = """
agreement: Packages
version: 1
effective: 2026-01-01
attributes: {sites: number}
lifecycle: {preset: spine, entries: {by_partner: {function: partner, at: sales_accepted}}}
sync: {systems: {marketing: hubspot, sales: salesforce}}
handoff:
"""
PACKAGES = """
  package: {required: [email, company], optional: [sites]}
  packages:
    - {sources: [trade_fair], to: sales, required: [last_name], one_of: [[phone, email], [company, website]]}
    - {to: partner, required: [country], one_of: [[phone, email]]}
    - {sources: [trade_fair], required: [company]}
"""
AGREED = Agreement.loads(HEAD + PACKAGES)


def problems(text: str) -> str:
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(HEAD + text)
    return str(caught.value)


def test_the_first_package_that_fits_source_and_receiver_applies() -> None:
    assert AGREED.package_for("trade_fair", "sales").required == ("last_name",)
    assert AGREED.package_for("trade_fair").required == ("last_name",)
    assert AGREED.package_for("trade_fair", "partner").required == ("country",)
    assert AGREED.package_for(None).required == ("email", "company")
    assert AGREED.package_for("web", "sales") is AGREED.handoff.package


def test_an_offer_names_missing_groups_in_words() -> None:
    lead = Lead.from_fields("L1", {"source": "trade_fair", "company": "Acme"})
    with pytest.raises(IncompletePackage, match="lacks last_name, phone or email") as caught:
        offer(lead, agreement=AGREED)
    assert caught.value.missing == ("last_name", "phone or email")


def test_an_offer_to_another_function_takes_the_package_for_it() -> None:
    lead = Lead.from_fields("L1", {"source": "trade_fair", "country": "DE", "phone": "+49 30"})
    handoff = offer(lead, agreement=AGREED, to="partner")
    assert (handoff.to_function, handoff.package, handoff.promised) == ("partner", ("country", "phone"), 2)
    assert handoff.completeness is not None
    assert handoff.completeness.share == 1.0
    (told,) = handoff.facts
    assert isinstance(told, HandoffOffered)
    assert (told.to_function, told.promised) == ("partner", 2)


def test_a_lead_is_offered_to_a_function_of_the_agreement_and_not_to_the_one_that_offers() -> None:
    lead = Lead.from_fields("L1", {"email": "ada@acme.example", "company": "Acme"})
    with pytest.raises(ConfigError, match="unknown function sale: did you mean sales"):
        offer(lead, agreement=AGREED, to="sale")
    with pytest.raises(ConfigError, match="cannot offer a lead to itself"):
        offer(lead, agreement=AGREED, to="marketing")


def test_an_agreement_that_promises_nothing_has_no_completeness() -> None:
    agreed = Agreement.loads(HEAD + "  at: marketing_qualified\n")
    assert offer(Lead(id="L1"), agreement=agreed).completeness is None


@pytest.mark.parametrize(
    ("package", "line", "what", "remedy"),
    [
        ("  package: {one_of: [[phone, mail]]}\n", 9, "unknown field mail", "did you mean email?"),
        ("  package: {one_of: [[phone], []]}\n", 9, "this group names no field", "write it as [phone, email]"),
        (
            "  package: {required: [email], one_of: [[phone, email]]}\n",
            9,
            "email is required already",
            "remove the group",
        ),
        ("  packages:\n    - {to: sales, required: [emial]}\n", 10, "unknown field emial", "did you mean email?"),
        ("  packages:\n    - {to: finance}\n", 10, "unknown function finance", "sales, partner"),
        ("  packages:\n    - {to: marketing}\n", 10, "marketing offers the lead", "name the receiving function"),
        ("  packages:\n    - {required: [email]}\n", 10, "fits every lead", "write it as handoff.package"),
        (
            "  packages:\n    - {to: sales}\n    - {to: sales, sources: [web]}\n",
            11,
            "package 1 of the list takes every lead that this one is for",
            "put the more special one first",
        ),
        (
            "  packages:\n    - {sources: [web, fair]}\n    - {sources: [fair], to: partner}\n",
            11,
            "package 1 of the list takes every lead",
            "put the more special one first",
        ),
    ],
)
def test_a_package_that_makes_no_sense_is_refused_with_line_and_remedy(
    package: str, line: int, what: str, remedy: str
) -> None:
    said = problems(package)
    assert f"line {line}: " in said
    assert what in said
    assert remedy in said


def test_a_special_package_before_a_general_one_is_fine() -> None:
    Agreement.loads(
        HEAD + "  packages:\n    - {sources: [web], to: sales}\n    - {sources: [web]}\n    - {to: sales}\n"
    )
