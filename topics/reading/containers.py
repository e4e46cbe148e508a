"""What an opened input holds: one text, or records of JSON, WET or WARC, or the article of an HTML page.

The format is told by the first bytes and, where these leave it open, by the name's suffix. Each record that
cannot be used is a problem of its own; the others are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from topics.reading.compression import Opened, inflate, read_bounded
from topics.reading.decoding import decode
from topics.reading.problems import Problem, Unreadable
from topics.reading.sources import Source, inner_suffix
from topics.records import Dump

__all__ = ["ReadOptions", "read_opened"]

_JSONL: Final = {".jsonl", ".ndjson", ".jl"}
_HTML: Final = {".html", ".htm", ".xhtml"}
_HTML_HEAD: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head)\b", re.I | re.S)
_ISO_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]|$)")
_HTML_TYPES: Final = ("text/html", "application/xhtml")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read. ``whole``: a JSONL record's ``id`` becomes its dump's name. ``encoding``: None tells it from the bytes."""

    text_field: str = "text"
    whole: bool = False
    encoding: str | None = None


def read_opened(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | Problem]:
    """The dumps of one input, in order."""
    suffix = inner_suffix(source.name)
    head = opened.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"WARC/"):
        yield from _read_warc(source, opened)
    elif suffix in _JSONL or (suffix in ("", ".txt", ".json") and _begins_with_object(head)):
        yield from _read_lines(source, opened, options)
    elif suffix == ".json":
        yield from _read_array(source, opened, options)
    elif suffix in _HTML or _HTML_HEAD.match(opened.head):
        yield _extract(source.name, source.where, opened.read_all(), None)
    else:
        text = decode(opened.read_all(), options.encoding)
        yield _checked(Dump(source.name, text), source.where)


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
    except ValueError:
        # a first record longer than the head: a quoted key must follow the brace
        return b"\n" not in head and re.match(rb'\{\s*"', head) is not None


def _read_lines(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | Problem]:
    encoding = options.encoding or ("utf-16" if opened.head[:2] in (b"\xff\xfe", b"\xfe\xff") else None)
    lines: Iterator[bytes] = iter(opened.buffered())
    if encoding:
        lines = (line.encode() for line in decode(opened.read_all(), options.encoding).splitlines())
    for number, line in enumerate(lines, 1):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            yield _read_json(line, number, source, options)


def _read_json(line: bytes, number: int, source: Source, options: ReadOptions) -> Dump | Problem:
    where = f"{source.where}:{number}"
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return Unreadable("bad_json", "not JSON. Mend or remove the line.").at(where)
    return _record_dump(record, number, where, source, options)


def _read_array(source: Source, opened: Opened, options: ReadOptions) -> Iterator[Dump | Problem]:
    try:
        records = json.loads(decode(opened.read_all(), options.encoding))
    except (ValueError, RecursionError):
        yield Unreadable("bad_json", "not JSON. Mend the file, or name it .txt to read it as text.").at(source.where)
        return
    for number, record in enumerate(records if isinstance(records, list) else [records], 1):
        yield _record_dump(record, number, f"{source.where}#{number}", source, options)


def _record_dump(record: Any, number: int, where: str, source: Source, options: ReadOptions) -> Dump | Problem:
    text = record.get(options.text_field) if isinstance(record, dict) else None
    if not isinstance(text, str):
        known = ", ".join(sorted(k for k, v in record.items() if isinstance(v, str))) if isinstance(record, dict) else ""
        said = f'no text in field "{options.text_field}". Name the field with --text-field'
        return Unreadable("no_text_field", f"{said} ({known})." if known else f"{said}.").at(where)
    name = f"{source.name}#{number}"
    if options.whole and isinstance(record.get("id"), str | int):
        name = str(record["id"])
    title, outlet = record.get("title"), record.get("source")
    return _checked(
        Dump(
            name,
            text.encode("utf-8", "replace").decode() if not _is_sound(text) else text,
            title=title.strip() or None if isinstance(title, str) else None,
            published=_published(record),
            source=outlet.strip() or None if isinstance(outlet, str) else None,
        ),
        where,
    )


def _is_sound(text: str) -> bool:
    """JSON can spell half of a surrogate pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _published(record: Mapping[str, Any]) -> str | None:
    for key in ("published", "date"):
        value = record.get(key)
        match = _ISO_DATE.match(value) if isinstance(value, str) else None
        if match:
            try:
                return datetime.fromisoformat(match[1]).date().isoformat()
            except ValueError:
                continue
    return None


def _read_warc(source: Source, opened: Opened) -> Iterator[Dump | Problem]:
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    records = iter(ArchiveIterator(opened.buffered(), no_record_parse=False, verify_http=False))
    number = 0
    while True:
        try:
            record = next(records, None)
            if record is None:
                return
            number += 1
            found = _read_record(record, f"{source.name}#{number}", f"{source.where}#{number}")
        except (ArchiveLoadFailed, EOFError, ValueError) as error:
            said = f"damaged ({error or 'cut short'}). Fetch it again; the records before are read."
            yield Unreadable("corrupt", said).at(f"{source.where}#{number + 1}")
            return
        except Unreadable as problem:
            yield problem.at(f"{source.where}#{number}")
            continue
        if found is not None:
            yield found


def _read_record(record: Any, name: str, where: str) -> Dump | Problem | None:
    """A dump for text and HTML; None for records that carry neither."""
    uri = record.rec_headers.get_header("WARC-Target-URI") or ""
    outlet = urlsplit(uri).hostname
    if record.rec_type == "conversion":
        text = decode(read_bounded(record.content_stream()))
        return _checked(Dump(name, text, source=outlet), where)
    if record.rec_type not in ("response", "resource"):
        return None
    headers = record.http_headers or record.rec_headers
    kind = (headers.get_header("Content-Type") or "").lower()
    if not kind.startswith(_HTML_TYPES):
        return None
    body = read_bounded(record.content_stream())
    return _extract(name, where, inflate(body), outlet)


def _extract(name: str, where: str, page: bytes, outlet: str | None) -> Dump | Problem:
    """The article of an HTML page, with what the page says of it."""
    import logging

    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    found = bare_extraction(page, include_comments=False, with_metadata=True)
    text = (found.text or "") if found is not None else ""
    if not text.strip():
        return Unreadable("empty", "no article text in this page. Remove it, or give its text.").at(where)
    date = _ISO_DATE.match(found.date or "")
    return Dump(
        name,
        text,
        title=found.title or None,
        published=date[1] if date else None,
        source=found.sitename or found.hostname or outlet,
    )
