"""What starts, keeps and ends the promises of a snapshot, as SQL over its tables: no row of it is touched by Python.

Leads become numbers once, so that everything after it joins integers. A *scope* is what a promise is about: a hand-off
to the function that owes it, or a passage. The rules are those of :mod:`leadbridge.domain.sla.clocks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from leadbridge.analytics.engine import text_of
from leadbridge.analytics.replay_time import MISSING, Pauses, Turns
from leadbridge.domain.lifecycle.lifecycle import DETOURS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["EVENTS", "Signature", "pauses_of", "prepare", "recorded", "turns_of"]

EVENTS = frozenset({"captured", "offered", "routed", "assigned", "touched", "connected", "decided", "won"})
"""The events that can be replayed in bulk, besides ``stage:<id>``."""

_ALWAYS = -(2**62)
_EXPECTED = "where start_us is not null and (cancel_us is null or cancel_us >= start_us)"
_READ = ("leads", "entries", "handoffs", "assignments", "answers", "statuses", "governance", "interactions", "outcomes")

_TABLES = (
    "create temp table l as select lead_id, captured_us, row_number() over () as l from leads",
    """create temp table h as
    with held as (
      select h.*, l.l, l.captured_us, row_number() over () as k from handoffs h join l on l.lead_id = h.lead_id
    ),
    ends as (
      select lead_id, handoff_id, given_us as us, decision as word from answers where decision <> 'accept'
      union all
      select lead_id, handoff_id, expired_us, 'expiry' from handoffs where expired_us is not null
    ),
    firsts as (
      select lead_id, handoff_id, us, word,
        row_number() over (partition by lead_id, handoff_id order by us, word) as place
      from ends
    )
    select h.k, h.l, h.handoff_id, h.passage, h.to_function, h.number, h.captured_us, h.offered_us, h.routed_us,
      h.assigned_us, h.decided_us, e.us as cancel_us, e.word as cancel_by, h.agreement as made,
      coalesce(h.offered_us, least(h.routed_us, h.assigned_us, h.decided_us, h.expired_us)) as opened_us
    from held h left join firsts e on e.place = 1 and e.lead_id = h.lead_id and e.handoff_id = h.handoff_id""",
    """create temp table a as
    select h.k, h.l, h.passage, h.to_function, h.number, x.turn, x.since_us, coalesce(x.owner, '') as owner,
      row_number() over () as a
    from assignments x join l on l.lead_id = x.lead_id join h on h.l = l.l and h.handoff_id = x.handoff_id""",
    """create temp table e as
    select l.l, x.passage, x.stage, x.entered_us as us from entries x join l on l.lead_id = x.lead_id""",
    """create temp table t as
    select l.l, x.function, x.direction, x.happened_us as us
    from interactions x join l on l.lead_id = x.lead_id where x.nature = 'person_to_person'""",
    """create temp table s as
    select l.l, x.turn, x.status, x.since_us as us from statuses x join l on l.lead_id = x.lead_id""",
    """create temp table w as
    select l.l, x.closed_us as us from outcomes x join l on l.lead_id = x.lead_id
    where x.outcome = 'won' and x.closed_us is not null""",
    """create temp table g as
    select l.l, x.since_us as us, x.agreement as made from governance x join l on l.lead_id = x.lead_id""",
)
_PASSAGES = """create temp table p as
    with trips as (
      select l, passage, min(us) as us, min(case when stage in ({detours}) then us end) as detour_us
      from e group by l, passage
    )
    select row_number() over () as k, l.l, cast(null as varchar) as handoff_id, x.passage, l.captured_us,
      case when n.us is null or x.detour_us <= n.us then x.detour_us else n.us end as cancel_us,
      case when n.us is null or x.detour_us <= n.us then 'detour' else 'recycle' end as cancel_by
    from trips x join l on l.l = x.l left join trips n on n.l = x.l and n.passage = x.passage + 1"""


class Signature(NamedTuple):
    """What decides when a promise starts and ends; promises that share it are looked up once."""

    duty_of: str
    starts: str
    stops: tuple[str, ...]
    on_transfer: str
    per_handoff: bool


def prepare(connection: DuckDBPyConnection, place: Path) -> None:
    """Reads the tables of a snapshot's directory into numbers."""
    for name in _READ:
        connection.execute(
            f"create view {name} as select * from read_parquet({text_of(str(place / f'{name}.parquet'))})"
        )
    detours = ", ".join(text_of(stage) for stage in DETOURS)
    for statement in (*_TABLES, _PASSAGES.format(detours=detours)):
        connection.execute(statement)


