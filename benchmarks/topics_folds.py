"""The topic recipe on the shipped labels, fold by fold, beside scikit-learn on the same folds and the same terms.

    python benchmarks/topics_folds.py [--split NAME] [--jobs N]

Stories, outlets, later days and whole topics are left out in turn (docs/evaluation.md says how to read it). The peers
are given what ours is given, counted terms with the headline four times, as TF-IDF: ``LinearSVC`` and
``LogisticRegression`` as scikit-learn has them. Intervals are over stories. The labels are those of ``labels/``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from shared import ROOT, describe_run, print_table, run_script, say

from topics.classification.analyzer import Terms
from topics.classification.model import N_GUESSES, TITLE_WEIGHT
from topics.classification.training import Example
from topics.errors import TopicsError
from topics.evaluation.crossval import N_FOLDS, Learn, ask_folds, learn_topics
from topics.evaluation.folds import Basis, make_folds
from topics.evaluation.topic_report import TopicReport, report_topics
from topics.examples import TrainingSet, read_training_set
from topics.records import Prediction

# name -> folds by what, and the label files that are tested (all where none are named)
SPLITS: Mapping[str, tuple[Basis, tuple[str, ...]]] = {
    "news-2025-05-21, by story": ("story", ("news-2025-05-21",)),
    "all labels, by story": ("story", ()),
    "all labels, by near-duplicate": ("duplicates", ()),
    "all labels, outlet left out": ("outlet", ()),
    "all labels, earlier to later": ("time", ()),
    "real dumps, their labels left out": ("story", ("seeds-2026-01",)),
    "all labels, topics left out": ("topic", ()),
}


class Peer:
    """A scikit-learn classifier on TF-IDF of counted terms, with as much of a topic model as folds ask for."""

    def __init__(self, make: Callable[[], Any], examples: Sequence[Example], slugs: Sequence[str]) -> None:
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.pipeline import make_pipeline

        known = [example for example in examples if example.topic is not None]
        self.pipeline = make_pipeline(DictVectorizer(), TfidfTransformer(sublinear_tf=True), make())
        self.pipeline.fit([_count(example.terms) for example in known], [example.topic for example in known])

    def vectorise(self, terms: Terms) -> Terms:
        return terms

    def scores(self, terms: Terms) -> np.ndarray:
        """Probabilities, or what stands for them: a softmax of margins."""
        rows = [_count(terms)]
        if hasattr(self.pipeline[-1], "predict_proba"):
            return self.pipeline.predict_proba(rows)[0]
        margins = np.atleast_2d(self.pipeline.decision_function(rows))[0]
        e = np.exp(margins - margins.max())
        return e / e.sum()

    def doubt(self, terms: Terms) -> float:
        return 1.0 - float(self.scores(terms).max())

    def predict_terms(self, terms: Terms, model: str) -> Prediction:
        p = self.scores(terms)
        names = self.pipeline[-1].classes_
        guesses = tuple((str(names[k]), float(p[k])) for k in np.argsort(-p, kind="stable")[:N_GUESSES].tolist())
        return Prediction(guesses[0][0], guesses[0][1], (), False, guesses, model)


def _count(terms: Terms) -> dict[str, float]:
    counts = {term: float(n) for term, n in terms.body.items()}
    for term, n in terms.title.items():
        counts[term] = counts.get(term, 0.0) + TITLE_WEIGHT * n
    return counts


def make_methods(had: TrainingSet) -> dict[str, Learn]:
    """Ours and the peers, by name."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    return {
        "topics": partial(learn_topics, lessons=had.lessons, vectors=had.vectors),
        "LinearSVC": partial(Peer, partial(LinearSVC, random_state=0)),  # type: ignore[dict-item]
        "LR": partial(Peer, partial(LogisticRegression, max_iter=2000)),  # type: ignore[dict-item]
    }


def main(options: argparse.Namespace) -> None:
    """Measure every split with every method and print one table a split."""
    if unknown := set(options.split) - set(SPLITS):
        raise TopicsError(f"no split {sorted(unknown)[0]!r}. Known: {'; '.join(SPLITS)}")
    had = read_training_set(ROOT / "labels")
    for problem in had.problems:
        say(problem)
    traits = had.pieces.traits
    print(f"{len(traits):,} labelled pieces, {len({piece.story for piece in traits}):,} stories")
    print(", ".join(f"{key} {value}" for key, value in describe_run().items()))
    for name in options.split or SPLITS:
        by, tested = SPLITS[name]
        places = [k for k, file in enumerate(had.pieces.files) if file in tested] if tested else None
        folds = make_folds(traits, by, N_FOLDS[by], places)
        rows = []
        for method, learn in make_methods(had).items():
            say(f"{name}: {method}")
            asked = ask_folds(folds, had.pieces.examples, traits, had.slugs, learn, jobs=options.jobs)
            report = report_topics([one for answers in asked for one in answers], "story")
            rows.append([method, *spell(report, method, by)])
        print_table(f"**{name}**: {len(folds)} folds", HEADERS, rows)


HEADERS = (
    *("method", "pieces", "best guess right", "primary or secondary", "macro-F1", "ECE"),
    *("secondary F1", "F1, all but the first", "unknown AUROC", "left unknown, fits", "fits none"),
)


def spell(report: TopicReport, method: str, by: Basis) -> list[str]:
    """One row of the table."""
    found = report.intervals.overall

    def figure(value: float | None, key: str) -> str:
        if value is None:
            return ""
        interval = found.get(key)
        return f"{value:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")

    guessed, unknown = report.guessed, report.unknown
    ours = method == "topics"
    honest = method != "LinearSVC"  # whose margins are no probabilities
    return [
        str(report.n),
        figure(guessed.accuracy, "best_guess_accuracy"),
        figure(guessed.accuracy_with_secondary, "best_guess_accuracy_with_secondary"),
        figure(guessed.macro_f1, "best_guess_macro_f1"),
        f"{guessed.calibration.ece:.3f}" if honest else "",
        figure(report.secondary.f1, "secondary_f1") if ours else "",
        figure(report.further.f1, "further_f1") if ours else "",
        figure(unknown.auroc, "unknown_auroc") if by == "topic" else "",
        f"{unknown.known_rejected:.3f}" if ours else "",
        f"{unknown.unfit_rejected:.3f} of {unknown.n_unfit}" if ours and unknown.n_unfit else "",
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--split", action="append", default=[], help="only this split, by name; may be repeated")
    parser.add_argument("--jobs", type=int, default=1, help="folds at a time (1)")
    run_script(main, parser.parse_args())
