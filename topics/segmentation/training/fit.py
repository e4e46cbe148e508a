"""Fitting a segmentation model from corpora.

Dumps of every style are mixed from whole articles and pages, analysed, and shown to the network in random order,
several times. The first networks learn from the truth alone; those after them from the truth and from what all earlier
ones make of dumps that they did not learn from (distillation, Hinton, Vinyals and Dean 2015; in generations, Furlanello
and others 2018). The last generation is one small network, which ships. Probabilities are calibrated on dumps from
the ``dev`` outlets, which teach nothing else. Everything is drawn from seeds: the same corpora give the same weights.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs import Punkt, split_paragraphs
from topics.records import Paragraph
from topics.segmentation.analysis import Analysis, analyse
from topics.segmentation.encoding import Sizes
from topics.segmentation.features import compute_features
from topics.segmentation.meaning import Meanings
from topics.segmentation.model import SegmentationModel
from topics.segmentation.network import CLIP, HEADS, Array, Committee, Network
from topics.segmentation.training.corpora import BOILERPLATE, FURNITURE, TITLE, Corpora
from topics.segmentation.training.descent import STANDARD, Example, Learner, Noise, gather
from topics.segmentation.training.mixes import BOTH, FIRST, SECOND, Mix
from topics.segmentation.training.mixing import Mixer
from topics.segmentation.training.pieces import MixedDump
from topics.segmentation.training.prose import Prose
from topics.segmentation.training.styles import build_dumps, styles_of
from topics.segmentation.training.words import MeaningOf, in_steps, learn_vocabulary
from topics.segmentation.vocabulary import Vocabulary

__all__ = [
    "Effort",
    "ExampleMaker",
    "Generation",
    "as_told",
    "fit_segmentation",
    "make_example",
    "rounded",
    "sigmoid",
    "standardise",
]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Generation:
    """Networks that learn side by side from the same dumps, one with each of ``noises``.

    They begin from random weights and go through the dumps in an order of their own. ``told`` is the share of all
    earlier networks' word in what is taught; the rest is the truth.
    """

    sizes: Sizes
    noises: tuple[Noise, ...]
    n_rounds: int  # over all dumps
    mixes: tuple[Mix, ...] = (FIRST,)
    told: float = 0.0


_TEACHER: Final = Sizes(embedded=48, opening=96, last=32, hidden=160)
_SHIPPED: Final = Sizes(embedded=96, opening=256, last=64, hidden=128)
_MUCH, _MUCH_AND_NAMES = Noise(0.2, 0.12, 0.1), Noise(0.2, 0.12, 0.1, names=0.3)
_LITTLE_AND_NAMES: Final = Noise(0.1, 0.08, 0.05, names=0.3)
GENERATIONS: Final = (
    Generation(_TEACHER, (_MUCH, _MUCH), 4),
    Generation(_TEACHER, (_MUCH_AND_NAMES, _MUCH_AND_NAMES), 4, (SECOND,)),
    Generation(_SHIPPED, (_LITTLE_AND_NAMES,), 3, BOTH, told=0.6),
)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to learn from: the numbers that training time is proportional to."""

    n_dumps: int = 14_000  # of each mix for each generation, of which a quarter without line breaks
    generations: tuple[Generation, ...] = GENERATIONS
    n_calibration: int = 400
    seed: int = 11


FLAT_SHARE: Final = 0.25
N_SHARDS: Final = 24  # of the dumps: a fixed number, so that the dumps do not depend on the number of processes
DUMPS_PER_STEP: Final = 10
LONGEST: Final = 400  # paragraphs of a dump that are learned from at a time
RATE: Final = 2e-3  # at its highest
WARM_UP: Final = 0.08
HEAD_WEIGHTS: Final = {"start": 1.0, "furniture": 0.3, "title": 0.3, "last": 0.2, "boilerplate": 0.3}
THRESHOLD: Final = 0.36  # best on dev outlets, .36 to .40 alike; below one half (Lipton, Elkan, Naryanaswamy 2014)


def fit_segmentation(
    corpora: Corpora,
    held_out: Corpora,
    punkt: Punkt,
    meaning_of: MeaningOf,
    *,
    boilerplate: Sequence[Sequence[str]] = (),
    prose: Prose | None = None,
    effort: Effort | None = None,
    n_jobs: int = 2,
    on_progress: Progress = lambda message: None,
) -> SegmentationModel:
    """A model from one part of the corpora, calibrated on another (``Corpora.part``; may be empty)."""
    effort = effort or Effort()
    prose = prose or Prose()
    vocabulary, vectors = learn_vocabulary(corpora, meaning_of, effort.seed)
    on_progress(f"learned {len(vocabulary.keys):,} words")
    meanings = in_steps(vectors)
    maker = ExampleMaker(corpora, tuple(map(tuple, boilerplate)), prose, punkt, vocabulary, meanings)
    teachers: tuple[Network, ...] = ()
    for number in range(len(effort.generations)):
        networks = _teach(maker, effort, number, teachers, n_jobs=n_jobs, on_progress=on_progress)
        teachers += networks
    model = SegmentationModel(
        vocabulary, meanings.steps, meanings.scale, Committee(networks), (1.0, 0.0), THRESHOLD, punkt
    )
    styles = styles_of(held_out)
    if not styles:
        return model
    trial = ExampleMaker(held_out, (), prose, punkt, vocabulary, model.vectors)
    on_progress("calibrating on outlets kept aside")
    n_dumps = effort.n_calibration // len(styles)
    dumps = (build_dumps(held_out, style, n_dumps, effort.seed + 1, evenly=True) for style in styles)
    return _calibrated(model, [trial.example(dump) for some in dumps for dump in some])


