"""The words a model knows: which, how rare each is, and what it means to begin with."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from topics.records import Paragraph
from topics.segmentation.analysis import analyse
from topics.segmentation.lexicon import STOP, CharacterTable, build_character_table, hash_word, word_classes
from topics.segmentation.meaning import Meanings
from topics.segmentation.network import Array
from topics.segmentation.tokens import stem_term
from topics.segmentation.training.corpora import Corpora
from topics.segmentation.vocabulary import N_TERMS, Vocabulary

__all__ = ["MeaningOf", "in_steps", "learn_vocabulary"]

MeaningOf = Callable[[Sequence[str]], Array]  # vectors (n_words, n_dimensions) of words, zeros where there are none

N_WORDS: Final = 30_000
MIN_ARTICLES: Final = 8  # that hold a word, or the model does not know it

_WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_SYMBOL: Final = re.compile(r"[^\w\s]")


def learn_vocabulary(corpora: Corpora, meaning_of: MeaningOf, seed: int) -> tuple[Vocabulary, Array]:
    """The commonest words, and their vectors (n_words, n_dimensions): the rarer the longer, of stop words zero."""
    characters = build_character_table()
    classes = word_classes()
    words = _common_words(corpora, classes)
    keys = np.array([hash_word(word) for word in words], dtype=np.uint64)
    terms = np.array([_term(word, characters) for word in words], dtype=np.int32)
    bits = np.array([classes.get(word, 0) for word in words], dtype=np.uint8)
    blank = Vocabulary(keys, bits, terms, np.zeros(N_TERMS, np.float32), characters)
    weights = _rarity(corpora, blank, seed)
    vocabulary = Vocabulary(keys, bits, terms, weights, characters)
    telling = np.where((bits & STOP) == 0, weights[terms], 0.0).astype(np.float32)
    return vocabulary, (meaning_of(words) * telling[:, None]).astype(np.float32)


def in_steps(vectors: Array) -> Meanings:
    """Vectors as whole numbers from -127 to 127 and a scale, as a ``SegmentationModel`` ships them."""
    scale = (np.abs(vectors).max(axis=0) / 127.0 + 1e-9).astype(np.float32)
    return Meanings(np.round(vectors / scale).astype(np.int8), scale)


def _common_words(corpora: Corpora, classes: Iterable[str]) -> list[str]:
    texts: list[Iterable[str]] = [(a.title, *a.paragraphs[:40]) for a in corpora.articles]
    texts += [page.lines for page in corpora.pages]
    texts += [corpora.stock[i : i + 20] for i in range(0, len(corpora.stock), 20)]
    holding: Counter[str] = Counter()
    symbols: Counter[str] = Counter()
    for lines in texts:
        found: set[str] = set()
        for line in lines:
            found.update(_WORD.findall(line.lower().replace("’", "'")))
            symbols.update(_SYMBOL.findall(line))
        holding.update({word.removesuffix("'s") for word in found})
    least = MIN_ARTICLES if len(corpora.articles) > 500 else 2
    common = sorted(holding, key=lambda word: (-holding[word], word))[:N_WORDS]
    marks = sorted(mark for mark, n in symbols.items() if n >= 10 and mark != "’")
    chosen = dict.fromkeys((*marks, *sorted(classes), *(word for word in common if holding[word] >= least)))
    return [word for word in chosen if word]


def _term(word: str, characters: CharacterTable) -> int:
    codes = np.frombuffer(word.encode("utf-32-le"), dtype=np.uint32)
    return int(stem_term(codes, 0, len(codes), characters))


def _rarity(corpora: Corpora, vocabulary: Vocabulary, seed: int) -> Array:
    """Inverse document frequency of hashed terms over a sample of articles."""
    sample = random.Random(seed).sample(corpora.articles, min(len(corpora.articles), 9000))
    paragraphs: list[Paragraph] = []
    parts = []
    at = 0
    for article in sample:
        text = " ".join(article.paragraphs[:30])[:6000]
        paragraphs.append(Paragraph(at, at + len(text), 1, 1))
        parts.append(text)
        at += len(text) + 1
    analysis = analyse("\n".join(parts), paragraphs, vocabulary)
    frequency = np.bincount(analysis.terms.values, minlength=N_TERMS)
    weights = np.log((len(sample) + 1.0) / (frequency + 1.0)).clip(0.1, 9.0)
    kept: Array = weights.astype(np.float16).astype(np.float32)
    return kept
