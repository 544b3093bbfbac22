"""Is a damaged agreement refused with a way out, or proved harmless? Whatever else happens is a defect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any, Literal
from unicodedata import normalize

import yaml

from leadbridge.agreement import Agreement, diff
from leadbridge.domain.model import parse_span
from leadbridge.errors import AgreementError, Problem
from tests.agreement.computing import compute
from tests.agreement.mutations import Good, Mutation, Path

__all__ = ["verdict"]


def verdict(mutation: Mutation, good: Good) -> Literal["refused", "harmless"]:
    """What became of a damaged agreement.

    Raises:
        AssertionError: when it was refused without saying where and what to do, when something of it was lost in
            silence, or when what was accepted is not what was written.
    """
    try:
        agreement = Agreement.load(BytesIO(mutation.data))
    except AgreementError as error:
        _check_refusal(error, mutation)
        return "refused"
    text = mutation.data.decode("utf-8-sig")
    _nothing_lost(yaml.load(text, Loader=yaml.BaseLoader), _plain(agreement), ())
    compute(agreement)
    assert Agreement.loads(agreement.to_yaml()) == agreement
    json.dumps(agreement.to_dict(), allow_nan=False, ensure_ascii=False).encode()
    changes = diff(good.agreement, agreement)
    before, after = _plain(good.agreement), _plain(agreement)
    changed = {key for key in before if before[key] != after[key]}
    # What a preset says anyway may be spelled out without any effect; everything else is a difference.
    assert changes or changed <= {"lifecycle", "buying_stages", "reasons"}, f"diff says nothing about {changed}"
    assert {change.path.split(".")[0].split("[")[0] for change in changes} <= changed
    assert not mutation.place or changed <= {mutation.place[0]}, f"{changed} differ, not only {mutation.place}"
    for change in changes:
        str(change).encode()
    return "harmless"


def _check_refusal(error: AgreementError, mutation: Mutation) -> None:
    for problem in error.problems:
        _check_problem(problem, mutation)
    pointed = any(_points(problem, mutation) for problem in error.problems)
    assert pointed or not mutation.pinned, f"none of these points at {mutation.lines}: {error}"


def _check_problem(problem: Problem, mutation: Mutation) -> None:
    said = str(problem)
    assert problem.message.strip(), said
    assert problem.remedy.strip(), said
    assert problem.remedy != "correct this value", said
    assert "\n" not in said, said
    assert said.isprintable(), ascii(said)
    assert len(said) < 1500, said
    for leak in ("Input should", "Value error", "validation error", "object at 0x", "Traceback", "pydantic", "<class"):
        assert leak not in said, said
    if problem.line is None:
        section = problem.path.split(".")[0].split("[")[0]
        lineless = "nested" in said or "the document is empty" in said or f"\n{section}:".encode() not in mutation.data
        assert lineless, said
        return
    assert 1 <= problem.line <= mutation.data.count(b"\n") + mutation.data.count(b"\r") + 2, said


def _points(problem: Problem, mutation: Mutation) -> bool:
    """Whether a problem lies in the damaged lines, just above them, or says what stood there before."""
    if problem.line is None:
        return "is missing" in problem.message or "is empty" in problem.message
    if problem.line in mutation.lines or problem.line == mutation.lines.start - 1:
        return True
    text = "".join(mutation.data.decode("utf-8", "replace").split("\n")[problem.line - 1 : problem.line])
    if mutation.was and (mutation.was in problem.message or mutation.was in text):
        return True
    return _enclosing(problem.path, mutation.place)


def _enclosing(path: str, place: Path) -> bool:
    """Whether a path, such as ``slas[0]``, is the entry in which the place lies."""
    names = path.replace("[", ".").replace("]", "").split(".")
    return len(names) >= len(place) - 2 and [str(part) for part in place[: len(names)]] == names


# -- what was written is what is held ----------------------------------------------------------------------------------


def _plain(agreement: Agreement) -> Any:
    return agreement.model_dump(mode="json", by_alias=True)


def _nothing_lost(written: Any, held: Any, path: Path) -> None:
    """Every key and every value of the text stands in the agreement."""
    if isinstance(written, dict) and isinstance(held, dict):
        for key, value in written.items():
            name = normalize("NFC", key)
            assert name in held, f"{(*path, key)} was lost"
            _nothing_lost(value, held[name], (*path, key))
    elif isinstance(written, list) and isinstance(held, list):
        assert len(written) == len(held), f"{path} has lost entries"
        for index, (one, other) in enumerate(zip(written, held, strict=True)):
            _nothing_lost(one, other, (*path, index))
    else:
        assert any(_same(written, one) for one in _readings(held)), f"{path}: {written!r} became {held!r}"


def _readings(held: Any) -> Iterator[Any]:
    yield held
    if isinstance(held, list) and len(held) == 1:
        yield held[0]
    if isinstance(held, dict) and "id" in held:
        yield held["id"]


def _same(written: Any, held: Any) -> bool:
    if not isinstance(written, str):
        return bool(written == held)
    if held is None:
        return written in ("", "~", "null", "Null", "NULL")
    if isinstance(held, bool):
        return written.lower() == str(held).lower()
    if isinstance(held, int | float):
        return _number(written) == held
    return isinstance(held, str) and (normalize("NFC", written) == held or _time(written) == _time(held) is not None)


def _number(text: str) -> float | int | None:
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return None


def _time(text: str) -> object:
    for read in (date.fromisoformat, parse_span):
        try:
            return read(text)
        except ValueError:
            continue
    return None
