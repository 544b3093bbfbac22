"""What belongs to people without standing for them: opportunities, interactions, companies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadbridge.adapter import Record, Ref, Value
from leadbridge.analytics.crm.people import People, Person, Seen
from leadbridge.analytics.crm.read import Account
from leadbridge.clock import parse_iso
from leadbridge.domain import facts as f
from leadbridge.domain.company import Company
from leadbridge.domain.criteria.names import PROFILE_TYPES
from leadbridge.domain.criteria.profile import read_value
from leadbridge.domain.lead import Lead
from leadbridge.domain.matching import CompanyIndex

__all__ = ["Deal", "Related", "companies_of", "company_facts", "deals", "interactions", "related_of", "touches"]


@dataclass(frozen=True, slots=True)
class Related:
    """An opportunity or an interaction of a lead, in canonical names."""

    account: Account
    record: Record
    stands_for: str
    values: Mapping[str, Value]

    @property
    def id(self) -> str:
        """How the ledger of a bridge calls it."""
        return f"{self.account.name}:{self.record.ref.id}"

    def text(self, name: str) -> str | None:
        """A value, if it is text and not blank."""
        return _text(self.values.get(name))

    def instant(self, name: str) -> datetime | None:
        """A value, if it is a time."""
        raw = self.text(name)
        return parse_iso(raw) if raw is not None else None


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity: since when it is open and, when it is closed, since when and how.

    ``by_day``: only the day of its end is known.
    """

    account: Account
    id: str
    opened_at: datetime
    closed_at: datetime | None
    won: bool
    by_day: bool
    amount: float | None
    reason: str | None


def related_of(accounts: Sequence[Account], people: People) -> dict[str, list[Related]]:
    """What belongs to each lead, by its id; a record of several people belongs to each of them."""
    named: dict[tuple[str, Ref], set[str]] = defaultdict(set)
    for person in people.persons.values():
        for seen in person.seen:
            for record in seen.chain:
                kind = seen.account.mapping.kinds[record.ref.kind]
                for ref in _refs(record.fields.get(kind.crosswalk.opportunity or "")):
                    named[seen.account.name, ref].add(person.id)
    found: dict[str, list[Related]] = defaultdict(list)
    for account in accounts:
        for kind, record in account.of("opportunity", "interaction"):
            if record.state != "live":
                continue
            field = kind.fields.get("lead")
            refs = _refs(record.fields.get(field)) if field else ()
            leads = {people.by_record.get((account.name, ref)) for ref in refs} | named[account.name, record.ref]
            values: dict[str, Value] = {**kind.crosswalk.constants, **kind.read(record.fields)}
            for lead in leads - {None}:
                found[str(lead)].append(Related(account, record, str(kind.stands_for), values))
    return found


def deals(related: Sequence[Related]) -> Iterator[Deal]:
    """The opportunities among them."""
    for each in related:
        if each.stands_for != "opportunity":
            continue
        won, closed = (each.values.get(name) in (True, "true") for name in ("won", "closed"))
        raw = each.text("closed_at")
        ended = (parse_iso(raw) if raw else each.record.modified_at) if won or closed else None
        opened = each.instant("opened_at") or each.record.modified_at
        amount = read_value(each.values.get("amount"), "amount", "number")
        yield Deal(
            each.account,
            each.id,
            # One that is first seen when it has ended was open before that day, whenever its record was made.
            min(opened, ended) if ended is not None else opened,
            ended,
            won,
            raw is not None and len(raw) == 10,
            float(amount) if isinstance(amount, (int, float)) else None,
            each.text("reason"),
        )


def interactions(related: Sequence[Related]) -> Iterator[tuple[Account, datetime, dict[str, object]]]:
    """Calls, mails, meetings: where each is recorded, when it was, and what it was."""
    for each in related:
        if each.stands_for != "interaction":
            continue
        campaign = each.values.get("campaign")
        yield (
            each.account,
            each.instant("at") or each.record.modified_at,
            {
                "interaction": each.id,
                "nature": each.text("nature") or "person_to_person",
                "channel": (each.text("channel") or "").lower(),
                "direction": each.text("direction") or "outbound",
                "function": each.text("function") or each.account.mapping.function,
                "asset": each.text("asset"),
                "message": each.text("message"),
                "campaign": campaign.id if isinstance(campaign, Ref) else _text(campaign),
            },
        )


def touches(seen: Seen) -> Iterator[tuple[Account, datetime, dict[str, object]]]:
    """Interactions that stand on the lead's own record; only the latest value is known."""
    for record in seen.chain:
        for number, touch in enumerate(seen.account.mapping.kinds[record.ref.kind].crosswalk.touches):
            raw = _text(record.fields.get(touch.at))
            if raw is None:
                continue
            yield (
                seen.account,
                parse_iso(raw),
                {
                    "interaction": f"{seen.account.name}:{record.ref.id}:{number}:{raw}",
                    "nature": touch.nature,
                    "channel": touch.channel,
                    "direction": touch.direction,
                    "function": touch.function,
                    "asset": _text(record.fields.get(touch.asset)) if touch.asset else None,
                },
            )


def companies_of(accounts: Sequence[Account]) -> CompanyIndex:
    """The companies of all accounts."""
    found: list[Company] = []
    for account in accounts:
        for kind, record in account.of("company"):
            if record.state != "live":
                continue
            said = kind.read(record.fields)
            parts = {"name": "name", "domain": "website", "industry": "industry", "country": "country"}
            texts = {part: _text(said.get(name)) or _text(said.get(part)) for part, name in parts.items()}
            employees = read_value(said.get("employees"), "company.employees", PROFILE_TYPES["company.employees"])
            count = int(employees) if isinstance(employees, (int, float)) else None
            found.append(Company(id=f"{account.name}:{record.ref.id}", employees=count, **texts))
    return CompanyIndex(found)


def company_facts(
    person: Person, fields: Mapping[str, object], companies: CompanyIndex, at: datetime
) -> Iterator[f.CompanyMatched]:
    """The company that a lead surely belongs to, if there is one."""
    if len(companies):
        match = companies.match(Lead.from_fields(person.id, fields))
        if match.company is not None:
            yield match.fact(at=at)


def _refs(value: Value) -> list[Ref]:
    return [ref for ref in (value if isinstance(value, tuple) else (value,)) if isinstance(ref, Ref)]


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None
