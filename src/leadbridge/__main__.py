"""``python -m leadbridge``: the command line."""

from __future__ import annotations

from leadbridge.cli import main

if __name__ == "__main__":
    main()
