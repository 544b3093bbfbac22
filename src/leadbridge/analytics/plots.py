"""Pictures of results in Altair. Every title states the definition: a picture can travel without its notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from leadbridge.analytics.plot_frame import Draw, Look, Picture, altair_there
from leadbridge.analytics.plots_bars import reasons, shares
from leadbridge.analytics.plots_flow import flow
from leadbridge.analytics.plots_funnel import durations, funnel
from leadbridge.analytics.plots_grid import calendar, content, coverage, weeks
from leadbridge.analytics.plots_time import delays, untouched, waiting
from leadbridge.analytics.result import Result
from leadbridge.errors import ConfigError

__all__ = ["chart", "pictured", "save"]


def chart(result: Result, look: Look | None = None) -> Picture:
    """The picture of a result.

    Raises:
        AdapterMissing: when the extra ``analytics`` is not installed.
        ConfigError: for a metric that has no picture.
    """
    alt = altair_there()
    draw = _PICTURES.get(result.metric)
    if draw is None:
        raise ConfigError(f"{result.metric} has no picture: there are pictures of {', '.join(_PICTURES)}")
    picture: Picture = draw(alt, result, look or Look())
    return picture


def pictured(metric: str) -> bool:
    """Whether there is a picture of a metric."""
    return metric in _PICTURES


def save(picture: Picture, path: str | Path, *, scale: float = 2.0) -> Path:
    """Writes a picture as ``.png``, ``.svg``, ``.html`` or ``.json``, without a browser.

    Raises:
        ConfigError: for another ending.
    """
    file = Path(path)
    if file.suffix not in (".png", ".svg", ".html", ".json"):
        raise ConfigError(f"{file.name}: a picture is saved as .png, .svg, .html or .json")
    picture.save(str(file), scale_factor=scale)
    return file


_APART = "Leads that stand in different stages in two systems"

_PICTURES: Mapping[str, Draw] = {
    "funnel": funnel,
    "stage_duration": durations,
    "reason_mix": reasons,
    "acceptance_rate": shares("counted", "rate", "Hand-offs accepted"),
    "information_completeness": shares("promised", "share", "Promised information that came with hand-offs"),
    "sla_attainment": shares("counted", "attainment", "Promises kept in time"),
    "promises_by_week": weeks,
    "handoffs_by_day": calendar,
    "stage_moves": flow,
    "coverage": coverage,
    "content_by_stage": content,
    "content_usage": shares("available", "usage_rate", "Agreed content that was used"),
    "definitional_rejection": shares("decided", "rejection_rate", "Hand-offs refused as not wanted"),
    "ignored_rate": shares("mature", "ignored_rate", "Hand-offs that nobody followed up"),
    "delay_split": delays,
    "speed_to_lead": waiting,
    "untouched": untouched,
    "recycled_reconversion": shares("recycled", "back_rate", "Recycled leads that came back", "back_to"),
    "rework": shares("leads", "again_rate", "Stages that are entered again", "stage"),
    "function_coverage": shares("entered", "covered_share", "Buying stages in which a function was there", "function"),
    "disagreement_rate": shares("counted", "disagreement_rate", _APART, "left_system", "right_system"),
    "interaction_mix": shares("interactions", "person_share", "Person to person, by buying stage"),
}
