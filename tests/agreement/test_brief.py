"""The brief: what a salesperson has to know before calling, with nothing of it in logs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from leadbridge.agreement import Agreement
from leadbridge.agreement.brief import Brief, brief
from leadbridge.agreement.promises import board
from leadbridge.domain.facts import (
    BuyingStageEntered,
    ConsentWithdrawn,
    Fact,
    HandoffDecided,
    HandoffOffered,
    LeadCaptured,
    LeadEnriched,
    OpportunityLost,
    StageEntered,
)
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import Lead
from tests.domain.told import START, assigned, call, fact, offered, read

AGREED = Agreement.loads("""
agreement: Briefing
version: 2
effective: 2026-01-01
buying_stages:
  stages:
    - {id: exploring, label: Exploring solutions}
    - id: deciding
      plays:
        - {function: sales, does: walk through the calculator, assets: [calculator], messages: [savings]}
        - {function: marketing, does: send a case}
definitions:
  ready:
    criteria:
      - {id: reachable, when: lead.email is not null, why: sales can write}
      - {id: size, when: company.employees >= 50, why: price fits}
      - {id: budget, when: lead.score >= 10, why: points}
handoff:
  definition: ready
  package: {required: [email, company, title], one_of: [[phone, website]]}
calendars: {always: {zone: UTC, hours: always}}
slas:
  - {id: answer, duty_of: sales, targets: [{id: first_touch, starts: offered, stops: touched, within: 4 hours}]}
messages: [{id: savings, text: Saves a day a week}]
assets:
  - {id: guide, type: paper, title: What to ask | vendors}
  - {id: calculator, type: tool, title: Cost <calculator>, message: savings}