def _teach(
    maker: ExampleMaker,
    effort: Effort,
    number: int,
    teachers: tuple[Network, ...],
    *,
    n_jobs: int,
    on_progress: Progress,
) -> tuple[Network, ...]:
    """The networks of the generation ``number``, which learn from dumps of their own and may be told by ``teachers``,
    those of all generations before it."""
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    generation = effort.generations[number]
    raw = maker.make(effort.n_dumps, effort.seed + 2 * number, n_jobs, generation.mixes)
    on_progress(f"generation {number + 1}: mixed {len(raw):,} dumps of {sum(map(len, raw)):,} paragraphs")
    committee = Committee(teachers)
    centre, spread = committee.standard if teachers else _standard(raw)
    learn, hear = delayed(_learn), delayed(as_told)
    with threadpool_limits(limits=1):
        # threads, since the examples are large; each works through kernels and matrix products that let go of the GIL
        at_once = Parallel(n_jobs=n_jobs, prefer="threads")
        if generation.told and teachers:
            raw = at_once(hear(example, committee, generation.told) for example in raw)
        examples = [standardise(example, centre, spread) for example in raw]
        del raw
        networks: list[Network] = at_once(
            learn(
                examples,
                maker.vocabulary.n_tokens,
                (centre, spread),
                generation,
                effort.seed,
                (number, k),
                on_progress,
            )
            for k in range(len(generation.noises))
        )
    return tuple(networks)


def as_told(example: Example, network: Committee, share: float) -> Example:
    """The same dump, raw features and all, with the truth in part replaced by what ``network`` makes of it."""
    odds = network.score(example, example.features.astype(np.float32))
    truth = share * sigmoid(odds) + (1.0 - share) * example.truth
    return replace(example, truth=truth.astype(np.float16))


# ---- examples


