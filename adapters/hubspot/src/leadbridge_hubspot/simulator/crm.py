"""The back door: what people, workflows and imports do inside HubSpot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from leadbridge.adapter import Ref, Value
from leadbridge.errors import ConfigError, Unsupported
from leadbridge_hubspot.simulator.history import HUBSPOT, IMPORT, PEOPLE
from leadbridge_hubspot.simulator.pipeline import Pipeline, Stage, deal_metadata
from leadbridge_hubspot.simulator.portal import OwnerRow, Portal, Taken, new_property
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import as_text, as_value, midnight_ms, milliseconds

__all__ = ["BackDoor"]


class BackDoor:
    """Works on an account without its API. Values are ours; what HubSpot would refuse raises ``ConfigError``.

    People in HubSpot may move a lifecycle stage backward, and importing may set computed properties and ``createdate``.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def seed(self, kind: str, rows: Sequence[Mapping[str, Value]]) -> list[Ref]:
        """Puts records into the account, all with the present time."""
        table = self._table(kind)
        with self._portal.lock:
            return [Ref(kind, self._insert(table, row).id) for row in rows]

    def edit(self, ref: Ref, fields: Mapping[str, Value]) -> None:
        """Changes fields of a record, as a person would."""
        with self._portal.lock:
            table, entry = self._entry(ref)
            values = self._values(table, fields)
            self._unique(table, values, entry)
            self._portal.update(table, entry, values, inside=True, source=PEOPLE)

    def assign(self, ref: Ref, owner: str) -> None:
        """Gives a record to an owner."""
        self.edit(ref, {"hubspot_owner_id": owner})

    def convert(
        self, ref: Ref, *, owner: str | None = None, opportunity: str | None = None, amount: float | None = None
    ) -> Ref:
        """HubSpot's contacts stay contacts: always raises ``Unsupported``."""
        raise Unsupported("converting records", operation="convert")

    def win(self, ref: Ref, *, on: date | None = None, amount: float | None = None) -> None:
        """The deal of a contact closes as won; there is one afterwards. HubSpot then makes the contact a customer."""
        with self._portal.lock:
            table, contact = self._entry(ref)
            closed = midnight_ms(on) if on is not None else self._portal.now()
            deals = self._table("deal")
            deal = contact if table is deals else self._deal_of(contact)
            won: dict[str, Value] = {"dealstage": "closedwon", "closedate": str(closed)}
            if amount is not None:
                won["amount"] = amount
            if deal is None:
                deal = self._insert(deals, {"dealname": f"Deal of contact {contact.id}", "pipeline": "default", **won})
                self._associate(deals, deal, table, contact)
            else:
                self._portal.update(deals, deal, self._values(deals, won), inside=True, source=PEOPLE)
            if table is not deals:
                closedate: dict[str, Value] = {"closedate": str(closed)}
                self._portal.update(table, contact, self._values(table, closedate), inside=True, source=HUBSPOT)

    def delete(self, ref: Ref) -> None:
        """Puts a record into the recycle bin."""
        with self._portal.lock:
            table, entry = self._entry(ref)
            self._portal.archive(table, entry, source=PEOPLE)

    def restore(self, ref: Ref) -> None:
        """Takes a record out of the recycle bin."""
        with self._portal.lock:
            table = self._table(ref.kind)
            self._portal.bin(table)
            entry = table.get(ref.id)
            if entry is None or entry.archived_at is None:
                raise ConfigError(f"there is no {ref.kind} {ref.id} in the recycle bin")
            self._portal.restore(table, entry, source=PEOPLE)

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        """Makes two records one; returns the survivor, which has a new id in most accounts."""
        with self._portal.lock:
            table, primary = self._entry(winner)
            _, other = self._entry(loser)
            if winner.kind != loser.kind or not table.kind.mergeable or primary is other:
                raise ConfigError("two records of one kind can be merged, contacts, companies or deals")
            return Ref(winner.kind, self._portal.merge(table, primary, other, source=PEOPLE).id)

    def associate(self, one: Ref, other: Ref, *, label: str | None = None) -> None:
        """Makes two records belong together; ``label`` is one of HubSpot's (``Primary``) or of the account's."""
        with self._portal.lock:
            self._associate(*self._entry(one), *self._entry(other), label)

    def dissociate(self, one: Ref, other: Ref) -> None:
        """Takes two records apart."""
        with self._portal.lock:
            self._portal.dissociate(self._table(one.kind), one.id, self._table(other.kind), other.id)

    def erase(self, ref: Ref) -> None:
        """Removes a person for good, as the law of the European Union demands."""
        with self._portal.lock:
            table, entry = self._entry(ref)
            self._portal.erase(table, entry, source=PEOPLE)

    def dump(self, kind: str) -> list[dict[str, Value]]:
        """The live records of a kind by id: the fields that have a value, and ``id``."""
        table = self._table(kind)
        with self._portal.lock:
            return [
                {"id": entry.id, **{name: as_value(text, table.properties[name]) for name, text in entry.props.items()}}
                for entry in table.live
            ]

    # -- the account -----------------------------------------------------------------------------------------------

    def add_property(
        self,
        kind: str,
        name: str,
        *,
        type: str = "string",
        label: str = "",
        look: str = "",
        unique: bool = False,
        options: Sequence[str] = (),
    ) -> None:
        """A new property. ``type`` is HubSpot's: string, number, bool, date, datetime, enumeration."""
        with self._portal.lock:
            table = self._table(kind)
            prop = new_property(name, type=type, label=label, look=look, group=table.kind.group, unique=unique)
            prop.options = [(option, option) for option in options]
            table.add_property(prop)

    def remove_property(self, kind: str, name: str) -> None:
        """Takes a property away, with its values."""
        with self._portal.lock:
            self._table(kind).remove_property(name)

    def set_options(self, kind: str, name: str, options: Sequence[tuple[str, str]]) -> None:
        """Gives a property other options: (value, label) in the order in which people see them."""
        with self._portal.lock:
            table = self._table(kind)
            table.properties[name].options = list(options)
            table.stages_changed()

    def add_label(self, kind: str, other: str, label: str, back: str | None = None) -> tuple[int, int]:
        """A label for associations; returns its type ids, forth and back."""
        with self._portal.lock:
            self._table(kind)
            self._table(other)
            return self._portal.links.add_label(kind, other, label, back)

    def add_stage(
        self, kind: str, label: str, *, place: int | None = None, pipeline: str = "", probability: str = "0.5"
    ) -> str:
        """A stage of the account's own, with a number as its id, which is returned.

        Args:
            kind: contact and company (the lifecycle), deal or lead.
            label: what people read.
            place: where it stands; at the end when nothing is said.
            pipeline: the id of a pipeline; empty: the first one.
            probability: of deals: how likely it is to be won; "1.0" and "0.0" close it.
        """
        with self._portal.lock:
            table, id = self._table(kind), self._portal.new_id()
            if kind in ("contact", "company"):
                options = table.properties["lifecyclestage"].options
                options.insert(len(options) if place is None else place, (id, label))
                table.stages_changed()
                return id
            known = {each.id: each for each in self._portal.pipelines[kind]}
            chosen = known.get(pipeline) if pipeline else next(iter(known.values()), None)
            if chosen is None:
                raise ConfigError(f"{kind} has no such pipeline: use one of {', '.join(known) or 'another kind'}")
            metadata = deal_metadata(probability) if kind == "deal" else {"isClosed": "false"}
            chosen.stages.insert(len(chosen.stages) if place is None else place, Stage(id, label, metadata))
            self._portal.pipelines_changed(table)
            return id

    def add_pipeline(self, kind: str, label: str) -> str:
        """A further pipeline of deals or leads, without stages; returns its id, a number."""
        with self._portal.lock:
            if kind not in ("deal", "lead"):
                raise ConfigError("only deals and leads have pipelines of the account's own")
            made = Pipeline(self._portal.new_id(), label)
            self._portal.pipelines[kind].append(made)
            return made.id

    def add_owner(
        self, email: str, *, first_name: str = "", last_name: str = "", queue: bool = False, archived: bool = False
    ) -> str:
        """Somebody to whom records can belong; returns the owner's id."""
        with self._portal.lock:
            id = str(70_001 + len(self._portal.owners))
            row = OwnerRow(id, 900_000 + int(id), email, first_name, last_name, queue, archived)
            self._portal.owners[id] = row
            return id

    # -- helpers ---------------------------------------------------------------------------------------------------

    def _table(self, kind: str) -> Table:
        try:
            return self._portal.tables[kind]
        except KeyError:
            raise ConfigError(f"this account has no {kind}: use {', '.join(self._portal.tables)}") from None

    def _entry(self, ref: Ref) -> tuple[Table, Entry]:
        table = self._table(ref.kind)
        entry = table.resolve(ref.id)
        if entry is None or not entry.live:
            raise ConfigError(f"there is no {ref.kind} {ref.id}")
        return table, entry

    def _values(self, table: Table, fields: Mapping[str, Value]) -> dict[str, str]:
        raw = {name: as_text(value) for name, value in fields.items()}
        kept, problems = self._portal.stored(table, raw, inside=True)
        if problems:
            wrong = ", ".join(f"{problem.name} ({problem.code})" for problem in problems)
            raise ConfigError(f"HubSpot would not take these properties of a {table.kind.kind}: {wrong}")
        return kept

    def _unique(self, table: Table, values: Mapping[str, str], own: Entry | None) -> None:
        try:
            self._portal.check_unique(table, values, own)
        except Taken as taken:
            raise ConfigError(f"another {table.kind.kind} has the same {taken.name}") from None

    def _insert(self, table: Table, fields: Mapping[str, Value]) -> Entry:
        values = self._values(table, fields)
        self._unique(table, values, None)
        created = values.pop(table.created_name, "")
        return self._portal.create(
            table, values, created=milliseconds(created) if created else None, inside=True, source=IMPORT
        )

    def _associate(self, here: Table, one: Entry, there: Table, other: Entry, label: str | None = None) -> None:
        types = self._portal.links.types(here.kind.kind, there.kind.kind).values()
        chosen = [each.id for each in types if each.label == label]
        if not chosen:
            raise ConfigError(f"a {here.kind.kind} cannot be associated with a {there.kind.kind} like that")
        self._portal.associate(here, one, there, other, chosen)

    def _deal_of(self, contact: Entry) -> Entry | None:
        deals = self._table("deal")
        found = (deals.get(id) for id in self._portal.links.of("contact", contact.id, "deal"))
        return next((deal for deal in found if deal is not None and deal.live), None)
