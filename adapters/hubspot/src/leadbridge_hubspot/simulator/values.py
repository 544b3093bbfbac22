"""What a HubSpot property takes, and how its values are kept: always as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from leadbridge.adapter import Ref, Value
from leadbridge.clock import from_us, iso, parse_iso, to_us

__all__ = ["InvalidValue", "Property", "as_text", "as_value", "iso_ms", "midnight_ms", "milliseconds"]

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_DAY_MS = 86_400_000


class InvalidValue(Exception):
    """A value that a property does not take; ``code`` is HubSpot's word for it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(slots=True)
class Property:
    """One property of an object type, as the properties API shows it."""

    name: str
    label: str
    type: str = "string"
    look: str = "text"
    group: str = "contactinformation"
    options: list[tuple[str, str]] = field(default_factory=list)
    unique: bool = False
    read_only: bool = False
    external: bool = False
    made_by_hubspot: bool = True

    def shown(self) -> dict[str, Any]:
        """The body of the properties API."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.look,
            "description": "",
            "groupName": self.group,
            "options": [
                {"label": label, "value": value, "displayOrder": place, "hidden": False, "description": ""}
                for place, (value, label) in enumerate(self.options)
            ],
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": self.external,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": self.made_by_hubspot,
            "archived": False,
            "formField": not self.read_only,
            "modificationMetadata": {
                "archivable": not self.made_by_hubspot,
                "readOnlyDefinition": self.made_by_hubspot,
                "readOnlyValue": self.read_only,
            },
        }

    def stored(self, raw: object) -> str:
        """The text that is kept for what somebody sent; empty text clears.

        Raises:
            InvalidValue: when the property does not take it.
        """
        text = _text(raw)
        if not text:
            return ""
        match self.type:
            case "number":
                return _number(text, self.name)
            case "bool":
                return _bool(text, self.name)
            case "date":
                return _date(text, self.name)
            case "datetime":
                return _datetime(text, self.name)
            case "enumeration":
                return self._options(text)
            case _:
                return self._string(text)

    def _string(self, text: str) -> str:
        if self.name != "email":
            return text
        text = text.strip().lower()
        if not _EMAIL.fullmatch(text):
            raise InvalidValue("INVALID_EMAIL", "Email address is invalid")
        return text

    def _options(self, text: str) -> str:
        if self.look == "booleancheckbox":
            return _bool(text, self.name)
        if self.external or not self.options:
            return text
        known = {value for value, _ in self.options}
        parts = text.split(";") if self.look == "checkbox" else [text]
        wrong = [part for part in parts if part and part not in known]
        if wrong:
            raise InvalidValue("INVALID_OPTION", f"{wrong[0]} was not one of the allowed options for {self.name}")
        return text


def _text(raw: object) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def _number(text: str, name: str) -> str:
    try:
        if Decimal(text.strip()).is_finite():
            return text.strip()
    except InvalidOperation:
        pass
    raise InvalidValue("INVALID_INTEGER", f"{text} was not a valid number for {name}")


def _bool(text: str, name: str) -> str:
    if text.lower() in ("true", "false"):
        return text.lower()
    raise InvalidValue("INVALID_BOOLEAN", f"{text} was not a valid boolean for {name}")


def _datetime(text: str, name: str) -> str:
    try:
        return iso_ms(milliseconds(text))
    except (ValueError, OverflowError):
        raise InvalidValue("INVALID_DATE", f"{text} was not a valid date and time for {name}") from None


def _date(text: str, name: str) -> str:
    try:
        at = milliseconds(text)
    except (ValueError, OverflowError):
        raise InvalidValue("INVALID_DATE", f"{text} was not a valid date for {name}") from None
    if at % _DAY_MS:
        raise InvalidValue("INVALID_DATE", f"{text} is not at midnight UTC, as {name} demands")
    return iso_ms(at)[:10]


def milliseconds(text: str) -> int:
    """Epoch milliseconds of an instant in either of HubSpot's forms.

    Raises:
        ValueError: when it is neither.
    """
    return int(text) if text.lstrip("-").isdigit() else to_us(parse_iso(text)) // 1000


@lru_cache(maxsize=256)  # thousands of records in a row share one stamp
def iso_ms(at: int) -> str:
    """An instant as HubSpot writes it."""
    return iso(from_us(at * 1000))


def as_text(value: Value) -> object:
    """A value of ours as somebody would send it to HubSpot."""
    if isinstance(value, Ref):
        return value.id
    if isinstance(value, tuple):
        return ";".join(each.id if isinstance(each, Ref) else each for each in value)
    return value


def as_value(text: str, prop: Property) -> Value:
    """A kept text as a value of ours, for looking at from outside."""
    match prop.type:
        case "number":
            number = Decimal(text)
            return int(number) if number == number.to_integral_value() else float(number)
        case "bool":
            return text == "true"
        case "datetime":
            return iso_ms(milliseconds(text))
        case "enumeration" if prop.look == "checkbox":
            return tuple(part for part in text.split(";") if part)
        case "enumeration" if prop.look == "booleancheckbox":
            return text == "true"
        case _:
            return text


def midnight_ms(day: date) -> int:
    """A day as HubSpot keeps it in properties with a time."""
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )
