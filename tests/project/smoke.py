"""Uses an installed leadbridge as a first-time user would, without anything that only development has.

Run by the interpreter of an environment that holds the three wheels: ``python smoke.py``, in an empty folder. With the
argument ``extras`` the environment also has ``leadbridge[analytics,simulator]``; without it, it must not.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distributions, entry_points, version
from importlib.resources import files
from pathlib import Path
from typing import Any

TOOLS = {"hypothesis", "mkdocs", "mypy", "pytest", "respx", "ruff"}


def say(done: str) -> None:
    """One line for each thing that worked."""
    print(f"ok: {done}")


def nothing_for_development() -> None:
    """The environment proves nothing when a tool of ours brought a missing dependency along."""
    present = {distribution.name for distribution in distributions()} & TOOLS
    assert not present, present
    say("no development tools here")


def every_public_name() -> None:
    import leadbridge

    for name in leadbridge.__all__:
        getattr(leadbridge, name)
    assert leadbridge.__version__ == version("leadbridge")
    say(f"leadbridge {leadbridge.__version__}, {len(leadbridge.__all__)} public names")


def every_adapter() -> None:
    found: dict[str, Any] = {point.name: point.load() for point in entry_points(group="leadbridge.adapters")}
    assert sorted(found) == ["hubspot", "memory", "salesforce"], sorted(found)
    for adapter in found.values():
        assert adapter.SETTINGS is not None
    say(f"adapters {', '.join(sorted(found))}")


def package_data() -> None:
    """What is not Python has to be in the wheels as well."""
    for package, folder, suffix in [
        ("leadbridge", "agreement/presets", ".yaml"),
        ("leadbridge", "analytics/metrics", ".sql"),
        ("leadbridge", "store/migrations/versions", ".py"),
        ("leadbridge", "", "py.typed"),
        ("leadbridge_hubspot", "", "crosswalk.yaml"),
        ("leadbridge_hubspot", "", "py.typed"),
        ("leadbridge_salesforce", "", "crosswalk.yaml"),
        ("leadbridge_salesforce", "", "py.typed"),
    ]:
        names = [path.name for path in (files(package) / folder).iterdir()]
        assert any(name.endswith(suffix) for name in names), (package, folder, suffix)
    say("presets, metrics, migrations, crosswalks and type marks are there")


def the_database() -> None:
    """The migrations are found and run, and the example agreement holds together."""
    from leadbridge.agreement import Agreement
    from leadbridge.store import Store

    Store("sqlite:///smoke.db").close()
    agreement = Agreement.preset("example")
    say(f"a new database, and the agreement {agreement.name!r} v{agreement.version}")


def without_extras() -> None:
    """What needs an extra says so, with the command that installs it."""
    import leadbridge
    from leadbridge.clock import SystemClock
    from leadbridge.registry import start_simulator

    def numbers() -> object:
        return leadbridge.Snapshot.from_csv("leads.csv", columns={"lead": "id"}).metrics.funnel()

    def simulator() -> object:
        return start_simulator("hubspot")(SystemClock())

    Path("leads.csv").write_text("id\n1\n", "utf-8")
    refused = {}
    attempts: dict[str, Callable[[], object]] = {"analytics": numbers, "simulator": simulator}
    for extra, attempt in attempts.items():
        try:
            attempt()
        except leadbridge.AdapterMissing as error:
            refused[extra] = str(error)
    for extra in attempts:
        assert f"leadbridge[{extra}]" in refused.get(extra, ""), refused
    say("missing extras are named with the command that installs them")


def with_extras() -> None:
    import leadbridge
    from leadbridge.analytics import save

    rows = "id,created,won\n1,2026-01-05,2026-02-01\n2,2026-01-06,\n"
    Path("leads.csv").write_text(rows, "utf-8")
    columns = {"lead": "id", "captured": "created", "stage:won": "won"}
    funnel = leadbridge.Snapshot.from_csv("leads.csv", columns=columns).metrics.funnel()
    assert isinstance(funnel, leadbridge.Result)
    save(funnel.plot(), "funnel.svg")
    say(f"{funnel}, and a picture of it")
    command("demo", "--leads", "25", "--json")
    say("leadbridge demo")


def command(*arguments: str) -> str:
    """What a command of leadbridge prints."""
    program = str(Path(sys.executable).with_name("leadbridge"))
    run = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, (arguments, run.stdout, run.stderr)
    return run.stdout


def the_command_line() -> None:
    command("--help")
    command("init")
    say("leadbridge --help and leadbridge init")


def main() -> None:
    nothing_for_development()
    every_public_name()
    every_adapter()
    package_data()
    the_database()
    the_command_line()
    if "extras" in sys.argv[1:]:
        with_extras()
    else:
        without_extras()


if __name__ == "__main__":
    main()
