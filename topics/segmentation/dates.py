"""When a segment was published, read off its date lines.

In: the segment's lines. Out: an ISO date, or ``None`` where the text shows none beyond doubt: a date without a
year, or one that can be read in two ways, is no date. A date line is known by its own form (a date, and little
else but times, labels and names), since it stays one whatever role the model gave it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import compress, islice
from typing import Final

from topics.segmentation.looks import DATED, Looks, find_long, look_at

__all__ = ["MONTHS", "find_published", "is_date_line"]

DATE_LINE: Final = 160  # code points of a line that are looked at for a date
DATE_LINES: Final = 20  # a date stands no deeper, with sharing buttons above it
OPENING: Final = 3  # body paragraphs that may open with a dateline
BODY_BEFORE_DATE: Final = 2  # a standfirst may stand above the date, and a caption taken for one
LABEL_LINE: Final = 40  # a label that stands over its date is shorter

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|"
        "oct october|nov november|dec december".split("|"),
        1,
    )
    for name in names.split()
}
_MONTH: Final = rf"(?P<{{0}}>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_DAY: Final = r"(?P<{0}>\d{{1,2}})(?:st|nd|rd|th)?"
# "5 Jan 20265 Jan 2026": a page that prints a date twice leaves no blank between the two
_YEAR: Final = r"(?P<{0}>(?:19[89]\d|20[0-4]\d))(?!\d(?!\d?(?:st|nd|rd|th)?[ -][A-Za-z]))"
_DATE: Final = re.compile(
    rf"(?<![\d/.-])(?:{_DAY.format('d1')}(?: of|\.)?[ -]?{_MONTH.format('m1')}[ ,-]{{0,3}}{_YEAR.format('y1')}"
    rf"|{_YEAR.format('y2')}[-/.](?P<m2>\d\d?)[-/.](?P<d2>\d\d?)(?!\d)"
    rf"|(?P<a>\d\d?)(?P<joint>[-/.])(?P<b>\d\d?)(?P=joint)(?P<c>(?:19|20)?\d\d)(?![\d/.-]))"
    rf"|\b{_MONTH.format('m3')}[ -]{{0,2}}{_DAY.format('d3')}[ ,-]{{1,3}}{_YEAR.format('y3')}"
    rf"|(?<!\d){_YEAR.format('y4')},? {_MONTH.format('m4')} {_DAY.format('d4')}\b(?!:)",
    re.IGNORECASE,
)
# In all that _DATE matches, which has no more than DATE_LENGTH code points on either side of it, with what may not
# follow. It begins with a set of characters, for which a text is looked through fast.
_HOLDS_DATE: Final = re.compile(r"\d(?:(?<=1)9[89]\d|(?<=2)0[0-4]\d|[-/.]\d\d?[-/.]\d)")
DATE_LENGTH: Final = 40
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY: Final = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\b", re.IGNORECASE)
_ISSUED: Final = re.compile(
    r"\b(?:(?:first |originally )?(?:published|posted|released|issued)|publi(?:sh|cation) date|date published|"
    r"created)\b",
    re.IGNORECASE,
)
_CHANGED: Final = re.compile(r"\b(?:updated?|modified|revised|edited|reviewed|amended|corrected)\b", re.IGNORECASE)
# dates of something else than the page: "Deadline: 5 May 2026"
_EVENT: Final = re.compile(
    r"\b(?:deadline|expir\w+|valid|until|ends?|ending|starts?|starting|begins?|opens?|closes?|opening|closing|due|"
    r"born|died|dies|event|events|when|from|through|tickets?|sale|offer|release date|kick-?off|next|upcoming|"
    r"correction|copyright|file|photo|picture|image|recorded|taken|last seen|effective|archive[sd]?|retrieved|"
    r"accessed|join\w*|established|founded|since|before|after|handout|getty|shutterstock|pool|via)\b|©|\[|"
    r"/(?:AP|AFP|EPA|Reuters)\b|\(@\w+\)",
    re.IGNORECASE,
)
_AROUND: Final = re.compile(
    r"\d+(?:[:.]\d+)*\s?(?:[ap]\.?m\b\.?|z\b|h\b)|\d+(?:[:.]\d+)+|T\d\d:\d\d\S*|\b\d+\s*(?:min(?:ute)?s?|comments?|"
    r"shares?|views?)\b(?: read)?|\b(?:[ap]\.?m\b\.?|gmt|utc|[ecmpabi][sd]?t|bst|cet|cest|ist|o.clock|published|"
    r"posted|released|issued|publi(?:sh|cation)|updated?|modified|last|first|originally|created|date|time|on|at|by|"
    r"in|the|of|and|for|with|read|share|save|print|listen|ago|hours?|local|staff|story|min|admin|editors?|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b",
    re.IGNORECASE,
)
# all words of five letters or more that a date or _AROUND may take out of a line, but for those in "day" or "clock"
_TAKEN: Final = MONTHS.keys() | frozenset(
    "thurs wednes satur published posted released issued publish publication update updated modified first "
    "originally created share shares print listen hours local staff story admin editor editors minute minutes comment "
    "comments views".split()
)
_LABELLED: Final = re.compile(
    rf"(?:first |last )?(?:published|posted|updated)(?: on)?:?\s+(?:[a-z]{{3,9}},?\s+)?(?:{_DATE.pattern})"
    r"(?!,? [a-z])",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_][\w’'.&@-]*")
_DATELINE_DATE: Final = re.compile(r"^[A-Z][^a-z]{1,40}\b[^()–—]{0,60}?(?:\([\w ./-]{2,25}\)|/[A-Z]+/)?\s*[-–—]{1,2}\s")


def find_published(lines: Sequence[str], is_body: Sequence[bool], looks: Looks | None = None) -> str | None:
    """The date on the first date lines of a segment, as ``YYYY-MM-DD``; ``looks`` are those of the lines, if known.

    A date said to be of publication goes before a bare one, and that before the date of a change. Dates in
    sentences, captions and headlines do not count, nor do those of events.

    >>> find_published(["By A. Writer", "Published On 5 Jan 20265 Jan 2026"], [False, False])
    '2026-01-05'
    >>> find_published(["04/05/2025"], [False]) is None
    True
    """
    looks = look_at(lines) if looks is None else looks
    if not looks.all_marks & DATED:
        return None
    n = _count_looked_at(is_body, looks.marks)
    found: dict[str, list[str | None]] = {"issued": [], "bare": [], "changed": []}
    for i, marks in enumerate(looks.marks[:n]):
        line = _with_blanks(lines[i]) if marks & DATED else ""
        dates = _find_dates(line)
        if dates and _says_little(line[:DATE_LINE]):
            # "Updated" over a date
            above = lines[i - 1] if i and len(lines[i - 1]) < LABEL_LINE and not _find_dates(lines[i - 1]) else ""
            for sort, day in _sorted_dates(line[:DATE_LINE], dates, _label(above)):
                found[sort].append(day)
    for days in found.values():
        if days:
            return days[0]
    return _in_dateline(lines, is_body, looks.marks)


def _with_blanks(line: str) -> str:
    """The line with one blank for all white space between two words, such as "5\u00a0January\u00a02026" has."""
    return " ".join(line[: 2 * DATE_LINE].split())


def _count_looked_at(is_body: Sequence[bool], marks: Sequence[int]) -> int:
    """How many lines may be date lines."""
    last = next(islice(find_long(marks, is_body, DATE_LINES), BODY_BEFORE_DATE, None), DATE_LINES)
    return min(len(marks), DATE_LINES, last + 1)


def _find_dates(line: str) -> list[re.Match[str]]:
    """The dates in a line, but for one that is so long that no label is, and prose."""
    opening = line[:DATE_LINE]
    if len(line) >= LABEL_LINE and _HOLDS_DATE.search(opening) and _is_prose(opening):
        return []
    return _match_dates(opening)


def _match_dates(text: str) -> list[re.Match[str]]:
    """As ``_DATE.finditer``, but where there can be none."""
    held = [match.span() for match in _HOLDS_DATE.finditer(text)]
    return list(_DATE.finditer(text, max(0, held[0][0] - DATE_LENGTH), held[-1][1] + DATE_LENGTH)) if held else []


def is_date_line(line: str) -> bool:
    """Does the line say when something was published, and nothing else?

    >>> is_date_line("Published 5 May 2026"), is_date_line("The quay closed on 5 May 2026 for repairs.")
    (True, False)
    """
    line = " ".join(line.split())
    return bool(_match_dates(line)) and _says_little(line)


def _label(text: str) -> str:
    """What the last label in ``text`` says of the date that follows."""
    issued = max((m.end() for m in _ISSUED.finditer(text)), default=-1)
    changed = max((m.end() for m in _CHANGED.finditer(text)), default=-1)
    return "bare" if issued == changed else "issued" if issued > changed else "changed"


def _says_little(line: str) -> bool:
    """Is there little beside dates but times, labels and names? Text without line breaks may run on after them."""
    if _LABELLED.match(line):
        return True
    rest = _DATE.sub(" ", line)
    if _EVENT.search(rest):
        return False
    words = _WORD.findall(_AROUND.sub(" ", rest))
    n_lower = sum(word[0].islower() and "." not in word and "@" not in word for word in words)
    if _ISSUED.match(line) or _CHANGED.match(line):
        return len(words) <= 12 and n_lower <= 1
    return len(words) <= 8 and not n_lower


def _is_prose(line: str) -> bool:
    """Do two words say that :func:`_says_little` is false? That is found out in a tenth of its time."""
    if line[0] in "fFlLpPuU" and _LABELLED.match(line):
        return False
    words = (
        word
        for word in line.split()
        if len(word) > 4 and word.islower() and word.isalpha() and word.isascii()
        if word not in _TAKEN and not word.endswith(("day", "clock"))
    )
    return len(list(islice(words, 2))) == 2


def _sorted_dates(line: str, dates: Sequence[re.Match[str]], label: str) -> Iterator[tuple[str, str | None]]:
    """The dates of a line, each with its sort; a bare one only where no other stands beside it."""
    at = 0
    sorts: list[tuple[str, str | None]] = []
    for match in dates:
        before = line[at : match.start()]
        at = match.end()
        label = _label(before) if _label(before) != "bare" else label
        sorts.append((label, _iso(match, line)))
    bare = {day for sort, day in sorts if sort == "bare"}
    for sort, day in sorts:
        if sort != "bare" or len(bare) == 1:
            yield sort, day


def _iso(match: re.Match[str], line: str) -> str | None:
    """The only day that the match can mean."""
    for k in "1234":
        if match[f"y{k}"]:
            month = match[f"m{k}"].casefold()  # a long s matches as well
            return _checked(int(match[f"y{k}"]), int(MONTHS.get(month) or month), int(match[f"d{k}"]))
    a, b, c = int(match["a"]), int(match["b"]), int(match["c"])
    if len(match["c"]) == 4:
        readings = {_checked(c, b, a), _checked(c, a, b)}
    else:
        readings = {_checked(_century(c), b, a), _checked(_century(c), a, b), _checked(_century(a), b, c)}
    readings.discard(None)
    if len(readings) > 1:
        weekday = _WEEKDAY.search(line)
        if weekday:
            wanted = _WEEKDAYS.index(weekday[1].lower())
            readings = {day for day in readings if day and date.fromisoformat(day).weekday() == wanted}
    return readings.pop() if len(readings) == 1 else None


def _century(year: int) -> int:
    return year + (2000 if year < 50 else 1900)


def _checked(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _in_dateline(lines: Sequence[str], is_body: Sequence[bool], marks: Sequence[int]) -> str | None:
    """The full date in "CAIRO, 5 January 2026 (Wire) — …"."""
    for i in islice(compress(range(DATE_LINES), is_body), OPENING):
        dateline = _DATELINE_DATE.match(_with_blanks(lines[i])) if marks[i] & DATED else None
        match = _DATE.search(dateline.group()) if dateline else None
        if match:
            return _iso(match, match.group())
    return None
