"""What a segment says about itself: when it was published, and who published it.

In: the segment's opening paragraphs. Out: an ISO date and a source, or ``None`` where the text does not show
them beyond doubt: a date without a year, or one whose day and month could be swapped, is no date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

__all__ = ["find_published", "find_source"]

_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR: Final = r"(?:19[89]\d|20[0-4]\d)"
_DATES: Final = re.compile(
    rf"(?P<dmy>\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? {_YEAR})"
    rf"|(?P<mdy>\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR})"
    rf"|(?P<iso>\b{_YEAR}-\d\d-\d\d)"
    rf"|(?P<slash>\b\d{{1,2}}[/.]\d{{1,2}}[/.]{_YEAR}\b)",
    re.IGNORECASE,
)
_AGENCIES: Final = r"Reuters|AP|UPI|AFP|dpa|TASS|Xinhua|Bloomberg|PTI|ANSA|EFE|Kyodo|Yonhap|CNN|Interfax|Anadolu"
# "LONDON (Reuters) - ", "Jan. 2 (UPI) — ", "CAIRO, May 4 (Wire) -": an agency in brackets before a dash
_DATELINE_SOURCE: Final = re.compile(r"^.{0,60}?\((?P<name>[A-Z][\w. ]{1,24})\)\s*[-–—]{1,2}\s")
_COPYRIGHT: Final = re.compile(r"(?:©|\bCopyright)\s*(?:©\s*)?\d{4}\s+(?P<name>[A-Z][\w&. ’'-]{2,40}?)(?:\.|,|$| All )")
_AGENCY: Final = re.compile(rf"^(?:{_AGENCIES})$")


def find_published(lead: Sequence[str]) -> str | None:
    """The first full date among page lines (date lines, bylines, "Published On …"), as ``YYYY-MM-DD``.

    >>> find_published(["By A. Writer", "Published On 5 Jan 20265 Jan 2026"])
    '2026-01-05'
    >>> find_published(["04/05/2025"]) is None
    True
    """
    for line in lead:
        match = _DATES.search(line)
        if match:
            return _iso(match)
    return None


def _iso(match: re.Match[str]) -> str | None:
    text = match.group()
    if match["slash"]:
        first, second, year = (int(part) for part in re.split(r"[/.]", text))
        if first == second:
            return _checked(year, first, second)
        if first > 12:
            return _checked(year, second, first)
        if second > 12:
            return _checked(year, first, second)
        return None
    from dateutil import parser

    try:
        found = parser.parse(re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text, flags=re.IGNORECASE))
    except (ValueError, OverflowError):
        return None
    return _checked(found.year, found.month, found.day)


def _checked(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def find_source(opening: Sequence[str], page_lines: Sequence[str]) -> str | None:
    """The agency in a dateline of the first body paragraphs, else the holder of a copyright line.

    >>> find_source(["GENEVA (Reuters) - Delegates met on Monday."], [])
    'Reuters'
    """
    for text in opening:
        match = _DATELINE_SOURCE.match(text)
        if match and (_AGENCY.match(match["name"]) or match["name"].endswith(("Wire", "News", "Press"))):
            return match["name"]
    for text in page_lines:
        match = _COPYRIGHT.search(text)
        if match:
            return match["name"].strip()
    return None
