"""Damage to the text of a document: indentation, quotes, encodings, invisible characters, YAML's own traps."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = ["damaged_text"]


def damaged_text(text: str, rng: Random) -> bytes:
    """The text, damaged in one way."""
    return rng.choice(_WAYS)(text, rng)


def _line(text: str, rng: Random, change: Callable[[str], str | list[str]]) -> bytes:
    lines = text.split("\n")
    spot = rng.choice([number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")])
    changed = change(lines[spot])
    lines[spot : spot + 1] = [changed] if isinstance(changed, str) else changed
    return "\n".join(lines).encode()


def _inserted(text: str, rng: Random, dirt: bytes, *, after: str = "") -> bytes:
    """Some bytes at a random place, or behind a random one of some characters."""
    spots = [number + 1 for number, letter in enumerate(text) if not after or letter in after]
    spot = len(text[: rng.choice(spots)].encode())
    data = text.encode()
    return data[:spot] + dirt + data[spot:]


def _replaced(text: str, rng: Random, old: str, new: str) -> bytes:
    spots = [number for number in range(len(text)) if text.startswith(old, number)]
    spot = rng.choice(spots) if spots else 0
    return (text[:spot] + new + text[spot + len(old) :]).encode("utf-8", "surrogatepass")


def _cut(text: str, rng: Random) -> bytes:
    data = text.encode()
    return data[: rng.randrange(len(data))]


def _flipped(text: str, rng: Random) -> bytes:
    data = bytearray(text.encode())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _swapped(text: str, rng: Random) -> bytes:
    lines = text.split("\n")
    spot = rng.randrange(len(lines) - 1)
    lines[spot], lines[spot + 1] = lines[spot + 1], lines[spot]
    return "\n".join(lines).encode()


_DIRT = (
    *(b"\x00", b"\x07", b"\x1b", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xe2\x80\x8f"),
    *(b"\xef\xbb\xbf", b"\xe2\x80\x8b", b"\xed\xa0\x80", b"\xff", b"\xc0\xaf", b"\xc3", b"\xf4\x90\x80\x80"),
    *(b"\t", b"\r", b"'", b'"', b"{", b"]", b"#", b"&", b"*", b"!", b"|", b">", b"%", b"@", b"`", b",", b"?"),
    *(b"- ", b": ", b"\n", b"\n\n", b"\xf0\x9f\x98\x80"),
)
_TAGS = (
    "!!python/object/apply:os.system ", "!!binary ", "!!set ", "!!omap ", "!x ", "!<tag:x> ", "&anchor ", "*nowhere ",
    "&a *a ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!str ", "!!timestamp ", "!!map ", "!!seq ", "!!merge ",
)  # fmt: skip
_ESCAPES = (r"\0", r"\x07", r"\ud800", r"\U00110000", r"\uD83D\uDE00", r"\q", r"\e[31m", r"\N", r"\L", r"\u202e")

_WAYS: tuple[Callable[[str, Random], bytes], ...] = (
    lambda text, rng: _line(text, rng, lambda line: line.replace("  ", "\t", 1)),
    lambda text, rng: _line(text, rng, lambda line: " " + line),
    lambda text, rng: _line(text, rng, lambda line: "     " + line),
    lambda text, rng: _line(text, rng, lambda line: line.lstrip()),
    lambda text, rng: _line(text, rng, lambda line: line.removeprefix(" ")),
    lambda text, rng: _line(text, rng, lambda line: []),
    lambda text, rng: _line(text, rng, lambda line: [line, line]),
    lambda text, rng: _line(text, rng, lambda line: [line, "---"]),
    lambda text, rng: _line(text, rng, lambda line: [line, "..."]),
    lambda text, rng: _line(text, rng, lambda line: [line, "<<: *x"]),
    lambda text, rng: _line(text, rng, lambda line: line[: rng.randrange(len(line) + 1)]),
    lambda text, rng: _line(text, rng, lambda line: line.upper()),
    lambda text, rng: _replaced(text, rng, ":", ""),
    lambda text, rng: _replaced(text, rng, ": ", ":"),
    lambda text, rng: _replaced(text, rng, ": ", "："),
    lambda text, rng: _replaced(text, rng, ":", ": x:"),
    lambda text, rng: _replaced(text, rng, "- ", "-"),
    lambda text, rng: _replaced(text, rng, ", ", " "),
    lambda text, rng: _replaced(text, rng, ", ", "，"),
    lambda text, rng: _replaced(text, rng, "}", ""),
    lambda text, rng: _replaced(text, rng, "[", "{"),
    lambda text, rng: _replaced(text, rng, '"', ""),
    lambda text, rng: _replaced(text, rng, "1", "１"),
    lambda text, rng: _replaced(text, rng, " ", "\u00a0"),
    lambda text, rng: _replaced(text, rng, "e", "e\u0301"),
    lambda text, rng: _replaced(text, rng, ": ", f": {rng.choice(_TAGS)}"),
    lambda text, rng: _replaced(text, rng, ": ", f': "{rng.choice(_ESCAPES)}" #'),
    lambda text, rng: _inserted(text, rng, rng.choice(_DIRT)),
    lambda text, rng: _inserted(text, rng, rng.choice(_DIRT), after=" "),
    lambda text, rng: _inserted(text, rng, rng.choice(_DIRT), after=":"),
    _cut,
    _cut,
    _flipped,
    _swapped,
    lambda text, rng: text.replace("\n", "\r\n").encode(),
    lambda text, rng: text.replace("\n", "\r").encode(),
    lambda text, rng: b"\xef\xbb\xbf" + text.encode(),
    lambda text, rng: text.encode("utf-16"),
    lambda text, rng: text.encode("latin-1", "replace"),
    lambda text, rng: (text + "\n---\n" + text).encode(),
    lambda text, rng: text.replace(": ", ":\t", 3).encode(),
)
"""What may happen to a text."""
