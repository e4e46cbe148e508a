"""Training dumps of every style, mixed from whole articles and pages, with their true starts known.

A :class:`Mixer` draws which articles stand beside each other (at random, of one category, of one month, or
nearest neighbours: the hard case) and renders them as scraped text: with or without headlines, blank lines,
bylines and furniture; as page lines with the real furniture around them; as flat text with no line breaks.
Randomness comes from the ``random.Random`` that is handed in, so that a seed gives the same dumps.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from topics.segmentation.training.corpora import Article, Corpora, Page
from topics.segmentation.training.furniture_lines import (
    byline,
    caption,
    dateline,
    interlude,
    round_up,
    section,
    subhead,
)

__all__ = ["MixedDump", "Mixer", "Neighbours", "Style"]

Neighbours = Literal["random", "category", "month", "nearest"]


_HEADLESS: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 0.3)
_NEIGHBOURS: Final[tuple[Neighbours, ...]] = ("random", "category", "month", "nearest")


@dataclass(frozen=True, slots=True)
class Style:
    """How a dump is made. All shares are probabilities, of each piece or (``digests``, ``appeals``) of the dump.

    ``headless`` pieces have lost their opening, so that the words around a start must do without its manner.
    ``joint`` stands between lines, ``between`` (else ``joint``) between pieces. ``flat`` takes the line breaks inside
    pieces away; ``flats`` is how often the pieces are articles that never had any.
    """

    n_pieces: int
    neighbours: Neighbours
    titled: float = 0.0
    furnished: float = 0.0
    blurbs: float = 0.0
    subheads: float = 0.0
    headless: float = 0.0
    digests: float = 0.0
    appeals: float = 0.0
    joint: str = "\n"
    between: str | None = None
    flat: bool = False
    flats: float = 0.0


@dataclass(frozen=True, slots=True)
class MixedDump:
    """A text and where its pieces start.

    ``leads`` holds, for each piece, the offset of its first body paragraph; ``tails`` where its trailing furniture
    begins, or else the next piece.
    """

    text: str
    starts: tuple[int, ...]
    leads: tuple[int, ...]
    tails: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    lines: list[str]
    lead: int  # index of the first body line
    n_tail: int = 0  # how many lines of furniture close it


class Mixer:
    """Draws dumps from one part of the corpora. ``boilerplate``: appeals and glossaries of our own."""

    def __init__(self, corpora: Corpora, boilerplate: Sequence[Sequence[str]] = ()) -> None:
        self.corpora = corpora
        self.boilerplate = tuple(boilerplate)
        self._groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, article in enumerate(corpora.articles):
            self._groups[("category", article.category)].append(i)
            self._groups[("month", article.category, article.month)].append(i)

    @cached_property
    def _vectors(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            min_df=2,
            max_df=0.3,
            sublinear_tf=True,
            stop_words="english",
            max_features=40000,
            dtype=np.float32,
        )
        return vectorizer.fit_transform([a.title + " " + " ".join(a.paragraphs[:10]) for a in self.corpora.articles])

    def draw_articles(self, rng: random.Random, n: int, neighbours: Neighbours) -> list[Article]:
        """``n`` articles (fewer where there are no more) that could stand beside each other."""
        articles = self.corpora.articles
        everything = range(len(articles))
        at = rng.randrange(len(articles))
        chosen: list[int] = []
        if neighbours == "category":
            group = self._groups[("category", articles[at].category)]
            chosen = rng.sample(group, min(n, len(group)))
        elif neighbours == "month":
            group = self._groups[("month", articles[at].category, articles[at].month)]
            chosen = rng.sample(group, min(n, len(group)))
        elif neighbours == "nearest":
            alike = np.asarray((self._vectors @ self._vectors[at].T).todense()).ravel()
            reach = int(n * rng.choice((1.0, 1.5, 2.5))) + 1
            near = [int(j) for j in np.argsort(-alike, kind="stable")[:reach] if alike[j] < 0.9 or j == at]
            chosen = rng.sample(near, min(n, len(near)))
        if len(chosen) < 3:
            chosen = rng.sample(everything, min(n, len(articles)))
        return [articles[i] for i in chosen]

    # ---- dumps of lines

    def draw_lines(self, rng: random.Random) -> MixedDump:
        """A dump with line breaks, of a style drawn at random in the shares that docs/segmentation.md gives."""
        style = rng.random()
        corpora = self.corpora
        if style < 0.24 and corpora.pages:
            pages = rng.sample(corpora.pages, min(len(corpora.pages), rng.randint(4, 12)))
            if style < 0.16:
                kind = rng.choice(("random", "category", "nearest"))
                articles = self.draw_articles(rng, len(pages), kind)  # type: ignore[arg-type]
                pieces = [self._transplant(rng, p, a) for p, a in zip(pages, articles, strict=False)]
            else:
                pieces = [self._page(rng, page) for page in pages]
            return _join(pieces, "\n")
        neighbours: Neighbours = rng.choices(_NEIGHBOURS, (32, 16, 14, 38))[0]
        layout = rng.random()
        titled = rng.choices((0.0, 1.0, 0.5), (52, 35, 13))[0]
        return self.render(
            rng,
            Style(
                n_pieces=rng.randint(4, 18),
                neighbours=neighbours,
                titled=titled,
                furnished=float(rng.random() < 0.4),
                blurbs=rng.choice((0.0, 0.0, 0.15, 0.35)),
                subheads=rng.choice((0.0, 0.0, 0.2) if titled else (0.0, 0.2, 0.5)),
                headless=rng.choice(_HEADLESS),
                digests=0.22,
                appeals=0.15,
                joint="\n" if layout < 0.56 or layout >= 0.96 else "\n\n",
                between="\n\n" if layout >= 0.96 else None,
            ),
        )

    def render(self, rng: random.Random, style: Style) -> MixedDump:
        """A dump of one style: articles drawn, dressed and joined."""
        articles = self.draw_articles(rng, style.n_pieces, style.neighbours)
        if style.flat and rng.random() < style.flats and len(self.corpora.flats) > style.n_pieces:
            articles = rng.sample(self.corpora.flats, style.n_pieces)
        pieces = []
        for article in articles:
            titled = rng.random() < style.titled
            if rng.random() < style.blurbs:
                pieces.append(self._blurb(rng, article, titled))
            else:
                pieces.append(self._article(rng, article, titled, style))
        if rng.random() < style.digests:
            for _ in range(rng.randint(1, 2)):
                items = self.draw_articles(rng, 14, "nearest")
                pieces.insert(rng.randint(0, len(pieces)), self._digest(rng, items))
        if self.boilerplate and rng.random() < style.appeals:
            for _ in range(rng.randint(1, 2)):
                pieces.insert(rng.randint(1, len(pieces)), self._boilerplate(rng))
        if style.flat:
            pieces = [_Piece([" ".join(piece.lines)], 0) for piece in pieces]
        return _join(pieces, style.joint, style.between)

    def render_pages(self, rng: random.Random, n_pages: int) -> MixedDump:
        """Page lines as a scraper leaves them: from the headline or up to three lines above it, with a tail."""
        pieces = []
        for page in rng.sample(self.corpora.pages, min(n_pages, len(self.corpora.pages))):
            start = page.start if rng.random() < 0.7 else max(0, page.start - rng.randint(1, 3))
            tail = 0 if rng.random() < 0.5 else rng.randint(1, 10)
            lines = list(page.lines[start : page.last + 1 + tail])
            pieces.append(_Piece(lines, page.first - start, max(0, len(lines) - (page.last + 1 - start))))
        return _join(pieces, "\n")

    def _article(self, rng: random.Random, article: Article, titled: bool, style: Style) -> _Piece:
        body = list(article.paragraphs[: rng.randint(3, 30)] if rng.random() < 0.5 else article.paragraphs[:60])
        if article.flat:
            body = list(_as_lines(rng, article.paragraphs[0]))
        if len(body) > 6 and rng.random() < style.headless:
            body = body[rng.randint(1, 4) :]
        furnished = rng.random() < style.furnished
        lead: list[str] = []
        tail: list[str] = []
        stock = self.corpora.stock
        if len(body) > 6 and rng.random() < style.subheads:
            for _ in range(rng.randint(1, 4)):
                at = rng.randint(2, len(body) - 2)
                body.insert(at, subhead(rng, body[at]))
        if furnished:
            manner = rng.random()
            if manner < 0.3:
                body = interlude(rng, body)
            elif manner < 0.8 and stock:
                for _ in range(rng.randint(0, 4)):
                    at = rng.randint(1, len(body))
                    draw = rng.random()
                    extra = [caption(rng, article)] if draw < 0.3 else self._stock(rng, 1 if draw < 0.6 else None)
                    body[at:at] = extra
            if rng.random() < 0.35 and stock:
                tail = self._stock(rng)
            if rng.random() < 0.45:
                if rng.random() < 0.4:
                    lead.append(byline(rng))
                if rng.random() < 0.4:
                    lead.append(dateline(rng))
                if rng.random() < 0.15:
                    lead.append(caption(rng, article))
                if not titled and rng.random() < 0.3:
                    lead = []
        if titled and article.title:
            lead.insert(0, article.title)
            if furnished and rng.random() < 0.12:
                lead.insert(0, section(rng))
        return _Piece(lead + body + tail, len(lead), len(tail))

    def _blurb(self, rng: random.Random, article: Article, titled: bool) -> _Piece:
        if self.corpora.blurbs and rng.random() < 0.3:
            article = rng.choice(self.corpora.blurbs)
        body = list(article.paragraphs[: 1 if rng.random() < 0.55 else 2])
        lead = [article.title] if titled and article.title else []
        return _Piece(lead + body, len(lead))

    def _digest(self, rng: random.Random, articles: Sequence[Article]) -> _Piece:
        """A round-up: an opening, subheads, items of one paragraph from articles on the same theme."""
        lines = round_up(rng)
        every = rng.choice((0.1, 0.2, 0.35))
        for item in range(rng.randint(5, 22)):
            article = rng.choice(articles)
            text = article.paragraphs[0] if rng.random() < 0.35 else rng.choice(article.paragraphs)
            if (item == 0 and rng.random() < 0.8) or rng.random() < every:
                lines.append(subhead(rng, text))
            lines.append(text)
        return _Piece(lines, 0)

    def _boilerplate(self, rng: random.Random) -> _Piece:
        lines = list(rng.choice(self.boilerplate))
        if len(lines) > 5 and rng.random() < 0.5:
            at = rng.randint(0, len(lines) // 3)
            lines = lines[at : at + rng.randint(3, len(lines))]
        return _Piece(lines, 0)

    def _stock(self, rng: random.Random, n: int | None = None) -> list[str]:
        at = rng.randrange(len(self.corpora.stock))
        return list(self.corpora.stock[at : at + (n or rng.choice((1, 1, 2, 3, 5)))])

    # ---- pages

    def _page(self, rng: random.Random, page: Page) -> _Piece:
        draw = rng.random()
        start = page.start
        if draw < 0.2:
            start = page.first
        elif draw < 0.45:
            start = max(0, page.start - rng.randint(1, 4))
        elif draw < 0.55:
            start = 0
        tail = rng.random()
        end = page.last + 1
        if tail > 0.95:
            end = len(page.lines)
        elif tail > 0.55:
            end += rng.randint(1, 6) if tail < 0.85 else rng.randint(7, 40)
        chosen = list(range(start, min(end, len(page.lines))))
        if rng.random() < 0.4:  # half-cleaned: most inner furniture is gone
            chosen = [i for i in chosen if page.labels[i] or i == start or rng.random() < 0.35]
        lead = sum(i < page.first for i in chosen)
        return _Piece([page.lines[i] for i in chosen], lead, sum(i > page.last for i in chosen))

    def _transplant(self, rng: random.Random, page: Page, article: Article) -> _Piece:
        """A page's real furniture around the headline and body of another article."""
        swapped = rng.choice((0.0, 0.3, 0.6))
        stock = self.corpora.stock

        def furniture(line: str) -> str:
            return rng.choice(stock) if stock and rng.random() < swapped else line

        has_title = page.labels[page.start] == 2
        draw = rng.random()
        start = page.start
        if draw < 0.1:
            start = page.first
        elif draw < 0.3:
            start = max(0, page.start - rng.randint(1, 4))
        lines: list[str] = []
        if start <= page.start:
            lines += [furniture(line) for line in page.lines[start : page.start]]
            if has_title:
                lines.append(article.title or page.lines[page.start])
            lines += [furniture(line) for line in page.lines[page.start + has_title : page.first]]
        lead = len(lines)
        body = article.paragraphs[: rng.randint(4, 40)]
        inner = range(page.first, page.last + 1)
        n_body = max(1, sum(page.labels[i] == 1 for i in inner))
        seen = placed = 0
        for i in inner:
            if page.labels[i] == 1:
                seen += 1
                upto = round(seen * len(body) / n_body)
                lines += body[placed:upto]
                placed = max(placed, upto)
            elif placed:
                lines.append(furniture(page.lines[i]))
        lines += body[placed:]
        tail = []
        if rng.random() < 0.45:
            tail = [furniture(line) for line in page.lines[page.last + 1 : page.last + 1 + rng.randint(1, 10)]]
        return _Piece(lines + tail, lead, len(tail))

    # ---- flat text

    def draw_flat(self, rng: random.Random) -> MixedDump:
        """A dump without line breaks, or with one article a line."""
        neighbours: Neighbours = rng.choices(_NEIGHBOURS, (45, 20, 15, 20))[0]
        return self.render(
            rng,
            Style(
                n_pieces=rng.randint(4, 16),
                neighbours=neighbours,
                titled=rng.choices((0.0, 1.0, 0.5), (70, 20, 10))[0],
                blurbs=rng.choice((0.0, 0.0, 0.15, 0.3)),
                headless=rng.choice(_HEADLESS),
                joint="\n" if rng.random() < 0.12 else " ",
                flat=True,
                flats=0.25,
            ),
        )


