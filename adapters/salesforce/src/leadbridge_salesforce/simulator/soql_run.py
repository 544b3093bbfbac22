"""A statement carried out: parsed, checked, its records found, sorted, cut and rendered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.soql_ast import Expression, Field, FieldsOf, Member, Query, SoqlError
from leadbridge_salesforce.simulator.soql_eval import Test, earliest, ids_after, ids_in, sorted_by, test_of
from leadbridge_salesforce.simulator.soql_fields import Operand, Scope, children, kind_of, operand
from leadbridge_salesforce.simulator.soql_groups import grouped
from leadbridge_salesforce.simulator.soql_joins import check_joins, join_of
from leadbridge_salesforce.simulator.soql_parser import parse
from leadbridge_salesforce.simulator.soql_render import Children, Shape, column_metadata, rendered, shape_of
from leadbridge_salesforce.simulator.soql_values import is_long
from leadbridge_salesforce.simulator.table import Row

__all__ = ["Found", "run"]

_LONGEST = 100_000
_FURTHEST = 2000
_FIELDS_SINCE = 51.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement found.

    Attributes:
        query: the statement.
        records: all records, as the API renders them; none for ``COUNT()``.
        total: their number, or what ``COUNT()`` counted.
        columns: what ``columns=true`` answers with.
    """

    query: Query
    records: list[dict[str, Any]]
    total: int
    columns: dict[str, Any]


def run(org: Org, text: str, *, everything: bool, root: str) -> Found:
    """Carries out a statement.

    Args:
        org: whose lock is held.
        text: the statement.
        everything: whether deleted and archived records are found as well (``queryAll``).
        root: what paths of the API's version begin with, such as ``/services/data/v68.0``.

    Raises:
        Refusal: Salesforce would refuse the statement.
    """
    if not text.strip():
        raise Refusal(400, "MALFORMED_QUERY", "A query string has to be specified")
    if len(text) > _LONGEST:
        raise Refusal(400, "MALFORMED_QUERY", "SOQL statements cannot be longer than 100,000 characters.")
    try:
        query = parse(text)
        scope = Scope(org, kind_of(org, query.kind, query.at), query.alias, org.clock.now(), everything)
        return _found(query, scope, root)
    except SoqlError as error:
        raise Refusal(400, error.code, error.placed(text)) from None
    except RecursionError:
        raise Refusal(
            400,
            "QUERY_TOO_COMPLICATED",
            "Query is either selecting too many fields or the filter conditions are too complicated.",
        ) from None


def _found(query: Query, scope: Scope, root: str) -> Found:
    version = re.search(r"\d+\.\d+", root)
    for column in query.columns:
        if isinstance(column, FieldsOf) and version is not None and float(version[0]) < _FIELDS_SINCE:
            message = "The SOQL FIELDS function is not supported in this version of the API"
            raise SoqlError(message, column.at, code="UNSUPPORTED_API_VERSION")
    if query.offset > _FURTHEST:
        message = f"Maximum SOQL offset allowed is {_FURTHEST}"
        raise SoqlError(message, query.at, code="NUMBER_OUTSIDE_VALID_RANGE")
    if query.counts:
        return _counted(query, scope)
    test = _where(query, scope)
    if query.aggregates:
        results = grouped(query, scope, lambda: _fitting(query, scope, test)[0])
        return Found(query, results, len(results), column_metadata(query, scope, None))
    if query.having is not None:
        raise SoqlError("HAVING needs GROUP BY", query.at)
    shape = shape_of(query, scope, partial(_children, scope, root))
    rows = _sorted(query, scope, test)
    render = rendered(shape, scope, root)
    records = [render(row) for row in rows]
    return Found(query, records, len(records), column_metadata(query, scope, shape))


def _counted(query: Query, scope: Scope) -> Found:
    for each in query.order:
        name = each.expression.path if isinstance(each.expression, Field) else each.expression.name
        raise SoqlError(f"Ordered field must be grouped or aggregated: {name}", each.expression.at)
    if query.group:
        raise SoqlError("COUNT() is allowed as the only column of a statement without groups", query.at)
    rows, _ = _fitting(query, scope, _where(query, scope))
    total = sum(1 for _ in _cut(query, rows))
    return Found(query, [], total, column_metadata(query, scope, None))


