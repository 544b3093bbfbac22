"""What a snapshot says about itself: the agreement, the instant, what was recorded at all, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from leadbridge.clock import from_us
from leadbridge.domain.model import listing
from leadbridge.domain.show import html_table
from leadbridge.errors import DataError

__all__ = ["NEEDS", "Finding", "Meta", "Quality"]

NEEDS: Mapping[str, str] = {
    "stages": "no stages were recorded: without the times at which leads entered stages there is no funnel",
    "decisions": (
        "no decisions were recorded: no hand-off was ever accepted, rejected or expired in this data, so nobody knows "
        "what sales refused"
    ),
    "refusals": "no refusals were recorded: every decision in this data is an acceptance, so there are no reasons",
    "reasons": "no reasons were recorded: decisions were refused in this data, but none says why",
    "clocks": "no SLA clocks were recorded: this data has no hand-offs that a promise could be measured on",
    "responses": (
        "no responses were recorded: without a single decision or conversation, a broken promise cannot be told from a "
        "missing record"
    ),
    "interactions": "no interactions were recorded: nobody knows who talked to buyers, or what they read",
    "offers": "no hand-offs with a time were recorded: nobody knows when leads were handed over",
    "touches": (
        "no talks of the function that receives hand-offs were recorded: leads that nobody followed up cannot "
        "be told from follow-up that nobody wrote down"
    ),
    "buying": "no buying stages were recorded: agree on the evidence that marks them, under buying_stages.evidence",
    "outcomes": "no opportunities were recorded: nobody knows what became of leads after they were qualified",
    "promises": (
        "no promised information was recorded: agree on what goes with an offer, under handoff.package, before leads "
        "are offered"
    ),
    "sources": "nobody recorded which function brought the leads",
    "attempts": (
        "no reason takes a number of attempts: agree on one, under reasons.override.no_response.needs_attempts, and "
        "take the snapshot with agreement="
    ),
    "feedback": "no feedback was recorded: nobody knows what the functions told each other, or what came of it",
    "requests": "no content was ever asked for: nobody knows which requests were filled",
    "systems": "one system at most says in which stages leads are: read both with Snapshot.from_crm([...])",
    "assets": "the agreement lists no assets: register what both functions may use, under assets",
    "categories": "without an agreement nobody knows the category of a reason: take the snapshot with agreement=...",
    "target": (
        "nobody knows which leads are in the target market: describe it under target_market.companies, and take the "
        "snapshot with the leads' fields"
    ),
    "readiness": (
        "nobody knows which leads meet the criteria: agree on a definition under handoff.definition, and take the "
        "snapshot with the leads' fields"
    ),
}
"""What a metric can need, and the sentence for when the data does not have it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the data that a reader of the numbers has to know.

    ``leads`` are lead ids, never names; ``remedy`` is what to do about it.
    """

    kind: str
    message: str
    count: int
    leads: tuple[str, ...] = ()
    remedy: str = ""

    def __str__(self) -> str:
        shown = ", ".join(self.leads[:5]) + (f" and {len(self.leads) - 5} more" if len(self.leads) > 5 else "")
        return f"{self.message}{f' ({shown})' if shown else ''}"


class Quality(Sequence[Finding]):
    """The findings about a snapshot; empty when nothing is wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._findings = tuple(findings)

    def __len__(self) -> int:
        return len(self._findings)

    def __getitem__(self, index: Any) -> Any:
        return self._findings[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of a kind.

        Of an export: impossible, mixed, duplicate, missing, filler, absent, unmapped, unreadable, future, zone, footer
        or orphan; of CRMs also history, undated, backward, unexplained, ambiguous and deleted.
        """
        return tuple(finding for finding in self if finding.kind == kind)

    def __str__(self) -> str:
        return "\n".join(f"{finding.kind}: {finding}" for finding in self) or "nothing to report"

    def __repr__(self) -> str:
        return f"<Quality: {len(self)} findings>"

    def _repr_html_(self) -> str:
        rows = ((f.kind, f"{f.count:,}", f, f.remedy) for f in self)
        return html_table("Quality of the data", ("kind", "count", "finding", "what to do"), rows)


_LISTS = ("path", "dimensions", "unsigned", "targets", "connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """``path`` is the success path, ``recorded`` names the kinds of facts that the data has at all (see :data:`NEEDS`).

    ``now_us`` is the instant that the snapshot describes; ``dimensions`` are further columns of ``leads`` to break
    numbers down by; ``connections`` the CRMs whose views it holds; ``assumptions`` what the agreement assumes about a
    lead without follow-up; ``personal`` whether ``lead_profile`` holds names and addresses. ``unsigned`` are roles that
    have not signed the agreement, ``effective`` and ``until`` its days, ``targets`` its standing and planned targets
    (see :func:`leadbridge.analytics.terms.terms`).
    ``parts`` are the directories of the partitions, by what stands together in one (``partition``), for a snapshot that
    has any; ``figures`` what is kept answered (:mod:`leadbridge.analytics.figures`).
    """

    now_us: int
    path: tuple[str, ...]
    recorded: frozenset[str]
    agreement: str = ""
    version: int = 0
    signed: bool = False
    unsigned: tuple[str, ...] = ()
    effective: str = ""
    until: str = ""
    targets: tuple[Mapping[str, Any], ...] = ()
    dimensions: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    personal: bool = False
    assumptions: Mapping[str, Any] = field(default_factory=dict)
    partition: str = ""
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)
    figures: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def under(self) -> str:
        """The agreement that the numbers stand under, as part of a sentence."""
        if not self.agreement:
            return "without an agreement"
        by = f" by {listing(self.unsigned)}" if self.unsigned else ""
        signed = "signed" if self.signed else f"not signed{by}"
        return f"under {self.agreement}, version {self.version}, {signed}{self._force}"

    @property
    def _force(self) -> str:
        """What has to be said when the agreement does not hold on the day of the snapshot."""
        day = self.day.isoformat()
        if self.effective and day < self.effective:
            return f", not in force before {self.effective}"
        return f", expired on {self.until}" if self.until and self.until <= day else ""

    @property
    def day(self) -> date:
        """The day, in UTC, that the snapshot describes."""
        return from_us(max(self.now_us, 0)).date()

    def targets_now(self) -> list[Mapping[str, Any]]:
        """The targets that hold on the day of the snapshot: those of the period, before standing ones."""
        day = self.day.isoformat()
        found: dict[tuple[str, str | None], Mapping[str, Any]] = {}
        for target in self.targets:
            if not target["starts"] or target["starts"] <= day <= target["ends"]:
                found[target["metric"], target["owner"]] = target
        return list(found.values())

    def save(self, path: Path) -> None:
        """Writes ``meta.json``."""
        body = {
            name: getattr(self, name) for name in ("now_us", "path", "agreement", "version", "signed", "dimensions")
        }
        body |= {name: getattr(self, name) for name in ("unsigned", "effective", "until", "targets")}
        body |= {"personal": self.personal, "connections": self.connections}
        body |= {"partition": self.partition, "parts": dict(self.parts), "figures": self.figures}
        body["assumptions"] = dict(self.assumptions)
        body["recorded"] = sorted(self.recorded)
        body["findings"] = self.findings
        path.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, path: Path) -> Meta:
        """Reads ``meta.json``.

        Raises:
            DataError: when it is not there, or not ours.
        """
        try:
            body = orjson.loads(path.read_bytes())
            findings = tuple(Finding(**{**one, "leads": tuple(one["leads"])}) for one in body.pop("findings"))
            lists = {name: tuple(body.pop(name)) for name in _LISTS} | {"figures": tuple(body.pop("figures", ()))}
            return cls(**body | lists | {"findings": findings, "recorded": frozenset(body["recorded"])})
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise DataError(f"{path.parent} is not a snapshot of leadbridge: make one with Snapshot.from_...") from None
