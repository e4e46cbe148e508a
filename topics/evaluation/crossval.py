"""Labels in, honest figures of the recipe out: a topic model is fitted for each fold and asked about what it never saw.

Everything is fitted anew in each fold, temperature and thresholds too, so that calibration and unknown are as honest as
accuracy. What is measured is the recipe on these labels, and not one trained model; that is what
:mod:`topics.evaluation.measure` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topics.errors import LabelError
from topics.evaluation.answers import Answer, answer
from topics.evaluation.folds import Basis, Fold, Traits, make_folds
from topics.evaluation.topic_report import TopicReport, report_topics

if TYPE_CHECKING:
    from rich.console import Console

    from topics.classification.model import TopicModel
    from topics.classification.training import Example
    from topics.classification.vectors import WordVectors

__all__ = ["N_FOLDS", "CrossValidation", "FoldFigures", "Learn", "ask_folds", "cross_validate", "learn_topics"]

# how many folds there are by default: outlets differ much, so more of them are left out one by one
N_FOLDS: Final[Mapping[Basis, int]] = {"story": 5, "duplicates": 5, "outlet": 10, "time": 5, "topic": 5}

_MOVES: Final[Mapping[Basis, str]] = {
    "time": 'They need two days of publication: give "published" in the labels.',
    "topic": "They need labels of three topics: label a third, or take another basis.",
}

Learn = Callable[[Sequence["Example"], Sequence[str]], "TopicModel"]
"""Examples to learn from and topics that there are, to a model."""


@dataclass(frozen=True, slots=True)
class FoldFigures:
    """One fold: what was tested, and how many best guesses were right."""

    name: str
    n_train: int
    n_test: int
    accuracy: float
    macro_f1: float
    ece: float

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """``report`` is over all pieces tested, each by the one model that did not see it (by topic, some by several)."""

    by: Basis
    n_pieces: int
    n_stories: int
    report: TopicReport
    folds: tuple[FoldFigures, ...]
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "by": self.by,
            "n_pieces": self.n_pieces,
            "n_stories": self.n_stories,
            "n_tested": self.report.n,
            "topics": self.report.to_dict(),
            "folds": [fold.to_dict() for fold in self.folds],
        }

    def render(self, console: Console) -> None:
        """Print the tables on a rich console."""
        from topics.evaluation.topic_tables import build_topic_tables, new_table, summarise_topics

        title = (
            f"{self.report.n:,} of {self.n_pieces:,} labelled pieces, {self.n_stories:,} stories, folds by {self.by}"
        )
        table = new_table(title, "", "figure", "95% interval")
        for row in summarise_topics(self.report):
            table.add_row(*row)
        console.print(table)
        for table in build_topic_tables(self.report, "pieces not seen"):
            console.print(table)
        table = new_table("Folds", "tested", "learned from", "pieces", "right", "macro-F1", "ECE")
        for fold in self.folds:
            figures = (f"{value:.3f}" for value in (fold.accuracy, fold.macro_f1, fold.ece))
            table.add_row(_shorten(fold.name), f"{fold.n_train:,}", f"{fold.n_test:,}", *figures)
        console.print(table)


def cross_validate(
    labels: Path | str = Path("labels"),
    *,
    by: Basis = "story",
    n_folds: int | None = None,
    tested: Sequence[str] = (),
    leave_out: Sequence[str] = (),
    dumps: Sequence[str] | None = None,
    base: str | None = None,
    jobs: int = 1,
    on_fold: Callable[[str], None] = lambda name: None,
) -> CrossValidation:
    """The figures of training on a folder of labels, fold by fold (:func:`topics.evaluation.folds.make_folds`).

    ``tested`` names label files: only their pieces are tested, the others are always learned from; no piece is tested
    whose primary topic is a guess. ``leave_out``,
    ``dumps`` and ``base`` are those of :func:`topics.train`; boundaries and word vectors come from ``base``.
    ``on_fold`` hears of each fold that is done. Same inputs, same figures.
    """
    from topics.examples import read_training_set

    had = read_training_set(labels, dumps=dumps, base=base, leave_out=leave_out)
    names = {Path(name).stem for name in tested}
    unknown = sorted(names - {path.stem for path in had.files})
    if unknown:
        raise LabelError(f'{labels}: no label file "{unknown[0]}.jsonl" to test. Give its name without the suffix.')
    pieces = had.pieces
    places = [
        k
        for k, (name, example) in enumerate(zip(pieces.files, pieces.examples, strict=True))
        if not example.guessed and (not names or name in names)
    ]
    folds = make_folds(pieces.traits, by, n_folds or N_FOLDS[by], places)
    if not folds:
        move = _MOVES.get(by, "Label more.") if places else "Label more."
        raise LabelError(f"{labels}: no folds by {by} can be made of {len(pieces.traits)} pieces. {move}")
    learn = partial(learn_topics, lessons=had.lessons, vectors=had.vectors)
    asked = ask_folds(folds, pieces.examples, pieces.traits, had.slugs, learn, jobs=jobs, on_fold=on_fold)
    figures = []
    answers: list[Answer] = []
    for fold, own in zip(folds, asked, strict=True):
        answers += own
        part = report_topics(own, "story", n_resamples=0)
        scores = part.guessed
        ece = part.shown.calibration.ece
        figures.append(FoldFigures(fold.name, len(fold.train), len(fold.test), scores.accuracy, scores.macro_f1, ece))
    return CrossValidation(
        by=by,
        n_pieces=len(pieces.traits),
        n_stories=len({piece.story for piece in pieces.traits}),
        report=report_topics(answers, "story"),
        folds=tuple(figures),
        problems=had.problems,
    )


def learn_topics(
    examples: Sequence[Example],
    slugs: Sequence[str],
    *,
    lessons: Sequence[Example],
    vectors: WordVectors | None,
) -> TopicModel:
    """What ``topics train`` does with examples, on topics of which some may be missing."""
    from topics.classification.training import fit_topics

    there = [lesson for lesson in lessons if lesson.topic in slugs]
    return fit_topics(examples, slugs, there, vectors).model


def ask_folds(
    folds: Sequence[Fold],
    examples: Sequence[Example],
    traits: Sequence[Traits],
    slugs: Sequence[str],
    learn: Learn,
    *,
    jobs: int = 1,
    on_fold: Callable[[str], None] = lambda name: None,
) -> list[list[Answer]]:
    """For each fold the answers about what it tests, in order; ``jobs`` processes, each fitting one fold at a time."""
    if jobs == 1:
        return list(_said(on_fold, ((fold.name, _ask_fold(fold, examples, traits, slugs, learn)) for fold in folds)))
    from joblib import Parallel, delayed

    done = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_ask_fold)(fold, examples, traits, slugs, learn) for fold in folds
    )
    return list(_said(on_fold, zip((fold.name for fold in folds), done, strict=True)))


def _said(say: Callable[[str], None], done: Iterable[tuple[str, list[Answer]]]) -> Iterator[list[Answer]]:
    for name, answers in done:
        say(name)
        yield answers


def _ask_fold(
    fold: Fold, examples: Sequence[Example], traits: Sequence[Traits], slugs: Sequence[str], learn: Learn
) -> list[Answer]:
    seen = [slug for slug in slugs if slug not in fold.unseen]
    learned = [
        replace(examples[place], also=tuple(slug for slug in examples[place].also if slug not in fold.unseen))
        for place in fold.train
    ]
    model = learn(learned, seen)
    answers = []
    for place in fold.test:
        example, piece = examples[place], traits[place]
        answers.append(
            answer(
                model.predict_terms(example.terms, ""),
                None if piece.topic in fold.unseen else piece.topic,
                () if piece.topic in fold.unseen else example.also,
                doubt=model.doubt(model.vectorise(example.terms)),
                unit=str(piece.story),
                source=piece.outlet,
                published=piece.published,
            )
        )
    return answers


def _shorten(name: str) -> str:
    return name if len(name) <= 60 else name[:57].rsplit(",", 1)[0] + ", …"
