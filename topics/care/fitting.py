"""Labelled pieces laid out once, and the linear layer fitted on any of them: what a learning curve is made of.

This is the SVM of training without what is fitted around it (mix, temperature, thresholds), none of which changes
which topic is the likeliest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms
from topics.classification.folds import Example
from topics.classification.matrix import Rows, Space, choose_terms
from topics.classification.matrix import lay_out as lay_out_rows
from topics.classification.scorers import fit_svms
from topics.classification.training import DESCRIPTION_WEIGHT
from topics.classification.vectors import WordVectors

__all__ = ["Arena", "lay_out"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arena:
    """``n`` labelled pieces, then the topics' descriptions, as rows; ``topics`` (n_rows,) are columns of ``slugs``."""

    n: int
    slugs: tuple[str, ...]
    topics: NDArray[np.int64]
    rows: Rows
    space: Space
    weight: Array

    def predict(self, train: NDArray[np.int64], test: NDArray[np.int64]) -> NDArray[np.int64]:
        """The likeliest topic of the pieces ``test`` by a layer that saw the pieces ``train`` and the descriptions."""
        seen = np.concatenate((train, np.arange(self.n, len(self.topics))))
        primary = np.eye(len(self.slugs), dtype=bool)[self.topics[seen]]
        layer = fit_svms(self.rows[seen], primary, self.space, self.weight[seen])
        result: NDArray[np.int64] = layer.score(self.rows[test]).argmax(axis=1)
        return result


def lay_out(
    examples: Sequence[Example],
    slugs: tuple[str, ...],
    descriptions: Mapping[str, Terms],
    vectors: WordVectors | None = None,
) -> Arena:
    """The pieces, each with a topic of ``slugs``, and the descriptions over one vocabulary."""
    described = [Example(terms, slug) for slug, terms in sorted(descriptions.items()) if slug in slugs]
    everything = [*examples, *described]
    terms = [example.terms for example in everything]
    space, rows, *_ = lay_out_rows(terms, (), choose_terms(terms, (), vectors), vectors)
    weight = np.concatenate((np.ones(len(examples)), np.full(len(described), DESCRIPTION_WEIGHT)))
    topics = np.array([slugs.index(str(example.topic)) for example in everything])
    return Arena(len(examples), slugs, topics, rows, space, weight)
