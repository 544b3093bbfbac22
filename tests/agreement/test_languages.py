"""Whole agreements in German and Japanese: names in their own script work everywhere, not only in labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
import yaml
from typer.testing import CliRunner

from leadbridge.agreement import Agreement, clocks, diff, offer
from leadbridge.agreement.render import page as page_of
from leadbridge.analytics import Result, Snapshot
from leadbridge.cli.app import build
from leadbridge.clock import ManualClock
from leadbridge.domain.facts import HandoffDecided, StageEntered
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.errors import AgreementError, IllegalMove, IncompletePackage

DOCUMENTS = Path(__file__).parent / "documents"
MONDAY = datetime(2026, 6, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """An agreement in a language, and a lead as people there would write one."""

    path: Path
    lead: dict[str, Any]
    definition: str
    failing: tuple[str, str]
    stages: tuple[str, str, str]
    reason: str
    rejected: str
    label: str
    asset: tuple[str, str]

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def agreement(self) -> Agreement:
        return Agreement.load(self.path)


GERMAN = Told(
    path=DOCUMENTS / "german.yaml",
    lead={
        "email": "jörg@öfen.example",
        "company": "Öfen & Größe GmbH",
        "title": "Geschäftsführer",
        "first_name": "Jörg",
        "industry": "Maschinenbau & Öfen",
        "employees": 120,
        "opted_out": False,
        "country": "Österreich",
        "maschinenpark": 4,
        "straße": "Große Gasse 1",
    },
    definition="reif",
    failing=("branche", "Bäckerei"),
    stages=("übergabereif", "angenommen", "gewonnen"),
    reason="falsche_branche",
    rejected="zurückgewiesen",
    label="Falsche Branche",
    asset=("störungsbericht", "unzufrieden"),
)
JAPANESE = Told(
    path=DOCUMENTS / "japanese.yaml",
    lead={
        "email": "taro@sample.example",
        "company": "株式会社サンプル",
        "title": "部長",
        "industry": "製造業",
        "従業員規模": "五十人以上",
        "country": "日本",
        "region": "大阪府",
    },
    definition="引き渡し可能",
    failing=("対象業種", "飲食業"),
    stages=("引き渡し", "受領", "受注"),
    reason="業種違い",
    rejected="差し戻し",
    label="業種が違う",
    asset=("業界白書", "現状への疑問"),
)

both = pytest.mark.parametrize("told", [GERMAN, JAPANESE], ids=["german", "japanese"])


def lead_of(told: Told, **more: Any) -> Lead:
    return Lead.from_fields("L1", {**told.lead, "stage": told.stages[0], **more})


@both
def test_readiness_is_judged_with_evidence_in_its_own_words(told: Told) -> None:
    agreement = told.agreement
    verdict = agreement.readiness(told.lead, interactions=(), at=MONDAY)
    assert (verdict.definition, verdict.ok) == (told.definition, True)
    criterion, value = told.failing
    failed = agreement.readiness({**told.lead, "industry": value}, interactions=(), at=MONDAY)
    assert failed.failed == (criterion,)
    assert any(line.startswith(f"  failed: {criterion}") or criterion in line for line in str(failed).splitlines())
    assert criterion in failed._repr_html_()
    lacking = {name: part for name, part in told.lead.items() if name != "industry"}
    assert agreement.readiness(lacking, interactions=(), at=MONDAY).missing == ("company.industry",)


@both
def test_a_lead_is_offered_refused_and_explained(told: Told) -> None:
    agreement = told.agreement
    handoff = offer(lead_of(told), agreement=agreement, at=MONDAY, clock=ManualClock(MONDAY))
    facts = handoff.reject(told.reason, at=MONDAY + timedelta(hours=2))
    decided = next(fact for fact in facts if isinstance(fact, HandoffDecided))
    entered = next(fact for fact in facts if isinstance(fact, StageEntered))
    assert (decided.reason, decided.actor, entered.stage) == (told.reason, agreement.handoff.to, told.rejected)
    said = LeadHistory.fold(facts).explain()
    assert any(told.reason in line for line in said)
    assert any(told.rejected in line for line in said)
    board = clocks(facts, agreement=agreement, at=MONDAY + timedelta(hours=3))
    assert "met" in {clock.state for clock in board}
    with pytest.raises(IllegalMove, match=told.reason):
        handoff.reject(told.reason[:-1], at=MONDAY)
    with pytest.raises(IncompletePackage, match="email"):
        offer(lead_of(told, email=None), agreement=agreement, at=MONDAY)


@both
def test_evidence_of_the_buyer_names_its_stage(told: Told) -> None:
    asset, stage = told.asset
    read = Interaction(at=MONDAY, nature="content", asset=asset)
    assert [entry.stage for entry in told.agreement.buying_entries([read])] == [stage]


@both
def test_the_pages_show_everything_and_escape_it(told: Told) -> None:
    agreement = told.agreement
    page, markup = agreement.markdown(), agreement._repr_html_()
    for word in (*told.stages, told.definition, told.label, told.asset[0], agreement.signatures[0].name):
        assert word in page
        assert word in markup
    assert f'<html lang="{agreement.language}">' in page_of(agreement)
    for wild in ("<gewartet>", "<二〇二六年版>", "Öfen & Größe"):
        assert wild not in markup
    for tame in {"de": ("&lt;gewartet&gt;", "Öfen &amp; Größe"), "ja": ("&lt;二〇二六年版&gt;",)}[agreement.language]:
        assert tame in markup


@both
def test_a_difference_is_named_by_the_names_of_the_agreement(told: Told) -> None:
    agreement = told.agreement
    after = Agreement.loads(told.text.replace(f"label: {told.label}", "label: ◯"))
    assert [change.path for change in diff(agreement, after)] == [f"reasons.{told.reason}.label"]
    (change,) = diff(agreement, after)
    assert str(change).endswith(f"{told.label} became ◯")


@both
def test_the_document_survives_being_written_and_read_again(told: Told) -> None:
    agreement = told.agreement
    written = agreement.to_yaml()
    assert Agreement.loads(written) == agreement
    assert told.stages[0] in written
    assert yaml.safe_load(written)["agreement"] == agreement.name


@both
def test_a_metric_counts_an_export_in_its_own_words(told: Told, tmp_path: Path) -> None:
    path = told.agreement.lifecycle.success_path
    days = {stage: "2026-06-20" if stage == told.stages[2] else f"2026-06-0{n}" for n, stage in enumerate(path, 1)}
    seen = [",".join(days.values()), ",".join([*list(days.values())[:-1], ""]), ",".join([days[path[0]], *"," * 0])]
    table = tmp_path / "auszug.csv"
    seen[2] += "," * (len(path) - 1)
    lines = [f"Å-1,{seen[0]},はい,", f"Å-2,{seen[1]},nein,{told.reason}", f"Å-3,{seen[2]},,"]
    table.write_text("\n".join([f"lead,{','.join(path)},antwort,grund", *lines]), "utf-8")
    roles = {"lead": "lead", "decision": "antwort", "reason": "grund", **{f"stage:{stage}": stage for stage in path}}
    meant = {"decision": {"はい": "accept", "nein": "reject"}}
    snapshot = Snapshot.from_csv(table, columns=roles, values=meant, agreement=told.agreement)
    funnel, mix = snapshot.metrics.funnel(), snapshot.metrics.reason_mix()
    assert isinstance(funnel, Result)
    assert isinstance(mix, Result)
    assert tuple(funnel.column("stage")) == path
    assert funnel.value == pytest.approx(1 / 3)
    assert funnel.n == 3
    assert mix.column("reason") == [told.reason]
    assert told.agreement.name in funnel.agreement


@both
def test_the_command_line_checks_it_and_points_at_mistakes(told: Told, tmp_path: Path) -> None:
    checked = CliRunner().invoke(build(), ["agreement", "check", str(told.path)], catch_exceptions=False)
    assert checked.exit_code == 0
    assert f"{told.agreement.name} v{told.agreement.version}" in checked.output
    wrong = tmp_path / "falsch.yaml"
    wrong.write_text(told.text.replace(f"  at: {told.stages[0]}", f"  at: {told.stages[0]}ß"), "utf-8")
    line = next(n for n, text in enumerate(wrong.read_text("utf-8").splitlines(), 1) if text.endswith("ß"))
    refused = CliRunner().invoke(build(), ["agreement", "check", str(wrong)], catch_exceptions=False)
    assert refused.exit_code == 2
    said = "".join((refused.output + refused.stderr).split())
    assert f"line{line}:handoff.at:unknownstage{told.stages[0]}ß" in said
    assert f"didyoumean{told.stages[0]}?" in said


# -- what looks alike --------------------------------------------------------------------------------------------------


@both
def test_a_document_in_decomposed_unicode_is_the_same_agreement(told: Told) -> None:
    decomposed = normalize("NFD", told.text)
    assert decomposed != told.text
    assert Agreement.loads(decomposed) == told.agreement


def test_a_name_that_is_typed_in_two_ways_is_one_name() -> None:
    text = GERMAN.text.replace("  at: übergabereif", f"  at: {normalize('NFD', 'übergabereif')}")
    assert Agreement.loads(text) == GERMAN.agreement
    twice = GERMAN.text.replace("  reif:", f"  {normalize('NFD', 'größe')}: {{criteria: []}}\n  größe:")
    with pytest.raises(AgreementError, match="the key größe stands here a second time"):
        Agreement.loads(twice)


def minimal(body: str) -> Agreement:
    return Agreement.loads(f"agreement: Test\nversion: 1\neffective: 2026-01-01\n{body}\n")


@pytest.mark.parametrize(("written", "meant"), [("Größe", "größe"), ("İstanbul", "istanbul"), ("ＳＡＬ", "sal")])
def test_names_are_never_folded_only_suggested(written: str, meant: str) -> None:
    with pytest.raises(AgreementError) as caught:
        minimal(f"lifecycle: {{stages: [{meant}, b], success_path: [{meant}, b]}}\nhandoff: {{at: {written}}}")
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (5, f"unknown stage {written}")
    assert meant in problem.remedy


def test_titles_in_any_script_are_kept_as_they_were_written() -> None:
    titles = next(role.titles for role in JAPANESE.agreement.target_market.roles if role.id == "利用者")
    assert titles == ("課長", "担当", "İdari İşler Müdürü", "מנהל")
    assert "מנהל" in JAPANESE.agreement.markdown()


@pytest.mark.parametrize("text", ["🧑‍🚀 Start", "مرحبا", "a\u200fb", "Ｆｕｌｌ", "\u2028", "ﬁ", "e\u0301\u0323"])
def test_any_text_that_can_be_seen_may_stand_in_a_label(text: str) -> None:
    agreement = minimal(f'messages: [{{id: a, text: "{text}"}}]')
    assert agreement.messages[0].text == normalize("NFC", text)
    assert Agreement.loads(agreement.to_yaml()) == agreement
    assert agreement.messages[0].text in agreement._repr_html_()


@pytest.mark.parametrize(
    ("escape", "code"),
    [
        (r"\0", "U+0000"), (r"\x07", "U+0007"), (r"\e", "U+001B"), (r"\N", "U+0085"), (r"\r", "U+000D"),
        (r"\u202e", "U+202E"), (r"\u2066", "U+2066"), (r"\ud800", "U+D800"), (r"\uffff", "U+FFFF"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ['messages: [{id: a, text: "x%s"}]', '"mess%sages": []', 'handoff: {at: "x%s"}'])
def test_what_cannot_be_seen_is_refused_and_named(escape: str, code: str, place: str) -> None:
    with pytest.raises(AgreementError) as caught:
        minimal(place % escape)
    assert caught.value.problems[0].line == 4
    assert f"invisible character {code}" in caught.value.problems[0].message
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize("data", [b"\xed\xa0\x80", b"\xff", b"\xc0\xaf", b"\xc3", b"\xf4\x90\x80\x80"])
def test_bytes_that_are_no_text_are_refused_with_their_line(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_bytes(b"agreement: Test\nversion: 1\nlanguage: " + data + b"\n")
    with pytest.raises(AgreementError) as caught:
        Agreement.load(path)
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [(3, "this is not text in UTF-8")]
