"""The weights of the boundary model, and the probability that a piece starts at each paragraph.

In: a text. Out: its paragraphs with their boundary probabilities and what else the network says of each. A dump is
scored in stretches of at most ``features.WINDOW`` paragraphs, which overlap by ``MARGIN`` on either side; the result
at a paragraph depends on nothing further away than a stretch, and a dump of any length needs the memory of its
paragraphs alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs import Punkt, split_paragraphs
from topics.records import Paragraph
from topics.segmentation.analysis import MEASURES, Analysis, analyse
from topics.segmentation.arrays import below, check_shapes
from topics.segmentation.copies import Copies, find_copies
from topics.segmentation.features import FEATURES, WINDOW, compute_features
from topics.segmentation.habits import find_habits
from topics.segmentation.kernels import BAND
from topics.segmentation.meaning import Meanings
from topics.segmentation.network import CONTEXT, HEADS, Array, Committee
from topics.segmentation.repeats import LONG_WORDS, OFTEN, Repeats, find_repeats
from topics.segmentation.tongues import LANGUAGE_ODDS, Tongues, find_tongues
from topics.segmentation.vocabulary import Vocabulary

__all__ = ["MARGIN", "Scored", "Seen", "SegmentationModel", "stretches"]

# More than CONTEXT + BAND + the memory of names, so that only shares of the stretch differ. Where fewer than one
# paragraph in seven is reading matter, the 14 paragraphs of a cosine may reach over the edge of a stretch, too.
MARGIN: Final = 128
assert MARGIN > CONTEXT + BAND + 30
_FURNITURE: Final = HEADS.index("furniture")
_TITLE: Final = HEADS.index("title")
_NO_MATTER: Final = (_FURNITURE, HEADS.index("boilerplate"))
_WORDS: Final = MEASURES.index("words")
FOOT_ODDS: Final = np.array([5.0 if head == "furniture" else -5.0 for head in HEADS], np.float32)


@dataclass(frozen=True, slots=True)
class Scored:
    """A text's paragraphs and what the model sees in each of them."""

    paragraphs: Sequence[Paragraph]
    analysis: Analysis
    probabilities: NDArray[np.float64]  # (n,) that a piece starts here
    heads: Array  # (n, len(HEADS)), log-odds
    threshold: float
    changes: frozenset[int] = frozenset()  # paragraphs at which the language changes, which probabilities know of

    @property
    def is_flat(self) -> bool:
        """Most paragraphs are sentences that share a line with others."""
        return bool(self.measure("within_line").mean() > 0.5) if self.paragraphs else False

    def head(self, name: str) -> Array:
        """Log-odds of one head, (n,)."""
        return self.heads[:, HEADS.index(name)]

    @property
    def is_foot(self) -> NDArray[np.bool_]:
        """(n,), the lines that a house repeats below its pieces."""
        return np.asarray((self.heads == FOOT_ODDS).all(axis=1))

    def measure(self, name: str) -> Array:
        """One of ``analysis.MEASURES``, (n,)."""
        return self.analysis.measures[:, MEASURES.index(name)]


class Seen(NamedTuple):
    """What is seen in a stretch of paragraphs."""

    heads: Array  # (n, len(HEADS)), log-odds
    copies: Copies | None
    habits: NDArray[np.float64]  # (n,) what these add to the calibrated log-odds of a start, and so to ``heads``