def recorded(connection: DuckDBPyConnection, event: str, duty_of: str) -> bool:
    """Whether an event was ever recorded, of any lead."""
    duty = text_of(duty_of)
    where = {
        "captured": "l where captured_us is not null",
        "touched": f"t where function = {duty}",
        "connected": f"(select 1 from t where direction = 'inbound' and function = {duty} "
        "union all select 1 from s where status = 'connected')",
        "won": "(select 1 from w union all select 1 from e where stage = 'won')",
    }.get(event)
    if where is None:
        stage = event.removeprefix("stage:")
        where = f"h where {event}_us is not null" if stage == event else f"e where stage = {text_of(stage)}"
    return bool(connection.execute(f"select 1 from {where} limit 1").fetchall())


def turns_of(connection: DuckDBPyConnection, one: Signature, now_us: int) -> Turns:
    """The turns of every scope of a promise, in order of scope and turn."""
    stops = sorted(one.stops)
    begun = _begun(one)
    joins, columns = _lookups(stops, one)
    first = ", ".join(f"x{number}" for number in range(len(stops)))
    which = " ".join(f"when x{number} = stop_us then {number}" for number in range(len(stops)))
    connection.execute(
        f"""create or replace temp table scope as
        with begun as ({begun}),
        stopped as (select b.*, {columns} from begun b {joins}),
        least_of as (select *, least({first}, null) as first_us from stopped),
        kept as (
          select k, l, passage, start_us, opened_us, cancel_us, made,
            case when cancel_us < first_us and start_us is not null then null else first_us end as stop_us,
            {", ".join(f"x{number}" for number in range(len(stops)))}
          from least_of
        )
        select k, l, passage, made, opened_us,
          case when start_us is null or cancel_us < start_us then null else start_us end as start_us,
          case when start_us is null and cancel_us is not null then 2 when cancel_us < start_us then 2
            when stop_us is not null then 1 when cancel_us is not null then 2 else 0 end as ended,
          case {which} end as which,
          case when stop_us is not null then greatest(start_us, stop_us)
            else coalesce(cancel_us, {now_us}) end as until_us
        from kept {"" if one.per_handoff else _EXPECTED}"""
    )
    return _fetched(connection.execute(_held(one) + " order by k, turn"))


def pauses_of(connection: DuckDBPyConnection, statuses: Iterable[str], *, per_handoff: bool) -> Pauses:
    """When the clocks of each scope stood still, in order."""
    named = ", ".join(text_of(status) for status in statuses)
    found: dict[int, list[tuple[int, int]]] = {}
    rows = connection.execute(
        f"""with stays as (
          select l, turn, status, us, lead(us) over (partition by l order by turn) as resumed_us from s
        )
        select c.k, x.us, coalesce(x.resumed_us, {MISSING}) from stays x
        join {"h" if per_handoff else "p"} c on c.l = x.l
        where x.status in ({named}) order by c.k, x.turn"""
    )
    for key, since, resumed in rows.fetchall():
        found.setdefault(key, []).append((since, resumed))
    return found


def _begun(one: Signature) -> str:
    """The scopes of a promise with the instant at which it starts, and from which on its end is looked for."""
    if one.per_handoff:
        start = f"h.{one.starts}_us"
        return f"""select h.k, h.l, h.passage, h.captured_us, h.offered_us, h.routed_us, h.assigned_us, h.decided_us,
          h.cancel_us, h.made, h.opened_us, {start} as start_us,
          coalesce(least(h.offered_us, {start}), {_ALWAYS}) as since_us
        from h where h.to_function = {text_of(one.duty_of)}"""
    joins, columns = _lookups([one.starts], one)
    return f"""select q.*, q.x0 as start_us, cast(null as bigint) as opened_us, coalesce(q.x0, {_ALWAYS}) as since_us,
          coalesce(v.made, 0) as made
        from (select b.*, {columns} from (select *, {_ALWAYS} as since_us from p) b {joins}) q
        asof left join g v on v.l = q.l and q.x0 >= v.us""".replace("q.*", "q.* exclude (x0, since_us)")


