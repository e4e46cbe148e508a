"""Plain few-label methods to compare with: scikit-learn's on TF-IDF, EM after Nigam et al. (2000), fastText.

All get counted terms (headline terms three times; ours four); what may see the pool says so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from topics.classification.analyzer import Terms

__all__ = ["methods"]

Predicted = tuple[np.ndarray, "np.ndarray | None"]
EM_ROUNDS = 8


def methods(with_fasttext: bool) -> dict[str, tuple[str, Callable[[Any, Any], Predicted]]]:
    """Name to what it is given besides labels, and how it predicts (corpus, split)."""
    found: dict[str, tuple[str, Callable[[Any, Any], Predicted]]] = {
        "TF-IDF + LR": ("-", lambda corpus, split: _predict(_logistic(), corpus, split)),
        "TF-IDF + LinearSVC": ("-", lambda corpus, split: _predict(_svm(), corpus, split)),
        "TF-IDF + ComplementNB": ("-", lambda corpus, split: _predict(_complement(), corpus, split)),
        "self-training of LR": ("pool", _self_train),
        "naive Bayes + EM": ("pool", _plain_em),
    }
    if with_fasttext:
        found["fastText"] = ("-", _fasttext)
    return found


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10.0, max_iter=1000)


def _svm() -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(random_state=0)


def _complement() -> Any:
    from sklearn.naive_bayes import ComplementNB

    return ComplementNB()


def spell_out(terms: Terms) -> list[str]:
    """Every term as often as it counts."""
    title = [term for term, n in terms.title.items() for _ in range(3 * n)]
    return title + [term for term, n in terms.body.items() for _ in range(n)]


def _lay_out(corpus: Any, split: Any, pool: bool, counts: bool = False) -> tuple[Any, Any, Any]:
    """Labelled, pool and judged pieces as rows; the vocabulary is that of what the method may see."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    labelled = [corpus.terms[i] for i in split.labelled]
    others = [corpus.terms[i] for i in split.pool] if pool else []
    settings: dict[str, Any] = {"analyzer": spell_out, "min_df": 2 if pool else 1}
    vectorizer = CountVectorizer(**settings) if counts else TfidfVectorizer(sublinear_tf=True, **settings)
    x = vectorizer.fit_transform([*labelled, *others])
    return x[: len(labelled)], x[len(labelled) :], vectorizer.transform([corpus.terms[i] for i in split.judged])


def _predict(machine: Any, corpus: Any, split: Any) -> Predicted:
    x, _, judged = _lay_out(corpus, split, False)
    machine.fit(x, corpus.topics[split.labelled])
    sure = machine.predict_proba(judged).max(axis=1) if hasattr(machine, "predict_proba") else None
    return machine.predict(judged), sure


def _self_train(corpus: Any, split: Any) -> Predicted:
    from scipy.sparse import vstack
    from sklearn.semi_supervised import SelfTrainingClassifier

    x, pool, judged = _lay_out(corpus, split, True)
    names = sorted(set(corpus.topics.tolist()))
    y = np.array([names.index(topic) for topic in corpus.topics[split.labelled]] + [-1] * pool.shape[0])
    machine = SelfTrainingClassifier(
        _logistic().set_params(class_weight="balanced"),  # else the topic that is ahead takes all of the pool
        criterion="k_best",
        k_best=max(10, pool.shape[0] // 20),
        max_iter=10,
    )
    machine.fit(vstack((x, pool), format="csr"), y)
    p = machine.predict_proba(judged)
    return np.array(names)[machine.classes_[p.argmax(axis=1)]], p.max(axis=1)


def _plain_em(corpus: Any, split: Any) -> Predicted:
    """Multinomial naive Bayes; the pool's pieces come back with their probabilities, at full weight, eight times."""
    from scipy.sparse import vstack
    from sklearn.naive_bayes import MultinomialNB

    x, pool, judged = _lay_out(corpus, split, True, counts=True)
    names = np.array(sorted(set(corpus.topics.tolist())))
    machine = MultinomialNB(alpha=0.1).fit(x, corpus.topics[split.labelled])
    own = np.repeat(names, pool.shape[0])
    everything = vstack((x, *[pool] * len(names)), format="csr")
    y = np.concatenate((corpus.topics[split.labelled], own))
    for _ in range(EM_ROUNDS if pool.shape[0] else 0):
        share = machine.predict_proba(pool).T.ravel()
        machine = MultinomialNB(alpha=0.1).fit(everything, y, np.concatenate((np.ones(x.shape[0]), share)))
    p = machine.predict_proba(judged)
    return machine.classes_[p.argmax(axis=1)], p.max(axis=1)


def _fasttext(corpus: Any, split: Any) -> Predicted:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.txt"
        lines = [
            f"__label__{corpus.topics[i].replace(' ', '_').replace('/', '_')} {' '.join(_words(corpus.terms[i]))}\n"
            for i in split.labelled
        ]
        path.write_text("".join(lines), "utf-8")
        machine = _train_fasttext(str(path))
        back = {t.replace(" ", "_").replace("/", "_"): t for t in set(corpus.topics.tolist())}
        found = [machine.f.predict(" ".join(_words(corpus.terms[i])) + "\n", 1, 0.0, "strict")[0] for i in split.judged]
    names = np.array([back[label.removeprefix("__label__")] for _, label in found])
    return names, np.minimum(np.array([p for p, _ in found]), 1.0)


def _train_fasttext(path: str) -> Any:
    """On a few dozen lines fastText meets NaN at times, whatever the rate: then it tries again at half of it."""
    import fasttext

    for tries in range(8):
        try:
            return fasttext.train_supervised(
                path, epoch=50, lr=0.5 / 2**tries, dim=100, minCount=1, thread=1, verbose=0
            )
        except RuntimeError:
            continue
    raise RuntimeError("fastText met NaN at every rate")


def _words(terms: Terms) -> list[str]:
    return [term for term in spell_out(terms) if " " not in term]
