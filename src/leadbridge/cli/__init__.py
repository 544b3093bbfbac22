"""The command line: one file a command group. Commands parse, call the bridge, and show what it says."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Runs the command line; the console script ``leadbridge``."""
    from leadbridge.cli.app import run

    run()
