"""One kind of record of one connection: reading it as a lead, and writing a lead to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from leadbridge.adapter import FieldInfo, Fields, KindInfo, Owner, Ref, Value
from leadbridge.agreement.crosswalk import AXES, Kind, KindCrosswalk
from leadbridge.clock import iso, parse_iso
from leadbridge.domain.lifecycle import Lifecycle
from leadbridge.mapping.fitting import fitted, meaning_to_raw
from leadbridge.mapping.people import People
from leadbridge.mapping.straight import FieldReader, written_out
from leadbridge.mapping.values import Table, Words

__all__ = ["Frozen", "KindMapping"]

# A crosswalk can only say in words what a picklist means for consent; the text "false" is no opt-out.
_IN_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Frozen:
    """A mapped field that this account does not have, or does not let us write."""

    connection: str
    kind: str
    field: str
    problem: str


def _said(value: Value, name: str, reader: Callable[[Value], Value] | None, blank: Set[str]) -> Value:
    """What a field says; without a reader it is plain text."""
    if reader is not None:
        return reader(value)
    if isinstance(value, str):
        value = value.strip()
        return None if value in blank else value.lower() if name == "email" else value
    return value


class KindMapping:
    """One kind of record of one connection, compiled for speed.

    Attributes:
        stands_for: ``lead``, ``opportunity``, ``interaction`` and so on; ``work`` is sales work about a lead.
        names: the canonical fields that it has.
        reads: the CRM fields to ask for.
        own: our own fields that the account has, by purpose.
        frozen: what of the crosswalk cannot be used here.
    """

    def __init__(
        self,
        connection: str,
        info: KindInfo,
        crosswalk: KindCrosswalk,
        people: People,
        lifecycle: Lifecycle,
        known: Mapping[str, frozenset[str]],
    ) -> None:
        self.connection = connection
        self.kind = info.name
        self.info = info
        self.crosswalk = crosswalk
        self.people = people
        named = "lead" in crosswalk.fields
        self.stands_for: Kind | Literal["work"] | None = "work" if crosswalk.as_ == "lead" and named else crosswalk.as_
        self.creates = crosswalk.create and info.writable and self.stands_for == "lead"
        self.own = dict(info.own) if info.writable else {}
        self.frozen: list[Frozen] = []
        self.fields = {
            name: field for name, field in crosswalk.fields.items() if self._usable(field) and name not in AXES
        }
        self._axis_fields = {
            name: field for name, field in crosswalk.fields.items() if name in AXES and self._usable(field)
        }
        self.tables = {
            field: self._table(info.fields[field], table)
            for field, table in crosswalk.values.items()
            if self._usable(field)
        }
        self._words = {field: Words(table) for field, table in self.tables.items()}
        # What a field by itself means is read with the field; a value may mean something else besides.
        axis_rows: dict[str, dict[Value, dict[str, Value]]] = {
            field: {
                raw: {name: row[name] for name in row if name in AXES or name not in self.fields}
                for raw, row in table.items()
            }
            for field, table in self.tables.items()
        }
        self._axes = [(name, field, known[name]) for name, field in self._axis_fields.items()]
        self._rows = [(field, rows) for field, rows in axis_rows.items() if any(rows.values())]
        self._shown_as = self._stand_ins(lifecycle)
        self._shows = self._shown()
        self._stage_dates = {stage: field for stage, field in crosswalk.stage_dates.items() if self._usable(field)}
        touched = [field for touch in crosswalk.touches for field in (touch.at, touch.asset) if field]
        extra = [*touched, *([crosswalk.opportunity] if crosswalk.opportunity else [])]
        self.reads = tuple(
            sorted(
                {
                    *self.fields.values(),
                    *self._axis_fields.values(),
                    *self.tables,
                    *self._stage_dates.values(),
                    *(field for field in extra if self._usable(field)),
                    *self.own.values(),
                }
            )
        )
        self._readers: list[FieldReader] = [
            (name, info.fields[field], self._reader(name, info.fields[field]), self._blank(field))
            for name, field in self.fields.items()
        ]
        self._readers_of: dict[str, list[FieldReader]] = {}
        for each in self._readers:
            self._readers_of.setdefault(each[1].name, []).append(each)
        self._straight = written_out(self._readers)
        self._owner_field = self.fields.get("owner", "")
        self.names = tuple(self.fields)
        self._answers = [(field, table) for field, table in self.tables.items() if info.fields[field].writable]
        # Fields that say one thing each, whatever stands in the others.
        several = {*self.tables, *self._axis_fields.values(), self.fields.get("owner")}
        self._alone = {field for field in info.fields if field not in several}

    def _usable(self, field: str) -> bool:
        if field in self.info.fields:
            return True
        found = Frozen(self.connection, self.kind, field, "this account does not have the field, or hides it from us")
        if found not in self.frozen:
            self.frozen.append(found)
        return False

    @staticmethod
    def _table(info: FieldInfo, table: Table) -> dict[str, Mapping[str, str]]:
        """Meanings by stored value; the agreement may name what people see instead."""
        by_label = {option.label: option.value for option in info.options}
        values = {option.value for option in info.options}
        return {(key if key in values else by_label.get(key, key)): meaning for key, meaning in table.items()}

    def _shown(self) -> set[str]:
        """The stages that this kind has a word for."""
        return {row["stage"] for table in self.tables.values() for row in table.values() if "stage" in row}

    def _stand_ins(self, lifecycle: Lifecycle) -> dict[str, str]:
        """For detours that this kind has no word for: the stage that the crosswalk names, or that they send back to."""
        shown = self._shown()
        return {
            detour: self.crosswalk.detours.get(detour)
            or next((stage for stage in terms.returns if stage in shown), detour)
            for detour, terms in lifecycle.detours.items()
            if detour not in shown
        }

    def _blank(self, field: str) -> frozenset[str]:
        """The texts that say nothing in a field: its own filler is one, the filler of another field is a value."""
        filler = self.crosswalk.fillers.get(field)
        return frozenset({""} if filler is None else {"", filler.strip()})

    def _reader(self, name: str, info: FieldInfo) -> Callable[[Value], Value] | None:
        """How a field is read; ``None`` for plain text and addresses, the most frequent, which need no call."""
        blank = self._blank(info.name)
        table = self.tables.get(info.name)

        def text(value: Value) -> Value:
            if not isinstance(value, str):
                return value
            stripped = value.strip()
            return None if stripped in blank else stripped

        def meaning(value: Value) -> Value:
            row = table.get(value) if table is not None and isinstance(value, str) else None
            return row[name] if row is not None and name in row else text(value)

        def consent(value: Value) -> Value:
            said = meaning(value)
            return _IN_WORDS.get(said.lower(), said) if isinstance(said, str) else said

        def owner(value: Value) -> Value:
            identity = value.id if isinstance(value, Ref) else value
            return self.people.canonical(identity) if isinstance(identity, str) else None

        if name == "owner":
            return owner
        if name == "opted_out":
            return consent
        return meaning if table is not None and name != "email" else None

    # -- from the CRM ----------------------------------------------------------------------------------------------

    def read(self, fields: Fields) -> dict[str, Value]:
        """The canonical values of a record. What the record did not carry is absent; blank is ``None``.

        An owner whom nobody can vouch for is absent, too: somebody owns the record, and nobody is put in their place.
        """
        try:
            found = self._straight(fields)
        except (KeyError, AttributeError):
            found = self._one_by_one(fields)
        raw = fields.get(self._owner_field)
        if raw is not None and found["owner"] is None and self.people.stranger(raw):
            del found["owner"]
        for name, field, known in self._axes:
            raw = fields.get(field)
            if isinstance(raw, str) and raw in known:
                found[name] = raw
        for field, rows in self._rows:
            if row := rows.get(fields.get(field)):
                found.update(row)
        return found

    def _one_by_one(self, fields: Fields) -> dict[str, Value]:
        """The canonical values of a record that is not as the description says."""
        return {
            name: _said(fields[info.name], name, reader, blank)
            for name, info, reader, blank in self._readers
            if info.name in fields
        }

    def reread(self, values: Mapping[str, Value], changes: Fields, state: Fields) -> dict[str, Value]:
        """The canonical values of a record after some of its fields have changed.

        Args:
            values: as they were.
            changes: the fields that changed.
            state: all fields, as they are now.
        """
        if not changes.keys() <= self._alone:
            return self.read(state)
        said = {
            name: _said(value, name, reader, blank)
            for field, value in changes.items()
            for name, _, reader, blank in self._readers_of.get(field, ())
        }
        return {**values, **said}

    def unmapped(self, fields: Fields) -> list[tuple[str, str]]:
        """Picklist values of a record that the crosswalk does not know: (field, value)."""
        strange: list[tuple[str, str]] = []
        for field, table in self.tables.items():
            raw = fields.get(field)
            if isinstance(raw, str) and raw and raw not in table:
                strange.append((field, raw))
        for _, field, known in self._axes:
            raw = fields.get(field)
            if field not in self.tables and isinstance(raw, str) and raw and raw not in known:
                strange.append((field, raw))
        owner = self.fields.get("owner")
        if owner is not None and (raw := fields.get(owner)):
            identity = raw.id if isinstance(raw, Ref) else raw
            if isinstance(identity, str) and identity not in self.people.by_id:
                strange.append((owner, identity))
        return strange

    def choices(self) -> list[tuple[str, str]]:
        """Picklist values that people may choose and that have no meaning: (field, value)."""
        fields = dict.fromkeys((*self.tables, *self._axis_fields.values()))
        options = [(field, each.value) for field in fields for each in self.info.fields[field].options if each.active]
        return [(field, value) for field, value in options if self.unmapped({field: value})]

    @property
    def counted(self) -> tuple[str, ...]:
        """The CRM fields whose values have to have a meaning."""
        owner = self.fields.get("owner")
        return tuple(sorted({*self.tables, *self._axis_fields.values(), *([owner] if owner else [])}))

    def label(self, field: str, value: str) -> str:
        """What people see instead of a stored value; an owner's name is nobody's business here."""
        return next((option.label for option in self.info.fields[field].options if option.value == value), value)

    def names_of(self, field: str) -> list[str]:
        """The canonical names under which a CRM field is read."""
        return [name for name, *_ in self._readers_of.get(field, ())]

    def own_value(self, purpose: str, fields: Fields) -> Value:
        """What stands in one of our own fields."""
        name = self.own.get(purpose)
        return fields.get(name) if name else None

    def owner(self, fields: Fields) -> Owner | None:
        """The owner of a record, if the account knows it; whoever we are signed in as owns nothing."""
        field = self.fields.get("owner")
        raw = fields.get(field) if field else None
        identity = raw.id if isinstance(raw, Ref) else raw
        return self.people.by_id.get(identity) if isinstance(identity, str) and identity != self.people.user else None

    def stage_date(self, stage: str, fields: Fields) -> tuple[str, bool] | None:
        """When a stage was entered, as the record says: the instant, and whether only the day is known."""
        field = self._stage_dates.get(stage)
        raw = fields.get(field) if field else None
        if not isinstance(raw, str) or not raw:
            return None
        return iso(parse_iso(raw)), len(raw) == 10

    # -- to the CRM ------------------------------------------------------------------------------------------------

    def write(self, wanted: Mapping[str, Value], current: Fields) -> dict[str, Value]:
        """The CRM fields that make a record say what is wanted; what it says already is left out."""
        changes: dict[str, Value] = {}
        stage = wanted.get("stage")
        if isinstance(stage, str):
            wanted = {**wanted, "stage": self._shown_as.get(stage, stage)}
        for name, value in wanted.items():
            field = self.fields.get(name)
            if field is None or not self.info.fields[field].writable:
                continue
            local = self._local(name, self.info.fields[field], value, current.get(field))
            if local != current.get(field) and not (value is not None and local is None):
                changes[field] = local
        for field, table in self._answers:
            if field in changes:
                continue
            now = current.get(field)
            # A value that nobody gave a meaning to is somebody's own word: it stays, and check reports it.
            raw = self._words[field].express(wanted, now) if now in table or now in (None, "") else None
            if raw is None:
                if stage in self._shown_as and self._misleads(field, wanted["stage"], now):
                    changes[field] = None
            elif raw != now:
                changes[field] = raw
        for purpose, field in self.own.items():
            if purpose in wanted and wanted[purpose] != (current.get(field) or None):
                changes[field] = wanted[purpose]
        return changes

    def fill(self, fields: dict[str, Value]) -> dict[str, Value]:
        """Adds the declared fillers where a new record needs a value and there is none."""
        for field, filler in self.crosswalk.fillers.items():
            if field in self.info.fields and fields.get(field) is None:
                fields[field] = filler
        return {field: value for field, value in fields.items() if value is not None}

    def _misleads(self, field: str, stage: Value, now: Value) -> bool:
        """Whether a record goes on showing a stage though its lead is in a detour that the kind has no word for.

        No stage at all is the truth then: the lead counts in no stage of the path, and a person who puts it into one
        again is heard.
        """
        if not isinstance(stage, str) or stage not in self._shown_as:
            return False
        table = self.tables[field]
        row = table.get(now) if isinstance(now, str) else None
        if row is None or self.info.fields[field].required:
            return False
        if any(meaning.keys() != {"stage"} for meaning in table.values()):
            return False  # a picklist that says other things as well is not emptied
        return stage not in self._shows and row["stage"] != stage

    def holds(self, name: str, value: Value, fields: Fields) -> bool:
        """Whether a record holds just what would be written for a value: cut, in its options, in its types."""
        field = self.fields.get(name)
        if field is None or fields.get(field) in (None, ""):
            return False
        return self._local(name, self.info.fields[field], value, fields[field]) == fields[field]

    def inexpressible(self, name: str, value: Value) -> bool:
        """Whether none of the options of a field stands for a value, so that it cannot be written here at all."""
        field = self.fields.get(name)
        if field is None or name == "owner" or value in (None, "") or not self.info.fields[field].writable:
            return False
        return self._local(name, self.info.fields[field], value, None) is None

    def _local(self, name: str, info: FieldInfo, value: Value, current: Value) -> Value:
        if name == "owner":
            return self.people.local(value) if isinstance(value, str) else None
        table = self.tables.get(info.name)
        if table is not None and value is not None:
            value = meaning_to_raw({raw: row[name] for raw, row in table.items() if name in row}, value, current)
        if value is None and info.required and info.name in self.crosswalk.fillers:
            return self.crosswalk.fillers[info.name]
        return fitted(info, value)
