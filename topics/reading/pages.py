"""The article of an HTML page, with what the page says of it: text, title, date and outlet.

What is article and what is page is trafilatura's to tell; the text it gives is the dump. Bytes are decoded here,
as browsers do it: what is UTF-8 is, then the encoding that the page or its server declares, then a guess.
"""

from __future__ import annotations

import re
from typing import Final

from topics.reading.decoding import decode
from topics.reading.problems import Unreadable
from topics.records import Dump

__all__ = ["extract_article"]

_CHARSET: Final = re.compile(rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([\w-]+)", re.I)
_HEADER_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.I)
_LOOK_BYTES: Final = 4096
MONTHS_OF_YEAR: Final = 12
# No search of the page's prose, whose dates are mostly of something else. The library would stop at today's date: the
# same page must give the same date on any day.
_DATES: Final = {"extensive_search": False, "original_date": True, "max_date": "2100-01-01"}
# names that stand for a wider encoding than they say (WHATWG Encoding Standard)
_WIDER: Final = {
    "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "x-sjis": "cp932", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "big5": "big5hkscs",
}  # fmt: skip


def extract_article(
    name: str, page: bytes, *, encoding: str | None = None, content_type: str = "", outlet: str | None = None
) -> Dump:
    """The page's article as a dump; ``outlet`` is its source where the page names none.

    ``encoding`` forces one; ``content_type`` is the server's header. Raises :class:`Unreadable` where the page has
    no article.
    """
    from trafilatura import bare_extraction

    _silence()
    try:
        text = decode(page, encoding, declared=_declared_encoding(page, content_type))
    except Unreadable as problem:
        if problem.reason != "undecodable" or encoding is not None:
            raise
        text = page.decode("utf-8", "replace")  # as browsers show it
    try:
        found = bare_extraction(text, include_comments=False, with_metadata=True, date_extraction_params=_DATES)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        said = f"this page breaks the extraction library ({type(error).__name__}). Leave it out, or give its text."
        raise Unreadable("corrupt", said) from error
    if found is None or not (found.text or "").strip():
        raise Unreadable("empty", "no article text in this page. Remove it, or give its text.")
    return Dump(
        name,
        found.text,
        title=found.title or None,
        published=found.date if found.date and _is_plain_date(found.date, text) else None,
        source=found.sitename or found.hostname or outlet,
    )


def _is_plain_date(day: str, page: str) -> bool:
    """Does the page hold this day (``YYYY-MM-DD``) in a spelling that means no other, as 03/04/2026 does?"""
    year, month, date = day.split("-")
    m, d = f"0?{int(month)}", f"0?{int(date)}(?:st|nd|rd|th)?"
    word = r"[^\W\d_]{3,12}\.?"
    spellings = [
        rf"{year}(?P<a>[-/.]?){month}(?P=a){date}(?!\d)",  # 2026-04-03, 20260403
        rf"{year}(?P<b>[-/.]){m}(?P=b){d}",  # 2026/4/3
        rf"{d}\.?[\s-]+(?:de |of )?{word},?[\s-]+(?:de )?{year}",  # 3 April 2026, 3 de abril de 2026
        rf"{word}\s+{d},?\s+{year}",  # April 3, 2026
    ]
    if int(date) > MONTHS_OF_YEAR or date == month:
        spellings += [rf"{d}(?P<c>[-/.]){m}(?P=c){year}", rf"{m}(?P<e>[-/.]){d}(?P=e){year}"]
    return re.search(rf"(?<!\d)(?:{'|'.join(spellings)})", page) is not None


def _declared_encoding(page: bytes, content_type: str) -> str | None:
    if match := _HEADER_CHARSET.search(content_type):
        said = match[1]
    elif meta := _CHARSET.search(page[:_LOOK_BYTES]):
        said = meta[1].decode("ascii", "replace")
    else:
        return None
    return _WIDER.get(said.lower(), said)


def _silence() -> None:
    """These libraries log what a caller is told anyway."""
    import logging

    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