""")
LEAD = Lead.from_fields(
    "L1",
    {
        "first_name": "Ada",
        "last_name": "Wintér-日本",
        "title": "Head of *Operations*",
        "company": "Acme <script>",
        "employees": 400,
        "email": "ada@acme.example",
        "phone": "+44 20 7946 0000",
        "source": "web",
    },
)
STORY: list[Fact] = [
    fact(LeadCaptured, 0, source="web"),
    fact(HandoffOffered, 1, handoff="h0", missing=("title",), promised=4),
    fact(HandoffDecided, 3, handoff="h0", decision="recycle", reason="bad_timing", due_at=START + timedelta(days=60)),
    fact(OpportunityLost, 4, opportunity="D1", reason="no_budget"),
    fact(StageEntered, 5, stage="marketing_qualified", passage=2),
    read(6, asset="guide", channel="email", asked=("price",), answers=(("team", "ten"),)),
    read(7, asset="calculator", channel="web"),
    fact(BuyingStageEntered, 7, buying_stage="deciding", evidence="used_the_calculator", inferred=True),
    offered(8, handoff="h1", package=("email", "company"), missing=("title", "phone or website"), promised=4),
    assigned(9),
    fact(LeadEnriched, 10, enriched=("title",), provider="register"),
]
NOW = START + timedelta(hours=11)


def made(*more: Fact, lead: Lead = LEAD, agreement: Agreement = AGREED, **options: Any) -> Brief:
    history = LeadHistory.fold([*STORY, *more])
    return brief(history, lead, agreement, at=NOW, clocks=board([history], agreement, NOW), **options)


def lines(page: Brief) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = page.to_dict()["sections"]
    return sections


def test_the_brief_answers_what_the_buyer_did_read_asked_and_was_told_by_whom_and_in_which_stage() -> None:
    said = lines(made())
    assert said["What the buyer did"] == [
        "2026-03-02 15:00 UTC  read from marketing (email): What to ask | vendors",
        "2026-03-02 16:00 UTC  read from marketing (web): Cost <calculator>, at deciding",
    ]
    assert said["What the buyer read"][0] == "What to ask | vendors (marketing, 2026-03-02)"
    assert said["What the buyer was told"] == ["Saves a day a week (marketing, 2026-03-02)"]
    assert said["What the buyer asked"] == ["price (marketing, 2026-03-02)"]
    assert said["Known already: do not ask again"] == ["team: ten (to marketing, 2026-03-02)"]
    assert said["Where the buyer stands"] == [
        "buying stage: deciding since 2026-03-02 16:00 UTC, concluded from used_the_calculator",
        "lifecycle stage: marketing_qualified",
    ]


def test_the_brief_says_why_now_what_is_still_owed_and_what_came_before() -> None:
    said = lines(made())
    assert said["Why now"][0] == "ready: cannot be said yet"
    assert "unknown, because lead.score is missing: budget: points" in said["Why now"]
    duty = next(line for line in said["The hand-off"] if line.startswith("marketing's duty to inform: "))
    assert "2 of 4 promised pieces of information were there; missing: title, phone or website" in duty
    assert duty.endswith("; told later: title (50%)")
    assert any("sales has not touched the lead since the offer" in line for line in said["The hand-off"])
    first, deal = said["Earlier offers, and what came of them"]
    assert first.startswith("passage 1: offered to sales on 2026-03-02; decided: recycled on 2026-03-02, reason ")
    assert first.endswith("to be offered again from 2026-05-01")
    assert deal.startswith("opportunity D1: lost on 2026-03-02, reason ")


def test_the_next_steps_are_the_plays_of_the_stage_the_due_promises_and_what_to_find_out() -> None:
    assert lines(made())["Next steps"] == [
        "answer.first_touch: due 2026-03-02 21:00 UTC, 1 h left",
        "walk through the calculator: Cost <calculator>, “Saves a day a week”",
        "find out: phone or website",
    ]
    assert lines(made(call(10.5)))["Next steps"][0].startswith("walk through")


def test_the_reader_sees_the_person_and_where_enriched_values_come_from() -> None:
    who = lines(made())["Who"]
    assert "last name: Wintér-日本" in who
    assert "title: Head of *Operations* (from register)" in who
    assert "phone: +44 20 7946 0000" in who


def test_fields_that_were_not_promised_to_the_reader_are_not_shown() -> None:
    silent = AGREED.model_copy(
        update={"handoff": AGREED.handoff.model_copy(update={"package": type(AGREED.handoff.package)()})}
    )
    assert "email" not in made(agreement=silent).who
    assert set(made(fields=("company", "title")).who) == {"company", "title"}


def test_an_address_of_a_channel_that_the_person_opted_out_of_is_withheld() -> None:
    page = made(fact(ConsentWithdrawn, 9, channel="email"))
    assert "ada@acme.example" not in page.markdown() + page.html() + json.dumps(page.to_dict())
    assert "email: withheld, the person has opted out" in lines(page)["Who"]
    assert lines(page)["Do not use"] == ["email: opted out on 2026-03-02"]
    assert made(lead=LEAD.model_copy(update={"opted_out": True})).withheld == ("email",)


def test_nothing_of_the_person_stands_in_the_representation() -> None:
    page = made()
    for shown in (repr(page), str(page)):
        assert "ada@" not in shown
        assert "Wint" not in shown
        assert "Acme" not in shown
    assert "L1" in repr(page)


def test_what_people_wrote_is_neither_markup_in_html_nor_in_markdown() -> None:
    page = made()
    assert "<script>" not in page.html()
    assert "Acme &lt;script&gt;" in page.html()
    assert page._repr_html_() == page.html()
    text = page.markdown()
    assert "Acme \\<script\\>" in text
    assert "Head of \\*Operations\\*" in text
    assert "What to ask \\| vendors" in text
    assert "used_the_calculator" in text
    assert text.startswith("# Brief for sales\n\nLead L1, 2026-03-02 20:00 UTC. Briefing v2, in force, not signed.\n")


def test_a_line_break_in_a_name_does_not_end_a_line_of_the_page() -> None:
    text = made(lead=LEAD.model_copy(update={"last_name": "Winter\n# Owned"})).markdown()
    assert "- last name: Winter \\# Owned\n" in text


def test_a_program_reads_the_same_as_a_person() -> None:
    page = made().to_dict()
    assert json.loads(json.dumps(page)) == page
    assert (page["for"], page["buying_stage"], page["handoff"], page["journey"]) == (
        "sales",
        "deciding",
        "h1",
        "not begun",
    )
    assert page["completeness"] == {"share": 0.5, "missing": ["title", "phone or website"], "late": ["title"]}
    assert page["answers"] == {"team": "ten"}
    assert page["due"] == [{"promise": "answer.first_touch", "at": "2026-03-02T21:00:00.000Z"}]


def test_a_lead_about_which_little_is_known_has_a_brief_too() -> None:
    history = LeadHistory.fold([fact(LeadCaptured)])
    bare = Agreement.loads("agreement: Bare\nversion: 1\neffective: 2026-01-01\n")
    said = brief(history, Lead(id="L1"), bare, at=NOW).to_dict()["sections"]
    assert said == {
        "Where the buyer stands": ["buying stage: nobody knows yet", "lifecycle stage: captured"],
        "The hand-off": ["not offered to sales yet"],
    }


def test_only_the_latest_interactions_are_listed_and_the_others_are_counted() -> None:
    many = [read(10 + n / 100, interaction=f"more-{n}") for n in range(40)]
    did = lines(made(*many))["What the buyer did"]
    assert (did[0], len(did)) == ("(17 older interactions are left out)", 26)


@pytest.mark.parametrize("hours", [5, 8.5])
def test_a_brief_of_an_earlier_moment_knows_no_later_interaction(hours: float) -> None:
    history = LeadHistory.fold(STORY)
    page = brief(history, LEAD, AGREED, at=START + timedelta(hours=hours))
    assert len(page.touches) == len([touch for touch in history.touches if touch.fact.occurred_at <= page.at])
    assert replace(page, touches=()).memory == page.memory
