"""Unlabelled dumps in; pieces to learn from out: counted terms, words in order, and what their publishers repeat.

A record that comes with a title is an article already; anything else is cut by a model. Pieces in another language,
boilerplate, repeats and pieces that somebody has labelled are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from topics.records import Dump, Segment, text_digest

if TYPE_CHECKING:
    from topics.classification.analyzer import Terms
    from topics.classification.furniture import Furniture
    from topics.reading import Problem
    from topics.segmentation import SegmentationModel

__all__ = ["Piece", "Unlabelled", "count_pieces", "read_pieces"]

MOST_POOL: Final = 10_000  # pieces whose terms are counted; all of them teach word vectors and furniture
LEAST_CHARACTERS: Final = 40  # of a piece: a shorter one says nothing of its topic
SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """One unlabelled piece: who published it, its headline and its text without the page's paragraphs."""

    source: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """What is learned from: counted terms of the pool, words of every piece in order, what is furniture, and a digest
    of all of it."""

    pool: tuple[Terms, ...]
    words: tuple[tuple[str, ...], ...]
    furniture: Furniture
    digest: str


def read_pieces(
    inputs: Sequence[str],
    segmentation: SegmentationModel,
    labelled: Set[str] = frozenset(),
    *,
    on_problem: Callable[[Problem], None] | None = None,
    on_progress: Callable[[str], None] = lambda message: None,
) -> list[Piece]:
    """The pieces of all inputs, in order; ``labelled`` are digests of segments to leave out.

    An input that cannot be read goes to ``on_problem``; without it, it is raised.
    """
    from topics.reading import read_dumps

    pieces: list[Piece] = []
    seen = set(labelled)
    for n, dump in enumerate(read_dumps(list(inputs), on_problem=on_problem), 1):
        if n % 500 == 0:
            on_progress(f"read {n:,} unlabelled dumps, {len(pieces):,} pieces")
        for digest, piece in _cut(dump, segmentation):
            if digest not in seen and len(piece.text) >= LEAST_CHARACTERS:
                seen.add(digest)
                pieces.append(piece)
    return pieces


def _cut(dump: Dump, segmentation: SegmentationModel) -> Iterator[tuple[str, Piece]]:
    from topics.segmentation import segment_dump
    from topics.segmentation.language import tell_language

    source = dump.source or ""
    if dump.title:
        if tell_language(dump.text) == "en":
            yield text_digest(dump.text), Piece(source, dump.title, dump.text)
        return
    for segment in segment_dump(dump, segmentation, decided={}):
        if segment.kind != "boilerplate" and segment.language == "en":
            yield segment.digest, Piece(segment.source or source, segment.title or "", _below_title(segment))


def _below_title(segment: Segment) -> str:
    first, _, rest = segment.body.partition("\n")
    return rest if segment.title and first.strip() == segment.title.strip() else segment.body


def count_pieces(pieces: Sequence[Piece], texts: Sequence[Piece] = ()) -> Unlabelled:
    """Furniture of these pieces and of labelled ``texts``, and what is left of the pieces as terms and words."""
    from topics.classification.analyzer import count_terms, list_words
    from topics.classification.furniture import learn_furniture

    hashed = hashlib.sha256()
    for piece in (*pieces, *texts):
        hashed.update(f"{piece.source}\0{piece.title}\0{piece.text}\0".encode("utf-8", "surrogatepass"))
    furniture = learn_furniture(((p.source, p.title, p.text) for p in (*texts, *pieces)), hashed.digest()[:SALT_BYTES])
    own = [furniture.drop(piece.text) for piece in pieces]
    step = max(1.0, len(pieces) / MOST_POOL)
    chosen = [int(k * step) for k in range(min(len(pieces), MOST_POOL))]
    pool = tuple(count_terms(pieces[i].title, own[i]) for i in chosen)
    words = tuple(tuple(list_words(f"{piece.title}\n{text}")) for piece, text in zip(pieces, own, strict=True))
    return Unlabelled(pool, words, furniture, hashed.hexdigest())
