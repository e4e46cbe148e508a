"""Labelled pieces laid out once, and the linear layer fitted on any of them: what a learning curve is made of.

This is the SVM of training without what is fitted around it (mix, temperature, thresholds), none of which changes
which topic is the likeliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topics.classification.folds import Example
from topics.classification.matrix import Rows, Space, choose_terms
from topics.classification.matrix import lay_out as lay_out_rows
from topics.classification.scorers import fit_svms
from topics.classification.vectors import WordVectors

__all__ = ["Arena", "lay_out"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arena:
    """``n`` labelled pieces, then the lessons on topics, as rows; ``topics`` (n_rows,) are columns of ``slugs``."""

    n: int
    slugs: tuple[str, ...]
    topics: NDArray[np.int64]
    rows: Rows
    space: Space
    weight: Array

    def predict(self, train: NDArray[np.int64], test: NDArray[np.int64]) -> NDArray[np.int64]:
        """The likeliest topic of the pieces ``test`` by a layer that saw the pieces ``train`` and the lessons."""
        seen = np.concatenate((train, np.arange(self.n, len(self.topics))))
        primary = np.eye(len(self.slugs), dtype=bool)[self.topics[seen]]
        layer = fit_svms(self.rows[seen], primary, self.space, self.weight[seen])
        result: NDArray[np.int64] = layer.score(self.rows[test]).argmax(axis=1)
        return result


def lay_out(
    examples: Sequence[Example],
    slugs: tuple[str, ...],
    lessons: Sequence[Example],
    vectors: WordVectors | None = None,
) -> Arena:
    """The pieces, each with a topic of ``slugs``, and the lessons on these over one vocabulary."""
    everything = [*examples, *(lesson for lesson in lessons if lesson.topic in slugs)]
    terms = [example.terms for example in everything]
    space, rows, *_ = lay_out_rows(terms, (), choose_terms(terms, (), vectors), vectors)
    weight = np.array([example.weight for example in everything])
    topics = np.array([slugs.index(str(example.topic)) for example in everything])
    return Arena(len(examples), slugs, topics, rows, space, weight)
