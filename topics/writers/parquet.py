"""Rows as Parquet, in row groups as they come, with a schema that does not depend on the data.

Lists and structs are typed: ``also`` is a list of strings, ``topics`` a list of (topic, score),
``furniture`` a list of offset pairs. Column order is the row's. A column that the record does not have is
kept as a string of JSON, so that nothing is guessed from the first rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from topics.errors import OutputError
from topics.writers.csv import check_columns
from topics.writers.rows import COLUMNS, Row
from topics.writers.sinks import Sink
from topics.writers.text import replace_surrogates

__all__ = ["make_schema", "write_parquet"]

# A group is written at whichever comes first: few enough rows to hold, enough for columns to compress.
_GROUP_ROWS = 4096
_GROUP_CHARACTERS = 16_000_000


def make_schema(columns: Iterable[str]) -> Any:
    """The Arrow schema of rows with these columns."""
    pa: Any = import_module("pyarrow")

    types = _column_types()
    return pa.schema([pa.field(column, types.get(column, pa.string())) for column in columns])


def write_parquet(rows: Iterable[Row], sink: Sink) -> int:
    """Writes row groups as they fill; returns how many rows.

    No rows: a file with the schema of a classified row.
    """
    pq: Any = import_module("pyarrow.parquet")

    writer: Any = None
    group: list[Row] = []
    n_rows = n_characters = 0
    try:
        for columns, row in check_columns(rows):
            if writer is None:
                schema = make_schema(columns)
                writer = pq.ParquetWriter(sink, schema, compression="zstd")
            group.append(row)
            n_rows += 1
            n_characters += len(row["text"])
            if len(group) == _GROUP_ROWS or n_characters >= _GROUP_CHARACTERS:
                writer.write_table(_make_table(group, schema))
                group, n_characters = [], 0
        if writer is None:
            writer = pq.ParquetWriter(sink, make_schema(COLUMNS), compression="zstd")
        if group:
            writer.write_table(_make_table(group, schema))
    except BaseException:
        sink.abandon()  # closing writes a footer, with which half a file would pass for a whole one
        if writer is not None:
            writer.close()
        raise
    writer.close()
    return n_rows


def _column_types() -> dict[str, Any]:
    pa: Any = import_module("pyarrow")

    whole = ("index", "start", "end", "start_line", "end_line")
    guess = pa.struct([("topic", pa.string()), ("score", pa.float64())])
    return {
        **{column: pa.int64() for column in whole},
        "score": pa.float64(),
        "boundary": pa.float64(),
        "unknown": pa.bool_(),
        "also": pa.list_(pa.string()),
        "topics": pa.list_(guess),
        "furniture": pa.list_(pa.list_(pa.int64())),
    }


def _make_table(rows: list[Row], schema: Any) -> Any:
    pa: Any = import_module("pyarrow")

    try:
        columns = [pa.array([_fit(row.get(field.name), field) for row in rows], field.type) for field in schema]
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        where = f"{rows[0]['dump']} to {rows[-1]['dump']}"
        message = f"a value in {where} is not of its column's type: {reason}. Write JSONL."
        raise OutputError(message) from error
    return pa.Table.from_arrays(columns, schema=schema)


def _fit(value: Any, field: Any) -> Any:
    if isinstance(value, str):
        return replace_surrogates(value)
    if value is None or str(field.type) != "string":
        return value
    return json.dumps(value, ensure_ascii=False)