@dataclass(frozen=True)
class SegmentationModel:
    """All that segmentation needs to know. Read-only, shared by threads.

    ``meanings`` (n_words, n_dimensions) are whole numbers from -127 to 127, times ``meaning_scale`` (n_dimensions,):
    word vectors weighted by the words' rarity. ``calibration`` (slope, offset) turns log-odds of a start into a
    probability; at ``threshold`` starting a segment is as good as not.
    """

    vocabulary: Vocabulary
    meanings: NDArray[np.int8]
    meaning_scale: Array
    network: Committee
    calibration: tuple[float, float]
    threshold: float
    punkt: Punkt

    @property
    def vectors(self) -> Meanings:
        """The word vectors."""
        return Meanings(self.meanings, self.meaning_scale)

    def score(self, text: str) -> Scored:
        """Paragraphs and boundary probabilities of a text."""
        return self.look_through(text)[0]

    def look_through(self, text: str) -> tuple[Scored, list[Seen]]:
        """The same, and what was seen in each of :func:`stretches`."""
        paragraphs = split_paragraphs(text, self.punkt)
        analysis = analyse(text, paragraphs, self.vocabulary)
        n = len(paragraphs)
        heads = np.zeros((n, len(HEADS)), np.float32)
        every: list[Seen] = []
        for (start, end), (keep, stop) in stretches(n):
            seen = self.score_stretch(analysis.stretch(start, end), is_first=not start)
            heads[keep:stop] = seen.heads[keep - start : stop - start]
            every.append(seen)
        return self.weigh(paragraphs, analysis, heads, find_tongues(text, paragraphs), is_start=True), every

    def score_stretch(self, analysis: Analysis, *, is_first: bool) -> Seen:
        """What is seen in paragraphs that are looked at together, at most ``WINDOW`` of them; ``is_first`` where they
        are the first of a dump."""
        repeats = find_repeats(analysis)
        copies = find_copies(analysis, repeats)
        if copies is None:
            heads = self._score(analysis)
        else:
            heads = np.zeros((len(analysis), len(HEADS)), np.float32)
            for look in copies.looks(analysis, is_first=is_first):
                heads[look.paragraphs] = self._score(look.analysis)[look.rows]
            heads[:, 0] += copies.seam_odds
            heads[copies.is_foot] = FOOT_ODDS
        slope, _ = self.calibration
        words, odds = analysis.measures[:, _WORDS], self._calibrate(heads[:, 0])
        habits = find_habits(repeats, words, odds, heads[:, _FURNITURE] > 0)
        heads[:, 0] += habits / slope
        _mark_names(heads, words, repeats, copies, odds + habits)
        return Seen(heads, copies, habits)

    def _calibrate(self, odds: Array) -> NDArray[np.float64]:
        slope, offset = self.calibration
        return odds.astype(np.float64) * slope + offset

    def _score(self, analysis: Analysis) -> Array:
        return self.network.score(analysis, compute_features(analysis, self.vocabulary, self.vectors))

    def weigh(
        self, paragraphs: Sequence[Paragraph], analysis: Analysis, heads: Array, tongues: Tongues, *, is_start: bool
    ) -> Scored:
        """Paragraphs with their log-odds made probabilities; ``is_start`` where they are the first of a dump.

        Where another language begins, a piece likely does; what is in that language the network has not learned to tell
        from furniture, so it is matter.
        """
        odds = self._calibrate(heads[:, 0])
        odds[list(tongues.changes)] += LANGUAGE_ODDS
        if tongues.foreign:
            heads = heads.copy()
            for head in _NO_MATTER:
                heads[list(tongues.foreign), head] = np.minimum(heads[list(tongues.foreign), head], -1.0)
        # rounded, so that no last bit of a matrix product decides
        probabilities = np.round(1.0 / (1.0 + np.exp(-odds)), 5)
        if is_start and len(probabilities):
            probabilities[0] = 1.0  # whatever comes first starts something
        return Scored(paragraphs, analysis, probabilities, heads, self.threshold, frozenset(tongues.changes))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle; Punkt's parameters are JSON and go beside them."""
        arrays: dict[str, NDArray[Any]] = {
            "features": _feature_names(),
            "meanings": self.meanings,
            "meaning_scale": self.meaning_scale,
            "calibration": np.array(self.calibration),
            "threshold": np.array(self.threshold),
        }
        arrays |= {f"vocabulary.{name}": array for name, array in self.vocabulary.to_arrays().items()}
        arrays |= {f"network.{name}": array for name, array in self.network.to_arrays().items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], punkt: Punkt) -> SegmentationModel:
        """The inverse of :meth:`to_arrays`; a missing array is a ``KeyError``, one that does not fit the others a
        ``ValueError``."""
        if not np.array_equal(arrays["features"], _feature_names()):
            raise ValueError("its boundary features are not those of this version")
        vocabulary = Vocabulary.from_arrays(below(arrays, "vocabulary."))
        network = Committee.from_arrays(below(arrays, "network."))
        meanings, scale = arrays["meanings"].astype(np.int8), arrays["meaning_scale"].astype(np.float32)
        check_shapes({"meanings": meanings}, {"meanings": (len(vocabulary.keys), len(scale))})
        for member in network.members:
            own = {"tokens": (vocabulary.n_tokens, 0), "centre": (len(FEATURES) + len(scale),)}
            check_shapes(member.weights, own)
        slope, offset = arrays["calibration"].tolist()
        return cls(
            vocabulary,
            meanings,
            scale,
            network,
            (slope, offset),
            float(arrays["threshold"]),
            punkt,
        )


def _feature_names() -> NDArray[np.uint8]:
    """What the columns of the features mean: weights for other columns must not be used."""
    return np.frombuffer("\n".join((*FEATURES, *HEADS)).encode("ascii"), dtype=np.uint8)


def _mark_names(heads: Array, words: Array, repeats: Repeats, copies: Copies | None, odds: NDArray[np.float64]) -> None:
    """Make furniture of short lines at which several pieces start, where none is a copy of another: the name of the
    house or of a column, or what stands below each piece. They are the headline of none."""
    is_name = (repeats.n_same >= OFTEN) & (words < LONG_WORDS) & (odds > 0)
    if copies is not None:
        is_name &= ~copies.is_article
    heads[is_name, _TITLE] = FOOT_ODDS[_TITLE]
    heads[is_name, _FURNITURE] = FOOT_ODDS[_FURNITURE]


def stretches(n: int, first: int = 0, last: int | None = None) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Stretches of ``n`` paragraphs, each with the middle that counts; the middles tile ``first:last``, by default all.

    ``first`` is a multiple of the middles' length.
    """
    if n <= WINDOW:
        if n:
            yield (0, n), (0, n)
        return
    step = WINDOW - 2 * MARGIN
    for keep in range(first, n if last is None else last, step):
        stop = min(n, keep + step)
        yield (max(0, keep - MARGIN), min(n, stop + MARGIN)), (keep, stop)
