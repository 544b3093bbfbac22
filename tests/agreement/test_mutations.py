"""Hundreds of damaged agreements: each is refused with a line and the way out, or proved harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadbridge.agreement import Agreement
from leadbridge.agreement.presets import AGREEMENTS, agreement_text
from leadbridge.cli.app import build
from leadbridge.errors import AgreementError
from tests.agreement.computing import compute
from tests.agreement.mutations import KINDS, Good, Mutation, everywhere, mutations
from tests.agreement.mutations_of_values import CRITERIA
from tests.agreement.soundness import verdict

HERE = Path(__file__).parent
WORKSHOP = HERE.parents[1] / "docs" / "examples" / "workshop.yaml"

TEXTS = {
    **{name: agreement_text(name) for name in AGREEMENTS},
    **{path.stem: path.read_text("utf-8") for path in sorted((HERE / "documents").glob("*.yaml"))},
    "workshop": WORKSHOP.read_text("utf-8"),
}
GOOD = {name: Good.of(name, text) for name, text in TEXTS.items()}
PARTS, EACH = 6, 40


def check(damaged: Iterable[Mutation]) -> Counter[str]:
    """What became of damaged agreements; fails with every defect."""
    outcomes: Counter[str] = Counter()
    defects: list[str] = []
    for mutation in damaged:
        try:
            outcomes[verdict(mutation, GOOD[mutation.origin])] += 1
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a defect, and all of them are wanted
            what = f"{mutation.kind} in {mutation.origin} at {mutation.place}, line {mutation.lines.start}"
            defects.append(f"{what}: {type(error).__name__}: {error}")
    assert not defects, "\n".join(defects)
    return outcomes


def some(seed: int, count: int) -> Iterable[Mutation]:
    """So many damaged agreements."""
    return mutations(list(GOOD.values()), seed=seed, count=count)


@pytest.mark.parametrize("seed", range(PARTS))
def test_a_damaged_agreement_is_refused_with_its_line_and_the_way_out_or_proved_harmless(seed: int) -> None:
    outcomes = check(some(seed, EACH))
    assert outcomes.total() == EACH
    assert outcomes["refused"] > outcomes["harmless"] > 0


def test_the_damaged_agreements_are_all_different_and_of_every_kind() -> None:
    made = [mutation for seed in range(PARTS) for mutation in some(seed, EACH)]
    assert len({mutation.data for mutation in made}) >= 200
    assert {mutation.kind for mutation in made} == set(KINDS)
    assert {mutation.origin for mutation in made} == set(GOOD)


def test_the_same_seed_gives_the_same_damage() -> None:
    first, second = ([m.data for m in some(7, 30)] for _ in range(2))
    assert first == second


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(1000, 1010))
def test_thousands_of_damaged_agreements_are_refused_or_harmless(seed: int) -> None:
    assert check(some(seed, 500)).total() == 500


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["key misspelt", "removed", "null", "type", "impossible", "name misspelt"])
@pytest.mark.parametrize("origin", sorted(GOOD))
def test_damage_at_every_place_is_refused_or_harmless(origin: str, kind: str) -> None:
    assert check(everywhere(GOOD[origin], kind)).total() > 0


@pytest.mark.parametrize("text", CRITERIA)
def test_a_condition_is_refused_at_its_line_or_can_be_judged(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "\\0").replace("\u202e", "\\u202e")
    document = "agreement: Test\nversion: 1\neffective: 2026-01-01\ndefinitions:\n  ready:\n    criteria:\n"
    try:
        agreement = Agreement.loads(f'{document}      - {{id: a, when: "{quoted}"}}\n')
    except AgreementError as error:
        lines = [problem.line for problem in error.problems]
    else:
        compute(agreement)
        lines = [7]
    assert lines == [7]


def test_the_command_line_refuses_a_damaged_agreement_without_a_traceback(tmp_path: Path) -> None:
    codes: Counter[int] = Counter()
    for number, mutation in enumerate(some(99, 30)):
        path = tmp_path / f"{number}.yaml"
        path.write_bytes(mutation.data)
        result = CliRunner().invoke(build(), ["agreement", "check", str(path)], catch_exceptions=False)
        said = result.output + result.stderr
        codes[result.exit_code] += 1
        assert result.exit_code in (0, 2), said
        assert "Traceback" not in said
        if result.exit_code == 2:
            assert "→" in said, said
            assert "line " in said or " is missing" in said or "unknown stage" in said, said
    assert set(codes) == {0, 2}
