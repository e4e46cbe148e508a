"""Records of WARC and WET files, as crawlers write them: pages become articles, converted texts stay as they are.

Parsing and HTTP codings are warcio's. It says what is wrong on stderr and passes over what is cut short, so both
are watched here. After a damaged record nothing is sure, and reading of that file ends with a problem.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr
from typing import Any, Final
from urllib.parse import urlsplit

from topics.reading.compression import Opened, read_bounded
from topics.reading.decoding import decode
from topics.reading.pages import extract_article
from topics.reading.problems import Problem, Unreadable
from topics.reading.sources import Source
from topics.records import Dump

__all__ = ["read_warc"]

_PAGES: Final = ("text/html", "application/xhtml")
_SKIP_BYTES: Final = 1 << 16


def read_warc(source: Source, opened: Opened) -> Iterator[Dump | Problem]:
    """The dumps of one WARC or WET file; records that carry neither text nor a page are passed over."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    records = iter(ArchiveIterator(_Pieces(opened.stream)))
    number = 0
    while True:
        number += 1
        where = f"{source.where}#{number}"
        try:
            with redirect_stderr(io.StringIO()):
                record = next(records, None)
                content = None if record is None else _read_content(record)
        except (ArchiveLoadFailed, EOFError, ValueError, AttributeError, TypeError, LookupError, OverflowError):
            # warcio takes fields for granted that a damaged record lacks
            said = "not a WARC record. Fetch the file again; the records before are read."
            yield Unreadable("corrupt", said).at(where)
            return
        except Unreadable as problem:
            yield problem.at(where)
            if problem.reason == "corrupt":
                return
            continue
        if record is None:
            return
        if content is not None:
            try:
                yield _make_dump(record, content, f"{source.name}#{number}")
            except Unreadable as problem:
                yield problem.at(where)


class _Pieces:
    """A stream in pieces as they come, so that records are given out before damage behind them is met."""

    def __init__(self, stream: io.BufferedReader[Any]) -> None:
        self.read = stream.read1


def _read_content(record: Any) -> bytes | None:
    """The bytes of a text or a page; None for records that carry neither."""
    length = record.rec_headers.get_header("Content-Length") or ""
    content = read_bounded(record.content_stream()) if _is_text(record) or _is_page(record) else None
    while record.raw_stream.read(_SKIP_BYTES):
        pass
    if not length.strip().isdecimal() or record.raw_stream.limit > 0:
        raise Unreadable("corrupt", "a record cut short. Fetch the file again; the records before are read.")
    return content


def _make_dump(record: Any, content: bytes, name: str) -> Dump:
    outlet = _find_host(record.rec_headers.get_header("WARC-Target-URI") or "")
    if _is_page(record):
        return extract_article(name, content, content_type=_content_type(record), outlet=outlet)
    text = decode(content)
    if not text.strip():
        raise Unreadable("empty", "no text in this record. Remove it.")
    return Dump(name, text, source=outlet)


def _find_host(uri: str) -> str | None:
    try:
        return urlsplit(uri).hostname
    except ValueError:  # half an IPv6 address and the like
        return None


def _is_text(record: Any) -> bool:
    return bool(record.rec_type == "conversion")


def _is_page(record: Any) -> bool:
    """Is it a page as a reader sees it? Redirects and error pages are not."""
    if record.rec_type not in ("response", "resource") or not _content_type(record).startswith(_PAGES):
        return False
    status = record.http_headers.get_statuscode() if record.http_headers else "200"
    return bool(status.startswith("2"))


def _content_type(record: Any) -> str:
    headers = record.http_headers or record.rec_headers
    return (headers.get_header("Content-Type") or "").lower()
