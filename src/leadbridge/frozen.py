"""Frozen dataclasses that are made by the million.

A frozen dataclass sets each of its fields through ``object.__setattr__``, which looks the field up by its name every
time. The slots themselves can be bound once instead, and a record is made in half of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar

__all__ = ["quick"]

T = TypeVar("T")


def quick(cls: type[T]) -> type[T]:
    """Gives a dataclass with ``frozen`` and ``slots`` an ``__init__`` that does the same in half of the time.

    Raises:
        TypeError: a field has a factory, or is left out of ``__init__``; that is for ``dataclass`` itself.
    """
    given: dict[str, Any] = {}
    arguments, lines = [], []
    for field in fields(cls):  # type: ignore[arg-type]  # whoever uses it says that it is one
        if field.default_factory is not MISSING or not field.init:
            raise TypeError(f"{cls.__name__}.{field.name} cannot be set this quickly")
        given[f"set_{field.name}"] = getattr(cls, field.name).__set__
        if field.default is not MISSING:
            given[f"default_{field.name}"] = field.default
        arguments.append(field.name if field.default is MISSING else f"{field.name}=default_{field.name}")
        lines.append(f" set_{field.name}(self, {field.name})")
    head = f"def __init__(self, {', '.join(arguments)}):"
    exec(compile("\n".join([head, *lines]), f"<{cls.__name__}>", "exec"), given)
    made: Callable[..., None] = given["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = dict(cls.__init__.__annotations__)
    type.__setattr__(cls, "__init__", made)
    return cls
