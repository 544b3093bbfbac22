"""What is different between two versions of an agreement, in the words of the people who use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leadbridge.agreement.diff_words import SECTIONS, in_words
from leadbridge.agreement.reading import Path, dotted
from leadbridge.agreement.schema import Agreement

__all__ = ["Change", "diff", "grouped"]

_KEYS = ("id", "code", "role", "metric", "at")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``path`` is the place in the document; entries of a list are named by their id.

    ``words`` says it as a sentence; ``section`` is the heading that it stands under.
    """

    path: str
    what: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None
    words: str = ""

    @property
    def section(self) -> str:
        """The part of the agreement that it belongs to, for people."""
        key = self.path.partition(".")[0]
        return SECTIONS.get(key, key.replace("_", " "))

    def __str__(self) -> str:
        if self.words:
            return self.words
        if self.what == "added":
            return f"{self.path}: {_said(self.after)} is new"
        if self.what == "removed":
            return f"{self.path}: {_said(self.before)} is gone"
        return f"{self.path}: {_said(self.before)} became {_said(self.after)}"


def diff(before: Agreement, after: Agreement) -> list[Change]:
    """Everything that differs, in the order of the document.

    Compared is what the sections come to: defaults or presets that were spelled out do not count.
    """
    return [
        Change(dotted(path), what, old, new, in_words(path, old, new, what=what, before=before, after=after))
        for path, what, old, new in _compare((), _plain(before), _plain(after))
    ]


def grouped(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """The changes by section, in their order."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.section, []).append(change)
    return found


def _plain(agreement: Agreement) -> dict[str, Any]:
    """The document as plain values; where presets and changes to them make up a section, what they come to."""
    plain = agreement.model_dump(mode="json", by_alias=True)
    plain["lifecycle"] = agreement.lifecycle.model_dump(mode="json", by_alias=True)
    stages = [stage.model_dump(mode="json", by_alias=True) for stage in agreement.buying_stages]
    for stage in stages:
        stage["plays"] = _plays(stage["plays"])
    plain["buying_stages"] = stages
    plain["reasons"] = [reason.model_dump(mode="json", by_alias=True) for reason in agreement.reasons.values()]
    return plain


def _plays(plays: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Plays have no ids: they are told apart by their function, and by their number where it has several."""
    counts: dict[str, int] = {}
    named: dict[str, dict[str, Any]] = {}
    for play in plays:
        function = play["function"]
        counts[function] = counts.get(function, 0) + 1
        named[function if counts[function] == 1 else f"{function}-{counts[function]}"] = play
    return named


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} {_said(part)}" for key, part in value.items() if part not in (None, "", [], {}))
        return f"({inner})" if inner else "nothing"
    if isinstance(value, list):
        return f"[{', '.join(_said(part) for part in value)}]"
    if value is None or value == "":
        return "nothing"
    return str(value)


def _named(entries: list[Any]) -> dict[str, Any] | None:
    """A list of entries as a mapping by their ids; ``None`` when they have none."""
    for key in _KEYS:
        if entries and all(isinstance(entry, Mapping) and entry.get(key) for entry in entries):
            named = {str(entry[key]): entry for entry in entries}
            return named if len(named) == len(entries) else None
    return None


_Difference = tuple[Path, Literal["added", "removed", "changed"], Any, Any]


def _compare(path: Path, before: Any, after: Any) -> Iterator[_Difference]:
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list):
        left, right = _named(before) or ({} if not before else None), _named(after) or ({} if not after else None)
        if left is not None and right is not None:
            yield from _compare(path, left, right)
            if list(left) != list(right) and set(left) == set(right):
                yield path, "changed", list(left), list(right)
            return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            here = (*path, key)
            if key not in after:
                yield here, "removed", before[key], None
            elif key not in before:
                yield here, "added", None, after[key]
            else:
                yield from _compare(here, before[key], after[key])
        return
    yield path, "changed", before, after
