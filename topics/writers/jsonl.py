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

_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PLAIN = bytes(range(0x20, 0x7F))
# what JSON escapes by one character; a backslash first
_NAMED = [(c.encode(), f"\\{name}".encode()) for c, name in zip('\\"\n\r\t\b\f', '\\"nrtbf', strict=True)]
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def encode_row(row: Row) -> bytes:
    """One line with its line end. A number that JSON does not have (NaN) is a ``ValueError``."""
    fields = dict(row)
    texts: list[tuple[str, str]] = []  # that the row ends with: nearly all of it, and more quickly quoted here
    while fields and isinstance(fields[last := next(reversed(fields))], str):
        texts.append((last, fields.pop(last)))
    try:
        parts = [_escape(_to_json(fields)[1:-1].encode())] if fields else []
        parts += (_quote(name) + b": " + _quote(text) for name, text in reversed(texts))
    except UnicodeEncodeError:
        return json.dumps(dict(row), allow_nan=False).encode() + b"\n"
    return b"{" + b", ".join(parts) + b"}\n"


def _quote(text: str) -> bytes:
    data = text.encode()
    for character, escape in _NAMED:
        data = data.replace(character, escape)
    return b'"' + _escape(data) + b'"'


def _escape(data: bytes) -> bytes:
    """UTF-8 with what stands for nothing to be seen as ``\\u`` escapes."""
    others = data.translate(None, _PLAIN)  # leaves characters that are not ASCII whole
    if others and _ESCAPED.search(others.decode()):
        return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", data.decode()).encode()
    return data


def write_jsonl(rows: Iterable[Row], sink: Sink) -> int:
    """Writes one line a row as the rows come; returns how many."""
    n_rows = 0
    for row in rows:
        sink.write(encode_row(row))
        n_rows += 1
    return n_rows
