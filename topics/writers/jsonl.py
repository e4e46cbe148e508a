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

_ESCAPED = re.compile("[\x00-\x07\x0b\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# what JSON escapes by one character; a backslash first
_NAMED = [(c.encode(), f"\\{name}".encode()) for c, name in zip('\\"\n\r\t\b\f', '\\"nrtbf', strict=True)]
_PLAIN = bytes(range(0x20, 0x7F))
_UNQUOTED = _PLAIN.translate(None, b'\\"')  # what a JSON string holds as it is
_LONG = 200  # characters; a shorter text is quoted with all else
_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def encode_row(row: Row) -> bytes:
    """One line with its line end. A number that JSON does not have (NaN) is a ``ValueError``."""
    fields = dict(row)
    texts: list[bytes] = []  # that the row ends with: nearly all of it, and more quickly quoted here
    try:
        while fields and isinstance(text := fields[name := next(reversed(fields))], str) and len(text) > _LONG:
            del fields[name]
            texts.append(_escape(_to_json(name).encode()) + b": " + _quote(text))
        parts = [_escape(_to_json(fields)[1:-1].encode())] if fields else []
    except UnicodeEncodeError:
        return json.dumps(dict(row), allow_nan=False).encode() + b"\n"
    return b"{" + b", ".join([*parts, *reversed(texts)]) + b"}\n"


def _quote(text: str) -> bytes:
    data = text.encode()
    others = data.translate(None, _UNQUOTED)  # leaves characters that are not ASCII whole
    for character, escape in _NAMED:
        if character in others:
            data = data.replace(character, escape)
    return b'"' + _write_out(data, others) + b'"'


def _escape(data: bytes) -> bytes:
    """JSON in UTF-8 with what stands for nothing to be seen as ``\\u`` escapes."""
    return _write_out(data, data.translate(None, _PLAIN))


def _write_out(data: bytes, others: bytes) -> bytes:
    """The same; ``others`` are the characters that may have to be escaped."""
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
