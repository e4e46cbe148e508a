"""Whole articles, page lines and furniture to learn boundaries from, read from any folder of JSONL files.

What a record is, is told by its keys and not by its file: ``lines`` with ``labels`` (0 furniture, 1 body, 2
title) is a page; ``text`` with ``article_lines`` a page whose outer lines serve as a stock of furniture;
``title`` and ``text`` an article, a flat article (no line breaks), or a blurb where it is a few sentences.
Outlets are split into parts by name, once and for all, so that nothing of an outlet that figures are measured
on is ever trained on.
"""

from __future__ import annotations

import difflib
import gzip
import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from topics.errors import DumpError
from topics.records import dump_digest

__all__ = [
    "BODY",
    "BOILERPLATE",
    "FURNITURE",
    "NOTHING",
    "TITLE",
    "Article",
    "Corpora",
    "Page",
    "Part",
    "find_corpora",
    "outlet_of",
    "part_of",
    "read_corpora",
]

Part = Literal["train", "dev", "test"]

MOST_PER_OUTLET: Final = 3000
BLURB_CHARACTERS: Final = 450
LEAST_BODY: Final = 4  # lines of a page
OPENING_WORDS: Final = 25  # two articles that begin alike so far are one
FURNITURE, BODY, TITLE, BOILERPLATE = 0, 1, 2, 3  # what a line is


