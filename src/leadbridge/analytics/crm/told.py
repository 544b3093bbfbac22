"""Whole CRM accounts as what a snapshot is made of: histories, profiles, both CRMs' views, and what is doubtful."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leadbridge.agreement import Agreement
from leadbridge.agreement.promises import board
from leadbridge.analytics.crm.around import companies_of, company_facts, related_of
from leadbridge.analytics.crm.people import People, Person, people_of
from leadbridge.analytics.crm.read import Account, Connections, Progress, read_accounts
from leadbridge.analytics.crm.story import tell
from leadbridge.analytics.crm.views import records_and_said
from leadbridge.analytics.meta import Finding
from leadbridge.analytics.quality import plural
from leadbridge.clock import parse_iso
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla import SLAClock
from leadbridge.retry import Retry

__all__ = ["Told", "told_by"]

_SLACK = timedelta(minutes=5)
"""A record that is remembered from so soon after it was made is remembered whole."""

_DOUBTS = {
    "undated": (
        "{} with something known only as it is now: no stage is timed by it, a decision by the last change at most",
        "let the CRM track the field from now on (Salesforce: Set History Tracking)",
    ),
    "backward": (
        "{} that a CRM moved back without a reason: the furthest stage stands",
        "agree on what sends a lead back, and map it to a decision",
    ),
    "unexplained": (
        "{} closed without a reason that the agreement knows: no decision is told",
        "give reasons in the CRM, or add their values to the crosswalk",
    ),
}


@dataclass(slots=True)
class Told:
    """What a snapshot is made of.

    Attributes:
        histories: of every lead that has a record in use.
        profiles: their flat canonical fields, by lead id.
        clocks: every promise about them.
        views: the rows of the tables ``records`` and ``said``.
        connections: the names of all that was read, also where nobody was found.
        findings: what a reader of the numbers has to know.
    """

    histories: list[LeadHistory]
    profiles: dict[str, dict[str, object]]
    clocks: list[SLAClock]
    views: dict[str, list[dict[str, Any]]]
    connections: tuple[str, ...]
    findings: list[Finding] = field(default_factory=list)


def told_by(connections: Connections, agreement: Agreement, *, retry: Retry, progress: Progress, now: datetime) -> Told:
    """Reads CRM accounts and tells what happened in them up to ``now``. Writes nothing.

    Raises:
        ConfigError: no connection, or a crosswalk under which nothing stands for a lead.
        AdapterError: a CRM did not answer, or does not let us; names the connection.
    """
    accounts = read_accounts(connections, agreement, retry=retry, progress=progress)
    people = people_of(accounts)
    related, companies = related_of(accounts, people), companies_of(accounts)
    histories: list[LeadHistory] = []
    profiles: dict[str, dict[str, object]] = {}
    doubts: dict[str, list[str]] = defaultdict(list)
    for lead, person in sorted(people.persons.items()):
        story = tell(person, related.get(lead, ()), agreement, now)
        if not story.facts:
            continue
        profiles[lead] = _profile(person, agreement)
        matched = company_facts(person, profiles[lead], companies, story.facts[0].occurred_at)
        histories.append(LeadHistory.fold([*story.facts, *matched]))
        for doubt in story.doubts:
            doubts[doubt].append(lead)
    records, said = records_and_said(people, related, agreement)
    return Told(
        histories,
        profiles,
        list(board(histories, agreement, now, fields=profiles)),
        {"records": records, "said": said},
        tuple(account.name for account in accounts),
        [*_remembered(accounts), *_doubtful(doubts), *_identities(people), *_unusable(accounts)],
    )


def _profile(person: Person, agreement: Agreement) -> dict[str, object]:
    """Its fields: what the receiving function's CRM says wins, blank says nothing."""
    found: dict[str, object] = {}
    for seen in sorted(person.live, key=lambda each: each.account.mapping.function == agreement.handoff.to):
        found.update({name: getattr(value, "id", value) for name, value in seen.values.items()})
        owner = seen.kind.owner(seen.record.fields)
        if owner is not None:
            # Between CRMs people go by their addresses, and those are nobody's business here.
            found["owner"] = owner.id
    return found


