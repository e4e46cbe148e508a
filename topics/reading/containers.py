"""What an opened input holds: one text, or records of JSON, WET or WARC, or the article of an HTML page.

The format is told by the first bytes and, where these leave it open, by the name's suffix. Each record that
cannot be used is a problem of its own; the others are read.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from topics.reading.compression import Opened, read_lines, too_large
from topics.reading.decoding import decode, find_wide_encoding, refuse_binary
from topics.reading.long import LONG_BYTES, LongDump, read_long
from topics.reading.pages import extract_article
from topics.reading.problems import Problem, Unreadable
from topics.reading.sources import Source, inner_suffix
from topics.reading.warc import read_warc
from topics.records import Dump

__all__ = ["JSONL", "ReadOptions", "read_line_records", "read_opened"]

JSONL: Final = {".jsonl", ".ndjson", ".jl"}
_HTML: Final = {".html", ".htm", ".xhtml"}
_HTML_HEAD: Final = re.compile(
    rb"(?>(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*)<(?:!doctype html|html|head)\b", re.I | re.S
)
_ISO_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]|$)")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read.

    ``whole``: a JSONL record's ``id`` becomes its dump's name. ``encoding``: ``None`` tells it from the bytes.
    ``stream``: a plain text of more than ``LONG_BYTES`` is given as a ``LongDump``, which is not read into memory.
    ``output``: a file that results go to; where a folder or a glob holds it, it is no input.
    """

    text_field: str = "text"
    whole: bool = False
    encoding: str | None = None
    stream: bool = False
    output: str | os.PathLike[str] | None = None


def read_opened(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | LongDump | Problem]:
    """The dumps of one input, in order; never nothing: an input without a record is a problem."""
    found = False
    for item in _read_format(source, opened, options):
        found = True
        yield item
    if not found:
        raise Unreadable("empty", "no record with text in it. Remove it, or see whether it was written whole.")


def _read_format(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | LongDump | Problem]:
    suffix = inner_suffix(source.name)
    head = opened.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"WARC/"):
        yield from read_warc(source, opened)
    elif suffix in JSONL or (suffix in ("", ".txt", ".json") and _begins_with_object(head)):
        yield from _read_lines(source, opened, options)
    elif suffix == ".json":
        yield from _read_array(source, opened, options)
    elif suffix in _HTML or _HTML_HEAD.match(opened.head):
        yield extract_article(source.name, opened.read_all(), encoding=options.encoding)
    elif options.stream:
        head = opened.stream.read(LONG_BYTES + 2)  # an even number, for UTF-16
        if len(head) > LONG_BYTES:
            yield read_long(source, opened, head, options.encoding)
        else:
            yield _checked(Dump(source.name, decode(head, options.encoding)), source.where)
    else:
        yield _checked(Dump(source.name, decode(opened.read_all(), options.encoding)), source.where)


def _checked(dump: Dump, where: str) -> Dump | Problem:
    if dump.text.strip():
        return dump
    return Unreadable("empty", "no text in it. Remove it, or see whether it was written whole.").at(where)


def _begins_with_object(head: bytes) -> bool:
    """Is the first line a JSON object of its own?"""
    if not head.startswith(b"{"):
        return False
    line = head.split(b"\n", 1)[0]
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # a first record longer than the head: a quoted key must follow the brace
        return b"\n" not in head and re.match(rb'\{\s*"', head) is not None


def _read_lines(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | Problem]:
    if options.encoding or find_wide_encoding(opened.head):
        for number, line in enumerate(decode(opened.read_all(), options.encoding).split("\n"), 1):
            if line.strip():
                yield _read_json(line, number, source, options)
    else:
        refuse_binary(opened.head)
        yield from read_line_records(source, read_lines(opened.stream), 1, options)


def read_line_records(
    source: Source, lines: Iterable[bytes | None], first: int, options: ReadOptions
) -> Iterator[Dump | Problem]:
    """The dumps of some lines (:func:`read_lines`) of a JSONL input in UTF-8; the first has the number ``first``."""
    for number, line in enumerate(lines, first):
        if line is None:
            yield too_large().at(f"{source.where}:{number}")
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield _read_json(line, number, source, options)


def _read_json(line: str | bytes, number: int, source: Source, options: ReadOptions) -> Dump | Problem:
    where = f"{source.where}:{number}"
    try:
        record = json.loads(line if isinstance(line, str) else line.decode())
    except UnicodeDecodeError:
        said = "not UTF-8, as JSON lines are. Mend the line, or name the file's encoding with --encoding."
        return Unreadable("undecodable", said).at(where)
    except (ValueError, RecursionError):
        return Unreadable("bad_json", "not JSON. Mend or remove the line.").at(where)
    return _record_dump(record, number, where, source, options)


def _read_array(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | Problem]:
    text = decode(opened.read_all(), options.encoding)
    if not text.strip():
        return
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        said = "not JSON. Mend the file, or name it .txt to read it as text."
        raise Unreadable("bad_json", said) from None
    for number, record in enumerate(records if isinstance(records, list) else [records], 1):
        yield _record_dump(record, number, f"{source.where}#{number}", source, options)


def _record_dump(record: Any, number: int, where: str, source: Source, options: ReadOptions) -> Dump | Problem:
    if not isinstance(record, dict):
        said = f'not an object. Each record is {{"{options.text_field}": "..."}}.'
        return Unreadable("no_text_field", said).at(where)
    text = record.get(options.text_field)
    if not isinstance(text, str):
        said = f'no text in field "{options.text_field}". '
        known = ", ".join(sorted(key for key, value in record.items() if isinstance(value, str)))
        move = f'Text is in: {known}. Name one with --text-field, or call it "text" for commands without that option.'
        return Unreadable("no_text_field", said + (move if known else "No field of it holds text.")).at(where)
    name, own_id = f"{source.name}#{number}", record.get("id")
    if options.whole and isinstance(own_id, str | int) and own_id != "":
        name = str(own_id)
    dump = Dump(
        _make_sound(name),
        _make_sound(text),
        title=_read_field(record, "title"),
        published=_read_date(record),
        source=_read_field(record, "source"),
    )
    return _checked(dump, where)


def _make_sound(text: str) -> str:
    """JSON can spell half of a surrogate pair, which no file can hold: it becomes a question mark."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _read_field(record: Mapping[str, Any], key: str) -> str | None:
    value = record.get(key)
    return _make_sound(value.strip()) or None if isinstance(value, str) else None


def _read_date(record: Mapping[str, Any]) -> str | None:
    """The day of ``published``, else of ``date``, where one of them is an ISO date."""
    for key in ("published", "date"):
        value = record.get(key)
        if isinstance(value, str) and (match := _ISO_DATE.match(value)):
            try:
                return date.fromisoformat(match[1]).isoformat()
            except ValueError:
                continue
    return None