def _lookups(events: Iterable[str], one: Signature) -> tuple[str, str]:
    """Joins that find the first instant of each event at or after ``since_us``, and the columns ``x0``, ``x1`` ..."""
    joins: list[str] = []
    columns: list[str] = []
    for number, event in enumerate(events):
        sources = _sources(event, one)
        names = []
        for part, (query, by_passage) in enumerate(sources):
            name = f"j{number}_{part}"
            passage = f" and {name}.passage = b.passage" if by_passage else ""
            joins.append(f"asof left join ({query}) {name} on {name}.l = b.l{passage} and b.since_us <= {name}.us")
            names.append(f"{name}.us")
        if sources:
            columns.append(f"least({', '.join([*names, 'null'])}) as x{number}")
        else:
            there = "b.passage = 1 and " if event == "captured" else ""
            columns.append(f"case when {there}b.{event}_us >= b.since_us then b.{event}_us end as x{number}")
    return "\n".join(joins), ", ".join(columns)


def _sources(event: str, one: Signature) -> list[tuple[str, bool]]:
    """The queries that list an event's instants by lead (and, where so marked, by passage); none for a plain column."""
    touched = f"select l, us from t where function = {text_of(one.duty_of)}"
    match event:
        case "captured":
            return []
        case "offered" | "routed" | "assigned" | "decided":
            if one.per_handoff:
                return []
            return [(f"select l, passage, {event}_us as us from h where {event}_us is not null", True)]
        case "touched":
            return [(touched, False)]
        case "connected":
            status = "select l, us from s where status = 'connected'"
            return [(f"{touched} and direction = 'inbound' union all {status}", False)]
        case "won":
            return [("select l, us from w", False), ("select l, passage, us from e where stage = 'won'", True)]
        case _:
            stage = text_of(event.removeprefix("stage:"))
            return [(f"select l, passage, us from e where stage = {stage}", True)]


def _held(one: Signature) -> str:
    """Who held each scope from when until when."""
    plain = "c.k, c.made, c.opened_us, c.ended, c.which, c.start_us, c.until_us"
    if not one.per_handoff:
        duty = text_of(one.duty_of)
        return f"""select c.k, 1 as turn, any_value(c.start_us) as since_us, any_value(c.until_us) as until_us,
          any_value(c.ended) as ended, any_value(c.which) as which, arg_max(a.a, a.number * 1000000 + a.turn) as holder,
          any_value(c.made) as made, any_value(c.start_us) as judged_us
        from scope c left join a on a.l = c.l and a.passage = c.passage and a.to_function = {duty}
          and a.since_us <= c.until_us
        group by c.k"""
    last = """k, 1 as turn, start_us as since_us, until_us, ended, which, a as holder, made,
          coalesce(opened_us, start_us) as judged_us from chained"""
    each = """k, place as turn, begin_us as since_us, coalesce(next_us, until_us) as until_us,
          case when next_us is null then ended else 3 end as ended, which, a as holder, made,
          coalesce(opened_us, begin_us) as judged_us from chained"""
    return f"""with numbered as (
          select {plain}, a.a, a.turn, a.since_us,
            greatest(count(case when a.since_us <= c.start_us then 1 end) over (partition by c.k), 1) as base
          from scope c left join a on a.k = c.k and a.since_us <= c.until_us and c.start_us is not null
        ),
        kept as (
          select *, coalesce(turn, 1) - base + 1 as place from numbered
          where a is null or turn = base or (turn > base and since_us < until_us)
        ),
        chained as (
          select *, case when place = 1 then start_us else since_us end as begin_us,
            lead(since_us) over (partition by k order by place) as next_us
          from kept
        )
        {"select " + last + " where next_us is null" if one.on_transfer == "continue" else "select " + each}"""


def _fetched(result: Any) -> Turns:
    columns: Mapping[str, Any] = result.fetchnumpy()

    def whole(name: str, blank: int) -> Any:
        values = columns[name]
        filled = values.filled(blank) if hasattr(values, "filled") else values
        return filled.astype("int64", copy=False)

    since = whole("since_us", MISSING)
    until = whole("until_us", MISSING)
    until[since == MISSING] = MISSING
    return Turns(
        key=whole("k", -1),
        turn=whole("turn", 1),
        since=since,
        until=until,
        ended=whole("ended", 0),
        by=whole("which", -1),
        holder=whole("holder", -1),
        made=whole("made", 0),
        judged=whole("judged_us", MISSING),
    )
