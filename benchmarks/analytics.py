"""How fast numbers come from a long history, beside SQL and pandas by hand, lifelines and pm4py, in one run.

A history of three years is made straight as Parquet in the order of time. Each metric is asked of it by leadbridge and
by a query that somebody wrote by hand in DuckDB's own SQL, in turns, and then of the snapshot that leadbridge saves
(partitions, sorted by lead, with the steps that metrics begin from). Answers are compared before they are timed. Times
are the best of some rounds; the engine has two threads. Beside SQL by hand, which has two threads too, processor time
of all threads counts; beside other tools it is told, and what counts is how long one waits.
Peers that are not installed are named; ``make bench`` installs them.

Usage: ``python benchmarks/analytics.py [--facts 10000000] [--rounds 3] [--directory DIR] [--only NAME ...]``, where
names are hand, dashboard, pandas, lifelines and pm4py. With ``--memory 450MB`` only the saved snapshot is asked, by a
process of its own under that limit, and its peak is printed.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from analytics_by_hand import IN_SQL, QUESTIONS
from analytics_dashboard import dashboard
from analytics_history import NOW, generate
from analytics_in_pandas import IN_PANDAS

from leadbridge.analytics import Result, Snapshot
from leadbridge.analytics.engine import TABLES, connect, text_of
from leadbridge.analytics.measures import Metrics
from leadbridge.analytics.meta import Meta

Rows = list[dict[str, Any]]
Ratio = tuple[float, float]
THREADS = 2


class Heard:
    """A snapshot that keeps the last query of a metric: the one that is broken down."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.meta: Meta = snapshot.meta
        self._snapshot = snapshot
        self.last: tuple[str, Mapping[str, Any]] = ("", {})

    def sql(self, query: str, values: Mapping[str, Any] | None = None) -> Rows:
        if "as dimension" in query:
            self.last = (query, values or {})
        return self._snapshot.sql(query, values)


def query_of(snapshot: Snapshot, name: str) -> tuple[str, Mapping[str, Any]]:
    heard = Heard(snapshot)
    answer = getattr(Metrics(heard, intervals=False), name)(**QUESTIONS[name][0])
    assert isinstance(answer, Result), str(answer)
    by = QUESTIONS[name][0]["by"]
    if name == "speed_to_lead":  # asks for the median of everybody last
        query, values = heard.last
        return query.replace("coalesce('all', '')", f"coalesce(l.{by}, '')"), values
    return heard.last


def contest(rounds: int, *cases: Callable[[], object], clock: Callable[[], float] = process_time) -> list[float]:
    """The best time of each case; the cases take turns, so that noise meets all of them."""
    best = [float("inf")] * len(cases)
    for _ in range(rounds):
        for number, case in enumerate(cases):
            begun = clock()
            case()
            best[number] = min(best[number], clock() - begun)
    return best


def beside(name: str, peer: str, rounds: int, ours: Callable[[], object], theirs: Callable[[], object]) -> Ratio:
    """Prints how long both take and gives how many times as long the other one does: waiting, and on the processor."""
    best = [[float("inf")] * 2, [float("inf")] * 2]
    for _ in range(rounds):
        for times, case in zip(best, (ours, theirs), strict=True):
            begun = perf_counter(), process_time()
            case()
            times[:] = map(min, times, (perf_counter() - begun[0], process_time() - begun[1]))
    (waited, worked), (peer_waited, peer_worked) = best
    ratio = peer_waited / waited, peer_worked / worked
    print(
        f"  {name:<18}{waited * 1e3:>8,.0f} ms, {peer} {peer_waited * 1e3:>8,.0f} ms{ratio[0]:>7.1f} x"
        f"   (processor {worked * 1e3:,.0f} and {peer_worked * 1e3:,.0f} ms, {ratio[1]:.1f} x)",
        flush=True,
    )
    return ratio


