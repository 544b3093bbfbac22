"""What a demo ends with: the figures, as one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadbridge.cli.demo.scene import Scene

if TYPE_CHECKING:
    from leadbridge.analytics import Snapshot

__all__ = ["Outcome", "figures"]


@dataclass
class Outcome:
    """The figures of a demo; ``to_dict`` is what ``--json`` prints."""

    leads: int = 0
    links: dict[str, int] = field(default_factory=dict)
    writes_first_round: dict[str, int] = field(default_factory=dict)
    writes_quiet_round: int = 0
    api_calls: dict[str, int] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    scorecard: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "leads": self.leads,
            "links": self.links,
            "writes_first_round": self.writes_first_round,
            "writes_quiet_round": self.writes_quiet_round,
            "api_calls": self.api_calls,
            "clocks": self.clocks,
            "scorecard": self.scorecard,
            **self.more,
        }


def figures(scene: Scene, snapshot: Snapshot, first: Mapping[str, int], quiet: Mapping[str, int]) -> Outcome:
    """The figures that every demo ends with; ``snapshot`` was taken after the last thing that happened."""
    links: dict[str, set[str]] = {}
    for link in scene.bridge.links():
        if link.status == "live":
            links.setdefault(link.connection, set()).add(link.lead)
    return Outcome(
        leads=snapshot.count("leads"),
        links={name: len(leads) for name, leads in sorted(links.items())},
        writes_first_round=dict(sorted(first.items())),
        writes_quiet_round=sum(quiet.values()),
        api_calls=scene.bridge.calls(),
        clocks={str(state): count for state, count in scene.bridge.clocks().by_state().items()},
        scorecard=snapshot.scorecard().to_dicts(),
    )
