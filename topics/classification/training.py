"""Fitting the topic model: labelled pieces and a pool of unlabelled ones in; weights, temperature, thresholds out.

SVMs on TF-IDF and word vectors, each topic's description one more labelled piece; where it helps out of fold, EM over
the pool is mixed in (``classification.parts``). Scores out of fold, in folds that keep stories together, give
the mix, the temperature, the confidence and the figures of the model card. No random choice is made: the same input
gives the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms
from topics.classification.doubt import TRUSTING, UNMEASURED, Acceptance, Doubt, Temperature
from topics.classification.folds import FOLDS, Example, group_topics
from topics.classification.honesty import (
    Signs,
    also_threshold,
    fit_doubt,
    holds_others,
    measure_acceptance,
    read_signs,
)
from topics.classification.matrix import choose_terms, lay_out
from topics.classification.model import TopicModel
from topics.classification.parts import (
    ENOUGH_POOL,
    POOL_SHARES,
    PRIOR_TEMPERATURE,
    Problem,
    choose_share,
    fit_parts,
    fit_temperature,
)
from topics.classification.scorers import Layer
from topics.classification.shares import weigh_shares
from topics.classification.vectors import WordVectors
from topics.errors import LabelError
from topics.evaluation.folds import deal_folds

__all__ = ["Example", "Fitted", "fit_topics"]

Array = NDArray[np.float64]
Say = Callable[[str], None]

KNOWN_REJECTED: Final = 0.03  # share of labelled pieces that the unknown threshold may reject
HOPELESS_PIECES: Final = 30  # in a fold, from which on it alone may tell that a pool misleads,
HOPELESS_ERRORS: Final = 3.0  # by so many standard errors
ENOUGH_LABELS: Final = 50  # for a threshold that rejects so few


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, the out-of-fold probabilities (n_examples, n_topics) that its figures come from, and the share of
    the scorers that learned from the pool."""

    model: TopicModel
    out_of_fold: Array
    pool_share: float = 0.0


def fit_topics(
    examples: Sequence[Example],
    slugs: Sequence[str],
    lessons: Sequence[Example] = (),
    vectors: WordVectors | None = None,
    pool: Sequence[Terms] = (),
    *,
    on_progress: Say = lambda message: None,
) -> Fitted:
    """Fit on examples of at least two topics; ``lessons`` teach as they do, and never enter a test fold.

    With ``vectors`` the SVM sees each piece twice, as terms and as the mean of its terms' vectors; both fold back into
    one weight a term, and words that no label holds get one too. ``pool`` are unlabelled pieces. Fewer than two topics
    are a :class:`~topics.errors.LabelError`.
    """
    slugs = tuple(slugs)
    labelled = [e for e in examples if e.topic is not None]
    if len({e.topic for e in (*labelled, *lessons)}) < 2:
        raise LabelError(
            "labels: pieces of at least two topics are needed to train. Label more, or describe topics in the taxonomy."
        )
    problem = _set_out(examples, slugs, lessons, vectors, pool)
    n = len(labelled)
    judged = _judge(problem, slugs, labelled, on_progress)
    on_progress("fitting the model")
    parts = fit_parts(problem, read_pool=judged.share > 0.0)
    layer = parts.mix(judged.share)
    if judged.is_fit:
        layer = _shifted(layer, parts.also, problem, judged.temperature, n)
    model = TopicModel(
        slugs=slugs,
        terms=problem.space.terms,
        columns={term: i for i, term in enumerate(problem.space.terms)},
        idf=problem.space.idf,
        weights=_halved(layer.weights),
        bias=layer.bias,
        also_weights=_halved(parts.also.weights),
        also_bias=parts.also.bias,
        reject_weights=_halved(parts.reject.weights[:, 0] if parts.reject else np.zeros(len(problem.space.terms))),
        reject_bias=float(parts.reject.bias[0]) if parts.reject else 0.0,
        temperature=judged.temperature,
        unknown_below=judged.unknown_below,
        also_above=judged.also_above,
        trust=judged.doubt,
        acceptance=judged.acceptance,
    )
    rows = np.full((len(examples), len(slugs)), np.nan)
    if n:
        rows[[i for i, e in enumerate(examples) if e.topic is not None]] = judged.probabilities
    return Fitted(model, rows, judged.share)


