"""YAML into plain values that remember their lines, without YAML's traps.

``no``, ``on`` and ``yes`` are text, dates and versions stay as they were written, keys are always text, a key may stand
only once, and no tag builds an object. Only ``true``, ``false``, ``null`` and numbers are more than text.

Text is kept in Unicode's form NFC: an ``é`` typed as two code points is the same name as one typed as one. What cannot
be seen on the page that people sign, yet changes it, is refused: control characters, and those that turn the direction
of writing around (the marks of right-to-left writing are fine).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, TypeAlias

import yaml

try:
    from yaml import CSafeLoader as QuickLoader
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as QuickLoader  # type: ignore[assignment]  # reads the same, ten times as slowly

from leadbridge.errors import Problem

__all__ = ["Lines", "Path", "QuickLoader", "read_yaml"]

Path: TypeAlias = tuple[str | int, ...]
Lines: TypeAlias = dict[Path, int]

_MAX_VALUES = 100_000
_MAX_DEPTH = 50
_INT, _FLOAT, _BOOL, _NULL, _STR = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "str"))


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars by the core schema of YAML 1.2, and nothing else; says best what is wrong."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # declared so by PyYAML


class _Quick(QuickLoader):
    """The same by the quickest parser there is."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


_DIGITS = list("-+0123456789")
_PLAIN: dict[str, tuple[re.Pattern[str], list[str]]] = {
    _BOOL: (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    _NULL: (re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    _INT: (re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), _DIGITS),
    _FLOAT: (re.compile(r"^[-+]?[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?$"), _DIGITS),
}
for _tag, (_form, _begins) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, _form, _begins)


_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters but tab and line feed, direction overrides, halves of characters, and what is no character."""


class _Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def read_yaml(text: str) -> tuple[Any, Lines, list[Problem]]:
    """The value of a YAML document, the line of every part, and what is wrong with the YAML itself.

    When the document cannot be read at all, the value is ``None`` and there is exactly one problem.
    """
    lines: Lines = {}
    problems: list[Problem] = []
    try:
        node = _composed(text)
        if node is None:
            return None, lines, [Problem("the document is empty", "start with: leadbridge init")]
        return _Reader(lines, problems).value(node, ()), lines, problems
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "it cannot be parsed"
        return None, {}, [Problem(f"this is not YAML: {said}", _remedy(said), line=mark.line + 1 if mark else None)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, {}, [Problem("this is not text", "give the path of a YAML file, saved as UTF-8", line=line)]
    except RecursionError:
        return None, {}, [Problem("the document is nested too deeply", "write it flatter")]
    except _Unreadable as error:
        return None, {}, [error.problem]


def _composed(text: str) -> yaml.Node | None:
    try:
        return _Quick(text).get_single_node()
    except (yaml.YAMLError, ValueError):
        pass  # the other loader says where and why
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    except ValueError as error:
        # PyYAML lets a number through that stands for no character: "\U00110000".
        message = "this is not YAML: an escape such as \\u stands for no character"
        line = loader.get_mark().line + 1
        raise _Unreadable(Problem(message, "write the character itself", line=line)) from error
    finally:
        loader.dispose()


def _remedy(said: str) -> str:
    if "\\t" in said or "tab" in said:
        return "indent with spaces, not with tabs"
    if "expected a single document" in said or "document" in said:
        return "put one agreement into one file, without ---"
    return "check the indentation, the colons and the quotes around this line"


class _Reader:
    def __init__(self, lines: Lines, problems: list[Problem]) -> None:
        self.lines = lines
        self.problems = problems
        self.count = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.count += 1
        if self.count > _MAX_VALUES or len(path) > _MAX_DEPTH:
            raise _Unreadable(
                Problem("the document is too large, or its aliases multiply", "write it out without aliases", line=line)
            )
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path, line)
        return self.refuse(node, path, line)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.add("a key has to be plain text", "write it as key: value", path, line)
                continue
            key = self.text(str(key_node.value), path, line)
            if key in found:
                message = f"the key {key} stands here a second time (first in line {first[key]})"
                self.add(message, "keep one of them", (*path, key), line)
                continue
            first[key] = line
            self.lines[(*path, key)] = line
            found[key] = self.value(value_node, (*path, key))
        return found

    def scalar(self, node: yaml.ScalarNode, path: Path, line: int) -> Any:
        text = str(node.value)
        if node.tag == _STR:
            return self.text(text, path, line)
        if node.tag not in _PLAIN or not _PLAIN[node.tag][0].match(text):
            return self.refuse(node, path, line)
        if node.tag == _INT:
            return int(text)
        if node.tag == _FLOAT:
            return float(text)
        return text.lower() == "true" if node.tag == _BOOL else None

    def text(self, text: str, path: Path, line: int) -> str:
        if text.isascii() and text.isprintable():
            return text
        found = _UNSEEN.search(text)
        if found:
            message = f"this text holds the invisible character U+{ord(found[0]):04X}"
            self.add(message, "write the text again, by hand", path, line)
        return unicodedata.normalize("NFC", _UNSEEN.sub("", text))

    def refuse(self, node: yaml.Node, path: Path, line: int) -> None:
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        self.add(
            f"the tag {tag} is not allowed in an agreement",
            "remove the tag and write plain text, lists and mappings",
            path,
            line,
        )

    def add(self, message: str, remedy: str, path: Path, line: int) -> None:
        self.problems.append(Problem(message, remedy, dotted(path), line))


def dotted(path: Path) -> str:
    """A path as people read it: ``slas[0].targets[1].within``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
