"""How fast a dashboard has its figures from a saved snapshot, and what keeping them costs.

Each question of ``analytics.py`` is kept as a figure, as a whole. Its time is that of a reader who comes afresh: the
snapshot is opened, the metric is asked, the result with its intervals is there. Times are wall time, the best of some
rounds. Beside it stands the time of the same call when nothing is kept answered, and what all figures together cost
whenever the snapshot is saved or updated. The figures are compared with the answers of the plain files first.

Usage: ``python benchmarks/analytics_dashboard.py --directory DIR [--rounds 3]``, where ``analytics.py`` made its files.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

from analytics_by_hand import QUESTIONS

from leadbridge.analytics import Figure, Result, Snapshot
from leadbridge.analytics.figures import told
from leadbridge.analytics.parts import publish

__all__ = ["FIGURES", "dashboard"]

FIGURES = (
    *(Figure(name, {**arguments, "by": None}) for name, (arguments, _) in QUESTIONS.items() if name != "speed_to_lead"),
    Figure("speed_to_lead", {"unit": "days"}),
)
"""What is kept. A picture of waiting over years has a point for each day: by the hour there would be 26,000."""

LIMIT = 0.05


def asked(place: Path, one: Figure) -> tuple[Result, float]:
    """The answer of a snapshot that is opened for it, and how long that took."""
    begun = perf_counter()
    with Snapshot.open(place) as snapshot:
        answer = getattr(snapshot.metrics, one.metric)(**one.arguments)
    assert isinstance(answer, Result), str(answer)
    return answer, perf_counter() - begun


def without(own_place: Path) -> None:
    """Makes the snapshot one that keeps no figures."""
    with Snapshot.open(own_place) as own:
        publish(own_place, replace(own.meta, figures=()))
        publish(own_place, replace(own.meta, figures=()))  # what a reader might still read goes with the second time


def dashboard(place: Path, own_place: Path, rounds: int) -> None:
    """Measures and prints."""
    without(own_place)
    counted = {one.metric: asked(own_place, one)[1] for one in FIGURES}
    with Snapshot.open(own_place) as own:
        begun, used = perf_counter(), process_time()
        publish(own_place, replace(own.meta, figures=told(FIGURES)))
        took, used = perf_counter() - begun, process_time() - used
    print(f"  {'milliseconds':<20}{'kept':>10}{'counted':>10}")
    times = {}
    for one in FIGURES:
        kept, plain = asked(own_place, one)[0], asked(place, one)[0]
        assert math.isclose(kept.value, plain.value, rel_tol=1e-12), one.metric
        assert len(kept.rows) == len(plain.rows), one.metric
        assert (kept.n, kept.excluded, kept.immature, kept.censored) == (
            plain.n, plain.excluded, plain.immature, plain.censored
        ), one.metric  # fmt: skip
        times[one.metric] = min(asked(own_place, one)[1] for _ in range(rounds + 1))
        print(f"  {one.metric:<20}{times[one.metric] * 1e3:>10.1f}{counted[one.metric] * 1e3:>10.0f}", flush=True)
    without(own_place)
    slowest = max(times, key=lambda name: times[name])
    met = "" if times[slowest] <= LIMIT else "MISSED"
    print(f"  slowest ({slowest}): {times[slowest] * 1e3:.0f} ms, limit {LIMIT * 1e3:.0f} ms  {met}")
    print(f"  all figures counted anew, with every save or update: {took:.1f} s, {used:.1f} s of processor time")


def main() -> None:
    """Measures and prints everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--directory", type=Path, required=True, help="where the history is")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    dashboard(given.directory / "plain", given.directory / "own", given.rounds)


if __name__ == "__main__":
    main()
