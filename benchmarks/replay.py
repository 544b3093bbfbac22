"""How fast the past is replayed: a million passages (about ten million facts), four promises, two versions.

The snapshot is generated inside DuckDB: captured, engaged, qualified, offered, routed, assigned (and a tenth of them
again, to somebody else), touched, answered, accepted, and a status, over three years. It is replayed in a process of
its own, so that the peak of memory is that of the replay alone. Beside it, histories of a sample are folded and judged
in Python, lead by lead; both have to give the same clocks.

Usage: ``python benchmarks/replay.py [--passages 1000000] [--sample 2000]``.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from leadbridge.agreement import Agreement, Agreements
from leadbridge.analytics import Snapshot
from leadbridge.analytics.engine import TABLES, connect, text_of
from leadbridge.analytics.meta import Meta
from leadbridge.analytics.replay import Replay, replay
from leadbridge.clock import from_us
from leadbridge.domain import facts as f
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.lifecycle import SPINE

FIRST, NOW = 1_672_531_200_000_000, 1_767_225_600_000_000
"""The beginning of 2023 and of 2026, in UTC."""

HOUR = 3_600_000_000
PAST = "hash(n * 7 + {salt}) % 1000000 / 1e6"
KEY = ("lead_id", "policy", "target", "handoff_id", "passage", "turn")
SEEN = ("state", "owner", "started_us", "due_us", "stopped_us", "elapsed_us", "ended_by", "agreement")

TERMS = """
agreement: Acme
version: {version}
effective: {effective}
calendars:
  office: {{zone: Europe/London, hours: {{mon-fri: ["09:00-17:30"]}}, holidays: GB-ENG}}
slas:
  - id: sales
    duty_of: sales
    calendar: office
    on_transfer: restart
    targets:
      - {{id: accept, starts: offered, stops: decided, within: 4 business hours}}
      - {{id: first_touch, starts: assigned, stops: touched, within: {touch}}}
      - {{id: qualify, starts: offered, stops: ["stage:sales_accepted", decided], within: 2 business days}}
  - id: marketing
    duty_of: marketing
    calendar: office
    targets:
      - {{id: offer, starts: "stage:marketing_qualified", stops: offered, within: 2 business hours}}
