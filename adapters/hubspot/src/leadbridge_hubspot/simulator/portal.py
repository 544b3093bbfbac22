"""A HubSpot account in memory: its records, its rules, its switches."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import RLock

from leadbridge.clock import Clock, to_us
from leadbridge_hubspot.paths import KINDS
from leadbridge_hubspot.simulator.app import App
from leadbridge_hubspot.simulator.catalogue import own_properties
from leadbridge_hubspot.simulator.events import Events
from leadbridge_hubspot.simulator.history import API, Source
from leadbridge_hubspot.simulator.links import Links
from leadbridge_hubspot.simulator.moves import after_association, after_deal, forward
from leadbridge_hubspot.simulator.pipeline import standard_pipelines
from leadbridge_hubspot.simulator.stages import STAGES, note_stage
from leadbridge_hubspot.simulator.switches import Switches
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import InvalidValue, Property

__all__ = ["OwnerRow", "Portal", "Problem", "Taken", "new_property"]

TOKEN = "pat-eu1-simulator"
_BIN_MS = 90 * 86_400_000
FIRST_ID = 951
"""Ids get one digit longer soon, so that comparing them as text is found out."""


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """Somebody to whom records belong; ``user_id`` is another number and means nothing elsewhere."""

    id: str
    user_id: int
    email: str = field(repr=False)
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    queue: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a property was refused."""

    code: str
    name: str
    message: str


class Taken(Exception):
    """A unique value stands in another record already."""

    def __init__(self, name: str, holder: Entry) -> None:
        self.name = name
        self.holder = holder
        super().__init__(name)


