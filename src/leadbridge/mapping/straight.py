"""Reading a record without a loop: a function is written for the fields of one kind and compiled once.

A loop asks for every record again what depends on the kind alone: which field comes next, whether it has a reader, what
counts as blank. Written out, a record takes less than half of the time (``benchmarks/hubspot_read.py``). Records that
are not as their description says, because a field is absent or a text is none, are left to the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from leadbridge.adapter import FieldInfo, Fields, Value

__all__ = ["FieldReader", "written_out"]

FieldReader: TypeAlias = tuple[str, FieldInfo, Callable[[Value], Value] | None, frozenset[str]]
"""A canonical name, the CRM's field, how it is read (``None`` for plain text and what needs no reading), and the texts
that count as blank in it, among them the empty one."""

_TEXTS = frozenset({"string", "option", "date", "datetime"})


def written_out(readers: Sequence[FieldReader]) -> Callable[[Fields], dict[str, Value]]:
    """A function from the fields of a record to its canonical values.

    Args:
        readers: what to read, in order.

    The function raises ``KeyError`` when a field is absent and ``AttributeError`` when a text is none.
    """
    given: dict[str, Any] = {}
    lines = ["def read(fields):"]
    for place, (name, info, reader, blank) in enumerate(readers):
        value, fillers = f"value_{place}", tuple(sorted(blank - {""}))
        # The name stands in the code as a literal: nothing in it can be more than a text.
        lines.append(f" {value} = fields[{info.name!r}]")
        if reader is not None:
            given[f"reader_{place}"] = reader
            # A truth value is what it is, whatever words a crosswalk has for it.
            told = f" and {value}.__class__ is not bool" if info.type == "bool" else ""
            lines.append(f" if {value} is not None{told}: {value} = reader_{place}({value})")
            continue
        of_text = f"{value} is not None" if info.type in _TEXTS else f"{value}.__class__ is str"
        lines.append(f" if {of_text}: {value} = {value}.strip() or None")
        if fillers:
            lines.append(f" if {value} in {fillers!r}: {value} = None")
        if name == "email":
            lines.append(f" if {value}.__class__ is str: {value} = {value}.lower()")
    named = ", ".join(f"{name!r}: value_{place}" for place, (name, *_) in enumerate(readers))
    lines.append(f" return {{{named}}}")
    exec(compile("\n".join(lines), "<a kind written out>", "exec"), given)
    return cast("Callable[[Fields], dict[str, Value]]", given["read"])
