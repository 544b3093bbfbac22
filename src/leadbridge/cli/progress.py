"""Progress bars on stderr, where somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leadbridge.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bars", "bars"]

_STEPS = {
    "pull": "reading",
    "history": "looking back in",
    "decide": "deciding",
    "deliver": "writing",
    "sweep": "looking through",
}


class Bars:
    """One bar for each step and connection; ``record`` says how much there is to write."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._queued = 0
        self._written = 0

    def __call__(self, step: str, connection: str, amount: int) -> None:
        """Takes what the engine reports: a step, a connection or nothing, and an amount."""
        if step == "record":
            self._queued += amount
            if self._queued:
                self._progress.update(self._task("deliver", ""), total=self._queued)
        elif step == "deliver":
            # A write that was left by an earlier run, or needs two steps, comes on top of what was queued.
            self._written += amount
            self._queued = max(self._queued, self._written)
            self._progress.update(self._task("deliver", ""), total=self._queued, advance=amount)
        else:
            self._progress.advance(self._task(step, connection), amount)

    def read(self, connection: str, amount: int) -> None:
        """Records of a connection were read."""
        self("pull", connection, amount)

    def _task(self, step: str, connection: str) -> TaskID:
        if (step, connection) not in self._tasks:
            words = f"{_STEPS.get(step, step)} {connection}".strip()
            self._tasks[step, connection] = self._progress.add_task(words, total=None)
        return self._tasks[step, connection]


@contextmanager
def bars() -> Iterator[Bars]:
    """Shows bars while the block runs; none where stderr is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = output.console(errors=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bars(progress)