# -- what is doubtful --------------------------------------------------------------------------------------------------


def _remembered(accounts: Sequence[Account]) -> list[Finding]:
    """From when on the past of each kind is known, field by field."""
    found: list[Finding] = []
    for account in accounts:
        for kind in account.mapping.lead_kinds:
            records = [
                each
                for ref, each in account.records.items()
                if ref.kind == kind.kind and each.state in ("live", "converted")
            ]
            for name in account.speaks_of(kind.kind):
                said = [each for each in records if each.fields.get(name) not in (None, "")]
                pasts = {each.ref: past for each in said if (past := account.pasts.get((each.ref, name)))}
                since = min((past[0][0] for past in pasts.values()), default=None)
                late = [
                    each
                    for each in said
                    if each.ref not in pasts or (since and _made(kind.read(each.fields), each) < since - _SLACK)
                ]
                if not late:
                    continue
                where = f"{account.name} {kind.kind}.{name}"
                if since is None:
                    message = f"{where} has no history: of {plural(len(said), 'record')} only the present is known"
                else:
                    part = f"{len(late):,} of {len(said):,} records were made before, or have none"
                    message = f"{where}: history from {since:%Y-%m-%d}; {part}"
                remedy = "switch history tracking on for the field; what lies before that day is not known to anybody"
                found.append(Finding("history", message, len(late), (), remedy))
    return found


def _made(values: Mapping[str, object], record: Any) -> datetime:
    raw = values.get("captured_at")
    made: datetime = parse_iso(raw) if isinstance(raw, str) and raw else record.modified_at
    return made


def _doubtful(doubts: Mapping[str, Sequence[str]]) -> list[Finding]:
    return [
        Finding(kind, _DOUBTS[kind][0].format(plural(len(leads), "lead")), len(leads), tuple(leads), _DOUBTS[kind][1])
        for kind, leads in doubts.items()
    ]


def _identities(people: People) -> list[Finding]:
    found: list[Finding] = []
    several: Counter[str] = Counter()
    twice: list[str] = []
    gone: list[str] = []
    for lead, person in sorted(people.persons.items()):
        places = Counter(seen.account.name for seen in person.live)
        several.update({name: count - 1 for name, count in places.items() if count > 1})
        twice += [lead] if any(count > 1 for count in places.values()) else []
        gone += [] if person.live else [lead]
    if twice:
        where = ", ".join(f"{name} {extra:,}" for name, extra in sorted(several.items()))
        message = f"{plural(len(twice), 'lead')} with several records in one CRM, counted once (more records: {where})"
        found.append(Finding("duplicate", message, sum(several.values()), tuple(twice), "merge them in the CRM"))
    if people.ambiguous:
        leads = tuple(sorted(people.by_record[place] for place in people.ambiguous))
        records = plural(len(leads), "record")
        message = f"{records} with an address that several leads have: each is a lead of its own"
        remedy = "merge the leads in the CRMs, or give the record its leadbridge id"
        found.append(Finding("ambiguous", message, len(leads), leads, remedy))
    if gone:
        message = f"{plural(len(gone), 'lead')} whose records are all deleted or merged: left out"
        found.append(Finding("deleted", message, len(gone), tuple(gone), "nothing, unless it was a mistake"))
    return found


def _unusable(accounts: Sequence[Account]) -> list[Finding]:
    """Mapped fields that an account does not have or hides."""
    return [
        Finding(
            "absent",
            f"{each.connection} {each.kind}.{each.field}: {each.problem}",
            1,
            (),
            "grant access to it, or take it out of the crosswalk",
        )
        for account in accounts
        for each in account.mapping.frozen
    ]
