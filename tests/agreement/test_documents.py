"""Agreements in any language, and agreements that were damaged."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement
from leadbridge.agreement.presets import agreement_text
from leadbridge.errors import AgreementError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EXAMPLE = Agreement.preset("example")
FUNNEL = Agreement.preset("funnel")


def minimal(body: str = "") -> Agreement:
    return Agreement.loads(f"agreement: Test\nversion: 1\neffective: 2026-01-01\n{body}")


GERMAN = """
agreement: Vereinbarung Vertrieb und Marketing
version: 1
effective: 2026-01-01
language: de
lifecycle:
  stages:
    - {id: erfasst, spine: captured, label: Erfasst}
    - {id: übergabereif, kind: sla, spine: marketing_qualified, label: Übergabereif}
    - {id: gewonnen, spine: won}
    - {id: zurückgewiesen, spine: rejected}
  success_path: [erfasst, übergabereif, gewonnen]
  detours:
    zurückgewiesen: {from: [übergabereif], return: [erfasst]}
handoff: {at: übergabereif, definition: reif}
definitions:
  reif: {criteria: [{id: größe, when: "company.industry = 'Maschinenbau & Öfen'", why: Referenzen vorhanden}]}
"""

JAPANESE = """
agreement: 営業とマーケティングの合意
version: 1
effective: 2026-01-01
language: ja
lifecycle:
  stages: [{id: 獲得, spine: captured}, {id: 引き渡し, spine: marketing_qualified}, {id: 受注, spine: won}]
  success_path: [獲得, 引き渡し, 受注]
handoff: {at: 引き渡し}
sync: {include: stage <> '獲得'}
crosswalks: {crm: {リード: {values: {状態: {新規: {stage: 獲得}}}}}}
"""


def test_an_agreement_can_be_written_in_any_language() -> None:
    german, japanese = Agreement.loads(GERMAN), Agreement.loads(JAPANESE)
    assert german.readiness({"industry": "Maschinenbau & Öfen"}).ok is True
    assert german.lifecycle.find("rejected") == "zurückgewiesen"
    assert "Übergabereif" in german.markdown()
    assert "Maschinenbau &amp; Öfen" in german._repr_html_()
    assert japanese.stage_of("crm", "新規") == "獲得"
    assert not japanese.includes({"stage": "獲得"})
    assert Agreement.loads(japanese.to_yaml()) == japanese


# -- mutations ---------------------------------------------------------------------------------------------------------


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, part in items for place in places(part, (*path, key))]


DOCUMENT = yaml.safe_load(agreement_text("example").replace("on:", "'on':"))
PLACES = places(DOCUMENT)


def sound_or_refused(text: str) -> bool:
    """Whether an agreement is refused with a way out for each problem, or works; any other error ends the test."""
    try:
        agreement = Agreement.loads(text)
    except AgreementError as error:
        return all(problem.message and problem.remedy for problem in error.problems)
    return bool(agreement.markdown() and agreement.lifecycle and agreement.reasons)


@settings(max_examples=150)
@given(
    place=st.sampled_from(PLACES),
    value=st.sampled_from([None, "", "x", "no such thing", 0, -1, 1.5, True, [], {}, ["a"], {"a": 1}, "2026-99-99"]),
    remove=st.booleans(),
)
def test_a_mutated_agreement_is_refused_with_a_way_out_or_harmless(
    place: tuple[Any, ...], value: Any, remove: bool
) -> None:
    document = json.loads(json.dumps(DOCUMENT, default=str))
    target = document
    for key in place[:-1]:
        target = target[key]
    if remove:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    assert sound_or_refused(yaml.safe_dump(document, allow_unicode=True))


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_text_is_refused_with_a_way_out_or_harmless(data: st.DataObject) -> None:
    lines = agreement_text("funnel").splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[number])))
    dirt = data.draw(
        st.sampled_from(["", "\t", ":", "- ", "'", '"', "{", "]", "#", "&a ", "*a", "!x ", "\x00", "%", "\n", "ü"])
    )
    lines[number] = lines[number][:column] + dirt + lines[number][column + data.draw(st.integers(0, 3)) :]
    assert sound_or_refused("\n".join(lines))


# -- for editors -------------------------------------------------------------------------------------------------------