class Portal:
    """The account. Handlers and the back door hold ``lock`` while they work.

    Args:
        clock: the account's time.
        seed: makes the order of batch answers repeatable.
        portal_id: the account's id.
        provisioned: whether leadbridge's own properties exist from the start.
    """

    def __init__(self, clock: Clock, *, seed: int = 0, portal_id: int = 48_310_021, provisioned: bool = True) -> None:
        self.clock = clock
        self.portal_id = portal_id
        self.lock = RLock()
        self.switches = Switches()
        self.tokens = {TOKEN}
        self.app = App()
        self.events = Events()
        self.scopes_missing: set[str] = set()
        self._provisioned = provisioned
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """An empty account, as it was in the beginning; switches stay."""
        with self.lock:
            self.random = random.Random(self._seed)
            self.tables = {kind: Table(each) for kind, each in KINDS.items()}
            self.owners: dict[str, OwnerRow] = {}
            self.links = Links()
            self.pipelines = {kind: standard_pipelines(kind) for kind in KINDS}
            self.blocked: set[str] = set()
            self._next_stage = 4_180_001
            self.unsubscribed: set[str] = set()
            self._next_id = FIRST_ID
            if self._provisioned:
                for prop in own_properties("contact"):
                    self.tables["contact"].add_property(prop)

    def now(self) -> int:
        """The present time in epoch milliseconds."""
        return to_us(self.clock.now()) // 1000

    def visible_at(self) -> int:
        """When the search index will know what is done now."""
        return self.now() + int(self.switches.lag.total_seconds() * 1000)

    def new_id(self) -> str:
        """A number for a new stage or pipeline."""
        self._next_stage += 1
        return str(self._next_stage)

    def pipelines_changed(self, table: Table) -> None:
        """Stages are options of the stage property, and each has properties of its own."""
        table.properties[STAGES[table.kind.kind]].options = [
            (stage.id, stage.label) for pipeline in self.pipelines[table.kind.kind] for stage in pipeline.stages
        ]
        table.stages_changed()

    # -- checking --------------------------------------------------------------------------------------------------

    def stored(
        self, table: Table, values: Mapping[str, object], *, inside: bool = False
    ) -> tuple[dict[str, str], list[Problem]]:
        """Values as they are kept, and what is wrong with the others. From inside, computed ones may be set too."""
        kept: dict[str, str] = {}
        problems: list[Problem] = []
        for name, value in values.items():
            prop = table.properties.get(name)
            if prop is None:
                problems.append(Problem("PROPERTY_DOESNT_EXIST", name, f'Property "{name}" does not exist'))
            elif prop.read_only and not inside:
                problems.append(Problem("READ_ONLY_VALUE", name, f'"{name}" is a read only property'))
            else:
                try:
                    kept[name] = prop.stored(value)
                except InvalidValue as wrong:
                    problems.append(Problem(wrong.code, name, wrong.message))
                if name == "email" and kept.get(name) in self.blocked:
                    problems.append(Problem("EMAIL_BLOCKED", name, "This address was deleted for good"))
        return kept, problems

    def check_unique(self, table: Table, values: Mapping[str, str], own: Entry | None) -> None:
        """Raises :class:`Taken` when a unique value stands in another live record."""
        for name in table.unique:
            value = values.get(name)
            holder = table.holder(name, value) if value else None
            if holder is not None and holder is not own:
                raise Taken(name, holder)

    # -- changing --------------------------------------------------------------------------------------------------

    def create(
        self,
        table: Table,
        values: Mapping[str, str],
        *,
        created: int | None = None,
        inside: bool = False,
        source: Source = API,
    ) -> Entry:
        """A new record with values that were checked before."""
        now = self.now()
        entry = Entry(self._next_id, created if created is not None else now)
        self._next_id += 1
        table.add(entry)
        props = {name: value for name, value in values.items() if value}
        self._defaults(table, props, inside=inside)
        if table.kind.kind == "contact" and props.get("email") in self.unsubscribed:
            props["hs_email_optout"] = "true"
        self._derive(table, {}, props, now)
        table.commit(entry, props, now, self.visible_at(), source)
        self.events.created(table, entry, source)
        self.events.changed(table, entry, source)
        return entry

    def update(
        self,
        table: Table,
        entry: Entry,
        values: Mapping[str, str],
        *,
        inside: bool = False,
        source: Source = API,
    ) -> bool:
        """Changes a record; returns whether anything is different now."""
        props = dict(entry.props)
        for name, value in values.items():
            if name == "lifecyclestage" and not inside and self._backward(table, props.get(name), value):
                continue
            look = table.properties[name].look
            if look == "checkbox" and value.startswith(";"):
                present = [part for part in props.get(name, "").split(";") if part]
                props[name] = ";".join(dict.fromkeys((*present, *filter(None, value.split(";")))))
            elif value:
                props[name] = value
            else:
                props.pop(name, None)
        if props == entry.props:
            return False
        now, stage = self.now(), entry.props.get("dealstage")
        self._derive(table, entry.props, props, now)
        table.commit(entry, props, now, self.visible_at(), source)
        self.events.changed(table, entry, source)
        if table.kind.kind == "deal" and props.get("dealstage") != stage:
            after_deal(self, entry)
        return True

    def archive(self, table: Table, entry: Entry, *, source: Source = API) -> None:
        """Puts a record into the recycle bin."""
        table.archive(entry, self.now(), self.visible_at())
        self.events.deleted(table, entry, self.now(), source)

    def bin(self, table: Table) -> list[Entry]:
        """What lies in the recycle bin, by id; after ninety days it is gone for good."""
        oldest = self.now() - _BIN_MS
        for entry in [entry for entry in table.bin if entry.archived_at is not None and entry.archived_at < oldest]:
            table.drop(entry, self.visible_at())
        return table.bin

    def restore(self, table: Table, entry: Entry, *, source: Source = API) -> None:
        """Takes a record out of the recycle bin."""
        table.restore(entry, self.now(), self.visible_at())
        self.events.restored(table, entry, self.now(), source)

    def erase(self, table: Table, entry: Entry, *, source: Source = API) -> None:
        """Removes a person for good, with what belonged to them; the old ids lead nowhere afterwards."""
        self.links.drop(table.kind.kind, entry.id)
        table.drop(entry, self.visible_at())
        entry.props = {}
        entry.versions.clear()
        self.events.erased(table, entry, self.now(), source)
        self.events.deleted(table, entry, self.now(), source)

    def merge(self, table: Table, primary: Entry, loser: Entry, *, source: Source = API) -> Entry:
        """Makes two records one: the primary's present values win, gaps are filled from the other one."""
        now = self.now()
        keeps = self.switches.merge_keeps_primary_id
        went_in = [loser.id] if keeps else [primary.id, loser.id]
        earlier = [
            part for each in (primary, loser) for part in each.props.get("hs_merged_object_ids", "").split(";") if part
        ]
        props = {**loser.props, **primary.props, "hs_merged_object_ids": ";".join([*earlier, *went_in])}
        further = [
            *props.get("hs_additional_emails", "").split(";"),
            *([loser.props["email"]] if "email" in loser.props and "email" in primary.props else []),
        ]
        if any(further):
            props["hs_additional_emails"] = ";".join(filter(None, further))
        created = min(primary.created, loser.created)
        survivor = primary
        if not keeps:
            survivor = Entry(self._next_id, created, versions=list(primary.versions), props=dict(primary.props))
            self._next_id += 1
        went = [loser] if keeps else [primary, loser]
        for each in went:
            table.drop(each, self.visible_at(), became=survivor)
            self.links.move(table.kind.kind, each.id, survivor.id)
        if survivor is not primary:
            table.add(survivor)
        survivor.created = created
        table.commit(survivor, props, now, self.visible_at(), source)
        self.events.merged(table, primary, went, survivor, now, source)
        return survivor

    def associate(self, here: Table, one: Entry, there: Table, other: Entry, type_ids: Iterable[int]) -> None:
        """Makes two records belong together, and does what HubSpot does then."""
        kinds, wanted = (here.kind.kind, there.kind.kind), list(type_ids)
        if not self.links.add((kinds[0], one.id), (kinds[1], other.id), wanted):
            return
        known = self.links.types(*kinds)
        for type_id in wanted:
            primary = known[type_id].label == "Primary"
            self.events.associated(here, one, there, other, removed=False, primary=primary, at=self.now())
        self._deals_of(here, one, there, other)

    def dissociate(self, here: Table, one: str, there: Table, other: str, type_ids: Iterable[int] = ()) -> None:
        """Takes two records apart, or takes only some labels away."""
        first, second = here.resolve(one), there.resolve(other)
        if first is None or second is None:
            return
        if self.links.remove((here.kind.kind, first.id), (there.kind.kind, second.id), type_ids):
            self.events.associated(here, first, there, second, removed=True, primary=False, at=self.now())
            self._deals_of(here, first, there, second)

    # -- rules -----------------------------------------------------------------------------------------------------

    def _deals_of(self, here: Table, one: Entry, there: Table, other: Entry) -> None:
        for deals, deal, table, entry in ((here, one, there, other), (there, other, here, one)):
            if deals.kind.kind == "deal" and table.kind.kind in ("contact", "company"):
                after_association(self, deal, table, entry)

    def _defaults(self, table: Table, props: dict[str, str], *, inside: bool) -> None:
        kind = table.kind.kind
        if kind in ("contact", "company"):
            props["hs_pipeline"] = f"{table.kind.path}-lifecycle-pipeline"
        if kind == "contact" and not inside and self.switches.new_contact_stage:
            props.setdefault("lifecyclestage", self.switches.new_contact_stage)
        if kind == "lead" and self.pipelines[kind]:
            props.setdefault("hs_pipeline", self.pipelines[kind][0].id)
            props.setdefault("hs_pipeline_stage", self.pipelines[kind][0].stages[0].id)

    def _backward(self, table: Table, before: str | None, after: str) -> bool:
        if not self.switches.ratchet or not before or not after or before == after:
            return False
        return not forward(table, before, after)

    def _derive(self, table: Table, before: Mapping[str, str], props: dict[str, str], now: int) -> None:
        """What HubSpot itself works out: when a stage was entered, whether a deal is closed."""
        note_stage(table, before, props, now)
        if table.kind.kind != "deal":
            return
        stages = (stage for pipeline in self.pipelines["deal"] for stage in pipeline.stages)
        found = next((stage for stage in stages if stage.id == props.get("dealstage")), None)
        if found is not None:
            chance = found.metadata.get("probability", "0.0")
            props["hs_deal_stage_probability"] = chance
            closed = found.metadata.get("isClosed") == "true"
            props["hs_is_closed"] = str(closed).lower()
            props["hs_is_closed_won"] = str(closed and float(chance) == 1.0).lower()


def new_property(
    name: str, *, type: str = "string", label: str = "", look: str = "", group: str = "", unique: bool = False
) -> Property:
    """A property that somebody adds to an account."""
    looks = {"number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox", "enumeration": "select"}
    return Property(
        name, label or name, type, look or looks.get(type, "text"), group, unique=unique, made_by_hubspot=False
    )
