"""What holds together but will disappoint: remarks on an agreement alone, and on an agreement with its ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadbridge import Bridge
from leadbridge.agreement import Agreement, lint
from leadbridge.clock import ManualClock
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.errors import Problem
from leadbridge.memory import MemoryAdapter
from tests.sync.conftest import AGREEMENT, START, person

EXAMPLE = Agreement.preset("example")
HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
METRICS = ("funnel", "acceptance_rate", "sla_attainment")


def bare(body: str = "") -> Agreement:
    return Agreement.loads(HEAD + body)


def remarks(body: str, **more: Any) -> dict[str, Problem]:
    """What a section gives rise to, beyond what a bare agreement is told anyway."""
    anyway = {str(each) for each in lint(bare())}
    return {each.path: each for each in lint(bare(body), **more) if str(each) not in anyway}


def test_the_example_has_nothing_to_complain_about() -> None:
    assert lint(EXAMPLE, on=date(2026, 3, 2), metrics=METRICS) == []


def test_a_bare_agreement_is_told_what_it_lacks() -> None:
    found = lint(bare("required_signatures: [cmo]"))
    assert [each.path for each in found] == [
        "signatures", "definitions", "slas", "handoff.package", "sync.include", "buying_stages",
        "buying_stages.plays", "buying_stages.plays", "reviews",
    ]  # fmt: skip
    assert all(each.remedy for each in found)
    assert "required_signatures" in {each.path for each in lint(bare())}


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        (
            (
                "definitions: {ready: {criteria: [{id: a, when: email is not null}]}, "
                "warm: {criteria: [{id: a, when: email is not null}]}}\nhandoff: {definition: ready}"
            ),
            "definitions.warm",
            "no hand-off and no campaign uses the definition warm",
        ),
        (
            "slas: [{id: s, targets: [{id: t, starts: offered, stops: decided, within: 4 hours}]}]",
            "slas.s.targets.t",
            "the promise s.t counts nights, weekends and holidays",
        ),
        (
            "value_propositions: [{id: v, text: V}]\nmessages: [{id: m, text: M}]",
            "messages.m",
            "the message m stands for no value proposition",
        ),
        ("assets: [{id: a, type: report}]", "assets.a", "nothing refers to the asset a"),
        (
            (
                "feedback: {channels: [call, crm], expected: [{id: e, from: sales, to: marketing, subject: lead, "
                "after: [reject], within: 1 day, channel: crm}]}"
            ),
            "feedback.channels.call",
            "no feedback is expected over call",
        ),
        ("targets: [{metric: funnel, at_least: 1}]", "targets.funnel", "nobody looks after the target for funnel"),
        ("targets: [{metric: funel, at_least: 1, owner: sales}]", "targets.funel", "there is no metric funel"),
        (
            "plan: [{id: q, starts: 2026-01-01, ends: 2026-03-31, targets: [{metric: w, at_least: 1, owner: sales}]}]",
            "plan.q.targets.w",
            "there is no metric w",
        ),
        (
            "incentives: [{id: i, functions: [marketing, sales], metrics: [funnel]}]",
            "incentives.i",
            "the incentive i has no target for funnel",
        ),
        (
            (
                "targets: [{metric: funnel, at_least: 1, owner: sales}]\n"
                "incentives: [{id: i, functions: [sales], metrics: [funnel]}]"
            ),
            "incentives.i",
            "the incentive i is not shared",
        ),
        ("campaigns: [{id: c, success: s}]", "campaigns.c", "only one function planned the campaign c"),
        (
            "campaigns: [{id: c, needs_sign_off_of: [sales]}]",
            "campaigns.c",
            "nobody can tell whether the campaign c succeeded",
        ),
        (
            "campaigns: [{id: c, success: s, starts: 2026-03-01, needs_sign_off_of: [sales]}]",
            "campaigns.c",
            "the campaign c began on 2026-03-01 without the sign-off of sales",
        ),
        (
            "campaign_names: {pattern: '{year}'}\ncampaigns: [{id: c, success: s, needs_sign_off_of: [sales]}]",
            "campaigns.c",
            "the campaign c has no name by the agreed pattern",
        ),
        ("until: 2026-02-01", "until", "it expired on 2026-02-01"),
        (
            (
                "lifecycle:\n"
                "  stages: [{id: a, spine: captured}, {id: z, spine: won}, {id: x, spine: rejected},\n"
                "    {id: y, spine: recycled}]\n"
                "  success_path: [a, z]\n"
                "  detours: {x: {from: [y], return: [a]}, y: {from: [x], return: [a]}}\n"
                "handoff: {at: a}"
            ),
            "lifecycle.detours.x",
            "no lead can ever reach the stage x",
        ),
    ],
)  # fmt: skip
def test_each_thing_that_will_disappoint_is_remarked_with_its_place_and_the_way_out(
    body: str, path: str, message: str
) -> None:
    found = remarks(body, on=date(2026, 3, 2), metrics=METRICS)
    assert path in found, found
    assert found[path].message == message
    assert found[path].remedy


def test_without_a_day_and_the_names_of_metrics_nothing_is_said_about_them() -> None:
    body = "until: 2026-02-01\ntargets: [{metric: funel, at_least: 1, owner: sales}]"
    assert remarks(body) == {}


# -- with a ledger -----------------------------------------------------------------------------------------------------

BODY = """
definitions:
  ready:
    criteria: [{id: reachable, when: email is not null}, {id: giant, when: company.employees > 100000}]
