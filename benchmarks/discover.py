"""Does `topics discover` find topics that were left out? Groups of unknown pieces against what people said of them.

Topics are left out of the labels in turn, a model is fitted on the rest without the label file of the test news, and
the pieces that it calls unknown (or scores below a bound) are grouped. Tables come out: how many pieces of a left-out
topic get as far as being unknown; on the test news, our groups and those of other methods; the same on the corpora
that the settings were chosen on.

purity, recall, F1 are those of the best group of each left-out topic, "first 10" is the purity of its ten most typical
pieces, ARI is over all pieces with everybody's gold, and pieces in no group count as groups of one. Where it says
"gold k", a method is told how many gold topics the pieces have.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from shared import ROOT, describe_run, new_parser, print_table, run_script, say

from topics.bundle import load_model, load_vectors
from topics.classification.analyzer import Terms, count_terms
from topics.classification.model import TopicModel
from topics.classification.training import Example, fit_topics
from topics.classification.vectors import WordVectors
from topics.discover.finding import MIN_GROUP
from topics.discover.grouping import count_matrix, group_pieces, place_pieces
from topics.examples import describe_topics
from topics.labels.matching import settle_topics
from topics.labels.signatures import group_near_duplicates
from topics.labels.standoff import read_terms, terms_path
from topics.labels.store import find_label_files, read_decisions
from topics.labels.taxonomy import load_taxonomy

TEST_FILE = "news-2025-05-21"
LEFT_OUT = (
    ("sport", "climate", "gaza"),
    ("business", "culture", "crime-justice"),
    ("science-tech", "us-politics", "ukraine-diplomacy"),
    ("health", "lifestyle", "uk-politics"),
    ("world", "ukraine-war", "iran"),
)
BOUNDS = (None, 0.5, 0.7)
FEWEST = 5  # pieces of a left-out topic in a pool, for it to count there

Groups = np.ndarray  # a number a piece, -1 for none


@dataclass(frozen=True)
class Piece:
    terms: Terms
    gold: str
    score: float = 0.0


@dataclass(frozen=True)
class Pool:
    """Pieces of one corpus with the scores of a model that never saw the ``wanted`` topics."""

    name: str
    wanted: tuple[str, ...]
    pieces: tuple[Piece, ...]
    unknown_below: float

    def below(self, bound: float | None) -> list[Piece]:
        limit = max(bound or 0.0, self.unknown_below)
        return [piece for piece in self.pieces if piece.score < limit]


def main(arguments: argparse.Namespace) -> None:
    facts = describe_run()
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    vectors = load_vectors(load_model())
    test = make_news_pools(arguments.shared, vectors)
    print_table(*describe_reach(test))
    methods = list_methods(vectors)
    for bound in BOUNDS:
        name = "unknown" if bound is None else f"unknown or below {bound}"
        print_table(
            *compare(test, methods, bound, f"News of 2025-05-21, five times three topics left out: {name}", vectors)
        )
    if not arguments.quick:
        chosen_on = make_other_pools(arguments.shared, vectors)
        print_table(*compare(chosen_on, methods, None, "The corpora that settings were chosen on: unknown", vectors))


def make_news_pools(shared: Path, vectors: WordVectors | None) -> list[Pool]:
    """The test news under five models, each without three topics."""
    gold = {}
    with (shared / "gold" / "news_2025-05-21.tsv").open(encoding="utf-8") as file:
        for line in file:
            key, topic, *_ = line.rstrip("\n").split("\t")
            gold[key] = topic
    records = [r for r in read_records(shared, "news_2025-05-21") if r["id"] in gold]
    counted = [(count_terms(r["title"], r["text"]), gold[r["id"]]) for r in records]
    pools = []
    for wanted in LEFT_OUT:
        say(f"news without {', '.join(wanted)}")
        model = fit_without(wanted, (TEST_FILE,), vectors)
        pools.append(Pool("+".join(wanted), wanted, score(model, counted), model.unknown_below))
    return pools


def make_other_pools(shared: Path, vectors: WordVectors | None) -> list[Pool]:
    """Corpora with categories of their own, under models without the topics that these come near to."""
    plans = (
        ("bbc2004", ("sport", "culture"), ("sport", "entertainment"), 1),
        ("agnews_test", ("sport", "business"), ("Sports", "Business"), 8),
        (
            "articles_allsides",
            ("crime-justice", "science-tech", "business"),
            ("coronavirus", "economy_and_jobs", "banking_and_finance", "gun_control_and_gun_rights", "technology"),
            3,
        ),
    )
    pools = []
    for corpus, left_out, wanted, stride in plans:
        say(f"{corpus} without {', '.join(left_out)}")
        skipped = ("allsides-2012-2020",) if corpus.startswith("articles") else ()
        model = fit_without(left_out, skipped, vectors)
        records = list(read_records(shared, corpus))[::stride]
        counted = [(count_terms(r["title"], r["text"]), str(r["category"])) for r in records]
        pools.append(Pool(corpus, wanted, score(model, counted), model.unknown_below))
    return pools


def fit_without(topics: Sequence[str], files: Sequence[str], vectors: WordVectors | None) -> TopicModel:
    """The topic model of the project's labels, without these topics and label files."""
    taxonomy = load_taxonomy(ROOT / "labels" / "taxonomy.toml")
    slugs = [slug for slug in taxonomy.slugs if slug not in topics]
    examples, signatures = [], {}
    for file in find_label_files(ROOT / "labels"):
        if file.stem in files or not terms_path(file).exists():
            continue
        stored = {row.segment: row for row in read_terms(terms_path(file))}
        for entry in settle_topics(read_decisions([file]).topics):
            decision = entry.decision
            if decision.segment in stored and decision.topic in slugs:
                signatures[decision.segment] = stored[decision.segment].signature
                also = tuple(slug for slug in decision.also if slug in slugs)
                examples.append((stored[decision.segment].terms, decision.topic, also, decision.segment))
    groups = group_near_duplicates(signatures)
    described = [lesson for lesson in describe_topics(taxonomy) if lesson.topic in slugs]
    made = [Example(terms, topic, also, str(groups[key])) for terms, topic, also, key in examples]
    return fit_topics(made, slugs, described, vectors).model


