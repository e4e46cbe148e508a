"""Rows of JSON, a line each or one array: what most tools exchange."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from topics.errors import LabelError
from topics.reading.decoding import decode
from topics.reading.problems import Unreadable

__all__ = ["as_line", "as_topics", "read_records", "read_text"]


def read_text(path: Path) -> str:
    """A text file of whatever encoding, without a byte order mark."""
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise LabelError(f"{path}: no such file. Check the path.") from None
    except Unreadable as error:
        raise LabelError(f"{path}: {error}") from None
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror}).") from error


def read_records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Place and object of each row of a JSON array or of JSONL; a row that is no object is a :class:`LabelError`."""
    text = read_text(path)
    if text.lstrip().startswith("["):
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise LabelError(f"{path}: begins like a JSON array and is none ({error}). Export it again.") from None
        for number, row in enumerate(rows, 1):
            yield f"{path}:row {number}", _as_object(row, f"{path}:row {number}")
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{path}:{number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise LabelError(f"{place}: not JSON ({error}). Export it again, or name its --format.") from None
            yield place, _as_object(row, place)


def as_line(row: Mapping[str, Any]) -> bytes:
    """One line of JSONL."""
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # lone surrogates, as a broken dump has them
        return json.dumps(row).encode() + b"\n"


def as_topics(value: Any, place: str) -> tuple[str, ...]:
    """Topics from a string or a list of strings; ``None`` is none."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(dict.fromkeys(value))
    raise LabelError(f"{place}: labels are neither a text nor a list of texts. Export as text classification.")


def _as_object(row: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise LabelError(f"{place}: not a JSON object. Export it again, or name its --format.")
    return row
