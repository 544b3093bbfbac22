"""What an agreement answers."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.agreement import Agreement, FieldPolicy, KindCrosswalk
from leadbridge.agreement.presets import AGREEMENTS
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import LEAD_FIELDS, Lead
from leadbridge.errors import AgreementError, ConfigError, IllegalMove

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXAMPLE = Agreement.preset("example")
FUNNEL = Agreement.preset("funnel")


def minimal(body: str = "") -> Agreement:
    return Agreement.loads(f"agreement: Test\nversion: 1\neffective: 2026-01-01\n{body}")


# -- presets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", AGREEMENTS)
def test_a_preset_survives_being_written_and_read_again(name: str) -> None:
    agreement = Agreement.preset(name)
    assert Agreement.loads(agreement.to_yaml()) == agreement
    assert pickle.loads(pickle.dumps(agreement)) == agreement


def test_an_unknown_preset_is_answered_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="did you mean example"):
        Agreement.preset("exampel")


def test_the_smallest_agreement_has_sensible_parts() -> None:
    agreement = minimal()
    assert agreement.lifecycle.ids[0] == "captured"
    assert len(agreement.buying_stages) == 6
    assert len(agreement.reasons) == 44
    assert agreement.handoff.at == "marketing_qualified"
    assert agreement.includes({})


def test_the_lead_list_knows_its_leads_by_a_key_and_nothing_else() -> None:
    contact, lead = FUNNEL.crosswalks["hubspot"]["contact"], FUNNEL.crosswalks["salesforce"]["Lead"]
    assert contact.fields["external_id"] == "mql_id"
    assert contact.stage_dates == {"marketing_qualified": "first_contact_date"}
    assert lead.fillers == {"LastName": "(not given)", "Company": "(not given)"}
    assert FUNNEL.slas == ()
    assert FUNNEL.includes({"source": "unknown"})


# -- crosswalks --------------------------------------------------------------------------------------------------------


def test_a_value_of_a_crm_stands_for_a_stage() -> None:
    assert EXAMPLE.stage_of("salesforce", "Working - Contacted") == "sales_accepted"
    assert EXAMPLE.stage_of("hubspot", "customer", "contact") == "won"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("salesforce", "Working"), "means no stage in salesforce: did you mean Working - Contacted"),
        (("salesforce", "working - contacted"), "did you mean Working - Contacted"),
        (("salesforce", "Closed - Not Converted"), "means no stage"),
        (("salesfroce", "x"), "no crosswalk for salesfroce: did you mean salesforce"),
        (("hubspot", "customer", "contacts"), "no crosswalk for contacts in hubspot: did you mean contact"),
    ],
)
def test_a_value_without_a_stage_lists_the_ones_that_have_one(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EXAMPLE.stage_of(*arguments)


def test_a_value_that_means_two_stages_asks_for_the_kind() -> None:
    agreement = minimal(
        "crosswalks:\n  crm:\n    A: {values: {f: {x: {stage: engaged}}}}\n    B: {values: {f: {x: {stage: won}}}}"
    )
    with pytest.raises(ConfigError, match=r"engaged \(A\.f\), won \(B\.f\); say which kind"):
        agreement.stage_of("crm", "x")
    assert agreement.stage_of("crm", "x", "B") == "won"


def test_a_meaning_has_several_axes_and_an_unmapped_value_has_none() -> None:
    assert EXAMPLE.means("salesforce", "Lead", "Status", "Working - Contacted") == {
        "stage": "sales_accepted",
        "status": "connected",
        "decision": "accept",
    }
    assert EXAMPLE.means("salesforce", "Lead", "Rejection_Reason__c", "Bad data") == {"reason": "entry_error"}
    assert EXAMPLE.means("salesforce", "Lead", "Status", "Zombie") == {}
    assert EXAMPLE.means("nowhere", "Lead", "Status", "x") == {}


def test_a_crosswalk_knows_every_field_that_it_reads() -> None:
    crosswalk = KindCrosswalk.model_validate(
        {
            "as": "lead",
            "fields": {"email": "E"},
            "values": {"S": {"x": {"stage": "won"}}},
            "stage_dates": {"won": "D"},
            "touches": [{"at": "T", "asset": "A"}],
            "opportunity": "O",
        }
    )
    assert crosswalk.crm_fields == ("E", "S", "D", "T", "A", "O")


def test_functions_and_systems_are_found_both_ways() -> None:
    assert EXAMPLE.function_of("my connection", "hubspot") == "marketing"
    assert EXAMPLE.system_of("sales") == "salesforce"
    with pytest.raises(ConfigError, match="no function of the agreement works in pipedrive"):
        EXAMPLE.function_of("pipedrive")
    with pytest.raises(ConfigError, match="works in no system"):
        EXAMPLE.system_of("support")


# -- precedence --------------------------------------------------------------------------------------------------------


def test_the_winner_flips_at_the_agreed_stage_and_stays_so_in_a_detour_behind_it() -> None:
    assert EXAMPLE.policy_for("country", "engaged") == ("owner", "marketing")
    assert EXAMPLE.policy_for("country", None) == ("owner", "marketing")
    assert EXAMPLE.policy_for("country", "opportunity") == ("owner", "sales")
    assert EXAMPLE.policy_for("country", "won") == ("owner", "sales")
    assert EXAMPLE.policy_for("country", "lost") == ("owner", "sales")
    assert EXAMPLE.policy_for("country", "rejected") == ("owner", "marketing")


def test_a_silent_agreement_has_sensible_policies() -> None:
    agreement = minimal()
    assert agreement.policy_for("opted_out", "won").policy == "sticky"
    assert agreement.policy_for("source", "won") == ("owner", "marketing")
    assert agreement.policy_for("status", "engaged") == ("owner", "sales")
    assert agreement.policy_for("company", "engaged") == ("owner", "marketing")
    assert agreement.policy_for("company", "opportunity") == ("owner", "sales")
    assert agreement.policy_for("title", "engaged") == ("latest", "sales")
    assert {agreement.field_policy(name).clear for name in LEAD_FIELDS} == {"keep"}


def test_the_functions_are_those_of_the_agreement_and_not_built_in() -> None:
    agreement = minimal("handoff: {from: growth, to: partners}")
    assert agreement.policy_for("owner", None) == ("owner", "partners")
    assert agreement.functions == ("growth", "partners")


@given(st.permutations(EXAMPLE.lifecycle.success_path), st.integers(0, 6), st.integers(0, 6))
def test_precedence_depends_on_the_stage_and_not_on_the_order_of_writing(
    order: list[str], one: int, other: int
) -> None:
    turns = {name: f"f{name}" for name in order if name in (order[one], order[other])}
    policy = FieldPolicy(policy="owner", owner="first", from_stage=turns)
    path = EXAMPLE.lifecycle.success_path
    for rank, stage in enumerate(path):
        passed = [name for name in path[: rank + 1] if name in turns]
        expected = turns[passed[-1]] if passed else "first"
        assert policy.ruling(stage, EXAMPLE.lifecycle).winner == expected


def test_a_guard_is_the_larger_of_a_count_and_a_share() -> None:
    guards = minimal("sync: {guards: {max_clears: {count: 5, share: 0.1}}}").sync.guards
    assert [guards.max_clears.limit(links) for links in (0, 40, 100, 1000)] == [5, 5, 10, 100]
    assert guards.max_changes.limit(10) == 200


# -- readiness ---------------------------------------------------------------------------------------------------------


def lead(**more: Any) -> Lead:
    fields = {"email": "ada@acme.example", "opted_out": False, "employees": 200, "industry": "Retail", "score": 70}
    return Lead.from_fields("L1", {**fields, **more})


def test_a_lead_that_meets_every_criterion_is_ready() -> None:
    verdict = EXAMPLE.readiness(lead())
    assert verdict.ok is True
    assert verdict.definition == "sales_ready"


def test_readiness_names_what_failed_and_what_is_missing() -> None:
    verdict = EXAMPLE.readiness(lead(employees=20, industry=None))
    assert (verdict.ok, verdict.failed, verdict.unknown) == (False, ("size",), ("industry",))
    assert verdict.missing == ("company.industry",)
    assert EXAMPLE.readiness(lead(industry=None)).ok is None


def test_readiness_looks_back_from_the_given_time() -> None:
    reads = [Interaction.model_validate({"at": NOW - timedelta(days=day), "nature": "content"}) for day in (1, 20)]
    cold = lead(score=None)
    assert EXAMPLE.readiness(cold).ok is None
    assert EXAMPLE.readiness(cold, interactions=reads, at=NOW).ok is True
    assert EXAMPLE.readiness(lead(score=1), interactions=reads, at=NOW + timedelta(days=30)).ok is False


def test_flat_fields_are_as_good_as_a_lead() -> None:
    assert EXAMPLE.readiness(lead().fields()) == EXAMPLE.readiness(lead())


def test_an_agreement_may_declare_further_fields_with_their_types() -> None:
    agreement = minimal(
        "attributes: {seats: number}\ndefinitions:\n  big: {criteria: [{id: seats, when: seats >= 10}]}"
    )
    assert agreement.readiness({"seats": "12"}).ok is True
    with pytest.raises(AgreementError, match="cannot be compared"):
        minimal("attributes: {seats: number}\nsync: {include: seats = 'ten'}")


def test_what_is_not_defined_is_said() -> None:
    with pytest.raises(ConfigError, match="defines nothing to be ready for"):
        minimal().readiness(lead())
    with pytest.raises(ConfigError, match="did you mean sales_ready"):
        EXAMPLE.readiness(lead(), "sales_redy")


def test_only_leads_for_which_the_rule_is_surely_true_cross() -> None:
    assert EXAMPLE.includes({"email": "ada@acme.example", "stage": "marketing_qualified"})
    assert not EXAMPLE.includes({"email": "ada@acme.example", "stage": "captured"})
    assert not EXAMPLE.includes({"email": "ada@acme.example", "stage": "engaged"})
    assert not EXAMPLE.includes({"stage": "marketing_qualified"})
    assert not EXAMPLE.includes({"email": "ada@acme.example"})


def test_reasons_can_be_added_changed_and_removed() -> None:
    agreement = minimal(
        "reasons:\n"
        "  add: [{code: values_mismatch, category: target, allowed_decisions: [reject], remedy_owner: sales, "
        "default_action: talk}]\n"
        "  override: {no_response: {cool_off: 5 days}, price: {remedy_owner: product}}\n"
        "  remove: [spam]\n"
    )
    assert agreement.reason("values_mismatch").default_action == "talk"
    assert agreement.reason("no_response").cool_off == timedelta(days=5)
    assert agreement.reason("no_response").default_action == "nurture"
    assert agreement.reason("price").remedy_owner == "product"
    with pytest.raises(IllegalMove, match="unknown reason spam"):
        agreement.reason("spam")


def test_the_asset_register_tells_the_buying_stage_of_an_interaction() -> None:
    touch = Interaction.model_validate({"at": NOW, "nature": "content", "asset": "roi-calculator"})
    (entry,) = EXAMPLE.buying_entries([touch])
    assert (entry.stage, entry.evidence) == ("justifying_decision", "used_the_calculator")


# -- governance --------------------------------------------------------------------------------------------------------


def test_an_agreement_holds_from_its_first_day_until_the_day_before_its_last() -> None:
    agreement = minimal("until: 2027-01-01")
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [agreement.in_force(day) for day in days] == [False, True, True, False]
    assert agreement.in_force(NOW)
    assert agreement.standing(days[0]) == "Test v1, not in force before 2026-01-01, not signed"
    assert agreement.standing(days[3]) == "Test v1, expired on 2027-01-01, not signed"


def test_who_has_not_signed_is_said() -> None:
    text = "required_signatures: [cmo, cro]\nsignatures: [{role: cmo, name: A, on: 2025-12-01}]"
    agreement = minimal(text)
    assert (agreement.unsigned, agreement.signed) == (("cro",), False)
    assert agreement.standing(NOW) == "Test v1, in force, not signed by cro"
    assert EXAMPLE.signed
    assert EXAMPLE.standing(NOW).endswith("in force, signed")


# -- traps of YAML -----------------------------------------------------------------------------------------------------


def test_yaml_does_not_turn_words_into_something_else() -> None:
    agreement = minimal(
        "language: no\n"
        "crosswalks:\n"
        "  crm:\n"
        "    kind:\n"
        "      values:\n"
        "        open:\n"
        "          no: {stage: engaged}\n"
        "          true: {stage: won}\n"
        "          0123: {stage: lost}\n"
        "          123456789012: {stage: captured}\n"
        "          12:30: {stage: opportunity}\n"
    )
    assert agreement.language == "no"
    assert [agreement.stage_of("crm", text) for text in ("no", "true", "0123", "123456789012", "12:30")] == [
        "engaged", "won", "lost", "captured", "opportunity"
    ]  # fmt: skip


def test_the_json_schema_speaks_the_words_of_the_document() -> None:
    schema = Agreement.json_schema()
    assert {"agreement", "version", "effective"} <= set(schema["required"])
    assert {"lifecycle", "buying_stages", "reasons", "handoff", "slas"} <= set(schema["properties"])
    assert not any(name.endswith("_terms") for name in schema["properties"])
    assert json.dumps(schema)
