"""XML of the SOAP API, without its namespaces: read by local names, written as text."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

__all__ = ["Node", "tag"]

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class Node:
    """An element; one that is not there is empty."""

    def __init__(self, element: ElementTree.Element | None) -> None:
        self._element = element

    @property
    def name(self) -> str:
        """The local name."""
        return "" if self._element is None else self._element.tag.rpartition("}")[2]

    @property
    def value(self) -> str | None:
        """The text; ``None`` where nil is said."""
        if self._element is None or self._element.get(_NIL) == "true":
            return None
        return self._element.text or ""

    def children(self, name: str = "") -> list[Node]:
        """What stands inside, of a name or of any."""
        inside = [] if self._element is None else [Node(child) for child in self._element]
        return [child for child in inside if not name or child.name == name]

    def first(self, name: str) -> Node:
        """The first child of a name."""
        return next(iter(self.children(name)), Node(None))

    def text(self, name: str) -> str:
        """The text of the first child of a name; empty when there is none."""
        return (self.first(name).value or "").strip()

    def flag(self, name: str) -> bool:
        """Whether the first child of a name says yes."""
        return self.text(name).lower() in ("true", "1")


def tag(name: str, *content: object) -> str:
    """An element: texts that begin with ``<`` are elements themselves; ``None`` is nil."""
    if content == (None,):
        return f'<{name} xsi:nil="true"/>'
    inside = "".join(_inside(each) for each in content)
    return f"<{name}>{inside}</{name}>"


def _inside(content: object) -> str:
    if isinstance(content, bool):
        return "true" if content else "false"
    text = str(content)
    return text if text.startswith("<") and text.endswith(">") else escape(text)
