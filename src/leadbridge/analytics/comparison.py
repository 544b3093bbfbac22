"""What-if: the same history under two agreements, side by side, with the difference and who is affected."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from leadbridge.analytics.engine import connect, rows_of, text_of
from leadbridge.analytics.redealing import Redeal
from leadbridge.analytics.result import NotComputable
from leadbridge.analytics.tabular import pandas_frame, polars_frame
from leadbridge.clock import from_us
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.show import html_table
from leadbridge.errors import ConfigError, DataError

if TYPE_CHECKING:
    import altair
    import pandas
    import polars

    from leadbridge.analytics.replay import Replay

__all__ = ["Comparison"]

DEFINITION = (
    "The same history judged twice: what was done, when and by whom is as recorded, and only the terms differ. A "
    "promise is affected when its clock is in another state, or exists on one side only. What people would have done "
    "under other terms, or other people with the same lead, no replay can know."
)
COLUMNS = (
    *("policy", "target", "before", "after", "difference", "at_least", "counted_before", "counted_after", "affected"),
    *("gained", "lost", "leads", "why"),
)
_KEPT = "met"
_PAIRS = """
with b as (select * from read_parquet({before})), a as (select * from read_parquet({after}))
select coalesce(b.policy, a.policy) as policy, coalesce(b.target, a.target) as target,
  coalesce(b.lead_id, a.lead_id) as lead_id, coalesce(b.handoff_id, a.handoff_id) as handoff_id,
  coalesce(b.passage, a.passage) as passage, coalesce(b.subject, a.subject) as subject,
  coalesce(b.turn, a.turn) as turn,
  coalesce(a.owner, b.owner) as owner, b.state as before, a.state as after, b.due_us as due_before_us,
  a.due_us as due_after_us
from b full join a on a.lead_id = b.lead_id and a.policy = b.policy and a.target = b.target and a.passage = b.passage
  and a.turn = b.turn and coalesce(a.handoff_id, '') = coalesce(b.handoff_id, '')
  and coalesce(a.subject, '') = coalesce(b.subject, '')
where b.state is distinct from a.state
order by policy, target, lead_id, passage, handoff_id, subject, turn
"""


class Comparison:
    """Attainment before and after, promise by promise, and whose leads are affected. Make one with ``Replay.compare``.

    ``rows`` has a mapping for each promise: ``policy``, ``target``, ``before`` and ``after`` (shares; ``None`` where
    there is none), ``difference`` (after minus before), ``counted_before`` and ``counted_after``, ``affected`` (clocks
    that are in another state), ``gained`` (met only after), ``lost`` (met only before), ``leads`` (how many), and
    ``why`` a share is missing. ``at_least`` is the share after, if no promise had been kept about the hand-offs that
    the other roster or rules leave to nobody; their clocks stand as recorded everywhere else.

    ``dealt`` says who gets which hand-off, where the past was dealt again; ``None`` where it was not. ``notes`` are
    what a reader has to know beside the numbers.
    """

    columns = COLUMNS

    def __init__(
        self,
        now_us: int,
        before: str,
        after: str,
        rows: list[dict[str, Any]],
        changed: list[dict[str, Any]],
        dealt: Redeal | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.now_us = now_us
        self.before = before
        self.after = after
        self.rows = tuple(rows)
        self._changed = changed
        self.dealt = dealt
        self.notes = tuple(notes)

    @classmethod
    def of(cls, before: Replay, after: Replay, *, dealt: Redeal | None = None, notes: Sequence[str] = ()) -> Comparison:
        """Compares two replays of one history.

        Args:
            before: how the clocks stand under what was agreed.
            after: how they stand under the other terms.
            dealt: who gets which hand-off on both sides, where ``after`` has other owners because of it.
            notes: what a reader has to know.

        Raises:
            DataError: the two stand at different instants.
        """
        if before.now_us != after.now_us:
            raise DataError(
                f"the replays stand at different instants, {before.now:%Y-%m-%d %H:%M} and {after.now:%Y-%m-%d %H:%M}: "
                "replay both as of one"
            )
        with connect() as connection:
            files = {"before": text_of(str(before.path)), "after": text_of(str(after.path))}
            changed = rows_of(connection, _PAIRS.format(**files))
        sides = [_by_promise(one) for one in (before, after)]
        alone = _kept_alone(after, dealt.left_alone) if dealt is not None else {}
        rows = [
            _row(name, sides[0].get(name), sides[1].get(name), changed, alone.get(name, 0))
            for name in sorted({*sides[0], *sides[1]})
        ]
        known = dict.fromkeys([*notes, *before.notes, *after.notes])
        return cls(before.now_us, before.under, after.under, rows, changed, dealt, tuple(known))

    def affected(self, promise: str | None = None) -> list[dict[str, Any]]:
        """The clocks that are in another state, with the lead, the hand-off, the owner, and both states.

        Args:
            promise: of one promise only, as ``policy.target``.

        Raises:
            ConfigError: no promise is called so.
        """
        names = [f"{row['policy']}.{row['target']}" for row in self.rows]
        if promise is not None and promise not in names:
            raise ConfigError(f"no promise is called {promise!r}: {did_you_mean(promise, names)}")
        return [row for row in self._changed if promise in (None, f"{row['policy']}.{row['target']}")]

    @property
    def leads(self) -> tuple[str, ...]:
        """The ids of the leads that are affected: by a clock in another state, or by another person or queue."""
        moved = self.dealt.leads if self.dealt is not None else ()
        return tuple(sorted({*(row["lead_id"] for row in self._changed), *moved}))

    def owners(self) -> dict[str, dict[str, int]]:
        """By owner (empty: nobody): how many clocks are affected, how many are met only after, and only before."""
        found: dict[str, dict[str, int]] = {}
        for row in self._changed:
            line = found.setdefault(row["owner"] or "", {"affected": 0, "gained": 0, "lost": 0})
            for name, count in _tally([row]).items():
                line[name] += count
        return dict(sorted(found.items(), key=lambda item: (-item[1]["affected"], item[0])))

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "now_us": self.now_us,
            "definition": DEFINITION,
            "before": self.before,
            "after": self.after,
            "rows": [dict(row) for row in self.rows],
            "leads": list(self.leads),
            "owners": self.owners(),
            "dealt": self.dealt.to_dict() if self.dealt is not None else None,
            "notes": list(self.notes),
        }

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame (needs pandas)."""
        return pandas_frame(self.columns, self.rows)

    def to_polars(self) -> polars.DataFrame:
        """The rows as a Polars frame (needs polars)."""
        return polars_frame(self.columns, self.rows)

    def plot(self) -> altair.LayerChart | altair.FacetChart:
        """A line for each promise, from its attainment before to that after (needs the extra ``analytics``).

        Raises:
            DataError: no promise has an attainment on both sides.
        """
        from leadbridge.analytics.plots_time import compared

        both = [row for row in self.rows if row["difference"] is not None]
        if not both:
            raise DataError("this comparison cannot be drawn: no promise has an attainment on both sides")
        return compared(both, self.before, self.after, DEFINITION)

    def __str__(self) -> str:
        lines = [f"before: {self.before}", f"after:  {self.after}"]
        for row in self.rows:
            name = f"{row['policy']}.{row['target']}"
            lines.append(f"{name}: {_share(row, 'before')} -> {_share(row, 'after')}{_points(row)}; {_people(row)}")
            lines += [f"  {row['why']}"] if row["why"] else []
            lines += [f"  at least {row['at_least']:.1%}"] if row["at_least"] != row["after"] else []
        lines += [str(self.dealt)] if self.dealt is not None else []
        lines += self.notes
        return "\n".join(lines)

    def __repr__(self) -> str:
        clocks, leads = len(self._changed), len(self.leads)
        return f"<Comparison of {len(self.rows)} promises: {clocks:,} clocks, {leads:,} leads affected>"

    def _repr_html_(self) -> str:
        head = ("promise", "before", "after", "difference", "affected", "met only after", "met only before", "leads")
        rows = [
            (
                f"{row['policy']}.{row['target']}",
                _share(row, "before"),
                _share(row, "after"),
                _points(row).strip(" ()"),
                *(f"{row[name]:,}" for name in ("affected", "gained", "lost", "leads")),
            )
            for row in self.rows
        ]
        owners = [(owner or "(nobody)", *(f"{n:,}" for n in line.values())) for owner, line in self.owners().items()]
        when = f"{from_us(self.now_us):%Y-%m-%d %H:%M} UTC"
        whose = html_table("By owner", ("owner", "affected", "met only after", "met only before"), owners[:20])
        caption = f"What if, as of {when}. Before: {self.before}. After: {self.after}"
        dealt = self.dealt._repr_html_() if self.dealt is not None else ""
        said = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return html_table(caption, head, rows) + whose + dealt + said + f"<p><small>{DEFINITION}</small></p>"