def _where(query: Query, scope: Scope) -> Test:
    check_joins(query.where)
    return test_of(query.where, scope, _in_where(scope), partial(_joined, scope))


def _in_where(scope: Scope) -> Any:
    return partial(operand, scope, where="WHERE")


def _joined(scope: Scope, member: Member) -> Test:
    query = member.query
    inner = _inside(scope, query, kind_of(scope.org, query.kind, query.at).name)
    if query.where is not None and any(_members(query.where)):
        raise SoqlError("Nesting of semi join sub-selects is not supported", query.at)
    test = _where(query, inner)
    return join_of(member, scope, inner, lambda: list(_fitting(query, inner, test)[0]))


def _members(condition: Any) -> Iterator[bool]:
    if isinstance(condition, Member):
        yield True
    for part in getattr(condition, "parts", ()):
        yield from _members(part)


def _inside(scope: Scope, query: Query, kind: str) -> Scope:
    return Scope(scope.org, scope.org.kinds[kind], query.alias, scope.now, scope.everything)


def _fitting(query: Query, scope: Scope, test: Test) -> tuple[Iterator[Row], bool]:
    """The rows that fit, and whether they come in the order asked for already."""
    table = scope.org.tables[scope.kind.name]
    order = [(_bare(each.expression), each.descending) for each in query.order]
    only = ids_in(query.where)
    if only is not None:
        candidates, ready = table.some(only), order in ([], [("id", False)])
    elif order == [("systemmodstamp", False), ("id", False)]:
        candidates, ready = table.in_order(earliest(query.where, scope, _in_where(scope))), True
    else:
        candidates, ready = table.by_id(ids_after(query.where)), order in ([], [("id", False)])
    if scope.everything:
        return filter(test, candidates), ready
    return (row for row in candidates if not row["IsDeleted"] and not row.get("IsArchived") and test(row)), ready


def _bare(expression: Expression) -> str:
    return expression.path.lower() if isinstance(expression, Field) else ""


def _sorted(query: Query, scope: Scope, test: Test) -> Iterable[Row]:
    operands = partial(_sortable, scope)
    for each in query.order:
        operands(each.expression)
    rows, ready = _fitting(query, scope, test)
    if not ready:
        rows = iter(sorted_by(list(rows), query.order, operands))
    return _cut(query, rows)


def _sortable(scope: Scope, expression: Expression) -> Operand:
    by = operand(scope, expression, where="ORDER BY of a query without groups")
    if is_long(by.field) or by.field.type in ("address", "multipicklist"):
        raise SoqlError(
            f"field '{by.field.name}' can not be sorted in a query call", expression.at, code="INVALID_FIELD"
        )
    return by


def _cut(query: Query, rows: Iterable[Row]) -> Iterator[Row]:
    return islice(rows, query.offset, None if query.limit is None else query.offset + query.limit)


def _children(scope: Scope, root: str, query: Query) -> tuple[str, Children]:
    """A child query: the canonical name of its relationship, and its results for one record."""
    kind, back, name = children(scope, query.kind.rpartition(".")[2], query.at)
    inner = _inside(scope, query, kind.name)
    if query.aggregates or query.counts:
        raise SoqlError("Aggregates are not allowed in child queries", query.at)
    if query.offset:
        raise SoqlError("OFFSET is not allowed in child queries", query.at)
    test = _where(query, inner)
    shape: Shape = shape_of(query, inner, partial(_children, inner, root))
    render = rendered(shape, inner, root)
    families: dict[str, list[Row]] | None = None
    operands = partial(_sortable, inner)
    for each in query.order:
        operands(each.expression)

    def result(row: Row) -> dict[str, Any] | None:
        nonlocal families
        if families is None:
            families = {}
            for each in _fitting(query, inner, test)[0]:
                families.setdefault(str(each.get(back.name)), []).append(each)
        mine = sorted_by(families.get(row["Id"], []), query.order, operands)[: query.limit]
        if not mine:
            return None
        return {"totalSize": len(mine), "done": True, "records": [render(each) for each in mine]}

    return name, Children(shape, result)
