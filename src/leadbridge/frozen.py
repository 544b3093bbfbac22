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
        TypeError: a field is left out of ``__init__``, or the class does more when it is made; that is for
            ``dataclass`` itself.
    """
    given: dict[str, Any] = {"MISSING": MISSING}
    places, keywords, lines = list[str](), list[str](), list[str]()
    for field in fields(cls):  # type: ignore[arg-type]  # whoever uses it says that it is one
        name = field.name
        if not field.init or hasattr(cls, "__post_init__"):
            raise TypeError(f"{cls.__name__}.{name} cannot be set this quickly")
        given[f"set_{name}"] = getattr(cls, name).__set__
        argument, value = name, name
        if field.default_factory is not MISSING:
            given[f"make_{name}"] = field.default_factory
            argument, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        elif field.default is not MISSING:
            given[f"default_{name}"] = field.default
            argument = f"{name}=default_{name}"
        (keywords if field.kw_only else places).append(argument)
        lines.append(f" set_{name}(self, {value})")
    head = f"def __init__({', '.join(['self', *places, *(['*'] if keywords else []), *keywords])}):"
    exec(compile("\n".join([head, *lines]), f"<{cls.__name__}>", "exec"), given)
    made: Callable[..., None] = given["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = dict(cls.__init__.__annotations__)
    type.__setattr__(cls, "__init__", made)
    return cls
