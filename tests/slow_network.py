"""The network written out slowly, in doubles: what the tables, the kernels and the gradients are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS
from topics.segmentation.encoding import TAPS, sizes_of
from topics.segmentation.network import DILATIONS, HEADS, HIDDEN_UNITS, OVERVIEW_AFTER
from topics.segmentation.tokens import N_SHAPES
from topics.segmentation.training.descent import Example

Doubles = NDArray[np.float64]
Weights = Mapping[str, NDArray[Any]]


def slow_encode(example: Any, weights: Weights) -> Doubles:
    """The vectors of paragraphs: convolutions over embeddings, the best response of each filter, the mean."""
    filters, sizes = weights["filters"], sizes_of(weights)
    opening_filters = filters[:, : sizes.last_column].reshape(-1, TAPS, sizes.opening)
    last_filters = filters[:, sizes.last_column : sizes.mean_column].reshape(-1, TAPS, sizes.last)
    rows = []
    for i in range(len(example.opening)):
        n = int((example.opening_shapes[i] > 0).sum())
        words = weights["tokens"][example.opening[i, :n]] + weights["shapes"][example.opening_shapes[i, :n]]
        best = _best(words + weights["positions"][:n], opening_filters)
        is_token = example.ending_shapes[i] > 0
        last = weights["tokens"][example.ending[i, is_token]] + weights["shapes"][example.ending_shapes[i, is_token]]
        mean = words.mean(axis=0) @ filters[:, sizes.mean_column :] if n else np.zeros(sizes.last)
        rows.append(np.concatenate((best, _best(last, last_filters), mean)))
    encoded: Doubles = np.maximum(np.array(rows).reshape(-1, sizes.encoded) + weights["filter_bias"], 0.0)
    return encoded


def _best(embedded: Doubles, filters: Doubles) -> Doubles:
    """The best response of filters (embedded, TAPS, n) anywhere; far below nothing where there are no tokens."""
    n = len(embedded)
    padded = np.vstack((np.zeros_like(embedded[:1]), embedded, np.zeros_like(embedded[:1])))
    answers = [np.einsum("te,etf->f", padded[t : t + TAPS], filters) for t in range(n)]
    return np.max(answers, axis=0) if n else np.full(filters.shape[2], -1e9)


def slow_score(example: Any, features: NDArray[Any], weights: Weights) -> Doubles:
    """Log-odds (n, len(HEADS)) of the paragraphs of one dump; ``features`` are standardised."""
    return slow_pass(np.hstack((slow_encode(example, weights), features)), weights)


def slow_pass(seen: NDArray[Any], weights: Weights, units: Doubles | None = None) -> Doubles:
    """The same from what is told of each paragraph: its vector and its features, (n, encoded + n_features).

    ``units`` (the same columns): as a model that only reads has it. An output's weights are whole 127ths of the largest
    of its weights of units, and a hidden state
    enters in whole ``HIDDEN_UNITS``.
    """
    n, in_bytes = len(seen), units is not None
    entering = (
        weights["enter"] if units is None else _round_weights(weights["enter"][None] * units[:, None]) / units[:, None]
    )
    hidden = np.maximum(seen @ entering.reshape(weights["enter"].shape) + weights["enter_bias"], 0.0)
    for k, dilation in enumerate(DILATIONS):
        if k == OVERVIEW_AFTER:
            overview = sum(hidden) / n @ weights["overview"] + weights["overview_bias"]
            hidden = hidden + np.maximum(overview, 0.0)
        taps, more = weights[f"context_{k}"], np.tile(weights[f"context_bias_{k}"], (n, 1)).astype(np.float64)
        before = hidden
        if in_bytes:
            taps, before = (
                _round_weights(taps),
                np.minimum(np.floor(hidden * HIDDEN_UNITS[k] + 0.5), 255) / HIDDEN_UNITS[k],
            )
        for i in range(n):
            for tap, j in enumerate((i - dilation, i, i + dilation)):
                if 0 <= j < n:
                    more[i] += before[j] @ taps[tap]
        hidden = hidden + np.maximum(more, 0.0)
    odds: Doubles = hidden @ weights["leave"] + weights["leave_bias"]
    return odds


def _round_weights(weights: NDArray[Any]) -> Doubles:
    """(taps, inputs, outputs): each as so many 127ths of the largest of its output."""
    step = np.abs(weights.astype(np.float64)).max(axis=(0, 1)) / 127
    rounded: Doubles = np.rint(weights / step) * step
    return rounded


def draw_example(rng: np.random.Generator, sizes: list[tuple[int, int]], n_tokens: int, n_features: int) -> Example:
    """Paragraphs of ``sizes`` (how many opening and last tokens) with random tokens, features and truths."""
    n = len(sizes)
    opening, opening_shapes = np.zeros((n, OPENING_TOKENS), np.uint16), np.zeros((n, OPENING_TOKENS), np.uint8)
    ending, ending_shapes = np.zeros((n, LAST_TOKENS), np.uint16), np.zeros((n, LAST_TOKENS), np.uint8)
    for i, (first, last) in enumerate(sizes):
        opening[i, :first] = rng.integers(1, n_tokens, first)
        opening_shapes[i, :first] = rng.integers(1, N_SHAPES, first)
        ending[i, LAST_TOKENS - last :] = rng.integers(1, n_tokens, last)
        ending_shapes[i, LAST_TOKENS - last :] = rng.integers(1, N_SHAPES, last)
    return Example(
        opening, opening_shapes, ending, ending_shapes,
        (rng.standard_normal((n, n_features)) * 0.8).astype(np.float16),
        rng.integers(0, 2, (n, len(HEADS))).astype(np.uint8),
        rng.uniform(0.2, 1.0, (n, len(HEADS))).astype(np.float16),
    )  # fmt: skip
