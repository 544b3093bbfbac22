"""Where a snapshot's tables say when the events of promises happened.

The tables are those that :func:`leadbridge.analytics.replay_sql.prepare` numbers. A *scope* is what a promise is about;
the table ``scope`` of a query has a row for each, ``own`` being the number of its question or piece of feedback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from leadbridge.analytics.engine import text_of
from leadbridge.domain.sla.events import HANDOFF_EVENTS, Reach

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ALWAYS", "CADENCE", "Signature", "first_of", "instants_of", "recorded"]

ALWAYS = -(2**62)
"""An instant before all others."""

CADENCE = "cadence"
"""What keeps a promise whose attempts are made, beside its ``stops``."""


class Signature(NamedTuple):
    """What decides when a promise starts and ends; promises that share it are looked up once.

    ``stops`` and ``cancels`` are in order of their names. ``cadence`` is so many attempts over so many channels.
    ``turns``: each owner of a hand-off has a clock. ``informs``: it is the duty of who hands over.
    """

    duty_of: str
    reach: Reach
    starts: str
    stops: tuple[str, ...]
    cancels: tuple[str, ...]
    cadence: tuple[int, int] | None
    turns: bool
    informs: bool

    @property
    def keeps(self) -> tuple[str, ...]:
        """Everything that keeps it, in order of the names."""
        return tuple(sorted({*self.stops, *([CADENCE] if self.cadence is not None else [])}))


def recorded(connection: DuckDBPyConnection, event: str, one: Signature) -> bool:
    """Whether an event was ever recorded, of any lead."""
    queries = [_attempts(one)] if event == CADENCE else [query for query, _ in _sources(event, one)]
    return any(connection.execute(f"select 1 from ({query}) x limit 1").fetchall() for query in queries)


def instants_of(event: str, one: Signature, scope: str, also: str = "true") -> str:
    """A query for every instant (``us``) of an event in each scope (``k``) of a table.

    Args:
        event: its name.
        one: of the promise.
        scope: the table of scopes.
        also: a condition on the scope ``c`` and the instant ``x.us``.
    """
    return " union all ".join(
        f"select c.k, x.us from {scope} c join ({query}) x on {on} and {also}" for query, on in _sources(event, one)
    )


def first_of(event: str, one: Signature, scope: str, also: str = "true") -> str:
    """A query for the first instant (``us``) of an event in each scope (``k``) in which there is one."""
    if event == CADENCE:
        return _cadence(one, scope, also)
    return f"select k, min(us) as us from ({instants_of(event, one, scope, also)}) found group by k"


def _sources(event: str, one: Signature) -> list[tuple[str, str]]:
    """The queries that list an event's instants, each with what joins it to a scope ``c``."""
    lead, trip = "x.l = c.l", "x.l = c.l and x.passage = c.passage"
    duty = f"function = {text_of(one.duty_of)}"
    if event in HANDOFF_EVENTS:
        query = f"select k, l, passage, {event}_us as us from h where {event}_us is not null"
        return [(query, "x.k = c.k" if one.reach == "handoff" else trip)]
    match event:
        case "captured":
            return [("select l, captured_us as us from l where captured_us is not null", f"{lead} and c.passage = 1")]
        case "touched":
            return [_of_now(f"select l, us from t where {duty}", one)]
        case "connected":
            status = "select l, us from s where status = 'connected'"
            return [_of_now(f"select l, us from t where {duty} and direction = 'inbound' union all {status}", one)]
        case "won":
            return [("select l, us from w", lead), ("select l, passage, us from e where stage = 'won'", trip)]
        case "asked":
            return [("select l, us from i where asked > 0", lead)]
        case "answered":
            return [(f"select l, i, us from i where {duty} and direction = 'outbound'", f"{lead} and x.i <> c.own")]
        case "raised":
            return [("select l, raised_us as us from f where raised_us is not null", lead)]
        case "acknowledged":
            query = "select f, acknowledged_us as us from f where acknowledged_us is not null"
            return [(query, "x.f = c.own")]
        case _:
            stage = text_of(event.removeprefix("stage:"))
            return [(f"select l, passage, us from e where stage = {stage}", trip)]


def _of_now(query: str, one: Signature) -> tuple[str, str]:
    """Without what is of an earlier passage, for a promise that each passage has of its own."""
    if one.reach != "passage":
        return query, "x.l = c.l"
    begun = f"select q.l, q.us, p.passage from ({query}) q join p on p.l = q.l and (p.passage = 1 or q.us >= p.us)"
    return begun, "x.l = c.l and x.passage = c.passage"


def _attempts(one: Signature) -> str:
    return f"select * from t where function = {text_of(one.duty_of)} and direction = 'outbound' and channel <> 'note'"


def _cadence(one: Signature, scope: str, also: str) -> str:
    """When so many attempts over so many channels were made."""
    touches, channels = one.cadence or (1, 1)
    over = f"and channels >= {channels}" if channels > 1 else ""
    return f"""select k, min(us) as us from (
          select k, us, row_number() over made as touches, sum(fresh) over made as channels from (
            select c.k, x.us, x.i, cast(x.channel <> '' and row_number()
              over (partition by c.k, x.channel order by x.us, x.i) = 1 as integer) as fresh
            from {scope} c join ({_attempts(one)}) x on x.l = c.l and {also}
          ) tried window made as (partition by k order by us, i)
        ) counted where touches >= {touches} {over} group by k"""
