"""The bridge between the counts of two CRMs as a picture: from one total, cause by cause, to the other."""

from __future__ import annotations

from typing import Any

from leadbridge.analytics.plot_frame import BLUE, GREY, ORANGE, Look, Picture, altair_there, charts, finish, hints
from leadbridge.analytics.reconciliation import Reconciliation

__all__ = ["DEFINITION", "bridge"]

DEFINITION = (
    "The records that count in each of two CRMs, and between the two totals every cause for which a record counts on "
    "one side only, with how many: -1 for each that counts in the first only, +1 for each that counts in the second."
)
_SMALL = 0.04
"""Of the total; where the largest step is smaller, the axis does not begin at zero."""


def bridge(found: Reconciliation, look: Look | None = None) -> Picture:
    """A bar for each total, and between them a step for each cause.

    Raises:
        AdapterMissing: when the extra ``analytics`` is not installed.
    """
    alt = altair_there()
    look = look or Look()
    rows = _rows(found)
    largest = max((abs(step.delta) for step in found.steps), default=0)
    total = max(found.left_count, found.right_count, 1)
    start = 0
    if largest and largest < _SMALL * total:
        start = max(0, min(row["low"] for row in rows if row["kind"] == "step") - 3 * largest)
    top = max(row["high"] for row in rows)
    plot = look.plot(row["what"] for row in rows)
    room = 52 if look.narrow else 70
    base = charts(alt, rows, width=plot, height=alt.Step(30)).encode(
        tooltip=hints(alt, "what:N", "said:N", "meaning:N", "remedy:N")
    )
    y = alt.Y("what:N", sort=None, title=None)
    x = alt.X(
        "low:Q",
        scale=alt.Scale(domain=[start, top if top > start else start + 1], range=[0, plot - room], clamp=True),
        axis=alt.Axis(title="records", grid=False, format=",d", tickCount=4, tickMinStep=1),
    )
    kinds = alt.Scale(domain=["total", "less", "more"], range=[BLUE, ORANGE, GREY])
    bars = base.mark_bar(height=16).encode(
        x=x, x2=alt.X2("high:Q"), y=y, color=alt.Color("way:N", scale=kinds, legend=None)
    )
    text = base.mark_text(align="left", dx=6).encode(x=alt.X("high:Q"), y=y, text=alt.Text("said:N"))
    notes = [
        found.basis,
        f"{found.agreed:,} counted in both",
        "totals blue, what is taken away orange (-), added grey (+)",
    ]
    notes += [f"the axis begins at {start:,}"] if start else []
    text_of = f"{found.what.replace('_', ' ')}: {found.left} and {found.right}"
    return finish(alt, alt.layer(bars, text), look, text_of, DEFINITION, notes)


def _rows(found: Reconciliation) -> list[dict[str, Any]]:
    """The totals and the steps between them, each from its lower to its higher end."""
    many = len({step.side for step in found.steps}) > 1
    rows: list[dict[str, Any]] = [_total(found.left, found.left_count)]
    before = found.left_count
    for step in found.steps:
        cause = step.cause.replace("_", " ")
        rows.append(
            {
                "what": f"{cause} ({step.side})" if many else cause,
                "low": min(before, step.count),
                "high": max(before, step.count),
                "said": f"{step.delta:+,}",
                "kind": "step",
                "way": "less" if step.delta < 0 else "more",
                "meaning": step.meaning,
                "remedy": step.remedy,
            }
        )
        before = step.count
    return [*rows, _total(found.right, found.right_count)]


def _total(name: str, count: int) -> dict[str, Any]:
    return {"what": f"in {name}", "low": 0, "high": count, "said": f"{count:,}", "kind": "total", "way": "total"}
