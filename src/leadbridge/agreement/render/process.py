"""The first piece of the agreement as blocks: lifecycle, buying stages, definitions, scores, hand-off, promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from leadbridge.agreement.render.blocks import Block, Heading, Text, table
from leadbridge.agreement.render.promises import promises
from leadbridge.domain.criteria.scores import Point
from leadbridge.domain.lifecycle import Stage
from leadbridge.domain.model import listing, span_text
from leadbridge.domain.package import Package, group_text

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["process"]


def process(agreement: Agreement) -> Iterator[Block]:
    """Lead management, from the stages to the promises in time."""
    yield from _lifecycle(agreement)
    yield from _buying(agreement)
    yield from _definitions(agreement)
    yield from _handoff(agreement)
    yield from _routing(agreement)
    yield from promises(agreement)
    calendars = [
        (name, each.zone, _hours(each.hours), each.holidays or "none") for name, each in agreement.calendars.items()
    ]
    yield table(("calendar", "time zone", "open", "holidays"), calendars)


def _hours(hours: Literal["always"] | Mapping[str, tuple[str, ...]]) -> str:
    if hours == "always":
        return "always"
    return "; ".join(f"{days} {', '.join(spans) or 'closed'}" for days, spans in hours.items())


def _lifecycle(agreement: Agreement) -> Iterator[Block]:
    lifecycle = agreement.lifecycle

    def row(stage: Stage) -> tuple[object, ...]:
        rank = lifecycle.rank(stage.id)
        place = str(rank + 1) if rank is not None else "detour"
        back = listing(lifecycle.detours[stage.id].returns) if rank is None else ""
        return place, stage.id, stage.label, stage.kind, back if back != "(none)" else ""

    yield Heading("Lifecycle")
    yield table(("place", "stage", "label", "kind", "returns to"), [row(stage) for stage in lifecycle.stages])
    entries = [(name, each.label, each.function, each.at) for name, each in lifecycle.entries.items()]
    if entries:
        yield Text("Leads that another function brings do not begin at the first stage:")
        yield table(("way in", "label", "brought by", "begins at"), entries)
    yield Text(f"What a rep is doing is said with these lead statuses: {listing(agreement.statuses, limit=40)}.")


def _buying(agreement: Agreement) -> Iterator[Block]:
    yield Heading("Buying stages")
    rows = [
        (stage.phase, stage.id, stage.label, "; ".join(rule.id for rule in stage.evidence) or "no evidence agreed")
        for stage in agreement.buying_stages
    ]
    yield table(("phase", "stage", "label", "evidence of entry"), rows)
    plays = [
        (stage.id, play.function, play.does, _nature(play.nature), ", ".join((*play.assets, *play.messages)))
        for stage in agreement.buying_stages
        for play in stage.plays
    ]
    if plays:
        yield Heading("Who does what in a buying stage", 3)
        yield table(("buying stage", "function", "does", "how", "offers"), plays)


def _nature(nature: str | None) -> str:
    return {"content": "by content", "person_to_person": "from person to person"}.get(nature or "", "")


def _definitions(agreement: Agreement) -> Iterator[Block]:
    for name, definition in agreement.definitions.items():
        yield Heading(f"Definition: {definition.label or name}")
        if definition.owner:
            yield Text(f"{definition.owner} looks after this definition. A lead has to meet every criterion.")
        yield table(("criterion", "condition", "why"), [(c.id, c.when, c.why) for c in definition.criteria])
    for name, score in agreement.scores.items():
        yield Heading(f"Score: {score.label or name}")
        most = f" It never exceeds {score.at_most} points." if score.at_most is not None else ""
        yield Text(f"The points that apply are added up; criteria use the sum as score.{name}.{most}")
        rows = [(f"{point.points:+d}", point.id, _point(point), point.why) for point in score.points]
        yield table(("points", "for", "when", "why"), rows)


def _point(point: Point) -> str:
    if point.each is None:
        return str(point.when)
    text = f"each {point.each.replace('_', ' ')} interaction"
    text += f" of the last {span_text(point.within)}" if point.within is not None else ""
    text += f", halved every {span_text(point.halves_every)}" if point.halves_every is not None else ""
    return text + (f", at most {point.at_most} points in all" if point.at_most is not None else "")


def _handoff(agreement: Agreement) -> Iterator[Block]:
    terms = agreement.handoff
    yield Heading("Hand-off")
    yield Text(
        f"{terms.from_} offers a lead to {terms.to} at {terms.at}"
        + (f" when it meets {terms.definition}" if terms.definition else "")
        + (f"; an offer runs out after {span_text(terms.expires_after)}" if terms.expires_after else "")
        + "."
    )
    yield Text(_package(terms.from_, terms.package))
    for special in terms.packages:
        which = [f"from {listing(special.sources)}"] if special.sources else []
        which += [f"handed to {special.to}"] if special.to else []
        yield Text(f"For leads {' '.join(which) or 'of any source'}: {_package(terms.from_, special)}")


def _package(giver: str, package: Package) -> str:
    text = f"{giver} always tells: {listing(package.required, limit=40)}. "
    groups = "; ".join(group_text(group) for group in package.one_of)
    text += f"Of each of these at least one: {groups}. " if groups else ""
    return f"{text}Where known: {listing(package.optional, limit=40)}."


def _routing(agreement: Agreement) -> Iterator[Block]:
    routing = agreement.routing
    if not (routing.queues or routing.rules):
        return
    yield Heading("Routing")
    yield Text("The first rule that is surely true decides which queue or person an offer reaches.")
    rules = [
        (each.id, each.kind.replace("_", " "), each.when or "always", each.queue or each.owner, each.why)
        for each in routing.rules
    ]
    yield table(("rule", "kind", "when", "goes to", "why"), rules)
    dealt = {"round_robin": "in turn", "weighted": "by weight", "pick": "people pick"}
    queues = [
        (
            each.id,
            each.label,
            each.function or agreement.handoff.to,
            dealt[each.deal],
            ", ".join(member.id for member in each.members),
        )
        for each in routing.queues
    ]
    yield table(("queue", "label", "function", "dealt out", "members"), queues)
    if routing.engagement.same_company == "same_owner":
        within = f" for {span_text(routing.engagement.within)}" if routing.engagement.within else ""
        yield Text(f"A lead of a company that somebody works with goes to the same owner{within}.")
    if routing.reclaim is not None:
        yield Text(
            f"A lead that nobody touched for {span_text(routing.reclaim.after)} goes back to {routing.reclaim.to}."
        )
    leaving = [
        (each.stage, f"to queue {each.queue}" if each.queue else f"recycled as {each.recycle}")
        for each in routing.owner_leaves
    ]
    if leaving:
        yield Text("When an owner leaves, their leads go:")
        yield table(("in stage", "what happens"), leaving)
