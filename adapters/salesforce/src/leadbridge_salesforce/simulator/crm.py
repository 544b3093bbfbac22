"""The back door: what people do inside the org, without the API. Every change is stamped like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from leadbridge.adapter import Ref, Value
from leadbridge.errors import ConfigError, Unsupported
from leadbridge_salesforce.describe import shape_of
from leadbridge_salesforce.mappers import decoders, id18
from leadbridge_salesforce.simulator.conversion import MERGED, Conversion, convert, make_deal, merge
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.rules import normal
from leadbridge_salesforce.simulator.table import Row

__all__ = ["OrgCrm"]


class OrgCrm:
    """The back door of one org; see :class:`leadbridge.simulator.Crm`."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def seed(self, kind: str, rows: Sequence[Mapping[str, Value]]) -> list[Ref]:
        """Imports records without any check; ``CreatedDate`` may be given, as an import may set it."""
        with self._org.lock:
            ready = [self._stored(kind, row) for row in rows]
            stamp = self._org.stamp()
            refs = []
            for row in ready:
                key = self._org.new_id(kind)
                self._org.later(partial(self._insert, kind, row, key, stamp))
                refs.append(Ref(kind, key))
            return refs

    def edit(self, ref: Ref, fields: Mapping[str, Value]) -> None:
        with self._org.lock:
            row = self._row(ref)
            change = self._stored(ref.kind, fields)
            self._org.later(partial(self._change, ref.kind, row, change, self._org.stamp()))

    def assign(self, ref: Ref, owner: str) -> None:
        self.edit(ref, {"OwnerId": owner})

    def convert(
        self, ref: Ref, *, owner: str | None = None, opportunity: str | None = None, amount: float | None = None
    ) -> Ref:
        """Converts a lead: an account by the name of its company, a contact, and the opportunity that is named."""
        if ref.kind != "Lead":
            raise Unsupported(f"conversion of {ref.kind}")
        org = self._org
        with org.lock:
            lead = self._row(ref)
            if lead.get("IsConverted"):
                raise ConfigError("this lead is converted already")
            account = next(
                (row["Id"] for row in org.tables["Account"].live() if row.get("Name") == lead.get("Company")), None
            )
            done = convert(
                org,
                Conversion(
                    lead,
                    owner=id18(owner) if owner else self._keeper(lead),
                    account=account,
                    deal=opportunity,
                    amount=amount,
                    by=org.person,
                ),
            )
            return Ref("Contact", done.contact)

    def win(self, ref: Ref, *, on: date | None = None, amount: float | None = None) -> None:
        """Closes the opportunity of a lead or contact as won; makes one when there is none yet."""
        org = self._org
        with org.lock:
            deal = self._opportunity(ref)
            day = (on or org.clock.now().date()).isoformat()
            change: Row = {"StageName": "Closed Won", "CloseDate": day, "Probability": 100.0}
            if amount is not None:
                change["Amount"] = amount
            org.change("Opportunity", deal, change, by=org.person)

    def delete(self, ref: Ref) -> None:
        with self._org.lock:
            self._org.change(ref.kind, self._row(ref), {"IsDeleted": True}, by=self._org.person)

    def merge(self, winner: Ref, loser: Ref) -> Ref:
        """The loser goes to the recycle bin and names the winner, whose blanks it fills."""
        if winner.kind != loser.kind or winner.kind not in MERGED:
            raise Unsupported(f"merging {loser.kind} into {winner.kind}")
        with self._org.lock:
            kept, gone = self._row(winner), self._row(loser)
            definitions = self._org.kinds[winner.kind].fields.values()
            filled = {
                each.name: gone[each.name]
                for each in definitions
                if each.writable and not each.unique and kept.get(each.name) is None and gone.get(each.name) is not None
            }
            merge(self._org, winner.kind, kept, [gone], by=self._org.person)
            self._org.change(winner.kind, kept, filled, by=self._org.person)
            return Ref(winner.kind, kept["Id"])

    def purge(self, ref: Ref) -> None:
        """Deletes a record for good: no query finds it any more, as after the recycle bin was emptied."""
        with self._org.lock:
            self._org.settle()
            row = self._org.tables[ref.kind].rows.get(id18(ref.id))
            if row is None:
                raise ConfigError(f"the simulated org has no such {ref.kind}")
            if not row["IsDeleted"]:
                self._org.change(ref.kind, row, {"IsDeleted": True}, by=self._org.person)
            self._org.purge(ref.kind, row)

    def dump(self, kind: str) -> list[dict[str, Value]]:
        """Live records, converted leads among them, with every field that the user may see."""
        with self._org.lock:
            self._org.settle()
            shape = shape_of(self._org.kinds[kind].describe())
            plan = decoders(shape, list(shape.info.fields))
            found: list[dict[str, Value]] = []
            for row in self._org.tables[kind].live():
                values: dict[str, Value] = {"id": row["Id"]}
                for name, decode in plan:
                    value = row.get(name)
                    values[name] = value if value is None or decode is None else decode(value)
                found.append(values)
            return found

    # -- inside ----------------------------------------------------------------------------------------------------

    def _row(self, ref: Ref) -> Row:
        self._org.settle()
        row = self._org.tables[ref.kind].rows.get(id18(ref.id))
        if row is None or row["IsDeleted"]:
            raise ConfigError(f"the simulated org has no such {ref.kind}")
        return row

    def _insert(self, kind: str, row: Row, key: str, stamp: str) -> None:
        self._org.insert(kind, row, key=key, stamp=stamp)

    def _change(self, kind: str, row: Row, fields: Row, stamp: str) -> None:
        self._org.change(kind, row, fields, stamp=stamp, by=self._org.person)

    def _stored(self, kind: str, fields: Mapping[str, Value]) -> Row:
        known = self._org.kinds.get(kind)
        if known is None:
            raise ConfigError(f"the simulated org has no kind {kind}")
        stored: Row = {}
        for name, value in fields.items():
            definition = known.fields.get(name)
            if definition is None or name in ("Id", "SystemModstamp"):
                raise ConfigError(f"the simulated org has no field {kind}.{name} that can be set")
            stored[name] = normal(definition, _plain(value))
        return stored

    def _keeper(self, lead: Row) -> str:
        owner = str(lead.get("OwnerId") or "")
        return owner if owner in self._org.tables["User"].rows else self._org.user

    def _opportunity(self, ref: Ref) -> Row:
        deals = self._org.tables["Opportunity"].rows
        row = self._row(ref)
        if ref.kind == "Opportunity":
            return row
        contact = row["Id"]
        if ref.kind == "Lead":
            if not row.get("IsConverted"):
                raise ConfigError("this lead has no opportunity: convert it first")
            if row.get("ConvertedOpportunityId"):
                return deals[row["ConvertedOpportunityId"]]
            contact = row["ConvertedContactId"]
        elif ref.kind != "Contact":
            raise Unsupported(f"winning a {ref.kind}")
        mine = [deal for deal in deals.values() if deal.get("ContactId") == contact and not deal["IsDeleted"]]
        if mine:
            return mine[-1]
        person = self._org.tables["Contact"].rows[contact]
        deal = make_deal(self._org, person["Name"], person, owner=person["OwnerId"])
        lead = next(
            (each for each in self._org.tables["Lead"].rows.values() if each.get("ConvertedContactId") == contact), None
        )
        if lead is not None:
            self._org.change("Lead", lead, {"ConvertedOpportunityId": deal["Id"]}, by=self._org.person)
        return deal


def _plain(value: Value) -> Any:
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, tuple):
        return ";".join(part.id if isinstance(part, Ref) else part for part in value)
    return value
