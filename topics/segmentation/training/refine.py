"""Refining a model by what people decided and by whole articles of theirs, without forgetting what it knew.

Descent goes on from the shipped weights, 150 steps at a low rate, on batches of three sorts. Dumps that
people reviewed: a decided paragraph is what they said, with a high weight; an undecided one keeps the probability that
the shipped model gives it (learning without forgetting, Li and Hoiem 2016). Dumps mixed from whole articles, whose
starts are known. Rehearsal: other dumps at hand, and dumps mixed from prose of our own and whatever pieces are at hand,
all as the shipped model sees them. The weights are held to where they began, and calibration and threshold stay: the
decisions are about the doubtful paragraphs, so what share of them are starts says nothing of the others. Everything is
drawn from a seed: the same decisions give the same weights, and none give the model itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from topics.errors import LabelError
from topics.records import Dump, dump_digest
from topics.segmentation.decode import decode_starts
from topics.segmentation.features import compute_features
from topics.segmentation.furniture import assign_roles
from topics.segmentation.model import SegmentationModel, stretches
from topics.segmentation.network import HEADS, Committee, Network
from topics.segmentation.segmenter import place_decisions
from topics.segmentation.training.corpora import NOTHING, Article, Corpora
from topics.segmentation.training.descent import Example, Learner, gather
from topics.segmentation.training.fit import (
    HEAD_WEIGHTS,
    ExampleMaker,
    as_told,
    make_example,
    rounded,
    sigmoid,
    standardise,
)
from topics.segmentation.training.mixes import BOTH
from topics.segmentation.training.prose import Prose

__all__ = ["Recipe", "Refined", "refine"]

Progress = Callable[[str], None]
OnProblem = Callable[[LabelError], None]

TITLE_WORDS: Final = 9
SAID_EVERY: Final = 30  # steps
_START: Final = HEADS.index("start")
_WEIGHTS: Final = np.array([HEAD_WEIGHTS[head] for head in HEADS], np.float16)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How far to go, and what counts how much; docs/segmentation.md says how these were chosen."""

    n_steps: int = 150
    rate: float = 3e-4
    pull: float = 100.0  # see Learner.resume
    decision_weight: float = 5.0
    n_mixed: int = 240  # dumps mixed from the articles, in equal parts of both mixes, as those rehearsed
    n_rehearsed: int = 240
    most_others: int = 120  # stretches of dumps nobody decided on
    reviewed_per_step: int = 4  # dumps of each sort in a batch
    mixed_per_step: int = 4
    rehearsed_per_step: int = 8


@dataclass(frozen=True, slots=True)
class Refined:
    """A model that went on learning, and of how many paragraphs decisions taught it, in how many dumps."""

    model: SegmentationModel
    n_decisions: int = 0
    n_dumps: int = 0