def _shifted(layer: Layer, also: Layer, problem: Problem, temperature: Temperature, n: int) -> Layer:
    """The layer with topics expected to be as frequent as they are in the pool; ``n`` pieces are labelled."""
    likeness = also.score(problem.pool).max(axis=1)
    p = temperature.probabilities(layer.score(problem.pool), likeness)
    counts = problem.primary[:n].sum(axis=0) + 1.0
    factors = weigh_shares(p, counts / counts.sum())
    return Layer(layer.weights, layer.bias + np.median(temperature.warmth(likeness)) * np.log(factors))


def _set_out(
    examples: Sequence[Example],
    slugs: tuple[str, ...],
    lessons: Sequence[Example],
    vectors: WordVectors | None,
    pool: Sequence[Terms],
) -> Problem:
    """Examples that have a topic, then lessons, as rows; each weighs as one piece in EM."""
    everything = [*(e for e in examples if e.topic is not None), *lessons]
    unfit = [e.terms for e in examples if e.topic is None]
    terms = choose_terms([e.terms for e in everything], pool, vectors)
    if not terms:
        raise LabelError("labels: the pieces hold no words to learn from. Label more.")
    space, rows, others, misfits = lay_out([e.terms for e in everything], pool, terms, vectors, unfit)
    index = {slug: k for k, slug in enumerate(slugs)}
    primary = np.zeros((len(everything), len(slugs)), np.bool_)
    positive = primary.copy()
    for row, example in enumerate(everything):
        primary[row, index[example.topic or ""]] = not example.guessed
        positive[row, [index[s] for s in (example.topic, *example.also) if s in index]] = True
    weight = np.array([example.weight for example in everything])
    return Problem(space, rows, primary, positive, weight, np.ones(len(everything)), others, misfits)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What scores out of fold say: the mix, probabilities (n_labelled, n_topics), thresholds."""

    share: float
    is_fit: bool  # is there a pool, of the same kind as the labels?
    temperature: Temperature
    probabilities: Array
    also_above: float
    unknown_below: float
    doubt: Doubt
    acceptance: Acceptance


def _judge(problem: Problem, slugs: tuple[str, ...], labelled: Sequence[Example], say: Say) -> _Judged:
    """All pieces are scored; what is fitted on the scores is fitted on those whose primary topic is certain."""
    n = len(labelled)
    n_topics = len(slugs)
    y = np.array([slugs.index(example.topic or "") for example in labelled], np.int64)
    sure = np.array([example.is_certain for example in labelled], np.bool_)
    stories = [example.group or f"#{i}" for i, example in enumerate(labelled)]
    dealt = deal_folds([example.topic for example in labelled], stories, FOLDS)
    fold = np.concatenate((dealt, np.full(len(problem.rows) - n, -1)))
    also = np.zeros((n, n_topics))
    reject = np.zeros(n)
    mixed = np.zeros((len(POOL_SHARES), n, n_topics))
    read_pool = len(problem.pool) >= ENOUGH_POOL
    pooled = []  # what the model of each fold says of the pool
    for k in range(FOLDS if n else 0):
        test = np.flatnonzero(fold[:n] == k)
        if not len(test):
            continue
        say(f"judging out of fold, {k + 1} of {FOLDS}")
        parts = fit_parts(problem.subset(np.flatnonzero(fold != k)), read_pool=read_pool)
        rows = problem.rows[test]
        also[test] = parts.also.score(rows)
        reject[test] = _column(parts.reject, problem, test)
        if parts.reject is not None:
            pooled.append(parts.also.score(problem.pool))
        for i, share in enumerate(POOL_SHARES):
            mixed[i, test] = parts.mix(share).score(rows)
        test = test[sure[test]]
        if read_pool and _is_hopeless(mixed[:, test], also[test].max(axis=1), y[test]):
            read_pool = False
    if not sure.any():
        return _unjudged(n, n_topics)
    likeness = also.max(axis=1)
    share = choose_share([_losses(scores[sure], likeness[sure], y[sure]) for scores in mixed]) if read_pool else 0.0
    scores = mixed[POOL_SHARES.index(share)]
    temperature = fit_temperature(scores[sure], likeness[sure], y[sure])
    p = temperature.probabilities(scores, likeness)
    known = read_signs(p[sure], also[sure], reject[sure], (p.argmax(axis=1) == y)[sure])
    left_out = _leave_topics_out(problem, n, share, temperature, _topics_of_pool(pooled, likeness), say)
    doubt = fit_doubt(known, left_out)
    acceptance = measure_acceptance(doubt, known, left_out)
    confidence = doubt.confidence(known.log_odds, known.likeness, known.reject)
    unknown_below = float(np.quantile(confidence, KNOWN_REJECTED)) if len(known) >= ENOUGH_LABELS else 0.0
    also_above = also_threshold(also, problem.positive[:n], p.argmax(axis=1))
    return _Judged(share, read_pool, temperature, p, also_above, unknown_below, doubt, acceptance)


def _topics_of_pool(scores: Sequence[Array], likeness: Array) -> NDArray[np.int64] | None:
    """The topic of each piece of the pool, where it would go as well if nobody knew of its topic: a pool that holds no
    other topics but the labelled ones (``likeness`` is theirs out of fold) tells nothing of those yet to come.

    ``scores`` are those of several models for the pool, (n_pool, n_topics) each.
    """
    if not scores or holds_others(np.stack([part.max(axis=1) for part in scores]), likeness):
        return None
    result: NDArray[np.int64] = np.mean(scores, axis=0).argmax(axis=1)
    return result


def _leave_topics_out(
    problem: Problem, n: int, share: float, temperature: Temperature, pooled: NDArray[np.int64] | None, say: Say
) -> Signs:
    """Signs of labelled pieces under models that lack their topic; ``pooled`` (n_pool,) are topics of pieces of the
    pool that go with it, ``None`` where all of them stay."""
    n_pieces = problem.primary[:n].sum(axis=0)
    signs = Signs(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
    groups = group_topics(n_pieces)
    for k, group in enumerate(groups):
        say(f"leaving topics out, {k + 1} of {len(groups)}")
        gone = problem.primary[:, group].sum(axis=1) > 0
        test = np.flatnonzero(gone[:n])
        guessed = problem.primary.sum(axis=1) == 0
        gone |= guessed & (problem.positive[:, group].sum(axis=1) > 0)
        there = problem.subset(np.flatnonzero(~gone))
        if pooled is not None and (stays := ~np.isin(pooled, group)).sum() >= ENOUGH_POOL:
            there = replace(there, pool=problem.pool[np.flatnonzero(stays)])
        parts = fit_parts(there, read_pool=share > 0.0)
        scores = parts.mix(share).score(problem.rows[test])
        also = parts.also.score(problem.rows[test])
        scores[:, group] = -np.inf
        also[:, group] = -np.inf
        p = temperature.probabilities(scores, also.max(axis=1))
        signs += read_signs(p, also, _column(parts.reject, problem, test), np.zeros(len(test), np.bool_))
    return signs


def _column(reject: Layer | None, problem: Problem, which: NDArray[np.int64]) -> Array:
    return np.zeros(len(which)) if reject is None else reject.score(problem.rows[which])[:, 0]


def _losses(scores: Array, likeness: Array, y: NDArray[np.int64]) -> Array:
    """Log-loss of each piece at the temperature that suits these scores best."""
    p = fit_temperature(scores, likeness, y).probabilities(scores, likeness)
    result: Array = -np.log(np.maximum(p[np.arange(len(y)), y], 1e-12))
    return result


def _is_hopeless(mixed: Array, likeness: Array, y: NDArray[np.int64]) -> bool:
    """Whether one fold shows already that the pool misleads: worse with it by many standard errors."""
    loss = _losses(mixed[-1], likeness, y) - _losses(mixed[0], likeness, y)
    return bool(len(y) >= HOPELESS_PIECES and loss.mean() > HOPELESS_ERRORS * loss.std() / np.sqrt(len(y)))


def _unjudged(n: int, n_topics: int) -> _Judged:
    """Without a certain label nothing can be judged: the prior temperature, and no threshold."""
    even = np.full((n, n_topics), 1.0 / n_topics)
    return _Judged(0.0, False, Temperature(PRIOR_TEMPERATURE), even, 1.0, 0.0, TRUSTING, UNMEASURED)


def _halved(weights: Array) -> NDArray[np.float32]:
    """Rounded to what the bundle keeps, so that a saved model scores as the fitted one."""
    return weights.astype(np.float16).astype(np.float32)