def score(model: TopicModel, counted: Sequence[tuple[Terms, str]]) -> tuple[Piece, ...]:
    pieces = []
    for terms, gold in counted:
        vector = model.vectorise(terms)
        best = float(model.probabilities(vector).max()) if len(vector.columns) else 0.0
        pieces.append(Piece(terms, gold, best))
    return tuple(pieces)


def list_methods(vectors: WordVectors | None) -> dict[str, Callable[[Sequence[Terms], int], Groups]]:
    """Name to a function of the pieces and the number of gold topics."""
    from sklearn.cluster import HDBSCAN, KMeans
    from sklearn.decomposition import NMF

    def ours(pieces: Sequence[Terms], use: WordVectors | None, k: int | None = None) -> Groups:
        numbers = np.full(len(pieces), -1)
        for number, (places, _) in enumerate(group_pieces(pieces, use, min_group=MIN_GROUP, n_groups=k)):
            numbers[places] = number
        return numbers

    def hdbscan(pieces: Sequence[Terms], _: int) -> Groups:
        found = HDBSCAN(min_cluster_size=MIN_GROUP, min_samples=2, copy=True)
        return np.asarray(found.fit_predict(place_pieces(pieces, vectors)))

    def k_means_tfidf(pieces: Sequence[Terms], k: int) -> Groups:
        return np.asarray(KMeans(k, n_init=10, random_state=0).fit_predict(count_matrix(pieces)[0]))

    def nmf(pieces: Sequence[Terms], k: int) -> Groups:
        return np.asarray(
            NMF(k, init="nndsvda", random_state=0, max_iter=400).fit_transform(count_matrix(pieces)[0])
        ).argmax(1)

    return {
        "ours": lambda pieces, k: ours(pieces, vectors),
        "ours, --groups gold k": lambda pieces, k: ours(pieces, vectors, k),
        "ours without word vectors": lambda pieces, k: ours(pieces, None),
        "HDBSCAN on our rows": hdbscan,
        "KMeans on TF-IDF, gold k": k_means_tfidf,
        "NMF on TF-IDF, gold k": nmf,
    }


