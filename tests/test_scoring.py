"""Scores of whole pieces equal a plain scikit-learn pipeline's on the same terms, whatever the text."""

from __future__ import annotations

import gzip
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from topics.bundle import Model
from topics.classification import scan, scoring
from topics.classification.analyzer import count_terms
from topics.classification.model import TITLE_WEIGHT, rank_pieces
from topics.classification.scoring import Piece, Scorer

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"

PROSE = """The U.S. Navy's oldest harbour-master, J. K. Okafor, said: "We don't know… yet." Children's shoes cost
1,200 euros in 2025-26; Élan's café-bar re-opened on the 20-year-old quay. Why? Nobody's asked! US troops, WHO doctors
and EU envoys met. Peace talks, peace talks and more talks of peace: talks broke down. A.B. and C. went to St. Ives e.g.
for fish & chips\u00a0…
"""
ODD = (
    "İstanbul’s ﬁne ½ co\u00adoperation a\u0301 ΣΑΣ naïve 北京 talks 🙂 ´x´ \u200bzero ⅷ ２０２５ ǆ ﷺ K Å \u0345ι ﬃ… "
    "e.g.… U…S. _a_ '' ‐x- a'-b\n"
)


def analyse(piece: Piece) -> list[str]:
    """The terms of a piece as scikit-learn counts them, headline terms repeated."""
    terms = count_terms(*piece)
    counted = [term for term, n in terms.title.items() for _ in range(TITLE_WEIGHT * n)]
    return counted + [term for term, n in terms.body.items() for _ in range(n)]


class Oracle:
    """TF-IDF and a linear layer in scikit-learn, and the scorer made from its numbers."""

    def __init__(self, pieces: Sequence[Piece], n_columns: int = 5, seed: int = 0) -> None:
        self.vectorizer = TfidfVectorizer(analyzer=analyse, sublinear_tf=True, min_df=1)
        rows = self.vectorizer.fit_transform(pieces)
        labels = np.random.default_rng(seed).integers(0, n_columns, len(pieces))
        labels[:n_columns] = np.arange(n_columns)
        self.layer = LinearSVC(random_state=seed, C=0.5).fit(rows, labels)
        terms = self.vectorizer.get_feature_names_out().tolist()
        self.layer.coef_ = self.layer.coef_.astype(np.float32)  # as bundles hold them
        self.scorer = Scorer(
            terms, self.vectorizer.idf_, self.layer.coef_.T, self.layer.intercept_, title_weight=TITLE_WEIGHT
        )

    def check(self, pieces: Sequence[Piece]) -> None:
        if not pieces:
            assert self.scorer.score(pieces)[0].shape == (0, self.layer.coef_.shape[0])
            return
        rows = self.vectorizer.transform(pieces)
        expected = np.asarray(rows @ self.layer.coef_.T.astype(np.float64)) + self.layer.intercept_
        found, known = self.scorer.score(pieces)
        assert np.abs(found - expected).max(initial=0.0) < 1e-9
        assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))
        assert known.tolist() == np.diff(rows.indptr).tolist()


LINES = [line for line in (PROSE + ODD).replace("; ", "\n").splitlines() if line.strip()]
PIECES: list[Piece] = [(None, line) for line in LINES] + [(line[:30], line + "\n" + ODD) for line in LINES]


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(PIECES)


def test_the_pieces_it_was_made_from(oracle: Oracle) -> None:
    oracle.check(PIECES)
    for piece in PIECES:
        oracle.check([piece])
    oracle.check([])


def test_what_is_remembered_of_spellings_changes_nothing(oracle: Oracle) -> None:
    fresh = Oracle(PIECES)
    for piece in reversed(PIECES):
        fresh.check([piece, (None, ""), (None, "\n\n"), ("", "talks"), *PIECES[:2]])


