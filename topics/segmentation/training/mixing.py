"""Training dumps of every style, mixed from whole articles and pages, with their true starts known.

A :class:`Mixer` draws which articles stand beside each other (at random, of one category, of one month, or
nearest neighbours: the hard case) and renders them as scraped text: with or without headlines, blank lines,
bylines and furniture; as page lines with the real furniture around them; as flat text with no line breaks.
Randomness comes from the ``random.Random`` that is handed in, so that a seed gives the same dumps.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

import numpy as np

from topics.segmentation.training.corpora import BODY, BOILERPLATE, FURNITURE, TITLE, Article, Corpora, Page
from topics.segmentation.training.furniture_lines import (
    SHORT_SUBHEADS,
    SubheadManner,
    byline,
    caption,
    dateline,
    insert_subheads,
    interlude,
    round_up,
    section,
    subhead,
)
from topics.segmentation.training.headlines import AS_IT_IS, HeadlineManner, draw_manner, write_headline
from topics.segmentation.training.houses import draw_house, dress
from topics.segmentation.training.mixes import FIRST, Mix, Neighbours
from topics.segmentation.training.pages import cut_page, renew, transplant
from topics.segmentation.training.pieces import MixedDump, Origin, Piece, excerpt, join_pieces, role_of
from topics.segmentation.training.prose import Prose, WrittenPiece, fill

__all__ = ["Mixer", "Style"]

FEW: Final = 20  # articles
_HEADLESS: Final = (*(0.0,) * 8, 0.3)
_NEIGHBOURS: Final[tuple[Neighbours, ...]] = ("random", "category", "month", "nearest")


@dataclass(frozen=True, slots=True)
class Style:
    """How a dump is made. All shares are probabilities, of each piece or (``digests``, ``appeals``) of the dump.

    ``headless`` pieces have lost their opening, so that the words around a start must do without its manner.
    ``joint`` stands between lines, ``between`` (else ``joint``) between pieces. ``flat`` is the share of pieces whose
    inner line breaks are gone; ``flats`` is how often the pieces are articles that never had any. ``headlines`` and
    ``subheading`` are the manners of all headlines and subheads.
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
    flat: float = 0.0
    flats: float = 0.0
    headlines: HeadlineManner = AS_IT_IS
    subheading: SubheadManner = SHORT_SUBHEADS


