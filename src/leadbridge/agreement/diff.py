"""What is different between two versions of an agreement, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leadbridge.agreement.reading import Path, dotted
from leadbridge.agreement.schema import Agreement

__all__ = ["Change", "diff"]

_KEYS = ("id", "code", "role", "metric", "at")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``path`` is the place in the document; entries of a list are named by their id."""

    path: str
    what: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        if self.what == "added":
            return f"{self.path}: {_said(self.after)} is new"
        if self.what == "removed":
            return f"{self.path}: {_said(self.before)} is gone"
        return f"{self.path}: {_said(self.before)} became {_said(self.after)}"


def diff(before: Agreement, after: Agreement) -> list[Change]:
    """Everything that differs, in the order of the document; defaults that were spelled out do not count."""
    return list(_compare((), _plain(before), _plain(after)))


def _plain(agreement: Agreement) -> dict[str, Any]:
    return agreement.model_dump(mode="json", by_alias=True)


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


def _compare(path: Path, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list):
        left, right = _named(before) or ({} if not before else None), _named(after) or ({} if not after else None)
        if left is not None and right is not None:
            yield from _compare(path, left, right)
            if list(left) != list(right) and set(left) == set(right):
                yield Change(dotted(path), "changed", list(left), list(right))
            return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            here = (*path, key)
            if key not in after:
                yield Change(dotted(here), "removed", before[key])
            elif key not in before:
                yield Change(dotted(here), "added", after=after[key])
            else:
                yield from _compare(here, before[key], after[key])
        return
    yield Change(dotted(path), "changed", before, after)
