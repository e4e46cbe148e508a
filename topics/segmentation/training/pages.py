"""Pages as pieces of a training dump: their lines as they were, around another article, or as on another day.

There are a few hundred pages to learn from, each seen many hundred times, and a network remembers what stood in them:
the teasers of that day, the captions, the standfirst. So in a page written anew (``renew``) these are drawn from
articles, and what is left to learn is the form of the page and the phrases of its house.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from topics.segmentation.training.corpora import BODY, FURNITURE, TITLE, Article, Page
from topics.segmentation.training.pieces import Piece, excerpt, role_of

__all__ = ["cut_page", "renew", "transplant"]

_PHRASE_WORDS: Final = 5  # a line of fewer is a phrase of the house
_SUMMARY_WORDS: Final = 10
_CAPTION_WORDS: Final = 7
_HOUSE: Final = re.compile(  # what stands on the page every day, or tells of the day itself
    r"\b(?:by|edit(?:or|ed|ing)|report(?:er|ing)|posted|published|updated|minutes?|a\.?m\.?|p\.?m\.?|(?:19|20)\d\d|"
    r"copyright|rights reserved|subscri\w+|sign(?:ed)? up|newsletters?|e-?mail|cookies?|privacy|policy|terms|share|"
    r"comments?|follow|click|read more|adverti\w+|sponsored|log ?in|contact|facebook|twitter|app|"
    r"originally appeared|contributed)\b|©|@|https?:|www\.",
    re.IGNORECASE,
)
_CREDIT: Final = re.compile(r"\s*[(\[][^()\[\]]{3,60}[)\]]\s*$")
_SENTENCE: Final = re.compile(r"(?<=[.!?])[”\"’']? (?=[A-Z“\"‘])")


def cut_page(rng: random.Random, page: Page) -> Piece:
    """A page's own lines, cut somewhere above its headline and somewhere behind its body; of some, half-cleaned."""
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
        chosen = [i for i in chosen if page.labels[i] or i == page.start or rng.random() < 0.35]
    return excerpt(page, chosen)


def transplant(rng: random.Random, page: Page, article: Article, stock: Sequence[str]) -> Piece:
    """A page's real furniture around the headline and body of another article."""
    swapped = rng.choice((0.0, 0.3, 0.6))

    def furniture(line: str) -> str:
        return rng.choice(stock) if stock and rng.random() < swapped else line

    has_title = page.labels[page.start] == TITLE
    draw = rng.random()
    start = page.start
    if draw < 0.1:
        start = page.first
    elif draw < 0.3:
        start = max(0, page.start - rng.randint(1, 4))
    lines: list[str] = []
    roles: list[int] = []
    at = 0
    if start <= page.start:
        lines += [furniture(line) for line in page.lines[start : page.start]]
        at = len(lines)
        roles += [FURNITURE] * at
        if has_title:
            lines.append(article.title or page.lines[page.start])
            roles.append(TITLE)
        lines += [furniture(line) for line in page.lines[page.start + has_title : page.first]]
        roles += [FURNITURE] * (len(lines) - len(roles))
    body = article.paragraphs[: rng.randint(4, 40)]
    inner = range(page.first, page.last + 1)
    n_body = max(1, sum(page.labels[i] == BODY for i in inner))
    seen = placed = 0
    for i in inner:
        if page.labels[i] == BODY:
            seen += 1
            upto = round(seen * len(body) / n_body)
            lines += body[placed:upto]
            roles += [role_of(line) for line in body[placed:upto]]
            placed = max(placed, upto)
        elif placed:
            lines.append(furniture(page.lines[i]))
            roles.append(FURNITURE)
    lines += body[placed:]
    roles += [role_of(line) for line in body[placed:]]
    if rng.random() < 0.45:
        lines += [furniture(line) for line in page.lines[page.last + 1 : page.last + 1 + rng.randint(1, 10)]]
        roles += [FURNITURE] * (len(lines) - len(roles))
    return Piece(lines, roles, at)


def renew(rng: random.Random, page: Page, article: Article | None, draw_other: Callable[[], Article]) -> Page:
    """The same page on another day: its teasers are of other articles, and its standfirst and captions, where it is to
    hold ``article``, are of that one. Phrases of the house stay."""
    lines = list(page.lines)
    is_other = [label == FURNITURE and _changes(line) for line, label in zip(page.lines, page.labels, strict=True)]
    other = draw_other()
    for i, line in enumerate(lines):
        if not is_other[i]:
            continue
        n_words = line.count(" ") + 1
        alone = not ((i and is_other[i - 1]) or (i + 1 < len(lines) and is_other[i + 1]))
        if page.start < i < page.first or (page.first < i < page.last and alone):
            if article is not None and n_words >= _CAPTION_WORDS:
                lines[i] = _about(rng, article, line, n_words)
        elif n_words >= _SUMMARY_WORDS and line[-1] in '.!?…”"':
            lines[i] = _summary(rng, other, n_words)
        else:
            other = draw_other()
            lines[i] = other.title or _summary(rng, other, n_words)
    return replace(page, lines=tuple(lines))


def _changes(line: str) -> bool:
    """Whether a line of furniture is about some piece, and not a phrase of the house."""
    return line.count(" ") + 1 >= _PHRASE_WORDS and not _HOUSE.search(line)


def _about(rng: random.Random, article: Article, line: str, n_words: int) -> str:
    """A sentence of the article in place of a standfirst or caption, with the credit that the line ends in."""
    text = _cut(rng.choice(article.paragraphs[1:9] or article.paragraphs), n_words)
    credit = _CREDIT.search(line)
    return text.rstrip(".") + credit[0] if credit else text if line[-1] == "." else text.rstrip(".")


def _summary(rng: random.Random, other: Article, n_words: int) -> str:
    """What a teaser says under its headline: how the piece opens, at times cut off."""
    text = _cut(other.paragraphs[0], n_words)
    return text.rstrip(".,;:") + rng.choice(("…", "...", " ...")) if rng.random() < 0.25 else text


def _cut(text: str, n_words: int) -> str:
    """The first sentences of a text, as many as come nearest to so many words; of a long one its first words."""
    kept = ""
    for sentence in _SENTENCE.split(text):
        longer = f"{kept} {sentence}" if kept else sentence
        if kept and longer.count(" ") + 1 > n_words * 1.3:
            break
        kept = longer
    words = kept.split(" ")
    return kept if len(words) <= 2 * n_words else " ".join(words[: max(n_words, _CAPTION_WORDS)]).rstrip(",;:–— ")
