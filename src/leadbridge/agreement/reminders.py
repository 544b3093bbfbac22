"""What becomes due about an agreement by itself: signatures, its end, reviews, campaigns that need a sign-off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from leadbridge.agreement.document import Document
from leadbridge.domain.model import listing

__all__ = ["AHEAD", "reminders"]

AHEAD = timedelta(days=30)
"""How long before the end of an agreement, or the start of a campaign, somebody is reminded."""

_DAY = timedelta(days=1)


def reminders(agreement: Document, day: date) -> Iterator[str]:
    """One sentence for each thing to do on a day, the most pressing kind first.

    Reviews are counted from the first day of the agreement: one is due on every full period, and is named with its day.
    """
    signed = {signature.role for signature in agreement.signatures}
    for role in agreement.required_signatures:
        if role not in signed:
            late = (day - agreement.effective).days
            since = f", in force unsigned for {_days(late)}" if late > 0 else f", it begins on {agreement.effective}"
            yield f"{role} has not signed version {agreement.version}{since}"
    if agreement.until is not None:
        left = (agreement.until - day).days
        if left <= 0:
            yield f"version {agreement.version} expired on {agreement.until}: agree on a new version"
        elif left <= AHEAD.days:
            yield f"version {agreement.version} ends on {agreement.until}, in {_days(left)}: agree on the next version"
    for review in agreement.reviews:
        every = max(review.every // _DAY, 1)
        passed = (day - agreement.effective).days
        if passed > 0 and passed % every == 0:
            agenda = f" about {listing(review.agenda)}" if review.agenda else ""
            yield f"review {review.id} is due today: {listing(review.functions)}{agenda}"
        elif passed >= 0 and every - passed % every <= min(every // 4, 7):
            yield f"review {review.id} is due on {day + timedelta(days=every - passed % every)}"
    for campaign in agreement.campaigns:
        missing = campaign.open_sign_offs
        if not missing or campaign.starts is None or (campaign.ends is not None and campaign.ends < day):
            continue
        if campaign.starts <= day:
            yield f"campaign {campaign.id} runs since {campaign.starts} without the sign-off of {listing(missing)}"
        elif campaign.starts - day <= AHEAD:
            yield f"campaign {campaign.id} starts on {campaign.starts} and needs the sign-off of {listing(missing)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
