"""A small vocabulary, and paragraphs about many things made of it, for tests of the arrays that the network reads."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from topics.paragraphs import split_paragraphs
from topics.segmentation.analysis import Analysis, analyse
from topics.segmentation.lexicon import build_character_table, hash_word, word_classes
from topics.segmentation.meaning import Meanings
from topics.segmentation.tokens import stem_term
from topics.segmentation.vocabulary import N_TERMS, Vocabulary

CHARACTERS = build_character_table()
CONTENT = (
    "harbour ferry crane quay captain council vote ballot budget tax striker goal penalty referee vaccine clinic "
    "nurse fever plum hedge roses compost choir organ sonata cello depot tram market roof chip forecast revenue"
).split()
GIVEN = ["Maria", "Ravi", "Marta", "Piet", "Dana", "Ines", "Lena"]
FAMILY = ["Okafor", "Menon", "Keller", "Ansgar", "Whitlock", "Tamm", "Thorsen", "Oduya", "Salas"]
MARKS = list('.,?!:;"“”()-')


def make_vocabulary(words: Iterable[str] = ()) -> Vocabulary:
    """The closed classes, marks, content words and ``words``; the weights of terms are anything but equal."""
    classes = word_classes()
    known = list(dict.fromkeys((*MARKS, *sorted(classes), *CONTENT, *words)))
    terms = []
    for word in known:
        codes = np.frombuffer(word.encode("utf-32-le"), dtype=np.uint32)
        terms.append(stem_term(codes, 0, len(codes), CHARACTERS))
    return Vocabulary(
        np.array([hash_word(word) for word in known], np.uint64),
        np.array([classes.get(word, 0) for word in known], np.uint8),
        np.array(terms, np.int32),
        np.random.default_rng(1).uniform(0.5, 6.0, N_TERMS).astype(np.float32),
        CHARACTERS,
    )


VOCABULARY = make_vocabulary()
_DRAW = np.random.default_rng(2)
MEANINGS = Meanings(
    _DRAW.integers(-127, 128, (len(VOCABULARY.keys), 5), np.int8), _DRAW.uniform(0.01, 0.03, 5).astype(np.float32)
)
VECTORS = MEANINGS.steps * MEANINGS.scale  # (n_words, n_dimensions)


def analysed(text: str, vocabulary: Vocabulary = VOCABULARY) -> Analysis:
    """The analysis of a text's own paragraphs."""
    return analyse(text, split_paragraphs(text), vocabulary)


def matter(n: int, seed: int) -> list[str]:
    """Paragraphs of reading matter: content words, names in full and surnames, at least eight words and a stop."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(n):
        words = [*rng.choice(CONTENT, int(rng.integers(8, 16)))]
        for _ in range(int(rng.integers(0, 3))):
            at, family = int(rng.integers(1, len(words))), str(rng.choice(FAMILY))
            words.insert(at, f"{rng.choice(GIVEN)} {family}" if rng.random() < 0.5 else family)
        lines.append(f"The {' '.join(words)}.")
    return lines
