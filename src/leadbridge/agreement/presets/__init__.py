"""What comes with leadbridge: example agreements and the canonical reasons, as YAML beside this file."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from pydantic import TypeAdapter

from leadbridge.agreement.reading import read_yaml
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.reasons import Reason
from leadbridge.errors import ConfigError

__all__ = ["AGREEMENTS", "REASON_PRESETS", "agreement_text", "reason_preset"]

AGREEMENTS = ("example", "funnel")
"""The agreements by preset name."""

REASON_PRESETS = ("canonical",)
"""The lists of reasons by preset name."""


def _text(file: str) -> str:
    return files(__name__).joinpath(file).read_text(encoding="utf-8")


def agreement_text(name: str) -> str:
    """The YAML of a preset agreement, comments included.

    Raises:
        ConfigError: for an unknown name.
    """
    if name not in AGREEMENTS:
        raise ConfigError(f"unknown preset {name}: {did_you_mean(name, AGREEMENTS)}")
    return _text(f"{name}.yaml")


@lru_cache(maxsize=4)
def reason_preset(name: str) -> tuple[Reason, ...]:
    """The reasons of a preset, in order.

    Raises:
        ConfigError: for an unknown name.
    """
    if name not in REASON_PRESETS:
        raise ConfigError(f"unknown reason preset {name}: {did_you_mean(name, REASON_PRESETS)}")
    value, _, _ = read_yaml(_text("reasons.yaml"))
    return TypeAdapter(tuple[Reason, ...]).validate_python(value)
