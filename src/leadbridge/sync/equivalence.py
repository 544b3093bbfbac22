"""When two values of a field are the same for our purposes: the declared quotient that a merge works on.

Two CRMs never hold quite the same text: one trims, one cuts at 255 characters, one stores a number where the other has
text. What is the same by the agreement's comparison is no change, no conflict, and nothing to write.
"""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal, InvalidOperation

from leadbridge.adapter import Value
from leadbridge.agreement.policies import Comparison
from leadbridge.clock import parse_iso

__all__ = ["comparison_of", "equivalent", "is_blank", "said_yes"]

_MOST_DIGITS = 300
_BY_NAME: dict[str, Comparison] = {"email": "caseless", "phone": "digits", "opted_out": "flag"}


def is_blank(value: Value) -> bool:
    """Whether a field was read and holds nothing; what was not read at all is absent, which is something else."""
    return value is None or value == ""


def comparison_of(name: str) -> Comparison:
    """How values of a field are compared when neither the agreement nor the type of a CRM's field says so."""
    return _BY_NAME.get(name, "text")


def equivalent(name: str, left: Value, right: Value, compare: Comparison | None = None) -> bool:
    """Whether two values of a field are the same for our purposes.

    Without a declared comparison text is compared without outer space, addresses without case, telephone numbers by
    their digits, numbers by value; blank equals blank, and an opt-out that was never given equals none.
    """
    if left == right and not (isinstance(left, bool) ^ isinstance(right, bool)):
        return True
    how = compare or comparison_of(name)
    if how == "flag":
        return said_yes(left) == said_yes(right)
    if is_blank(left) or is_blank(right):
        return is_blank(left) and is_blank(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if how == "exact":
        return False
    if how == "date" and isinstance(left, str) and isinstance(right, str):
        return _same_date(left.strip(), right.strip())
    if how == "number" or isinstance(left, (int, float)) or isinstance(right, (int, float)):
        one, other = _number(left), _number(right)
        if one is not None and other is not None:
            return abs(one - other) <= max(abs(one), abs(other)) * Decimal("1e-9")
    return isinstance(left, str) and isinstance(right, str) and _same_text(how, left.strip(), right.strip())


def _same_text(how: Comparison, left: str, right: str) -> bool:
    if how == "digits" and (digits := _digits(left)):
        return digits == _digits(right)
    return left == right or (how == "caseless" and left.casefold() == right.casefold())


def said_yes(value: Value) -> bool:
    """Whether a value says yes, in whichever type a CRM keeps it."""
    return value.strip().lower() not in ("", "false", "no", "0") if isinstance(value, str) else bool(value)


def _number(value: Value) -> Decimal | None:
    if not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    # Text may say "nan" or "1e999999999": nothing to calculate with.
    return number if number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS else None


def _digits(text: str) -> str:
    # An extension ("x2") is no part of the number before it.
    return "".join(character for character in text.lower() if character.isdigit() or character in "+x")


def _same_date(left: str, right: str) -> bool:
    """Whether two texts name one instant; one day, when either of them knows no more than the day."""
    try:
        one, other = parse_iso(left), parse_iso(right)
    except ValueError:
        return left == right
    if len(left) == 10 or len(right) == 10:
        return one.astimezone(UTC).date() == other.astimezone(UTC).date()
    return one == other
