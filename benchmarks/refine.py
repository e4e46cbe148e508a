"""What a person's corrections do for unseen dumps of the same outlet, and what they cost elsewhere.

    python benchmarks/refine.py [SHARED] [--model MODEL] [--part test] [--seeds 2] [--dumps 30] [--json FILE]

An outlet's articles are dealt into halves. Dumps of the first half are reviewed by a person who is simulated: in the order of
the text, whatever the model has wrong is corrected and what it doubts is confirmed, until a number of decisions is made.
The model learns from these decisions, from the whole articles of the first half, or from both, and is measured on
dumps of the second half, and on the five styles mixed from all other outlets.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
from shared import describe_run, new_parser, print_table, run_script, say

from topics.bundle import load_model
from topics.evaluation import BoundaryScores, sum_scores
from topics.records import Dump, dump_digest
from topics.segmentation import SegmentationModel
from topics.segmentation.decode import decode_starts
from topics.segmentation.furniture import assign_roles
from topics.segmentation.training.corpora import Article, Corpora, read_corpora
from topics.segmentation.training.houses import draw_house, dress
from topics.segmentation.training.measure import find_starts, score_dump
from topics.segmentation.training.mixing import MixedDump, Mixer, Neighbours, Piece, Style, join_pieces
from topics.segmentation.training.prose import load_prose
from topics.segmentation.training.refine import refine
from topics.segmentation.training.styles import STYLES, build_dumps

MANNERS: Final = ("lines", "pages")
MIN_ARTICLES: Final = 60  # of an outlet that is taken
DOUBT: Final = (0.2, 0.8)  # between these probabilities a reviewer is asked
_NEIGHBOURS: Final[tuple[Neighbours, ...]] = ("random", "category", "nearest")


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet's articles in two halves, and everything else of its part."""

    name: str
    first: Corpora
    second: Corpora
    others: Corpora


def list_outlets(corpora: Corpora) -> list[Outlet]:
    """The outlets that have enough articles, the largest first."""
    sizes = Counter(article.outlet for article in corpora.articles)
    outlets = []
    for name, size in sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0])):
        if size < MIN_ARTICLES:
            break
        own = [a for a in corpora.articles if a.outlet == name]
        halves = [[a for a in own if zlib.crc32(a.paragraphs[0].encode()) % 2 == half] for half in (0, 1)]
        nothing = Corpora((), (), (), (), ())
        others = replace(
            corpora,
            articles=tuple(a for a in corpora.articles if a.outlet != name),
            flats=tuple(a for a in corpora.flats if a.outlet != name),
            pages=tuple(p for p in corpora.pages if p.outlet != name),
        )
        first, second = (replace(nothing, articles=tuple(half)) for half in halves)
        outlets.append(Outlet(name, first, second, others))
    return outlets


def mix(corpora: Corpora, manner: str, outlet: str, n_dumps: int, seed: str) -> Iterator[MixedDump]:
    """Dumps of one outlet: paragraphs a line without headlines, or pages that all have the outlet's furniture."""
    mixer = Mixer(corpora)
    house = draw_house(random.Random(f"house of {outlet}"))
    rng = random.Random(f"{manner}:{outlet}:{seed}")
    for k in range(n_dumps):
        neighbours = _NEIGHBOURS[k % len(_NEIGHBOURS)]
        if manner == "lines":
            yield mixer.render(rng, Style(rng.randint(7, 14), neighbours, blurbs=0.1))
            continue
        pieces = []
        for article in mixer.draw_articles(rng, rng.randint(5, 10), neighbours):
            others = [rng.choice(corpora.articles).title for _ in range(6)]
            page = dress(rng, house, article.title or None, article.paragraphs[:30], [t for t in others if t])
            pieces.append(Piece(list(page.lines), list(page.roles), page.start))
        yield join_pieces(pieces, "\n")


def review(model: SegmentationModel, dumps: Sequence[MixedDump], n_decisions: int) -> dict[str, dict[int, bool]]:
    """What a person decides who goes through the dumps in order and knows where pieces start."""
    decided: dict[str, dict[int, bool]] = {}
    n_left = n_decisions
    for dump in dumps:
        scored = model.score(dump.text)
        found = set(decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold).tolist())
        true = set(dump.starts)
        own: dict[int, bool] = {}
        for i, paragraph in enumerate(scored.paragraphs):
            starts = paragraph.start in true
            doubtful = DOUBT[0] < scored.probabilities[i] < DOUBT[1]
            if i and n_left and ((i in found) != starts or doubtful):
                own[paragraph.start] = starts
                n_left -= 1
        if own:
            decided[dump_digest(dump.text)] = own
    return decided


def score_dumps(model: SegmentationModel, dumps: Sequence[MixedDump]) -> list[BoundaryScores]:
    """The model on each dump."""
    return [score_dump(dump, *find_starts(dump.text, model)) for dump in dumps]


if __name__ == "__main__":
    pass
