"""Sentences by Punkt's parameters: which full stops end a sentence.

The decisions are those of Kiss and Strunk (2006), "Unsupervised multilingual sentence boundary detection", in
the form that ``nltk.tokenize.punkt.PunktSentenceTokenizer`` gives them; a test holds the two together. The
parameters are learned elsewhere (:mod:`topics.paragraphs.training`) and stored as JSON in the bundle, so
splitting needs neither nltk nor a pickle. The loops of :mod:`topics.paragraphs.scan` find the places and settle the
plain ones.

One thing is added, for scraped text: sentences glued together with no space ("the end.The next") are parted.
"""

# calls kernels, which Numba types
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topics.errors import BundleError
from topics.paragraphs.scan import (
    ABBREVIATION,
    DOUBTFUL,
    PAIRED,
    SECOND,
    SURE,
    Words,
    code_points,
    find_ends,
    lay_spans,
    word_characters,
    words_of,
)
from topics.records import Span

__all__ = ["Punkt"]

# How a word type was seen in training: bits of nltk's orthographic context.
_BEGIN_UPPER, _MIDDLE_UPPER, _UNKNOWN_UPPER = 2, 4, 8
_BEGIN_LOWER, _MIDDLE_LOWER, _UNKNOWN_LOWER = 16, 32, 64
_UPPER = _BEGIN_UPPER | _MIDDLE_UPPER | _UNKNOWN_UPPER
_LOWER = _BEGIN_LOWER | _MIDDLE_LOWER | _UNKNOWN_LOWER

_NUMBER = "##number##"
_CLOSING = "\"')\\]}‘’“”«»"
# Characters that are a token of their own (and so may follow a full stop directly).
_ALONE = _CLOSING + "(\\[{:;*@?!"
_MANY = r"(?:-{2,}|\.{2,}|(?:\.[^\S\n]){2,}\.)"

# Where a sentence can end: in each run of non-space, from the first candidate to the last. Punkt decides on
# the last one only, and reads the run before it. A run ends at ASCII white space, not at a no-break space.
_LONGEST_RUN = 1_000  # what is read of a run: no word is longer, and garbage stays linear
_AFTER = re.compile(rf"[{_ALONE}]|\s+(?P<word>\S{{1,{_LONGEST_RUN}}})")

_TOKEN = re.compile(
    rf"""{_MANY}
    | [^\s("`{{\[:;&\#*@)}}\]\-,]                 # what a word may begin with, then all up to its end:
      (?: [^\s{_ALONE}.,-]
        | (?!{_MANY}) [.-]
        | ,(?! \Z | [\s{_ALONE}] | {_MANY} ) )*
    | \S""",
    re.VERBOSE,
)
_IS_NUMBER = re.compile(r"-?[.,]?\d[\d,.-]*\.?")
_IS_INITIAL = re.compile(r"[^\W\d]\.")

# "the end.The next", "the end.”The next": case is checked in code, since `re` has no class for it.
# (The look-behind lets a match start only where the punctuation starts: no quadratic run of dots.)
_GLUED = re.compile(rf"[.?!](?<=[^\W_][.?!])[.?!]*+[{_CLOSING}]*+(?=[^\W\d_]{{2}})")
_ADDRESS = re.compile(r"://|@|^www\.|\.\w+/", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:com|org|net|co|gov|edu|io|js|tv|uk|eu|us|info)\b", re.IGNORECASE)
_LONGEST_WORD = 80


