"""The records of one object type: live store, recycle bin, unique values, and the search index that lags behind."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leadbridge_hubspot.paths import ObjectType
from leadbridge_hubspot.simulator.catalogue import DEFAULT_SHOWN, created_name, standard_properties
from leadbridge_hubspot.simulator.history import API, Source, Version
from leadbridge_hubspot.simulator.stages import STAGES, stage_properties
from leadbridge_hubspot.simulator.values import Property, iso_ms

__all__ = ["Entry", "Table"]


@dataclass(slots=True, eq=False)
class Entry:
    """One record. ``props`` is replaced and never changed, so that the search index can keep an older one.

    ``indexed`` is what the search index knows of it, with the stamp that it had then; ``None``: not in the index.
    """

    number: int
    created: int
    stamp: int = 0
    props: dict[str, str] = field(default_factory=dict)
    archived_at: int | None = None
    gone: bool = False
    indexed: dict[str, str] | None = None
    indexed_stamp: int = 0
    versions: list[Version] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.number)

    @property
    def live(self) -> bool:
        return not self.gone and self.archived_at is None


def _number(entry: Entry) -> int:
    return entry.number


class Table:
    """All records of one object type. Not thread-safe: whoever calls holds the portal's lock."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self.properties = {prop.name: prop for prop in standard_properties(kind.kind)}
        self.groups = {prop.group: prop.group for prop in self.properties.values()} | {kind.group: kind.group}
        self.created_name = created_name(kind.kind)
        self.always = ("hs_object_id", self.created_name, kind.modified)
        self.shown = DEFAULT_SHOWN.get(kind.kind, self.always)
        self.live: list[Entry] = []
        self.bin: list[Entry] = []
        self.index: list[Entry] = []
        self.aliases: dict[str, str] = {}
        self._entries: dict[str, Entry] = {}
        self._unique: dict[str, dict[str, Entry]] = {}
        self._queue: deque[tuple[int, Entry, dict[str, str] | None, int]] = deque()
        self._window: tuple[int, int, list[Entry]] | None = None
        if "email" in self.properties and kind.kind == "contact":
            self._unique["email"] = {}
        self.stages_changed()

    def add_property(self, prop: Property) -> None:
        """A new property; a unique one is indexed from now on."""
        self.properties[prop.name] = prop
        if prop.unique:
            self._unique[prop.name] = {
                value.lower(): entry for entry in self.live if (value := entry.props.get(prop.name))
            }

    def stages_changed(self) -> None:
        """Gives every stage the properties that HubSpot computes for it."""
        stage = self.properties.get(STAGES.get(self.kind.kind, ""))
        if stage is not None:
            for prop in stage_properties(stage.options, self.kind.group):
                self.properties.setdefault(prop.name, prop)

    def remove_property(self, name: str) -> None:
        """Takes a property away, with its values."""
        del self.properties[name]
        self._unique.pop(name, None)
        for entry in self._entries.values():
            entry.props = {key: value for key, value in entry.props.items() if key != name}

    @property
    def unique(self) -> Iterable[str]:
        """The names of properties whose values stand only once."""
        return self._unique

    def get(self, id: str) -> Entry | None:
        """The record with this id, in the bin or not; old ids of merged records give nothing."""
        entry = self._entries.get(id)
        return None if entry is None or entry.gone else entry

    def resolve(self, id: str) -> Entry | None:
        """The record that an id stands for today."""
        while id in self.aliases:
            id = self.aliases[id]
        return self.get(id)

    def holder(self, name: str, value: str, *, archived: bool = False) -> Entry | None:
        """The record that has a value in a unique property; an address may also stand among further ones."""
        wanted = value.strip().lower()
        if archived:
            return next((entry for entry in self.bin if entry.props.get(name, "").lower() == wanted), None)
        return self._unique[name].get(wanted)

    def add(self, entry: Entry) -> None:
        """A new live record; its first commit follows."""
        self._entries[entry.id] = entry
        self._claim(entry, {}, entry.props)
        insort(self.live, entry, key=_number)

    def commit(self, entry: Entry, props: dict[str, str], stamp: int, visible_at: int, source: Source = API) -> None:
        """Replaces the values of a live record; the search index learns of it at ``visible_at``."""
        self._claim(entry, entry.props, props)
        entry.stamp = max(stamp, entry.stamp + 1)
        props["hs_object_id"] = str(entry.number)
        props[self.created_name] = iso_ms(entry.created)
        props[self.kind.modified] = iso_ms(entry.stamp)
        changes = _changes(entry.props, props) if entry.versions else props
        entry.versions.append(Version(entry.stamp, changes, source))
        entry.props = props
        self._queue.append((visible_at, entry, props, entry.stamp))

    def archive(self, entry: Entry, at: int, visible_at: int) -> None:
        """Puts a live record into the recycle bin."""
        self._leave(entry, visible_at)
        entry.archived_at = at
        insort(self.bin, entry, key=_number)

    def restore(self, entry: Entry, at: int, visible_at: int) -> None:
        """Takes a record out of the recycle bin."""
        self.bin.remove(entry)
        entry.archived_at = None
        insort(self.live, entry, key=_number)
        self._claim(entry, {}, entry.props)
        self.commit(entry, dict(entry.props), at, visible_at)

    def drop(self, entry: Entry, visible_at: int, *, became: Entry | None = None) -> None:
        """Removes a record for good, or because it was merged into another one."""
        if entry.archived_at is None:
            self._leave(entry, visible_at)
        else:
            self.bin.remove(entry)
        entry.gone = True
        if became is not None:
            self.aliases[entry.id] = became.id

    def searched(self, now: int) -> list[Entry]:
        """The records that the search index knows now, by id."""
        while self._queue and self._queue[0][0] <= now:
            self._window = None
            _, entry, props, stamp = self._queue.popleft()
            known = entry.indexed is not None
            entry.indexed, entry.indexed_stamp = props, stamp
            if props is not None and not known:
                insort(self.index, entry, key=_number)
            elif props is None and known:
                del self.index[bisect_left(self.index, entry.number, key=_number)]
        return self.index

    def stamped(self, low: int, high: int) -> list[Entry]:
        """Those of them whose stamp lies between two, both included; remembered until the index changes."""
        if self._window is None or self._window[:2] != (low, high):
            self._window = (low, high, [entry for entry in self.index if low <= entry.indexed_stamp <= high])
        return self._window[2]

    @staticmethod
    def behind(entries: list[Entry], number: int) -> int:
        """The place of the first record whose id is greater."""
        return bisect_right(entries, number, key=_number)

    def _leave(self, entry: Entry, visible_at: int) -> None:
        del self.live[bisect_left(self.live, entry.number, key=_number)]
        self._claim(entry, entry.props, {})
        self._queue.append((visible_at, entry, None, entry.stamp))

    def _claim(self, entry: Entry, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Keeps the index of unique values: what a record no longer holds is free, what it holds is taken."""
        for name, holders in self._unique.items():
            held, holds = _claims(name, before), _claims(name, after)
            if held != holds:
                for value in held - holds:
                    if holders.get(value) is entry:
                        del holders[value]
                holders.update(dict.fromkeys(holds, entry))


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    changed.update((name, "") for name in before if name not in after)
    return changed


def _claims(name: str, props: Mapping[str, str]) -> set[str]:
    """The values that a record holds in a unique property; a contact holds its further addresses too."""
    further = props.get("hs_additional_emails", "").split(";") if name == "email" else ()
    return {value.lower() for value in (props.get(name, ""), *further) if value}