def test_forgotten_spellings_change_nothing(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "MOST_SPELLINGS", 20)
    monkeypatch.setattr(scoring, "BATCH_BYTES", 64)
    small = Oracle(PIECES)
    for _ in range(3):
        small.check(PIECES)


def test_the_room_that_a_huge_piece_took_is_given_back(oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "MOST_SLOTS", 1 << 18)
    scorer = oracle.scorer
    rooms = []
    for piece in (*PIECES[:3], (None, PROSE * 3000), (None, PROSE * 2500), *PIECES[:3]):
        oracle.check([piece])
        rooms.append(max(len(scorer._table), len(scorer._arena)))
    assert rooms[3] > 4 * rooms[2]
    assert rooms[4] == rooms[3], "another one that is nearly as large will want it"
    assert rooms[5] == rooms[0] == rooms[7]


def test_a_table_that_has_to_grow_keeps_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "BATCH_BYTES", 32)
    words = [f"w{n:x}ord{n % 7}ings talks{n % 97}" for n in range(3000)]
    grown = Oracle([(None, " ".join(words[k : k + 30])) for k in range(0, 3000, 30)])
    grown.check([(None, " ".join(words[k : k + 50])) for k in range(0, 3000, 50)])
    grown.check([("talks", " ".join(words))])


def test_spellings_with_one_hash_are_told_apart() -> None:
    """Of millions of ways to begin a word some leave eight letters as the end that gives another word's key."""
    first = "harbourmasterquay"[:16]
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
    begins = np.random.default_rng(1).choice(letters, (4_000_000, 8))
    head, tail = np.frombuffer(first.encode(), "<u8")
    with np.errstate(over="ignore"):
        ends = (scan._FNV ^ head) * scan._PRIME ^ tail ^ (scan._FNV ^ begins.view("<u8")[:, 0]) * scan._PRIME
    ends = ends.view(np.uint8).reshape(-1, 8)
    place = int(np.flatnonzero(np.isin(ends, letters).all(axis=1))[0])
    twin = (begins[place].tobytes() + ends[place].tobytes()).decode()
    keys = [scan._key_of(np.frombuffer(word.encode() + bytes(16), np.uint8), 0, 16) for word in (first, twin)]
    assert first != twin and keys[0] == keys[1]
    pair = Oracle([(None, f"{first} quay"), (None, f"{twin} harbour"), (None, "quay"), (None, "x"), (None, "y")])
    pair.check([(None, f"{first} {twin}"), (None, twin), (None, first), (None, f"{twin} {first} {twin}")])


def test_many_repetitions_are_beyond_the_table_of_logarithms(oracle: Oracle) -> None:
    oracle.check([(None, "talks " * n) for n in (1, 2, 254, 255, 256, 257, 1000)])


CHARACTERS = st.one_of(
    st.sampled_from("abzABZ019 \n.!?'’-‐ʼ‘_éİß…\u00ad\u00a0\u200bﬁ½\u0301ΣςＡ北🙂\ud800"),
    st.characters(max_codepoint=0x3100),
)
WORDS = st.sampled_from("talks peace U.S. e.g. it's 20-year-old 2025s WHO US Okafor’s children".split())
TEXTS = st.lists(st.one_of(WORDS, st.text(CHARACTERS, max_size=6)), max_size=30).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.none() | TEXTS, TEXTS), max_size=5))
def test_any_text_scores_as_with_scikit_learn(oracle: Oracle, pieces: list[Piece]) -> None:
    oracle.check(pieces)


@settings(max_examples=300)
@given(TEXTS)
def test_any_text_is_cut_as_the_analyzer_cuts_it(text: str) -> None:
    """Every term of the text is in the vocabulary, so that none can be missed."""
    terms = sorted(count_terms(None, text).body)
    if terms:
        scorer = Scorer(terms, np.ones(len(terms)), np.eye(len(terms), dtype=np.float32), np.zeros(len(terms)), 1)
        found, known = scorer.score([(None, text)])
        counts = np.array([count_terms(None, text).body[term] for term in terms])
        values = 1.0 + np.log(counts)
        assert known.tolist() == [len(terms)]
        assert found[0] == pytest.approx(values / math.sqrt((values * values).sum()))


