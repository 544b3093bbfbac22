"""The agreement as a page that both functions can read, discuss and sign: Markdown and HTML from one list of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TypeAlias

from leadbridge.agreement.schema import Agreement
from leadbridge.domain.lifecycle import Stage
from leadbridge.domain.model import listing, span_text

__all__ = ["html", "markdown", "standing"]


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


_Block: TypeAlias = _Heading | _Text | _Table


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> _Table:
    return _Table(tuple(head), tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows))


def _blocks(agreement: Agreement) -> Iterator[_Block]:
    until = f" until {agreement.until}" if agreement.until else ""
    yield _Text(f"Version {agreement.version}, effective from {agreement.effective}{until}.")
    if agreement.unsigned:
        yield _Text(f"Not yet signed by: {listing(agreement.unsigned)}.")
    yield from _lead_management(agreement)
    yield from _market(agreement)
    yield from _reasons(agreement)
    yield from _crms(agreement)
    if agreement.targets:
        yield _Heading("Targets")
        rows = [
            (target.metric, _figure(target.at_least, target.at_most), target.owner, target.note)
            for target in agreement.targets
        ]
        yield _table(("metric", "target", "owner", "note"), rows)
    yield _Heading("Signatures")
    signed = [(signature.role, signature.name, signature.on) for signature in agreement.signatures]
    yield _table(("role", "name", "date"), [*signed, *((role, "", "") for role in agreement.unsigned)])


def _lead_management(agreement: Agreement) -> Iterator[_Block]:
    lifecycle = agreement.lifecycle

    def row(stage: Stage) -> tuple[object, ...]:
        rank = lifecycle.rank(stage.id)
        place = str(rank + 1) if rank is not None else "detour"
        back = listing(lifecycle.detours[stage.id].returns) if rank is None else ""
        return place, stage.id, stage.label, stage.kind, back if back != "(none)" else ""

    yield _Heading("Lifecycle")
    yield _table(("place", "stage", "label", "kind", "returns to"), [row(stage) for stage in lifecycle.stages])
    yield _Heading("Buying stages")
    rows = [
        (stage.phase, stage.id, stage.label, "; ".join(rule.id for rule in stage.evidence) or "no evidence agreed")
        for stage in agreement.buying_stages
    ]
    yield _table(("phase", "stage", "label", "evidence of entry"), rows)
    for name, definition in agreement.definitions.items():
        yield _Heading(f"Definition: {definition.label or name}")
        yield _table(("criterion", "condition", "why"), [(c.id, c.when, c.why) for c in definition.criteria])
    terms = agreement.handoff
    yield _Heading("Hand-off")
    yield _Text(
        f"{terms.from_} offers a lead to {terms.to} at {terms.at}"
        + (f" when it meets {terms.definition}" if terms.definition else "")
        + (f"; an offer runs out after {span_text(terms.expires_after)}" if terms.expires_after else "")
        + "."
    )
    yield _Text(
        f"{terms.from_} always tells: {listing(terms.package.required, limit=40)}. "
        f"Where known: {listing(terms.package.optional, limit=40)}."
    )
    if agreement.slas:
        yield _Heading("Promises")
        promises = [
            (
                policy.duty_of,
                target.id,
                f"{listing(target.stops)} within {target.within} of {target.starts}",
                policy.calendar_of(target),
            )
            for policy in agreement.slas
            for target in policy.targets
        ]
        yield _table(("who", "promise", "what", "calendar"), promises)


def _market(agreement: Agreement) -> Iterator[_Block]:
    market = agreement.target_market
    if market.companies or market.roles:
        yield _Heading("Target market")
        yield _table(("companies", "condition", "why"), [(c.id, c.when, c.why) for c in market.companies])
        yield _table(("buying role", "label", "titles"), [(r.id, r.label, ", ".join(r.titles)) for r in market.roles])
    if agreement.value_propositions:
        yield _Heading("Value propositions")
        yield _table(("id", "text", "for"), [(v.id, v.text, ", ".join(v.roles)) for v in agreement.value_propositions])
    if agreement.messages:
        yield _Heading("Messages")
        rows = [(m.id, m.text, m.value_proposition, ", ".join(m.buying_stages)) for m in agreement.messages]
        yield _table(("id", "text", "value proposition", "buying stages"), rows)
    if agreement.assets:
        yield _Heading("Assets")
        assets = [(a.id, a.type, a.title, a.owner, ", ".join(a.buying_stages)) for a in agreement.assets]
        yield _table(("id", "type", "title", "owner", "buying stages"), assets)
    if agreement.campaigns:
        yield _Heading("Campaigns")
        campaigns = [(c.id, c.label, c.owner, c.starts, c.ends, c.success) for c in agreement.campaigns]
        yield _table(("id", "label", "owner", "from", "to", "success looks like"), campaigns)


def _reasons(agreement: Agreement) -> Iterator[_Block]:
    yield _Heading("Reasons")
    rows = [
        (
            reason.code,
            reason.label,
            ", ".join(reason.allowed_decisions),
            reason.remedy_owner,
            reason.default_action,
            span_text(reason.cool_off) if reason.cool_off else "",
        )
        for reason in agreement.reasons.values()
    ]
    yield _table(("code", "label", "explains", "who can fix it", "what happens", "rest"), rows)
    recycling = agreement.recycling
    yield _Text(
        f"A lead goes through the funnel at most {recycling.max_passages} times; without another agreement it rests "
        f"{span_text(recycling.default_cool_off)}."
    )


def _crms(agreement: Agreement) -> Iterator[_Block]:
    if not agreement.sync.systems:
        return
    yield _Heading("Systems")
    yield _table(("function", "system"), list(agreement.sync.systems.items()))
    yield _Text(f"Leads cross when: {agreement.sync.include or 'always'}.")
    for system, kinds in agreement.crosswalks.items():
        rows = [
            (kind, field, value, ", ".join(f"{axis} {name}" for axis, name in meaning.items()))
            for kind, spec in kinds.items()
            for field, table in spec.values.items()
            for value, meaning in table.items()
        ]
        if rows:
            yield _Heading(f"What {system} means")
            yield _table(("kind", "field", "value", "means"), rows)


def _figure(at_least: float | None, at_most: float | None) -> str:
    parts = [f"at least {at_least:g}"] if at_least is not None else []
    parts += [f"at most {at_most:g}"] if at_most is not None else []
    return ", ".join(parts)


def markdown(agreement: Agreement) -> str:
    """The agreement as Markdown."""
    lines = [f"# {_md(agreement.name)}", ""]
    for block in _blocks(agreement):
        match block:
            case _Heading(text):
                lines += [f"## {_md(text)}", ""]
            case _Text(text):
                lines += [_md(text), ""]
            case _Table(head, rows) if rows:
                lines += [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
                lines += [f"| {' | '.join(_md(cell) for cell in row)} |" for row in rows]
                lines += [""]
    return "\n".join(lines)


def html(agreement: Agreement) -> str:
    """The agreement as an HTML fragment; everything that people wrote is escaped."""
    parts = [f"<article><h1>{escape(agreement.name)}</h1>"]
    for block in _blocks(agreement):
        match block:
            case _Heading(text):
                parts.append(f"<h2>{escape(text)}</h2>")
            case _Text(text):
                parts.append(f"<p>{escape(text)}</p>")
            case _Table(head, rows) if rows:
                header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
                body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
                parts.append(f"<table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>")
    return "\n".join([*parts, "</article>"])


def standing(agreement: Agreement, day: date) -> str:
    """In one line: the version, whether it is in force on a day, and who has not signed."""
    force = "in force"
    if day < agreement.effective:
        force = f"not in force before {agreement.effective}"
    elif not agreement.in_force(day):
        force = f"expired on {agreement.until}"
    signed = "signed" if agreement.signed else "not signed"
    if agreement.unsigned:
        signed = f"not signed by {listing(agreement.unsigned)}"
    return f"{agreement.name} v{agreement.version}, {force}, {signed}"


def _md(text: str) -> str:
    """Text for a Markdown cell: no pipe, line break or HTML of its own."""
    return escape(text, quote=False).replace("|", "\\|").replace("\n", " ")
