"""Fitting a segmentation model from corpora.

Outlets are dealt into two halves. The heads of one half score the dumps mixed from the other, so that the trees
learn from heads that have not seen the articles at hand (a first-paragraph head fitted on the same articles
halves recall elsewhere); the shipped heads are the mean of both. The second trees learn from first-pass
probabilities that are out of fold by dump. Everything is drawn from seeds: the same corpora give the same
weights.
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs import Punkt, split_paragraphs
from topics.records import Paragraph
from topics.segmentation.analysis import N_NGRAMS, N_TERMS, Analysis, Ragged, analyse
from topics.segmentation.features import compute_features
from topics.segmentation.heads import HEADS, Heads, score_heads
from topics.segmentation.lexicon import CharacterTable, build_character_table, build_lexicon
from topics.segmentation.model import SegmentationModel, UnitModel, UnitName
from topics.segmentation.second_pass import compute_second_features
from topics.segmentation.training.corpora import Article, Corpora, Page
from topics.segmentation.training.furniture_lines import byline, dateline, section
from topics.segmentation.training.mixing import MixedDump, Mixer
from topics.segmentation.trees import Trees

__all__ = ["Effort", "fit_segmentation"]

Array = NDArray[np.float64]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to learn from: the numbers that training time is proportional to."""

    n_dumps: int = 2400  # mixed dumps for each kind of unit
    n_trees: int = 300
    n_leaves: int = 31
    n_head_articles: int = 9000  # articles that each half's heads are fitted on
    seed: int = 11


_FOLDS: Final = 2
_NEGATIVES_KEPT: Final = 0.5  # of the paragraphs that start nothing; the kept ones weigh the more


def fit_segmentation(
    corpora: Corpora,
    punkt: Punkt,
    *,
    boilerplate: Sequence[Sequence[str]] = (),
    effort: Effort | None = None,
    on_progress: Progress = lambda message: None,
) -> SegmentationModel:
    """A model for both kinds of unit from one part of the corpora (``Corpora.part``)."""
    from joblib import Parallel, delayed

    effort = effort or Effort()
    halves = _halve(corpora, effort.seed)
    work = delayed(_fit_unit)
    on_progress("learning boundaries of lines and of sentences, side by side")
    lines, sentences = Parallel(n_jobs=2)(
        work(unit, halves, punkt, boilerplate, effort) for unit in ("lines", "sentences")
    )
    return SegmentationModel(lines, sentences, punkt, build_character_table())