@dataclass(frozen=True)
class ExampleMaker:
    """Mixes dumps and makes examples of them, features as they are."""

    corpora: Corpora
    boilerplate: tuple[tuple[str, ...], ...]
    prose: Prose
    punkt: Punkt
    vocabulary: Vocabulary
    vectors: Meanings

    def make(self, n_dumps: int, seed: int, n_jobs: int, mixes: Sequence[Mix] = (FIRST,)) -> list[Example]:
        """``n_dumps`` examples of each mix, the same whatever ``n_jobs``."""
        return [e for k, mix in enumerate(mixes) for e in self._make(n_dumps, seed + 100 * k, n_jobs, mix)]

    def _make(self, n_dumps: int, seed: int, n_jobs: int, mix: Mix) -> list[Example]:
        from joblib import Parallel, delayed

        sizes = [n_dumps // N_SHARDS + (k < n_dumps % N_SHARDS) for k in range(N_SHARDS)]
        jobs = [[k for k in range(N_SHARDS) if k % n_jobs == job] for job in range(n_jobs)]
        made = Parallel(n_jobs=n_jobs)(delayed(self._shards)(job, sizes, seed, mix) for job in jobs)
        by_shard = {
            k: shard for job, shards in zip(jobs, made, strict=True) for k, shard in zip(job, shards, strict=True)
        }
        return [example for k in range(N_SHARDS) for example in by_shard[k]]

    def _shards(self, shards: Sequence[int], sizes: Sequence[int], seed: int, mix: Mix) -> list[list[Example]]:
        mixer = Mixer(self.corpora, self.boilerplate, self.prose, evenly=True, mix=mix)
        made = []
        for k in shards:
            rng = random.Random(f"{seed}:{k}")
            draws = (
                mixer.draw_flat(rng) if rng.random() < FLAT_SHARE else mixer.draw_lines(rng) for _ in range(sizes[k])
            )
            made.append([self.example(dump) for dump in draws])
        return made

    def example(self, dump: MixedDump) -> Example:
        paragraphs = split_paragraphs(dump.text, self.punkt)
        analysis = analyse(dump.text, paragraphs, self.vocabulary)
        features = compute_features(analysis, self.vocabulary, self.vectors)
        truth, weight = tell_truth(dump, paragraphs)
        return make_example(analysis, features.astype(np.float16), truth, weight)


def tell_truth(dump: MixedDump, paragraphs: Sequence[Paragraph]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """What each paragraph is and how much that counts, both (n, len(HEADS))."""
    begins = np.array([p.start for p in paragraphs])
    n = len(begins)
    truth = np.zeros((n, len(HEADS)), np.uint8)
    weight = np.tile(np.array([HEAD_WEIGHTS[head] for head in HEADS], np.float16), (n, 1))

    def units(offsets: Sequence[int]) -> NDArray[np.int64]:
        return np.maximum(np.searchsorted(begins, np.array(offsets), "right") - 1, 0)

    truth[units(dump.starts), HEADS.index("start")] = 1
    roles = np.array(dump.roles)[np.maximum(np.searchsorted(np.array(dump.lines), begins, "right") - 1, 0)]
    for head, role in (("furniture", FURNITURE), ("title", TITLE), ("boilerplate", BOILERPLATE)):
        truth[roles == role, HEADS.index(head)] = 1
    truth[units([tail - 1 for tail in dump.tails]), HEADS.index("last")] = 1
    weight[0, HEADS.index("start")] = 0.0  # a dump's first paragraph starts a piece whatever it looks like
    return truth, weight


def make_example(
    analysis: Analysis,
    features: NDArray[np.float16],
    truth: NDArray[np.uint8] | NDArray[np.float16],
    weight: NDArray[np.float16],
) -> Example:
    """What an analysis and its features hold that is learned from."""
    return Example(
        analysis.opening, analysis.opening_shapes, analysis.ending, analysis.ending_shapes, features, truth, weight
    )


def _standard(examples: Sequence[Example]) -> tuple[Array, Array]:
    rows = np.vstack([example.features for example in examples[:: max(1, len(examples) // 800)]]).astype(np.float32)
    return rows.mean(axis=0), rows.std(axis=0) + np.float32(1e-3)


def standardise(example: Example, centre: Array, spread: Array) -> Example:
    """The same with its features as the network takes them."""
    features = np.clip((example.features.astype(np.float32) - centre) / spread, -CLIP, CLIP).astype(np.float16)
    return Example(
        example.opening, example.opening_shapes, example.ending, example.ending_shapes, features, example.truth,
        example.weight,
    )  # fmt: skip


# ---- learning


def _learn(
    examples: Sequence[Example],
    n_tokens: int,
    standard: tuple[Array, Array],
    generation: Generation,
    seed: int,
    which: tuple[int, int],
    say: Progress,
) -> Network:
    """One network; ``which`` is its generation and its place in it."""
    number, member = which
    seed += 1000 * member + 100_000 * number
    noise = generation.noises[member]
    rng = np.random.default_rng(seed)
    learner = Learner(generation.sizes, n_tokens, len(standard[0]), seed, noise)
    n_batches = max(1, len(examples) // DUMPS_PER_STEP)
    n_steps = n_batches * generation.n_rounds
    step = 0
    for turn in range(generation.n_rounds):
        order = rng.permutation(len(examples))
        loss = 0.0
        for k in range(n_batches):
            chosen = [_shortened(examples[i], rng) for i in order[k * DUMPS_PER_STEP : (k + 1) * DUMPS_PER_STEP]]
            loss += learner.step(gather(chosen, rng, noise), _rate(step / n_steps), rng)
            step += 1
        say(
            f"network {number + 1}.{member + 1}, round {turn + 1} of {generation.n_rounds}: "
            f"{loss / n_batches:.4f} nats a paragraph"
        )
    return rounded({**learner.weights, **dict(zip(STANDARD, standard, strict=True))})


def sigmoid(odds: Array) -> Array:
    """Probabilities of log-odds."""
    result: Array = np.float32(1.0) / (np.float32(1.0) + np.exp(-odds.clip(-60.0, 60.0)))
    return result


def rounded(weights: Mapping[str, Array]) -> Network:
    """A network of these weights in the half precision that it ships in."""
    return Network({name: array.astype(np.float16).astype(np.float32) for name, array in weights.items()})


def _rate(done: float) -> float:
    """Up in a straight line, then down along a cosine (Loshchilov and Hutter 2017)."""
    if done < WARM_UP:
        return RATE * max(done, 1e-3) / WARM_UP
    return max(RATE * 0.5 * (1.0 + math.cos(math.pi * (done - WARM_UP) / (1.0 - WARM_UP))), RATE * 5e-3)


def _shortened(example: Example, rng: np.random.Generator) -> Example:
    if len(example) <= LONGEST:
        return example
    start = int(rng.integers(0, len(example) - LONGEST + 1))
    return example.stretch(start, start + LONGEST)


def _calibrated(model: SegmentationModel, examples: Sequence[Example]) -> SegmentationModel:
    """Slope and offset of the log-odds by logistic regression (Platt 1999) on dumps that taught nothing: those of the
    styles that figures are measured on, since dumps mixed to teach are harder than what they prepare for."""
    from sklearn.linear_model import LogisticRegression

    odds, truth = [], []
    for example in examples:
        odds.append(model.network.score(example, example.features.astype(np.float32))[1:, 0])
        truth.append(example.truth[1:, 0])
    fitted = LogisticRegression(C=1e3).fit(np.concatenate(odds)[:, None].astype(np.float64), np.concatenate(truth))
    return replace(model, calibration=(round(float(fitted.coef_[0, 0]), 5), round(float(fitted.intercept_[0]), 5)))
