"""Values that cannot be meant: misspelt names, other types, impossible figures, conditions that are none."""

from __future__ import annotations

import re
from random import Random
from typing import Any

__all__ = ["CRITERIA", "bad_criterion", "impossible", "misspelt", "wrong_type"]

_TYPES: tuple[Any, ...] = (
    [],
    {},
    ["x"],
    {"x": 1},
    [[]],
    [{}],
    [None],
    0,
    7,
    -1,
    1.5,
    True,
    False,
    "x",
    "no such thing",
)

_ODD = (
    "",
    " ",
    "a b",
    "(",
    "a/b",
    "../x",
    "*",
    "[a-z]+",
    "'; drop table leads; --",
    "x" * 81,
    "y" * 20_000,
    "a\nb",
    "a\tb",
    "\x00",
    "a\x07b",
    "\x1b[31m",
    "\ud800",
    "\u202ex",
    "\u200f",
    "a\u200db",
    "\ufeff",
    "\u2028",
    "\x85",
    "１２",
    "ａｂｃ",
    "e\u0301",
    "é",
    "İ",
    "ß",
    "👩‍💻",
    "<script>alert(1)</script>",
    "|",
    "{}",
    "%s",
    "${x}",
    "null",
    "~",
    "True",
    "NaN",
    "inf",
)
_NUMBERS = (0, -1, -0.5, 2, 1e308, 10**17, 10**30, "NaN", "nan", ".nan", "inf", "-inf", "1e999", "1_000", "0x10", True)
_DATES = (
    "2026-02-30",
    "2026-13-01",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "1767225600",
    86400,
    1767225600000,
    "2026-01-01T00:00:00",
    "2026-01-01T12:00:00",
    "20260101",
    "2026-1-1",
    "01.02.2026",
    "２０２６-01-01",
    "today",
)
_SPANS = (
    "0 days",
    "-3 days",
    "999999 weeks",
    "99999999999999999999 days",
    "1e3 days",
    "many days",
    "9 fortnights",
    "９０ days",
    "90",
    "0 business hours",
    "999999 business days",
    "99999999999 business hours",
    "0.0000000001 seconds",
    "1.5 business days",
    "PT4H",
)
_WINDOWS = (
    "25:00-26:00",
    "17:30-17:30",
    "9-5",
    "09:00",
    "09:60-10:00",
    "00:00-24:00",
    "23:00-01:00",
    "-",
    "０９:００-１７:３０",
)
_ZONES = ("Europe/Nowhere", "CEST", "+01:00", "europe/london", "../etc/passwd", "UTC ", "Etc/GMT+12")
_HOLIDAYS = ("ZZ", "XX-YY", "GB-ZZZ", "gb", "GB-", "England", "UK", "CH-Z", "AQ")


def misspelt(name: Any, rng: Random) -> str:
    """A name with one letter doubled, dropped, changed or exchanged with the next, or in another case."""
    text = str(name)
    spot = rng.randrange(len(text)) if text else 0
    ways = (
        text[:spot] + text[spot : spot + 1] * 2 + text[spot + 1 :],
        text[:spot] + text[spot + 1 :],
        text[:spot] + "x" + text[spot + 1 :],
        text[:spot] + text[spot + 1 : spot + 2] + text[spot : spot + 1] + text[spot + 2 :],
        text.swapcase(),
        text + " ",
        text + "s",
    )
    return rng.choice([way for way in ways if way not in ("", text)] or [f"{text}x"])


def wrong_type(value: Any, rng: Random) -> Any:
    """A value of another type."""
    return rng.choice([other for other in _TYPES if type(other) is not type(value)])


def impossible(value: Any, rng: Random) -> Any:
    """A value of its type that cannot be meant, or only by a malicious author."""
    text = str(value)
    if isinstance(value, bool | int | float):
        return rng.choice(_NUMBERS)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return rng.choice(_DATES)
    if re.fullmatch(r"\d+ (business )?[a-z]+", text):
        return rng.choice(_SPANS)
    if re.fullmatch(r"\d\d?:\d\d-\d\d?:\d\d", text):
        return rng.choice(_WINDOWS)
    if re.fullmatch(r"[A-Z][a-z]+/[A-Z]\w+|UTC", text):
        return rng.choice(_ZONES)
    if re.fullmatch(r"[A-Z]{2}(-[A-Z]+)?", text):
        return rng.choice(_HOLIDAYS)
    return rng.choice(_ODD)


CRITERIA = (
    "",
    "  ",
    "company.employes > 5",
    "lead.score > '5'",
    "lead.score",
    "lead.email",
    "1",
    "1 = 1",
    "null",
    "lead.email = null",
    "(lead.score > 1",
    "lead.score > 1)",
    "lead.score > 1))((",
    "lead.score > 1; drop table leads",
    "lead.score > 1) or (1 = 1",
    "lead.score > 1 -- always",
    "lead.score > 1 /* always",
    "exists (select 1 from leads)",
    "lead.email in (select email from leads)",
    "lead.email in ()",
    "lead.email like '%@x.example'",
    "lead.score between 9 and 1",
    "lead.score / 0 > 1",
    "lead.stage = 'no such stage'",
    "lead.status in ('new', 'nwe')",
    "lead.opted_out > true",
    "lead.captured_at > 'yesterday'",
    "lead.captured_at > '2026-02-30'",
    "last_0d.content > 1",
    "last_30d.contents > 1",
    "last_99999d.content > 1",
    "sleep(10)",
    "read_csv('/etc/passwd')",
    "lower(lead.score) = 'x'",
    "not not",
    "and",
    "'",
    '"lead"."email" is not null',
    "lead.email is not null and",
    "lead.score > 1e999",
    "lead.score > 99999999999999999999999999999999999999",
    "lead.score > NaN",
    "(" * 400 + "lead.score > 1" + ")" * 400,
    "not " * 900 + "lead.opted_out",
    " or ".join(["lead.score > 1"] * 250),
    "lead.score > 1" + " " * 5000,
    "lead.score ＞ 1",
    "lead.score > １",
    "lead．score > 1",
    "lead.email = 'a\x00b'",
    "lead.score > 1\u202e",
    "case when true then true end",
    "lead.score > 1 limit 5",
    "lead.score::text = 'x'",
    "x.y.z > 1",
    "lead.* is null",
    "*",
    "?",
    ":x = 1",
    "$1 = 1",
    "@x",
    "{x}",
)
"""Conditions that are none, that are always the same, or that want more than a condition may."""


def bad_criterion(value: Any, rng: Random) -> str:
    """A condition that cannot be compiled, or a dangerous one that can."""
    return rng.choice(CRITERIA)
