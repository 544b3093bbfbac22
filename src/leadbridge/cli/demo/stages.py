"""The two ways of telling a demo: to a person at a terminal, or to nobody."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

__all__ = ["Quiet", "Told"]


class Quiet:
    """Says nothing."""

    def heading(self, text: str) -> None: ...
    def say(self, *content: object) -> None: ...
    def progress(self, step: str, connection: str, amount: int) -> None: ...
    def begin(self, title: str, total: int | None) -> None: ...
    def end(self) -> None: ...


class Told:
    """Tells a person, with bars for what takes long."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bars: Progress | None = None
        self._counted = ""

    def heading(self, text: str) -> None:
        """The next part of the story."""
        self.console.print()
        self.console.rule(f"[bold]{text}", align="left", style="cyan")

    def say(self, *content: object) -> None:
        """Texts and tables."""
        for item in content:
            self.console.print(item)

    def begin(self, title: str, total: int | None) -> None:
        """A bar begins; without a total it only shows that something is going on."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=self.console, transient=True)
        self._bars.start()
        self._bars.add_task(title, total=total)

    def progress(self, step: str, connection: str, amount: int) -> None:
        """Something happened; what the bar counts depends on what it was begun for."""
        if self._bars is None:
            return
        task = self._bars.tasks[0]
        counted = {"applying": "deliver", "working": "days", "converting": "deals"}.get(task.description.split()[0])
        if counted in (None, step):
            self._bars.advance(task.id, amount)

    def end(self) -> None:
        """The bar ends."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