"""


def versions() -> Agreements:
    """The second one wants to be quicker, from the middle of 2024 on."""
    first = Agreement.loads(TERMS.format(version=1, effective=date(2023, 1, 1), touch="1 business day"))
    return Agreements(
        [first, Agreement.loads(TERMS.format(version=2, effective=date(2024, 7, 1), touch="2 business hours"))]
    )


def chance(salt: int) -> str:
    return PAST.format(salt=salt)


def generate(place: Path, passages: int) -> int:
    """Writes a snapshot of so many passages, one in twelve the second of a lead; gives the number of facts."""
    connection = connect()
    connection.execute("set preserve_insertion_order = false")
    wait = "cast({hours} * {power} * {hour} as bigint)"

    def later(hours: float, salt: int) -> str:
        return wait.format(hours=hours, power=f"power({chance(salt)}, 3)", hour=HOUR)

    connection.execute(
        f"""create table trips as
        with starts as (
          select n, case when n % 12 = 11 then n - 1 else n end as lead,
            case when n % 12 = 11 then 2 else 1 end as passage,
            cast({FIRST} + {chance(1)} * {NOW - FIRST} as bigint) as begin_us
          from range({passages}) r(n)
        ),
        offers as (
          select *, begin_us + {later(200, 2)} as engaged_us,
            begin_us + {later(200, 2)} + {later(60, 3)} as qualified_us
          from (
            select n, lead, passage, case when n % 12 = 10 then {FIRST} + (begin_us - {FIRST}) // 3
              when passage = 2 then {NOW} - ({NOW} - begin_us) // 3 else begin_us end as begin_us
            from starts
          )
        ),
        steps as (
          select *, qualified_us + {later(20, 4)} as offered_us,
            qualified_us + {later(20, 4)} + {later(2, 5)} as routed_us,
            qualified_us + {later(20, 4)} + {later(2, 5)} + {later(10, 6)} as assigned_us from offers
        )
        select *, assigned_us + {later(60, 7)} as moved_us, assigned_us + {later(80, 8)} as touched_us,
          assigned_us + {later(160, 9)} as decided_us, assigned_us + {later(300, 10)} as again_us,
          {chance(11)} < 0.1 as moves, {chance(12)} < 0.85 as touches, {chance(13)} < 0.8 as decides,
          {chance(14)} < 0.7 as accepts, {chance(15)} < 0.6 as calls_again
        from steps"""
    )
    name, known = "'L' || lead", f"<= {NOW}"
    hand = f"{name} as lead_id, 'H' || n as handoff_id"
    tables = {
        "leads": f"select {name} as lead_id, min(begin_us) as captured_us from trips group by lead",
        "entries": " union all ".join(
            f"select {name} as lead_id, passage, '{stage}' as stage, {column} as entered_us, false as inferred, "
            f"'instant' as precision from trips where {where} and {column} {known}"
            for stage, column, where in (
                ("captured", "begin_us", "passage = 1"),
                ("engaged", "engaged_us", "true"),
                ("marketing_qualified", "qualified_us", "true"),
                ("sales_accepted", "decided_us", "decides and accepts"),
            )
        ),
        "handoffs": f"""select {hand}, passage, 'marketing' as from_function, 'sales' as to_function, offered_us,
            case when routed_us {known} then routed_us end as routed_us,
            case when assigned_us {known} then assigned_us end as assigned_us,
            case when decides and decided_us {known} then decided_us end as decided_us,
            case when decides and decided_us {known}
              then case when accepts then 'accept' else 'reject' end end as decision,
            passage as number, 0 as agreement from trips where offered_us {known}""",
        "assignments": f"""select {hand}, 1 as turn, 'rep' || n % 50 as owner, assigned_us as since_us
            from trips where offered_us {known} and assigned_us {known}
            union all select {hand}, 2, 'rep' || (n + 1) % 50, moved_us from trips where moves and moved_us {known}""",
        "answers": f"""select {hand}, 1 as turn, case when accepts then 'accept' else 'reject' end as decision,
            decided_us as given_us from trips where decides and decided_us {known}""",
        "statuses": f"select {name} as lead_id, row_number() over (partition by lead order by touched_us) as turn, "
        f"'attempting' as status, touched_us as since_us from trips where touches and touched_us {known}",
        "interactions": " union all ".join(
            f"select {name} as lead_id, passage, {column} as happened_us, 'person_to_person' as nature, "
            f"'sales' as function, 'outbound' as direction from trips where {where} and {column} {known}"
            for column, where in (("touched_us", "touches"), ("again_us", "touches and calls_again"))
        ),
    }
    facts = 0
    for table, columns in TABLES.items():
        query = tables.get(table, "select 1 as nothing limit 0")
        given = {row[0] for row in connection.execute(f"describe {query}").fetchall()}
        parts = ", ".join(f"cast({c if c in given else 'null'} as {kind}) as {c}" for c, kind in columns.items())
        file = place / f"{table}.parquet"
        connection.execute(
            f"copy (select {parts} from ({query}) t) to {text_of(str(file))} (format parquet, compression zstd)"
        )
        rows = connection.execute(f"select count(*) from read_parquet({text_of(str(file))})").fetchone()
        facts += rows[0] * {"handoffs": 2, "leads": 0}.get(table, 1) if rows else 0
    connection.close()
    Meta(now_us=NOW, path=SPINE, recorded=frozenset()).save(place / "meta.json")
    return facts


def histories(snapshot: Snapshot, sample: int) -> Iterator[LeadHistory]:
    """The histories of some leads, folded from facts that the tables stand for."""
    found: dict[str, list[f.Fact]] = {}
    few = f"lead_id in (select lead_id from leads order by lead_id limit {sample})"

    def add(table: str, cls: type[f.Fact], column: str, **names: str) -> None:
        for row in snapshot.sql(f"select * from {table} where {few} and {column} is not null"):
            moment = from_us(row[column])
            values: dict[str, Any] = {name: row[source] for name, source in names.items()}
            fact = cls(lead=row["lead_id"], occurred_at=moment, recorded_at=moment, **values)
            found.setdefault(row["lead_id"], []).append(fact)

    add("leads", f.LeadCaptured, "captured_us")
    add("entries", f.StageEntered, "entered_us", stage="stage", passage="passage")
    add("handoffs", f.HandoffOffered, "offered_us", handoff="handoff_id")
    add("handoffs", f.HandoffRouted, "routed_us", handoff="handoff_id", queue="to_function")
    add("assignments", f.HandoffAssigned, "since_us", handoff="handoff_id", owner="owner")
    add("answers", f.HandoffDecided, "given_us", handoff="handoff_id", decision="decision")
    add("statuses", f.StatusChanged, "since_us", status="status")
    add(
        "interactions",
        f.Interacted,
        "happened_us",
        interaction="asset",
        nature="nature",
        function="function",
        direction="direction",
    )
    return (LeadHistory.fold(facts) for facts in found.values())


def peak() -> int:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(place: Path) -> None:
    """Replays the snapshot in a directory: what the process of its own does."""
    with Snapshot.open(place) as snapshot:
        before, begun = peak(), perf_counter()
        with snapshot.replay(versions()) as past:
            seconds, most = perf_counter() - begun, peak()
            begun = perf_counter()
            print(past)
            print(f"SECONDS {seconds:.2f} {perf_counter() - begun:.2f} {before} {most} {len(past)}")
            with snapshot.replay(versions().version(2)) as other:
                begun = perf_counter()
                print(past.compare(other))
                print(f"compared in {perf_counter() - begun:.1f} s")


def clocks(past: Replay, leads: set[str]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = [row for row in past.clocks() if row["lead_id"] in leads]
    return {tuple(row[name] for name in KEY): tuple(row[name] for name in SEEN) for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=2_000, help="leads that are folded in Python")
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.directory is not None:
        run(given.directory)
        return
    with TemporaryDirectory() as folder:
        place = Path(folder)
        begun = perf_counter()
        facts = generate(place, given.passages)
        size = sum(file.stat().st_size for file in place.iterdir()) >> 20
        print(f"generated {given.passages:,} passages, {facts:,} facts, {size} MiB in {perf_counter() - begun:.0f} s")
        command = [sys.executable, __file__, "--directory", folder]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        print("".join(line for line in told.splitlines(keepends=True) if not line.startswith("SECONDS")))
        (line,) = (line.split() for line in told.splitlines() if line.startswith("SECONDS"))
        seconds, report, before, most, found = float(line[1]), float(line[2]), *map(int, line[3:])
        print(
            f"in bulk    {seconds:6.1f} s  {found:,} clocks  {given.passages / seconds:,.0f} passages/s  (goal <= 60 s)"
        )
        print(f"memory     {most:,} MiB at most, {before:,} MiB before  (goal <= 6,144 MiB); report {report:.1f} s")
        with Snapshot.open(place) as snapshot:
            few = list(histories(snapshot, given.sample))
            leads = {history.lead for history in few}
            begun = perf_counter()
            with replay(few, agreements=versions(), at=snapshot.now) as slowly:
                folding = perf_counter() - begun
                trips = sum(len(history.passages) for history in few)
                with snapshot.replay(versions()) as quickly:
                    same = clocks(slowly, leads) == clocks(quickly, leads)
            assert same, "the two ways give different clocks"
        pace = trips / folding
        ratio = given.passages / seconds / pace
        print(f"by folding {pace:,.0f} passages/s over {trips:,} passages: bulk is {ratio:,.0f} x as fast")


if __name__ == "__main__":
    main()
