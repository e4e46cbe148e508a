"""How many wrong labels `topics labels check` finds, and what it costs to look at its suspects.

    python benchmarks/suspects.py [LABELS] [--share 0.1] [--seeds 3] [--model MODEL] [--json FILE]

Labels are made wrong in three ways: by a topic drawn from all; by a topic drawn as the labels have them; and
by the topic that a model without the piece holds for likeliest but the true one, which is how people err. Every method
sees the same out-of-fold probabilities of models trained on the wrong labels. The labels as they are hold mistakes too,
which count as false alarms here, so precision is a lower bound.

Peers: the pieces whose label is not the likeliest topic, by the label's probability; and cleanlab (if it is installed:
`pip install cleanlab`), both of its filters, by its own ranking.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from topics.care.gather import Labelled, gather_labelled
from topics.care.suspects import rank_suspects
from topics.classification.training import fit_topics
from topics.reading import read_dumps

ROOT = Path(__file__).resolve().parent.parent
MANNERS = ("any topic", "a common topic", "the likeliest other")

Found = list[int]
Method = Callable[[np.ndarray, np.ndarray, np.ndarray], Found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="?", type=Path, default=ROOT / "labels")
    parser.add_argument("--share", type=float, default=0.1, help="of the labels made wrong")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model", default=None)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    labelled = keep_topical(gather_labelled(options.labels, read_dumps([str(ROOT / "seeds")]), options.model))
    slugs = labelled.taxonomy.slugs
    truth = np.array([slugs.index(str(example.topic)) for example in labelled.examples])
    clean = fit_topics(labelled.examples, slugs, labelled.lessons, labelled.vectors).out_of_fold
    methods = dict(find_methods())
    results: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    for manner in MANNERS:
        for seed in range(options.seeds):
            given = spoil(truth, clean, manner, options.share, seed)
            wrong = np.flatnonzero(given != truth)
            spoilt = [replace(e, topic=slugs[k]) for e, k in zip(labelled.examples, given.tolist(), strict=True)]
            p = fit_topics(spoilt, slugs, labelled.lessons, labelled.vectors).out_of_fold
            allowed = np.zeros(p.shape, bool)
            for row, example in enumerate(labelled.examples):
                allowed[row, [slugs.index(slug) for slug in example.also if slug in slugs]] = True
            for name, method in methods.items():
                figures = score(method(p, given, allowed), set(wrong.tolist()))
                results.setdefault(manner, {}).setdefault(name, []).append(figures)
    report(results, len(truth), options)


def keep_topical(labelled: Labelled) -> Labelled:
    """Without the pieces of which a person said that no topic fits."""
    kept = [k for k, example in enumerate(labelled.examples) if example.topic is not None]
    return replace(
        labelled,
        examples=tuple(labelled.examples[k] for k in kept),
        traits=tuple(labelled.traits[k] for k in kept),
        entries=tuple(labelled.entries[k] for k in kept),
    )


def spoil(truth: np.ndarray, p: np.ndarray, manner: str, share: float, seed: int) -> np.ndarray:
    """The labels with a share of them wrong."""
    random = np.random.default_rng(seed)
    given = truth.copy()
    for place in random.choice(len(truth), round(share * len(truth)), replace=False).tolist():
        others = np.delete(np.arange(p.shape[1]), truth[place])
        if manner == "any topic":
            given[place] = random.choice(others)
        elif manner == "a common topic":
            common = np.bincount(truth, minlength=p.shape[1])[others]
            given[place] = random.choice(others, p=common / common.sum())
        else:
            given[place] = others[p[place, others].argmax()]
    return given


def find_methods() -> Iterator[tuple[str, Method]]:
    """The methods by name: each gives places, the most suspicious first."""
    yield "topics", lambda p, given, allowed: [place for place, _ in rank_suspects(p, given, allowed)]
    yield (
        "topics, secondary topics suspect too",
        lambda p, given, allowed: [place for place, _ in rank_suspects(p, given, np.zeros_like(allowed))],
    )
    yield "label is not the likeliest", plain
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        return
    for kind in ("prune_by_noise_rate", "confident_learning"):

        def clean(p: np.ndarray, given: np.ndarray, allowed: np.ndarray, kind: str = kind) -> Found:
            found = find_label_issues(given, p, filter_by=kind, return_indices_ranked_by="normalized_margin", n_jobs=1)
            return [int(place) for place in found]

        yield f"cleanlab, {kind}", clean


def plain(p: np.ndarray, given: np.ndarray, allowed: np.ndarray) -> Found:
    own = p[np.arange(len(given)), given]
    return [place for place in np.argsort(own, kind="stable").tolist() if p[place].argmax() != given[place]]


def score(found: Found, wrong: set[int]) -> tuple[float, float, float]:
    """Precision of all that was found, recall, and precision among the first as many as there are wrong ones."""
    hits = sum(place in wrong for place in found)
    first = found[: len(wrong)]
    return hits / max(1, len(found)), hits / len(wrong), sum(place in wrong for place in first) / max(1, len(first))


def report(results: dict[str, Any], n: int, options: argparse.Namespace) -> None:
    print(f"{n} labels, {options.share:.0%} of them made wrong, {options.seeds} seeds; means\n")
    print(f"| {'made wrong by':20} | {'method':36} | precision | recall | F1 | precision among the first |")
    print("|---|---|---|---|---|---|")
    rows = []
    for manner, by_method in results.items():
        for name, figures in by_method.items():
            precision, recall, first = np.mean(figures, axis=0).tolist()
            f1 = 2 * precision * recall / max(precision + recall, 1e-9)
            rows.append({"manner": manner, "method": name, "precision": precision, "recall": recall, "first": first})
            print(f"| {manner:20} | {name:36} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {first:.3f} |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
