"""Which records belong together: associations with their types, a type id for each direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["LinkType", "Links"]


@dataclass(frozen=True, slots=True)
class LinkType:
    """One way in which two records can be associated; ``back`` is the type id that the other side sees."""

    id: int
    back: int
    label: str | None = None
    category: str = "HUBSPOT_DEFINED"

    def shown(self) -> dict[str, object]:
        """As the associations API shows it beside a record."""
        return {"category": self.category, "typeId": self.id, "label": self.label}


# From, to, type id there, type id back, label. HubSpot's own client lists these ids, except those of leads: 578 and 580
# are documented, their way back is not.
_STANDARD: list[tuple[str, str, int, int, str | None]] = [
    ("contact", "company", 279, 280, None),
    ("contact", "company", 1, 2, "Primary"),
    ("deal", "contact", 3, 4, None),
    ("deal", "company", 341, 342, None),
    ("deal", "company", 5, 6, "Primary"),
    ("lead", "contact", 578, 579, None),
    ("lead", "company", 580, 581, None),
    ("contact", "contact", 449, 449, None),
    ("company", "company", 450, 450, None),
    ("deal", "deal", 451, 451, None),
]
_ACTIVITIES = ("call", "email", "meeting", "note", "task")
_STANDARD += [
    (kind, other, first + step, first + step - 1, None)
    for other, first in (("contact", 194), ("company", 182), ("deal", 206))
    for kind, step in zip(_ACTIVITIES, (0, 4, 6, 8, 10), strict=True)
]
_STANDARD += [(kind, "lead", 596 + 2 * place, 597 + 2 * place, None) for place, kind in enumerate(_ACTIVITIES)]


class Links:
    """The associations of an account. Not thread-safe: whoever calls holds the portal's lock."""

    def __init__(self) -> None:
        self._types: dict[tuple[str, str], dict[int, LinkType]] = {}
        # By record: the kinds of others, their ids, and the type ids.
        self._ends: dict[tuple[str, str], dict[str, dict[str, dict[int, None]]]] = {}
        self._own = 1
        for here, there, id, back, label in _STANDARD:
            self._define(here, there, LinkType(id, back, label), LinkType(back, id, label))

    def add_label(self, here: str, there: str, label: str, back_label: str | None = None) -> tuple[int, int]:
        """A label of the account's own; returns its type id in each direction, which are the account's own as well."""
        id, back = self._own, self._own + 1
        self._own += 2
        category = "USER_DEFINED"
        self._define(
            here, there, LinkType(id, back, label, category), LinkType(back, id, back_label or label, category)
        )
        return id, back

    def types(self, here: str, there: str) -> Mapping[int, LinkType]:
        """What one kind can be to another, by type id."""
        return self._types.get((here, there), {})

    def plain(self, here: str, there: str) -> LinkType | None:
        """The type without a label; ``None`` when these kinds cannot be associated."""
        return next((each for each in self.types(here, there).values() if each.label is None), None)

    def of(self, kind: str, id: str, there: str) -> Mapping[str, Iterable[int]]:
        """The records of a kind that belong to one, with the type ids."""
        return self._ends.get((kind, id), {}).get(there, {})

    def add(self, here: tuple[str, str], there: tuple[str, str], type_ids: Iterable[int]) -> bool:
        """Associates two records; a labelled type brings the unlabelled one with it. Returns whether anything is new.

        A record has one primary company: another one that was it loses the label.
        """
        known = self.types(here[0], there[0])
        plain = self.plain(here[0], there[0])
        wanted = dict.fromkeys([*([plain.id] if plain is not None else ()), *type_ids])
        present = self._from(here, there)
        new = [known[id] for id in wanted if id not in present]
        for each in new:
            if each.label == "Primary":
                self._only_primary(here, there, each)
            present[each.id] = None
            back = self._from(there, here)
            back[each.back] = None
        return bool(new)

    def remove(self, here: tuple[str, str], there: tuple[str, str], type_ids: Iterable[int] = ()) -> bool:
        """Takes an association away, or only some of its types. Returns whether there was one."""
        present = self._ends.get(here, {}).get(there[0], {}).get(there[1])
        if present is None:
            return False
        chosen = list(type_ids) or list(present)
        backward = self._ends[there][here[0]]
        known = self.types(here[0], there[0])
        for id in chosen:
            present.pop(id, None)
            backward[here[1]].pop(known[id].back, None)
        if not present:
            del self._ends[here][there[0]][there[1]]
            backward.pop(here[1], None)
        return True

    def drop(self, kind: str, id: str) -> None:
        """Takes all associations of a record away."""
        for there, others in list(self._ends.get((kind, id), {}).items()):
            for other in list(others):
                self.remove((kind, id), (there, other))

    def move(self, kind: str, old: str, new: str) -> None:
        """Gives the associations of a record to another one, as a merge does."""
        if old == new:
            return
        for there, others in list(self._ends.get((kind, old), {}).items()):
            for other, types in list(others.items()):
                if (there, other) != (kind, new):
                    self.add((kind, new), (there, other), list(types))
        self.drop(kind, old)

    def _from(self, here: tuple[str, str], there: tuple[str, str]) -> dict[int, None]:
        return self._ends.setdefault(here, {}).setdefault(there[0], {}).setdefault(there[1], {})

    def _only_primary(self, here: tuple[str, str], there: tuple[str, str], primary: LinkType) -> None:
        # The one that has a primary company is the contact or the deal, whichever side was named first.
        if there[0] == "company":
            holder, kind, id = here, "company", primary.id
        else:
            holder, kind, id = there, here[0], primary.back
        for other, types in list(self._ends.get(holder, {}).get(kind, {}).items()):
            if id in types:
                self.remove(holder, (kind, other), [id])

    def _define(self, here: str, there: str, forth: LinkType, back: LinkType) -> None:
        self._types.setdefault((here, there), {})[forth.id] = forth
        self._types.setdefault((there, here), {})[back.id] = back