@pytest.mark.parametrize(
    "code", [*range(0, 0x3100, 97), 0xAD, 0x2026, 0x212B, 0x2160, 0xFB01, 0xFF0E, 0x1F642, 0x20000, 0xE0100, 0xD800]
)
def test_every_kind_of_character_around_a_word(code: int, oracle: Oracle) -> None:
    mark = chr(code)
    oracle.check(
        [(None, text) for text in (f"peace{mark}talks", f"{mark}talks{mark}", f"a{mark}b.{mark}c", f"U.{mark}S.")]
    )


def test_letters_of_settled_text_are_those_of_regular_expressions() -> None:
    kinds = scoring.settled_kinds()
    for code in range(sys.maxunicode + 1):
        is_word = kinds[min(code, len(kinds) - 1)] == scan.WORD
        assert is_word == (chr(code).isalnum() or chr(code) == "_")


@pytest.mark.parametrize("kernel", ["read_words", "decide_words", "score_words", "fill_pairs", "grow_table"])
def test_no_kernel_reads_or_writes_beyond_its_arrays(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels as plain Python over arrays that say so."""
    monkeypatch.setattr(scoring, kernel, bounded(getattr(scan, kernel).py_func))
    for inner in (name for name, value in vars(scan).items() if name[0] == "_" and hasattr(value, "py_func")):
        monkeypatch.setattr(scan, inner, getattr(scan, inner).py_func)
    monkeypatch.setattr(scoring, "BATCH_BYTES", 64)
    with np.errstate(over="ignore"):
        Oracle(PIECES).check([*PIECES, (None, "")])


class Bounded(np.ndarray[Any, Any]):
    """Refuses places before the beginning, which NumPy would count from the end."""

    def _checked(self, place: Any) -> Any:
        for one in place if isinstance(place, tuple) else (place,):
            if not isinstance(one, slice) and int(one) < 0:
                raise IndexError(f"place {one}")
        return place

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(self._checked(place))

    def __setitem__(self, place: Any, value: Any) -> None:
        super().__setitem__(self._checked(place), value)


def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: function(*(a.view(Bounded) if isinstance(a, np.ndarray) else a for a in given))


# Models and corpora


def corpus_texts() -> Iterator[tuple[str, list[str]]]:
    for path in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line, _ in zip(lines, range(300), strict=False)]
        texts = [record["text"] for record in records if isinstance(record.get("text"), str)]
        if texts:
            yield path.name, texts


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the corpora in ../shared")
@pytest.mark.parametrize("seed", [0, 1])
def test_corpora_score_as_with_scikit_learn(seed: int) -> None:
    for name, texts in corpus_texts():
        pieces: list[Piece] = [(text.split("\n")[0][:80] if n % 2 else None, text) for n, text in enumerate(texts)]
        made_from = pieces[seed::2]
        if len(made_from) < 10:
            continue
        Oracle(made_from, n_columns=2 + 5 * seed, seed=seed).check(pieces), name


def test_the_shipped_model_scores_as_it_does_term_by_term(model: Model) -> None:
    topics = model.topics
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))]
    pieces = [(text.split("\n")[0], text) for text in texts] + PIECES
    for piece, ranked in zip(pieces, rank_pieces(pieces, topics), strict=True):
        vector = topics.vectorise(count_terms(*piece))
        assert ranked.n_known == len(vector.columns)
        assert ranked.probabilities == pytest.approx(topics.probabilities(vector).tolist(), abs=1e-9)
        also = vector.values @ topics.also_weights[vector.columns].astype(np.float64) + topics.also_bias
        assert ranked.also == pytest.approx(also.tolist(), abs=1e-9)
