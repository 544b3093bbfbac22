"""Good agreements, damaged: a generator of malformed documents that always gives the same ones for a seed.

It works on the document as a tree, whatever its sections are called, so that new sections are damaged, too. What
damages the text itself is in :mod:`tests.agreement.mutations_of_text`, what stands in values in
:mod:`tests.agreement.mutations_of_values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

import yaml

from leadbridge.agreement import Agreement
from leadbridge.agreement.reading import read_yaml
from tests.agreement.mutations_of_text import damaged_text
from tests.agreement.mutations_of_values import bad_criterion, impossible, misspelt, wrong_type

__all__ = ["KINDS", "Good", "Mutation", "Path", "everywhere", "mutations", "places"]

Path: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Good:
    """An agreement that holds together."""

    name: str
    text: str
    agreement: Agreement
    tree: dict[str, Any]

    @classmethod
    def of(cls, name: str, text: str) -> Good:
        """Reads it."""
        return cls(name, text, Agreement.loads(text), read_yaml(text)[0])


@dataclass(frozen=True)
class Mutation:
    """A damaged agreement.

    Attributes:
        kind: what was done to it.
        place: where in the tree; empty when the text was damaged.
        lines: the lines in which the damage stands; none when the text was damaged.
        was: the name or value that stood there.
        pinned: a refusal has to point at those lines, or at a place that refers to what stood there.
    """

    kind: str
    origin: str
    data: bytes
    place: Path = ()
    lines: range = range(0)
    was: str = ""
    pinned: bool = False


def mutations(goods: Sequence[Good], *, seed: int, count: int) -> Iterator[Mutation]:
    """So many different damaged documents, every kind of damage in turn."""
    rng = Random(seed)
    seen = {good.text.encode() for good in goods}
    found = 0
    for number in range(count * 20):
        if found == count:
            return
        kind, turn = KINDS[number % len(KINDS)], number % len(goods)
        tried = (_damaged(good, kind, rng) for good in (*goods[turn:], *goods[:turn]))
        mutation = next((mutation for mutation in tried if mutation is not None), None)
        if mutation is not None and mutation.data not in seen:
            seen.add(mutation.data)
            found += 1
            yield mutation
    raise AssertionError(f"only {found} different mutations")


def everywhere(good: Good, kind: str, *, seed: int = 0) -> Iterator[Mutation]:
    """One kind of damage at every place of an agreement that suits."""
    rng = Random(seed)
    for place in places(good.tree):
        if _TREE[kind][0](place, at(good.tree, place)):
            mutation = _damaged_at(good, kind, place, rng)
            if mutation is not None and mutation.data != good.text.encode():
                yield mutation


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of a tree but the tree itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


def at(tree: Any, place: Path) -> Any:
    """What stands at a place."""
    for key in place:
        tree = tree[key]
    return tree


def _pick(rng: Random, tree: dict[str, Any], suits: Callable[[Path, Any], bool]) -> Path | None:
    """A place that suits; sections are equally likely, however long they are."""
    sections = list(tree)
    rng.shuffle(sections)
    for section in sections:
        found = [p for p in [(section,), *places(tree[section], (section,))] if suits(p, at(tree, p))]
        if found:
            return rng.choice(found)
    return None


def _damaged(good: Good, kind: str, rng: Random) -> Mutation | None:
    if kind.startswith("text"):
        return Mutation(kind, good.name, damaged_text(good.text, rng))
    place = _pick(rng, good.tree, _TREE[kind][0])
    return None if place is None else _damaged_at(good, kind, place, rng)


def _damaged_at(good: Good, kind: str, place: Path, rng: Random) -> Mutation | None:
    tree = deepcopy(good.tree)
    _, change, pinned = _TREE[kind]
    was = place[-1] if kind.startswith("key") else at(tree, place)
    if isinstance(was, dict):
        was = was.get("id", was.get("code"))
    changed = change(tree, place, rng)
    if changed is None:
        return None
    text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=100_000, default_flow_style=None)
    text = text.replace(_TWIN, "")
    return Mutation(
        kind, good.name, text.encode(), changed, _lines(text, changed), was if isinstance(was, str) else "", pinned
    )


def _lines(text: str, place: Path) -> range:
    """The lines of a place, those of its nearest enclosing one when it is gone."""
    node: Any = yaml.compose(text, Loader=yaml.BaseLoader)
    first, last = 1, 1
    for key in place:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in reversed(node.value) if k.value == str(key)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key], node.value[key]
        if found is None:
            break
        first, node = found[0].start_mark.line + 1, found[1]
        last = max(first, node.end_mark.line + (1 if node.end_mark.column else 0))
    return range(first, last + 1)


# -- what can be done to a tree ----------------------------------------------------------------------------------------

_TWIN = "__twin__"


def _rename(tree: Any, place: Path, name: str) -> Path:
    parent = at(tree, place[:-1])
    items = [(name if key == place[-1] else key, value) for key, value in parent.items()]
    parent.clear()
    parent.update(items)
    return (*place[:-1], name)


def _misspell_key(tree: Any, place: Path, rng: Random) -> Path | None:
    name = misspelt(place[-1], rng)
    return None if name in at(tree, place[:-1]) else _rename(tree, place, name)


def _double_key(tree: Any, place: Path, rng: Random) -> Path:
    parent = at(tree, place[:-1])
    parent[f"{place[-1]}{_TWIN}"] = deepcopy(parent[place[-1]])
    return place


def _remove(tree: Any, place: Path, rng: Random) -> Path:
    del at(tree, place[:-1])[place[-1]]
    return place[:-1] if isinstance(place[-1], int) else place


def _set(value: Callable[[Any, Random], Any]) -> Callable[[Any, Path, Random], Path]:
    def change(tree: Any, place: Path, rng: Random) -> Path:
        parent = at(tree, place[:-1])
        parent[place[-1]] = value(parent[place[-1]], rng)
        return place

    return change


def _double_entry(tree: Any, place: Path, rng: Random) -> Path:
    entries = at(tree, place)
    entries.append(deepcopy(rng.choice(entries)))
    return (*place, len(entries) - 1)


def _swap_sections(tree: Any, place: Path, rng: Random) -> Path:
    other = rng.choice([key for key in tree if key != place[0]])
    tree[place[0]], tree[other] = tree[other], tree[place[0]]
    return ()


def _move(tree: Any, place: Path, rng: Random) -> Path | None:
    part = deepcopy(at(tree, place))
    targets = [p for p in places(tree) if isinstance(at(tree, p), dict) and p[: len(place)] != place]
    del at(tree, place[:-1])[place[-1]]
    target = rng.choice([p for p in targets if _there(tree, p)] or [()])
    at(tree, target)[str(place[-1])] = part
    return ()


def _there(tree: Any, place: Path) -> bool:
    try:
        return isinstance(at(tree, place), dict)
    except (KeyError, IndexError, TypeError):
        return False


def _cycle(tree: Any, place: Path, rng: Random) -> Path:
    path = at(tree, place)
    path.insert(rng.randrange(1, len(path) + 1), rng.choice(path[:-1]))
    return place


def _reverse(tree: Any, place: Path, rng: Random) -> Path:
    parent = at(tree, place[:-1])
    starts, ends = place[-1], _SPANS[place[-1]]
    parent[starts], parent[ends] = parent.get(ends, "2020-01-01"), parent[starts]
    return place if len(place) > 1 else ()


_SPANS = {"effective": "until", "starts": "ends", "available_from": "available_until"}
_CRITERIA = ("when", "include")

Suits: TypeAlias = Callable[[Path, Any], bool]
Change: TypeAlias = Callable[[Any, Path, Random], Path | None]


def _is_key(place: Path, value: Any) -> bool:
    return isinstance(place[-1], str)


def _is_text(place: Path, value: Any) -> bool:
    return isinstance(value, str)


def _is_name(place: Path, value: Any) -> bool:
    return isinstance(value, str) and " " not in value and len(value) > 2 and place[-1] not in (*_CRITERIA, "pattern")


_TREE: dict[str, tuple[Suits, Change, bool]] = {
    "key misspelt": (_is_key, _misspell_key, True),
    "key doubled": (_is_key, _double_key, True),
    "key spaced": (_is_key, lambda tree, place, rng: _rename(tree, place, f"{place[-1][:2]} {place[-1][2:]}"), True),
    "key emptied": (_is_key, lambda tree, place, rng: _rename(tree, place, ""), True),
    "key long": (_is_key, lambda tree, place, rng: _rename(tree, place, place[-1] * 60), True),
    "removed": (lambda place, value: True, _remove, False),
    "name misspelt": (_is_name, _set(misspelt), True),
    "type": (lambda place, value: True, _set(wrong_type), True),
    "null": (lambda place, value: place[-1] not in ("preset", "when"), _set(lambda value, rng: None), True),
    "impossible": (lambda place, value: not isinstance(value, dict | list), _set(impossible), False),
    "criterion": (lambda place, value: place[-1] in _CRITERIA, _set(bad_criterion), True),
    "list emptied": (lambda place, value: isinstance(value, list), _set(lambda value, rng: []), False),
    "entry doubled": (lambda place, value: isinstance(value, list) and bool(value), _double_entry, True),
    "sections swapped": (lambda place, value: len(place) == 1, _swap_sections, False),
    "moved": (lambda place, value: True, _move, False),
    "path cyclic": (lambda place, value: place[-1] == "success_path", _cycle, True),
    "dates reversed": (lambda place, value: place[-1] in _SPANS, _reverse, False),
}
"""Kind of damage → which places suit, what is done there, and whether a refusal has to point there."""

KINDS = (*_TREE, "text", "text again")
"""Every kind of damage."""
