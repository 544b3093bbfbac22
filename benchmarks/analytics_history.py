"""A long history for the benchmark of metrics, made inside DuckDB: as many facts as one likes, straight to Parquet.

About nine facts a lead over three years: captured, engaged, qualified, offered, assigned, answered, accepted, sold, and
what was read and said in between. One passage in twelve is the second of a lead that was sent back. The files are in
the order of time, as an export of a ledger is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadbridge.analytics.engine import TABLES, connect, text_of
from leadbridge.analytics.meta import NEEDS, Meta
from leadbridge.domain.lifecycle import SPINE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["FACTS_A_PASSAGE", "NOW", "generate"]

FIRST, NOW = 1_672_531_200_000_000, 1_767_225_600_000_000
"""The beginning of 2023 and of 2026, in UTC."""

HOUR = 3_600_000_000
FACTS_A_PASSAGE = 9.85
"""How many facts a passage has, on average; the number of those that were made is counted."""

_ORDER = {
    "leads": "captured_us", "entries": "entered_us", "handoffs": "offered_us", "assignments": "since_us",
    "answers": "given_us", "interactions": "happened_us", "clocks": "started_us", "outcomes": "opened_us",
    "buying": "entered_us",
}  # fmt: skip

_SOURCES = "['web', 'fair', 'webinar', 'partner', 'list', 'referral', 'ads', 'unknown']"
_REASONS = "['wrong_industry', 'too_small', 'duplicate', 'no_budget', 'no_response', 'not_now', 'competitor', null]"
_ANSWERS = "['accept', 'accept', 'accept', 'accept', 'accept', 'reject', 'reject', 'recycle', 'disqualify', 'accept']"
_BUYING = "['education', 'solution', 'selection']"


def chance(salt: int) -> str:
    """A number from 0 to 1 that depends on the passage and the salt only."""
    return f"(hash(n * 64 + {salt}) % 1000003 / 1000003.0::double)"


def pick(values: str, salt: int) -> str:
    """One of the values, at random."""
    return f"({values})[cast(1 + hash(n * 64 + {salt}) % len({values}) as int)]"


def later(hours: float, salt: int) -> str:
    """Some time, seldom as long as so many hours."""
    return f"cast({hours * HOUR} * power({chance(salt)}, 3) as bigint)"


def generate(place: Path, facts: int, memory: str = "6GB") -> int:
    """Writes a snapshot of about so many facts; gives the number of those there are."""
    place.mkdir(parents=True, exist_ok=True)
    passages = round(facts / FACTS_A_PASSAGE)
    with connect() as connection:
        connection.execute(f"set preserve_insertion_order = false; set memory_limit = '{memory}'")
        connection.execute(f"set temp_directory = {text_of(str(place / 'spill'))}")
        connection.execute(_trips(passages))
        made = sum(_write(connection, place, table, query) for table, query in _tables().items())
        for table in TABLES.keys() - _tables().keys():
            _write(connection, place, table, "select 1 as nothing limit 0")
    recorded = frozenset(NEEDS) - {"feedback", "attempts", "promises"}
    Meta(now_us=NOW, path=SPINE, recorded=recorded).save(place / "meta.json")
    return made


def _trips(passages: int) -> str:
    """One row a passage with all its instants."""
    return f"""
    create table trips as
    with begun as (
      select n, case when n % 12 = 11 then n - 1 else n end as number,
        case when n % 12 = 11 then 2 else 1 end as passage,
        cast({FIRST} + {chance(1)} * {NOW - FIRST} as bigint) as any_us
      from range({passages}) r(n)
    ),
    offers as (
      select n, format('lead-{{:09d}}', number) as lead_id, passage,
        case when n % 12 = 10 then {FIRST} + (any_us - {FIRST}) // 3
          when passage = 2 then {NOW} - ({NOW} - any_us) // 3 else any_us end as captured_us,
        {chance(2)} as far
      from begun
    ),
    steps as (
      select *, captured_us + {later(200, 3)} as engaged_us,
        captured_us + {later(200, 3)} + {later(90, 4)} as qualified_us from offers
    ),
    given as (
      select *, qualified_us + {later(20, 5)} as offered_us,
        qualified_us + {later(20, 5)} + {later(12, 6)} as assigned_us
      from steps
    ),
    answered as (
      select *, assigned_us + {later(90, 7)} as touched_us, assigned_us + {later(200, 8)} as decided_us,
        case when n % 12 = 10 then 'recycle' else {pick(_ANSWERS, 9)} end as decision from given
    )
    select *, far < 0.75 or n % 12 >= 10 as is_engaged, far < 0.62 or n % 12 >= 10 as is_qualified,
      (far < 0.5 or n % 12 >= 10) and decided_us <= {NOW} as is_decided, {chance(10)} < 0.8 as is_touched,
      far < 0.5 and decision = 'accept' as is_accepted, far < 0.2 and decision = 'accept' as is_sold,
      decided_us + {later(900, 11)} as sold_us, 'rep-' || lpad((n % 60)::varchar, 2, '0') as owner
    from answered"""


def _tables() -> dict[str, str]:
    """The queries that make the tables."""
    hand = "lead_id, 'h-' || n as handoff_id"
    offered = f"from trips where is_qualified and offered_us <= {NOW}"
    answer = f"decision, case when decision <> 'accept' then {pick(_REASONS, 12)} end as reason"
    entries = (
        ("captured", "captured_us", "passage = 1"),
        ("engaged", "engaged_us", "is_engaged"),
        ("marketing_qualified", "qualified_us", "is_qualified"),
        ("sales_accepted", "decided_us", "is_accepted"),
        ("sales_qualified", "decided_us + (sold_us - decided_us) // 3", "is_accepted and far < 0.35"),
        ("opportunity", "decided_us + (sold_us - decided_us) // 2", "is_sold"),
        ("won", "sold_us", "is_sold and far < 0.08"),
    )
    called = "is_qualified and is_touched"
    talks = (
        ("engaged_us", "is_engaged", "'content'", "'marketing'", "'inbound'", 20),
        (f"captured_us + {HOUR}", f"{chance(13)} < 0.7", "'content'", "'marketing'", "'inbound'", 21),
        ("qualified_us", "is_qualified", "'person_to_person'", "'marketing'", "'inbound'", 22),
        ("touched_us", "is_qualified and is_touched", "'person_to_person'", "'sales'", "'outbound'", 23),
        (f"touched_us + {2 * HOUR}", f"{called} and {chance(14)} < 0.6", "'person_to_person'", "'sales'", "'outbound'", 24),
    )  # fmt: skip
    return {
        "leads": f"""select lead_id, {pick(_SOURCES, 15)} as source, captured_us, 'instant' as precision,
            {pick("['marketing', 'sales']", 16)} as sourced_by, 'firm-' || n % 50000 as company,
            {chance(17)} < 0.7 as in_target, {pick("['buyer', 'user', null]", 18)} as role, {chance(19)} < 0.6 as ready
            from trips where passage = 1 and captured_us <= {NOW}""",
        "entries": " union all ".join(
            f"select lead_id, passage, '{stage}' as stage, {us} as entered_us, false as inferred, "
            f"'instant' as precision "
            f"from trips where {where} and {us} <= {NOW}"
            for stage, us, where in entries
        ),
        "handoffs": f"""select {hand}, passage, 'marketing' as from_function, 'sales' as to_function, offered_us,
            case when assigned_us <= {NOW} then offered_us + (assigned_us - offered_us) // 2 end as routed_us,
            case when assigned_us <= {NOW} then assigned_us end as assigned_us,
            case when is_decided then decided_us end as decided_us, case when is_decided then decision end as decision,
            case when is_decided then decision end as first_decision,
            case when is_decided and decision <> 'accept' then {pick(_REASONS, 12)} end as reason, owner,
            0 as transfers, passage as number, 1 as agreement {offered}""",
        "assignments": f"select {hand}, 1 as turn, owner, assigned_us as since_us {offered} and assigned_us <= {NOW}",
        "answers": f"select {hand}, 1 as turn, {answer}, decided_us as given_us {offered} and is_decided",
        "clocks": " union all ".join(
            f"""select lead_id, 'sales' as policy, '{target}' as target, 'sales' as duty_of, 'h-' || n as handoff_id,
            passage, 1 as turn, owner, case when {done} then case when {us} - offered_us <= {within} then 'met' else
            'met_late' end when {NOW} - offered_us > {within} then 'breached' else 'running' end as state,
            offered_us as started_us, offered_us + {within} as due_us, case when {done} then {us} end as stopped_us,
            least({us}, {NOW}) - offered_us as elapsed_us {offered}"""
            for target, us, done, within in (
                ("accept", "decided_us", "is_decided", 8 * HOUR),
                ("first_touch", "touched_us", f"is_touched and touched_us <= {NOW}", 24 * HOUR),
            )
        ),
        "interactions": " union all ".join(
            f"""select lead_id, 'i-' || n || '-{salt}' as interaction, 0 as asked, passage, {us} as happened_us,
            {nature} as nature, {function} as function, {direction} as direction,
            {pick("['email', 'phone', 'web']", salt)} as channel,
            case when hash(n + {salt}) % 3 > 0 then 'asset-' || hash(n * 3 + {salt}) % 40 end as asset,
            {pick("['captured', 'engaged', 'marketing_qualified']", salt + 20)} as stage,
            {pick(_BUYING, salt + 10)} as buying_stage from trips where {where} and {us} <= {NOW}"""
            for us, where, nature, function, direction, salt in talks
        ),
        "outcomes": f"""select lead_id, 'o-' || n as opportunity_id,
            case when far < 0.08 then 'won' else 'open' end as outcome,
            decided_us as opened_us, case when far < 0.08 then sold_us end as closed_us, 1000.0 * (n % 90) as amount,
            'instant' as precision from trips where is_sold and sold_us <= {NOW}""",
        "buying": f"""select lead_id, ({_BUYING})[step] as buying_stage, captured_us + step * {30 * HOUR} as entered_us,
            false as inferred from trips, range(1, 4) s(step)
            where passage = 1 and hash(n * 64 + 59) % 6 >= step + 1 and captured_us + step * {30 * HOUR} <= {NOW}""",
        "assets": """select 'asset-' || k as asset_id, 'report' as type, 'marketing' as owner,
            case when k % 5 = 0 then 'sales' else 'marketing' end as made_by, 'message-' || k % 6 as message,
            'proposition-' || k % 3 as value_proposition, true as registered from range(40) r(k)""",
        "reasons": f"""select code, case when place <= 2 then 'target' else 'process' end as category,
            0 as needs_attempts
            from (select unnest({_REASONS}) as code, generate_subscripts({_REASONS}, 1) as place) q
            where code is not null""",
        "buying_path": f"select unnest({_BUYING}) as buying_stage, generate_subscripts({_BUYING}, 1) - 1 as step",
        "path": f"select unnest({list(SPINE)}) as stage, generate_subscripts({list(SPINE)}, 1) - 1 as step",
    }


def _write(connection: DuckDBPyConnection, place: Path, table: str, query: str) -> int:
    """Writes a table in the order of time; gives the facts in it."""
    given = {row[0] for row in connection.execute(f"describe {query}").fetchall()}
    parts = ", ".join(
        f'cast({name if name in given else "null"} as {kind}) as "{name}"' for name, kind in TABLES[table].items()
    )
    order = f" order by {_ORDER[table]}" if table in _ORDER else ""
    file = text_of(str(place / f"{table}.parquet"))
    connection.execute(f"copy (select {parts} from ({query}) t{order}) to {file} (format parquet, compression zstd)")
    row = connection.execute(f"select count(*) from read_parquet({file})").fetchone()
    told = {"leads": 0, "clocks": 0, "handoffs": 1, "assets": 0, "reasons": 0, "path": 0, "buying_path": 0}
    return int(row[0]) * told.get(table, 1) if row else 0
