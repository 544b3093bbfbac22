"""The promises of an agreement about leads whose facts are at hand: no CRM and no database needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from leadbridge.agreement.schema import Agreement
from leadbridge.agreement.versions import Agreements
from leadbridge.clock import Clock, SystemClock
from leadbridge.domain.criteria import Rule, profile
from leadbridge.domain.criteria.profile import standing_fields
from leadbridge.domain.facts import Fact, HandoffOffered
from leadbridge.domain.feedback import NO_LEAD
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.sla.board import Board
from leadbridge.domain.sla.clocks import clocks as run
from leadbridge.domain.sla.people import Person
from leadbridge.domain.sla.policy import SLAPolicy
from leadbridge.domain.sla.slaclock import SLAClock

__all__ = ["Profiles", "board", "clocks", "fitting", "holding", "promises"]

Profiles = Mapping[str, Mapping[str, object]]
"""The flat canonical fields of leads, by lead id."""


def clocks(
    facts: Iterable[Fact],
    *,
    agreement: Agreement | Agreements,
    at: datetime | None = None,
    clock: Clock | None = None,
    fields: Profiles | None = None,
    people: Mapping[str, Person] | None = None,
) -> Board:
    """How every promise stands about the leads that the facts are about.

    Args:
        facts: of any number of leads, in any order.
        agreement: one, or several versions of it: each promise is judged by the version in which it was made.
        at: the instant that is asked about; now when not given.
        clock: tells the time; the system's when not given.
        fields: of the leads, for policies with a condition; what is not known makes the condition unknown.
        people: what is known of owners beyond the agreement's ``people``, by id.
    """
    now = at if at is not None else (clock or SystemClock()).now()
    by_lead: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_lead[fact.lead].append(fact)
    histories = (LeadHistory.fold(by_lead[lead]) for lead in sorted(by_lead))
    return board(histories, agreement, now, fields=fields, people=people)


def board(
    histories: Iterable[LeadHistory],
    agreement: Agreement | Agreements,
    now: datetime,
    *,
    fields: Profiles | None = None,
    people: Mapping[str, Person] | None = None,
) -> Board:
    """Every promise about leads whose histories are folded already, and the agreement that the board stands under."""
    series, known = Agreements.of(agreement), fields or {}
    found = (
        promise
        for history in histories
        if history.lead != NO_LEAD
        for promise in promises(history, series, now, fields=known.get(history.lead), people=people)
    )
    version = series.judging(now)
    return Board(found, version.standing(now), version.routing.teams)


def holding(
    agreement: Agreement, history: LeadHistory, fields: Mapping[str, object] | None = None
) -> tuple[SLAPolicy, ...]:
    """The policies that hold for a lead: those without a condition, and those whose condition is surely true.

    Of the policies of one group only the first of them.

    Args:
        agreement: whose policies.
        history: of the lead.
        fields: its flat canonical fields as they stand; without them only what the history says is known.
    """
    if not agreement.sla_rules and not any(policy.group for policy in agreement.slas):
        return agreement.slas
    known = standing_fields([fields or {}], history)
    return fitting(agreement, lambda rule: profile(known, wanted=rule.names, types=agreement.types))


def fitting(agreement: Agreement, values: Callable[[Rule], Mapping[str, object]]) -> tuple[SLAPolicy, ...]:
    """The policies that hold for a lead whose profile has those values that each condition asks for."""
    found: list[SLAPolicy] = []
    groups: set[str] = set()
    for policy in agreement.slas:
        if policy.group in groups:
            continue
        rule = agreement.sla_rules.get(policy.id)
        if rule is None or rule.evaluate(values(rule)) is True:
            found.append(policy)
            groups |= {policy.group} if policy.group is not None else set()
    return tuple(found)


def promises(
    history: LeadHistory,
    series: Agreements,
    now: datetime,
    *,
    fields: Mapping[str, object] | None = None,
    people: Mapping[str, Person] | None = None,
) -> Iterator[SLAClock]:
    """Every promise about one lead at an instant, each under the version in which it was made.

    For a hand-off that is the version that its offer was made under, or, where no offer is known, the one in force at
    the first that is known of it; for other promises the one under which the event happened that started the clock.
    An event whose fact names no version of the series is judged by its day. Zones and days off of people are those of
    the latest version: they are no part of a promise.
    """
    who = {**series.latest.people, **(people or {})}
    if len(series) == 1:
        (only,) = series
        for clock in run(history, holding(only, history, fields), only.calendars, now, people=who):
            yield replace(clock, agreement=only.version)
        return
    offers: dict[str, HandoffOffered] = {}
    opened: dict[str, datetime] = {}
    for fact in history.facts:
        if isinstance(fact, HandoffOffered):
            offers.setdefault(fact.handoff, fact)
        if (handoff := getattr(fact, "handoff", None)) is not None:
            opened.setdefault(handoff, fact.occurred_at)
    told: dict[datetime, int] = {}
    for fact in history.facts:
        told.setdefault(fact.occurred_at, fact.agreement)
    for version in series:
        begun: dict[tuple[str, str, int, str], int] = {}
        for clock in run(history, holding(version, history, fields), version.calendars, now, people=who):
            if clock.handoff is not None:
                offer = offers.get(clock.handoff)
                made = offer.agreement if offer is not None else 0
                since = offer.occurred_at if offer is not None else opened.get(clock.handoff, clock.started_at)
            else:
                since = clock.started_at
                made = told.get(since, 0) if since is not None else 0
            number = made if made in series else series.judging(since if since is not None else now).version
            if clock.handoff is None:
                # Later turns of a promise, after a change of owner, stay with the version in which it began.
                number = begun.setdefault((clock.policy, clock.target, clock.passage, clock.subject), number)
            if number == version.version:
                yield replace(clock, agreement=number)
