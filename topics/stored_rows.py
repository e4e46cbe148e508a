"""Records back from a ``.jsonl`` or ``.jsonl.gz`` file, each checked before anyone uses it.

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
from pathlib import Path
from typing import Any, BinaryIO

from topics.errors import DumpError
from topics.records import KINDS
from topics.writers.rows import Row

__all__ = ["parse_stored_row", "read_stored_rows"]

_Check = Callable[[Any], bool]


def read_stored_rows(path: Path) -> Iterator[Row]:
    """The rows of one file, a JSON object a line; blank lines are passed over."""
    try:
        with _open(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield parse_stored_row(line, f"{path}:{number}")
    except FileNotFoundError as error:
        raise DumpError(f"{path}: there is no such file. Check the name.") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise DumpError(f"{path}: cannot be read: {reason}. Check the file.") from error


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rb")
    return open(path, "rb")


def parse_stored_row(line: bytes, where: str) -> Row:
    """The row that one line spells; ``where`` leads the message of what is wrong with it."""
    row: Any = None
    with suppress(ValueError, RecursionError):  # ValueError covers bad UTF-8 and bad JSON
        row = json.loads(line)
    if not isinstance(row, dict):
        raise DumpError(f"{where}: not a JSON object. Each line holds one record of `topics classify`.")
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
