"""What a person said of a piece beside what a model said of it: the rows that all figures of topics are counted from.

Answers are made from predictions (:func:`answer`) or from the rows of a run (:func:`answer_row`). Each knows its
``unit``, what it stands or falls with (its story, its dump), and where and when it was published, where somebody said
so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topics.evaluation.classes import Judged
from topics.records import Prediction, TopicScore

__all__ = ["Answer", "answer", "answer_row"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One piece. ``topic`` is ``None`` where no topic fits, ``shown`` where the model shows none.

    ``guesses`` are the likeliest topics, best first, whatever was shown. ``doubt`` ranks pieces by how little any topic
    seems to fit, in any unit.
    """

    topic: str | None
    also: tuple[str, ...] = ()
    guesses: tuple[TopicScore, ...] = ()
    shown: str | None = None
    shown_also: tuple[str, ...] = ()
    doubt: float = 0.0
    unit: str = ""
    source: str | None = None
    published: str | None = None

    @property
    def guess(self) -> str | None:
        """The likeliest topic."""
        return self.guesses[0][0] if self.guesses else None

    @property
    def score(self) -> float | None:
        """Its probability."""
        return self.guesses[0][1] if self.guesses else None

    @property
    def as_shown(self) -> Judged:
        """What a reader sees against the truth: an unknown piece is right only where no topic fits."""
        return Judged(self.topic, self.shown, self.also, self.guess, self.score)

    @property
    def as_guessed(self) -> Judged:
        """The likeliest topic against the truth, whatever was shown."""
        return Judged(self.topic, self.guess, self.also, self.guess, self.score)


def answer(
    prediction: Prediction,
    topic: str | None,
    also: tuple[str, ...] = (),
    *,
    doubt: float | None = None,
    unit: str = "",
    source: str | None = None,
    published: str | None = None,
) -> Answer:
    """The answer to a prediction. Without ``doubt`` it is one less the best probability."""
    if doubt is None:
        doubt = _doubt_of(prediction.topics, prediction.unknown)
    return Answer(
        topic, also, prediction.topics, prediction.topic, prediction.also, doubt, unit, source, published
    )  # fmt: skip


def answer_row(
    row: Mapping[str, Any],
    topic: str | None,
    also: tuple[str, ...] = (),
    *,
    unit: str = "",
    source: str | None = None,
    published: str | None = None,
) -> Answer:
    """The same from a segment record; what it says of its own source and day holds where nobody knows better."""
    guesses = tuple((guess["topic"], guess["score"]) for guess in row["topics"])
    return Answer(
        topic,
        also,
        guesses,
        row["topic"],
        tuple(row["also"]),
        _doubt_of(guesses, row["unknown"]),
        unit,
        source or row["source"],
        published or row["published"],
    )


def _doubt_of(guesses: tuple[TopicScore, ...], unknown: bool) -> float:
    """Records do not say how far beyond the threshold a piece was: all that is unknown comes before all that is not."""
    return (1.0 - guesses[0][1] if guesses else 1.0) + (1.0 if unknown else 0.0)
