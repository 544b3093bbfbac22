"""Several versions of one agreement: which one holds on a day, and which one an event is judged by.

What happened is judged by the agreement that was in force when it happened. A new version therefore changes nothing
about the past: offers made before its first day keep their promises, their reasons and their stages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from leadbridge.agreement.schema import Agreement
from leadbridge.clock import from_us, to_us
from leadbridge.errors import ConfigError

__all__ = ["Agreements", "digest", "governed", "merged"]

FREE = ("signatures", "crosswalks", "sync", "people")
"""Parts that may change without a new version: who signed, how the CRMs say what was agreed, who is where and away."""

_FILES = (".yaml", ".yml")


class Agreements:
    """The versions of one agreement, the oldest first. A single :class:`Agreement` counts as a series of one.

    Args:
        versions: in any order.

    Raises:
        ConfigError: there is none, they are not all called alike, a version number stands twice, or a higher version
            does not begin after the lower ones.
    """

    def __init__(self, versions: Iterable[Agreement]) -> None:
        self._versions = tuple(sorted(versions, key=lambda each: each.version))
        if not self._versions:
            raise ConfigError("there is no agreement: give at least one version")
        for before, after in pairwise(self._versions):
            if before.name != after.name:
                raise ConfigError(
                    f"versions {before.version} and {after.version} are of different agreements "
                    f"({before.name}, {after.name}): keep one agreement together, under one name"
                )
            if before.version == after.version:
                raise ConfigError(f"version {after.version} stands there twice: count one of them up, or remove it")
            if after.effective <= before.effective:
                raise ConfigError(
                    f"version {after.version} is effective from {after.effective}, not after version {before.version} "
                    f"({before.effective}): a later version begins on a later day"
                )

    @classmethod
    def of(cls, agreement: Agreement | Agreements) -> Agreements:
        """A series as it is, or a single agreement as a series of one."""
        return agreement if isinstance(agreement, Agreements) else cls([agreement])

    @classmethod
    def load(cls, source: str | Path) -> Agreements:
        """Reads a file with one agreement, or a directory with a file (``*.yaml``) for each version.

        Raises:
            AgreementError: with every problem of the first file that has any.
            ConfigError: when nothing can be read, or the versions do not form a series.
        """
        place = Path(source)
        if not place.is_dir():
            return cls([Agreement.load(source)])
        files = sorted(file for file in place.iterdir() if file.suffix in _FILES and not file.name.startswith("."))
        if not files:
            raise ConfigError(f"{place} holds no agreement: put a file into it for each version, such as v1.yaml")
        return cls(Agreement.load(file) for file in files)

    # -- which one -----------------------------------------------------------------------------------------------------

    def in_force(self, at: date) -> Agreement | None:
        """The version that holds on a day (of an instant: its day in UTC); ``None`` when none does.

        Of several it is the latest. Where a version ended and no later one has begun, an earlier one that still runs
        holds again.
        """
        day = _day(at)
        return next((each for each in reversed(self._versions) if each.in_force(day)), None)

    def judging(self, at: date) -> Agreement:
        """The version that what happens at this time is judged by.

        That is the version in force. After the end of the last, it stays the last that held; before the first, it is
        the first, because there is no other: ``Agreement.standing`` says so beside every figure.
        """
        day = _day(at)
        begun = [each for each in self._versions if each.effective <= day]
        return self.in_force(day) or (begun[-1] if begun else self._versions[0])

    def version(self, number: int) -> Agreement:
        """One version by its number.

        Raises:
            ConfigError: there is no such version.
        """
        if number not in self:
            known = ", ".join(str(each.version) for each in self)
            raise ConfigError(f"{self.name} has no version {number} (there are: {known})")
        return next(each for each in self if each.version == number)

    @property
    def latest(self) -> Agreement:
        """The version with the highest number, in force or not."""
        return self._versions[-1]

    @property
    def name(self) -> str:
        """What the agreement is called."""
        return self.latest.name

    def __contains__(self, number: object) -> bool:
        return any(each.version == number for each in self._versions)

    def __iter__(self) -> Iterator[Agreement]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def __repr__(self) -> str:
        days = ", ".join(f"v{each.version} from {each.effective}" for each in self)
        return f"Agreements({self.name!r}: {days})"


def _day(at: date) -> date:
    """The day; of an instant, that in UTC, so that every reader of a fact sees the same one."""
    return from_us(to_us(at)).date() if isinstance(at, datetime) else at


def governed(agreement: Agreement) -> dict[str, Any]:
    """What both functions agreed on, without signatures and without how the CRMs say it."""
    return {name: part for name, part in agreement.to_dict().items() if name not in FREE}


def digest(agreement: Agreement) -> str:
    """A short print of the whole document: equal for equal words, whatever their layout."""
    return hashlib.blake2b(repr(_sorted(agreement.to_dict())).encode(), digest_size=12).hexdigest()


def _sorted(value: Any) -> Any:
    # The order of a list carries meaning (a success path, routing rules); the order of keys does not.
    if isinstance(value, Mapping):
        return sorted((key, _sorted(part)) for key, part in value.items())
    return [_sorted(part) for part in value] if isinstance(value, list) else value


def merged(given: Agreements, kept: Iterable[Agreement]) -> Agreements:
    """The given versions together with those that were used before.

    A kept version that is not signed gives way to other words under its number; a signed one only to other signatures,
    systems and crosswalks. A kept draft that does not fit, or is newer than everything given, is left out.

    Raises:
        ConfigError: a signed version came back with other words, a newer signed one was used already, or the versions
            do not form a series.
    """
    series = {each.version: each for each in given}
    for old in kept:
        if old.version in series:
            if old.signed and governed(old) != governed(series[old.version]):
                raise ConfigError(
                    f"version {old.version} of {old.name} was signed and used, and now says something else: count the "
                    f"version up, with a later effective day (what differs: leadbridge agreement diff)"
                )
        elif old.version < given.latest.version:
            if old.signed or _fits(old, given):
                series[old.version] = old
        elif old.signed:
            raise ConfigError(
                f"version {old.version} of {old.name}, effective from {old.effective}, was used already, and version "
                f"{given.latest.version} is older: use version {old.version}, or count up from there"
            )
    return Agreements(series.values())


def _fits(draft: Agreement, given: Agreements) -> bool:
    later = (each for each in given if each.version > draft.version)
    return draft.name == given.name and all(draft.effective < each.effective for each in later)
