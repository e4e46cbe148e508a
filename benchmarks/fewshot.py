"""Few labels a topic: ours beside plain methods, and beside published figures of fine-tuned transformers.

Run ``python benchmarks/fewshot.py [SHARED] [--quick]``. Each seed cuts a corpus in two; labels are drawn from the first
half, whose rest is the unlabelled pool; the second half is judged, and is in no pool, vocabulary or vectors. Seeds
start at 1000 and took no part in any choice. Peers get the terms that ours gets; what else each was given is in its
row.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import fewshot_peers as peers
import numpy as np
from shared import new_parser, print_table, run_script, say

from topics.classification.analyzer import Terms, count_terms, list_words
from topics.classification.training import Example, fit_topics
from topics.classification.vectors import WordVectors, learn_vectors

FIRST_SEED: Final = 1000
ELSEWHERE: Final = ("articles_allsides", "articles_economist2025", "aljazeera_2025-05", "reuters21578")
MOST_WORDS: Final = 800  # of one article, for word vectors
PUBLISHED: Final = [
    ["SetFit, MPNet (Tunstall et al. 2022)", "a sentence encoder of 110M", "82.9", "88.0"],
    ["RoBERTa-large fine-tuned (same paper)", "a language model of 355M", "81.7", "88.4"],
]
_AMPERSAND = re.compile(r"&?#?\b(?:39|quot|amp|lt|gt|nbsp);|&?#\d+;")


@dataclass(frozen=True)
class Corpus:
    """Texts with one topic each."""

    name: str
    terms: list[Terms]
    topics: np.ndarray


@dataclass(frozen=True)
class Split:
    """Places in a corpus: labelled pieces, the rest of their half, and the pieces that are judged."""

    labelled: np.ndarray
    pool: np.ndarray
    judged: np.ndarray


def read_records(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / "data" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@cache
def read_corpus(folder: Path, name: str) -> Corpus:
    """``ag``, ``bbc``, ``reuters`` (its eight largest topics, pieces of one topic alone) or ``news`` (topics of twenty
    pieces or more)."""
    if name == "ag":
        rows = [(_mend(r["title"]), _mend(r["text"]), r["category"]) for r in read_records(folder, "agnews_test")]
    elif name == "bbc":
        rows = [(r["title"], r["text"], r["category"]) for r in read_records(folder, "bbc2004")]
    elif name == "reuters":
        records = [r for r in read_records(folder, "reuters21578") if len(r.get("topics", ())) == 1]
        rows = _keep_large([(r["title"], r["text"], r["topics"][0]) for r in records], most=8)
    else:
        gold = dict(line.split("\t")[:2] for line in (folder / "gold" / "news_2025-05-21.tsv").open(encoding="utf-8"))
        records = [r for r in read_records(folder, "news_2025-05-21") if gold.get(r["id"], "other").strip() != "other"]
        rows = _keep_large([(r["title"], r["text"], gold[r["id"]].strip()) for r in records], least=20)
    return Corpus(name, [count_terms(title, text) for title, text, _ in rows], np.array([topic for *_, topic in rows]))


def _keep_large(rows: list[tuple[str, str, str]], most: int = 99, least: int = 1) -> list[tuple[str, str, str]]:
    names, counts = np.unique([topic for *_, topic in rows], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    kept = {str(names[k]) for k in order if counts[k] >= least}
    return [row for row in rows if row[2] in kept]


def _mend(text: str) -> str:
    """AG News holds entities that lost their ampersand."""
    return _AMPERSAND.sub(lambda found: "'" if "39" in found.group() else " ", text)


def read_words(folder: Path, names: Sequence[str]) -> list[list[str]]:
    """Words of the articles that word vectors are learned from."""
    return [list_words(f"{r['title']}\n{r['text']}")[:MOST_WORDS] for name in names for r in read_records(folder, name)]


@cache
def get_vectors(folder: Path, kept: Path | None, judged: str) -> WordVectors:
    """Word vectors from texts that are in no corpus that is ``judged``; read from the folder ``kept`` where they are
    there, else learned and kept in it."""
    names = [name for name in ELSEWHERE if judged != "reuters" or name != "reuters21578"]
    path = None if kept is None else kept / f"vectors-{len(names)}.npz"
    if path is not None and path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            return WordVectors.from_arrays(arrays)
    say("learning word vectors")
    vectors = learn_vectors(read_words(folder, names), n_words=30_000, n_dimensions=200)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, allow_pickle=False, **vectors.to_arrays())
    return vectors


def draw_split(corpus: Corpus, seed: int, n_labels: int, skewed: bool = False) -> Split:
    """``skewed`` cuts both halves to shares of .7, .15, .1 and .05, dealt to the four topics by the seed."""
    random = np.random.default_rng(seed)
    topics = sorted(set(corpus.topics.tolist()))
    order = random.permutation(len(corpus.topics))
    halves = [order[: len(order) // 2], order[len(order) // 2 :]]
    if skewed:
        shares = random.permutation([0.7, 0.15, 0.1, 0.05])
        n = [int(share * 1300) for share in shares]
        halves = [
            np.concatenate([half[corpus.topics[half] == t][:k] for t, k in zip(topics, n, strict=True)])
            for half in halves
        ]
    first, judged = halves
    labelled = np.concatenate([random.permutation(first[corpus.topics[first] == topic])[:n_labels] for topic in topics])
    return Split(labelled, np.setdiff1d(first, labelled), judged)


Predict = Callable[[Corpus, Split], tuple[np.ndarray, np.ndarray | None]]


def predict_ours(vectors: WordVectors | None, with_pool: bool) -> Predict:
    def predict(corpus: Corpus, split: Split) -> tuple[np.ndarray, np.ndarray | None]:
        topics = sorted(set(corpus.topics.tolist()))
        examples = [Example(corpus.terms[i], str(corpus.topics[i])) for i in split.labelled]
        pool = [corpus.terms[i] for i in split.pool] if with_pool else []
        model = fit_topics(examples, topics, (), vectors, pool).model
        p = np.array([model.probabilities(model.vectorise(corpus.terms[i])) for i in split.judged])
        return np.array(topics)[p.argmax(axis=1)], p.max(axis=1)

    return predict


def score(truth: np.ndarray, found: np.ndarray, sure: np.ndarray | None) -> dict[str, float]:
    """Percentages: accuracy, macro-F1 and ECE over 15 bins."""
    from sklearn.metrics import f1_score

    from topics.evaluation.classes import Judged, score_classes

    figures = {"accuracy": 100 * float(np.mean(found == truth)), "macro": 100 * f1_score(truth, found, average="macro")}
    if sure is not None:
        judged = [Judged(t, f, (), f, min(1.0, float(p))) for t, f, p in zip(truth, found, sure, strict=True)]
        figures["ece"] = 100 * score_classes(judged).calibration.ece
    return figures


def measure(
    corpus: Corpus, methods: dict[str, tuple[str, Predict]], seeds: Sequence[int], n_labels: int, skewed: bool
) -> dict[str, dict[str, list[float]]]:
    figures: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in methods}
    for seed in seeds:
        split = draw_split(corpus, seed, n_labels, skewed)
        for name, (_given, predict) in methods.items():
            say(f"  {name}")
            for key, value in score(corpus.topics[split.judged], *predict(corpus, split)).items():
                figures[name][key].append(value)
        say(f"{corpus.name}{' skewed' if skewed else ''}, {n_labels} labels, seed {seed}")
    return figures


def measure_unseen(
    corpus: Corpus, vectors: WordVectors, seeds: Sequence[int], n_labels: int, in_pool: bool
) -> dict[str, list[float]]:
    """Each topic in turn is unknown: how well doubt tells it, and what comes of ``--min-precision 0.9`` where a tenth
    of the pieces is of it (percentages)."""
    from sklearn.metrics import roc_auc_score

    from topics.errors import TopicsError

    figures: dict[str, list[float]] = defaultdict(list)
    for seed in seeds:
        split = draw_split(corpus, seed, n_labels)
        for unseen in sorted(set(corpus.topics.tolist())):
            known = [topic for topic in sorted(set(corpus.topics.tolist())) if topic != unseen]
            labelled = [i for i in split.labelled if corpus.topics[i] != unseen]
            pool = [corpus.terms[i] for i in split.pool if in_pool or corpus.topics[i] != unseen]
            examples = [Example(corpus.terms[i], str(corpus.topics[i])) for i in labelled]
            model = fit_topics(examples, known, (), vectors, pool).model
            rows = [model.vectorise(corpus.terms[i]) for i in split.judged]
            p = np.array([model.probabilities(row) for row in rows])
            sure = np.array([model.rank_vector(row).confidence for row in rows])
            strange = corpus.topics[split.judged] == unseen
            figures["AUROC"].append(100 * roc_auc_score(strange, -sure))
            figures["AUROC of the probability alone"].append(100 * roc_auc_score(strange, -p.max(axis=1)))
            try:
                given = sure >= model.acceptance.threshold_for(0.9, 0.1)
            except TopicsError:
                continue
            right = np.array(known)[p.argmax(axis=1)] == corpus.topics[split.judged]
            n_right, n_given = (0.9 * float((given & also)[~strange].mean()) for also in (right, np.ones_like(right)))
            n_given += 0.1 * float(given[strange].mean())
            figures["precision where .90 was asked"].append(100 * n_right / max(n_given, 1e-9))
            figures["known pieces given a topic"].append(100 * float(given[~strange].mean()))
        say(f"unseen topics of {corpus.name}, {n_labels} labels, seed {seed}")
    return figures


def show_unseen(
    arguments: argparse.Namespace, vectors: WordVectors, seeds: Sequence[int], sizes: Sequence[int]
) -> None:
    corpus = read_corpus(arguments.shared, "bbc")
    columns = [(n, pool) for n in sizes for pool in (True, False)]
    found = [measure_unseen(corpus, vectors, seeds, n, pool) for n, pool in columns]
    print_table(
        f"bbc, each topic unseen in turn (%), {len(seeds)} seeds",
        ["figure", *(f"{n} labels, {'' if pool else 'not '}in the pool" for n, pool in columns)],
        [[name, *(_cell(figures.get(name)) for figures in found)] for name in found[0]],
    )


def choose_methods(vectors: WordVectors, arguments: argparse.Namespace) -> dict[str, tuple[str, Predict]]:
    """The rows of a table: what each is given, and how it predicts."""
    methods: dict[str, tuple[str, Predict]] = {
        "ours": ("pool, vectors", predict_ours(vectors, True)),
        "ours, no vectors": ("pool", predict_ours(None, True)),
        "ours, no pool": ("vectors", predict_ours(vectors, False)),
        "ours, neither": ("-", predict_ours(None, False)),
        **peers.methods(arguments.fasttext),
    }
    return {name: method for name, method in methods.items() if not arguments.methods or name in arguments.methods}


def main(arguments: argparse.Namespace) -> None:
    first = arguments.first_seed
    seeds = range(first, first + (2 if arguments.quick else arguments.seeds))
    sizes = [8] if arguments.quick else arguments.sizes
    if not arguments.only or "unseen" in arguments.only:
        vectors = get_vectors(arguments.shared, arguments.vectors, "")
        show_unseen(arguments, vectors, seeds, [8] if arguments.quick else [8, 32])
    for name, skewed in (("ag", False), ("bbc", False), ("ag", True), ("reuters", False), ("news", False)):
        label = f"{name} skewed" if skewed else name
        if arguments.only and label not in arguments.only:
            continue
        corpus = read_corpus(arguments.shared, name)
        vectors = get_vectors(arguments.shared, arguments.vectors, "reuters" if name == "reuters" else "")
        methods = choose_methods(vectors, arguments)
        columns = {n: measure(corpus, methods, seeds, n, skewed) for n in sizes}
        for key, title in (("accuracy", "accuracy"), ("macro", "macro-F1"), ("ece", "ECE")):
            if key == ("macro" if label == "ag" else "") or (key == "accuracy" and skewed):
                continue
            rows = [
                [method, given, *(_cell(columns[n][method].get(key)) for n in sizes)]
                for method, (given, _) in methods.items()
                if any(columns[n][method].get(key) for n in sizes)
            ]
            if label == "ag" and key == "accuracy":
                rows += [
                    [who, what, *({8: at8, 64: at64}.get(n, "") for n in sizes)] for who, what, at8, at64 in PUBLISHED
                ]
            print_table(
                f"{label}, {title} (%) by labels a topic, {len(seeds)} seeds",
                ["method", "given besides labels", *map(str, sizes)],
                rows,
            )


def _cell(values: list[float] | None) -> str:
    return f"{np.mean(values):.1f} ± {np.std(values):.1f}" if values else ""


if __name__ == "__main__":
    parser = new_parser(__doc__ or "")
    parser.add_argument("--quick", action="store_true", help="two seeds at 8 labels")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--vectors", type=Path, help="keep word vectors in this folder")
    parser.add_argument("--methods", nargs="*", help="only these rows")
    parser.add_argument("--sizes", type=int, nargs="*", default=[2, 4, 8, 16, 64])
    parser.add_argument("--only", nargs="*", help='of ag, bbc, "ag skewed", reuters, news, unseen')
    parser.add_argument("--fasttext", action="store_true", help="fastText too (pip install fasttext-community)")
    run_script(main, parser.parse_args())
