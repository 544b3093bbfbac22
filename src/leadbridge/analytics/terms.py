"""What a snapshot keeps of the agreement that its numbers stand under: its name, its days, who signed, its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadbridge.agreement import Agreement

__all__ = ["terms"]


def terms(agreement: Agreement | None) -> dict[str, Any]:
    """The fields of :class:`leadbridge.analytics.meta.Meta` that come from the agreement; none without one.

    Each target is a mapping with ``metric``, ``at_least``, ``at_most``, ``owner``, ``period``, ``starts`` and ``ends``
    (the last three blank for a standing target). ``teams`` has the queue that each member serves; who serves several
    belongs to all of them together (``"emea + partners"``), so that nothing is counted twice.
    """
    if agreement is None:
        return {}
    standing = [("", "", "", target) for target in agreement.targets]
    planned = [
        (period.id, period.starts.isoformat(), period.ends.isoformat(), target)
        for period in agreement.plan
        for target in period.targets
    ]
    teams: dict[str, list[str]] = {}
    for team, members in sorted(agreement.routing.teams.items()):
        for member in members:
            teams.setdefault(member, []).append(team)
    return {
        "teams": {member: " + ".join(found) for member, found in sorted(teams.items())},
        "agreement": agreement.name,
        "version": agreement.version,
        "signed": agreement.signed,
        "unsigned": agreement.unsigned,
        "effective": agreement.effective.isoformat(),
        "until": agreement.until.isoformat() if agreement.until is not None else "",
        "targets": tuple(
            {
                "metric": target.metric,
                "at_least": target.at_least,
                "at_most": target.at_most,
                "owner": target.owner,
                "period": period,
                "starts": starts,
                "ends": ends,
            }
            for period, starts, ends, target in (*standing, *planned)
        ),
    }
