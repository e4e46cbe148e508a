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
VECTOR_TEXTS: Final = 8_000  # of articles from elsewhere that word vectors are learned from
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
        records = [r for r in read_records(folder, "reuters21578") if len(r["topics"]) == 1]
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


def read_words(folder: Path) -> list[list[str]]:
    """Words of articles that are in none of the corpora: what the vectors are learned from."""
    records = read_records(folder, "articles_allsides")
    step = max(1, len(records) // VECTOR_TEXTS)
    chosen = records[::step] + read_records(folder, "articles_economist2025")
    return [list_words(f"{r['title']}\n{r['text'][:8000]}") for r in chosen]


def get_vectors(folder: Path, kept: Path | None) -> WordVectors:
    """Word vectors, read from the file ``kept`` where it is there, else learned and kept in it."""
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as arrays:
            return WordVectors.from_arrays(arrays)
    say("learning word vectors")
    vectors = learn_vectors(read_words(folder))
    if kept is not None:
        np.savez(kept, **vectors.to_arrays())
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
        model = fit_topics(examples, topics, {}, vectors, pool).model
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


def main(arguments: argparse.Namespace) -> None:
    first = arguments.first_seed
    seeds = range(first, first + (2 if arguments.quick else arguments.seeds))
    sizes = [8] if arguments.quick else arguments.sizes
    vectors = get_vectors(arguments.shared, arguments.vectors)
    methods: dict[str, tuple[str, Predict]] = {
        "ours": ("pool, vectors", predict_ours(vectors, True)),
        "ours, no vectors": ("pool", predict_ours(None, True)),
        "ours, no pool": ("vectors", predict_ours(vectors, False)),
        "ours, neither": ("-", predict_ours(None, False)),
        **peers.methods(arguments.fasttext),
    }
    if arguments.methods:
        methods = {name: method for name, method in methods.items() if name in arguments.methods}
    for name, skewed in (("ag", False), ("bbc", False), ("ag", True), ("reuters", False), ("news", False)):
        label = f"{name} skewed" if skewed else name
        if arguments.only and label not in arguments.only:
            continue
        corpus = read_corpus(arguments.shared, name)
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
    parser.add_argument("--vectors", type=Path, help="keep the word vectors in this .npz file")
    parser.add_argument("--methods", nargs="*", help="only these rows")
    parser.add_argument("--sizes", type=int, nargs="*", default=[2, 4, 8, 16, 64])
    parser.add_argument("--only", nargs="*", help='corpora: ag, bbc, "ag skewed", reuters, news')
    parser.add_argument("--fasttext", action="store_true", help="fastText too (pip install fasttext-community)")
    run_script(main, parser.parse_args())