def _fit_unit(
    unit: UnitName,
    halves: Sequence[Corpora],
    punkt: Punkt,
    boilerplate: Sequence[Sequence[str]],
    effort: Effort,
) -> UnitModel:
    """In a process of its own, on one thread: as fast as two threads taking turns, and the same to the last bit."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _Trainer(halves, punkt, boilerplate, effort).fit_unit(unit)


@dataclass(frozen=True, slots=True)
class _Example:
    """One analysed training dump: rows of features, and which of its paragraphs start a piece."""

    analysis: Analysis
    rows: NDArray[np.float32]
    is_start: NDArray[np.bool_]


class _Trainer:
    def __init__(
        self, halves: Sequence[Corpora], punkt: Punkt, boilerplate: Sequence[Sequence[str]], effort: Effort
    ) -> None:
        self.punkt = punkt
        self.effort = effort
        self.characters: CharacterTable = build_character_table()
        self.lexicon = build_lexicon()
        self.halves = [Mixer(half, boilerplate) for half in halves]

    def fit_unit(self, unit: UnitName) -> UnitModel:
        effort = self.effort
        weight_of_term = self._fit_weights()
        heads = [self._fit_heads(mixer, unit) for mixer in self.halves]
        examples: list[_Example] = []
        for half, mixer in enumerate(self.halves):
            rng = random.Random(effort.seed * 100 + half)
            for _ in range(effort.n_dumps // 2):
                dump = mixer.draw_lines(rng) if unit == "lines" else mixer.draw_flat(rng)
                examples.append(self._example(dump, heads[1 - half], weight_of_term))
        first, second, threshold = _fit_trees(examples, weight_of_term, effort)
        mean = Heads(
            np.mean([h.weights for h in heads], axis=0).astype(np.float16).astype(np.float32),
            np.mean([h.bias for h in heads], axis=0).astype(np.float32),
        )
        return UnitModel(mean, weight_of_term, first, second, threshold)

    def _analyse(self, texts: Iterable[str]) -> Analysis:
        """Each text as one paragraph."""
        paragraphs: list[Paragraph] = []
        at = 0
        parts = []
        for text in texts:
            paragraphs.append(Paragraph(at, at + len(text), 1, 1))
            parts.append(text)
            at += len(text) + 1
        return analyse("\n".join(parts), paragraphs, self.characters, self.lexicon)

    def _example(self, dump: MixedDump, heads: Heads, weight_of_term: NDArray[np.float32]) -> _Example:
        paragraphs = split_paragraphs(dump.text, self.punkt)
        analysis = analyse(dump.text, paragraphs, self.characters, self.lexicon)
        scores = score_heads(analysis.ngrams, heads)
        rows = compute_features(analysis, scores, weight_of_term.astype(np.float64))
        begins = np.array([p.start for p in paragraphs])
        is_start = np.zeros(len(paragraphs), np.bool_)
        is_start[np.searchsorted(begins, np.array(dump.starts), "right") - 1] = True
        return _Example(analysis, rows.astype(np.float32), is_start)

    def _fit_weights(self) -> NDArray[np.float32]:
        """Inverse document frequency of hashed terms over a sample of articles."""
        rng = random.Random(self.effort.seed)
        articles = [a for mixer in self.halves for a in mixer.corpora.articles]
        sample = rng.sample(articles, min(len(articles), 9000))
        analysis = self._analyse(" ".join(a.paragraphs[:30])[:6000] for a in sample)
        frequency = np.bincount(analysis.terms.values, minlength=N_TERMS)
        weights = np.log((len(sample) + 1.0) / (frequency + 1.0)).clip(0.1, 9.0)
        kept: NDArray[np.float32] = weights.astype(np.float16).astype(np.float32)
        return kept

    def _fit_heads(self, mixer: Mixer, unit: UnitName) -> Heads:
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression

        rng = random.Random(self.effort.seed + 1)
        rows = list(self._head_rows(rng, mixer.corpora, unit))
        analysis = self._analyse(text for text, _ in rows)
        x = _head_matrix(analysis.ngrams, csr_matrix)
        y = np.array([roles for _, roles in rows], dtype=bool)  # (n_rows, len(HEADS))
        weights = np.zeros((N_NGRAMS, len(HEADS)), np.float32)
        bias = np.full(len(HEADS), -3.0, np.float32)
        for head, name in enumerate(HEADS):
            if y[:, head].sum() < 20:
                continue
            regression = LogisticRegression(
                C=10.0 if name == "furniture" else 6.0, class_weight="balanced", max_iter=60, tol=1e-3
            )
            _fit_quietly(regression, x, y[:, head])
            weights[:, head] = regression.coef_[0]
            bias[head] = regression.intercept_[0]
        return Heads(weights, bias)

    def _head_rows(self, rng: random.Random, corpora: Corpora, unit: UnitName) -> Iterable[tuple[str, Sequence[bool]]]:
        """Paragraphs with the roles they play, one flag a head."""

        def roles(*names: str) -> list[bool]:
            return [head in names for head in HEADS]

        articles = list(corpora.articles)
        sample = rng.sample(articles, min(len(articles), self.effort.n_head_articles))
        if unit == "sentences":
            sample += list(corpora.flats)
        for article in sample:
            body: Sequence[str] = article.paragraphs
            if unit == "sentences":
                text = " ".join(article.paragraphs[:60])
                spans = self.punkt.sentence_spans(text, 0, len(text))
                body = [text[a:b] for a, b in spans]
            n = len(body)
            if n < 3:
                continue
            picked = sorted({0, 1, 2, n - 1, n - 2, *(rng.randrange(n) for _ in range(4))})
            for i in picked:
                played = [name for name, at in (("first", 0), ("second", 1), ("third", 2)) if i == at]
                if n > 4:
                    played += [name for name, at in (("last", n - 1), ("last_but_one", n - 2)) if i == at]
                yield body[i], roles(*played)
            if article.title and unit == "lines":
                yield article.title, roles("title")
            elif article.title and rng.random() < 0.3:
                yield f"{article.title} {body[0]}", roles("first")
        if unit == "sentences":
            return
        for page in corpora.pages:
            yield from _page_rows(page, roles)
        for line in rng.sample(corpora.stock, min(len(corpora.stock), 2500)):
            yield line, roles("furniture")
        for _ in range(500):
            for line in (dateline(rng), byline(rng), section(rng)):
                yield line, roles("furniture")


def _page_rows(page: Page, roles: Callable[..., list[bool]]) -> Iterable[tuple[str, Sequence[bool]]]:
    for i in range(max(0, page.start - 25), min(len(page.lines), page.last + 40)):
        played = []
        if i == page.first:
            played.append("first")
        if i == page.last:
            played.append("last")
        if page.labels[i] == 2:
            played.append("title")
        if page.labels[i] == 0:
            played.append("furniture")
        yield page.lines[i], roles(*played)


def _halve(corpora: Corpora, seed: int) -> list[Corpora]:
    """Two halves that share no outlet (an outlet too large to be fair is cut by title)."""
    groups: dict[str, list[Article]] = defaultdict(list)
    for article in corpora.articles:
        groups[article.outlet].append(article)
    halves: list[list[Article]] = [[], []]
    for outlet in sorted(groups, key=lambda name: (-len(groups[name]), name)):
        halves[0 if len(halves[0]) <= len(halves[1]) else 1].extend(groups[outlet])

    def half_of(name: str) -> int:
        return zlib.crc32(f"{seed}:{name}".encode()) % 2

    middle = len(corpora.stock) // 2
    return [
        replace(
            corpora,
            articles=tuple(halves[half]),
            flats=tuple(f for f in corpora.flats if half_of(f.title) == half),
            blurbs=tuple(b for b in corpora.blurbs if half_of(b.title) == half),
            pages=tuple(p for i, p in enumerate(corpora.pages) if i % 2 == half),
            stock=corpora.stock[:middle] if half == 0 else corpora.stock[middle:],
        )
        for half in (0, 1)
    ]


def _head_matrix(ngrams: Ragged, matrix: Any) -> Any:
    """n-gram counts over the root of their number: the same sum that ``score_heads`` takes."""
    lengths = np.diff(ngrams.starts)
    data = np.repeat(1.0 / np.sqrt(np.maximum(1, lengths)), lengths).astype(np.float32)
    x = matrix((data, ngrams.values, ngrams.starts), shape=(len(lengths), N_NGRAMS))
    x.sum_duplicates()
    return x


def _fit_quietly(estimator: Any, x: Any, y: Any) -> None:
    """Fit; a linear head need not converge to the last digit, so that warning is no news."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(x, y)


