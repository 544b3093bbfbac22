"""Agreements that do not hold together: one error that lists every problem, each with its line and the way out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from leadbridge.agreement import Agreement
from leadbridge.errors import AgreementError, ConfigError

HEAD = "agreement: Test\nversion: 1\neffective: 2026-01-01\n"
TARGET = "    targets:\n      - {id: t, starts: offered, stops: touched, within: 4"
REASON = "category: target, allowed_decisions: [reject], remedy_owner: marketing"


def problems(text: str) -> AgreementError:
    with pytest.raises(AgreementError) as caught:
        Agreement.loads(text)
    return caught.value


BODIES = [
    # lifecycle
    ("lifecycle: {preset: spin}", 4, "unknown preset spin", "did you mean spine?"),
    ("lifecycle: {}", 4, "neither a preset nor stages", "add preset"),
    ("lifecycle:\n  preset: spine\n  stages: [a, b]", 6, "both a preset and stages", "keep one"),
    ("lifecycle:\n  preset: spine\n  success_path: [won]", 4, "a preset brings its own path", "remove them"),
    ("lifecycle:\n  stages: [a, b]\n  success_path: [a, b, a]\nhandoff: {at: a}", 6, "cyclic", "name each stage once"),
    (
        "lifecycle:\n  stages: [a, b]\n  success_path: [a, c]\nhandoff: {at: a}",
        6,
        "unknown stage c",
        "use one of: a, b",
    ),
    ("lifecycle:\n  stages: [a, b, c]\n  success_path: [a, b]", 5, "no lead can ever reach stage c", "add it to"),
    (
        "lifecycle:\n  stages: [a, b, c]\n  success_path: [a, b]\n  detours:\n    c: {from: [a], return: [x]}",
        8,
        "unknown stage x",
        "use one of: a, b, c",
    ),
    (
        "lifecycle:\n  stages:\n    - {id: a, kind: queue}\n    - b\n  success_path: [a, b]",
        6,
        "queue is not",
        "inventory",
    ),
    ("lifecycle:\n  stages:\n    - {id: a, max_age: soon}\n    - b\n  success_path: [a, b]", 6, "no length", "90 days"),
    # buying stages, statuses
    ("buying_stages: {preset: sirius}", 4, "unknown preset sirius", "did you mean siriusdecisions?"),
    (
        "buying_stages:\n  preset: siriusdecisions\n  evidence:\n    making_selections: [{id: a, nature: content}]",
        7,
        "unknown buying stage making_selections",
        "did you mean making_selection?",
    ),
    (
        "buying_stages:\n  stages:\n    - id: a\n      evidence:\n        - {id: e, asset_type: webinar}",
        8,
        "unknown asset type webinar",
        "use one of",
    ),
    ("buying_stages:\n  stages:\n    - id: a\n      evidence:\n        - {id: e}", 8, "evidence is either", "one kind"),
    ("lead_statuses: [new, new]", 4, "lead status new is listed twice", "rename or remove"),
    ("lead_statuses: [in progress]", 4, "in progress is no name", "without spaces"),
    # definitions
    (
        "definitions:\n  ready:\n    criteria:\n      - {id: a, when: company.employes > 5}",
        7,
        "unknown field company.employes",
        "did you mean company.employees?",
    ),
    ("definitions:\n  ready:\n    criteria:\n      - {id: a, when: score > '5'}", 7, "cannot be compared", "quotes"),
    (
        "definitions:\n  ready:\n    criteria:\n      - {id: a, when: stage = 'engagd'}",
        7,
        "lead.stage is never 'engagd'",
        "did you mean engaged?",
    ),
    ("definitions:\n  ready:\n    criteria: []", 6, "this is empty", "give at least one"),
    ("definitions:\n  ready:\n    criteria:\n      - {id: a, when: ''}", 7, "this is empty", "give at least one"),
    (
        "target_market:\n  companies:\n    - {id: a, when: employees > 5}",
        6,
        "unknown field lead.employees",
        "company.employees",
    ),
    # hand-off
    ("handoff: {at: marketing_qualifed}", 4, "unknown stage marketing_qualifed", "did you mean marketing_qualified?"),
    ("handoff:\n  package:\n    required: [emial]", 6, "unknown field emial", "did you mean email?"),
    ("handoff: {from: sales, to: sales}", 4, "hands leads over to itself", "name two functions"),
    ("handoff: {definition: ready}", 4, "unknown definition ready", "use one of: (none)"),
    ("handoff: {expires_after: 10}", 4, "no length of time", "4 hours"),
    # promises
    (
        f"slas:\n  - id: a\n    calendar: office\n{TARGET} business hours}}",
        6,
        "unknown calendar office",
        "use one of: (none)",
    ),
    (
        "slas:\n  - id: a\n    targets:\n      - {id: t, starts: offerd, stops: touched, within: 4 hours}",
        7,
        "offerd is no event",
        "stage:<id>",
    ),
    (
        "slas:\n  - id: a\n    targets:\n      - {id: t, starts: offered, stops: 'stage:wonn', within: 4 hours}",
        7,
        "unknown stage wonn",
        "did you mean won?",
    ),
    (
        f"slas:\n  - id: a\n    duty_of: support\n{TARGET} hours}}",
        6,
        "unknown function support",
        "marketing, sales",
    ),
    (
        f"slas:\n  - id: a\n{TARGET} hours, paused_while: [waiting]}}",
        7,
        "unknown lead status waiting",
        "use one of: new",
    ),
    (
        "slas:\n  - id: a\n    targets:\n      - {id: t, starts: offered, stops: touched, within: soon}",
        7,
        "not a duration",
        "write",
    ),
    ("calendars:\n  office: {zone: Europe/Londn}", 5, "unknown time zone", "Europe/London"),
    ("calendars:\n  office: {hours: {mon: ['9-5']}}", 5, "not a time window", "09:00-17:30"),
    ("calendars:\n  office: {hours: 5}", 5, "5 is not allowed here", "always"),
    # reasons
    (
        f"reasons:\n  add:\n    - {{code: x, {REASON}}}",
        6,
        "default_action is missing",
        "every reason has an action",
    ),
    (
        "reasons:\n  override:\n    no_respons: {cool_off: 5 days}",
        6,
        "unknown reason no_respons",
        "did you mean no_response?",
    ),
    ("reasons:\n  override:\n    other: {needs_note: false}", 6, "other says nothing by itself", "needs_note: true"),
    ("reasons:\n  override:\n    price:\n      category: null", 7, "the value is missing", "remove the key"),
    ("reasons:\n  remove: [zzz]", 5, "unknown reason zzz", "use one of"),
    (
        f"reasons:\n  add:\n    - {{code: price, {REASON}, default_action: b}}",
        6,
        "the preset has the reason price already",
        "reasons.override",
    ),
    ("reasons: {preset: mine}", 4, "unknown preset mine", "use one of: canonical"),
    # sync
    ("sync: {include: stage <> captured}", 4, "unknown field lead.captured", "did you mean lead.captured_at?"),
    ("sync:\n  fields:\n    emial: {policy: latest}", 6, "unknown field emial", "did you mean email?"),
    ("sync:\n  fields:\n    email: {policy: lastest}", 6, "lastest is not allowed", "did you mean latest?"),
    ("sync:\n  fields:\n    email: {policy: owner}", 6, "names no owner", "add owner: marketing"),
    ("sync:\n  fields:\n    email: {owner: sale}", 6, "unknown function sale", "did you mean sales?"),
    ("sync:\n  fields:\n    email: {from_stage: {oportunity: sales}}", 6, "unknown stage oportunity", "opportunity"),
    ("sync: {systems: {marketing: a, sales: a}}", 4, "a is the system of two functions", "another system"),
    ("sync: {systems: {marketing: a, sales: b, support: c}}", 4, "at most two systems", "keep two"),
    ("sync: {guards: {max_changes: {count: -1, share: 0.5}}}", 4, "-1 is too small", "write 0 or more"),
    # crosswalks
    (
        "crosswalks:\n  sf:\n    Lead:\n      values:\n        Status:\n          New: {stage: marketing}",
        9,
        "unknown stage marketing",
        "did you mean marketing_qualified?",
    ),
    (
        "crosswalks:\n  sf:\n    Lead:\n      values:\n        Status:\n          New: {status: brand_new}",
        9,
        "unknown status brand_new",
        "use one of: new",
    ),
    (
        "crosswalks:\n  sf:\n    Lead:\n      values:\n        Status:\n          New: {decision: rejected}",
        9,
        "unknown decision rejected",
        "did you mean reject?",
    ),
    (
        "crosswalks:\n  sf:\n    Lead:\n      values:\n        Why:\n          X: {reason: wrong_indstry}",
        9,
        "unknown reason wrong_indstry",
        "did you mean wrong_industry?",
    ),
    (
        "crosswalks:\n  sf:\n    Lead:\n      values:\n        Why:\n          X: {stge: won}",
        9,
        "unknown axis stge",
        "did you mean stage?",
    ),
    (
        "crosswalks:\n  sf:\n    Lead:\n      fields: {emial: Email}",
        7,
        "unknown field emial",
        "declare it under attributes",
    ),
    ("crosswalks:\n  sf:\n    Lead:\n      fields: {email: E, phone: E}", 7, "E already stands for email", "once"),
    ("crosswalks:\n  sf:\n    Lead:\n      stage_dates: {wn: X}", 7, "unknown stage wn", "did you mean won?"),
    ("crosswalks:\n  sf:\n    Deal: {as: deal}", 6, "deal is not allowed here", "opportunity"),
    ("crosswalks:\n  sf:\n    Deal: {as: opportunity, create: true}", 6, "is no lead", "as: lead"),
    (
        "crosswalks:\n  sf:\n    Lead: {as: lead, create: true}\n    Contact: {as: lead, create: true}",
        7,
        "new leads are created as Lead already",
        "one kind",
    ),
    ("sync: {systems: {sales: salesforce}}\ncrosswalks:\n  salesfroce: {}", 6, "system of no function", "salesforce?"),
    # content
    ("messages:\n  - {id: a, text: b, value_proposition: c}", 5, "unknown value proposition c", "use one of: (none)"),
    ("assets:\n  - {id: a, type: b, buying_stages: [c]}", 5, "unknown buying stage c", "use one of"),
    ("assets:\n  - {id: a, type: b}\n  - {id: a, type: b}", 6, "asset a is listed twice", "rename or remove"),
    ("attributes: {email: text}", 4, "email is a field of every lead already", "remove it"),
    ("attributes: {plan: txt}", 4, "txt is not allowed here", "did you mean text?"),
    # governance
    ("until: 2025-01-01", 4, "ends before it begins", "a day after effective"),
    ("until: 3", 4, "this is no date", "2026-01-31"),
    ("signatures:\n  - {role: cmo, name: A, on: 2026-13-01}", 5, "this is no date", "2026-01-31"),
    ("targets:\n  - {metric: acceptance_rate}", 5, "names no figure", "at_least or at_most"),
    ("targets:\n  - {metric: a, at_least: 90%}", 5, "this is no number", "0.8"),
    ("lifecycle_terms: {preset: spine}", 4, "unknown key lifecycle_terms", "did you mean lifecycle?"),
    ("handoff: {from_: marketing}", 4, "unknown key from_", "did you mean from?"),
    # values that could be turned into something else
    ("targets:\n  - {metric: a, at_least: NaN}", 5, "this is no number", "0.8"),
    ("targets:\n  - {metric: a, at_least: 1.0e999}", 5, "this number is too large", "that people can check"),
    ("targets:\n  - {metric: a, at_least: true}", 5, "this has to be a number", "0.8"),
    ("recycling: {max_passages: true}", 4, "this has to be a whole number", "such as 3"),
    ("recycling: {max_passages: '3'}", 4, "this is no whole number", "such as 3"),
    ("recycling: {max_passages: 99999999999999999}", 4, "this number is too large", "that people can check"),
    ("until: 1830384000", 4, "this is no date", "2026-01-31"),
    ("until: '1830384000'", 4, "this is no date", "2026-01-31"),
    ("until: 2027-01-01T00:00:00", 4, "this is no date", "2026-01-31"),
    ("calendars:\n  a:\n    half_days: {1830384000: ['09:00-12:00']}", 6, "is no day", "2026-12-24"),
    ("crosswalks: {crm: {Lead: {create: yes}}}", 4, "this has to be true or false", "write true or false"),
    ("language: !!float x", 4, "the tag float is not allowed", "remove the tag"),
    ("language: !!null x", 4, "the tag null is not allowed", "remove the tag"),
    ('language: "a\\0b"', 4, "the invisible character U+0000", "by hand"),
    # times
    (
        "calendars:\n  a:\n    hours:\n      mon: ['08:00-12:00']\n      tue: ['25:00-26:00']",
        8,
        "not a time of day",
        "24:00",
    ),
    ("calendars:\n  a: {holidays: ZZ}", 5, "no public holidays are known for 'ZZ'", "days_off"),
    ("calendars:\n  a: {holidays: GB-XYZ}", 5, "no public holidays are known for 'GB-XYZ'", "days_off"),
    ("handoff: {expires_after: 99999 weeks}", 4, "longer than a hundred years", "90 days"),
    (
        "slas:\n  - id: a\n    targets:\n      - {id: t, starts: offered, stops: won, within: 9999 weeks}",
        7,
        "ten years",
        "2 days",
    ),
    # structure
    ("lifecycel: {preset: spine}", 4, "unknown key lifecycel", "did you mean lifecycle?"),
    ("handoff:", 4, "the value is missing", "write one, or remove the key"),
    ("slas: 3", 4, "this has to be a list", "lines that begin with -"),
    ("handoff: [a]", 4, "this has to be a mapping", "key: value"),
    ("language: no\nlanguage: de", 5, "stands here a second time (first in line 4)", "keep one"),
    ("assets: !!python/object:os.system x", 4, "the tag python/object:os.system is not allowed", "remove the tag"),
    ("handoff: {at: 2026}", 4, "this has to be text", "put it in 'quotes'"),
]


@pytest.mark.parametrize(("body", "line", "message", "remedy"), BODIES)
def test_a_mistake_is_named_with_its_line_and_the_way_out(body: str, line: int, message: str, remedy: str) -> None:
    error = problems(HEAD + body + "\n")
    assert [(found.line, str(found)) for found in error.problems] == [(line, str(error.problems[0]))]
    assert message in error.problems[0].message
    assert remedy in error.problems[0].remedy
    assert error.problems[0].path


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("", None, "the document is empty", "leadbridge init"),
        ("# only a comment\n", None, "the document is empty", "leadbridge init"),
        ("- a\n- b\n", 1, "an agreement is a mapping", "agreement: <name>"),
        ("just text", 1, "an agreement is a mapping", "agreement: <name>"),
        ("5", 1, "an agreement is a mapping", "agreement: <name>"),
        ("null", 1, "an agreement is a mapping", "agreement: <name>"),
        ("agreement: [", 1, "this is not YAML", "check the indentation"),
        ("agreement: a\n\tversion: 1", 2, "this is not YAML", "spaces, not with tabs"),
        ("agreement: a\n---\nb: 1", 2, "this is not YAML", "without ---"),
        ("agreement: a: b", 1, "this is not YAML", "check the indentation"),
        ("agreement: *name", 1, "this is not YAML", "check the indentation"),
        ("a: &a [*a]", 1, "aliases multiply", "without aliases"),
        ("[" * 3000, None, "nested too deeply", "flatter"),
        ("\x00\x01\x02", 1, "this is not text", "UTF-8"),
        ("<html><body>502</body></html>", 1, "an agreement is a mapping", "leadbridge init"),
    ],
)
def test_what_is_no_agreement_at_all_is_said_in_one_message(
    text: str, line: int | None, message: str, remedy: str
) -> None:
    (problem,) = problems(text).problems
    assert problem.line == line
    assert message in problem.message
    assert remedy in problem.remedy


def test_aliases_cannot_multiply_without_end() -> None:
    layers = "\n".join(
        f"{name}: &{name} [{', '.join(f'*{below}' for _ in range(9))}]"
        for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (problem,) = problems(f"a: &a [x]\n{layers}\n").problems
    assert "aliases" in problem.message


def test_every_problem_is_listed_at_once_in_the_order_of_the_document() -> None:
    error = problems(
        "agreement: Test\nversion: 1.10\nefective: 2026-01-01\nhandoff: {at: wonn}\nslas: 3\n"
        "sync:\n  include: scor > 1\n  fields:\n    emial: {}\n"
    )
    assert [found.line for found in error.problems] == [None, 2, 3, 4, 5, 7, 9]
    assert [found.path for found in error.problems][:4] == ["effective", "version", "efective", "handoff.at"]
    assert str(error).startswith("agreement: 7 problems\n  effective: effective is missing → add the first day")
    assert error.exit_code == 2


def test_what_depends_on_a_broken_section_is_not_reported_as_broken_too() -> None:
    error = problems(HEAD + "lifecycle: {preset: spin}\nhandoff: {at: anything}\nsync: {include: stage = 'x'}\n")
    assert [found.path for found in error.problems] == ["lifecycle.preset"]


def test_a_file_that_cannot_be_read_is_said_in_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory; give the path of an agreement"):
        Agreement.load(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="Is a directory"):
        Agreement.load(tmp_path)
    with pytest.raises(ConfigError, match=r"use Agreement\.loads"):
        Agreement.load(HEAD)
    with pytest.raises(ConfigError, match="this is no path"):
        Agreement.load("a\0b")


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"PK\x03\x04\x14\x00\xff", HEAD.encode("utf-16")])
def test_a_binary_file_is_said_to_be_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_bytes(data)
    with pytest.raises(AgreementError, match="not text"):
        Agreement.load(str(path))


def test_open_files_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    path = tmp_path / "agreement.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    with path.open("rb") as binary:
        assert Agreement.load(binary).name == "Test"
    assert Agreement.load(io.StringIO(HEAD)).version == 1
    assert Agreement.load(path).name == "Test"
    with pytest.raises(AgreementError) as caught:
        Agreement.load(io.StringIO("a: 1"))
    assert caught.value.source == "agreement"
