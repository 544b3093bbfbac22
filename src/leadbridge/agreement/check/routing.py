"""The checks of routing: names that exist, queues that are served, rules that can fire, rows that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, twice, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.criteria import CriteriaError
from leadbridge.domain.handoff.routing import IN_QUEUE, SAME_COMPANY, Queue, RouteRule
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["routing_problems"]

_HERE = "routing"


def routing_problems(agreement: Agreement) -> Found:
    """Everything about queues, rules, reclaiming and leaving owners."""
    queues = [queue.id for queue in agreement.routing.queues]
    yield from twice(queues, (_HERE, "queues"), "queue")
    for index, queue in enumerate(agreement.routing.queues):
        yield from _queue(agreement, queue, (_HERE, "queues", index))
    yield from _rules(agreement, queues)
    reclaim = agreement.routing.reclaim
    if reclaim is not None and reclaim.to not in queues:
        yield (_HERE, "reclaim", "to"), unknown("queue", reclaim.to, queues)
    yield from _leaving(agreement, queues)


def _queue(agreement: Agreement, queue: Queue, here: Path) -> Found:
    if queue.function is not None and queue.function not in agreement.functions:
        yield (*here, "function"), unknown("function", queue.function, agreement.functions)
    yield from twice([member.id for member in queue.members], (*here, "members"), "member")
    if queue.deal != "pick" and not queue.members:
        problem = f"nobody is in queue {queue.id}, so nothing can be dealt out"
        yield (*here, "deal"), Problem(problem, "add members, or write deal: pick")
    elif queue.members and not any(member.weight for member in queue.members):
        yield (
            (*here, "members"),
            Problem(f"every member of queue {queue.id} has weight 0", "give somebody a weight of 1 or more"),
        )


def _rules(agreement: Agreement, queues: list[str]) -> Found:
    rules = agreement.routing.rules
    yield from twice([rule.id for rule in rules], (_HERE, "rules"), "rule")
    certain: dict[str, str] = {}
    for index, rule in enumerate(rules):
        here: Path = (_HERE, "rules", index)
        if rule.id in (SAME_COMPANY, IN_QUEUE):
            yield (*here, "id"), Problem(f"{rule.id} is what leadbridge calls a route of its own", "rename the rule")
        if rule.queue is None and rule.owner is None:
            yield here, Problem(f"rule {rule.id} leads nowhere", "add queue: or owner:")
        elif rule.queue is not None and rule.owner is not None:
            yield here, Problem(f"rule {rule.id} names both a queue and an owner", "keep one of the two")
        if rule.queue is not None and rule.queue not in queues:
            yield (*here, "queue"), unknown("queue", rule.queue, queues)
        always = rule.when is None
        if rule.when is not None:
            try:
                always = agreement.rule(rule.when).evaluate({}) is True
            except CriteriaError as error:
                yield (*here, "when"), Problem(error.message, error.remedy)
                continue
        receivers = _receivers(agreement, rule)
        before = {certain[function] for function in receivers if function in certain}
        if receivers and receivers <= certain.keys():
            problem = f"rule {rule.id} can never decide: {' and '.join(sorted(before))} before it always does"
            yield here, Problem(problem, "move it up, or give the earlier rule a condition (when)")
        elif always and rule.queue is not None:
            certain.update({function: rule.id for function in receivers if function not in certain})


def _receivers(agreement: Agreement, rule: RouteRule) -> set[str]:
    """The functions whose offers a rule can route: that of its queue; a person may be of any."""
    if rule.queue is None:
        return {agreement.handoff.to, *(package.to for package in agreement.handoff.packages if package.to is not None)}
    queue = agreement.routing.queue(rule.queue)
    return {queue.function or agreement.handoff.to} if queue is not None else set()


def _leaving(agreement: Agreement, queues: list[str]) -> Found:
    rows = agreement.routing.owner_leaves
    yield from twice([row.stage for row in rows], (_HERE, "owner_leaves"), "stage")
    for index, row in enumerate(rows):
        here: Path = (_HERE, "owner_leaves", index)
        if row.stage not in agreement.lifecycle.ids:
            yield (*here, "stage"), unknown("stage", row.stage, agreement.lifecycle.ids)
        if (row.queue is None) == (row.recycle is None):
            problem = f"what becomes of leads in {row.stage} is {'not said' if row.queue is None else 'said twice'}"
            yield here, Problem(problem, "write either queue: or recycle: with a reason")
        if row.queue is not None and row.queue not in queues:
            yield (*here, "queue"), unknown("queue", row.queue, queues)
        if row.recycle is None:
            continue
        reasons = agreement.reasons
        able = [code for code in reasons.explaining("recycle") if not reasons[code].needs_note]
        if row.recycle not in reasons:
            yield (*here, "recycle"), unknown("reason", row.recycle, able)
        elif row.recycle not in able:
            why = (
                "needs a note" if "recycle" in reasons[row.recycle].allowed_decisions else "does not explain recycling"
            )
            yield (*here, "recycle"), Problem(f"the reason {row.recycle} {why}", f"use one of: {', '.join(able)}")