@dataclass(frozen=True, slots=True)
class Article:
    """A whole piece. ``flat``: the source kept no line breaks, and ``paragraphs`` holds one long text."""

    title: str
    paragraphs: tuple[str, ...]
    outlet: str
    category: str
    month: str
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a web page. The piece starts at line ``start``; its body runs from ``first`` to ``last``."""

    lines: tuple[str, ...]
    labels: tuple[int, ...]
    start: int
    first: int
    last: int
    outlet: str

    @property
    def pairs(self) -> Iterator[tuple[str, int]]:
        """Each line with what it is."""
        return zip(self.lines, self.labels, strict=True)


@dataclass(frozen=True, slots=True)
class Corpora:
    """Everything that training dumps are mixed from."""

    articles: tuple[Article, ...]
    flats: tuple[Article, ...]
    blurbs: tuple[Article, ...]
    pages: tuple[Page, ...]
    stock: tuple[str, ...]  # furniture lines in page order
    read_pages: tuple[Page, ...] = ()  # pages whose lines came without labels, and were read

    @property
    def all_pages(self) -> tuple[Page, ...]:
        """Those that came with labels, then those that were read."""
        return self.pages + self.read_pages

    def part(self, part: Part) -> Corpora:
        """The articles and pages of the outlets of one part; blurbs and stock, which name none, are cut in like shares.

        A page goes where its outlet's articles go; of outlets that have none, more are kept for measuring, since
        pages are few. Of pages that were read, those that teach lose what lies in the stock of the other parts, and
        their furniture is the stock that teaches.
        """
        with_articles = {article.outlet for article in (*self.articles, *self.flats)}

        def page_part(outlet: str) -> Part:
            return part_of(outlet) if outlet in with_articles else _drawn(outlet, 10, 35)

        read_pages = [page for page in self.read_pages if page_part(page.outlet) == part]
        cut = len(self.stock) * 7 // 10
        stock, measured = self.stock[:cut], self.stock[cut:]
        if part != "train":
            stock = measured
        elif read_pages:
            known = frozenset(measured)
            read_pages = [page for page in (_without(page, known) for page in read_pages) if page]
            stock = tuple(line for page in read_pages for line, label in page.pairs if label == FURNITURE)
        return replace(
            self,
            articles=tuple(a for a in self.articles if part_of(a.outlet) == part),
            flats=tuple(a for a in self.flats if part_of(a.outlet) == part),
            blurbs=tuple(b for b in self.blurbs if _drawn(b.title, 10, 20) == part),
            pages=tuple(p for p in self.pages if page_part(p.outlet) == part),
            stock=stock,
            read_pages=tuple(read_pages),
        )


NOTHING: Final = Corpora((), (), (), (), ())

_ALIASES: Final = {
    "nyt": "new york times",
    "wsj": "wall street journal",
    "ap": "associated press",
    "wapo": "washington post",
}
_DROPPED: Final = re.compile(
    r"\(.*?\)|\b(?:online|web|news|latest|world|politics|pol|us|top|break|opinion|the|com|www|org|net|co|uk)\b|[^a-z ]"
)
# One large outlet with a manner of its own is kept out of training altogether, old and new, whatever its name hashes
# to.
_ALWAYS: Final[dict[str, Part]] = {
    "bbc": "test",
    "economist": "train",
    "al jazeera": "train",
    "reuters": "train",
}


def outlet_of(source: str) -> str:
    """The family an outlet's name belongs to.

    >>> outlet_of("Fox Online News"), outlet_of("fox-latest"), outlet_of("New York Times (News)")
    ('fox', 'fox', 'new york times')
    """
    name = source.lower().replace("-", " ").replace(".", " ")
    name = " ".join(_DROPPED.sub(" ", name).split())
    return _ALIASES.get(name, name) or source.lower()


def part_of(outlet: str) -> Part:
    """Which part an outlet belongs to: 8 in 100 names are for development, 12 for the last measurement."""
    return _ALWAYS.get(outlet) or _drawn(outlet, 8, 20)


def _drawn(name: str, dev: int, test: int) -> Part:
    share = zlib.crc32(name.encode()) % 100
    return "dev" if share < dev else "test" if share < test else "train"


def find_corpora(folder: Path) -> dict[str, Path]:
    """Each ``*.jsonl`` and ``*.jsonl.gz`` below ``folder``, in order, by its path there; or the one file that it is."""
    if folder.is_file():
        return {folder.name: folder}
    files = sorted(p for p in folder.rglob("*") if p.name.endswith((".jsonl", ".jsonl.gz")))
    return {file.relative_to(folder).as_posix(): file for file in files}


def read_corpora(folder: Path) -> Corpora:
    """All that the files of :func:`find_corpora` hold. Raises :class:`~topics.errors.DumpError` where there is none, or
    one cannot be read."""
    files = find_corpora(folder).values()
    if not files:
        raise DumpError(
            f"{folder}: no .jsonl or .jsonl.gz files. Give a folder with whole articles, one JSON object a line."
        )
    articles: list[Article] = []
    flats: list[Article] = []
    blurbs: list[Article] = []
    pages: list[Page] = []
    stock: list[str] = []
    read_pages: list[Page] = []
    taken: dict[tuple[str, str], int] = {}
    openings: set[str] = set()
    for path in files:
        for place, record in _records(path):
            if "seg_lengths" in record:  # a benchmark of made-up documents, no articles
                continue
            if "labels" in record and "lines" in record:
                page = _page(record, place)
                if page:
                    pages.append(page)
                continue
            read_page = _read_page(record)
            if read_page:
                read_pages.append(read_page)
            if "article_lines" in record:
                stock.extend(_outer_lines(record))
                continue
            if read_page and part_of(read_page.outlet) == "train":  # others stay where dumps to measure on are drawn
                continue
            article = _article(record)
            if article is None:
                continue
            opening = " ".join(" ".join(article.paragraphs).split()[:OPENING_WORDS])
            if opening in openings:  # a reprint: it must not stand in two parts
                continue
            openings.add(opening)
            key = (path.name, article.outlet)
            taken[key] = taken.get(key, 0) + 1
            if len(article.paragraphs) >= 3:
                if taken[key] <= MOST_PER_OUTLET:
                    articles.append(article)
            elif len(article.paragraphs) == 1:
                length = len(article.paragraphs[0])
                if length > 900:
                    flats.append(replace(article, flat=True))
                elif 80 < length < BLURB_CHARACTERS:
                    blurbs.append(article)
    return Corpora(tuple(articles), tuple(flats), tuple(blurbs), tuple(pages), tuple(stock), tuple(read_pages))


def _records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a file, each with its place (``file:line``)."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except ValueError as error:
                    raise DumpError(f"{path}:{number}: no JSON ({error}). Mend or remove the line.") from error
                if isinstance(record, dict):
                    yield f"{path}:{number}", record
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DumpError(f"{path}: cannot be read ({error}). Mend or remove the file.") from error


def _folded(text: str) -> str:
    return " ".join(text.split())


def _alike(a: str, b: str) -> bool:
    a, b = a.lower(), b.lower()
    if abs(len(a) - len(b)) > 0.4 * max(len(a), len(b)):
        return False
    return difflib.SequenceMatcher(None, a, b).ratio() > 0.8


def _article(record: Mapping[str, Any]) -> Article | None:
    text = record.get("text")
    if not isinstance(text, str):
        return None
    title = _folded(str(record.get("title") or ""))
    paragraphs = [p for p in map(_folded, text.split("\n")) if p]
    while paragraphs and title and _alike(paragraphs[0][:200], title):
        paragraphs.pop(0)
    if not paragraphs:
        return None
    return Article(
        title,
        tuple(paragraphs),
        _outlet(record),
        str(record.get("category") or "?"),
        str(record.get("date") or "")[:7],
    )


def _page(record: Mapping[str, Any], place: str) -> Page | None:
    try:
        pairs = [(_folded(line), int(label)) for line, label in zip(record["lines"], record["labels"], strict=True)]
    except (AttributeError, TypeError, ValueError) as error:
        raise DumpError(f"{place}: lines and labels are no pairs of a text and a number. Mend the line.") from error
    pairs = [(line, label) for line, label in pairs if line]
    body = [i for i, (_, label) in enumerate(pairs) if label == BODY]
    if len(body) < LEAST_BODY:
        return None
    title = str(record.get("title") or "").lower()
    headline = None
    for i in range(max(0, body[0] - 15), body[0]):
        line = pairs[i][0].lower()
        if pairs[i][1] == TITLE or (len(line) > 18 and (line in title or _alike(line, title))):
            headline = i
    return _page_of([line for line, _ in pairs], [label for _, label in pairs], headline, _outlet(record))


def _read_page(record: Mapping[str, Any]) -> Page | None:
    """A page that came without labels, as a reader labelled it (``page_lines.json``); None of one that was not read."""
    text = str(record.get("text") or "")
    read = _readings().get(dump_digest(text))
    if read is None:
        return None
    lines = [line for line in map(_folded, text.split("\n")) if line]
    labels = [FURNITURE] * len(lines)
    for first, last in read["body"]:
        labels[first : last + 1] = [BODY] * (last + 1 - first)
    return _page_of(lines, labels, read["title"], _outlet(record))


def _page_of(lines: Sequence[str], labels: Sequence[int], headline: int | None, outlet: str) -> Page:
    """A page that has a body; its piece starts at the line ``headline``, where it has one."""
    body = [i for i, label in enumerate(labels) if label == BODY]
    roles = list(labels)
    if headline is not None:
        roles[headline] = TITLE
    start = body[0] if headline is None else headline
    return Page(tuple(lines), tuple(roles), start, body[0], body[-1], outlet)


def _outlet(record: Mapping[str, Any]) -> str:
    return outlet_of(str(record.get("source") or "?"))


def _without(page: Page, stock: Collection[str]) -> Page | None:
    """The page from its first to its last line that is not in the stock; None where too little is left."""
    inner = [i for i, line in enumerate(page.lines) if line not in stock]
    chosen = slice(inner[0], inner[-1] + 1) if inner else slice(0)
    lines, labels = page.lines[chosen], page.labels[chosen]
    if labels.count(BODY) < LEAST_BODY:
        return None
    return _page_of(lines, labels, labels.index(TITLE) if TITLE in labels else None, page.outlet)


@cache
def _readings() -> Mapping[str, Any]:
    return dict(json.loads(Path(__file__).with_name("page_lines.json").read_text("utf-8")))


def _outer_lines(record: Mapping[str, Any]) -> list[str]:
    """Lines well before the first and well after the last line known to be of the article."""
    lines = [_folded(line) for line in str(record.get("text") or "").split("\n")]
    known = [i for i, line in enumerate(lines) if any(sample in line for sample in record["article_lines"] or ())]
    if not known:
        return []
    return [line for i, line in enumerate(lines) if line and (i < known[0] - 8 or i > known[-1] + 15)]