handoff: {definition: ready, at: marketing_qualified}
calendars: {office: {zone: UTC, hours: always}}
slas:
  - id: answer
    calendar: office
    targets:
      - {id: never, starts: offered, stops: decided, within: 1 business minute}
      - {id: sometimes, starts: offered, stops: decided, within: 4 business hours}
      - {id: not_yet, starts: assigned, stops: decided, within: 4 business hours}
routing:
  queues: [emea, us]
  rules: [{id: all, kind: default, queue: emea}]
"""


def history(lead: str, *, decision: str = "reject", reason: str = "price") -> LeadHistory:
    def at(hours: int) -> dict[str, Any]:
        when = NOW - timedelta(days=3) + timedelta(hours=hours)
        return {"lead": lead, "occurred_at": when, "recorded_at": when}

    return LeadHistory.fold(
        [
            f.LeadCaptured(**at(0)),
            f.StageEntered(stage="marketing_qualified", **at(1)),
            f.HandoffOffered(
                handoff="h", from_function="marketing", to_function="sales", package=(), missing=(), **at(1)
            ),
            f.HandoffRouted(handoff="h", queue="emea", **at(1)),
            f.HandoffDecided(handoff="h", decision=decision, reason=reason, **at(2)),  # type: ignore[arg-type]  # a word
        ]
    )


def seen(*histories: LeadHistory, fields: dict[str, dict[str, object]] | None = None) -> dict[str, str]:
    found = lint(bare(BODY), histories=histories, fields=fields, now=NOW)
    before = {str(each) for each in lint(bare(BODY))}
    return {each.path: each.message for each in found if str(each) not in before}


def test_the_ledger_shows_what_nobody_ever_used_met_or_kept() -> None:
    fields: dict[str, dict[str, object]] = {"a": {"email": "x@y.example", "employees": 5}, "b": {"employees": 7}}
    found = seen(history("a"), history("b"), fields=fields)
    assert found["definitions.ready.criteria.giant"] == "none of 2 leads ever met the criterion giant"
    assert "definitions.ready.criteria.reachable" not in found
    assert found["lifecycle"].startswith("none of 2 leads ever entered engaged, sales_accepted")
    assert found["crosswalks"] == "nobody ever gave the decision accept, recycle, disqualify, ineligible"
    assert "price" not in found["reasons"]
    assert "wrong_industry" in found["reasons"] or "more" in found["reasons"]
    assert found["routing.queues.us"] == "no offer ever reached the queue us"
    assert found["slas.answer.targets.never"] == "the promise answer.never was never kept in time, 2 times of 2"
    assert not {"slas.answer.targets.sometimes", "slas.answer.targets.not_yet", "routing.queues.emea"} & set(found)


def test_what_a_ledger_cannot_show_is_not_remarked() -> None:
    accepted = history("a", decision="accept", reason="")
    found = seen(accepted)
    assert "reasons" not in found
    assert not any(path.startswith("definitions") for path in found)


def test_an_empty_ledger_says_only_that() -> None:
    assert seen() == {"": "the ledger is empty: nobody knows yet what is used"}


def test_a_ledger_without_offers_says_so() -> None:
    captured = LeadHistory.fold([f.LeadCaptured(lead="a", occurred_at=NOW, recorded_at=NOW)])
    assert seen(captured)["handoff.at"] == "no lead was ever offered"


def test_histories_are_judged_at_an_instant() -> None:
    with pytest.raises(ValueError, match="give now"):
        lint(EXAMPLE, histories=[])


def test_a_bridge_lints_its_agreement_against_its_ledger() -> None:
    clock = ManualClock(START)
    adapters = {name: MemoryAdapter(name, clock=clock) for name in ("left", "right")}
    text = AGREEMENT + "definitions: {ready: {criteria: [{id: a, when: company.name = 'Nobody'}]}}\n"
    text += "targets: [{metric: funel, at_least: 1, owner: sales}]\n"
    with Bridge(Agreement.loads(text), adapters, "sqlite://", writes="on", clock=clock, grace=timedelta(0)) as bridge:
        adapters["left"].crm.seed("person", [person(1)])
        bridge.sync()
        found = {each.path: each.message for each in bridge.lint()}
    assert found["definitions.ready.criteria.a"] == "none of 1 lead ever met the criterion a"
    assert found["targets.funel"] == "there is no metric funel"
    assert "sales_accepted" in found["lifecycle"]
