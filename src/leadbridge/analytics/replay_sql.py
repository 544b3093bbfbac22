"""What starts, keeps and ends the promises of a snapshot, as SQL over its tables: no row of it is touched by Python.

Leads become numbers once, so that everything after it joins integers. A *scope* is what a promise is about: a hand-off,
a question, a piece of feedback, or a passage. The rules are those of :mod:`leadbridge.domain.sla.clocks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.engine import TABLES, text_of
from leadbridge.analytics.replay_events import ALWAYS, Signature, first_of
from leadbridge.analytics.replay_time import MISSING, Turns
from leadbridge.analytics.storage import files_of, reading
from leadbridge.domain.facts import DECISIONS
from leadbridge.domain.lifecycle.lifecycle import DETOURS
from leadbridge.domain.sla.events import Reach
from leadbridge.errors import DataError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ABOUT", "ends_of", "prepare", "turns_of"]

_READ = (
    *("leads", "entries", "handoffs", "assignments", "answers", "statuses", "governance"),
    *("interactions", "outcomes", "feedback", "lead_profile"),
)

_MOMENTS = {
    "leads": ("captured_us",),
    "entries": ("entered_us",),
    "handoffs": ("offered_us", "informed_us", "routed_us", "assigned_us", "decided_us", "expired_us"),
    "outcomes": ("closed_us",),
    "feedback": ("raised_us", "acknowledged_us"),
}
_KNOWN = {
    "assignments": "since_us <= {now}",
    "answers": "given_us <= {now}",
    "statuses": "since_us <= {now}",
    "governance": "since_us <= {now}",
    "interactions": "happened_us <= {now}",
}
"""What of a table was known at the instant of the snapshot: an export may hold more."""

_TABLES = (
    "create temp table l as select lead_id, captured_us, row_number() over () as l from leads",
    """create temp table h as
    with held as (
      select h.*, l.l, row_number() over () as k from handoffs h join l on l.lead_id = h.lead_id
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
    select h.k, h.l, h.handoff_id, h.passage, h.from_function, h.to_function, h.number, h.offered_us, h.informed_us,
      h.routed_us, h.assigned_us, h.decided_us, e.us as cancel_us, e.word as cancel_by, h.agreement as made,
      h.promised is not null or h.missing > 0 as counted, h.to_come,
      coalesce(h.offered_us, least(h.routed_us, h.assigned_us, h.decided_us, h.expired_us)) as opened_us
    from held h left join firsts e on e.place = 1 and e.lead_id = h.lead_id and e.handoff_id = h.handoff_id""",
    """create temp table a as
    select h.k, h.l, h.passage, h.to_function, h.number, x.turn, x.since_us, coalesce(x.owner, '') as owner,
      row_number() over () as a
    from assignments x join l on l.lead_id = x.lead_id join h on h.l = l.l and h.handoff_id = x.handoff_id""",
    """create temp table e as
    select l.l, x.passage, x.stage, x.entered_us as us, x.left_us
    from entries x join l on l.lead_id = x.lead_id where x.entered_us is not null""",
    """create temp table i as
    select l.l, row_number() over () as i, x.passage, x.interaction, x.asked, x.nature, x.function, x.direction,
      coalesce(x.channel, '') as channel, x.happened_us as us
    from interactions x join l on l.lead_id = x.lead_id""",
    "create temp view t as select * from i where nature = 'person_to_person'",
    """create temp table s as
    select l.l, x.turn, x.status, x.since_us as us from statuses x join l on l.lead_id = x.lead_id""",
    """create temp table w as
    select l.l, x.closed_us as us from outcomes x join l on l.lead_id = x.lead_id
    where x.outcome = 'won' and x.closed_us is not null""",
    """create temp table g as
    select l.l, x.since_us as us, x.agreement as made from governance x join l on l.lead_id = x.lead_id""",
    """create temp table p as
    with trips as (
      select l, passage, min(us) as us, min(case when stage in ({detours}) then us end) as detour_us
      from (
        select l, passage, stage, us from e
        union all
        -- A passage of which all lies in the future is one already: so the fold of histories sees it.
        select l.l, x.passage, null, null from entries x join l on l.lead_id = x.lead_id where x.entered_us is null
      ) known group by l, passage
    )
    select row_number() over () as k, x.l, x.passage, x.us,
      case when n.us is null or x.detour_us <= n.us then x.detour_us else n.us end as cancel_us,
      case when n.us is null or x.detour_us <= n.us then 'detour' else 'recycle' end as cancel_by
    from trips x left join trips n on n.l = x.l and n.passage = x.passage + 1""",
    """create temp table f as
    with said as (
      select l.l, row_number() over () as f, x.feedback_id, x.to_function, x.raised_us, x.acknowledged_us
      from feedback x join l on l.lead_id = x.lead_id
    )
    select x.*, coalesce(n.passage, 1) as passage from said x
    left join (
      select x.f, max(p.passage) as passage from said x join p on p.l = x.l and p.us <= x.raised_us group by x.f
    ) n on n.f = x.f""",
)

ABOUT: Mapping[Reach, str] = {
    "handoff": "select k, l, passage, handoff_id, cast(null as varchar) as subject from h",
    "passage": "select k, l, passage, cast(null as varchar) as handoff_id, cast(null as varchar) as subject from p",
    "question": "select i as k, l, passage, cast(null as varchar) as handoff_id, nullif(interaction, '') as subject "
    "from i where asked > 0",
    "feedback": "select f as k, l, passage, cast(null as varchar) as handoff_id, nullif(feedback_id, '') as subject "
    "from f",
}
"""Queries that say what each scope is about, by its number ``k``."""

_NO_END = "cast(null as bigint) as cancel_us, cast(null as varchar) as cancel_by"
_NO_OFFER = "cast(null as bigint) as offered_us, cast(null as bigint) as opened_us, 0 as made"


def prepare(connection: DuckDBPyConnection, place: Path, now_us: int) -> None:
    """Reads the tables of a snapshot's directory into numbers, as far as they were known at an instant.

    Raises:
        DataError: for a snapshot of an older leadbridge, which lacks a column.
    """
    for name in _READ:
        rows = reading(files_of(place, name))
        there = {row[0] for row in connection.execute(f"describe select * from {rows}").fetchall()}
        lacking = [column for column in TABLES[name] if column not in there]
        if lacking and name != "lead_profile":
            raise DataError(f"{place} has no {name}.{lacking[0]}: it is of an older leadbridge, take a new snapshot")
        moments = ", ".join(f"case when {us} <= {now_us} then {us} end as {us}" for us in _MOMENTS.get(name, ()))
        seen = f"* replace ({moments})" if moments else "*"
        seen += f", coalesce(offered_us > {now_us}, false) as to_come" if name == "handoffs" else ""
        known = _KNOWN.get(name, "true").format(now=now_us)
        connection.execute(f"create view {name} as select {seen} from {rows} where {known}")
    detours = ", ".join(text_of(stage) for stage in DETOURS)
    for statement in _TABLES:
        connection.execute(statement.format(detours=detours))


def ends_of(one: Signature) -> list[str]:
    """What may end a promise unkept, in order of the names."""
    return sorted({*one.cancels, *DECISIONS, "expiry", "detour", "recycle"})


def turns_of(connection: DuckDBPyConnection, one: Signature, now_us: int) -> Turns:
    """The turns of every scope of a promise, in order of scope and turn; leaves the scopes in the table ``scope``."""
    connection.execute(f"create or replace temp table scoped as {_scoped(one)}")
    connection.execute(f"create or replace temp table begun as {_begun(one)}")
    keeps, stops, joins = one.keeps, [], []
    for number, event in enumerate(keeps):
        stops.append(f"x{number}.us")
        found = first_of(event, one, "begun", "x.us >= c.since_us")
        joins.append(f"left join ({found}) x{number} on x{number}.k = b.k")
    which = " ".join(f"when {stop} = stop_us then {number}" for number, stop in enumerate(stops))
    words = ", ".join(text_of(word) for word in ends_of(one))
    connection.execute(
        f"""create or replace temp table scope as
        with kept as (
          select b.*, least({", ".join(stops)}, null) as first_us,
            case when b.cancel_us < first_us and b.start_us is not null then null else first_us end as stop_us,
            case {which} end as kept_by
          from begun b {" ".join(joins)}
        )
        select k, l, passage, own, made, opened_us,
          case when start_us is null or cancel_us < start_us then null else start_us end as start_us,
          case when start_us is null and cancel_us is not null then 2 when cancel_us < start_us then 2
            when stop_us is not null then 1 when cancel_us is not null then 2 else 0 end as ended,
          case when ended = 1 then kept_by when ended = 2 then list_position([{words}], cancel_by) - 1 end as which,
          case when stop_us is not null then greatest(start_us, stop_us)
            else coalesce(cancel_us, {now_us}) end as until_us
        from kept"""
    )
    return _fetched(connection.execute(_held(one) + " order by k, turn"))


def _scoped(one: Signature) -> str:
    """Everything that a promise has a clock for."""
    duty = text_of(one.duty_of)
    match one.reach:
        case "handoff":
            whose = f"from_function = {duty} and counted" if one.informs else f"to_function = {duty}"
            return f"""select k, l, passage, cast(null as bigint) as own, cast(null as bigint) as own_us, cancel_us,
              cancel_by, offered_us, opened_us, made from h where {whose} and not to_come"""
        case "question":
            return f"select i as k, l, passage, i as own, us as own_us, {_NO_END}, {_NO_OFFER} from i where asked > 0"
        case "feedback":
            return f"""select f as k, l, passage, f as own, raised_us as own_us, {_NO_END}, {_NO_OFFER} from f
              where to_function = {duty} and raised_us is not null"""
        case _:
            return f"""select k, l, passage, cast(null as bigint) as own, cast(null as bigint) as own_us, cancel_us,
              cancel_by, {_NO_OFFER} from p"""


def _begun(one: Signature) -> str:
    """The scopes with the instant at which each starts, from which on its end is looked for, and what cancels it."""
    start, joins = "c.own_us", []
    if one.reach in ("handoff", "passage"):
        start = "start.us"
        joins.append(f"left join ({first_of(one.starts, one, 'scoped')}) start on start.k = c.k")
    ends = [("c.cancel_us", "c.cancel_by")]
    for number, event in enumerate(one.cancels):
        joins.append(f"left join ({first_of(event, one, 'scoped')}) y{number} on y{number}.k = c.k")
        ends.append((f"y{number}.us", text_of(event)))
    first = f"least({', '.join(us for us, _ in ends)}, null)"
    words = ", ".join(f"case when {us} = {first} then {word} end" for us, word in ends)
    found = f"""select c.k, c.l, c.passage, c.own, c.opened_us, c.made, {start} as start_us, {first} as cancel_us,
          least({words}, null) as cancel_by, coalesce(least(c.offered_us, {start}), {ALWAYS}) as since_us
        from scoped c {" ".join(joins)}"""
    if one.reach == "handoff":
        return found
    # What is no hand-off has no clock before its start; it was promised by the version that held then.
    return f"""select q.* exclude (made), coalesce(v.made, 0) as made from ({found}) q
        asof left join g v on v.l = q.l and q.start_us >= v.us
        where q.start_us is not null and (q.cancel_us is null or q.cancel_us >= q.start_us)"""


def _held(one: Signature) -> str:
    """Who held each scope from when until when."""
    plain = "c.k, c.l, c.made, c.opened_us, c.ended, c.which, c.start_us, c.until_us"
    duty = f"a.to_function = {text_of(one.duty_of)}"
    if one.reach != "handoff":
        # Of those who held it at the start the last counts, unless somebody got it later.
        latest = "case when a.since_us > c.start_us then 1 else 0 end * 1000000000000 + a.number * 1000000 + a.turn"
        return f"""select c.k, any_value(c.l) as l, 1 as turn, any_value(c.start_us) as since_us,
          any_value(c.until_us) as until_us,
          any_value(c.ended) as ended, any_value(c.which) as which, arg_max(a.a, {latest}) as holder,
          any_value(c.made) as made, any_value(c.start_us) as judged_us
        from scope c left join a on a.l = c.l and a.passage = c.passage and {duty} and a.since_us <= c.until_us
        group by c.k"""
    last = """k, l, 1 as turn, start_us as since_us, until_us, ended, which, a as holder, made,
          coalesce(opened_us, start_us) as judged_us from chained"""
    each = """k, l, place as turn, begin_us as since_us, coalesce(next_us, until_us) as until_us,
          case when next_us is null then ended else 3 end as ended, which, a as holder, made,
          coalesce(opened_us, begin_us) as judged_us from chained"""
    return f"""with numbered as (
          select {plain}, a.a, a.turn, a.since_us,
            greatest(count(case when a.since_us <= c.start_us then 1 end) over (partition by c.k), 1) as base
          from scope c
          left join a on a.k = c.k and {duty} and a.since_us <= c.until_us and c.start_us is not null
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
        {"select " + each if one.turns else "select " + last + " where next_us is null"}"""


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
        lead=whole("l", -1),
        turn=whole("turn", 1),
        since=since,
        until=until,
        ended=whole("ended", 0),
        by=whole("which", -1),
        holder=whole("holder", -1),
        made=whole("made", 0),
        judged=whole("judged_us", MISSING),
    )
