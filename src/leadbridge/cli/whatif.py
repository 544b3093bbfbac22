"""``leadbridge what-if``: another time for a promise, on the history as it was, side by side with what was agreed."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.opening import desk
from leadbridge.cli.options import Config, Json

__all__ = ["what_if"]


def what_if(
    promise: Annotated[str, typer.Argument(metavar="POLICY.TARGET", help="The promise, as it stands under slas.")],
    within: Annotated[str, typer.Argument(metavar="WITHIN", help="Another time for it: 2 business hours, 1 day ...")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Judge the past by another promise: the difference in attainment, and whose leads are affected."""
    from leadbridge.analytics.replay import replay

    with desk(config) as here:
        draft = here.agreement.with_target(promise, within=within)
        histories = list(here.ledger.histories())
        with (
            replay(histories, agreements=here.agreement, at=here.now, only=[promise]) as before,
            replay(histories, agreements=draft, at=here.now, only=[promise]) as after,
        ):
            compared = before.compare(after)
    if json:
        output.emit(compared.to_dict())
        return
    for row in compared.rows:
        shares = [_share(row["before"], row["counted_before"]), _share(row["after"], row["counted_after"])]
        output.show(f"{row['policy']}.{row['target']} within {within}: {shares[0]} -> {shares[1]}")
        output.show(f"met only after: {row['gained']:,}, met only before: {row['lost']:,}, leads: {row['leads']:,}")
        if row["why"]:
            output.show(row["why"])
    if not compared.rows:
        output.show("Nobody was ever promised that: no clock of it has started.")
    owners = [(owner or "nobody", *(f"{n:,}" for n in line.values())) for owner, line in compared.owners().items()]
    if owners:
        head = ("held by", "affected", "met only after", "met only before")
        output.show(output.table("Whose clocks stand otherwise", head, owners, right=set(head[1:])))
    output.note(f"before: {compared.before}; after: {compared.after}")


def _share(value: float | None, counted: int) -> str:
    return "not computable" if value is None else f"{value:.1%} of {counted:,}"
