"""What a CRM can hold of a value: options by name, numbers and dates in its own form, text as long as it allows."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from leadbridge.adapter import FieldInfo, Value
from leadbridge.clock import iso, parse_iso

__all__ = ["fitted", "meaning_to_raw"]

_FLAGS = {"true": True, "false": False, "yes": True, "no": False}


def meaning_to_raw(rows: dict[str, str], value: Value, current: Value) -> Value:
    """The stored value that means what is wanted; of several that do, the one that is there already.

    Args:
        rows: stored value → what it means.
    """
    said = str(value).lower() if isinstance(value, bool) else value
    if isinstance(current, str) and rows.get(current) == said:
        return current
    return next((raw for raw, meaning in rows.items() if meaning == said), value)


def fitted(info: FieldInfo, value: Value) -> Value:
    """The value as the field takes it; ``None`` for one that none of its options stands for.

    What does not look like the field's type is left as it is: the CRM refuses it and says why.
    """
    if info.restricted and isinstance(value, str):
        if value in {option.value for option in info.options}:
            return value
        return next((option.value for option in info.options if option.label == value), None)
    if isinstance(value, str):
        return _typed(info, value)
    if info.type == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value)) if isinstance(value, int) or value.is_integer() else str(value)
    return value


def _typed(info: FieldInfo, value: str) -> Value:
    text = value.strip()
    match info.type:
        case "number":
            return _number(text, value)
        case "bool":
            return _FLAGS.get(text.lower(), value)
        case "date" | "datetime":
            return _moment(info.type == "date", text, value)
    return value[: info.max_length] if info.max_length and len(value) > info.max_length else value


def _number(text: str, value: str) -> Value:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 15:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def _moment(day_only: bool, text: str, value: str) -> Value:
    try:
        moment = parse_iso(text)
    except ValueError:
        return value
    return moment.date().isoformat() if day_only else iso(moment)
