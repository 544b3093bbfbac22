"""Past hand-offs dealt again under two agreements, counted by person, by queue and by rule, and what nobody gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from leadbridge.agreement.redeal import Redealt
from leadbridge.analytics.tabular import pandas_frame, polars_frame
from leadbridge.clock import to_us
from leadbridge.domain.handoff.dealing import Route
from leadbridge.domain.show import html_table

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Redeal"]

COLUMNS = (
    *("lead_id", "handoff_id", "at_us", "recorded", "owner_before", "owner_after", "queue_before", "queue_after"),
    *("rule_before", "rule_after", "affected"),
)
DEFINITION = (
    "Every past hand-off dealt again under both agreements, the oldest first: who would have had it first. Compare the "
    "two sides with each other; beside them stands who had it first on record, which also shows what people picked or "
    "passed on by hand. The fields of leads are those that stand now."
)


class Redeal:
    """Who gets which past hand-off under two agreements. Make one with :func:`leadbridge.analytics.what_if`.

    ``items`` are the hand-offs, the oldest first. On each side every hand-off goes to one person, stays in one queue,
    or goes nowhere, so that each side adds up to ``len(redeal)``.
    """

    columns = COLUMNS

    def __init__(self, items: Iterable[Redealt]) -> None:
        self.items = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def affected(self) -> tuple[Redealt, ...]:
        """The hand-offs that go to another person or queue."""
        return tuple(each for each in self.items if each.affected)

    @property
    def leads(self) -> tuple[str, ...]:
        """The ids of the leads that go to another person or queue."""
        return tuple(sorted({each.lead for each in self.affected}))

    @property
    def changed_hands(self) -> int:
        """How many hand-offs another person gets, or nobody on one side."""
        return sum(each.changes_hands for each in self.items)

    @property
    def left_alone(self) -> frozenset[str]:
        """The hand-offs that somebody gets before, and nobody after."""
        return frozenset(each.handoff for each in self.items if each.before.owner and not each.after.owner)

    @property
    def reproduced(self) -> float | None:
        """The share of first owners on record whom the first agreement names, too; ``None`` where none is on record.

        The lower it is, the more was picked, passed on or dealt by other rules than those, and the less the difference
        between the two sides says about what would have happened.
        """
        known = [each for each in self.items if each.recorded]
        return sum(each.before.owner == each.recorded for each in known) / len(known) if known else None

    def owners(self) -> dict[str, dict[str, int]]:
        """By person (empty: nobody): hand-offs on record, before and after, and how many move.

        ``gained`` are those that somebody else had before, ``lost`` those that somebody else has after.
        """
        found = self._counted(lambda route: route.owner or "", {each.handoff: each.recorded for each in self.items})
        moved = [each for each in self.items if each.changes_hands]
        gained = Counter(each.after.owner or "" for each in moved)
        lost = Counter(each.before.owner or "" for each in moved)
        return {owner: {**line, "gained": gained[owner], "lost": lost[owner]} for owner, line in found.items()}

    def queues(self) -> dict[str, dict[str, int]]:
        """By queue that a hand-off is dealt out from or waits in (empty: none): how many before and after."""
        return self._counted(lambda route: route.queue or "")

    def rules(self) -> dict[str, dict[str, int]]:
        """By the rule that decides (empty: none does, it goes nowhere): how many before and after."""
        return self._counted(lambda route: route.rule)

    @property
    def nobody(self) -> Mapping[Literal["waiting", "nowhere"], tuple[int, int]]:
        """Hand-offs that nobody gets, before and after: those that wait in a queue, and those that go nowhere."""
        none = [(each.before, each.after) for each in self.items]
        return {
            "waiting": _both(none, lambda route: route.owner is None and route.queue is not None),
            "nowhere": _both(none, lambda route: not route.rule),
        }

    @cached_property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """A row a hand-off: who had it first, and its person, queue and rule on both sides (``None`` where none)."""
        return tuple(
            {
                "lead_id": each.lead,
                "handoff_id": each.handoff,
                "at_us": to_us(each.at),
                "recorded": each.recorded or None,
                "owner_before": each.before.owner,
                "owner_after": each.after.owner,
                "queue_before": each.before.queue,
                "queue_after": each.after.queue,
                "rule_before": each.before.rule or None,
                "rule_after": each.after.rule or None,
                "affected": each.affected,
            }
            for each in self.items
        )

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame (needs pandas)."""
        return pandas_frame(self.columns, self.rows)

    def to_polars(self) -> polars.DataFrame:
        """The rows as a Polars frame (needs polars)."""
        return polars_frame(self.columns, self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values; of the hand-offs, those that are affected."""
        return {
            "definition": DEFINITION,
            "handoffs": len(self),
            "changed_hands": self.changed_hands,
            "reproduced": self.reproduced,
            "nobody": {how: {"before": old, "after": new} for how, (old, new) in self.nobody.items()},
            "owners": self.owners(),
            "queues": self.queues(),
            "rules": self.rules(),
            "affected": [dict(row) for row in self.rows if row["affected"]],
        }

    def notes(self) -> list[str]:
        """What a reader has to know beside the counts, one sentence each."""
        found = [f"{self.changed_hands:,} of {len(self):,} hand-offs change hands"]
        for how, (old, new) in self.nobody.items():
            where = "wait in a queue for somebody to pick them" if how == "waiting" else "go nowhere"
            found += [f"{where}: {old:,} before, {new:,} after"] if old or new else []
        known = sum(bool(each.recorded) for each in self.items)
        if self.reproduced is not None:
            found.append(f"dealt before as on record: {self.reproduced:.1%} of the {known:,} that somebody had")
        return found

    def __str__(self) -> str:
        lines = [*self.notes()]
        for owner, line in self.owners().items():
            lines.append(f"  {owner or 'nobody'}: {line['before']:,} -> {line['after']:,}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Redeal of {len(self):,} hand-offs: {self.changed_hands:,} change hands>"

    def _repr_html_(self) -> str:
        parts = [
            html_table(
                f"By {what}",
                (what, *next(iter(found.values()), {})),
                [(name or none, *(f"{n:,}" for n in line.values())) for name, line in found.items()],
            )
            for what, none, found in (
                ("person", "(nobody)", self.owners()),
                ("queue", "(none)", self.queues()),
                ("rule", "(no rule)", self.rules()),
            )
        ]
        return f"{''.join(parts)}<p><small>{'; '.join(self.notes())}. {DEFINITION}</small></p>"

    def _counted(
        self, of: Callable[[Route], str], recorded: Mapping[str, str] | None = None
    ) -> dict[str, dict[str, int]]:
        """By a name of each route, the most of them on either side first."""
        sides = {
            **({"recorded": Counter(recorded.values())} if recorded is not None else {}),
            "before": Counter(of(each.before) for each in self.items),
            "after": Counter(of(each.after) for each in self.items),
        }
        names = {name for side in sides.values() for name in side}
        order = sorted(names, key=lambda name: (-max(side[name] for side in sides.values()), name))
        return {name: {side: counted[name] for side, counted in sides.items()} for name in order}


def _both(routes: Iterable[tuple[Route, Route]], holds: Callable[[Route], bool]) -> tuple[int, int]:
    pairs = list(routes)
    return sum(holds(one) for one, _ in pairs), sum(holds(other) for _, other in pairs)
