"""Comparing, showing and linting agreements, and what a CRM has beside them."""

from __future__ import annotations

from leadbridge.agreement import Agreement, diff, html, lint, markdown
from leadbridge.agreement.presets import agreement_text

EXAMPLE = Agreement.preset("example")
SIZE = next(line for line in agreement_text("example").splitlines(keepends=True) if "{id: size," in line)


def changed(*pairs: tuple[str, str]) -> Agreement:
    text = agreement_text("example")
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return Agreement.loads(text)


def test_an_agreement_does_not_differ_from_itself() -> None:
    assert diff(EXAMPLE, EXAMPLE) == []


def test_a_difference_is_said_in_words_and_names_entries_by_their_id() -> None:
    after = changed(
        ("version: 1", "version: 2"),
        ("within: 4 business hours", "within: 2 business hours"),
        ("required: [email, company, title, source]", "required: [email, company, title, source, phone]"),
        (SIZE, ""),
        ("no_response: {cool_off: 60 days, needs_attempts: 3}", "price: {cool_off: 60 days}"),
    )
    said = [str(change) for change in diff(EXAMPLE, after)]
    assert "version: 1 became 2" in said
    assert "slas.sales_response.targets.accept.within: 4 business hours became 2 business hours" in said
    assert any(
        line.startswith("definitions.sales_ready.criteria.size: (id size") and "is gone" in line for line in said
    )
    assert any(line.startswith("handoff.package.required: [email, company, title, source] became") for line in said)
    assert any(line.startswith("reasons.override.no_response:") and line.endswith("is gone") for line in said)
    assert any(line.startswith("reasons.override.price:") and line.endswith("is new") for line in said)
    assert len(said) == 6


def test_a_changed_order_is_a_change() -> None:
    head = "agreement: Test\nversion: 1\neffective: 2026-01-01\nvalue_propositions:\n"
    first, second = "  - {id: first, text: First}\n", "  - {id: second, text: Second}\n"
    (change,) = diff(Agreement.loads(head + first + second), Agreement.loads(head + second + first))
    assert str(change) == "value_propositions: [first, second] became [second, first]"


def test_the_page_shows_everything_that_was_agreed() -> None:
    for page in (markdown(EXAMPLE), html(EXAMPLE)):
        for word in (
            "Version 1, effective from 2026-01-01",
            "marketing_qualified",
            "Justifying the decision",
            "our price fits companies of this size",
            "decided within 4 business hours of offered",
            "One view of every lead",
            "trend-report",
            "wrong_industry",
            "Open - Not Contacted",
            "at least 0.9",
            "S. Example",
        ):
            assert word in page


def test_what_people_wrote_cannot_break_the_page() -> None:
    agreement = changed(
        ("agreement: Acme lead agreement", 'agreement: "A | <script>alert(1)</script>"'),
        ("why: we have references there", "why: a | b <b>c</b>"),
    )
    assert "<script>" not in html(agreement)
    assert "<script>" not in markdown(agreement)
    assert "a \\| b &lt;b&gt;c&lt;/b&gt;" in markdown(agreement)


def test_a_page_without_signatures_has_lines_to_sign_on() -> None:
    unsigned = changed(("  - {role: cro, name: S. Example, on: 2025-12-16}\n", ""))
    assert "Not yet signed by: cro." in markdown(unsigned)
    assert "| cro |  |  |" in markdown(unsigned)


def test_the_example_has_nothing_to_complain_about_and_a_bare_agreement_has() -> None:
    assert lint(EXAMPLE) == []
    bare = Agreement.loads("agreement: Test\nversion: 1\neffective: 2026-01-01\nrequired_signatures: [cmo]")
    assert [found.path for found in lint(bare)] == [
        "signatures", "definitions", "slas", "handoff.package", "buying_stages", "sync.include"
    ]  # fmt: skip
    assert all(found.remedy for found in lint(bare))
