"""A person's yes, before a CRM is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from leadbridge.cli import output
from leadbridge.errors import ApprovalNeeded, WritesOff

if TYPE_CHECKING:
    from leadbridge.sync import Plan

__all__ = ["agree"]


def agree(plan: Plan, *, yes: bool, ask: bool, writing: Sequence[str]) -> str | None:
    """Asks whether a plan may be done, unless that was said beforehand.

    A plan over the agreed limits is never a matter of one keystroke: its hash has to be typed.

    Args:
        yes: agreed beforehand; it does not cover a plan over the limits.
        ask: whether anybody may be asked; a program that reads JSON may not.
        writing: the connections that would be written.

    Returns:
        The hash, when a person has approved a plan over the limits.

    Raises:
        WritesOff: nobody is there to be asked, or the person said no.
        ApprovalNeeded: the plan is over the limits and the person did not approve it.
    """
    if yes:
        return None
    if not ask or not output.interactive():
        raise WritesOff(
            f"{', '.join(writing)} may only be written after a person has agreed: run this in a terminal, add --yes, "
            f"or apply the plan that was looked at: leadbridge apply {plan.hash}"
        )
    if plan.over:
        typed = typer.prompt(
            f"This plan is over the agreed limits. To go on, type its hash {plan.hash}",
            default="",
            show_default=False,
            err=True,
        )
        if typed.strip() != plan.hash:
            raise ApprovalNeeded("; ".join(plan.over), plan_hash=plan.hash)
        return plan.hash
    if not typer.confirm(f"Write to {' and '.join(writing)}?", err=True):
        raise WritesOff("nothing was written, because the answer was no")
    return None