def verdict(what: str, ratios: list[Ratio], limit: float) -> None:
    waited, worked = (median(each) for each in zip(*ratios, strict=True))
    line(f"{what}, median", f"{waited:.1f} x", f"{limit:g} x", waited >= limit)
    print(f"  {'  the same on the processor':<62}{f'{worked:.1f} x':>12}")


def same(name: str, ours: Rows, theirs: list[tuple[Any, ...]]) -> None:
    """The same numbers in any order; a blank is a blank."""
    by, columns = QUESTIONS[name][0]["by"], QUESTIONS[name][1]
    picked = [tuple(row["dimension" if column == by else column] for column in columns) for row in ours]

    def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        told = [
            tuple(value if isinstance(value, str) else float(value or 0) if value else "" for value in row)
            for row in rows
        ]
        return sorted(
            told,
            key=lambda row: (
                [str(value) for value in row if not isinstance(value, float)]
                + [f"{value:020.3f}" for value in row if isinstance(value, float)]
            ),
        )

    mine, other = plain(picked), plain(theirs)
    assert len(mine) == len(other), f"{name}: {len(mine)} rows, by hand {len(other)}"
    for left, right in zip(mine, other, strict=True):
        for a, b in zip(left, right, strict=True):
            close = isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-9)
            assert close or a == b, f"{name}: {left}, by hand {right}"


def line(name: str, value: str, limit: str, met: bool) -> None:
    print(f"  {name:<62}{value:>12}   limit {limit:<12}{'' if met else '  MISSED'}")


def by_hand(place: Path, own_place: Path, rounds: int) -> None:
    ratios: dict[str, list[float]] = {"same": [], "own": []}
    with Snapshot.open(place) as plain, Snapshot.open(own_place) as own, connect() as engine:
        engine.execute(f"set threads = {THREADS}")
        for snapshot in (plain, own):
            snapshot.sql(f"set threads = {THREADS}")
        for table in TABLES:
            file = text_of(str(place / f"{table}.parquet"))
            engine.execute(f"create view {table} as select * from read_parquet({file})")
        print(f"  {'milliseconds':<20}{'by hand':>10}{'same files':>12}{'own':>10}{'same':>9}{'own':>7}")
        for name, text in IN_SQL.items():
            query, values = query_of(plain, name)
            given = {"now_us": NOW} if "$now_us" in text else {}

            def hand(text: str = text, given: Mapping[str, Any] = given) -> list[tuple[Any, ...]]:
                return engine.execute(text, dict(given)).fetchall()

            def ask(snapshot: Snapshot, query: str = query, values: Mapping[str, Any] = values) -> Rows:
                return snapshot.sql(query, values)

            same(name, ask(plain), hand())
            same(name, ask(own), hand())
            first, second, third = contest(rounds, hand, lambda: ask(plain), lambda: ask(own))
            ratios["same"].append(second / first)
            ratios["own"].append(third / first)
            print(f"  {name:<20}{first * 1e3:>10.0f}{second * 1e3:>12.0f}{third * 1e3:>10.0f}"
                  f"{second / first:>9.2f}{third / first:>7.2f}")  # fmt: skip
        middle, worst, saved = median(ratios["same"]), max(ratios["same"]), median(ratios["own"])
        print("\nleadbridge : SQL by hand over the same files")
        line("same files, median", f"{middle:.2f} x", "1.05 x", middle <= 1.05)
        line("same files, worst", f"{worst:.2f} x", "1.25 x", worst <= 1.25)
        line("own snapshot, median", f"{saved:.2f} x", "0.50 x", saved <= 0.5)


def by_pandas(place: Path, own_place: Path, rounds: int) -> None:
    if find_spec("pandas") is None:
        print("  pandas is missing: pip install pandas pyarrow")
        return
    pandas = import_module("pandas")

    def read(table: str, columns: list[str] | None) -> Any:
        return pandas.read_parquet(place / f"{table}.parquet", columns=columns)

    ratios = []
    with Snapshot.open(place) as plain, Snapshot.open(own_place) as own:
        own.sql(f"set threads = {THREADS}")
        for name, ask in IN_PANDAS.items():
            query, values = query_of(plain, name)
            same(name, own.sql(query, values), ask(read, NOW))
            ratios.append(
                beside(
                    name,
                    "pandas",
                    rounds,
                    lambda q=query, v=values: own.sql(q, v),  # type: ignore[misc]  # bound per turn
                    lambda ask=ask: ask(read, NOW),  # type: ignore[misc]  # bound per turn
                )
            )
    verdict("pandas : own snapshot", ratios, 4)


