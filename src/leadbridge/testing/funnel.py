"""Histories with known truth: a funnel whose every rate and delay is a parameter, to try numbers and charts on.

>>> funnel = Funnel(seed=7, leads=500, ignored=0.3)
>>> snapshot = Snapshot.from_facts(funnel.facts(), agreement=funnel.agreement, now=funnel.now)
>>> snapshot.metrics.ignored_rate()  # its interval covers 0.3 in 95 of 100 seeds

A funnel has what real data has: leads that nobody follows up, leads that come back, reasons that are missing, owners
who change, promises in business hours over the change of the clocks, dates that are not there yet (censoring), facts
told twice, sources that are blank or ``unknown``, and two CRMs that do not say the same. Needs numpy (the extra
``analytics``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from leadbridge.clock import to_us
from leadbridge.errors import ConfigError
from leadbridge.testing.funnel_agreement import funnel_agreement
from leadbridge.testing.funnel_draws import Draws
from leadbridge.testing.funnel_export import write_csv
from leadbridge.testing.funnel_story import journeys
from leadbridge.testing.funnel_truth import Known, truths

if TYPE_CHECKING:
    from pathlib import Path

    from leadbridge.agreement import Agreement
    from leadbridge.domain.facts import Fact

__all__ = ["Delays", "Funnel", "Known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Mean lengths of waits, which are exponential, in hours; ``decide`` and ``listen`` in office hours of Berlin.

    Attributes:
        engage: from being captured to being engaged.
        qualify: from then to being qualified, and offered at once.
        route: from the offer to a queue.
        assign: from the queue to a person.
        touch: from then to the first attempt.
        decide: from the first attempt to the answer, in hours in which the office is open.
        go_on: from stage to stage after that.
        close: from the opportunity to its end.
        listen: from raising feedback to reading it, in hours in which the office is open.
    """

    engage: float = 10.0
    qualify: float = 15.0
    route: float = 1.0
    assign: float = 3.0
    touch: float = 8.0
    decide: float = 4.0
    go_on: float = 24.0
    close: float = 100.0
    listen: float = 4.0


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Leads over some months. Whatever is a share is a probability, drawn for each lead on its own.

    Attributes:
        seed: the same seed gives the same leads.
        leads: how many.
        name: stands before the ids of leads, and is their company: the numbers of several funnels can be told apart.
        starts: the instant from which leads are captured.
        days: for how long; the instant of the snapshot is at the end, whatever is still open then.
        readers: leads that only have a buying journey, and never enter a stage.
        engaged: of the others, those who become engaged.
        qualified: of those, who become qualified and are offered.
        ignored: of the offers, those that nobody ever follows up; they expire after ten days.
        recycled: of the answers, those that send the lead back.
        back: of the recycled, who are offered again after five to fifteen days.
        in_target: leads that are in the target market.
        refused_in_target: of those, refused as not wanted, when not recycled.
        refused_out_of_target: of the others.
        ready: leads that meet the criteria.
        accepted_ready: of those, accepted, when neither recycled nor refused as not wanted.
        accepted_unready: of the others.
        rejected: of what is left, rejected; the rest is disqualified.
        no_reason: refusals without a reason; one as not wanted always has one.
        no_response: of the recycled with a reason, those for want of a response.
        enough: of those, with as many attempts as were agreed on.
        transferred: offers whose owner changes after the answer.
        sales_qualified: of the accepted, who go on.
        opportunity: of those, who go on.
        won: of those, who buy.
        complete: promised pieces of information that come with the offer.
        more_attempts: of four further attempts, each is made so often.
        read: buying stages in which marketing's content is met.
        talked: buying stages in which sales talks with the buyer.
        with_asset: of the content, what is a registered asset.
        moved_with: buying stages that are followed by another one, when an asset was met.
        moved_without: the same when none was.
        feedback: leads about which there is feedback.
        acknowledged: of that, what is read.
        acted: of that, what is acted on.
        told: of that, what is told back.
        requests: leads that lead to a request for content.
        filled: of those, what is made.
        disagreeing: leads of which two CRMs say different stages.
        unmapped: leads of which one of them says a stage without a meaning.
        blank: leads without a source.
        unknown: leads with the source ``unknown``.
        twice: facts that are told twice.
        delays: how long things take.
    """

    seed: int = 1
    leads: int = 200
    name: str = "lead"
    starts: datetime = datetime(2026, 1, 5, tzinfo=UTC)
    days: int = 160
    readers: float = 0.3
    engaged: float = 0.9
    qualified: float = 0.85
    ignored: float = 0.2
    recycled: float = 0.2
    back: float = 0.6
    in_target: float = 0.7
    refused_in_target: float = 0.1
    refused_out_of_target: float = 0.45
    ready: float = 0.6
    accepted_ready: float = 0.85
    accepted_unready: float = 0.4
    rejected: float = 0.6
    no_reason: float = 0.25
    no_response: float = 0.6
    enough: float = 0.7
    transferred: float = 0.2
    sales_qualified: float = 0.7
    opportunity: float = 0.8
    won: float = 0.4
    complete: float = 0.85
    more_attempts: float = 0.5
    read: float = 0.7
    talked: float = 0.5
    with_asset: float = 0.5
    moved_with: float = 0.7
    moved_without: float = 0.4
    feedback: float = 0.5
    acknowledged: float = 0.8
    acted: float = 0.7
    told: float = 0.6
    requests: float = 0.4
    filled: float = 0.55
    disagreeing: float = 0.25
    unmapped: float = 0.1
    blank: float = 0.05
    unknown: float = 0.1
    twice: float = 0.05
    delays: Delays = field(default_factory=Delays)

    def __post_init__(self) -> None:
        """Raises :class:`ConfigError` for what is no probability, no lead, or an instant without a zone."""
        for name, value in self.__dict__.items():
            if isinstance(value, float) and not 0 <= value <= 1:
                raise ConfigError(f"{name} is a share from 0 to 1, not {value:g}")
        if self.leads < 1 or self.days < SETTLED.days:
            raise ConfigError(f"a funnel has at least 1 lead and takes at least {SETTLED.days} days")
        if self.starts.tzinfo is None:
            raise ConfigError("starts needs a time zone, for example tzinfo=UTC")

    @property
    def now(self) -> datetime:
        """The instant of the snapshot."""
        return self.starts + timedelta(days=self.days)

    @property
    def settled(self) -> datetime:
        """What began before has come to its end by :attr:`now`, but for one in ten thousand: where truth holds."""
        return self.now - SETTLED

    @property
    def agreement(self) -> Agreement:
        """What the two functions agreed on: stages, reasons, assets, promises."""
        return funnel_agreement()

    def facts(self) -> Iterator[Fact]:
        """Everything that happened until :attr:`now`, lead by lead, some of it told twice."""
        return journeys(self, self._draws)

    @property
    def standings(self) -> dict[str, dict[str, bool]]:
        """Of each lead, whether it is ``in_target`` and ``ready``."""
        target, ready = self._draws.in_target.tolist(), self._draws.ready.tolist()
        return {lead: {"in_target": target[n], "ready": ready[n]} for n, lead in enumerate(self._draws.names)}

    @property
    def views(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of the table ``said``: in which stage each of two CRMs, ``hs`` and ``sf``, shows each lead."""
        return {"records": [], "said": list(self._draws.said())}

    @property
    def blank_sources(self) -> int:
        """How many leads have no source."""
        return self._draws.sources.count(None)

    def captured_before(self, instant: datetime) -> int:
        """How many leads were captured before an instant."""
        return sum(at < to_us(instant) for at in self._draws.captured)

    def truth(self) -> Sequence[Known]:
        """What numbers have to come to, but for chance: the parameters, and what follows from them."""
        return truths(self)

    def to_csv(self, directory: str | Path) -> tuple[Path, Mapping[str, str]]:
        """Writes ``leads.csv``, a row a lead and some rows twice, as a CRM exports it.

        Returns the file and its columns by role, as ``Snapshot.from_csv`` takes them.
        """
        return write_csv(self, self._draws, directory)

    @cached_property
    def _draws(self) -> Draws:
        return Draws.of(self)


SETTLED = timedelta(days=60)
"""How long it takes until nearly everything has come to its end."""