def describe_reach(pools: Sequence[Pool]) -> tuple[str, list[str], list[list[str]], str]:
    rows = []
    for pool in pools:
        for topic in pool.wanted:
            total = sum(piece.gold == topic for piece in pool.pieces)
            found = [sum(piece.gold == topic for piece in pool.below(bound)) for bound in BOUNDS]
            rows.append([topic, str(total), *(f"{n} ({n / total:.0%})" for n in found)])
    sizes = [[len(pool.below(bound)) for pool in pools] for bound in BOUNDS]
    note = "Pieces in the pools: " + "; ".join(", ".join(map(str, each)) for each in sizes) + "."
    headers = ["left-out topic", "pieces", "unknown", *(f"or below {bound}" for bound in BOUNDS[1:])]
    return "Pieces of topics that the model does not know", headers, rows, note


def compare(
    pools: Sequence[Pool],
    methods: dict[str, Callable[[Sequence[Terms], int], Groups]],
    bound: float | None,
    title: str,
    vectors: WordVectors | None,
) -> tuple[str, list[str], list[list[str]]]:
    rows = []
    for name, method in methods.items():
        say(f"{title}: {name}")
        figures = []
        for pool in pools:
            pieces = pool.below(bound)
            gold = [piece.gold for piece in pieces]
            found = method([piece.terms for piece in pieces], len(set(gold)))
            rows_of = place_pieces([piece.terms for piece in pieces], vectors)
            figures.append(judge(found, gold, pool.wanted, rows_of))
        mean = {key: float(np.mean([each[key] for each in figures])) for key in figures[0]}
        rows.append(
            [name, f"{mean['groups']:.0f}", f"{mean['grouped']:.0%}", f"{mean['all_purity']:.2f}"]
            + [f"{mean[key]:.2f}" for key in ("purity", "first", "recall", "f1", "ari")]
        )
    headers = ["method", "groups", "grouped", "purity, all groups", "purity", "first 10", "recall", "F1", "ARI"]
    return title, headers, rows


def judge(found: Groups, gold: Sequence[str], wanted: Sequence[str], rows: Any) -> dict[str, float]:
    """Figures of one grouping; ``purity``, ``recall``, ``f1`` are means over the wanted topics with enough pieces."""
    from sklearn.metrics import adjusted_rand_score

    truth = np.array(gold)
    best = []
    for topic in wanted:
        n_true = int((truth == topic).sum())
        if n_true < FEWEST:
            continue
        hits = Counter(found[(truth == topic) & (found >= 0)].tolist())
        scores = [(2 * n / (n_true + (found == g).sum()), g) for g, n in hits.items()]
        if not scores:
            best.append((0.0, 0.0, 0.0, 0.0))
            continue
        f1, g = max(scores)
        places = np.flatnonzero(found == g)
        typical = places[np.argsort(-(rows[places] @ rows[places].mean(axis=0)), kind="stable")]
        right = truth[typical] == topic
        best.append((f1, right.mean(), right.sum() / n_true, right[:10].mean()))
    groups = sorted(set(found[found >= 0].tolist()))
    right = sum(Counter(truth[found == g].tolist()).most_common(1)[0][1] for g in groups)
    alone = np.where(found >= 0, found, len(found) + np.arange(len(found)))
    means: Any = np.mean(best, axis=0) if best else np.zeros(4)
    return {
        "groups": len(groups),
        "grouped": float((found >= 0).mean()),
        "all_purity": right / max(1, int((found >= 0).sum())),
        "f1": float(means[0]),
        "purity": float(means[1]),
        "recall": float(means[2]),
        "first": float(means[3]),
        "ari": float(adjusted_rand_score(truth, alone)),
    }


def read_records(shared: Path, name: str) -> Any:
    with gzip.open(shared / "data" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


if __name__ == "__main__":
    parser = new_parser(__doc__ or "")
    parser.add_argument("--quick", action="store_true", help="the test news alone")
    run_script(main, parser.parse_args())
