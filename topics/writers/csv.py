"""Rows as CSV (RFC 4180): UTF-8, a header, lines that end in CR LF, quotes doubled.

Secondary topics are joined by ``;``, spans and guesses are JSON, nothing is an empty cell, and truth is
``true`` or ``false``. A spreadsheet runs a cell that begins with ``=`` as a formula, and dump text is
anybody's: string cells that begin with one of ``= + - @``, tab, CR or LF get a ``'`` in front. For text
that has to come back exactly there is JSONL.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from topics.errors import OutputError
from topics.writers.rows import COLUMNS, Row
from topics.writers.sinks import Sink
from topics.writers.text import replace_surrogates

__all__ = ["check_columns", "format_cell", "write_csv"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(rows: Iterable[Row], sink: Sink) -> int:
    """Writes rows as they come; the first says which columns there are. Returns how many.

    No rows: the header of a classified row. A later row with a column that the first one lacks is an
    OutputError.
    """
    lines = csv.writer(_Encoded(sink), lineterminator="\r\n")
    columns: tuple[str, ...] | None = None
    n_rows = 0
    for columns, row in check_columns(rows):
        if n_rows == 0:
            lines.writerow(columns)
        lines.writerow([format_cell(row.get(column)) for column in columns])
        n_rows += 1
    if columns is None:
        lines.writerow(COLUMNS)
    return n_rows


def check_columns(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, ...], Row]]:
    """Each row beside the columns of the first one; no value of a later row may be without a column."""
    columns: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    for number, row in enumerate(rows, 1):
        if number == 1:
            columns = tuple(row)
            known = frozenset(columns)
        elif not known.issuperset(row):
            extra = sorted(row.keys() - known)[0]
            raise OutputError(
                f'row {number} ({row["dump"]}) has "{extra}" and the first row has not. '
                "Write JSONL, whose rows may differ."
            )
        yield columns, row


class _Encoded:
    """The text side that ``csv.writer`` asks for."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, text: str) -> int:
        return self._sink.write(replace_surrogates(text).encode())


def format_cell(value: Any) -> str:
    """One value as a cell, with a ``'`` before what a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return format_cell(";".join(value))
    if isinstance(value, list | tuple) and not value:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