def _as_lines(rng: random.Random, text: str) -> list[str]:
    """A flat article broken again into lines of one or two sentences."""
    words = text.split(" ")
    lines: list[str] = []
    line: list[str] = []
    sentences = 0
    want = rng.choice((1, 1, 2))
    for word in words:
        line.append(word)
        if len(line) > 3 and word.rstrip("”\"’'")[-1:] in (".", "!", "?") and len(word) > 3:
            sentences += 1
            if sentences >= want:
                lines.append(" ".join(line))
                line, sentences, want = [], 0, rng.choice((1, 1, 2))
    if line:
        lines.append(" ".join(line))
    return lines


def _join(pieces: Sequence[_Piece], joint: str, between: str | None = None) -> MixedDump:
    parts: list[str] = []
    starts: list[int] = []
    leads: list[int] = []
    tails: list[int] = []
    at = 0
    for piece in pieces:
        starts.append(at)
        leads.append(at)
        tails.append(-1)
        for i, line in enumerate(piece.lines):
            if i == piece.lead:
                leads[-1] = at
            if i == len(piece.lines) - piece.n_tail:
                tails[-1] = at
            end = joint if between is None or i + 1 < len(piece.lines) else between
            parts += (line, end)
            at += len(line) + len(end)
        if tails[-1] < 0:
            tails[-1] = at
    return MixedDump("".join(parts), tuple(starts), tuple(leads), tuple(tails))
