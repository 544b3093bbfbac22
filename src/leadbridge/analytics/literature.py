"""Figures from the literature beside one's own numbers: each with its source, its population and its caveat.

A benchmark is a trigger and not a target: a reason to ask why one's own number is what it is. What a company wants to
reach stands in its agreement.

>>> print(benchmarks("acceptance_rate"))
>>> snapshot.metrics.acceptance_rate().benchmarks
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from leadbridge.analytics.metric import metric, metrics
from leadbridge.analytics.tabular import pandas_frame, polars_frame
from leadbridge.domain.model import Frozen, Id, did_you_mean
from leadbridge.domain.show import html_table
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Benchmark", "Benchmarks", "benchmarks", "read_benchmarks"]

_Words = Annotated[str, Field(min_length=3)]


class Benchmark(Frozen):
    """One figure from the literature.

    Attributes:
        id: its name.
        metrics: the metrics that it can stand beside; none for one that no metric measures.
        about: what it is a figure of.
        value: the figure; of a range, ``low`` and ``high``, of which one may be missing.
        low: at least this.
        high: at most this.
        unit: of the figure: ``share`` (from 0 to 1), ``times``, ``hours`` or ``business hours``.
        source: who said it, and where.
        year: when; ``None`` where nobody says it.
        population: of whom it was said.
        caveat: what it must not be taken for.
        seen: whether the publication itself was read (``primary``), or what others say of it (``quoted``).
        url: where it was seen.
    """

    kind: ClassVar[str] = "trigger, not target"

    id: Id
    metrics: tuple[str, ...] = ()
    about: _Words
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: Literal["share", "times", "hours", "business hours"]
    source: _Words
    year: int | None = Field(None, ge=1990, le=2100)
    population: _Words
    caveat: _Words
    seen: Literal["primary", "quoted"]
    url: str = Field("", pattern=r"^(https?://\S+)?$")

    @model_validator(mode="after")
    def _is_one_figure(self) -> Self:
        figures = [each for each in (self.value, self.low, self.high) if each is not None]
        if not figures or (self.value is not None and len(figures) > 1):
            raise ValueError("give a value, or low and high (or one of them)")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low is less than high")
        if self.unit == "share" and not all(0 <= each <= 1 for each in figures):
            raise ValueError("a share is a number from 0 to 1")
        unknown = [name for name in self.metrics if name not in metrics()]
        if unknown:
            raise ValueError(f"no metric is called {unknown[0]}: {did_you_mean(unknown[0], metrics())}")
        return self

    @property
    def figure(self) -> str:
        """The figure as people write it."""
        if self.value is not None:
            return self._said(self.value)
        if self.low is None:
            return f"at most {self._said(self.high or 0)}"
        if self.high is None:
            return f"at least {self._said(self.low)}"
        return f"{self._said(self.low, bare=True)} to {self._said(self.high)}"

    def _said(self, number: float, *, bare: bool = False) -> str:
        if self.unit == "share":
            return f"{number * 100:g}{'' if bare else ' %'}"
        return f"{number:g}{'' if bare else f' {self.unit}'}"

    @property
    def origin(self) -> str:
        """Who said it and when, as one would cite it."""
        return f"{self.source}, {self.year}" if self.year is not None else f"{self.source}, year not stated"

    def __str__(self) -> str:
        return f"{self.figure}: {self.about} ({self.origin}; {self.population}). {self.kind}: {self.caveat}"


_HEAD = ("figure", "of what", "source", "population", "caveat")


class Benchmarks(Sequence[Benchmark]):
    """Figures to be looked at beside a number, never instead of one; empty where the literature has none."""

    def __init__(self, found: Sequence[Benchmark]) -> None:
        self._found = tuple(found)

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, index: Any) -> Any:
        return self._found[index]

    def __iter__(self) -> Iterator[Benchmark]:
        return iter(self._found)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Each as JSON values."""
        return [{**each.model_dump(mode="json"), "kind": each.kind} for each in self]

    def to_pandas(self) -> pandas.DataFrame:
        """One row a benchmark, as a pandas frame (needs pandas)."""
        return pandas_frame([*Benchmark.model_fields, "kind"], self.to_dicts())

    def to_polars(self) -> polars.DataFrame:
        """One row a benchmark, as a Polars frame (needs polars)."""
        return polars_frame([*Benchmark.model_fields, "kind"], self.to_dicts())

    def __repr__(self) -> str:
        return f"<Benchmarks: {len(self)} figures, {Benchmark.kind}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "the literature has no figure for this that we know of"

    def _repr_html_(self) -> str:
        rows = ((each.figure, each.about, each.origin, each.population, each.caveat) for each in self)
        return html_table(f"Benchmarks: {Benchmark.kind}", _HEAD, rows)


def benchmarks(name: str = "") -> Benchmarks:
    """What the literature says about a metric, or about everything.

    Args:
        name: of a metric, such as ``speed_to_lead``; all figures when not given.

    Raises:
        ConfigError: for an unknown metric, with those there are.
    """
    if name:
        metric(name)
    return Benchmarks([each for each in _all() if not name or name in each.metrics])


@cache
def _all() -> tuple[Benchmark, ...]:
    file = resources.files("leadbridge.analytics").joinpath("benchmarks.yaml")
    return read_benchmarks(file.read_text(encoding="utf-8"))


def read_benchmarks(text: str) -> tuple[Benchmark, ...]:
    """Benchmarks from YAML, such as a company's own collection.

    Raises:
        ConfigError: for one that lacks its source, population or caveat, is no figure, or has the id of another.
    """
    try:
        found = TypeAdapter(tuple[Benchmark, ...]).validate_python(yaml.safe_load(text))
    except yaml.YAMLError:
        raise ConfigError("benchmarks: this is no YAML; write a list of entries with id, about, value ...") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"benchmarks: entry {where}: {first['msg']}") from None
    names = [each.id for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"benchmarks: {twice[0]} is there twice: give each an id of its own")
    return found
