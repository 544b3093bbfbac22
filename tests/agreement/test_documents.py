"""Agreements damaged in any way that hypothesis thinks of; test_mutations.py has the ways that people think of."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreement
from leadbridge.agreement.presets import agreement_text
from leadbridge.agreement.reading import read_yaml
from leadbridge.errors import AgreementError
from tests.agreement.computing import compute


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, part in items for place in places(part, (*path, key))]


DOCUMENT = read_yaml(agreement_text("example"))[0]
PLACES = places(DOCUMENT)


def sound_or_refused(text: str) -> bool:
    """Whether an agreement is refused with a way out for each problem, or works; any other error ends the test."""
    try:
        agreement = Agreement.loads(text)
    except AgreementError as error:
        return all(problem.message and problem.remedy for problem in error.problems)
    compute(agreement)
    return True


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
