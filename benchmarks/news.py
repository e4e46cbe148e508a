"""The shipped labels and recipe on news: folds by story, by outlet, by source of labels, seed dumps, and a cold start.

Run ``python benchmarks/news.py [SHARED] [--vectors FILE] [--deals N]``. Pieces that are judged come from their text;
pieces that are learned from, from the term files beside the labels, as in training without the corpora. Stories
(``topics.evaluation.stories``) are never cut by a fold. The temperature of a fold is fitted on the scores of the other
folds.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from shared import ROOT, new_parser, print_table, read_text_dumps, run_script, say

from topics.bundle import load_model, load_vectors
from topics.classification.analyzer import Terms, count_terms
from topics.classification.furniture import learn_furniture
from topics.classification.honesty import also_threshold
from topics.classification.matrix import choose_terms, lay_out
from topics.classification.model import segment_terms
from topics.classification.parts import Problem, fit_parts, fit_temperature
from topics.classification.vectors import WordVectors
from topics.evaluation.classes import Judged, score_classes
from topics.evaluation.folds import deal_folds
from topics.evaluation.stories import group_stories
from topics.examples import GUESSED, read_lessons
from topics.labels.decisions import TopicDecision
from topics.labels.matching import settle_topics
from topics.labels.standoff import read_terms, terms_path
from topics.labels.store import find_label_files, read_decisions
from topics.labels.taxonomy import load_taxonomy
from topics.records import Dump, dump_digest
from topics.segmentation import whole_dump

FOLDS: Final = 5


@dataclass(frozen=True)
class Labelled:
    """One labelled piece: as training sees it, as a reader gives it (``None`` where the text is not at hand)."""

    decision: TopicDecision
    file: str
    source: str
    learned: Terms
    read: Terms | None


def read_labelled(shared: Path) -> list[Labelled]:
    """The topical decisions of the project's label files, with terms; text of news and of seed dumps from SHARED."""
    taxonomy = load_taxonomy(ROOT / "labels" / "taxonomy.toml")
    news = _read_news(shared)
    segmentation = load_model().segmentation
    folders = (shared / "seeds", ROOT / "seeds")
    texts = {dump_digest(dump.text): dump.text for folder in folders for dump in read_text_dumps(folder)}
    found = []
    for path in find_label_files(ROOT / "labels"):
        stored = {row.segment: row.terms for row in read_terms(terms_path(path))} if terms_path(path).exists() else {}
        for entry in settle_topics(read_decisions([path], taxonomy).topics):
            decision = entry.decision
            if decision.topic is None or decision.kind == "boilerplate":
                continue
            source, read = news.get(decision.name, (path.stem, None))
            if decision.dump in texts:
                text = texts[decision.dump][decision.start : decision.end]
                [piece] = whole_dump(Dump(decision.name, text), segmentation)
                read = segment_terms(piece)
            learned = stored.get(decision.segment, read)
            if learned is not None:
                found.append(Labelled(decision, path.stem, source, learned, read))
    return found


