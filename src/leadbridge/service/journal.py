"""What happened, as events of the log: one a verb and connection, with numbers and ids, never a value of a record."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType

from leadbridge.domain.facts import SLAEscalated
from leadbridge.errors import LeadbridgeError
from leadbridge.service.turn import Turn, needs_a_person, worded
from leadbridge.sync import RoundResult
from leadbridge.sync.sweep import Swept

__all__ = ["Journal", "alert_dict", "event"]

NOTHING: Mapping[str, object] = MappingProxyType({})

_log = logging.getLogger("leadbridge.service")


def event(name: str, said: Mapping[str, object] = NOTHING, *, level: int = logging.INFO) -> None:
    """Writes one event: its name, and what there is to say in numbers and ids."""
    text = " ".join(f"{key}={value}" for key, value in said.items())
    _log.log(level, "%s %s", name, text, extra={"event": name, "said": dict(said)})


def alert_dict(fact: SLAEscalated) -> dict[str, str]:
    """Who is to be told what, by ids."""
    return {
        "lead": fact.lead,
        "to": fact.to,
        "policy": fact.policy,
        "target": fact.target,
        "tier": fact.tier,
    }


class Journal:
    """Writes turns down. A problem is said when it begins and when it is over, not in between."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def __call__(self, turn: Turn) -> None:
        """Writes one turn down."""
        for each in turn.rounds:
            _round(each)
        for swept in turn.swept.swept:
            _swept(swept)
        if turn.pruned:
            event("prune", dict(turn.pruned))
        for alert in turn.alerts:
            event("escalate", alert_dict(alert))
        for sentence in turn.reminders:
            event("remind", {"what": sentence})
        for name, error in turn.problems.items():
            if self._said.get(name) != worded(name, error):
                _problem(name, error)
        for name in self._said.keys() - turn.problems.keys():
            event("recovered", {"connection": name})
        self._said = {name: worded(name, error) for name, error in turn.problems.items()}
        event(
            "turn",
            {
                "ok": not turn.problems,
                "seconds": round((turn.ended - turn.started).total_seconds(), 3),
                "rounds": len(turn.rounds),
                "busy": sorted(turn.busy),
                "problems": sorted(self._said.values()),
                "waiting": turn.waiting,
                "calls": dict(turn.calls),
            },
        )


def _round(result: RoundResult) -> None:
    pulled, done = result.pulled, result.delivered
    for name, read in sorted(pulled.read.items()):
        event("pull", {"connection": name, "read": read, "changed": pulled.changed[name]})
    event("decide", {"leads": result.decided, "later": result.later})
    event("record", {"queued": result.queued, "left_to_a_person": dict(result.left)})
    for name in sorted({*done.applied, *done.refused, *done.dropped}):
        event(
            "deliver",
            {
                "connection": name,
                "applied": done.applied[name],
                "refused": done.refused[name],
                "dropped": done.dropped[name],
            },
        )
    if done.in_doubt:
        event("deliver", {"in_doubt": done.in_doubt})


def _swept(each: Swept) -> None:
    said = {name: value for name, value in each.to_dict().items() if name not in ("refused", "approval")}
    event("sweep", {**said, "refused": bool(each.refused)}, level=logging.WARNING if each.refused else logging.INFO)


def _problem(name: str, error: LeadbridgeError) -> None:
    event(
        "problem",
        {
            "connection": name,
            "error": type(error).__name__,
            "alert": error.alert,
            "needs_a_person": needs_a_person(error),
            "message": str(error),
        },
        level=logging.ERROR if needs_a_person(error) else logging.WARNING,
    )
