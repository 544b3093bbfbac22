"""The log as lines for a terminal, or as JSON lines for a collector; either way without what others may have put in.

leadbridge's own messages hold names, ids and codes only. What other packages log may hold addresses of people (an HTTP
library logs the URL that it calls), so of theirs only that there was a warning is kept.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

import orjson

from leadbridge.clock import iso

__all__ = ["Form", "handler"]

Form = Literal["json", "text"]


def handler(form: Form, stream: TextIO) -> logging.Handler:
    """What the root logger is given: every line of leadbridge, and that others warned.

    Args:
        form: one JSON object a line, or words.
        stream: where the lines go.
    """
    made = logging.StreamHandler(stream)
    made.addFilter(_fit)
    made.setFormatter(_Json() if form == "json" else _Text())
    return made


def _own(name: str) -> bool:
    return name.partition(".")[0].partition("_")[0] == "leadbridge"


def _fit(record: logging.LogRecord) -> bool:
    return _own(record.name) or record.levelno >= logging.WARNING


def _message(record: logging.LogRecord) -> str:
    if not _own(record.name):
        return "a message of another package is left out: it may hold personal data"
    return record.getMessage()


def _at(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(record.created, UTC))


def _error(record: logging.LogRecord) -> str:
    """Class and place of an exception; what it says may come from a record."""
    if record.exc_info is None or record.exc_info[0] is None:
        return ""
    frames = traceback.extract_tb(record.exc_info[2])
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{record.exc_info[0].__name__}{place}"


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        error = _error(record)
        return f"{_at(record)} {record.levelname.lower()} {_message(record)}{' ' + error if error else ''}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": getattr(record, "event", "message"),
        }
        said = getattr(record, "said", None)
        line |= said if isinstance(said, dict) else {"message": _message(record)}
        error = _error(record)
        line |= {"exception": error} if error else {}
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
