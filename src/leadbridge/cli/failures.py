"""How a command ends when something goes wrong: one clear message, a documented exit code, no traceback.

===== ============================================================================================
code  meaning
===== ============================================================================================
0     done
1     unexpected: a bug of leadbridge
2     settings, agreement or arguments have to be changed
3     the agreement does not allow this step
4     a CRM needs a person: credentials, a permission, a field that is gone
5     try again later: a CRM is down, slow or asks for patience; the same command carries on
6     the database
7     a person must look before anything is written
130   interrupted; the same command carries on
===== ============================================================================================
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from leadbridge.cli import output
from leadbridge.errors import AgreementError, LeadbridgeError, RateLimited, Unavailable

__all__ = ["INTERRUPTED", "TRY_LATER", "Commands", "State", "describe", "listen", "state", "unexpected", "worst"]

INTERRUPTED = 130
TRY_LATER = Unavailable.exit_code


@dataclass(slots=True)
class State:
    """What all commands of one run share: whether tracebacks are shown, and whether a program reads the output."""

    debug: bool = False
    json: bool = False


def state(context: typer.Context) -> State:
    """The state of this run."""
    root = context.find_root()
    if not isinstance(root.obj, State):
        root.obj = State()
    return root.obj


def describe(error: LeadbridgeError) -> dict[str, object]:
    """An error as JSON values: its class, the coarse word for alert rules, the message, the exit code."""
    found: dict[str, object] = {
        "error": type(error).__name__,
        "alert": error.alert,
        "message": str(error),
        "exit_code": error.exit_code,
    }
    if isinstance(error, AgreementError):
        found["problems"] = [asdict(problem) for problem in error.problems]
    return found


def worst(codes: list[int]) -> int:
    """The exit code of several failures: what needs a person comes before what only needs time."""
    found = [code for code in codes if code]
    return min(found, default=0)


_CARRIES_ON = "Nothing is lost: the next run carries on where this one stopped."


def listen() -> None:
    """From now on Ctrl-C ends a command after the calls that are under way, and a second one at once.

    Both are safe: everything that matters is stored before it is sent. Where Ctrl-C is switched off, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGINT, _stop_at_once)
    output.say("\nStopping when the calls under way are answered; Ctrl-C again stops at once.")
    raise KeyboardInterrupt


def _stop_at_once(number: int, frame: FrameType | None) -> NoReturn:
    output.console(errors=True).show_cursor()
    output.say(f"Interrupted. {_CARRIES_ON}")
    sys.stderr.flush()
    # Threads that wait for a CRM would hold up every other way out.
    os._exit(INTERRUPTED)


class Commands(TyperGroup):
    """The commands, each of which ends as :mod:`leadbridge.cli.failures` says."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except LeadbridgeError as error:
            now = state(ctx)
            if now.debug:
                output.say(traceback.format_exc())
            if now.json:
                output.emit(describe(error))
            output.complain(str(error))
            if isinstance(error, (RateLimited, Unavailable)):
                output.say("Nothing is lost: run the same command again later, it carries on where this one stopped.")
            raise typer.Exit(error.exit_code) from None
        except (KeyboardInterrupt, typer.Abort):
            output.say(f"Interrupted. {_CARRIES_ON}")
            raise typer.Exit(INTERRUPTED) from None


def unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Says that leadbridge has a bug, and where. What the exception says may come from a record and is not shown."""
    frames = traceback.extract_tb(trace)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    output.complain(
        f"unexpected {kind.__name__}{place}: this is a bug of leadbridge. "
        f"Run again with: leadbridge --debug {' '.join(sys.argv[1:2])} ..., and report what it shows"
    )
