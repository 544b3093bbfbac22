"""``leadbridge run``: round after round until it is told to stop."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from enum import StrEnum
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from leadbridge.cli.options import Config

if TYPE_CHECKING:
    from leadbridge.service import Bell, Watcher

__all__ = ["SHORTEST", "Log", "run"]

SHORTEST = timedelta(seconds=1)


class Log(StrEnum):
    """How events are written."""

    JSON = "json"
    TEXT = "text"


def run(
    config: Config = None,
    every: Annotated[
        str | None, typer.Option("--every", metavar="SPAN", help="A round every 30s, 1m, 1 hour; 1m unless it is set.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, metavar="N", help="Serve /healthz, /metrics, /hooks there; 0: any."),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", metavar="NAME", help="Listen there; 127.0.0.1 unless it is set.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", metavar="URL", help="How CRMs reach the webhooks; without it, none.")
    ] = None,
    log: Annotated[Log, typer.Option("--log", help="How events are written, to stderr.")] = Log.TEXT,
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify", metavar="COMMAND", help="Called for each alert about a promise, with JSON on its input."
        ),
    ] = None,
) -> None:
    """Sync every so often, at once when a CRM calls, until stopped. Connections set to ask are planned, not written."""
    from leadbridge.bridge import Bridge
    from leadbridge.domain.sla.board import plain_span
    from leadbridge.errors import ConfigError
    from leadbridge.service import Chores, Journal, Service
    from leadbridge.service.journal import event
    from leadbridge.settings import Settings

    settings = Settings.load(config)
    own = settings.run
    try:
        interval = own.every if every is None else plain_span(every)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--every") from None
    if interval < SHORTEST:
        raise typer.BadParameter("a round a second is the most", param_hint="--every")
    listening = own.port if port is None else port
    hooks = own.address if address is None else address
    if hooks and listening is None:
        raise ConfigError("webhooks need a port to come in by: add --port 8000, or port under [run] in the settings")
    with ExitStack() as stack:
        stack.enter_context(_logging(log))
        told: list[Watcher] = [Journal()]
        if notify is not None:
            from leadbridge.service.telling import Teller

            told.append(Teller(notify))
        bridge = stack.enter_context(Bridge.of(settings))
        chores = Chores(bridge, sweep=own.sweep, keep=settings.retention)
        service = Service(bridge, every=interval, watchers=told, chores=chores)
        if listening is not None:
            from leadbridge.service.front import front
            from leadbridge.service.listener import Listener

            server = Listener(front(service, address=hooks), host=host or own.host, port=listening)
            event("listen", {"address": stack.enter_context(server).base_url})
        stack.enter_context(_stopped_by_signals(service.bell))
        modes = {name: each.writes for name, each in settings.chosen().items()}
        event("begin", {"every_seconds": interval.total_seconds(), "writes": modes})
        # What start-up has made stays: to search it for garbage again and again would cost a tenth of every round.
        gc.collect()
        gc.freeze()
        service.run()
        event("end")


@contextmanager
def _logging(form: Log) -> Iterator[None]:
    """Sends all logging through our own lines while the block runs."""
    from leadbridge.service.lines import handler

    root = logging.getLogger()
    before, level, made = root.handlers[:], root.level, handler(form.value, sys.stderr)
    root.handlers[:] = [made]
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)


@contextmanager
def _stopped_by_signals(bell: Bell) -> Iterator[None]:
    """While the block runs, Ctrl-C and SIGTERM end the service after the batches that are under way."""

    def stop(number: int, frame: FrameType | None) -> None:
        bell.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
