"""Rows to a file or a stream in one of five formats.

JSONL, CSV and Parquet are written as the rows come; Markdown and HTML hold them, since their summary comes
first. A file appears whole or not at all; a stream gets what there was until something went wrong.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, TextIO

from topics.errors import OutputError
from topics.writers.atomic import open_atomic
from topics.writers.csv import write_csv
from topics.writers.html import write_html
from topics.writers.jsonl import write_jsonl
from topics.writers.markdown import write_markdown
from topics.writers.parquet import write_parquet
from topics.writers.rows import Row
from topics.writers.sinks import Sink, open_stream

__all__ = ["FORMATS", "check_format", "format_for", "write_rows", "write_sink"]

FORMATS = ("jsonl", "csv", "parquet", "md", "html")

_ALIASES = {"markdown": "md", "htm": "html"}
_WRITERS: dict[str, Callable[[Iterable[Row], Sink], int]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
    "md": write_markdown,
    "html": write_html,
}


def format_for(path: Path) -> str:
    """The format that a file's suffix names.

    >>> format_for(Path("march.MD"))
    'md'
    """
    suffix = path.suffix.lower().removeprefix(".")
    name = _ALIASES.get(suffix, suffix)
    if name not in FORMATS:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise OutputError(f"{path}: no format has this suffix. Use one of {known}, or name a --format.")
    return name


def check_format(name: str) -> str:
    """The one name of a format: ``markdown`` is ``md``."""
    found = _ALIASES.get(name.lower(), name.lower())
    if found not in FORMATS:
        raise OutputError(f'unknown format "{name}". Formats are {", ".join(FORMATS)}.')
    return found


def write_rows(
    rows: Iterable[Row], path: Path | str | None, format: str, *, stream: TextIO | BinaryIO | None = None
) -> int:
    """Writes all rows to ``path``, or to ``stream`` (without both, to standard output); returns how many.

    Text is UTF-8 whatever the stream's encoding. Parquet is refused on a terminal and on a stream of text.

    >>> import topics
    >>> rows = [topics.to_row(piece) for piece in topics.segment("The ferry sailed at noon.")]
    >>> len(rows), "ferry" in rows[0]["text"]
    (1, True)
    >>> topics.write_rows(rows, None, "jsonl")  # doctest: +ELLIPSIS
    {"id": ...}
    1
    """
    write = _WRITERS[check_format(format)]
    if path is not None and stream is not None:
        raise ValueError("write_rows takes a path or a stream, not both")
    if path is not None:
        with open_atomic(Path(path)) as sink:
            return write(rows, sink)
    out = sys.stdout if stream is None else stream
    if write is write_parquet:
        _refuse_binary(out)
    with open_stream(out, _name_stream(out)) as sink:
        return write(rows, sink)


def write_sink(rows: Iterable[Row], sink: Sink, format: str) -> int:
    """Writes all rows to a sink that is open already; returns how many."""
    return _WRITERS[check_format(format)](rows, sink)


def _refuse_binary(stream: TextIO | BinaryIO) -> None:
    if stream.isatty() or (isinstance(stream, io.TextIOBase) and not hasattr(stream, "buffer")):
        raise OutputError("Parquet is binary and would garble the screen. Use --output FILE.parquet.")


def _name_stream(stream: TextIO | BinaryIO) -> str:
    name = getattr(stream, "name", None)
    return "standard output" if name in ("<stdout>", 1) else str(name or "the stream")