def by_lifelines(place: Path, own_place: Path, rounds: int) -> None:
    """Survival of the time to touch for every source, from the files to the curves."""
    if find_spec("lifelines") is None or find_spec("pandas") is None:
        print("  lifelines is missing: pip install lifelines")
        return
    pandas, fitter = import_module("pandas"), import_module("lifelines").KaplanMeierFitter

    def read(table: str, columns: list[str]) -> Any:
        return pandas.read_parquet(place / f"{table}.parquet", columns=columns)

    def curves() -> dict[str, Any]:
        offers = read("handoffs", ["lead_id", "handoff_id", "passage", "to_function", "offered_us", "expired_us"])
        offers = offers.sort_values("offered_us").drop_duplicates(["lead_id", "passage", "to_function"])
        talks = read("interactions", ["lead_id", "nature", "function", "happened_us"])
        talks = talks[talks.nature == "person_to_person"]
        both = offers.merge(talks, left_on=["lead_id", "to_function"], right_on=["lead_id", "function"])
        touched = both[both.happened_us >= both.offered_us].groupby("handoff_id").happened_us.min()
        answers = read("answers", ["handoff_id", "decision", "given_us"])
        refused = answers[answers.decision != "accept"].groupby("handoff_id").given_us.min()
        entries = read("entries", ["lead_id", "passage", "entered_us"])
        begun = entries.groupby(["lead_id", "passage"]).entered_us.min().rename("begun_us").reset_index()
        begun["passage"] -= 1
        found = offers.join(touched.rename("touched_us"), on="handoff_id").join(
            refused.rename("refused_us"), on="handoff_id"
        )
        found = found.merge(begun, on=["lead_id", "passage"], how="left")
        found["begun_us"] = found.begun_us.where(found.begun_us >= found.offered_us)
        found["left_us"] = (
            found[["refused_us", "expired_us", "begun_us"]].astype(float).min(axis=1).fillna(NOW).clip(upper=NOW)
        )
        found = found.merge(read("leads", ["lead_id", "source"]), on="lead_id")
        done = found.touched_us <= found.left_us
        waited = (found.touched_us.where(done, found.left_us) - found.offered_us) // 3_600_000_000
        fitted = {}
        for source, group in found.groupby("source"):
            fitted[source] = fitter().fit(waited[group.index], done[group.index]).survival_function_.iloc[:, 0]
        return fitted

    with Snapshot.open(place) as plain, Snapshot.open(own_place) as own:
        own.sql(f"set threads = {THREADS}")
        query, values = query_of(plain, "speed_to_lead")
        theirs, apart = curves(), 0.0
        for row in own.sql(query, values):
            apart = max(apart, abs(row["still_waiting"] - float(theirs[row["dimension"]].loc[row["waited"]])))
        ratio = beside("speed_to_lead", "lifelines", rounds, lambda: own.sql(query, values), curves)
    line("survival curves, furthest from lifelines", f"{apart:.1e}", "1e-9", apart <= 1e-9)
    verdict("lifelines, end to end : own snapshot", [ratio], 5)


