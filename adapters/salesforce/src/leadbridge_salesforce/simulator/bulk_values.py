"""The columns of an uploaded CSV file, and its values: empty is untouched, ``#N/A`` is blank, all the rest is text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from leadbridge_salesforce.simulator.fields import FieldDef, KindDef
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Problem, Refusal

__all__ = ["NULL", "Column", "columns_of", "fields_of", "value_of"]

NULL = object()
"""What ``#N/A`` means."""

_WHOLE = frozenset({"int", "long"})
_NUMBERS = frozenset({"double", "currency", "percent"})
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a field, or with ``by`` a lookup that names the other record by an external id of its."""

    name: str
    field: FieldDef
    by: str = ""


def columns_of(org: Org, kind: KindDef, header: Sequence[str]) -> list[Column]:
    """What the names of a file's first line mean.

    Raises:
        Refusal: one of them means nothing.
    """
    columns = []
    for text in header:
        name, dot, by = text.strip().partition(".")
        field = kind.get(f"{name}Id" if dot else name)
        other = [org.kinds[target].get(by) for target in field.reference_to] if field is not None and dot else []
        if field is None or (dot and not any(other)):
            raise Refusal(400, "INVALIDBATCH", f"InvalidBatch : Field name not found : {text}")
        columns.append(Column(field.name, field, by))
    return columns


def fields_of(columns: Sequence[Column], row: Sequence[str]) -> dict[str, Any]:
    """A row's fields, without those that are left alone.

    Raises:
        Problem: a value is not of its field's type.
    """
    fields: dict[str, Any] = {}
    for column, text in zip(columns, row, strict=True):
        if not text:
            continue
        if text == "#N/A":
            fields[column.name] = NULL
        else:
            fields[column.name] = {column.by: text} if column.by else _value(column.field, text)
    return fields


def value_of(kind: KindDef, name: str, text: str | None) -> Any:
    """A text of CSV or XML as the value that JSON would have; for fields that do not exist the text itself.

    Raises:
        Problem: it is not of the field's type.
    """
    field = kind.get(name)
    return text if field is None or not text else _value(field, text)


def _value(field: FieldDef, text: str) -> Any:
    try:
        if field.type == "boolean":
            return _BOOLEANS[text.lower()]
        if field.type in _WHOLE:
            return int(text)
        if field.type in _NUMBERS:
            return float(text)
        if field.type == "date":
            return date.fromisoformat(text).isoformat()
        if field.type == "datetime" and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(text)
    except (KeyError, ValueError):
        raise Problem(
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            f"{field.label or field.name}: value not of required type: {text}",
            [field.name],
        ) from None
    return text