def _fit_trees(
    examples: Sequence[_Example], weight_of_term: NDArray[np.float32], effort: Effort
) -> tuple[Trees, Trees, float]:
    rows = np.vstack([e.rows for e in examples])
    y = np.concatenate([e.is_start for e in examples])
    lengths = [len(e.is_start) for e in examples]
    ends = np.cumsum(lengths)
    inner = np.ones(len(y), np.bool_)  # a dump's first paragraph starts a piece whatever it looks like
    inner[ends - lengths] = False
    fold = np.repeat(np.arange(len(examples)) % _FOLDS, lengths)
    out_of_fold = np.zeros(len(y))
    for k in range(_FOLDS):
        model = _boost(rows[inner & (fold != k)], y[inner & (fold != k)], effort)
        out_of_fold[fold == k] = model.predict_proba(rows[fold == k])[:, 1]
    first = _to_trees(_boost(rows[inner], y[inner], effort))
    weights = weight_of_term.astype(np.float64)
    more = np.vstack(
        [
            compute_second_features(out_of_fold[end - n : end], e.analysis, weights)
            for e, n, end in zip(examples, lengths, ends, strict=True)
        ]
    ).astype(np.float32)
    both = np.hstack((more, rows))
    held = inner & (fold == 0)
    trial = _boost(both[inner & (fold != 0)], y[inner & (fold != 0)], effort)
    threshold = _best_threshold(trial.predict_proba(both[held])[:, 1], y[held])
    return first, _to_trees(_boost(both[inner], y[inner], effort)), threshold


def _boost(x: NDArray[np.float32], y: NDArray[np.bool_], effort: Effort) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(effort.seed)
    kept = y | (rng.random(len(y)) < _NEGATIVES_KEPT)
    weight = np.where(y[kept], 1.0, 1.0 / _NEGATIVES_KEPT)
    return HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=effort.n_trees,
        max_leaf_nodes=effort.n_leaves,
        min_samples_leaf=40,
        l2_regularization=5.0,
        max_features=0.4,
        early_stopping=False,
        random_state=effort.seed,
    ).fit(x[kept], y[kept], sample_weight=weight)


def _to_trees(model: Any) -> Trees:
    """The fitted ensemble as flat arrays. Reads scikit-learn's node tables; ``tests`` compare the scores of both."""
    roots: list[int] = []
    tables = []
    total = 0
    for (predictor,) in model._predictors:
        roots.append(total)
        tables.append((predictor.nodes, total))
        total += len(predictor.nodes)
    feature = np.full(total, -1, np.int16)
    value = np.zeros(total)
    left = np.zeros(total, np.int32)
    right = np.zeros(total, np.int32)
    for nodes, at in tables:
        here = slice(at, at + len(nodes))
        leaf = nodes["is_leaf"].astype(bool)
        feature[here] = np.where(leaf, -1, nodes["feature_idx"])
        value[here] = np.where(leaf, nodes["value"], nodes["num_threshold"])
        left[here] = nodes["left"].astype(np.int64) + at
        right[here] = nodes["right"].astype(np.int64) + at
    bias = float(np.ravel(model._baseline_prediction)[0])
    return Trees(np.array(roots, np.int32), feature, value, left, right, bias)


def _best_threshold(probabilities: Array, is_start: NDArray[np.bool_]) -> float:
    """The threshold of best F1, on a grid: finer differences are noise."""
    best, chosen = -1.0, 0.5
    for threshold in np.arange(0.30, 0.61, 0.05):
        found = probabilities > threshold
        hits = int((found & is_start).sum())
        f1 = 2 * hits / max(1, int(found.sum()) + int(is_start.sum()))
        if f1 > best:
            best, chosen = f1, float(round(threshold, 2))
    return chosen
