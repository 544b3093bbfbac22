"""Telling people: a program of the user's own, called once for each alert, with what is to be told on its input."""

from __future__ import annotations

import logging
import shlex
import subprocess
from datetime import timedelta

import orjson

from leadbridge.errors import ConfigError
from leadbridge.service.journal import alert_dict, event
from leadbridge.service.turn import Turn

__all__ = ["Teller"]

_PATIENCE = timedelta(seconds=30)


class Teller:
    """Calls a program with one JSON object on its standard input: ``lead``, ``to``, ``policy``, ``target``, ``tier``.

    The alert is noted before the program is called, so that of several services only one tells. A program that fails is
    an event in the log (``told`` with ``ok`` false), and what was to be told is still on the board of the clocks.

    Args:
        command: the program and its arguments, as in a shell but without one.

    Raises:
        ConfigError: there is no program in it.
    """

    def __init__(self, command: str) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError:
            self._command = []
        if not self._command:
            raise ConfigError("the program that tells people is a command, such as: /usr/local/bin/tell --channel sla")

    def __call__(self, turn: Turn) -> None:
        """Tells what a turn found."""
        for alert in turn.alerts:
            said = alert_dict(alert)
            code = self._tell(orjson.dumps(said))
            event("told", {"ok": not code, "code": code, **said}, level=logging.WARNING if code else logging.INFO)

    def _tell(self, body: bytes) -> int:
        try:
            done = subprocess.run(
                self._command,
                input=body,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=_PATIENCE.total_seconds(),
            )
        except subprocess.TimeoutExpired:
            return 124
        except OSError:
            return 127
        return done.returncode
