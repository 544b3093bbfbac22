"""Executes the notebooks of this folder and stores their outputs; with ``--check`` compares them with what is stored.

To compare them, one kernel runs them all, without the names of the one before: most of the time goes into starting it.
Pictures are not compared: they differ by a dot where other fonts are installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
_read: Any = nbformat.read
_write: Any = nbformat.write
_code: Any = nbformat.v4.new_code_cell


def executed(path: Path, kernel: Any = None) -> Any:
    """The notebook as it is after running all its cells in this folder; raises when a cell does.

    Without a running ``kernel`` it starts one of its own.
    """
    notebook = _read(path, as_version=4)
    where = {"metadata": {"path": FOLDER}}
    client = NotebookClient(notebook, km=kernel, timeout=120, kernel_name="python3", resources=where)
    if kernel is not None:
        notebook.cells.insert(0, _code("%reset -f"))
    client.execute()
    if kernel is not None:
        del notebook.cells[0]
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def texts(notebook: Any) -> list[str]:
    """What the cells print and show as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]


def main(arguments: list[str]) -> int:
    """Runs every notebook; 1 when one says something else than before."""
    paths = sorted(FOLDER.glob("*.ipynb"))
    if "--check" in arguments:
        kernel: Any = KernelManager(kernel_name="python3")
        kernel.start_kernel(cwd=str(FOLDER))
        try:
            stale = [path for path in paths if texts(executed(path, kernel)) != texts(_read(path, as_version=4))]
        finally:
            kernel.shutdown_kernel(now=True)
        for path in stale:
            sys.stderr.write(f"{path.name} says something else now: run python {Path(__file__).name}\n")
        return 1 if stale else 0
    for path in paths:
        _write(executed(path), path)
        sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
