"""All commands in one place: which there are, in which group of the help page they stand, and with which examples."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer

from leadbridge import __version__
from leadbridge.cli import agreement, quarantine
from leadbridge.cli.agreeagain import agree_again
from leadbridge.cli.brief import brief
from leadbridge.cli.check import check
from leadbridge.cli.clocks import clocks
from leadbridge.cli.doctor import doctor
from leadbridge.cli.due import due
from leadbridge.cli.erase import erase
from leadbridge.cli.failures import Commands, listen, state, unexpected
from leadbridge.cli.feedback import feedback
from leadbridge.cli.link import apart, link
from leadbridge.cli.look import explain
from leadbridge.cli.metrics import metrics
from leadbridge.cli.options import examples
from leadbridge.cli.plan import apply, plan
from leadbridge.cli.provision import provision
from leadbridge.cli.prune import prune
from leadbridge.cli.reconcile import reconcile
from leadbridge.cli.recover import recover
from leadbridge.cli.report import report
from leadbridge.cli.route import route
from leadbridge.cli.run import run as run_command
from leadbridge.cli.simulate import simulate
from leadbridge.cli.start import init
from leadbridge.cli.sweep import sweep
from leadbridge.cli.sync import sync
from leadbridge.cli.undo import undo
from leadbridge.cli.whatif import what_if

__all__ = ["build", "run"]

_Command = tuple[str, Callable[..., Any], tuple[str, ...]]

_PANELS: tuple[tuple[str, tuple[_Command, ...]], ...] = (
    (
        "Begin",
        (
            ("init", init, ("init", "init acme --force")),
            ("doctor", doctor, ("doctor", "doctor --json")),
            (
                "check",
                check,
                (
                    "check",
                    "check --connection hs",
                    "check --adapter hubspot          (no settings file; the token is in LEADBRIDGE_HUBSPOT_TOKEN)",
                ),
            ),
            ("provision", provision, ("provision", "provision hs --yes")),
        ),
    ),
    (
        "Sync",
        (
            (
                "plan",
                plan,
                ("plan", "plan --explain ada@buyer.example --field phone", "plan --only contact --html plan.html"),
            ),
            ("apply", apply, ("apply", "apply 3f9ac01b77de", "apply --limit 10 --dry-run")),
            ("undo", undo, ("undo", "undo 3f9ac01b77de", "undo 3f9ac01b77de --yes-really=81d0c2aa90e4")),
            ("link", link, ("link sf Lead 00Q5e00001AbCdEEAV ada@buyer.example",)),
            ("apart", apart, ("apart sf Lead 00Q5e00001AbCdEEAV",)),
            (
                "agree-again",
                agree_again,
                ("agree-again ada@buyer.example --on 2026-05-04T10:12Z --evidence form-118 --by 0055e000001AbCd",),
            ),
            ("erase", erase, ("erase ada@buyer.example", "erase ada@buyer.example --yes")),
            ("sync", sync, ("sync", "sync --yes", "sync --dry-run", "sync --yes --yes-really=3f9ac01b77de")),
            ("sweep", sweep, ("sweep", "sweep --json", "sweep --yes-really=5b1f0c77aa02")),
            ("recover", recover, ("recover", "recover --yes", "recover --all --yes")),
            ("prune", prune, ("prune", "prune --yes")),
            ("run", run_command, ("run", "run --every 30s --log json", "run --port 8000 --notify ./tell.sh")),
        ),
    ),
    (
        "Look",
        (
            ("clocks", clocks, ("clocks", "clocks --due-within 30m", "clocks --breached --json", "clocks --escalate")),
            ("due", due, ("due", "due --ping-pong", "due --all --json")),
            ("feedback", feedback, ("feedback", "feedback --by marketing --overdue", "feedback --json")),
            ("explain", explain, ("explain ada@buyer.example",)),
            ("brief", brief, ("brief ada@buyer.example", "brief ada@buyer.example --html")),
            ("route", route, ("route", "route ada@buyer.example", "route --away 0055e000001AbCd --json")),
            (
                "metrics",
                metrics,
                (
                    "metrics",
                    "metrics funnel --by source",
                    "metrics stage_duration --from captured --to won",
                    "metrics export --dialect snowflake --out models",
                    "metrics funnel --csv leads.csv --column lead=id --column captured=created --column stage:won=won",
                ),
            ),
            (
                "reconcile",
                reconcile,
                (
                    "reconcile disqualified",
                    "reconcile won --since 2026-10-01 --until 2026-11-01 --zone sf=Europe/Berlin",
                    "reconcile won --filter hs.country=Germany --json",
                ),
            ),
            (
                "report",
                report,
                (
                    "report",
                    "report weekly.html --since 2026-03-02",
                    "report weekly.md --csv leads.csv --column lead=id --column captured=created",
                ),
            ),
            (
                "what-if",
                what_if,
                (
                    'what-if sales_response.first_touch "2 business hours"',
                    "what-if --roster october.yaml",
                    "what-if --agreement v3.yaml --json",
                ),
            ),
        ),
    ),
    ("Tools", (("simulate", simulate, ("simulate hubspot --port 8081",)),)),
)

_CODES = (
    "Exit codes: 0 done, 1 unexpected, 2 settings or arguments, 3 not allowed by the agreement,\n"
    "4 a CRM needs a person, 5 try again later, 6 database, 7 needs approval, 130 interrupted."
)
_EPILOG = "\n\n".join([examples("init", "check --connection hs", "plan", "sync", "clocks --due-within 30m"), _CODES])


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leadbridge {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """What marketing and sales agreed on, as a program: two CRMs in step, SLA clocks, reasons, numbers."""
    state(context).debug = debug
    if debug:
        sys.excepthook = sys.__excepthook__


def _demo() -> Callable[..., Any] | None:
    """The command ``demo``, where it is there."""
    try:
        module = import_module("leadbridge.cli.demo")
    except ModuleNotFoundError as error:
        if error.name != "leadbridge.cli.demo":
            raise
        return None
    command: Callable[..., Any] = module.demo
    return command


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=_EPILOG,
    )
    app.callback()(_root)
    demo = _demo()
    if demo is not None:
        app.command("demo", rich_help_panel="Begin", epilog=examples("demo", "demo --leads 50 --json"))(demo)
    for panel, commands in _PANELS:
        for name, command, shown in commands:
            app.command(name, rich_help_panel=panel, epilog=examples(*shown))(command)
    app.add_typer(quarantine.build(), name="quarantine", rich_help_panel="Look")
    app.add_typer(agreement.build(), name="agreement", rich_help_panel="Tools")
    return app


def run() -> None:
    """Runs the command line and ends the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets it spelled out, not an error.
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = unexpected
    listen()
    build()(prog_name="leadbridge")