def by_pm4py(place: Path, own_place: Path, rounds: int) -> None:
    """pm4py has no such numbers: its nearest calls are timed, over logs of what the numbers are about."""
    if find_spec("pm4py") is None or find_spec("pandas") is None:
        print("  pm4py is missing: pip install pm4py")
        return
    pandas, pm4py = import_module("pandas"), import_module("pm4py")

    def log(*parts: Any) -> Any:
        rows = pandas.concat(parts) if len(parts) > 1 else parts[0]
        rows["us"] = pandas.to_datetime(rows.us, unit="us", utc=True)
        return pm4py.format_dataframe(rows, case_id="lead_id", activity_key="what", timestamp_key="us")

    def path() -> Any:
        entries = pandas.read_parquet(place / "entries.parquet", columns=["lead_id", "stage", "entered_us"])
        return log(entries.set_axis(["lead_id", "what", "us"], axis=1))

    def talks() -> Any:
        offers = pandas.read_parquet(place / "handoffs.parquet", columns=["lead_id", "offered_us"])
        touches = pandas.read_parquet(
            place / "interactions.parquet",
            columns=["lead_id", "happened_us"],
            filters=[("nature", "==", "person_to_person"), ("function", "==", "sales")],
        )
        parts = (offers.assign(what="offered"), touches.assign(what="touched"))
        return log(*(part.set_axis(["lead_id", "us", "what"], axis=1) for part in parts))

    nearest: Mapping[str, Callable[[], object]] = {
        "funnel": lambda: pm4py.discover_dfg(path()),
        "stage_duration": lambda: pm4py.discover_performance_dfg(path()),
        "untouched": lambda: pm4py.filter_eventually_follows_relation(talks(), [("offered", "touched")]),
    }
    ratios = []
    with Snapshot.open(place) as plain, Snapshot.open(own_place) as own:
        own.sql(f"set threads = {THREADS}")
        for name, ask in nearest.items():
            query, values = query_of(plain, name)
            ratios.append(
                beside(
                    name,
                    "pm4py",
                    rounds,
                    lambda q=query, v=values: own.sql(q, v),  # type: ignore[misc]  # bound per turn
                    ask,
                )
            )
    verdict("pm4py's nearest call : own snapshot", ratios, 18)


def limited(own_place: Path, memory: str) -> None:
    """Asks everything in this process, which must not have done anything else."""
    with Snapshot.open(own_place) as own:
        own.sql(f"set threads = {THREADS}")
        own.sql(f"set memory_limit = '{memory}'")
        own.sql(f"set temp_directory = {text_of(str(own_place / '.spill'))}")
        peak = 0.0
        for name, (arguments, _) in QUESTIONS.items():
            begun = perf_counter()
            getattr(own.metrics, name)(**arguments)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"  {name:<20}{perf_counter() - begun:>8.1f} s, {peak:,.0f} MiB at most so far", flush=True)
    line("resident, at most", f"{peak:,.0f} MiB", "600 MiB", peak <= 600)


COMPARISONS: Mapping[str, Callable[[Path, Path, int], None]] = {
    "hand": by_hand,
    "dashboard": dashboard,
    "pandas": by_pandas,
    "lifelines": by_lifelines,
    "pm4py": by_pm4py,
}


def main() -> None:
    """Measures and prints everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--facts", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", type=Path, help="where the history is, or is to be kept")
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=[*COMPARISONS], help="what is compared")
    parser.add_argument("--memory", help="ask the saved snapshot alone, under this limit of the engine")
    parser.add_argument("--asked", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.asked is not None:
        limited(given.asked, given.memory)
        return
    with TemporaryDirectory() if given.directory is None else nullcontext(str(given.directory)) as folder:
        place, own_place = Path(folder) / "plain", Path(folder) / "own"
        if not (place / "meta.json").exists():
            begun = perf_counter()
            facts = generate(place, given.facts)
            print(f"generated {facts:,} facts in {perf_counter() - begun:.0f} s")
        if not (own_place / "meta.json").exists():
            begun = perf_counter()
            with Snapshot.open(place) as plain:
                plain.save(own_place, partition="quarter").close()
            print(f"saved in partitions in {perf_counter() - begun:.0f} s")
        if given.memory is not None:
            command = [sys.executable, __file__, "--asked", str(own_place), "--memory", given.memory]
            subprocess.run(command, check=True)
            return
        for name, compare in COMPARISONS.items():
            if name in given.only:
                print(f"\n== {name}", flush=True)
                compare(place, own_place, given.rounds)


if __name__ == "__main__":
    main()
