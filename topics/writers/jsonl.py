"""Rows as JSON Lines: one object a line, UTF-8, keys in the order of the row.

The text survives exactly. Characters that a reader may take for a line end, or a terminal for a command,
are written as ``\\u`` escapes, which every JSON parser gives back unchanged; so are lone surrogates, which
UTF-8 cannot hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from topics.writers.rows import Row
from topics.writers.sinks import Sink

__all__ = ["encode_row", "write_jsonl"]

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def encode_row(row: Row) -> bytes:
    """One line with its line end. A number that JSON does not have (NaN) is a ``ValueError``."""
    line = json.dumps(dict(row), ensure_ascii=False, allow_nan=False)
    if not line.isprintable():
        line = _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", line)
    try:
        return line.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(dict(row), allow_nan=False).encode() + b"\n"


def write_jsonl(rows: Iterable[Row], sink: Sink) -> int:
    """Writes one line a row as the rows come; returns how many."""
    n_rows = 0
    for row in rows:
        sink.write(encode_row(row))
        n_rows += 1
    return n_rows
