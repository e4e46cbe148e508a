"""Records back from a ``.jsonl``, ``.jsonl.gz`` or ``.parquet`` file, each checked before anyone uses it.

A file of records may have been edited, cut or written by something else, so this is the edge where it is
checked, whole and once: every field that the record has is there and of its type. What is wrong is a
``DumpError`` that names the file, the line and the field.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from topics.errors import DumpError
from topics.records import KINDS
from topics.writers.rows import Row

__all__ = ["parse_stored_row", "read_stored", "read_stored_rows"]

_Check = Callable[[Any], bool]
_BATCH_ROWS = 1024


def read_stored_rows(path: Path) -> Iterator[Row]:
    """The rows of one file: a JSON object a line, gzipped or not (blank lines are passed over), or Parquet."""
    try:
        with open(path, "rb") as file:
            yield from read_stored(file, str(path), path.name.lower().rpartition(".")[2])
    except FileNotFoundError as error:
        raise DumpError(f"{path}: there is no such file. Check the name.") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise DumpError(f"{path}: cannot be read: {reason}. Check the file.") from error


def read_stored(file: BinaryIO, where: str, format: str) -> Iterator[Row]:
    """The same of a file that is open, called ``where``; ``format`` is ``jsonl``, ``gz`` or ``parquet``."""
    if format == "parquet":
        yield from _read_parquet(file, where)
        return
    lines = gzip.GzipFile(fileobj=file, mode="rb") if format == "gz" else file
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield parse_stored_row(line, f"{where}:{number}")


def _read_parquet(file: BinaryIO, where: str) -> Iterator[Row]:
    parquet: Any = import_module("pyarrow.parquet")
    arrow: Any = import_module("pyarrow")
    try:
        batches = parquet.ParquetFile(file).iter_batches(_BATCH_ROWS)
        for number, row in enumerate((row for batch in batches for row in batch.to_pylist()), 1):
            yield _check_row(row, f"{where}: row {number}")
    except arrow.ArrowException as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DumpError(f"{where}: cannot be read: {reason}. Check the file.") from error


def parse_stored_row(line: bytes, where: str) -> Row:
    """The row that one line spells; ``where`` leads the message of what is wrong with it."""
    row: Any = None
    with suppress(ValueError, RecursionError):  # ValueError covers bad UTF-8 and bad JSON
        row = json.loads(line)
    if not isinstance(row, dict):
        raise DumpError(f"{where}: not a JSON object. Each line holds one record of `topics classify`.")
    return _check_row(row, where)


def _check_row(row: dict[str, Any], where: str) -> Row:
    checks = _CHECKS | _TOPIC_CHECKS if "topic" in row else _CHECKS
    for field, check in checks.items():
        if field not in row:
            raise DumpError(f'{where}: the record has no "{field}". Read what `topics classify` wrote.')
        if not check(row[field]):
            raise DumpError(f'{where}: "{field}" cannot be {_show(row[field])}. Mend the line or classify again.')
    return row


def _show(value: Any) -> str:
    shown = json.dumps(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _is_probability(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_probability_or_null(value: Any) -> bool:
    return value is None or _is_probability(value)


def _is_span(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_count, value))


def _is_guess(value: Any) -> bool:
    return isinstance(value, dict) and _is_text(value.get("topic")) and _is_probability(value.get("score"))


def _list_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


_CHECKS: dict[str, _Check] = {
    **dict.fromkeys(("id", "digest", "dump", "language", "text"), _is_text),
    **dict.fromkeys(("index", "start", "end", "start_line", "end_line"), _is_count),
    **dict.fromkeys(("title", "published", "source", "duplicate_of"), _is_text_or_null),
    "kind": lambda value: value in KINDS,
    "boundary": _is_probability,
    "furniture": _list_of(_is_span),
}
_TOPIC_CHECKS: dict[str, _Check] = {
    "topic": _is_text_or_null,
    "score": _is_probability_or_null,
    "also": _list_of(_is_text),
    "unknown": lambda value: isinstance(value, bool),
    "topics": _list_of(_is_guess),
    "model": _is_text,
}
