"""What to label next: the columns of a run in, its segments in the order in which labels teach most, out.

:mod:`topics.selection` does the choosing; here it is told of a run. Doubt is how little the best guess leads; what no
topic fits is doubted more, boilerplate stands last. Near-duplicates stand together, so that they can be decided
at once. Variety takes words: those of the first lines of the most doubtful segments, of a sample of the run, and of the
last decided ones are read, some 1,700 at most, however long the run is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import count_terms
from topics.review.columns import BOILERPLATE, NO_TOPIC, Rows
from topics.selection import Candidates, Record, order_candidates

__all__ = ["Decided", "explain_place", "order_queue"]

Places = NDArray[np.int64]
Read = Callable[[int], Mapping[str, Any]]

Decided = Mapping[int, int]
"""Segments that people have decided, by their number in the run, to the topic's number, negative for none; oldest
first."""

UNKNOWN_LEAD: Final = 0.5  # worth of a lead where nothing fits
_CHARACTERS: Final = 1_200  # of a text, for its words
_COLUMNS: Final = 1 << 18  # that words are hashed into
_TITLE: Final = 3


def order_queue(rows: Rows, read: Read | None = None, decided: Decided | None = None) -> Places:
    """All segments, most instructive first: numbers into ``rows`` (entries of :data:`topics.review.columns.ROW`).

    Every segment is there once; the same rows give the same order, ties by their place in the run. ``read`` gives the
    record of a segment; without it there is no variety.
    """
    decided = decided or {}
    lead = np.where(rows["topic"] == NO_TOPIC, UNKNOWN_LEAD, 1.0) * rows["margin"]
    candidates = Candidates(
        rows["best"].astype(np.int64),
        np.clip(1.0 - lead, 0.0, 1.0).astype(np.float64),
        _group(rows),
        rows["topic"] == BOILERPLATE,
    )
    if read is None:
        return order_candidates(candidates, _keep_record(rows, decided))
    had = read

    def rows_of(places: Places) -> Any:
        return hash_words([had(place) for place in places.tolist()])

    known = rows_of(np.array(list(decided)[-500:], np.int64)) if decided else None
    return order_candidates(candidates, _keep_record(rows, decided), rows_of, known)


def hash_words(records: Sequence[Mapping[str, Any]]) -> Any:
    """Headline and first lines of records as sparse rows of length one, (n_records, _COLUMNS), by sublinear counts."""
    from scipy.sparse import csr_matrix

    indices: list[int] = []
    data: list[float] = []
    starts = [0]
    for record in records:
        terms = count_terms(record["title"], record["text"][:_CHARACTERS])
        counts: dict[int, int] = {}
        for counted, weight in ((terms.title, _TITLE), (terms.body, 1)):
            for term, n in counted.items():
                column = zlib.crc32(term.encode("utf-8", "surrogatepass")) % _COLUMNS
                counts[column] = counts.get(column, 0) + weight * n
        values = 1.0 + np.log(np.array([counts[column] for column in sorted(counts)], np.float64))
        indices += sorted(counts)
        data += (values / np.sqrt(values @ values)).tolist() if len(values) else []
        starts.append(len(indices))
    return csr_matrix((np.array(data), np.array(indices, np.int32), np.array(starts)), shape=(len(records), _COLUMNS))


def _group(rows: Rows) -> Places:
    """A number for each segment, shared by equal texts and by what the run says are near-duplicates."""
    _, first, same = np.unique(rows["digest"], return_index=True, return_inverse=True)
    groups: Places = rows["group"][first][same].view(np.int64)
    return groups


def _keep_record(rows: Rows, decided: Decided) -> Record | None:
    """What decisions on segments of this run say of the model."""
    if not decided:
        return None
    places = np.array(list(decided), np.int64)
    topics = np.array(list(decided.values()), np.int64)
    best = rows["best"][places].astype(np.int64)
    n_topics = int(max(rows["best"].max(), topics.max(), 0)) + 1
    guessed = best >= 0
    wrong = (best != topics)[guessed]
    doubted = (1.0 - rows["score"][places].astype(np.float64))[guessed]
    return Record(
        np.bincount(topics[topics >= 0], minlength=n_topics).astype(np.float64),
        np.bincount(best[guessed], wrong, n_topics).astype(np.float64),
        np.bincount(best[guessed], doubted, n_topics).astype(np.float64),
    )


def explain_place(row: NDArray[np.void], first: str | None, second: str | None) -> str:
    """Why a segment stands where it does in the queue, in words; ``first`` and ``second`` are its best guesses."""
    if row["topic"] == BOILERPLATE:
        return "taken for boilerplate, asked last"
    if row["topic"] == NO_TOPIC:
        return f"nothing fits well; nearest {first}" if first else "nothing is known of it"
    if second is not None and row["margin"] < 0.2:
        return f"undecided between {first} and {second}"
    return f"the model is fairly sure of {first}" if row["margin"] < 0.6 else f"the model is sure of {first}"