def _by_promise(one: Replay) -> dict[tuple[str, str], Mapping[str, Any]]:
    answer = one.attainment()
    if isinstance(answer, NotComputable):
        found = one.sql("select distinct policy, target from clocks")
        return {
            (row["policy"], row["target"]): {"counted": 0, "attainment": None, "why": answer.reason} for row in found
        }
    return {(row["policy"], row["target"]): {**row, "why": ""} for row in answer.rows}


def _kept_alone(after: Replay, handoffs: Collection[str]) -> dict[tuple[str, str], int]:
    """By promise, how many were kept in time about some hand-offs."""
    query = (
        "select policy, target, count(*) as n from clocks where state = $kept "
        "and list_contains($handoffs, handoff_id) group by all"
    )
    found = after.sql(query, {"kept": _KEPT, "handoffs": sorted(handoffs)}) if handoffs else []
    return {(row["policy"], row["target"]): row["n"] for row in found}


def _row(
    name: tuple[str, str],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    changed: list[dict[str, Any]],
    alone: int,
) -> dict[str, Any]:
    mine = [row for row in changed if (row["policy"], row["target"]) == name]
    first = before["attainment"] if before is not None else None
    second = after["attainment"] if after is not None else None
    known = first is not None and second is not None
    return {
        "policy": name[0],
        "target": name[1],
        "before": first,
        "after": second,
        "difference": second - first if first is not None and second is not None else None,
        "at_least": second - alone / after["counted"] if after is not None and second is not None else None,
        "counted_before": before["counted"] if before is not None else 0,
        "counted_after": after["counted"] if after is not None else 0,
        **_tally(mine),
        "leads": len({row["lead_id"] for row in mine}),
        "why": "" if known else _why(before, after),
    }


def _why(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    found = []
    for word, side in (("before", before), ("after", after)):
        if side is None:
            found.append(f"{word}: not promised to anybody")
        elif side["attainment"] is None:
            silent = "nothing was ever recorded that keeps it" if side["counted"] else "no clock has come to its end"
            found.append(f"{word}: {side['why'] or silent}")
    return "; ".join(found)


def _tally(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "affected": len(rows),
        "gained": sum(row["after"] == _KEPT for row in rows),
        "lost": sum(row["before"] == _KEPT for row in rows),
    }


def _share(row: Mapping[str, Any], side: str) -> str:
    value = row[side]
    return "not computable" if value is None else f"{value:.1%} of {row[f'counted_{side}']:,}"


def _points(row: Mapping[str, Any]) -> str:
    return "" if row["difference"] is None else f" ({100 * row['difference']:+.1f} points)"


def _people(row: Mapping[str, Any]) -> str:
    if not row["affected"]:
        return "nobody is affected"
    clocks = f"{row['affected']:,} clock{'s' if row['affected'] != 1 else ''}"
    leads = f"{row['leads']:,} lead{'s' if row['leads'] != 1 else ''}"
    return f"{clocks} of {leads} affected: {row['gained']:,} met only after, {row['lost']:,} met only before"