@dataclass(frozen=True)
class Punkt:
    """What Punkt learned from a corpus. Words are lower case, abbreviations without their last full stop.

    ``orthography`` maps a word type to nltk's bits of how it was seen; only types that were seen in lower
    case matter to any decision. The default knows nothing and takes every full stop at face value.
    """

    abbreviations: frozenset[str] = frozenset()
    collocations: frozenset[tuple[str, str]] = frozenset()
    starters: frozenset[str] = frozenset()
    orthography: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def _words(self) -> Words:
        """What the loops have to know of words."""
        kinds = dict.fromkeys(self.abbreviations, ABBREVIATION)
        for pair in self.collocations:
            for word, kind in zip(pair, (PAIRED, SECOND), strict=True):
                kinds[word] = kinds.get(word, 0) | kind
        return words_of(kinds)

    def sentence_spans(self, text: str, start: int, end: int, *, glued: bool = True) -> list[Span]:
        """The sentences of ``text[start:end]``, in order, without the white space between them.

        Closing quotes and brackets belong to the sentence before them. ``glued=False`` leaves out the cuts
        where no white space stands, and gives what nltk gives.
        """
        own = text[start:end]
        codes = code_points(own)
        line = np.array([[0, len(own), 1, 1]], np.int64)
        cuts = self.find_cuts(own, codes, line, 0, glued=glued)
        spans = lay_spans(codes, line, 0, cuts, len(own), len(own))
        return [(start + begin, start + stop) for begin, stop in spans[:, :2].tolist()]

    def find_cuts(
        self, text: str, codes: NDArray[np.uint32], lines: NDArray[np.int64], longest: int, *, glued: bool = True
    ) -> NDArray[np.int64]:
        """Ends of sentences in those of a text's ``lines`` (rows of start, end) that are longer than ``longest``, and
        where the text goes on after each: (n, 2), ascending. ``codes`` are the text's code points."""
        found = find_ends(codes, lines, longest, word_characters(), *self._words)
        left = np.flatnonzero(found[:, 0] != SURE)
        if not len(left):
            return np.ascontiguousarray(found[:, 1:3])
        is_cut = np.ones(len(found), np.bool_)
        is_cut[left] = False
        more: list[Span] = []
        parted: list[Span] = []
        for k, (said, *place) in zip(left.tolist(), found[left].tolist(), strict=True):
            if said == DOUBTFUL:
                for cut in self._decide(text, *place):
                    if is_cut[k]:
                        more.append(cut)
                    else:
                        found[k, 1:3], is_cut[k] = cut, True
            elif glued and (end := self._end_glued(text, *place[:3])) is not None:
                parted.append((place[0], end))
        cuts: NDArray[np.int64] = found[:, 1:3][is_cut]
        if more:
            cuts = _merge(cuts, np.array(more, np.int64))
        return _part(cuts, np.array(parted, np.int64)) if parted else cuts

    def without_addresses(self) -> Punkt:
        """The same without words that hold a slash: an address spells the headline of the page it names.

        What is shipped must not repeat anyone's sentences; no sentence ends depend on these words.
        """
        return replace(self, orthography={w: bits for w, bits in self.orthography.items() if "/" not in w})

    def to_json(self) -> dict[str, list[Any]]:
        """Plain sorted lists, equal for equal parameters: what the bundle stores."""
        by_bits: dict[int, list[str]] = {}
        for word, bits in sorted(self.orthography.items()):
            by_bits.setdefault(bits, []).append(word)
        return {
            "abbreviations": sorted(self.abbreviations),
            "collocations": [list(pair) for pair in sorted(self.collocations)],
            "starters": sorted(self.starters),
            "orthography": [[bits, words] for bits, words in sorted(by_bits.items())],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Punkt:
        """The inverse of :meth:`to_json`. Raises :class:`BundleError` for anything else."""
        try:
            return cls(
                abbreviations=frozenset(map(str, stored["abbreviations"])),
                collocations=frozenset((str(first), str(second)) for first, second in stored["collocations"]),
                starters=frozenset(map(str, stored["starters"])),
                orthography={str(word): int(bits) for bits, words in stored["orthography"] for word in words},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"sentence parameters are not in Punkt's format ({type(error).__name__}: {error}). "
                "Train the model again."
            ) from error

    def _decide(self, text: str, first: int, stop: int, opening: int, end: int) -> list[Span]:
        """Ends of sentences in a run from ``opening`` on, with candidates from ``first`` to ``stop``."""
        cuts = []
        places = [(max(opening, stop - _LONGEST_RUN), stop)]
        if opening == first and stop > first + 1:
            places.insert(0, (first, first + 1))  # nltk also asks for a candidate that begins its run
        for opened, stopped in places:
            after = _AFTER.match(text, stopped, end)
            if after is not None and self._ends_sentence(_TOKEN.findall(text[opened:stopped] + after[0])):
                cuts.append((stopped, after.start("word") if after["word"] else stopped))
        return cuts

    def _ends_sentence(self, tokens: list[str]) -> bool:
        """Does a sentence end inside these tokens? The last one cannot tell."""
        for token, following in pairwise(tokens):
            if token in ("?", "!") or (token[-1] == "." and self._full_stop_ends(token, following)):
                return True
        return False

    def _full_stop_ends(self, token: str, following: str) -> bool:
        word = _fold_type(token)
        if len(word) > 1 and word[-1] == ".":
            word = word[:-1]
        next_type = _fold_type(following)
        if len(next_type) > 1 and following[-1] == "." and self._is_break_by_type(following):
            next_type = next_type.removesuffix(".")
        if (word, next_type) in self.collocations:
            return False
        initial = len(token) == 2 and _IS_INITIAL.fullmatch(token) is not None
        ends = self._is_break_by_type(token)
        if not ends and not initial:  # an abbreviation or an ellipsis can end a sentence all the same
            return self._starts_sentence(following, next_type) is True or (
                following[0].isupper() and next_type in self.starters
            )
        if initial or word == _NUMBER:
            starts = self._starts_sentence(following, next_type)
            if starts is False:
                return False
            if starts is None and initial and following[0].isupper():
                return ends and bool(self.orthography.get(next_type, 0) & _LOWER)
        return ends

    def _is_break_by_type(self, token: str) -> bool:
        """The first pass: a full stop ends a sentence but in a known abbreviation or an ellipsis."""
        if token == ".":
            return True
        return not token.endswith("..") and not self._is_abbreviation(token[:-1].lower())

    def _is_abbreviation(self, word: str) -> bool:
        return word in self.abbreviations or word.rpartition("-")[2] in self.abbreviations

    def _starts_sentence(self, token: str, word: str) -> bool | None:
        """The orthographic heuristic: ``None`` where case says nothing."""
        if token in (";", ":", ",", ".", "!", "?"):
            return False
        bits = self.orthography.get(word, 0)
        if token[0].isupper() and bits & _LOWER and not bits & _MIDDLE_UPPER:
            return True
        if token[0].islower() and (bits & _UPPER or not bits & _BEGIN_LOWER):
            return False
        return None

    def _end_glued(self, text: str, at: int, start: int, end: int) -> int | None:
        """Where the first of two sentences ends that no space parts, with the quotes that close it; ``at`` is its mark,
        and the line goes from ``start`` to ``end``."""
        match = _GLUED.match(text, at, end)
        if match is None:
            return None
        cut = match.end()
        before = text[at - 1]
        if not (before.islower() or before.isdigit()):
            return None
        if not (text[cut].isupper() and text[cut + 1].islower()) or _DOMAIN.match(text, cut, end):
            return None
        word = text[max(start, at - _LONGEST_WORD) : at].split()[-1].lstrip("\"'‘’“”«»([{")
        initial = word[-1].isalpha() and not word[-2:-1].isalnum() and word[-2:-1] not in ("'", "’")
        if initial or _ADDRESS.search(word) or self._is_abbreviation(word.lower()):
            return None
        return cut


def _fold_type(token: str) -> str:
    """The token's type: lower case, every number the same."""
    folded = token.lower()
    return _NUMBER if not folded[0].isalpha() and _IS_NUMBER.fullmatch(folded) else folded


def _part(cuts: NDArray[np.int64], parted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cuts with those added where no space stands (rows of mark and end), and without any between the two."""
    before = np.searchsorted(parted[:, 0], cuts[:, 0]) - 1  # the last mark before each cut
    is_inside = (before >= 0) & (cuts[:, 0] < parted[before, 1])
    return _merge(cuts[~is_inside], np.repeat(parted[:, 1:], 2, axis=1))


def _merge(cuts: NDArray[np.int64], more: NDArray[np.int64]) -> NDArray[np.int64]:
    cuts = np.concatenate((cuts, more))
    return np.ascontiguousarray(cuts[np.argsort(cuts[:, 0])])
