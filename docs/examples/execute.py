"""Executes the notebooks of this folder and stores their outputs; with ``--check`` compares them with what is stored.

Pictures are not compared: they differ by a dot where other fonts are installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
_read: Any = nbformat.read
_write: Any = nbformat.write


def executed(path: Path) -> Any:
    """The notebook as it is after running all its cells in this folder; raises when a cell does."""
    notebook = _read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": FOLDER}})
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def texts(notebook: Any) -> list[str]:
    """What the cells print and show as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]


def main(arguments: list[str]) -> int:
    """Runs every notebook; 1 when one says something else than before."""
    stale = 0
    for path in sorted(FOLDER.glob("*.ipynb")):
        new = executed(path)
        if "--check" in arguments:
            if texts(new) != texts(_read(path, as_version=4)):
                sys.stderr.write(f"{path.name} says something else now: run python {Path(__file__).name}\n")
                stale = 1
        else:
            _write(new, path)
            sys.stdout.write(f"{path.name}\n")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
