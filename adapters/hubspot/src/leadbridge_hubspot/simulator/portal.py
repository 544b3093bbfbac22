"""A HubSpot account in memory: its records, its rules, its switches."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from threading import RLock

from leadbridge.clock import Clock, to_us
from leadbridge_hubspot.paths import KINDS
from leadbridge_hubspot.simulator.catalogue import DEAL_STAGES, own_properties
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import InvalidValue, Property

__all__ = ["OwnerRow", "Portal", "Problem", "Switches", "Taken"]

TOKEN = "pat-eu1-simulator"
FIRST_ID = 951
"""Ids get one digit longer soon, so that comparing them as text is found out."""


@dataclass(slots=True)
class Switches:
    """What differs between HubSpot accounts, or is not known for sure. May be changed while the simulator runs.

    Attributes:
        ratchet: a lifecycle stage moves forward only; a lower one is answered with 200 and not taken.
        new_contact_stage: the stage of a contact that is created without one; empty for none.
        lag: how long the search index needs.
        merge_keeps_primary_id: the beta "Primary ID Preservation"; otherwise a merge makes a new id.
        merged_redirect: an old id answers with the record that it became.
        batches_redirect: it does so in batches too.
        require_name_or_email: a new contact needs an address or a name.
        shuffled: answers of batches come in any order.
        enforce_limits: too many calls in real time are answered with 429.
        calls, interval: calls that the account has in so many seconds, as its answers say.
        searches: searches that the account has in one second.
    """

    ratchet: bool = True
    new_contact_stage: str = "lead"
    lag: timedelta = timedelta(0)
    merge_keeps_primary_id: bool = False
    merged_redirect: bool = True
    batches_redirect: bool = True
    require_name_or_email: bool = False
    shuffled: bool = True
    enforce_limits: bool = False
    calls: int = 10_000
    interval: float = 10.0
    searches: int = 5


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
            self.links: set[tuple[str, str]] = set()
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
        self, table: Table, values: Mapping[str, str], *, created: int | None = None, inside: bool = False
    ) -> Entry:
        """A new record with values that were checked before."""
        now = self.now()
        entry = Entry(self._next_id, created if created is not None else now)
        self._next_id += 1
        table.add(entry)
        props = {name: value for name, value in values.items() if value}
        if table.kind.kind == "contact" and not inside and self.switches.new_contact_stage:
            props.setdefault("lifecyclestage", self.switches.new_contact_stage)
        self._derive(table, {}, props, now)
        table.commit(entry, props, now, self.visible_at())
        return entry

    def update(self, table: Table, entry: Entry, values: Mapping[str, str], *, inside: bool = False) -> bool:
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
        now = self.now()
        self._derive(table, entry.props, props, now)
        table.commit(entry, props, now, self.visible_at())
        return True

    def archive(self, table: Table, entry: Entry) -> None:
        """Puts a record into the recycle bin."""
        table.archive(entry, self.now(), self.visible_at())

    def merge(self, table: Table, primary: Entry, loser: Entry) -> Entry:
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
            survivor = Entry(self._next_id, created)
            self._next_id += 1
        for each in (loser,) if keeps else (primary, loser):
            table.drop(each, self.visible_at(), became=survivor)
        if survivor is not primary:
            table.add(survivor)
        survivor.created = created
        table.commit(survivor, props, now, self.visible_at())
        return survivor

    # -- rules -----------------------------------------------------------------------------------------------------

    def _backward(self, table: Table, before: str | None, after: str) -> bool:
        if not self.switches.ratchet or not before or not after:
            return False
        order = [value for value, _ in table.properties["lifecyclestage"].options]
        return order.index(after) < order.index(before) if before in order and after in order else False

    @staticmethod
    def _derive(table: Table, before: Mapping[str, str], props: dict[str, str], now: int) -> None:
        """What HubSpot itself works out: when a stage was entered (as raw milliseconds), whether a deal is closed."""
        stage = props.get("lifecyclestage")
        if stage and stage != before.get("lifecyclestage"):
            entered = f"hs_lifecyclestage_{stage}_date"
            if entered in table.properties and props.get(entered) == before.get(entered):
                props[entered] = str(now)
        if table.kind.kind == "deal" and (deal_stage := props.get("dealstage")) in DEAL_STAGES:
            props["hs_deal_stage_probability"] = DEAL_STAGES[deal_stage or ""][1]
            props["hs_is_closed"] = "true" if deal_stage in ("closedwon", "closedlost") else "false"
            props["hs_is_closed_won"] = "true" if deal_stage == "closedwon" else "false"


def new_property(
    name: str, *, type: str = "string", label: str = "", look: str = "", group: str = "", unique: bool = False
) -> Property:
    """A property that somebody adds to an account."""
    looks = {"number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox", "enumeration": "select"}
    return Property(
        name, label or name, type, look or looks.get(type, "text"), group, unique=unique, made_by_hubspot=False
    )
