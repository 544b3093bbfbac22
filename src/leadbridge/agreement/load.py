"""Loading an agreement: YAML → model → checks; every problem in one error, with its line and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from leadbridge.agreement.check import find_problems
from leadbridge.agreement.reading import Lines, dotted, read_yaml
from leadbridge.agreement.reading import Path as KeyPath
from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.strictness import mistaken
from leadbridge.agreement.wording import problem_of, visible
from leadbridge.errors import AgreementError, ConfigError, Problem

__all__ = ["load", "loads"]


def load(source: str | Path | IO[str] | IO[bytes]) -> Agreement:
    """Reads and checks an agreement from a path or an open file.

    Raises:
        AgreementError: with every problem, its line and the way out.
        ConfigError: when the file cannot be opened.
    """
    if isinstance(source, str | Path):
        if isinstance(source, str) and "\n" in source:
            raise ConfigError("this is the text of an agreement, not its path: use Agreement.loads(text)")
        name = str(source)
        try:
            data: str | bytes = Path(source).read_bytes()
        except OSError as error:
            why = error.strerror or "it cannot be opened"
            raise ConfigError(
                f"{name}: {why}; give the path of an agreement, or write one with: leadbridge init"
            ) from None
        except ValueError:
            raise ConfigError("this is no path: give the path of an agreement") from None
    else:
        name = str(getattr(source, "name", "agreement"))
        data = source.read()
    if isinstance(data, str):
        return loads(data, source=name)
    try:
        return loads(data.decode("utf-8-sig"), source=name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem("this is not text in UTF-8", "save the agreement as UTF-8 text", line=line)
        raise AgreementError([problem], name) from None


def loads(text: str, *, source: str = "agreement") -> Agreement:
    """Reads and checks an agreement from YAML text; ``source`` is what error messages call it.

    Raises:
        AgreementError: with every problem, its line and the way out.
    """
    value, lines, problems = read_yaml(text)
    if not isinstance(value, dict):
        if value is not None or not problems:
            remedy = "start with: agreement: <name>, or with: leadbridge init"
            problems = [*problems, Problem("an agreement is a mapping of keys to values", remedy, line=lines.get(()))]
        raise AgreementError(_sorted(problems), source)
    agreement, found = _build(value, lines)
    unreadable = {problem.path for problem in problems}
    problems = _sorted([*problems, *(problem for problem in found if problem.path not in unreadable)])
    if problems or agreement is None:
        raise AgreementError(problems, source)
    return agreement


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    """In the order of the document, each once."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line or 0, problem.path))


def _build(value: Mapping[str, Any], lines: Lines) -> tuple[Agreement | None, list[Problem]]:
    """The model, when it can be built, and what is wrong.

    Sections that do not fit the model are reported and set aside, so that the others can still be checked.
    """
    reported = {path: _located(problem, path, lines) for path, problem in mistaken(value, Agreement)}
    strict = frozenset(reported)
    found: list[ErrorDetails] = []
    try:
        agreement = Agreement.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False)
    else:
        if not strict:
            problems = find_problems(agreement, frozenset())
            return agreement, [_located(problem, path, lines) for path, problem in problems]
    places = [entry["loc"] for entry in found]
    for entry in found:
        here = entry["loc"]
        if entry["type"] == "too_short" and any(
            len(place) > len(here) and place[: len(here)] == here for place in places
        ):
            continue  # its entries were left out because of their own problems
        path, problem = _nearer(*problem_of(entry, Agreement), lines)
        problem = _located(problem, path, lines)
        if path in strict:
            continue
        if path in reported:
            # A union of types answers once for each of its members: one message with all the ways out.
            first = reported[path]
            problem = replace(first, remedy=f"{first.remedy}; or {problem.remedy}")
        reported[path] = problem
    broken = frozenset(str(place[0]) for place in [*places, *strict] if place)
    rest = {key: part for key, part in value.items() if key not in broken}
    rest = {"agreement": "?", "version": 1, "effective": "2000-01-01", **rest}
    checked = [
        _located(problem, path, lines) for path, problem in find_problems(Agreement.model_validate(rest), broken)
    ]
    return None, [*reported.values(), *checked]


def _nearer(path: KeyPath, problem: Problem, lines: Lines) -> tuple[KeyPath, Problem]:
    """A message of a whole section may begin with the place inside it: ``hours.mon-fri: ...``."""
    head, colon, rest = problem.message.partition(": ")
    place = (*path, *head.split("."))
    return (place, replace(problem, message=rest)) if colon and place in lines else (path, problem)


def _located(problem: Problem, path: KeyPath, lines: Lines) -> Problem:
    """The problem with its path as text and the line of the nearest part that stands in the document."""
    known = path
    while known and known not in lines:
        known = known[:-1]
    line = lines.get(known) if known else None
    return Problem(visible(problem.message), visible(problem.remedy, 1000), visible(dotted(path), 200), line)
