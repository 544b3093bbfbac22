"""SOQL text cut into tokens, and what string literals stand for."""

from __future__ import annotations

import re
from typing import NamedTuple

from leadbridge_salesforce.simulator.soql_ast import SoqlError

__all__ = ["Token", "checked_pattern", "escaped", "tokens", "unescaped"]

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+))
    | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPES |= {letter.upper(): meaning for letter, meaning in _ESCAPES.items()}
_WRITTEN = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Token(NamedTuple):
    """One token; ``form`` is the name of its group in the grammar of tokens, ``end`` for the end of the text."""

    form: str
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """The tokens of a statement, a last one for its end included.

    Raises:
        SoqlError: a character begins no token, or a string does not end.
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _stray(text, at)
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match[0], at))
        at = match.end()
    found.append(Token("end", "<EOF>", len(text)))
    return found


def _stray(text: str, at: int) -> SoqlError:
    sign = text[at]
    if sign == "'":
        return SoqlError(f"line 1:{len(text)} mismatched character '<EOF>' expecting '''", at)
    if sign == ":":
        return SoqlError("Bind variables only allowed in Apex code", at)
    if sign in "*;":
        return SoqlError(f"unexpected token: '{sign}'", at)
    return SoqlError(f"line 1:{at} no viable alternative at character '{sign}'", at)


def unescaped(token: Token) -> str:
    """What a string literal stands for. Escaped wildcards belong to LIKE only."""
    raw = token.text[1:-1]
    if "\\" not in raw:
        return raw

    def one(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise _bad_escape(token, match)
        return _ESCAPES[match[1]]

    return _ESCAPE.sub(one, raw)


def checked_pattern(token: Token) -> str:
    """The text behind LIKE, in which the escapes still stand: an escaped wildcard is the sign itself."""
    raw = token.text[1:-1]
    for match in _ESCAPE.finditer(raw):
        if match[1] not in _ESCAPES and match[1] not in "_%":
            raise _bad_escape(token, match)
    return raw


def _bad_escape(token: Token, match: re.Match[str]) -> SoqlError:
    return SoqlError(
        f"Invalid string literal {token.text}. Illegal character sequence '{match[0]}' in string literal.",
        token.at + 1 + match.start(),
    )


def escaped(text: str) -> str:
    """A string literal that stands for a text."""
    return f"'{text.translate(_WRITTEN)}'"
