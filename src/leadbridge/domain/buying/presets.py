"""Buying stages that others have described, to start from: each company edits them and agrees on its own evidence.

``siriusdecisions`` are the six steps of the SiriusDecisions B2B buying process in their three phases, in order.
``gartner`` are the six jobs that Gartner says a buying group has to get done. Jobs are not steps: buyers revisit each
of them, often several at once, so their order here is only that of a list. Where the buyer stands is the job seen last.
"""

from __future__ import annotations

from collections.abc import Mapping

from leadbridge.domain.buying.stages import BuyingStage

__all__ = ["BUYING_PRESETS", "REVISITED"]

BUYING_PRESETS: Mapping[str, tuple[BuyingStage, ...]] = {
    "siriusdecisions": (
        BuyingStage(id="loosening_status_quo", label="Loosening of the status quo", phase="education"),
        BuyingStage(id="committing_to_change", label="Committing to change", phase="education"),
        BuyingStage(id="exploring_solutions", label="Exploring possible solutions", phase="solution"),
        BuyingStage(id="committing_to_solution", label="Committing to a solution", phase="solution"),
        BuyingStage(id="justifying_decision", label="Justifying the decision", phase="selection"),
        BuyingStage(id="making_selection", label="Making the selection", phase="selection"),
    ),
    "gartner": (
        BuyingStage(id="problem_identification", label="Problem identification"),
        BuyingStage(id="solution_exploration", label="Solution exploration"),
        BuyingStage(id="requirements_building", label="Requirements building"),
        BuyingStage(id="supplier_selection", label="Supplier selection"),
        BuyingStage(id="validation", label="Validation"),
        BuyingStage(id="consensus_creation", label="Consensus creation"),
    ),
}
"""Buying stages by preset name; they come without evidence, which each company has to agree on."""

REVISITED = frozenset({"gartner"})
"""The presets whose entries are jobs that buyers return to, rather than steps that follow one another."""
