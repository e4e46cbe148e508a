"""What to label next: a scripted reviewer follows the queue, against random order and plain uncertainty.

    python benchmarks/label_queue.py [--domain news-2025-05-21] [--seeds 10] [--pool 500] [--json FILE]

The start model has learned from all label files but those of the domain, without pieces that have a near-duplicate
there. For each seed the stories of the domain are drawn into a pool of articles that the reviewer may be asked about
and the others, on which every model is scored. The reviewer answers with the labels that the project holds, 25 at a
time, and the model learns again from all labels, old and new. All orders see the same pools, tests and start.

The model is the linear layer that `topics train` starts from (SVMs on terms and word vectors, descriptions as pieces),
without what never changes which topic is likeliest or reads unlabelled text; ``warm_svm`` solves the same problem
from where the last one ended. Settings of the queue have not been tuned;
whoever does so uses --domain allsides-2012-2020,allsides-2012-2020-2, never the news.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from shared import ROOT, describe_run, print_table, say
from warm_svm import WarmSvm

from topics.care.fitting import Arena, lay_out
from topics.care.gather import gather_labelled
from topics.evaluation.folds import Traits
from topics.selection import Candidates, Record, order_candidates
from topics.selection.stopping import measure_stability

BATCH: Final = 25
GOAL: Final = 400  # random labels, whose accuracy is to be reached
TEMPERATURE: Final = 0.25  # of the scores; the shipped model's is about that


@dataclass(frozen=True)
class Domain:
    """``places`` are the pieces of the domain, ``base`` the rows that the start model learned from."""

    arena: Arena
    dense: np.ndarray
    places: np.ndarray
    base: np.ndarray
    traits: tuple[Traits, ...]
    start: WarmSvm


@dataclass
class Trial:
    """One reviewer: ``pool`` (rows), what was decided so far (places in the pool), and what the model says of it."""

    domain: Domain
    pool: np.ndarray
    seed: int
    model: WarmSvm
    decided: list[int] = field(default_factory=list)
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    n_wrong: np.ndarray = field(default_factory=lambda: np.zeros(0))
    expected: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        self.n_wrong, self.expected = np.zeros((2, len(self.domain.arena.slugs)))
        self.probabilities = softmax(self.model.score(self.pool) / TEMPERATURE)

    @property
    def open(self) -> np.ndarray:
        return np.setdiff1d(np.arange(len(self.pool)), self.decided)

    def decide(self, chosen: np.ndarray) -> None:
        """The reviewer answers and the model learns."""
        arena = self.domain.arena
        for place in chosen.tolist():
            best = int(self.probabilities[place].argmax())
            self.n_wrong[best] += best != arena.topics[self.pool[place]]
            self.expected[best] += 1 - self.probabilities[place, best]
        self.decided += chosen.tolist()
        rows = np.concatenate((self.domain.base, self.pool[self.decided]))
        self.model.fit(rows, arena.topics[rows], arena.weight[rows])
        self.probabilities = softmax(self.model.score(self.pool) / TEMPERATURE)


Order = Callable[[Trial], np.ndarray]


def by_chance(trial: Trial) -> np.ndarray:
    left = trial.open
    return left[np.random.default_rng([trial.seed, len(trial.decided)]).permutation(len(left))]


def by_margin(trial: Trial) -> np.ndarray:
    left = trial.open
    two = np.sort(trial.probabilities[left], axis=1)[:, -2:]
    return left[np.argsort(two[:, 1] - two[:, 0], kind="stable")]


def by_entropy(trial: Trial) -> np.ndarray:
    left = trial.open
    p = np.maximum(trial.probabilities[left], 1e-12)
    return left[np.argsort((p * np.log(p)).sum(axis=1), kind="stable")]


def by_queue(trial: Trial) -> np.ndarray:
    left, arena = trial.open, trial.domain.arena
    seen = np.concatenate((trial.domain.base, trial.pool[trial.decided]))
    counts = np.bincount(arena.topics[seen], minlength=len(arena.slugs)).astype(float)
    groups = np.unique([str(trial.domain.traits[p].duplicate) for p in trial.pool[left]], return_inverse=True)[1]
    rows = arena.rows.x[trial.pool]
    order = order_candidates(
        Candidates.of(trial.probabilities[left], groups=groups),
        Record(counts, trial.n_wrong, trial.expected),
        lambda places: rows[left[places]],
        rows[trial.decided] if trial.decided else None,
    )
    return left[order]


ORDERS: Final[dict[str, Order]] = {
    "random": by_chance, "margin": by_margin, "entropy": by_entropy, "queue": by_queue,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=ROOT / "labels")
    parser.add_argument("--domain", default="news-2025-05-21", help="label files, by comma")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--pool", type=int, default=500)
    parser.add_argument("--most", type=int, default=GOAL, help="labels in all")
    parser.add_argument("--orders", default="random,margin,queue")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    domain = read_domain(options.labels, set(options.domain.split(",")))
    names = options.orders.split(",")
    budgets = list(range(0, options.most + 1, BATCH))
    scores = np.zeros((len(names), options.seeds, len(budgets), 2))
    kappas = []
    for seed in range(options.seeds):
        pool, test = draw_pool(domain, options.pool, seed)
        say(f"seed {seed}: {len(pool)} to ask about, {len(test)} to be scored on")
        for row, name in enumerate(names):
            trial = Trial(domain, pool, seed, domain.start.copy())
            guesses = []
            for step, n in enumerate(budgets):
                if n:
                    trial.decide(ORDERS[name](trial)[:BATCH])
                scores[row, seed, step] = score(domain, trial.model, test)
                guesses.append(trial.model.score(test).argmax(axis=1))
            if name == "queue":
                kappas.append(measure_stability(guesses).kappas)
    report(names, budgets, scores, options)
    if kappas:
        means = np.mean(kappas, axis=0)
        line = ", ".join(f"{n}: {kappa:.3f}" for n, kappa in zip(budgets[1:], means, strict=True))
        print(f"\nkappa of successive models of the queue, by labels: {line}")
    if options.json:
        found = {"run": describe_run(), "orders": names, "labels": budgets, "scores": scores.tolist()}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def read_domain(labels: Path, files: set[str]) -> Domain:
    """Labels, laid out once; the start model."""
    labelled = gather_labelled(labels)
    kept = [k for k, example in enumerate(labelled.examples) if example.topic is not None]
    traits = tuple(labelled.traits[k] for k in kept)
    inside = np.array([Path(labelled.entries[k].file).stem in files for k in kept])
    arena = lay_out([labelled.examples[k] for k in kept], labelled.taxonomy.slugs, labelled.lessons, labelled.vectors)
    barred = {traits[k].duplicate for k in np.flatnonzero(inside).tolist()}
    old = [k for k in np.flatnonzero(~inside).tolist() if traits[k].duplicate not in barred]
    base = np.concatenate((np.array(old, np.int64), np.arange(arena.n, len(arena.topics))))
    dense = np.zeros((len(arena.rows), 1)) if arena.rows.dense is None else arena.rows.dense
    say(f"{inside.sum()} pieces of the domain, {len(old)} others, {(~inside).sum() - len(old)} left out")
    start = WarmSvm(arena.rows.x, dense, len(arena.slugs)).fit(base, arena.topics[base], arena.weight[base])
    return Domain(arena, dense, np.flatnonzero(inside), base, traits, start)


def draw_pool(domain: Domain, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to ask about and rows to be scored on; stories are drawn whole, and their near-duplicates are."""
    stories = [domain.traits[place].story for place in domain.places]
    names = list(dict.fromkeys(stories))
    inside: set[Any] = set()
    n = 0
    for number in np.random.default_rng(seed).permutation(len(names)).tolist():
        own = stories.count(names[number])
        if n + own <= size:
            inside.add(names[number])
            n += own
    is_pool = np.array([story in inside for story in stories])
    return domain.places[is_pool], domain.places[~is_pool]


