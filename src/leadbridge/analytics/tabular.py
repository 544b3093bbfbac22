"""Rows as the data frames of other libraries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadbridge.errors import AdapterMissing

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["arrow_table", "pandas_frame", "polars_frame"]


def arrow_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> pyarrow.Table:
    """Rows as an Arrow table.

    Raises:
        AdapterMissing: pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
    except ImportError:
        raise AdapterMissing("to_arrow needs pyarrow: pip install pyarrow") from None
    given = list(rows)
    return arrow.table({name: [row.get(name) for row in given] for name in columns})


def pandas_frame(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> pandas.DataFrame:
    """Rows as a pandas frame.

    Raises:
        AdapterMissing: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise AdapterMissing("to_pandas needs pandas: pip install pandas") from None
    return pandas.DataFrame([dict(row) for row in rows], columns=list(columns))


def polars_frame(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> polars.DataFrame:
    """Rows as a Polars frame.

    Raises:
        AdapterMissing: Polars is not installed.
    """
    try:
        import polars
    except ImportError:
        raise AdapterMissing("to_polars needs polars: pip install polars") from None
    return polars.DataFrame([dict(row) for row in rows], schema=list(columns), infer_schema_length=None)