def _read_news(shared: Path) -> dict[str, tuple[str, Terms]]:
    """Name to outlet and terms, without what the outlet repeats."""
    with gzip.open(shared / "data" / "news_2025-05-21.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    furniture = learn_furniture(((row["source"], row["title"], row["text"]) for row in rows), b"benchmark")
    return {
        row["id"]: (row["source"].split("-")[0], count_terms(row["title"], furniture.drop(row["text"]))) for row in rows
    }


class Bench:
    """All labels laid out once: what is learned from, and what is judged."""

    def __init__(self, labelled: list[Labelled], vectors: WordVectors | None) -> None:
        taxonomy = load_taxonomy(ROOT / "labels" / "taxonomy.toml")
        self.labelled, self.slugs = labelled, taxonomy.slugs
        lessons, _ = read_lessons(ROOT / "labels", taxonomy)
        learned = [*(piece.learned for piece in labelled), *(lesson.terms for lesson in lessons)]
        terms = choose_terms(learned, (), vectors)
        self.space, self.rows, _, self.judged = lay_out(
            learned, (), terms, vectors, [piece.read or piece.learned for piece in labelled]
        )
        index = {slug: k for k, slug in enumerate(self.slugs)}
        k = len(self.slugs)
        self.primary = np.zeros((len(learned), k), bool)
        self.positive = self.primary.copy()
        for row, piece in enumerate(labelled):
            decision = piece.decision
            self.primary[row, index[decision.topic or ""]] = decision.confidence != GUESSED
            self.positive[row, [index[s] for s in (decision.topic or "", *decision.also)]] = True
        for row, lesson in enumerate(lessons, len(labelled)):
            self.primary[row, index[lesson.topic or ""]] = True
            self.positive[row, [index[s] for s in (lesson.topic or "", *lesson.also)]] = True
        self.weight = np.array([*np.ones(len(labelled)), *(lesson.weight for lesson in lessons)])
        self.is_written = np.array([*np.zeros(len(labelled), bool), *(lesson.weight == 1.0 for lesson in lessons)])

    def measure(self, name: str, tests: np.ndarray, fold: np.ndarray, gone: np.ndarray | None = None) -> list[str]:
        """One row of figures: pieces ``tests`` are judged, fold by fold, by the others that are not ``gone``."""
        say(name)
        n = len(self.labelled)
        scores, also = (np.zeros((len(tests), len(self.slugs))) for _ in range(2))
        absent = np.zeros(len(self.rows), bool)
        absent[:n] = False if gone is None else gone
        if absent[:n].all():  # by descriptions alone
            absent |= self.is_written
        none = self.rows[np.zeros(0, int)]
        whole = Problem(self.space, self.rows, self.primary, self.positive, self.weight, np.ones(n), none, none)
        for k in sorted(set(fold.tolist())):
            out = absent.copy()
            out[tests[fold == k]] = True
            kept = np.flatnonzero(~out)
            problem = Problem(
                whole.space, whole.rows[kept], self.primary[kept], self.positive[kept], self.weight[kept],
                np.ones(len(kept)), none, none,
            )  # fmt: skip
            parts = fit_parts(problem, read_pool=False)
            rows = self.judged[tests[fold == k]]
            scores[fold == k], also[fold == k] = parts.svm.score(rows), parts.also.score(rows)
        return [name, str(len(tests)), *self._figures(tests, fold, scores, also)]

    def _figures(self, tests: np.ndarray, fold: np.ndarray, scores: np.ndarray, also: np.ndarray) -> list[str]:
        y = np.array([self.slugs.index(self.labelled[i].decision.topic or "") for i in tests])
        wanted = self.positive[tests].copy()
        judged, hits = [], np.zeros(3)
        for k in sorted(set(fold.tolist())):
            here = np.flatnonzero(fold == k)
            others = np.flatnonzero(fold != k) if (fold != k).any() else here
            heat = fit_temperature(scores[others], also[others].max(axis=1), y[others])
            p = heat.probabilities(scores[here], also[here].max(axis=1))
            best = p.argmax(axis=1)
            limit = also_threshold(also[others], wanted[others], scores[others].argmax(axis=1))
            given = also[here].copy()
            given[np.arange(len(here)), best] = -np.inf
            order = np.argsort(-given, axis=1)[:, :2]
            found = np.zeros(given.shape, bool)
            np.put_along_axis(found, order, np.take_along_axis(given, order, axis=1) >= limit, axis=1)
            truth = wanted[here].copy()
            truth[np.arange(len(here)), best] = False
            hits += [(found & truth).sum(), found.sum(), truth.sum()]
            for i, row, guess in zip(here, p, best, strict=True):
                decision = self.labelled[tests[i]].decision
                slug = self.slugs[guess]
                judged.append(Judged(decision.topic, slug, decision.also, slug, min(1.0, float(row[guess]))))
        s = score_classes(judged)
        f1 = 2 * hits[0] / max(1.0, hits[1] + hits[2])
        calibrated = (fold != fold[0]).any()
        ece = f"{s.calibration.ece:.3f} ({s.calibration.ece_by_chance:.3f})"
        return [
            f"{s.accuracy:.3f}", f"{s.accuracy_with_secondary:.3f}", f"{s.macro_f1:.3f}",
            ece if calibrated else "", f"{f1:.3f}" if calibrated else "",
        ]  # fmt: skip


def main(arguments: argparse.Namespace) -> None:
    if arguments.vectors is not None:
        with np.load(arguments.vectors, allow_pickle=False) as arrays:
            vectors: WordVectors | None = WordVectors.from_arrays(arrays)
    else:
        vectors = load_vectors(load_model())
    bench = Bench(read_labelled(arguments.shared), vectors)
    labelled = bench.labelled
    news = np.array([i for i, piece in enumerate(labelled) if piece.file == "news-2025-05-21"])
    seeds = np.array([i for i, piece in enumerate(labelled) if piece.file == "seeds-2026-01"])
    everything = np.arange(len(labelled))
    certain = np.flatnonzero([piece.decision.confidence != GUESSED for piece in labelled])
    files = defaultdict(list)
    for i, piece in enumerate(labelled):
        files[piece.file].append(i)
    is_news = np.isin(everything, news)
    one = np.zeros
    topics = [labelled[i].decision.topic for i in news]
    outlets = [labelled[i].source for i in news]
    stories = group_stories([{**labelled[i].learned.body, **labelled[i].learned.title} for i in news])
    rows = [
        bench.measure("news of 2025-05-21, folds by story", news, deal_folds(topics, stories, FOLDS)),
        *(
            bench.measure(f"the same, dealt otherwise, {seed}", news, _deal_otherwise(topics, stories, seed))
            for seed in range(1, arguments.deals)
        ),
        bench.measure("the same, folds by outlet", news, deal_folds(["" for _ in news], outlets, FOLDS)),
        bench.measure("the same, learned from other label files", news, one(len(news), int), is_news),
        bench.measure("all labels but guesses, folds by label file", certain, _by_file(labelled)[certain]),
        bench.measure("seed dumps, their labels left out", seeds, one(len(seeds), int), np.isin(everything, seeds)),
        bench.measure(
            "cold start: news by descriptions alone", news, one(len(news), int), one(len(labelled), bool) | True
        ),
    ]
    print_table(
        "Topics of news by the shipped labels",
        ["judged", "pieces", "accuracy", "primary or secondary", "macro-F1", "ECE (by chance)", "secondary F1"],
        rows,
    )


def _deal_otherwise(topics: Sequence[str | None], stories: Sequence[int], seed: int) -> np.ndarray:
    """Folds by story of pieces that come in another order."""
    order = np.random.default_rng(seed).permutation(len(topics))
    fold = np.empty(len(topics), int)
    fold[order] = deal_folds([topics[i] for i in order], [stories[i] for i in order], FOLDS)
    return fold


def _by_file(labelled: Sequence[Labelled]) -> np.ndarray:
    names = sorted({piece.file for piece in labelled})
    return np.array([names.index(piece.file) for piece in labelled])


if __name__ == "__main__":
    parser = new_parser(__doc__ or "")
    parser.add_argument("--vectors", type=Path, help="word vectors (.npz) in place of the model's")
    parser.add_argument("--deals", type=int, default=1, help="in how many ways stories are dealt to folds")
    run_script(main, parser.parse_args())
