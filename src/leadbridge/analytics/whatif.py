"""What if: the same history under another agreement, with other promises, calendars, rules or another roster.

>>> compared = what_if(histories, before=agreement, after=agreement.with_roster({"emea": ["ann"]}), leads=leads, at=now)
>>> print(compared)
>>> compared.dealt.owners()

Where what decides who gets a lead differs (routing, people, and what rules refer to), every past hand-off is dealt
again under both agreements. One that both give to the same person stays as recorded, whoever that is; one that they
give to different people is, on the side of the other agreement, with that other person from the instant at which it was
first assigned until it was taken back or passed on. Its clocks are judged again with the zone and the days off of that
person.

What people did, and when, stays as recorded: nobody can know whether somebody else would have called sooner. So

* promises that count neither in the zone nor in the days off of whoever holds a lead differ by their terms, and because
  of a roster only where a recorded transfer falls away;
* a hand-off that nobody gets keeps its recorded clocks, and ``at_least`` says how far attainment falls if nobody had
  kept them;
* how much work each person gets is a count, whatever they made of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from leadbridge.agreement import Agreement, Agreements
from leadbridge.agreement.redeal import deals_alike, reassigned, redeal
from leadbridge.analytics.comparison import Comparison
from leadbridge.analytics.redealing import Redeal
from leadbridge.analytics.replay import replay
from leadbridge.domain.company import Company
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lead import Lead
from leadbridge.domain.matching import CompanyIndex
from leadbridge.domain.sla.policy import OWNER_AWAY

if TYPE_CHECKING:
    from leadbridge.analytics.snapshot import Snapshot

__all__ = ["what_if", "what_if_of_tables"]

_NOT_DEALT = (
    "Who gets which lead differs, too, and tables cannot deal leads again: leadbridge.analytics.what_if does it from "
    "histories."
)
_INDIFFERENT = (
    "No promise counts in the zone or the days off of whoever holds a lead: dealing otherwise changes who has which "
    "lead, and attainment only where a recorded transfer falls away."
)


def what_if(
    histories: Iterable[LeadHistory],
    *,
    before: Agreement | Agreements,
    after: Agreement | Agreements,
    at: datetime,
    leads: Mapping[str, Lead] | None = None,
    companies: CompanyIndex | Iterable[Company] = (),
    only: Collection[str] = (),
) -> Comparison:
    """The same history under two agreements, side by side: attainment, who is affected, and who gets which lead.

    Args:
        histories: of all leads, such as ``bridge.ledger.histories()``.
        before: what was agreed; of versions, each promise is judged by the one in which it was made, and each hand-off
            dealt by that of its day.
        after: what would have been agreed instead.
        at: the instant at which both stand.
        leads: as they stand, by id, for rules and policies that look at fields: ``bridge.ledger.standing(histories)``.
            A rule that needs what is not known is passed over, as always.
        companies: those on record, for the rules of engagement.
        only: promises, as ``policy.target``; without it, all of them.

    Raises:
        ConfigError: a name in ``only`` stands in no version.
    """
    known = list(histories)
    dealt, other, notes = None, known, []
    if not deals_alike(before, after):
        dealt = Redeal(redeal(known, before=before, after=after, leads=leads or {}, companies=companies, at=at))
        owners: dict[str, dict[str, str]] = defaultdict(dict)
        for each in dealt.items:
            if each.changes_hands and each.after.owner is not None:
                owners[each.lead][each.handoff] = each.after.owner
        other = [reassigned(history, owners[history.lead]) if history.lead in owners else history for history in known]
        notes = [] if _heeds_owners(after) else [_INDIFFERENT]
    fields = {name: lead.fields() for name, lead in (leads or {}).items()}
    with (
        replay(known, agreements=before, at=at, only=only, fields=fields) as one,
        replay(other, agreements=after, at=at, only=only, fields=fields) as two,
    ):
        return Comparison.of(one, two, dealt=dealt, notes=notes)


def what_if_of_tables(
    snapshot: Snapshot, before: Agreement | Agreements, after: Agreement | Agreements, only: Collection[str] = ()
) -> Comparison:
    """The same in bulk, without dealing leads again; see ``Snapshot.what_if``."""
    notes = () if deals_alike(before, after) else (_NOT_DEALT,)
    with snapshot.replay(before, only=only) as one, snapshot.replay(after, only=only) as other:
        return Comparison.of(one, other, notes=notes)


def _heeds_owners(agreements: Agreement | Agreements) -> bool:
    """Whether any promise depends on who holds the lead."""
    return any(
        policy.zone_of == "assignee" or OWNER_AWAY in target.paused_while
        for each in Agreements.of(agreements)
        for policy in each.slas
        for target in policy.targets
    )
