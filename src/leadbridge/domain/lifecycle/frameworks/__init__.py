"""Published stage frameworks as presets over the spine.

A framework gives names; what a stage means is for each company to agree on. Which stage of the spine it stands for is
our reading of the publication: an agreement that reads it otherwise lists its own stages. A lead status (what the rep
is doing) is another axis, so no list of lead statuses is a framework here.
"""

from __future__ import annotations

from collections.abc import Mapping

from leadbridge.domain.lifecycle.frameworks.framework import Framework
from leadbridge.domain.lifecycle.frameworks.products import PRODUCTS
from leadbridge.domain.lifecycle.frameworks.waterfalls import WATERFALLS
from leadbridge.domain.lifecycle.lifecycle import Lifecycle
from leadbridge.domain.model import did_you_mean
from leadbridge.errors import ConfigError

__all__ = ["ALL", "FRAMEWORKS", "Framework", "framework"]

ALL: tuple[Framework, ...] = (*WATERFALLS, *PRODUCTS)
"""Every framework, with where its names come from."""

FRAMEWORKS: Mapping[str, Lifecycle] = {each.id: each.lifecycle for each in ALL}
"""Lifecycle presets by name."""


def framework(name: str) -> Framework:
    """The framework of a preset name.

    Raises:
        ConfigError: for an unknown name, with the nearest one.
    """
    for each in ALL:
        if each.id == name:
            return each
    raise ConfigError(f"unknown lifecycle preset {name}: {did_you_mean(name, FRAMEWORKS)}")
