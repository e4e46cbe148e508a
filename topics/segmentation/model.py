"""The weights of the boundary model, and the probability that a piece starts at each paragraph.

In: a text. Out: its paragraphs with their boundary probabilities and what the heads say of each. There are two
sets of weights, for dumps of lines and for text whose lines are so long that the units are sentences. A dump is
scored in windows of at most ``features.WINDOW`` paragraphs that overlap by half; of each window only the middle
counts, so the result at a paragraph depends on at least the 150 paragraphs to either side, and on nothing that is
450 or more away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs import MAX_LINE, Punkt, split_paragraphs
from topics.records import Paragraph
from topics.segmentation.analysis import Analysis, analyse
from topics.segmentation.features import FEATURES, WINDOW, compute_features
from topics.segmentation.heads import HEADS, Heads, score_heads
from topics.segmentation.lexicon import CharacterTable, build_lexicon
from topics.segmentation.second_pass import SECOND_FEATURES, compute_second_features
from topics.segmentation.trees import Trees, score_trees

__all__ = ["Scored", "SegmentationModel", "UnitModel", "UnitName", "unit_of"]

UnitName = Literal["lines", "sentences"]
UNITS: Final[tuple[UnitName, ...]] = ("lines", "sentences")
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class UnitModel:
    """Weights for one kind of unit.

    ``weight_of_term`` (N_TERMS,) is the inverse document frequency of hashed terms; ``threshold`` the probability at
    which starting a segment is as good as not.
    """

    heads: Heads
    weight_of_term: NDArray[np.float32]
    first: Trees
    second: Trees
    threshold: float

    def score(self, analysis: Analysis) -> tuple[Array, Array]:
        """Boundary probabilities (n,) and head scores (n, len(HEADS)) of all paragraphs of a dump."""
        n = len(analysis)
        heads = score_heads(analysis.ngrams, self.heads)
        probabilities = np.zeros(n)
        weight_of_term = self.weight_of_term.astype(np.float64)
        for (start, end), (keep, stop) in windows(n):
            window = analysis.window(start, end)
            rows = compute_features(window, heads[start:end], weight_of_term)
            first = _sigmoid(score_trees(rows, self.first))
            more = compute_second_features(first, window, weight_of_term)
            second = _sigmoid(score_trees(np.hstack((more, rows)), self.second))
            probabilities[keep:stop] = second[keep - start : stop - start]
        if n:
            probabilities[0] = 1.0  # whatever comes first starts something
        return probabilities, heads


@dataclass(frozen=True, slots=True)
class Scored:
    """A text's paragraphs and what the model sees in each of them."""

    unit: UnitName
    paragraphs: list[Paragraph]
    analysis: Analysis
    probabilities: Array  # (n,)
    heads: Array  # (n, len(HEADS)), log-odds
    threshold: float


@dataclass(frozen=True)
class SegmentationModel:
    """All that segmentation needs to know. Read-only, shared by threads."""

    lines: UnitModel
    sentences: UnitModel
    punkt: Punkt
    characters: CharacterTable

    @cached_property
    def lexicon(self) -> NDArray[np.uint64]:
        """The closed word classes as a lookup table."""
        return build_lexicon()

    def score(self, text: str) -> Scored:
        """Paragraphs and boundary probabilities of a text."""
        paragraphs = split_paragraphs(text, self.punkt)
        analysis = analyse(text, paragraphs, self.characters, self.lexicon)
        unit = unit_of(paragraphs)
        weights = self.lines if unit == "lines" else self.sentences
        probabilities, heads = weights.score(analysis)
        return Scored(unit, paragraphs, analysis, probabilities, heads, weights.threshold)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle; Punkt's parameters are JSON and go beside them."""
        arrays: dict[str, NDArray[Any]] = {"characters": self.characters, "features": _feature_names()}
        for unit, weights in zip(UNITS, (self.lines, self.sentences), strict=True):
            arrays[f"{unit}.heads.weights"] = weights.heads.weights.astype(np.float16)
            arrays[f"{unit}.heads.bias"] = weights.heads.bias
            arrays[f"{unit}.weight_of_term"] = weights.weight_of_term.astype(np.float16)
            arrays[f"{unit}.threshold"] = np.array(weights.threshold)
            for name, trees in (("first", weights.first), ("second", weights.second)):
                for key, array in trees.to_arrays().items():
                    arrays[f"{unit}.{name}.{key}"] = array
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], punkt: Punkt) -> SegmentationModel:
        """The inverse of :meth:`to_arrays`; a missing array is a ``KeyError``."""

        if not np.array_equal(arrays["features"], _feature_names()):
            raise ValueError("its boundary features are not those of this version")

        def trees(prefix: str) -> Trees:
            keys = ("roots", "feature", "value", "left", "right", "bias")
            return Trees.from_arrays({key: arrays[f"{prefix}.{key}"] for key in keys})

        def unit(name: str) -> UnitModel:
            weights = arrays[f"{name}.heads.weights"].astype(np.float32)
            if weights.shape[1] != len(HEADS):
                raise ValueError(f"{name}: {weights.shape[1]} heads, expected {len(HEADS)}")
            return UnitModel(
                Heads(weights, arrays[f"{name}.heads.bias"].astype(np.float32)),
                arrays[f"{name}.weight_of_term"].astype(np.float32),
                trees(f"{name}.first"),
                trees(f"{name}.second"),
                float(arrays[f"{name}.threshold"]),
            )

        return cls(unit("lines"), unit("sentences"), punkt, arrays["characters"])


def _feature_names() -> NDArray[np.uint8]:
    """What the columns of the trees mean: weights for other columns must not be used."""
    names = "\n".join((*SECOND_FEATURES, *FEATURES))
    return np.frombuffer(names.encode("ascii"), dtype=np.uint8)


def unit_of(paragraphs: list[Paragraph]) -> UnitName:
    """Which weights fit: ``sentences`` where most of the text stands in lines too long to be paragraphs."""
    total = in_long = 0
    run_line, run = 0, 0
    for paragraph in [*paragraphs, Paragraph(0, 0, -1, 1)]:
        if paragraph.line != run_line:
            in_long += run if run > MAX_LINE else 0
            run_line, run = paragraph.line, 0
        run += paragraph.end - paragraph.start
        total += paragraph.end - paragraph.start
    return "sentences" if in_long * 2 > total else "lines"


def windows(n: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Windows over ``n`` paragraphs, each with the middle that counts; the middles tile ``0:n``."""
    if n <= WINDOW:
        if n:
            yield (0, n), (0, n)
        return
    half, margin = WINDOW // 2, WINDOW // 4
    for keep in range(0, n, half):
        stop = min(n, keep + half)
        yield (max(0, keep - margin), min(n, stop + margin)), (keep, stop)


def _sigmoid(scores: Array) -> Array:
    result: Array = 1.0 / (1.0 + np.exp(-scores))
    return result