class Mixer:
    """Draws dumps from one part of the corpora.

    ``boilerplate``: appeals and glossaries of our own. ``evenly``: no few large outlets make most of the dumps.
    ``mix``: the shares of what ``draw_lines`` and ``draw_flat`` draw.
    """

    def __init__(
        self,
        corpora: Corpora,
        boilerplate: Sequence[Sequence[str]] = (),
        prose: Prose | None = None,
        *,
        evenly: bool = False,
        mix: Mix = FIRST,
    ) -> None:
        self.corpora = corpora
        self.mix = mix
        self.evenly = evenly
        self.prose = prose or Prose()
        self.boilerplate = (*boilerplate, *(piece.lines for piece in self.prose.boilerplate))
        self._pages = corpora.all_pages
        self._groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, article in enumerate(corpora.articles):
            self._groups[("category", article.category)].append(i)
            self._groups[("month", article.category, article.month)].append(i)

    @cached_property
    def _vectors(self) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        few = len(self.corpora.articles) < FEW  # of which no share is a number of articles
        vectorizer = TfidfVectorizer(
            min_df=1 if few else 2,
            max_df=1.0 if few else 0.3,
            sublinear_tf=True,
            stop_words="english",
            max_features=40000,
            dtype=np.float32,
        )
        return vectorizer.fit_transform([a.title + " " + " ".join(a.paragraphs[:10]) for a in self.corpora.articles])

    @cached_property
    def _shares(self) -> list[float]:
        """Running sums of how likely each article is drawn first: the less, the more its outlet has."""
        sizes = Counter(article.outlet for article in self.corpora.articles)
        return list(accumulate(sizes[article.outlet] ** -0.5 for article in self.corpora.articles))

    def draw_articles(self, rng: random.Random, n: int, neighbours: Neighbours) -> list[Article]:
        """``n`` articles (fewer where there are no more) that could stand beside each other."""
        articles = self.corpora.articles
        everything = range(len(articles))
        at = self._draw(rng)
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
            if self.evenly:
                chosen = list(dict.fromkeys(rng.choices(everything, cum_weights=self._shares, k=n)))
            else:
                chosen = rng.sample(everything, min(n, len(articles)))
        return [articles[i] for i in chosen]

    def draw_others(self, rng: random.Random) -> list[tuple[str, str]]:
        """Headlines that a page may point to, each with what its piece opens with: six at most."""
        drawn = [rng.choice(self.corpora.articles) for _ in range(6)]
        return [(article.title, article.paragraphs[0]) for article in drawn if article.title]

    # ---- dumps of lines

    def draw_lines(self, rng: random.Random) -> MixedDump:
        """A dump with line breaks, of a style drawn at random in the shares that docs/segmentation.md gives."""
        style = rng.random()
        mix = self.mix
        if style < mix.transplanted + mix.cut_pages and self._pages:
            return self._draw_pages(rng, transplanted=style < mix.transplanted)
        if style < mix.transplanted + mix.cut_pages + mix.houses:
            return self._draw_houses(rng)
        neighbours: Neighbours = rng.choices(_NEIGHBOURS, (32, 16, 14, 38))[0]
        layout = rng.random()
        titled = rng.choices((0.0, 1.0, 0.5), (44, 43, 13))[0]
        return self.render(
            rng,
            Style(
                n_pieces=rng.randint(4, 18) if rng.random() < 0.85 else rng.randint(1, 3),
                neighbours=neighbours,
                titled=titled,
                furnished=float(rng.random() < 0.4),
                blurbs=rng.choice((0.0, 0.0, 0.15, 0.35) if titled else mix.blurbs),
                subheads=rng.choice(mix.subheads if titled else (0.0, 0.1, 0.4)),
                headless=rng.choice(_HEADLESS),
                digests=0.25,
                appeals=0.3,
                joint="\n" if layout < 0.56 or layout >= 0.96 else "\n\n",
                between="\n\n" if layout >= 0.96 else None,
                flat=rng.choice((0.2, 0.5)) if rng.random() < 0.06 else 0.0,
                headlines=draw_manner(rng),
                subheading=mix.draw_subheads(rng),
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
                pieces.append(self._blurb(rng, article, titled, style.headlines))
            else:
                pieces.append(self._article(rng, article, titled, style))
        if rng.random() < style.digests:
            for _ in range(rng.randint(1, 2)):
                pieces.insert(rng.randint(0, len(pieces)), self._digest(rng))
        if self.boilerplate and rng.random() < style.appeals:
            for _ in range(rng.randint(1, 2)):
                pieces.insert(rng.randint(1, len(pieces)), self._boilerplate(rng))
        is_flat = [style.flat == 1.0 or (style.flat > 0.0 and rng.random() < style.flat) for _ in pieces]
        return join_pieces(pieces, style.joint, style.between, is_flat)

    def render_pages(self, rng: random.Random, n_pages: int) -> MixedDump:
        """Page lines as a scraper leaves them: from the headline or up to three lines above it, with a tail."""
        pieces = []
        for page in rng.sample(self.corpora.pages, min(n_pages, len(self.corpora.pages))):
            start = page.start if rng.random() < 0.7 else max(0, page.start - rng.randint(1, 3))
            tail = 0 if rng.random() < 0.5 else rng.randint(1, 10)
            chosen = range(start, min(page.last + 1 + tail, len(page.lines)))
            pieces.append(excerpt(page, chosen))
        return join_pieces(pieces, "\n")

    def _article(self, rng: random.Random, article: Article, titled: bool, style: Style) -> Piece:
        body = list(article.paragraphs[: rng.randint(3, 30)] if rng.random() < 0.5 else article.paragraphs[:60])
        if article.flat:
            body = list(_as_lines(rng, article.paragraphs[0]))
        if len(body) > 6 and rng.random() < style.headless:
            body = body[rng.randint(1, 4) :]
        furnished = rng.random() < style.furnished
        lead: list[str] = []
        tail: list[str] = []
        extras: set[str] = set()
        stock = self.corpora.stock
        if len(body) > 6 and rng.random() < style.subheads:
            short = bool(style.titled and style.headlines.short)  # no subhead is longer than such headlines
            insert_subheads(rng, body, SHORT_SUBHEADS if short else style.subheading)
        if furnished:
            manner = rng.random()
            if manner < 0.3:
                own = set(body)
                body = interlude(rng, body)
                extras.update(line for line in body if line not in own)
            elif manner < 0.8 and stock:
                for _ in range(rng.randint(0, 4)):
                    at = rng.randint(1, len(body))
                    draw = rng.random()
                    extra = [caption(rng, article)] if draw < 0.3 else self._stock(rng, 1 if draw < 0.6 else None)
                    body[at:at] = extra
                    extras.update(extra)
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
        roles = [FURNITURE] * len(lead)
        if titled and article.title:
            lead.insert(0, write_headline(rng, article, style.headlines))
            roles.insert(0, TITLE)
            if furnished and rng.random() < 0.12:
                lead.insert(0, section(rng))
                roles.insert(0, FURNITURE)
        roles += [FURNITURE if line in extras else role_of(line) for line in body] + [FURNITURE] * len(tail)
        return Piece(lead + body + tail, roles, origin=_origin(article))

    def _blurb(self, rng: random.Random, article: Article, titled: bool, manner: HeadlineManner) -> Piece:
        if self.mix.teasers and self.prose.teasers and rng.random() < self.mix.teasers:
            return _written(rng, rng.choice(self.prose.teasers), 1.0 if titled else 0.2)
        if self.prose.blurbs and rng.random() < 0.1:
            return _written(rng, rng.choice(self.prose.blurbs))
        if self.corpora.blurbs and rng.random() < 0.3:
            article = rng.choice(self.corpora.blurbs)
        body = [line for line in article.paragraphs if role_of(line) == BODY] or list(article.paragraphs)
        body = body[: 1 if rng.random() < 0.55 else 2]
        lead = [write_headline(rng, article, manner)] if titled and article.title else []
        return Piece(lead + body, [TITLE] * len(lead) + [BODY] * len(body), origin=_origin(article))

    def _digest(self, rng: random.Random) -> Piece:
        """A round-up: an opening, subheads, items of one or two paragraphs from articles on the same theme."""
        draw = rng.random()
        if self.prose.roundups and draw < 0.12:
            return _written(rng, rng.choice(self.prose.roundups))
        if self.prose.explainers and draw < 0.2:
            return _written(rng, rng.choice(self.prose.explainers))
        articles = self.draw_articles(rng, 14, rng.choice(self.mix.themes))
        openings, subheads = self.prose.openings, self.prose.subheads
        lines = fill(rng, rng.choice(openings)) if openings and rng.random() < 0.6 else round_up(rng)
        every = rng.choice((0.0, 0.1, 0.2, 0.35))
        opens = rng.choice((0.3, 0.6, 0.9))  # how often an item begins as an article does
        bullet = rng.choice(("", "", "", "• ", "- ", "* "))
        for item in range(rng.randint(5, rng.choice((10, 22, 40)))):
            article = rng.choice(articles)
            text = article.paragraphs[0] if rng.random() < opens else rng.choice(article.paragraphs)
            if (item == 0 and rng.random() < 0.8) or rng.random() < every:
                lines.append(rng.choice(subheads) if subheads and rng.random() < 0.4 else subhead(rng, text))
            lines.append(bullet + text)
        return Piece(lines, [BODY] * len(lines))

    def _boilerplate(self, rng: random.Random) -> Piece:
        lines = list(rng.choice(self.boilerplate))
        if len(lines) > 5 and rng.random() < 0.5:
            at = rng.randint(0, len(lines) // 3)
            lines = lines[at : at + rng.randint(3, len(lines))]
        return Piece(lines, [BOILERPLATE] * len(lines))

    def _stock(self, rng: random.Random, n: int | None = None) -> list[str]:
        at = rng.randrange(len(self.corpora.stock))
        return list(self.corpora.stock[at : at + (n or rng.choice((1, 1, 2, 3, 5)))])

    # ---- pages

    def _draw_pages(self, rng: random.Random, *, transplanted: bool) -> MixedDump:
        pages = rng.sample(self._pages, min(len(self._pages), rng.randint(4, 12)))
        if not transplanted:
            return join_pieces([cut_page(rng, self._renewed(rng, page, None)) for page in pages], "\n")
        kind = rng.choice(("random", "category", "nearest"))
        articles = self.draw_articles(rng, len(pages), kind)  # type: ignore[arg-type]
        stock = self.corpora.stock
        pairs = zip(pages, articles, strict=False)
        return join_pieces([transplant(rng, self._renewed(rng, p, a), a, stock) for p, a in pairs], "\n")

    def _renewed(self, rng: random.Random, page: Page, article: Article | None) -> Page:
        if rng.random() >= self.mix.renewed:
            return page
        return renew(rng, page, article, lambda: self.corpora.articles[self._draw(rng)])

    def _draw(self, rng: random.Random) -> int:
        """Which article, of all."""
        articles = self.corpora.articles
        if self.evenly:
            return rng.choices(range(len(articles)), cum_weights=self._shares)[0]
        return rng.randrange(len(articles))

    def _draw_houses(self, rng: random.Random) -> MixedDump:
        """Pages of one to three invented outlets, each with a manner of its own."""
        houses = [draw_house(rng, cards=self.mix.cards) for _ in range(rng.choice((1, 1, 2, 3)))]
        articles = self.draw_articles(rng, rng.randint(4, 14), rng.choice(_NEIGHBOURS))
        blurbs = rng.choice((0.0, 0.0, 0.1))
        manner = draw_manner(rng)
        pieces: list[Piece] = []
        for article in articles:
            house = rng.choice(houses)
            body = [line for line in article.paragraphs[: rng.randint(4, 40)] if role_of(line) == BODY]
            if not body:
                continue
            if rng.random() < blurbs:
                body = body[:1]
            others = self.draw_others(rng)
            title = write_headline(rng, article, manner)
            page = dress(rng, house, title or None, body, others)
            pieces.append(Piece(list(page.lines), list(page.roles), page.start))
        if self.boilerplate and rng.random() < 0.2:
            pieces.insert(rng.randint(1, len(pieces)), self._boilerplate(rng))
        if rng.random() < 0.15:
            pieces.insert(rng.randint(0, len(pieces)), self._digest(rng))
        return join_pieces(pieces, "\n" if rng.random() < 0.7 else "\n\n")

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
                blurbs=rng.choice(self.mix.flat_blurbs),
                subheads=rng.choice(self.mix.flat_subheads) if self.mix.flat_subheads else 0.0,
                headless=rng.choice(_HEADLESS),
                digests=0.1,
                joint="\n" if rng.random() < 0.12 else " ",
                flat=1.0,
                flats=0.25,
                headlines=draw_manner(rng),
                subheading=self.mix.draw_subheads(rng),
            ),
        )


def _origin(article: Article) -> Origin:
    return Origin(article.outlet, article.title or article.paragraphs[0])


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


def _written(rng: random.Random, piece: WrittenPiece, titled: float = 0.6) -> Piece:
    lead = [piece.title] if piece.title and rng.random() < titled else []
    after = piece.after if piece.after and rng.random() < 0.6 else ()
    roles = [TITLE] * len(lead) + [BODY] * len(piece.lines) + [FURNITURE] * len(after)
    return Piece([*lead, *piece.lines, *after], roles)
