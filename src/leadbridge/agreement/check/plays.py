"""The checks of plays: what functions do in the buying stages refers to functions, assets and messages that exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from leadbridge.agreement.check.finding import Found, unknown
from leadbridge.agreement.reading import Path
from leadbridge.domain.buying import Play
from leadbridge.domain.model import listing
from leadbridge.errors import Problem

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["play_problems"]


def play_problems(agreement: Agreement) -> Found:
    """Stages, functions, assets and messages of plays exist, and nothing is offered outside its own buying stages."""
    stages = [stage.id for stage in agreement.buying_stages]
    for name in agreement.buying_terms.plays:
        if name not in stages:
            yield ("buying_stages", "plays", name), unknown("buying stage", name, stages)
    offers = {
        "assets": {asset.id: asset.buying_stages for asset in agreement.assets},
        "messages": {message.id: message.buying_stages for message in agreement.messages},
    }
    for place, stage, play in _plays(agreement):
        if play.function not in agreement.functions:
            yield (*place, "function"), unknown("function", play.function, agreement.functions)
        for what, known in offers.items():
            offered: Sequence[str] = getattr(play, what)
            for index, name in enumerate(offered):
                here: Path = (*place, what, index)
                if name not in known:
                    yield here, unknown(what.removesuffix("s"), name, known)
                elif stage in stages and known[name] and stage not in known[name]:
                    yield here, _outside(what.removesuffix("s"), name, stage, known[name])


def _outside(what: str, name: str, stage: str, own: Sequence[str]) -> Problem:
    return Problem(
        f"the {what} {name} is offered in {stage}, but it is meant for {listing(own)}",
        f"offer it in one of those, or add {stage} to its buying_stages",
    )


def _plays(agreement: Agreement) -> Iterator[tuple[Path, str, Play]]:
    terms = agreement.buying_terms
    for index, stage in enumerate(terms.stages):
        for number, play in enumerate(stage.plays):
            yield ("buying_stages", "stages", index, "plays", number), stage.id, play
    for name, plays in terms.plays.items():
        for number, play in enumerate(plays):
            yield ("buying_stages", "plays", name, number), name, play
