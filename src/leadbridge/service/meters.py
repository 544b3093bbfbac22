"""Numbers for Prometheus: what the service did, and how far behind each stream is. No labels but our own names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leadbridge.clock import Clock
from leadbridge.errors import AdapterMissing
from leadbridge.service.health import Health
from leadbridge.service.turn import Turn
from leadbridge.sync import RoundResult

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_asgi_app
    from prometheus_client.core import GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ImportError as missing:  # pragma: no cover - the tests of this package have it
    raise AdapterMissing('serving metrics needs an extra: pip install "leadbridge[service]"') from missing

__all__ = ["CollectorRegistry", "Meters", "make_asgi_app"]

_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600)


class Meters:
    """Counts turns, in a registry of its own.

    Args:
        clock: where the time comes from.
        health: how the service stands.

    Attributes:
        registry: what an exporter is given.
    """

    def __init__(self, clock: Clock, health: Health) -> None:
        self.registry = new = CollectorRegistry()
        of_connection = ("connection",)
        self._turns = Counter("leadbridge_turns", "Turns, by how they ended", ("result",), registry=new)
        self._rounds = Counter("leadbridge_rounds", "Rounds of pull, decide, record, deliver", registry=new)
        self._seconds = Histogram("leadbridge_turn_seconds", "How long turns take", buckets=_SECONDS, registry=new)
        self._read = Counter("leadbridge_records_read", "Records read", of_connection, registry=new)
        self._changed = Counter("leadbridge_records_changed", "Records that were new", of_connection, registry=new)
        self._decided = Counter("leadbridge_leads_decided", "Decisions about leads", registry=new)
        self._writes = Counter(
            "leadbridge_writes", "Writes, by what became of them", ("connection", "outcome"), registry=new
        )
        self._calls = Counter("leadbridge_api_calls", "API calls", of_connection, registry=new)
        self._hints = Counter("leadbridge_hints", "Records that webhooks named", of_connection, registry=new)
        self._alerts = Counter("leadbridge_escalations", "People to be told of a promise", ("tier",), registry=new)
        self._up = Gauge("leadbridge_connection_up", "1 when it worked in the last turn", of_connection, registry=new)
        self._left = Gauge(
            "leadbridge_writes_left_to_a_person", "Writes that wait for somebody to apply them", of_connection,
            registry=new,
        )  # fmt: skip
        self._doubt = Gauge("leadbridge_writes_in_doubt", "Writes whose answer was lost", registry=new)
        self._waiting = Gauge("leadbridge_quarantine", "Things that wait for a person", registry=new)
        self._known: dict[str, int] = {}
        self._covered: dict[tuple[str, str], datetime] = {}
        new.register(_Present(clock, health, self._covered))

    def heard(self, connection: str, records: int) -> None:
        """A webhook named some records."""
        self._hints.labels(connection).inc(records)

    def __call__(self, turn: Turn) -> None:
        """Counts one turn."""
        result = "failed" if turn.problems else "busy" if turn.busy else "ok"
        self._turns.labels(result).inc()
        self._seconds.observe((turn.ended - turn.started).total_seconds())
        for each in turn.rounds:
            self._round(each)
        if turn.rounds:
            last = turn.rounds[-1]
            self._doubt.set(last.delivered.in_doubt)
            for name in turn.calls:
                self._left.labels(name).set(last.left[name])
        if turn.waiting is not None:
            self._waiting.set(turn.waiting)
        for alert in turn.alerts:
            self._alerts.labels(alert.tier).inc()
        nothing = not turn.rounds and "" in turn.problems
        for name, calls in turn.calls.items():
            self._calls.labels(name).inc(calls - self._known.get(name, 0))
            if not nothing:
                self._up.labels(name).set(name not in turn.problems)
        self._known = dict(turn.calls)

    def _round(self, result: RoundResult) -> None:
        self._rounds.inc()
        self._decided.inc(result.decided)
        for name, number in result.pulled.read.items():
            self._read.labels(name).inc(number)
            self._changed.labels(name).inc(result.pulled.changed[name])
        done = result.delivered
        for outcome, counts in (("applied", done.applied), ("refused", done.refused), ("dropped", done.dropped)):
            for name, number in counts.items():
                self._writes.labels(name, outcome).inc(number)
        self._covered.update(result.pulled.covered)


class _Present(Collector):
    """What depends on the time of asking: a stream falls behind whether there are turns or not."""

    def __init__(self, clock: Clock, health: Health, covered: dict[tuple[str, str], datetime]) -> None:
        self._clock, self._health, self._covered = clock, health, covered

    def collect(self) -> Iterable[Metric]:
        """The gauges as they are now."""
        now = self._clock.now()
        lag = GaugeMetricFamily(
            "leadbridge_watermark_lag_seconds",
            "Until how long ago everything in a stream has been seen",
            labels=("connection", "kind"),
        )
        for (connection, kind), until in sorted(self._covered.copy().items()):
            lag.add_metric((connection, kind), max(0.0, (now - until).total_seconds()))
        yield lag
        standing = self._health.look()
        yield GaugeMetricFamily("leadbridge_healthy", "1 while /healthz answers 200", value=float(standing.ok))
        last = GaugeMetricFamily("leadbridge_last_good_turn_timestamp_seconds", "When the last good turn ended")
        if standing.last_good is not None:
            last.add_metric((), standing.last_good.timestamp())
        yield last
