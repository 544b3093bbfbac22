"""Uses an installed leadbridge as a first-time user would, without anything that only development has.

Run by the interpreter of an environment that holds the three wheels: ``python smoke.py``, in an empty folder.
"""

from __future__ import annotations

import subprocess
import sys
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


def the_command_line() -> None:
    program = str(Path(sys.executable).with_name("leadbridge"))
    for arguments in (["--help"], ["init"]):
        run = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert run.returncode == 0, (arguments, run.stdout, run.stderr)
    say("leadbridge --help and leadbridge init")


def main() -> None:
    nothing_for_development()
    every_public_name()
    every_adapter()
    package_data()
    the_database()
    the_command_line()


if __name__ == "__main__":
    main()
