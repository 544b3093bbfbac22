"""A brief as a page: sections of lines, then Markdown, HTML or JSON values from the same sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from leadbridge.clock import iso
from leadbridge.domain.explain import moment
from leadbridge.domain.model import listing
from leadbridge.domain.shared_memory import Mention
from leadbridge.domain.sla.slaclock import in_words
from leadbridge.domain.trails import HandoffTrail, Touch

if TYPE_CHECKING:
    from leadbridge.agreement.brief import Brief

__all__ = ["Section", "html", "markdown", "sections", "to_dict"]

_LATEST = 25
_DECIDED = {
    "accept": "accepted",
    "reject": "rejected",
    "recycle": "recycled",
    "disqualify": "disqualified",
    "ineligible": "marked ineligible",
}
_MARKUP = re.compile(r"([\\`*{}\[\]#|!~<>&]|(?<!\w)_|_(?!\w))")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[str, ...]


def sections(brief: Brief) -> tuple[Section, ...]:
    """The page in words; a section that has nothing to say is left out."""
    found = (
        ("Who", _who(brief)),
        ("Why now", _why(brief)),
        ("Where the buyer stands", _where(brief)),
        ("What the buyer did", _did(brief)),
        ("What the buyer read", _mentions(brief, brief.memory.read, "asset")),
        ("What the buyer was told", _mentions(brief, brief.memory.told, "message")),
        ("What the buyer asked", _mentions(brief, brief.memory.asked, "question")),
        ("Known already: do not ask again", _answers(brief)),
        ("The hand-off", _handoff(brief)),
        ("Earlier offers, and what came of them", _earlier(brief)),
        ("Do not use", _closed(brief)),
        ("Next steps", _next(brief)),
    )
    return tuple(Section(title, lines) for title, said in found if (lines := tuple(said)))


def _who(brief: Brief) -> Iterator[str]:
    for name, value in brief.who.items():
        source = brief.came_from.get(name)
        yield f"{name.replace('_', ' ')}: {value}" + (f" (from {source.provider})" if source is not None else "")
    for name in brief.withheld:
        yield f"{name.replace('_', ' ')}: withheld, the person has opted out"


def _why(brief: Brief) -> Iterator[str]:
    if brief.verdict is None:
        return
    yield from (line.strip() for line in str(brief.verdict).splitlines())


def _where(brief: Brief) -> Iterator[str]:
    if brief.buying is not None:
        how = "concluded from" if brief.buying.inferred else "seen in"
        because = f", {how} {brief.buying.evidence}" if brief.buying.evidence else ""
        stage = _called(brief, "buying", brief.buying.buying_stage)
        yield f"buying stage: {stage} since {moment(brief.buying.since)}{because}"
    else:
        yield "buying stage: nobody knows yet"
    if brief.stage is not None:
        yield f"lifecycle stage: {brief.stage}"
    if brief.status is not None:
        yield f"status: {brief.status}"


def _did(brief: Brief) -> Iterator[str]:
    more = len(brief.touches) - _LATEST
    if more > 0:
        yield f"({more} older interactions are left out)"
    for touch in brief.touches[-_LATEST:]:
        yield _touch(brief, touch)


def _touch(brief: Brief, touch: Touch) -> str:
    fact = touch.fact
    talked = fact.nature == "person_to_person"
    if fact.direction == "inbound":
        verb = "talked with" if talked else "read from"
    else:
        verb = "was contacted by" if talked else "was sent something by"
    about = [_called(brief, "asset", fact.asset)] if fact.asset else []
    about += [f"“{_called(brief, 'message', fact.message)}”"] if fact.message else []
    how = f" ({fact.channel})" if fact.channel else ""
    stage = f", at {_called(brief, 'buying', touch.buying_stage)}" if touch.buying_stage else ""
    what = f": {', '.join(about)}" if about else ""
    return f"{moment(fact.occurred_at, fact.precision)}  {verb} {fact.function}{how}{what}{stage}"


def _mentions(brief: Brief, found: tuple[Mention, ...], kind: str) -> Iterator[str]:
    for each in found:
        times = f", {each.times} times" if each.times > 1 else ""
        yield f"{_called(brief, kind, each.id)} ({', '.join(each.functions)}, {each.last_at:%Y-%m-%d}{times})"


def _answers(brief: Brief) -> Iterator[str]:
    for question, known in brief.memory.answers.items():
        before = f", before that {listing(known.earlier)}" if known.earlier else ""
        yield f"{question}: {known.answer} (to {known.function}, {known.at:%Y-%m-%d}{before})"


def _handoff(brief: Brief) -> Iterator[str]:
    trail = brief.handoff
    if trail is None:
        yield f"not offered to {brief.to_function} yet"
        return
    since = f" on {moment(trail.offered_at)}" if trail.offered_at is not None else ""
    yield f"offered by {trail.from_function} to {trail.to_function}{since}; {trail.state}{_answer(brief, trail)}"
    if trail.owner:
        yield f"held by {trail.owner}" + (f", from queue {trail.queue}" if trail.queue else "")
    if trail.package:
        yield f"came with: {listing(trail.package, limit=40)}"
    if brief.completeness is not None:
        yield f"{brief.from_function}'s duty to inform: {brief.completeness} ({brief.completeness.share:.0%})"
    if brief.continuity is not None:
        yield str(brief.continuity)


def _answer(brief: Brief, trail: HandoffTrail) -> str:
    if trail.answer is None:
        return ""
    reason = trail.answer.reason
    why = f", reason {_called(brief, 'reason', reason)}" if reason else ""
    due = f", to be offered again from {trail.answer.due_at:%Y-%m-%d}" if trail.answer.due_at else ""
    return f": {_DECIDED[trail.answer.decision]} on {trail.answer.given_at:%Y-%m-%d}{why}{due}"


def _earlier(brief: Brief) -> Iterator[str]:
    for trail in brief.earlier:
        since = f" on {trail.offered_at:%Y-%m-%d}" if trail.offered_at is not None else ""
        yield f"passage {trail.passage}: offered to {trail.to_function}{since}; {trail.state}{_answer(brief, trail)}"
    for deal in brief.opportunities:
        reason = f", reason {_called(brief, 'reason', deal.reason)}" if deal.reason else ""
        ended = f" on {deal.closed_at:%Y-%m-%d}" if deal.closed_at is not None else ""
        yield f"opportunity {deal.id}: {deal.outcome}{ended}{reason}"


def _closed(brief: Brief) -> Iterator[str]:
    for channel, since in brief.opted_out.items():
        yield f"{channel}: opted out on {since:%Y-%m-%d}"


def _next(brief: Brief) -> Iterator[str]:
    for clock in brief.due:
        when = f"due {moment(clock.due_at)}" if clock.due_at is not None else "paused"
        rest = f", {in_words(clock.overdue)} over" if clock.overdue else ""
        if not rest and clock.remaining is not None and clock.state == "running":
            rest = f", {in_words(clock.remaining)} left"
        yield f"{clock.policy}.{clock.target}: {when}{rest}"
    for play in brief.plays:
        material = [_called(brief, "asset", asset) for asset in play.assets]
        material += [f"“{_called(brief, 'message', message)}”" for message in play.messages]
        does = play.does or {"content": "offer content", "person_to_person": "talk"}.get(play.nature or "", "offer")
        yield f"{does}" + (f": {listing(material)}" if material else "")
    lacking = (
        [each for each in brief.completeness.missing if each not in brief.completeness.late]
        if brief.completeness
        else []
    )
    if lacking:
        yield f"find out: {', '.join(lacking)}"


def _called(brief: Brief, kind: str, name: str) -> str:
    return brief.titles.get(f"{kind} {name}", name)


def markdown(brief: Brief) -> str:
    """The page as Markdown."""
    lines = [
        f"# Brief for {_md(brief.to_function)}",
        "",
        f"Lead {_md(brief.lead)}, {moment(brief.at)}. {_md(brief.standing)}.",
        "",
    ]
    for section in sections(brief):
        lines += [f"## {_md(section.title)}", "", *(f"- {_md(line)}" for line in section.lines), ""]
    return "\n".join(lines)


def html(brief: Brief) -> str:
    """The page as an HTML fragment."""
    head = f"Lead {brief.lead}, {moment(brief.at)}. {brief.standing}."
    parts = [f"<article><h1>Brief for {escape(brief.to_function)}</h1><p>{escape(head)}</p>"]
    for section in sections(brief):
        items = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
        parts.append(f"<h2>{escape(section.title)}</h2><ul>{items}</ul>")
    return "\n".join([*parts, "</article>"])


def to_dict(brief: Brief) -> dict[str, Any]:
    """The page as JSON values."""
    done, took_over = brief.completeness, brief.continuity
    return {
        "lead": brief.lead,
        "at": iso(brief.at),
        "agreement": brief.standing,
        "for": brief.to_function,
        "from": brief.from_function,
        "who": dict(brief.who),
        "withheld": list(brief.withheld),
        "ready": brief.verdict.ok if brief.verdict is not None else None,
        "missing": list(brief.verdict.missing) if brief.verdict is not None else [],
        "stage": brief.stage,
        "status": brief.status,
        "buying_stage": brief.buying.buying_stage if brief.buying is not None else None,
        "handoff": brief.handoff.id if brief.handoff is not None else None,
        "completeness": None
        if done is None
        else {"share": done.share, "missing": list(done.missing), "late": list(done.late)},
        "read": [each.id for each in brief.memory.read],
        "told": [each.id for each in brief.memory.told],
        "asked": [each.id for each in brief.memory.asked],
        "answers": {question: known.answer for question, known in brief.memory.answers.items()},
        "opted_out": {channel: iso(since) for channel, since in brief.opted_out.items()},
        "journey": took_over.journey if took_over is not None else None,
        "due": [
            {"promise": f"{clock.policy}.{clock.target}", "at": iso(clock.due_at) if clock.due_at else None}
            for clock in brief.due
        ],
        "sections": {section.title: list(section.lines) for section in sections(brief)},
    }


def _md(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