def refine(
    model: SegmentationModel,
    dumps: Sequence[Dump],
    decided: Mapping[str, Mapping[int, bool]],
    articles: Corpora | None = None,
    *,
    prose: Prose | None = None,
    recipe: Recipe | None = None,
    seed: int = 11,
    n_jobs: int = 1,
    on_problem: OnProblem | None = None,
    on_progress: Progress = lambda message: None,
) -> Refined:
    """A model that has learned from decisions (dump digest to offset to whether a piece starts there) and articles.

    Decisions on dumps that are not in ``dumps`` teach nothing; one that fits no paragraph goes to ``on_problem``, or is
    raised without it. Of the articles all teach, whatever part their outlet belongs to. Where there is nothing to learn
    from, the model comes back as it is.
    """
    recipe = recipe or Recipe()
    own = {dump_digest(dump.text): dump for dump in dumps}
    reviewed: list[Example] = []
    others: list[Example] = []
    pieces: list[Article] = []
    n_decisions = n_dumps = 0
    for digest, dump in own.items():
        known = decided.get(digest, {})
        if known or len(others) < recipe.most_others:
            examples, found, n_placed = _examine(model, dump, known, recipe, on_problem)
            n_decisions += n_placed
            n_dumps += n_placed > 0
            (reviewed if n_placed else others).extend(examples)
            pieces += found
    whole = articles or NOTHING
    if not n_decisions and not whole.articles and not whole.flats:
        return Refined(model)
    prose = prose or Prose()
    mixed: list[Example] = []
    maker = _maker(model, _with_articles(whole, _as_articles(prose)), prose)
    if (whole.articles or whole.flats) and maker.corpora.articles:
        mixed = [_standard(model, example) for example in maker.make(recipe.n_mixed // len(BOTH), seed, n_jobs, BOTH)]
    maker = _maker(model, _with_articles(whole, (*_as_articles(prose), *pieces)), prose)
    raw = maker.make(recipe.n_rehearsed // len(BOTH), seed + 1, n_jobs, BOTH) if maker.corpora.articles else []
    rehearsed = others[: recipe.most_others] + [
        _standard(model, as_told(example, model.network, 1.0)) for example in raw
    ]
    on_progress(f"refining boundaries: {n_decisions} decisions, {len(mixed)} mixed dumps, {len(rehearsed)} rehearsed")
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # how a sum is cut among threads shows in its last bits
        sorts = (reviewed, mixed, rehearsed)
        members = tuple(
            _descend(one, sorts, recipe, seed + k, on_progress) for k, one in enumerate(model.network.members)
        )
    return Refined(replace(model, network=Committee(members)), n_decisions, n_dumps)


# ---- examples


def _examine(
    model: SegmentationModel,
    dump: Dump,
    decided: Mapping[int, bool],
    recipe: Recipe,
    on_problem: OnProblem | None,
) -> tuple[list[Example], list[Article], int]:
    """A dump as examples, one a stretch; its pieces as it is cut now; of how many paragraphs something is decided."""
    scored = model.score(dump.text)
    n = len(scored.paragraphs)
    placed = place_decisions(dump, scored.paragraphs, decided, on_problem)
    placed.pop(0, None)  # a dump's first paragraph starts a piece whatever anyone says
    if not n:
        return [], [], 0
    starts = decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold, placed)
    truth = sigmoid(scored.heads)
    weight = np.tile(_WEIGHTS, (n, 1))
    for i, starts_here in placed.items():
        truth[i, _START] = starts_here
        weight[i, _START] = recipe.decision_weight
    weight[0, _START] = 0.0
    examples = []
    for (start, end), (keep, stop) in stretches(n):
        stretch = scored.analysis.stretch(start, end)
        features = compute_features(stretch, model.vocabulary, model.vectors)
        counted = weight[start:end].copy()
        counted[: keep - start] = 0.0  # the margins are seen, and learned from in the stretch whose middle they are
        counted[stop - start :] = 0.0
        example = make_example(stretch, features.astype(np.float16), truth[start:end].astype(np.float16), counted)
        examples.append(_standard(model, example))
    texts = [" ".join(dump.text[p.start : p.end].split()) for p in scored.paragraphs]
    bounds = [*starts.tolist(), n]
    pieces = [
        # a headline of its first words will do: what a headline is, the model is asked and not told
        Article(" ".join(texts[a].split(" ")[:TITLE_WORDS]), tuple(texts[a:b]), "?", "?", "")
        for a, b in pairwise(bounds)
        if b - a > 2
    ]
    return examples, pieces, len(placed)


def _standard(model: SegmentationModel, example: Example) -> Example:
    return standardise(example, *model.network.standard)


def _maker(model: SegmentationModel, corpora: Corpora, prose: Prose) -> ExampleMaker:
    return ExampleMaker(corpora, (), prose, model.punkt, model.vocabulary, model.vectors)


def _with_articles(corpora: Corpora, more: Sequence[Article]) -> Corpora:
    return replace(corpora, articles=tuple(dict.fromkeys((*corpora.articles, *more))))


def _as_articles(prose: Prose) -> list[Article]:
    return [Article(p.title or "", p.lines, "topics", "?", "") for p in (*prose.explainers, *prose.roundups)]


# ---- learning


def _descend(network: Network, sorts: Sequence[Sequence[Example]], recipe: Recipe, seed: int, say: Progress) -> Network:
    """The network after all steps; each takes the next few dumps of every sort, each sort in an order of its own."""
    rng = np.random.default_rng(seed)
    learner = Learner.resume(network.weights, pull=recipe.pull)
    counts = (recipe.reviewed_per_step, recipe.mixed_per_step, recipe.rehearsed_per_step)
    queues: list[list[int]] = [[] for _ in sorts]
    for step in range(recipe.n_steps):
        chosen: list[Example] = []
        for examples, n, queue in zip(sorts, counts, queues, strict=True):
            for _ in range(min(n, len(examples))):
                if not queue:
                    queue.extend(rng.permutation(len(examples)).tolist())
                chosen.append(examples[queue.pop()])
        rate = recipe.rate * 0.5 * (1.0 + math.cos(math.pi * step / recipe.n_steps))
        learner.step(gather(chosen), rate, rng)
        if (step + 1) % SAID_EVERY == 0:
            say(f"refining boundaries: {step + 1} of {recipe.n_steps} steps")
    return rounded({**network.weights, **learner.weights})
