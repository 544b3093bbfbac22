"""``leadbridge simulate``: a CRM on this computer, for trying things out and for tests in any language."""

from __future__ import annotations

import signal
from inspect import signature
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import instant
from leadbridge.errors import ConfigError

__all__ = ["simulate"]


def simulate(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which CRM: hubspot, salesforce, or another that is installed.")
    ],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")] = 0,
    tls: Annotated[bool, typer.Option("--tls", help="Speak https, with a certificate of its own.")] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Makes what is random repeatable.")] = 0,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="WHEN", help="Begin at this instant, and stand still until told to move."),
    ] = None,
    strict_auth: Annotated[
        bool, typer.Option("--strict-auth", help="Sign in only what belongs to the account, where anybody else may.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="FAULT",
            help='Let some go wrong, such as "POST /crm/objects* status=503 times=2" or "effect=drop_after after=9": '
            "METHOD PATH first, * is anything; then effect= (status, html, empty, timeout, drop_before, drop_after, "
            "cut), status=, body=, header=Name:value, times=, after=, share=. May be repeated.",
        ),
    ] = None,
) -> None:
    """Start a simulated CRM, say its address in the first line, and run until stopped."""
    from leadbridge.clock import ManualClock, SystemClock
    from leadbridge.registry import start_simulator
    from leadbridge.simulator import Fault

    launch = start_simulator(name)
    strict = {"strict_auth": True} if strict_auth else {}
    if strict and "strict_auth" not in signature(launch).parameters:
        raise ConfigError(f"the simulator {name} is always strict: leave --strict-auth out")
    faults = [Fault.parse(text) for text in fault or ()]
    start = instant(at, "--at")
    clock = ManualClock(start) if start is not None else SystemClock()
    stopped = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    simulator = launch(clock, port=port, tls=tls, seed=seed, **strict)
    for each in faults:
        simulator.faults.add(each)
    try:
        typer.echo(simulator.base_url)
        for line in _about(simulator, clock_moves=start is not None):
            output.say(line)
        stopped.wait()
    finally:
        simulator.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _about(simulator: object, *, clock_moves: bool) -> list[str]:
    """How to use it. What a simulator accepts as its token guards nothing and may be shown."""
    address = getattr(simulator, "base_url", "")
    lines = [f"Control it over HTTP: {address}/_control/ (seed, edit, dump/<kind>, faults, requests, reset, ...)"]
    token, authority = getattr(simulator, "token", ""), getattr(simulator, "ca_file", None)
    if token:
        lines.append(f"It accepts the token {token}")
    if authority is not None:
        lines.append(f"Its certificate is signed by {authority}")
    if clock_moves:
        lines.append(f"""Its clock moves with: curl -X POST {address}/_control/clock -d '{{"advance": 3600}}'""")
    return [*lines, "Ctrl-C or SIGTERM stops it; what it holds is gone then."]
