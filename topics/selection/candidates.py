"""What is known of the undecided segments, as columns, and of what people have decided so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Candidates", "Record"]

Array = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Undecided segments, four columns of one length (n,).

    ``best`` is the number of the likeliest topic, negative where there is none. ``doubt`` is 0 where the model is sure
    and 1 where it knows nothing; it should be calibrated. ``groups`` is shared by near-duplicates. ``is_last`` marks
    what is asked after everything else (boilerplate).
    """

    best: Places
    doubt: Array
    groups: Places
    is_last: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.best)

    @classmethod
    def of(
        cls,
        probabilities: Array,
        unknown: Array | None = None,
        groups: Places | None = None,
        is_last: NDArray[np.bool_] | None = None,
    ) -> Candidates:
        """From calibrated ``probabilities`` (n, n_topics) and the chance that no topic fits, ``unknown`` (n,).

        Doubt is one minus the lead of the best topic over the second (margin sampling, Scheffer et al. 2001), the
        lead being worth as much as it is likely that any topic fits. Without ``groups`` all segments stand alone.

        >>> Candidates.of(np.array([[0.9, 0.1], [0.5, 0.5]])).doubt.round(2).tolist()
        [0.2, 1.0]
        """
        n, n_topics = probabilities.shape
        if n_topics > 1:
            two = np.partition(probabilities, n_topics - 2, axis=1)[:, -2:]
            lead = two[:, 1] - two[:, 0]
        else:
            lead = probabilities.sum(axis=1)
        if unknown is not None:
            lead = lead * (1.0 - np.clip(unknown, 0.0, 1.0))
        return cls(
            probabilities.argmax(axis=1).astype(np.int64) if n_topics else np.full(n, -1, np.int64),
            np.clip(1.0 - lead, 0.0, 1.0),
            np.arange(n) if groups is None else np.asarray(groups, np.int64),
            np.zeros(n, np.bool_) if is_last is None else np.asarray(is_last, np.bool_),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """What people's decisions say so far, one number a topic, (n_topics,) each.

    ``n_labels`` are the labels that there are. Of the segments that the model took for a topic and people then decided,
    ``n_wrong`` are those that they gave another one, and ``expected_wrong`` is how many the model's own scores made us
    expect: the sum of one minus the best probability.
    """

    n_labels: Array
    n_wrong: Array
    expected_wrong: Array

    @classmethod
    def empty(cls, n_topics: int) -> Record:
        """Nothing is known yet."""
        return cls(np.zeros(n_topics), np.zeros(n_topics), np.zeros(n_topics))