def score(domain: Domain, model: WarmSvm, test: np.ndarray) -> tuple[float, float]:
    """Accuracy, and macro-F1 over the topics of the test."""
    truth, found = domain.arena.topics[test], model.score(test).argmax(axis=1)
    f1 = []
    for topic in np.unique(truth):
        n_right = ((truth == topic) & (found == topic)).sum()
        f1.append(2 * n_right / ((truth == topic).sum() + (found == topic).sum()))
    return float((truth == found).mean()), float(np.mean(f1))


def report(names: list[str], budgets: list[int], scores: np.ndarray, options: argparse.Namespace) -> None:
    first = names.index("random") if "random" in names else 0
    rows = []
    for step, n in enumerate(budgets):
        row = [str(n)]
        for number in range(len(names)):
            row.append(f"{scores[number, :, step, 0].mean():.3f} ({scores[number, :, step, 1].mean():.3f})")
            if number != first:
                mean, half = pair(scores[number, :, step, 0] - scores[first, :, step, 0])
                row.append(f"{100 * mean:+.1f} ± {100 * half:.1f}")
        rows.append(row)
    head = ["labels"]
    for number, name in enumerate(names):
        head += [name] if number == first else [name, f"less {names[first]}"]
    print_table(
        f"{options.domain}, {options.seeds} seeds: accuracy (macro-F1), paired differences in points", head, rows
    )
    goal = scores[first, :, -1, 0]
    print(f"\n{names[first]} at {budgets[-1]} labels: {goal.mean():.3f}. Reached with:")
    for number, name in enumerate(names):
        reached = [n for step, n in enumerate(budgets) if scores[number, :, step, 0].mean() >= goal.mean()]
        print(f"  {name:8} {reached[0] if reached else 'never'}")


def pair(differences: np.ndarray) -> tuple[float, float]:
    """Mean and half of the 95 % interval over seeds (Student's t)."""
    from scipy.stats import t

    n = len(differences)
    half = t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n) if n > 1 else float("nan")
    return float(differences.mean()), float(half)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    main()
