"""Which records a search finds: what the index knows, by HubSpot's operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from leadbridge_hubspot.simulator.answers import Refused
from leadbridge_hubspot.simulator.table import Entry, Table
from leadbridge_hubspot.simulator.values import Property, milliseconds

__all__ = ["matches", "sort_key"]

Test: TypeAlias = Callable[[Entry], bool]
_END = 1 << 62
_GROUPS, _FILTERS, _ALL_FILTERS = 5, 6, 18


def matches(table: Table, entries: list[Entry], groups: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """The entries of the index that fit any of the filter groups, by id."""
    if len(groups) > _GROUPS or sum(len(group.get("filters") or ()) for group in groups) > _ALL_FILTERS:
        raise Refused(400, "There was a problem with the request: too many filters", "VALIDATION_ERROR")
    if not groups:
        return list(entries)
    found = [_group(table, entries, group.get("filters") or ()) for group in groups]
    if len(found) == 1:
        return found[0]
    numbers = {entry.number for part in found for entry in part}
    return [entry for entry in entries if entry.number in numbers]


def sort_key(table: Table, name: str) -> Callable[[Entry], Any]:
    """What a search sorts by; blank values come first."""
    if name == "hs_object_id":
        return lambda entry: entry.number
    if name == table.kind.modified:
        return lambda entry: (entry.indexed_stamp, entry.number)
    prop = table.properties.get(name)
    if prop is None:
        raise Refused(400, f"There was a problem with the request: unknown sort property {name}", "VALIDATION_ERROR")

    def key(entry: Entry) -> Any:
        text = _indexed(entry, name)
        return (text is not None, _typed(prop, text) if text is not None else 0, entry.number)

    return key


def _group(table: Table, entries: list[Entry], filters: Sequence[Mapping[str, Any]]) -> list[Entry]:
    if len(filters) > _FILTERS:
        raise Refused(400, "There was a problem with the request: too many filters in a group", "VALIDATION_ERROR")
    behind, window = -1, (0, _END)
    tests: list[Test] = []
    for each in filters:
        name, operator = str(each.get("propertyName")), str(each.get("operator"))
        if name == "hs_object_id" and operator == "GT" and str(each.get("value")).isdigit():
            behind = max(behind, int(str(each["value"])))
        elif name == table.kind.modified and operator in ("BETWEEN", "GTE"):
            low = milliseconds(str(each["value"]))
            high = milliseconds(str(each["highValue"])) if operator == "BETWEEN" else _END
            window = (max(window[0], low), min(window[1], high))
        else:
            tests.append(_test(table, name, operator, each))
    found = table.stamped(*window) if window != (0, _END) else entries
    if behind >= 0:
        found = found[table.behind(found, behind) :]
    for test in tests:
        found = [entry for entry in found if test(entry)]
    return found


def _test(table: Table, name: str, operator: str, each: Mapping[str, Any]) -> Test:
    prop = table.properties.get(name)
    if prop is None:
        raise Refused(400, f"There was a problem with the request: property {name} does not exist", "VALIDATION_ERROR")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        wanted = operator == "HAS_PROPERTY"
        return lambda entry: (_indexed(entry, name) is not None) == wanted
    if operator in ("IN", "NOT_IN"):
        # Texts are kept in lower case by the index, and what is asked for is not brought into it.
        given = [str(value) for value in each.get("values") or ()]
        values = set(given) if prop.type == "string" else {value.lower() for value in given}
        inside = operator == "IN"
        return lambda entry: ((_indexed(entry, name) or "").lower() in values) == inside
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        token, wanted = str(each.get("value")).strip("*").lower(), operator == "CONTAINS_TOKEN"
        return lambda entry: (token in (_indexed(entry, name) or "").lower()) == wanted
    return _comparison(prop, name, operator, each)


def _comparison(prop: Property, name: str, operator: str, each: Mapping[str, Any]) -> Test:
    value = _typed(prop, str(each.get("value")))
    high = _typed(prop, str(each.get("highValue"))) if operator == "BETWEEN" else value
    tests: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda found: found == value,
        "NEQ": lambda found: found != value,
        "LT": lambda found: found < value,
        "LTE": lambda found: found <= value,
        "GT": lambda found: found > value,
        "GTE": lambda found: found >= value,
        "BETWEEN": lambda found: value <= found <= high,
    }
    test = tests.get(operator)
    if test is None:
        raise Refused(400, f"Invalid input JSON: unknown operator {operator}", "VALIDATION_ERROR")

    def compare(entry: Entry) -> bool:
        text = _indexed(entry, name)
        return operator == "NEQ" if text is None else test(_typed(prop, text))

    return compare


def _indexed(entry: Entry, name: str) -> str | None:
    return entry.indexed.get(name) if entry.indexed is not None else None


def _typed(prop: Property, text: str) -> Any:
    try:
        if prop.type in ("date", "datetime"):
            return milliseconds(text)
        if prop.type == "number":
            return Decimal(text)
    except (ValueError, InvalidOperation):
        raise Refused(
            400, "There was a problem with the request: a filter value is wrong", "VALIDATION_ERROR"
        ) from None
    return text.lower()
